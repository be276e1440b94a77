// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include "tracedat/read/datfile.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/internal.h"
#include "names/strings.h"

/* A text of its own, since libtraceevent wants a 0 at its end; to be freed. */
static int copy_text(const struct tracedat_in *part, char **ret)
{
	char *text;

	if (part->size > TRACEDAT_MAX_TEXT)
		return -EBADMSG;
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
	if (rbmap_layout_parse(&datfile->layout, (const char *)part.bytes, part.size) ||
	    tep_parse_header_page(datfile->tep, (char *)part.bytes, part.size,
				  datfile->info.long_size))
		return rbmap_datfile_fault(
			datfile, part.offset,
			"header_page: does not describe a sub-buffer");
	datfile->has_layout = true;
	/* The commit word is a long of the kernel, which need not be the program's. */
	tep_set_long_size(datfile->tep, datfile->layout.commit_size);
	return named_part(datfile, in, "header_event", &unused);
}

/* tep_parse_event() calls it a want of memory where this is missing. */
static bool has_name(const struct tracedat_in *format)
{
	static const char key[] = "name:";
	const char *text = (const char *)format->bytes;
	size_t at = sizeof(key) - 1;

	if (format->size < at || memcmp(text, key, at))
		return false;
	/* To its parser a newline is a word. */
	while (at < format->size && text[at] != '\n' &&
	       isspace((unsigned char)text[at]))
		at++;
	return at < format->size &&
	       (isalnum((unsigned char)text[at]) || text[at] == '_');
}

/*
 * Behind a '[' in a field tep_parse_event() of 1.7 reads from NULL where it finds no
 * word, or the end.
 */
static bool is_safe(const struct tracedat_in *format)
{
	static const char print[] = "print fmt:";
	const unsigned char *at = format->bytes, *end = at + format->size;
	const unsigned char *fields_end =
		memmem(at, format->size, print, sizeof(print) - 1);
	bool open = false;

	for (end = fields_end ? fields_end : end; at < end; at++) {
		if (open && !isprint(*at) && !isspace(*at))
			return false;
		open = *at == '[' || (open && *at != ']');
	}
	return !open;
}

static int one_format(struct rbmap_tracedat_reader *datfile, struct tracedat_in *in,
		      const char *system)
{
	struct tracedat_in part;
	enum tep_errno parsed = TEP_ERRNO__READ_FORMAT_FAILED;

	if (rbmap_in_part(in, 8, &part))
		return rbmap_datfile_cut(datfile, in, "event formats");
	if (is_safe(&part))
		parsed = tep_parse_event(datfile->tep, (const char *)part.bytes,
					 part.size, system);
	if (parsed == TEP_ERRNO__MEM_ALLOC_FAILED && has_name(&part))
		return -ENOMEM;
	if (parsed)
		log_debug(&datfile->log,
			  "an event of %s, at byte %llu: libtraceevent cannot parse "
			  "the format",
			  system, (unsigned long long)part.offset);
	return 0;
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
	const char *system;
	uint32_t nr;
	int r = 0;

	if (rbmap_in_u32(in, &nr))
		return rbmap_datfile_cut(datfile, in, "event formats");
	for (uint32_t i = 0; r == 0 && i < nr; i++) {
		if (rbmap_in_string(in, &system))
			return rbmap_datfile_cut(datfile, in, "event formats");
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
	struct tracedat_in part;
	char *text, *line, *rest;
	int r;

	if (rbmap_in_part(in, 4, &part))
		return rbmap_datfile_cut(datfile, in, "formats of trace_printk()");
	r = copy_text(&part, &text);
	if (r < 0)
		return r;
	/* The first text counts; files have no more. */
	if (!datfile->strings)
		r = rbmap_strings_parse(&datfile->strings, text);
	if (r < 0) {
		free(text);
		return r;
	}
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		learn_print_format(datfile->tep, line);
	free(text);
	return 0;
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
	struct tracedat_in part;
	char *text, *line, *rest;
	int r;

	if (rbmap_in_part(in, 8, &part))
		return rbmap_datfile_cut(datfile, in, "command lines");
	r = copy_text(&part, &text);
	if (r < 0)
		return r;
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		learn_line(datfile->tep, line);
	free(text);
	return 0;
}

static int section_kallsyms(struct rbmap_tracedat_reader *datfile, char **ret)
{
	struct tracedat_in in, part;
	int r;

	r = rbmap_datfile_read_section(datfile, datfile->kallsyms.offset, 19,
				       "kallsyms", &in);
	if (r < 0)
		return r;
	r = rbmap_in_part(&in, 4, &part) ? rbmap_datfile_cut(datfile, &in, "kallsyms") :
					   copy_text(&part, ret);
	free((void *)in.bytes);
	return r;
}

int rbmap_datfile_kallsyms(void *context, char **ret)
{
	struct rbmap_tracedat_reader *datfile = context;

	if (datfile->kallsyms.is_section)
		return section_kallsyms(datfile, ret);
	return rbmap_datfile_read(datfile, datfile->kallsyms.offset,
				  datfile->kallsyms.size, ret);
}
