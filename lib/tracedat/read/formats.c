// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include "tracedat/read/datfile.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/internal.h"
#include "events/events.h"
#include "names/strings.h"

/*
 * What is made of a text, here and by libtraceevent, measured with the texts that make
 * the most of it: it stays, so it is counted before it is made. A token of a print
 * format may become an argument, and a step of a plan; a line of a list becomes two
 * structs and a place in an array that grows.
 */
#define EVENT_COST 1024
#define FORMAT_COST 8
#define TOKEN_COST 160
#define LINE_COST 128
#define SYMBOL_COST 48

/* Far more than a kernel has: libtraceevent looks at all others when it adds one. */
#define MOST_EVENTS 16384

static uint64_t count_lines(const struct tracedat_in *part)
{
	const unsigned char *at = part->bytes, *end = at + part->size;
	uint64_t nr = 1;

	for (; at < end && (at = memchr(at, '\n', end - at)); at++)
		nr++;
	return nr;
}

/*
 * A list, a line for each: a text of its own, since it is cut into its lines and ends
 * with a 0; to be freed.
 */
static int copy_lines(struct rbmap_tracedat_reader *datfile,
		      const struct tracedat_in *part, const char *what, char **ret)
{
	char *text;
	int r = rbmap_datfile_charge_each(datfile, count_lines(part), LINE_COST);

	/* The copy, and those of its words. */
	if (r == 0)
		r = rbmap_datfile_charge_each(datfile, part->size + 1, 2);
	if (r == -E2BIG)
		return rbmap_datfile_refuse(datfile, part->offset, what);
	text = malloc(part->size + 1);
	if (!text)
		return -ENOMEM;
	memcpy(text, part->bytes, part->size);
	text[part->size] = '\0';
	*ret = text;
	return 0;
}

/* "header_page" or "header_event", then its text. */
static int named_part(struct rbmap_tracedat_reader *datfile, struct tracedat_in *in,
		      const char *name, struct tracedat_in *ret)
{
	uint64_t offset = in->offset + in->at;
	const unsigned char *found;
	size_t size = strlen(name) + 1;

	if (rbmap_in_bytes(in, &found, size))
		return rbmap_datfile_cut(datfile, in, name);
	if (memcmp(found, name, size))
		return rbmap_datfile_fault(datfile, offset, "%s: missing", name);
	if (rbmap_in_part(in, 8, ret))
		return rbmap_datfile_cut(datfile, in, name);
	return 0;
}

int rbmap_datfile_header_page(struct rbmap_tracedat_reader *datfile,
			      struct tracedat_in *in)
{
	struct tracedat_in part, unused;
	int r = named_part(datfile, in, "header_page", &part);

	if (r < 0)
		return r;
	memory_watch();
	if (rbmap_layout_parse(&datfile->layout, (const char *)part.bytes, part.size) ||
	    tep_parse_header_page(datfile->tep, (char *)part.bytes, part.size,
				  datfile->info.long_size))
		return memory_is_short() ?
			       -ENOMEM :
			       rbmap_datfile_fault(
				       datfile, part.offset,
				       "header_page: does not describe a sub-buffer");
	datfile->has_layout = true;
	/* The commit word is a long of the kernel, which need not be the program's. */
	tep_set_long_size(datfile->tep, datfile->layout.commit_size);
	return named_part(datfile, in, "header_event", &unused);
}

