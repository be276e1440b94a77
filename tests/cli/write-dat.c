// SPDX-License-Identifier: GPL-2.0-only
/*
 * write-dat FILE: writes a trace.dat of version 6, of a little-endian kernel of 64
 *bits, out of a description on standard input. A line of it is one of:
 *
 *	cpus NUMBER
 *	symbol ADDRESS NAME
 *	event SYSTEM NAME ID
 *	field DECLARATION;OFFSET;SIZE;SIGNED
 *	print FORMAT
 *	buffer NAME
 *	record CPU TIME ID PID [VALUE]...
 *
 * Fields and a print format belong to the event before them. Records after a buffer
 *line, of which there is one at most, are of that buffer. A value is WIDTH:NUMBER,
 * WIDTH bytes from 0 to 8, zWIDTH, so many zeros, or sTEXT. The common fields are
 *added.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUBBUF 4096
#define HEAD 16
#define LINE_SIZE 4096
#define CPUS_MAX 64
/* Data of a record without a length of its own: RINGBUF_TYPE_DATA_TYPE_LEN_MAX. */
#define SHORT_WORDS 28

struct bytes {
	unsigned char *at;
	size_t size;
};

struct event {
	char system[64];
	struct bytes text;
};

struct cpu {
	/* Whole sub-buffers, and the last. */
	struct bytes data;
	size_t used;
	uint64_t time;
};

static unsigned int nr_cpus = 1, nr_events;
static struct event events[64];
static struct cpu cpus[2][CPUS_MAX];
/* Of the second; empty: there is none. */
static char buffer[64];
static struct bytes symbols;

static void fail(const char *what, const char *line)
{
	fprintf(stderr, "write-dat: %s: %s\n", what, line);
	exit(1);
}

static void put(struct bytes *to, const void *bytes, size_t size)
{
	if (!size)
		return;
	to->at = realloc(to->at, to->size + size);
	if (!to->at)
		abort();
	memcpy(to->at + to->size, bytes, size);
	to->size += size;
}

static void put_number(struct bytes *to, uint64_t number, unsigned int size)
{
	unsigned char bytes[8];

	for (unsigned int i = 0; i < 8; i++)
		bytes[i] = number >> (8 * i);
	put(to, bytes, size);
}

