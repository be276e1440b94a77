/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "dat-make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define MISSED (UINT32_C(1) << 31)
#define STORED (UINT32_C(1) << 30)

static const char format[] =
	"name: number\nID: 77\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:u32 number;\toffset:8;\tsize:4;\tsigned:0;\n\n"
	"print fmt: \"number=%u\", REC->number\n";

/* Not Check's, since programs without tests use this too. */
static void require(bool holds)
{
	if (!holds)
		abort();
}

static void put(struct made *made, const void *bytes, size_t size)
{
	if (made->size + size > made->room) {
		made->room = 2 * (made->size + size);
		made->bytes = realloc(made->bytes, made->room);
		require(made->bytes);
	}
	memcpy(made->bytes + made->size, bytes, size);
	made->size += size;
}

/* A number in the file's order of bytes. */
static void write_number(const struct made *made, unsigned char *to, uint64_t number,
			 unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		to[made->kind.big_endian ? size - 1 - i : i] = number >> (8 * i);
}

static void put_number(struct made *made, uint64_t number, unsigned int size)
{
	unsigned char bytes[8];

	write_number(made, bytes, number, size);
	put(made, bytes, size);
}

static void put_string(struct made *made, const char *text)
{
	put(made, text, strlen(text) + 1);
}

static void put_text(struct made *made, const char *text, unsigned int width)
{
	put_number(made, strlen(text), width);
	put(made, text, strlen(text));
}

static void put_header_page(struct made *made)
{
	unsigned int size = made->kind.long_size;
	char text[512];

	snprintf(text, sizeof(text),
		 "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
		 "\tfield: local_t commit;\toffset:8;\tsize:%u;\tsigned:1;\n"
		 "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
		 "\tfield: char data;\toffset:%u;\tsize:%u;\tsigned:0;\n",
		 size, 8 + size, MADE_SUBBUF - 8 - size);
	put_string(made, "header_page");
	put_text(made, text, 8);
	put_string(made, "header_event");
	put_text(made, "nothing", 8);
}

static void put_formats(struct made *made)
{
	put_number(made, 1, 4);
	put_string(made, "made");
	put_number(made, 1, 4);
	put_text(made, format, 8);
	made->format = made->size - strlen(format);
	made->format_size = strlen(format);
}

static void put_kallsyms(struct made *made)
{
	put_text(
		made,
		"0000000000001000 T made_function\n0000000000002000 T other_function\n",
		4);
}

static void put_cmdlines(struct made *made)
{
	put_text(made, "5 maker\n6 other\n\n\n", 8);
}

static void put_initial(struct made *made)
{
	char version[2] = { '0' + made->kind.version, '\0' };
	unsigned char machine[2] = { made->kind.big_endian, made->kind.long_size };

	put(made, "\027\010\104tracing", 10);
	put(made, version, 2);
	put(made, machine, 2);
	put_number(made, MADE_SUBBUF, 4);
}

static void make_record(const struct made *made, unsigned char *to, uint32_t delta,
			uint32_t number)
{
	uint32_t head = made->kind.big_endian ? 3u << 27 | delta : delta << 5 | 3;

	write_number(made, to, head, 4);
	write_number(made, to + 4, 77, 2);
	memset(to + 6, 0, 2);
	write_number(made, to + 8, 5, 4);
	write_number(made, to + 12, number, 4);
}

static void make_subbuf(const struct made *made, unsigned char *to, int cpu,
			unsigned int at)
{
	unsigned int first = at * MADE_RECORDS, size = 16 * MADE_RECORDS;
	unsigned int head = 8 + made->kind.long_size;
	uint32_t commit = size;

	memset(to, 0, MADE_SUBBUF);
	for (unsigned int i = 0; i < MADE_RECORDS; i++)
		make_record(made, to + head + 16 * i, i ? 10 : 0, first + i);
	if (cpu == 1 && at == 1) {
		commit |= MISSED | STORED;
		write_number(made, to + head + size, 3, made->kind.long_size);
	}
	write_number(made, to, 1000 + 10 * first + 2 * cpu, 8);
	write_number(made, to + 8, commit, made->kind.long_size);
}

