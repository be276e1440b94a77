// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes a trace.dat of version 6 with one CPU, as the description on standard input
 * has it, to the file that is its argument. A line each:
 *
 *	big | long4			the other order of bytes, longs of 32 bits
 *	option ID TEXT			of the file; without any, that of the clock
 *	clock TEXT			what follows the table of the CPUs
 *	task PID NAME
 *	function HEX NAME
 *	string HEX TEXT			of trace_printk(), as the kernel quotes it
 *	common OFFSET SIZE SIGNED TYPE	a field of all events, before the first of these
 *	event SYSTEM NAME ID
 *	field OFFSET SIZE SIGNED TYPE	of the latest event
 *	print FORMAT
 *	record TIME ID FLAGS PREEMPT PID VALUE...
 *
 * A VALUE is BYTES:NUMBER, or a string in quotes, without a 0 at its end unless it is
 * there: "a\x00". With SIZE before the quotes it is filled with zeros. In strings,
 * options and names of tasks, \n, \t and \x1b are what they are in C.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096

struct bytes {
	char *text;
	size_t size;
	FILE *stream;
};

static struct {
	bool big;
	unsigned int long_size;
	struct bytes options, tasks, functions, strings, common;
	/* Of the system ftrace, and of the others, each with its system. */
	struct bytes ftrace, others, event;
	uint32_t nr_ftrace, nr_others;
	char system[64];
	const char *clock;
	struct bytes data;
	uint64_t first, last;
} made = { .long_size = 8, .clock = "[local] global counter\n" };

static void fail(const char *what)
{
	fprintf(stderr, "trace-maker: %s\n", what);
	exit(1);
}

static FILE *to(struct bytes *bytes)
{
	if (!bytes->stream)
		bytes->stream = open_memstream(&bytes->text, &bytes->size);
	if (!bytes->stream)
		fail("no memory");
	return bytes->stream;
}

static void put_number(FILE *stream, uint64_t number, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		fputc((int)(number >> 8 * (made.big ? size - 1 - i : i)), stream);
}

/* After its size, in so many bytes. */
static void put_part(FILE *stream, struct bytes *bytes, unsigned int width)
{
	fflush(to(bytes));
	put_number(stream, bytes->size, width);
	fwrite(bytes->text, 1, bytes->size, stream);
}

static void put_text(FILE *stream, const char *text, unsigned int width)
{
	put_number(stream, strlen(text), width);
	fputs(text, stream);
}

static char unescape(char **at)
{
	unsigned int byte;
	char c = *(*at)++;

	if (c != '\\')
		return c;
	c = *(*at)++;
	if (c == 'n')
		return '\n';
	if (c == 't')
		return '\t';
	if (c != 'x')
		return c;
	if (sscanf(*at, "%2x", &byte) != 1)
		fail("\\x without digits");
	*at += 2;
	return (char)byte;
}

static void put_field(FILE *stream, const char *line)
{
	unsigned int offset, size, is_signed;
	int type = 0;

	if (sscanf(line, "%u %u %u %n", &offset, &size, &is_signed, &type) != 3 ||
	    !type)
		fail(line);
	fprintf(stream, "\tfield:%s;\toffset:%u;\tsize:%u;\tsigned:%u;\n", line + type,
		offset, size, is_signed);
}

static void begin_event(const char *line)
{
	static const char *const common[] = {
		"0 2 0 unsigned short common_type",
		"2 1 0 unsigned char common_flags",
		"3 1 0 unsigned char common_preempt_count",
		"4 4 1 int common_pid",
	};
	char name[64];
	unsigned int id;

	if (sscanf(line, "%63s %63s %u", made.system, name, &id) != 3)
		fail(line);
	fprintf(to(&made.event), "name: %s\nID: %u\nformat:\n", name, id);
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		put_field(to(&made.event), common[i]);
	fflush(to(&made.common));
	fwrite(made.common.text, 1, made.common.size, to(&made.event));
	fputc('\n', to(&made.event));
}

static void end_event(const char *format)
{
	FILE *stream = to(&made.ftrace);

	fprintf(to(&made.event), "\nprint fmt: %s\n", format);
	if (!strcmp(made.system, "ftrace")) {
		made.nr_ftrace++;
	} else {
		made.nr_others++;
		stream = to(&made.others);
		fwrite(made.system, 1, strlen(made.system) + 1, stream);
		put_number(stream, 1, 4);
	}
	put_part(stream, &made.event, 8);
	fclose(made.event.stream);
	free(made.event.text);
	made.event = (struct bytes){ 0 };
}

static void put_string(FILE *stream, char **at, unsigned long size)
{
	unsigned long nr = 0;

	for ((*at)++; **at && **at != '"'; nr++)
		fputc(unescape(at), stream);
	for (*at += **at == '"'; nr < size; nr++)
		fputc('\0', stream);
}

static void put_values(FILE *stream, char *at)
{
	unsigned long size;

	while (*at) {
		size = strtoul(at, &at, 10);
		if (*at == '"')
			put_string(stream, &at, size);
		else if (*at == ':')
			put_number(stream, strtoull(at + 1, &at, 0), size);
		else
			fail(at);
		at += strspn(at, " ");
	}
}