static const char *find_print(const struct tracedat_in *format)
{
	static const char print[] = "print fmt:";

	return memmem(format->bytes, format->size, print, sizeof(print) - 1);
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/*
 * The number of an event, by the two lines that a kernel begins each format with:
 * "name: NAME" and "ID: NUMBER". tep_parse_event() reports a lack of memory where there
 * is no name. A record has 16 bits for the number.
 */
static bool find_id(const struct tracedat_in *format, uint16_t *ret)
{
	static const char name[] = "name:", id[] = "ID:";
	const char *at = (const char *)format->bytes, *end = at + format->size;
	unsigned int number = 0;

	if (format->size < sizeof(name) || memcmp(at, name, sizeof(name) - 1))
		return false;
	at = skip_blanks(at + sizeof(name) - 1, end);
	if (at == end || !is_word(*at))
		return false;
	at = memchr(at, '\n', end - at);
	if (!at || end - at < (ptrdiff_t)sizeof(id) + 1 ||
	    memcmp(at + 1, id, sizeof(id) - 1))
		return false;
	at = skip_blanks(at + sizeof(id), end);
	if (at == end || !isdigit((unsigned char)*at))
		return false;
	for (; at < end && isdigit((unsigned char)*at) && number <= UINT16_MAX; at++)
		number = 10 * number + (*at - '0');
	*ret = number;
	return at < end && *at == '\n' && number <= UINT16_MAX;
}

/* Words, and all that is not in one. */
static uint64_t count_tokens(const struct tracedat_in *format)
{
	const char *at = find_print(format);
	const char *end = (const char *)format->bytes + format->size;
	bool inside = false;
	uint64_t nr = 0;

	for (; at && at < end; at++) {
		nr += !isspace((unsigned char)*at) && !(inside && is_word(*at));
		inside = is_word(*at);
	}
	return nr;
}

static int charge_format(struct rbmap_tracedat_reader *datfile,
			 const struct tracedat_in *format)
{
	int r = rbmap_datfile_charge_each(datfile, count_tokens(format), TOKEN_COST);

	if (r == 0)
		r = rbmap_datfile_charge_each(datfile, format->size, FORMAT_COST);
	if (r == 0)
		r = rbmap_datfile_charge(datfile, EVENT_COST);
	return r == -E2BIG ?
		       rbmap_datfile_refuse(datfile, format->offset, "event formats") :
		       r;
}

static bool is_event_known(struct rbmap_tracedat_reader *datfile, uint16_t id)
{
	uint8_t bit = 1 << id % 8, *byte = &datfile->events[id / 8];
	bool known = *byte & bit;

	*byte |= bit;
	return known;
}

static int parse_format(struct rbmap_tracedat_reader *datfile,
			const struct tracedat_in *format, const char *system)
{
	enum tep_errno parsed = TEP_ERRNO__READ_FORMAT_FAILED;
	uint16_t id;
	int r;

	memory_watch();
	if (find_id(format, &id)) {
		/* To libtraceevent it would be one more event, which is never found. */
		if (is_event_known(datfile, id))
			return 0;
		if (datfile->nr_events++ == MOST_EVENTS)
			return rbmap_datfile_fault(datfile, format->offset,
						   "too many events");
		r = charge_format(datfile, format);
		if (r < 0)
			return r;
		parsed = rbmap_events_parse(datfile->tep, &datfile->log,
					    (const char *)format->bytes, format->size,
					    system);
	}
	if (memory_is_short())
		return -ENOMEM;
	if (parsed)
		log_debug(&datfile->log,
			  "an event of %s, at byte %llu: libtraceevent cannot parse "
			  "the format",
			  system, (unsigned long long)format->offset);
	return 0;
}

static int one_format(struct rbmap_tracedat_reader *datfile, struct tracedat_in *in,
		      const char *system)
{
	struct tracedat_in part;

	if (rbmap_in_part(in, 8, &part))
		return rbmap_datfile_cut(datfile, in, "event formats");
	return parse_format(datfile, &part, system);
}

static int formats_of_system(struct rbmap_tracedat_reader *datfile,
			     struct tracedat_in *in, const char *system)
{
	uint32_t nr;
	int r = 0;

	if (rbmap_in_u32(in, &nr))
		return rbmap_datfile_cut(datfile, in, "event formats");
	for (uint32_t i = 0; r == 0 && i < nr; i++)
		r = one_format(datfile, in, system);
	return r;
}

int rbmap_datfile_ftrace_formats(struct rbmap_tracedat_reader *datfile,
				 struct tracedat_in *in)
{
	return formats_of_system(datfile, in, "ftrace");
}

int rbmap_datfile_event_formats(struct rbmap_tracedat_reader *datfile,
				struct tracedat_in *in)
{
	char system[TRACEDAT_MAX_NAME + 1];
	const char *name;
	uint32_t nr;
	int r = 0;

	if (rbmap_in_u32(in, &nr))
		return rbmap_datfile_cut(datfile, in, "event formats");
	for (uint32_t i = 0; r == 0 && i < nr; i++) {
		if (rbmap_in_string(in, &name))
			return rbmap_datfile_cut(datfile, in, "event formats");
		/* It is not valid any more once the next bytes are read. */
		snprintf(system, sizeof(system), "%s", name);
		r = formats_of_system(datfile, in, system);
	}
	return r;
}

/*
 * 0xADDRESS : "FORMAT". tep_parse_printk_formats() reads past the end of a line that
 * has no format, and tep_register_print_string(), which drops a newline at the end of a
 * format, before the begin of one that is shorter than that.
 */
static void learn_print_format(struct tep_handle *tep, char *line)
{
	char *colon = strchr(line, ':'), *format, longer[8];

	if (!colon || !colon[1])
		return;
	format = colon + 2;
	if (strlen(format) <= sizeof("\\n")) {
		if (*format == '"')
			format++;
		format[strcspn(format, "\"")] = '\0';
		snprintf(longer, sizeof(longer), "\"%s\\n\"", format);
		format = longer;
	}
	tep_register_print_string(tep, format, strtoull(line, NULL, 16));
}

int rbmap_datfile_printk(struct rbmap_tracedat_reader *datfile, struct tracedat_in *in)
{
	static const char what[] = "formats of trace_printk()";
	struct tracedat_in part;
	char *text, *line, *rest;
	int r;

	if (rbmap_in_part(in, 4, &part))
		return rbmap_datfile_cut(datfile, in, what);
	r = copy_lines(datfile, &part, what, &text);
	if (r < 0)
		return r;
	/* The first text counts; files have no more. */
	if (!datfile->strings)
		r = rbmap_strings_parse(&datfile->strings, text);
	for (line = strtok_r(text, "\n", &rest); r == 0 && line;
	     line = strtok_r(NULL, "\n", &rest)) {
		memory_watch();
		learn_print_format(datfile->tep, line);
		r = memory_is_short() ? -ENOMEM : 0;
	}
	free(text);
	return r;
}

static void learn_line(struct tep_handle *tep, char *line)
{
	char *comm;
	long pid;

	pid = strtol(line, &comm, 10);
	if (comm == line || *comm != ' ' || pid < 0 || pid > INT32_MAX)
		return;
	/* Of a pid that is there twice the first name stays. */
	tep_register_comm(tep, comm + 1, pid);
}

int rbmap_datfile_cmdlines(struct rbmap_tracedat_reader *datfile,
			   struct tracedat_in *in)
{
	static const char what[] = "command lines";
	struct tracedat_in part;
	char *text, *line, *rest;
	int r;

	if (rbmap_in_part(in, 8, &part))
		return rbmap_datfile_cut(datfile, in, what);
	r = copy_lines(datfile, &part, what, &text);
	if (r < 0)
		return r;
	for (line = strtok_r(text, "\n", &rest); r == 0 && line;
	     line = strtok_r(NULL, "\n", &rest)) {
		memory_watch();
		learn_line(datfile->tep, line);
		r = memory_is_short() ? -ENOMEM : 0;
	}
	free(text);
	return r;
}

/* The symbols of a text, which stays, are in an array that grows and is sorted. */
static int charge_symbols(struct rbmap_tracedat_reader *datfile,
			  const struct tracedat_in *text)
{
	int r = rbmap_datfile_charge_each(datfile, count_lines(text), SYMBOL_COST);

	return r == -E2BIG ? rbmap_datfile_refuse(datfile, text->offset, "kallsyms") :
			     r;
}

static int section_kallsyms(struct rbmap_tracedat_reader *datfile, char **ret)
{
	struct tracedat_in in, part;
	char *text;
	int r;

	r = rbmap_datfile_read_section(datfile, datfile->kallsyms.offset, 19,
				       "kallsyms", &in);
	if (r < 0)
		return r;
	r = rbmap_in_part(&in, 4, &part) ? rbmap_datfile_cut(datfile, &in, "kallsyms") :
					   charge_symbols(datfile, &part);
	text = (char *)in.bytes;
	if (r < 0) {
		free(text);
		return r;
	}
	/* The size before it leaves room for a 0 behind it. */
	memmove(text, part.bytes, part.size);
	text[part.size] = '\0';
	*ret = text;
	return 0;
}

static int plain_kallsyms(struct rbmap_tracedat_reader *datfile, char **ret)
{
	struct tracedat_in part = { .size = datfile->kallsyms.size,
				    .offset = datfile->kallsyms.offset };
	char *text;
	int r = rbmap_datfile_need(datfile, part.offset, part.size, "kallsyms");

	if (r < 0)
		return r;
	r = rbmap_datfile_read(datfile, part.offset, part.size, &text);
	if (r < 0)
		return r == -EBADMSG ? rbmap_datfile_check_size(datfile, r) : r;
	part.bytes = (unsigned char *)text;
	r = charge_symbols(datfile, &part);
	if (r < 0)
		free(text);
	else
		*ret = text;
	return r;
}

int rbmap_datfile_kallsyms(void *context, char **ret)
{
	struct rbmap_tracedat_reader *datfile = context;

	return datfile->kallsyms.is_section ? section_kallsyms(datfile, ret) :
					      plain_kallsyms(datfile, ret);
}