static size_t shrink(const struct made *made, unsigned char *to, size_t room,
		     const unsigned char *from, size_t size)
{
	uLongf length = room;
	size_t r;

	if (!strcmp(made->kind.compression, "zlib")) {
		require(compress(to, &length, from, size) == Z_OK);
		return length;
	}
	r = ZSTD_compress(to, room, from, size, 3);
	require(!ZSTD_isError(r));
	return r;
}

static void put_compressed(struct made *made, const unsigned char *from, size_t size)
{
	size_t room = compressBound(size) + ZSTD_compressBound(size), used;
	unsigned char *to = malloc(room);

	require(to);
	used = shrink(made, to, room, from, size);
	put_number(made, used, 4);
	put_number(made, size, 4);
	put(made, to, used);
	free(to);
}

/* In two chunks where it is compressed. Returns the size that tables tell. */
static uint64_t put_data(struct made *made, int cpu)
{
	unsigned char data[MADE_SUBBUFS][MADE_SUBBUF];
	size_t begin;

	while (made->size % MADE_SUBBUF)
		put(made, "", 1);
	for (unsigned int i = 0; i < MADE_SUBBUFS; i++)
		make_subbuf(made, data[i], cpu, i);
	begin = made->size;
	if (!made->kind.compression) {
		put(made, data, sizeof(data));
		return sizeof(data);
	}
	put_number(made, 2, 4);
	put_compressed(made, data[0], (size_t)2 * MADE_SUBBUF);
	put_compressed(made, data[2], MADE_SUBBUF);
	return made->size - begin - 4;
}

static void put_option(struct made *made, unsigned int id, const char *text)
{
	put_number(made, id, 2);
	put_text(made, text, 4);
}

static void put_known_options(struct made *made)
{
	put_option(made, 4, "local [boot] mono\n");
	put_option(made, 5, "Linux made 6.18 x86_64");
	put_option(made, 9, "maker 1");
	put_option(made, 2, "CPU: 0\nentries: 0\n");
	put_option(made, 60, "not known here");
	for (const struct made_option *o = made->options; o && o->id; o++)
		put_option(made, o->id, o->text);
}

static void put_table(struct made *made, size_t *ret)
{
	put(made, "flyrecord", 10);
	*ret = made->size;
	for (int i = 0; i < 4; i++)
		put_number(made, 0, 8);
	put_text(made, "[boot]", 8);
}

static void put_v6_buffer(struct made *made, int buffer, size_t table)
{
	for (int cpu = 0; cpu < 2; cpu++) {
		uint64_t size = put_data(made, cpu);

		made->data[buffer][cpu] = made->size - size;
		write_number(made, made->bytes + table + 16 * cpu,
			     made->data[buffer][cpu], 8);
		write_number(made, made->bytes + table + 16 * cpu + 8, size, 8);
	}
}

static void build_v6(struct made *made)
{
	size_t buffer, table;

	put_header_page(made);
	put_number(made, 0, 4);
	put_formats(made);
	put_kallsyms(made);
	put_text(made, "", 4);
	put_cmdlines(made);
	put_number(made, 2, 4);
	put(made, "options  ", 10);
	put_known_options(made);
	put_number(made, 3, 2);
	put_number(made, 8 + sizeof("other"), 4);
	buffer = made->size;
	put_number(made, 0, 8);
	put_string(made, "other");
	put_number(made, 0, 2);
	put_table(made, &table);
	made->head = made->size;
	put_v6_buffer(made, 0, table);
	write_number(made, made->bytes + buffer, made->size, 8);
	put_table(made, &table);
	put_v6_buffer(made, 1, table);
}

/* Sections are filled between these two. */
static size_t begin_section(struct made *made, unsigned int id)
{
	size_t begin = made->size;

	put_number(made, id, 2);
	put_number(made, made->kind.compression && id ? 1 : 0, 2);
	put_number(made, 0, 4);
	put_number(made, 0, 8);
	return begin;
}