static void put_record(char *line)
{
	struct bytes record = { 0 };
	FILE *stream = to(&made.data);
	unsigned int id, flags, preempt;
	uint32_t words, delta;
	uint64_t time;
	int pid, at = 0;

	if (sscanf(line, "%" SCNu64 " %u %i %i %d %n", &time, &id, (int *)&flags,
		   (int *)&preempt, &pid, &at) != 5)
		fail(line);
	put_number(to(&record), id, 2);
	put_number(to(&record), flags, 1);
	put_number(to(&record), preempt, 1);
	put_number(to(&record), (uint32_t)pid, 4);
	put_values(to(&record), line + at);
	fflush(record.stream);
	while (record.size % 4) {
		fputc('\0', record.stream);
		fflush(record.stream);
	}
	delta = made.first ? time - made.last : 0;
	made.first = made.first ? made.first : time;
	made.last = time;
	words = record.size / 4;
	/* Long ones have their length in a word of its own. */
	words = words <= 28 ? words : 0;
	put_number(stream, made.big ? words << 27 | delta : delta << 5 | words, 4);
	if (!words)
		put_number(stream, record.size + 4, 4);
	fwrite(record.text, 1, record.size, stream);
	fclose(record.stream);
	free(record.text);
}

static void put_option(char *line)
{
	char *from, *end;
	unsigned int id;
	int text = 0;

	if (sscanf(line, "%u %n", &id, &text) != 1)
		fail(line);
	for (from = end = line + text; *from;)
		*end++ = unescape(&from);
	*end = '\0';
	put_number(to(&made.options), id, 2);
	put_text(to(&made.options), line + text, 4);
}

static void put_task(char *at)
{
	fprintf(to(&made.tasks), "%lu ", strtoul(at, &at, 10));
	for (at += *at == ' '; *at;)
		fputc(unescape(&at), to(&made.tasks));
	fputc('\n', to(&made.tasks));
}

static void put_line(const char *word, char *rest)
{
	if (!strcmp(word, "big"))
		made.big = true;
	else if (!strcmp(word, "long4"))
		made.long_size = 4;
	else if (!strcmp(word, "option"))
		put_option(rest);
	else if (!strcmp(word, "clock"))
		made.clock = strdup(rest);
	else if (!strcmp(word, "task"))
		put_task(rest);
	else if (!strcmp(word, "function"))
		fprintf(to(&made.functions), "%.*s T %s\n", (int)strcspn(rest, " "),
			rest, rest + strcspn(rest, " ") + 1);
	else if (!strcmp(word, "string"))
		fprintf(to(&made.strings), "0x%.*s : \"%s\"\n", (int)strcspn(rest, " "),
			rest, rest + strcspn(rest, " ") + 1);
	else if (!strcmp(word, "common"))
		put_field(to(&made.common), rest);
	else if (!strcmp(word, "event"))
		begin_event(rest);
	else if (!strcmp(word, "field"))
		put_field(to(&made.event), rest);
	else if (!strcmp(word, "print"))
		end_event(rest);
	else if (!strcmp(word, "record"))
		put_record(rest);
	else
		fail(word);
}

static void put_head(FILE *out)
{
	char page[512];

	snprintf(page, sizeof(page),
		 "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
		 "\tfield: local_t commit;\toffset:8;\tsize:%u;\tsigned:1;\n"
		 "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
		 "\tfield: char data;\toffset:%u;\tsize:%u;\tsigned:0;\n",
		 made.long_size, 8 + made.long_size, PAGE - 8 - made.long_size);
	fwrite("\027\010\104tracing6", 1, 12, out);
	put_number(out, made.big, 1);
	put_number(out, made.long_size, 1);
	put_number(out, PAGE, 4);
	fwrite("header_page", 1, 12, out);
	put_text(out, page, 8);
	fwrite("header_event", 1, 13, out);
	put_text(out, "nothing", 8);
	fflush(to(&made.ftrace));
	put_number(out, made.nr_ftrace, 4);
	fwrite(made.ftrace.text, 1, made.ftrace.size, out);
	fflush(to(&made.others));
	put_number(out, made.nr_others, 4);
	fwrite(made.others.text, 1, made.others.size, out);
	put_part(out, &made.functions, 4);
	put_part(out, &made.strings, 4);
	put_part(out, &made.tasks, 8);
	put_number(out, 1, 4);
	if (!made.options.stream)
		put_option(strdup("4 [local] global counter"));
	fwrite("options  ", 1, 10, out);
	fflush(made.options.stream);
	fwrite(made.options.text, 1, made.options.size, out);
	put_number(out, 0, 2);
	fwrite("flyrecord", 1, 10, out);
}

static void put_data(FILE *out)
{
	long table = ftell(out), at;

	fflush(to(&made.data));
	if (made.data.size > PAGE - 8 - made.long_size)
		fail("more records than a sub-buffer can hold");
	at = table + 16 + 8 + (long)strlen(made.clock);
	at += (PAGE - at % PAGE) % PAGE;
	put_number(out, at, 8);
	put_number(out, PAGE, 8);
	put_text(out, made.clock, 8);
	while (ftell(out) < at)
		fputc('\0', out);
	put_number(out, made.first, 8);
	put_number(out, made.data.size, made.long_size);
	fwrite(made.data.text, 1, made.data.size, out);
	while (ftell(out) < at + PAGE)
		fputc('\0', out);
}

int main(int argc, char **argv)
{
	char *line = NULL, *rest;
	size_t room = 0;
	FILE *out;

	if (argc != 2)
		fail("usage: trace-maker FILE <DESCRIPTION");
	while (getline(&line, &room, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		rest = line + strcspn(line, " ");
		if (*rest)
			*rest++ = '\0';
		if (*line)
			put_line(line, rest);
	}
	free(line);
	out = fopen(argv[1], "we");
	if (!out)
		fail(strerror(errno));
	put_head(out);
	put_data(out);
	return fclose(out) ? 1 : 0;
}