__attribute__((format(printf, 2, 3))) static void print(struct bytes *to,
							const char *format, ...)
{
	char text[2 * LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put(to, text, strlen(text));
}

static void put_text(struct bytes *to, const struct bytes *text, unsigned int width)
{
	put_number(to, text->size, width);
	put(to, text->at, text->size);
}

static struct event *last_event(const char *line)
{
	if (!nr_events)
		fail("no event", line);
	return &events[nr_events - 1];
}

static void take_event(const char *line)
{
	struct event *event = &events[nr_events];
	char name[64];
	unsigned int id;

	if (nr_events == sizeof(events) / sizeof(*events) ||
	    sscanf(line, "%63s %63s %u", event->system, name, &id) != 3)
		fail("not an event", line);
	nr_events++;
	print(&event->text, "name: %s\nID: %u\nformat:\n", name, id);
	print(&event->text,
	      "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	      "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	      "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	      "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n");
}

static void take_field(const char *line)
{
	char declaration[256];
	unsigned int offset, size, is_signed;

	if (sscanf(line, "%255[^;];%u;%u;%u", declaration, &offset, &size,
		   &is_signed) != 4)
		fail("not a field", line);
	print(&last_event(line)->text,
	      "\tfield:%s;\toffset:%u;\tsize:%u;\tsigned:%u;\n", declaration, offset,
	      size, is_signed);
}

static void put_value(struct bytes *to, const char *word)
{
	static const unsigned char zeros[256];
	char *end;
	unsigned long width;

	if (*word == 's') {
		put(to, word + 1, strlen(word + 1));
		return;
	}
	width = strtoul(word + (*word == 'z'), &end, 10);
	if (*word == 'z' && width <= sizeof(zeros))
		put(to, zeros, width);
	else if (*end == ':' && width <= 8)
		put_number(to, strtoull(end + 1, NULL, 0), width);
	else
		fail("not a value", word);
}

static struct bytes make_record(unsigned int id, int pid, char *values)
{
	struct bytes record = { 0 };
	char *rest = NULL, *word;

	put_number(&record, id, 4);
	put_number(&record, (uint32_t)pid, 4);
	for (word = strtok_r(values, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		put_value(&record, word);
	put_number(&record, 0, -record.size % 4);
	return record;
}

static void end_subbuf(struct cpu *cpu)
{
	struct bytes padding = { 0 };

	if (!cpu->data.size)
		return;
	for (unsigned int i = 0; i < 8; i++)
		cpu->data.at[cpu->data.size - cpu->used - 8 + i] =
			(uint64_t)cpu->used >> (8 * i);
	padding.at = calloc(1, SUBBUF);
	put(&cpu->data, padding.at, SUBBUF - HEAD - cpu->used);
	free(padding.at);
	cpu->used = 0;
}

static void add_record(struct cpu *cpu, uint64_t time, const struct bytes *record)
{
	unsigned int words = record->size / 4;
	size_t need = 4 + (words > SHORT_WORDS ? 4 : 0) + record->size;

	if (!cpu->used || cpu->used + need > SUBBUF - HEAD ||
	    (time - cpu->time) >> 27) {
		end_subbuf(cpu);
		put_number(&cpu->data, time, 8);
		put_number(&cpu->data, 0, 8);
		cpu->time = time;
	}
	put_number(&cpu->data,
		   (time - cpu->time) << 5 | (words > SHORT_WORDS ? 0 : words), 4);
	if (words > SHORT_WORDS)
		put_number(&cpu->data, record->size + 4, 4);
	put(&cpu->data, record->at, record->size);
	cpu->used += need;
	cpu->time = time;
}

static void take_record(const char *line)
{
	unsigned int cpu, id;
	struct bytes record;
	uint64_t time;
	int pid, used;
	char values[LINE_SIZE];

	if (sscanf(line, "%u %" SCNu64 " %u %d%n", &cpu, &time, &id, &pid, &used) !=
		    4 ||
	    cpu >= nr_cpus)
		fail("not a record", line);
	strcpy(values, line + used);
	record = make_record(id, pid, values);
	add_record(&cpus[*buffer != '\0'][cpu], time, &record);
	free(record.at);
}

static void take_line(char *line)
{
	size_t word = strcspn(line, " ");
	const char *rest = line + word + (line[word] == ' ');
	uint64_t address;
	char name[64];

	if (!strncmp(line, "cpus ", 5))
		nr_cpus = strtoul(rest, NULL, 10) % (CPUS_MAX + 1);
	else if (sscanf(line, "symbol %" SCNx64 " %63s", &address, name) == 2)
		print(&symbols, "%016" PRIx64 " T %s\n", address, name);
	else if (sscanf(line, "buffer %63s", buffer) == 1)
		return;
	else if (!strncmp(line, "event ", 6))
		take_event(rest);
	else if (!strncmp(line, "field ", 6))
		take_field(rest);
	else if (!strncmp(line, "print ", 6))
		print(&last_event(line)->text, "\nprint fmt: %s\n", rest);
	else if (!strncmp(line, "record ", 7))
		take_record(rest);
	else if (*line)
		fail("unknown", line);
}

static void put_head(struct bytes *to)
{
	static const char page[] =
		"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
		"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
		"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
		"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n";

	put(to, "\027\010\104tracing6\0\0\010", 14);
	put_number(to, SUBBUF, 4);
	put(to, "header_page", 12);
	put_number(to, sizeof(page) - 1, 8);
	put(to, page, sizeof(page) - 1);
	put(to, "header_event", 13);
	put_number(to, 0, 8);
}

static bool is_of_ftrace(const struct event *event)
{
	return !strcmp(event->system, "ftrace");
}

static unsigned int count_ftrace(void)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < nr_events; i++)
		nr += is_of_ftrace(&events[i]);
	return nr;
}

/* Each event of the others has its system to itself. */
static void put_formats(struct bytes *to)
{
	put_number(to, count_ftrace(), 4);
	for (unsigned int i = 0; i < nr_events; i++)
		if (is_of_ftrace(&events[i]))
			put_text(to, &events[i].text, 8);
	put_number(to, nr_events - count_ftrace(), 4);
	for (unsigned int i = 0; i < nr_events; i++) {
		if (is_of_ftrace(&events[i]))
			continue;
		put(to, events[i].system, strlen(events[i].system) + 1);
		put_number(to, 1, 4);
		put_text(to, &events[i].text, 8);
	}
}

static void put_cpus(struct bytes *to, struct cpu *of)
{
	static const char clock[] = "[local] global counter\n";
	size_t at = to->size + 10 + 16 * nr_cpus + 8 + sizeof(clock) - 1;

	put(to, "flyrecord", 10);
	at = (at + SUBBUF - 1) / SUBBUF * SUBBUF;
	for (unsigned int i = 0; i < nr_cpus; i++) {
		end_subbuf(&of[i]);
		put_number(to, at, 8);
		put_number(to, of[i].data.size, 8);
		at += of[i].data.size;
	}
	put_number(to, sizeof(clock) - 1, 8);
	put(to, clock, sizeof(clock) - 1);
	while (to->size % SUBBUF)
		put_number(to, 0, 1);
	for (unsigned int i = 0; i < nr_cpus; i++)
		put(to, of[i].data.at, of[i].data.size);
}

/* Returns where the place of the second buffer is to be written. */
static size_t put_options(struct bytes *to)
{
	size_t place;

	put(to, "options  ", 10);
	place = to->size + 6;
	if (*buffer) {
		put_number(to, 3, 2);
		put_number(to, 8 + strlen(buffer) + 1, 4);
		put_number(to, 0, 8);
		put(to, buffer, strlen(buffer) + 1);
	}
	put_number(to, 0, 2);
	return place;
}

static struct bytes make_file(void)
{
	static const char commands[] = "100 worker\n101 other\n";
	struct bytes file = { 0 };
	size_t place, second;

	put_head(&file);
	put_formats(&file);
	put_text(&file, &symbols, 4);
	put_number(&file, 0, 4);
	put_number(&file, sizeof(commands) - 1, 8);
	put(&file, commands, sizeof(commands) - 1);
	put_number(&file, nr_cpus, 4);
	place = put_options(&file);
	put_cpus(&file, cpus[0]);
	if (!*buffer)
		return file;
	second = file.size;
	put_cpus(&file, cpus[1]);
	for (unsigned int i = 0; i < 8; i++)
		file.at[place + i] = (uint64_t)second >> (8 * i);
	return file;
}

int main(int argc, char **argv)
{
	char line[LINE_SIZE];
	struct bytes file;
	FILE *out;

	if (argc != 2) {
		fprintf(stderr, "usage: write-dat FILE <DESCRIPTION\n");
		return 2;
	}
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		take_line(line);
	}
	file = make_file();
	out = fopen(argv[1], "we");
	if (!out || fwrite(file.at, 1, file.size, out) != file.size || fclose(out)) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