static void end_section(struct made *made, size_t begin)
{
	size_t size = made->size - begin - 16;
	unsigned int id = made->bytes[begin + made->kind.big_endian];
	unsigned char *copy;

	if (made->kind.compression && id >= 16) {
		copy = malloc(size + 1);
		require(copy);
		memcpy(copy, made->bytes + begin + 16, size);
		made->size = begin + 16;
		put_compressed(made, copy, size);
		free(copy);
		if (id == 18) {
			made->format = begin + 24;
			made->format_size = made->size - made->format;
		}
	}
	write_number(made, made->bytes + begin + 8, made->size - begin - 16, 8);
}

static void put_v7_texts(struct made *made, size_t *offsets)
{
	for (unsigned int id = 16; id <= 21; id++) {
		size_t begin = begin_section(made, id);

		offsets[id - 16] = begin;
		if (id == 16)
			put_header_page(made);
		else if (id == 17)
			put_number(made, 0, 4);
		else if (id == 18)
			put_formats(made);
		else if (id == 19)
			put_kallsyms(made);
		else if (id == 20)
			put_text(made, "", 4);
		else
			put_cmdlines(made);
		end_section(made, begin);
	}
}

/* Returns where the section of options begins whose end points to @next later. */
static size_t put_v7_buffer(struct made *made, int buffer, const char *name,
			    size_t *ret_next)
{
	size_t begin = begin_section(made, 3), options, option;
	uint64_t sizes[2];

	for (int cpu = 0; cpu < 2; cpu++) {
		while (made->size % MADE_SUBBUF)
			put(made, "", 1);
		made->data[buffer][cpu] = made->size;
		sizes[cpu] = put_data(made, cpu);
	}
	end_section(made, begin);
	options = begin_section(made, 0);
	put_number(made, 3, 2);
	option = made->size;
	put_number(made, 0, 4);
	put_number(made, begin, 8);
	put_string(made, name);
	put_string(made, "local");
	put_number(made, MADE_SUBBUF, 4);
	put_number(made, 2, 4);
	for (int cpu = 0; cpu < 2; cpu++) {
		put_number(made, cpu, 4);
		put_number(made, made->data[buffer][cpu], 8);
		put_number(made, sizes[cpu], 8);
	}
	write_number(made, made->bytes + option, made->size - option - 4, 4);
	put_number(made, 0, 2);
	put_number(made, 8, 4);
	*ret_next = made->size;
	put_number(made, 0, 8);
	end_section(made, options);
	return options;
}

static void build_v7(struct made *made)
{
	size_t offsets[6], first, next, begin, place;

	put_string(made, made->kind.compression ? made->kind.compression : "none");
	put_string(made, "1.0");
	first = made->size;
	put_number(made, 0, 8);
	put_v7_texts(made, offsets);
	begin = begin_section(made, 0);
	write_number(made, made->bytes + first, begin, 8);
	for (unsigned int id = 16; id <= 21; id++) {
		put_number(made, id, 2);
		put_number(made, 8, 4);
		put_number(made, offsets[id - 16], 8);
	}
	put_known_options(made);
	put_number(made, 0, 2);
	put_number(made, 8, 4);
	next = made->size;
	put_number(made, 0, 8);
	end_section(made, begin);
	made->head = made->size;
	/* The top-level one last: readers bring it to the front. */
	begin = put_v7_buffer(made, 1, "other", &place);
	write_number(made, made->bytes + next, begin, 8);
	begin = put_v7_buffer(made, 0, "", &next);
	write_number(made, made->bytes + place, begin, 8);
}

void made_build(struct made *made, const struct made_kind *kind)
{
	made_build_with(made, kind, NULL);
}

void made_build_with(struct made *made, const struct made_kind *kind,
		     const struct made_option *options)
{
	*made = (struct made){ .kind = *kind, .options = options };
	put_initial(made);
	if (kind->version == 6)
		build_v6(made);
	else
		build_v7(made);
}

void made_free(struct made *made)
{
	free(made->bytes);
	made->bytes = NULL;
}

int made_file(const struct made *made, size_t size)
{
	int fd = memfd_create("made", MFD_CLOEXEC);

	require(fd >= 0);
	require(write(fd, made->bytes, size) == (ssize_t)size);
	return fd;
}
