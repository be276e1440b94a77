// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile-files DIRECTORY: writes trace.dat files of version 7 which are small and
 * claim much, one for each way to make a reader allocate.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define MB (1024 * 1024)
#define SECTION_HEADER 16

enum {
	CPUSTAT = 2,
	BUFFER = 3,
	CPUCOUNT = 8,
	HEADER_INFO = 16,
	EVENT_FORMATS = 18,
	KALLSYMS = 19,
	PRINTK = 20,
	CMDLINES = 21
};

struct bytes {
	unsigned char *at;
	size_t size, room;
};

static void require(int holds, const char *what)
{
	if (!holds) {
		perror(what);
		exit(1);
	}
}

static unsigned char *more(struct bytes *to, size_t size)
{
	if (to->size + size > to->room) {
		to->room = 2 * (to->size + size);
		to->at = realloc(to->at, to->room);
		require(to->at != NULL, "realloc");
	}
	to->size += size;
	return to->at + to->size - size;
}

static void put(struct bytes *to, const void *bytes, size_t size)
{
	memcpy(more(to, size), bytes, size);
}

static void put_number(struct bytes *to, uint64_t number, unsigned int size)
{
	unsigned char *at = more(to, size);

	for (unsigned int i = 0; i < size; i++)
		at[i] = (unsigned char)(number >> (8 * i));
}

static void put_string(struct bytes *to, const char *text)
{
	put(to, text, strlen(text) + 1);
}

static void put_text(struct bytes *to, const char *text, unsigned int width)
{
	put_number(to, strlen(text), width);
	put(to, text, strlen(text));
}

/* A text of so many bytes, the lines all the same; after its size. */
static void put_lines(struct bytes *to, const char *line, size_t size,
		      unsigned int width)
{
	size_t length = strlen(line);

	size = size / length * length;
	put_number(to, size, width);
	for (size_t i = 0; i < size; i += length)
		put(to, line, length);
}

static void put_compressed(struct bytes *to, const struct bytes *from)
{
	size_t room = ZSTD_compressBound(from->size), used;
	void *small = malloc(room);

	require(small != NULL, "malloc");
	used = ZSTD_compress(small, room, from->at, from->size, 1);
	require(!ZSTD_isError(used), "zstd");
	put_number(to, used, 4);
	put_number(to, from->size, 4);
	put(to, small, used);
	free(small);
}

/* Returns where it begins; what was in it is freed. */
static uint64_t put_section(struct bytes *file, unsigned int id, struct bytes *content)
{
	uint64_t begin = file->size;
	struct bytes small = { 0 };

	put_compressed(&small, content);
	put_number(file, id, 2);
	put_number(file, 1, 2);
	put_number(file, 0, 4);
	put_number(file, small.size, 8);
	put(file, small.at, small.size);
	free(small.at);
	free(content->at);
	*content = (struct bytes){ 0 };
	return begin;
}

static void put_option(struct bytes *options, unsigned int id, uint64_t number,
		       unsigned int width)
{
	put_number(options, id, 2);
	put_number(options, width, 4);
	put_number(options, number, width);
}

/* A file up to its first section, that of its pages; the place of the options is 0. */
static void begin_file(struct bytes *file, struct bytes *options)
{
	static const char page[] =
		"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
		"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
		"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
		"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n";
	struct bytes text = { 0 };

	put(file, "\027\010\104tracing7\0\0\010", 14);
	put_number(file, 4096, 4);
	put_string(file, "zstd");
	put_string(file, "1.0");
	put_number(file, 0, 8);
	put_string(&text, "header_page");
	put_text(&text, page, 8);
	put_string(&text, "header_event");
	put_text(&text, "", 8);
	put_option(options, HEADER_INFO, put_section(file, HEADER_INFO, &text), 8);
}

static void end_file(struct bytes *file, struct bytes *options, const char *directory,
		     const char *name)
{
	size_t place = 18 + sizeof("zstd") + sizeof("1.0");
	char path[4096];
	uint64_t begin;
	FILE *out;

	put_option(options, 0, 0, 8);
	begin = put_section(file, 0, options);
	for (unsigned int i = 0; i < 8; i++)
		file->at[place + i] = (unsigned char)(begin >> (8 * i));
	snprintf(path, sizeof(path), "%s/%s.dat", directory, name);
	out = fopen(path, "we");
	require(out != NULL, path);
	require(fwrite(file->at, 1, file->size, out) == file->size, path);
	require(fclose(out) == 0, path);
	free(file->at);
	*file = (struct bytes){ 0 };
}

/*
 * A buffer whose CPUs have data of the same size. @step: from one CPU to the next;
 * @apart: from the data of one to that of the next
 */
static void put_buffer(struct bytes *options, uint64_t section, const char *name,
		       uint32_t subbuf_size, uint32_t nr_cpus, uint32_t step,
		       uint64_t size, uint64_t apart)
{
	size_t begin;

	put_number(options, BUFFER, 2);
	begin = options->size;
	put_number(options, 0, 4);
	put_number(options, section, 8);
	put_string(options, name);
	put_string(options, "local");
	put_number(options, subbuf_size, 4);
	put_number(options, nr_cpus, 4);
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++) {
		put_number(options, cpu * step, 4);
		put_number(options, section + SECTION_HEADER + cpu * apart, 8);
		put_number(options, size, 8);
	}
	for (unsigned int i = 0; i < 4; i++)
		options->at[begin + i] =
			(unsigned char)((options->size - begin - 4) >> (8 * i));
}

/*
 * Data of a buffer: so often one chunk of so many bytes, which begin with a record.
 * Returns where the section begins; @ret_size: of one of them.
 */
static uint64_t put_chunks(struct bytes *file, int nr, size_t bytes, uint64_t *ret_size)
{
	static const unsigned char begin[24] = { [0] = 1, [8] = 8, [16] = 1, [20] = 1 };
	struct bytes data = { 0 }, chunk = { 0 };
	uint64_t section = file->size;

	memset(more(&data, bytes), 0, bytes);
	memcpy(data.at, begin, sizeof(begin));
	put_number(&chunk, 1, 4);
	put_compressed(&chunk, &data);
	put_number(file, BUFFER, 2);
	put_number(file, 1, 2);
	put_number(file, 0, 4);
	put_number(file, nr * chunk.size, 8);
	for (int i = 0; i < nr; i++)
		put(file, chunk.at, chunk.size);
	*ret_size = chunk.size - 4;
	free(data.at);
	free(chunk.at);
	return section;
}

static void write_chunks(struct bytes *file, struct bytes *options)
{
	uint64_t size, section = put_chunks(file, 1, (size_t)256 * MB, &size);

	put_buffer(options, section, "", 4096, 10, 1, size, 0);
}

static void write_own_chunks(struct bytes *file, struct bytes *options)
{
	uint64_t size, section = put_chunks(file, 10, (size_t)256 * MB, &size);

	put_buffer(options, section, "", 4096, 10, 1, size, size + 4);
}

static void write_own_subbufs(struct bytes *file, struct bytes *options)
{
	uint64_t size, section = put_chunks(file, 4000, 4097, &size);

	put_buffer(options, section, "", MB, 4000, 1, size, size + 4);
}

/* Most of a buffer are CPUs. They are all CPU 0, which is compressed best. */
static void write_cpus(struct bytes *file, struct bytes *options)
{
	uint64_t size, section = put_chunks(file, 1, 4096, &size);

	put_buffer(options, section, "", 4096, 15000000, 0, 0, 0);
}

static void write_twice(struct bytes *file, struct bytes *options)
{
	uint64_t size, section = put_chunks(file, 1, (size_t)8 * MB, &size);

	put_buffer(options, section, "", 4096, 1000, 0, size, 0);
}

static void write_large_subbufs(struct bytes *file, struct bytes *options)
{
	uint64_t size, section = put_chunks(file, 1, 4096, &size);

	put_buffer(options, section, "", MB, 65536, 1, size, 0);
}

static void write_buffers(struct bytes *file, struct bytes *options)
{
	uint64_t size, section = put_chunks(file, 1, 4096, &size);
	char name[16];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "b%d", i);
		put_buffer(options, section, i ? name : "", 4096, 40000, 1, 0, 0);
	}
}

static void write_texts(struct bytes *file, struct bytes *options)
{
	struct bytes text = { 0 };
	char line[1024];
	uint64_t section;

	memset(line, 'x', sizeof(line));
	memcpy(line, "7 ", 2);
	memcpy(line + sizeof(line) - 2, "\n", 2);
	put_lines(&text, line, (size_t)64 * MB, 8);
	section = put_section(file, CMDLINES, &text);
	for (int i = 0; i < 2000; i++)
		put_option(options, CMDLINES, section, 8);
}

static void write_list(struct bytes *file, struct bytes *options, unsigned int id,
		       const char *line, unsigned int width)
{
	struct bytes text = { 0 };

	put_lines(&text, line, (size_t)80 * MB, width);
	put_option(options, id, put_section(file, id, &text), 8);
}

static void write_cmdlines(struct bytes *file, struct bytes *options)
{
	write_list(file, options, CMDLINES, "1 a\n", 8);
}

static void write_printk(struct bytes *file, struct bytes *options)
{
	write_list(file, options, PRINTK, "1 : a\n", 4);
}

static void write_kallsyms(struct bytes *file, struct bytes *options)
{
	write_list(file, options, KALLSYMS, "1 t a\n", 4);
}

static void write_options(struct bytes *file, struct bytes *options)
{
	(void)file;
	for (int i = 0; i < 9000000; i++)
		put_option(options, CPUSTAT, 0, 0);
}

static void write_name(struct bytes *file, struct bytes *options)
{
	size_t length = (size_t)64 * MB;
	char *name = malloc(length + 1);
	uint64_t size, section = put_chunks(file, 1, 4096, &size);

	require(name != NULL, "malloc");
	memset(name, 'x', length);
	name[length] = '\0';
	put_buffer(options, section, name, 4096, 100, 1, UINT64_MAX, 0);
	free(name);
}

static void put_format(struct bytes *text, unsigned int id, const char *print)
{
	struct bytes format = { 0 };
	char begin[256];

	snprintf(begin, sizeof(begin),
		 "name: same\nID: %u\nformat:\n\tfield:unsigned short common_type;"
		 "\toffset:0;\tsize:2;\tsigned:0;\n\nprint fmt: \"\"",
		 id);
	put(&format, begin, strlen(begin));
	put(&format, print, strlen(print));
	put(&format, "\n", 1);
	put_number(text, format.size, 8);
	put(text, format.at, format.size);
	free(format.at);
}

/* @step: from the number of one event to that of the next. */
static void write_events(struct bytes *file, struct bytes *options, uint32_t nr,
			 uint32_t step)
{
	struct bytes text = { 0 };

	put_number(&text, 1, 4);
	put_string(&text, "made");
	put_number(&text, nr, 4);
	for (uint32_t i = 0; i < nr; i++)
		put_format(&text, i * step, "");
	put_option(options, EVENT_FORMATS, put_section(file, EVENT_FORMATS, &text), 8);
}

static void write_same_events(struct bytes *file, struct bytes *options)
{
	write_events(file, options, 300000, 0);
}

static void write_many_events(struct bytes *file, struct bytes *options)
{
	write_events(file, options, 65536, 1);
}

/* Each argument becomes a hundred times as large. */
static void write_arguments(struct bytes *file, struct bytes *options)
{
	size_t nr = (size_t)16 * MB;
	struct bytes text = { 0 };
	char *print = malloc(2 * nr + 1);

	require(print != NULL, "malloc");
	for (size_t i = 0; i < nr; i++)
		memcpy(print + 2 * i, ",1", 3);
	put_number(&text, 1, 4);
	put_string(&text, "made");
	put_number(&text, 1, 4);
	put_format(&text, 1, print);
	free(print);
	put_option(options, EVENT_FORMATS, put_section(file, EVENT_FORMATS, &text), 8);
}

static void write_cpu_count(struct bytes *file, struct bytes *options)
{
	uint64_t size, section = put_chunks(file, 1, 4096, &size);

	put_option(options, CPUCOUNT, UINT32_MAX, 4);
	put_buffer(options, section, "", 4096, 2, 1, size, 0);
}

static const struct {
	const char *name;
	void (*write)(struct bytes *file, struct bytes *options);
} kinds[] = {
	{ "chunks", write_chunks },
	{ "own-chunks", write_own_chunks },
	{ "own-subbufs", write_own_subbufs },
	{ "cpus", write_cpus },
	{ "twice", write_twice },
	{ "large-subbufs", write_large_subbufs },
	{ "buffers", write_buffers },
	{ "texts", write_texts },
	{ "cmdlines", write_cmdlines },
	{ "printk", write_printk },
	{ "kallsyms", write_kallsyms },
	{ "options", write_options },
	{ "name", write_name },
	{ "same-events", write_same_events },
	{ "many-events", write_many_events },
	{ "arguments", write_arguments },
	{ "cpu-count", write_cpu_count },
};

static void write_file(const char *directory, const char *name)
{
	struct bytes file = { 0 }, options = { 0 };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].name, name) != 0)
			continue;
		begin_file(&file, &options);
		kinds[i].write(&file, &options);
		end_file(&file, &options, directory, name);
		return;
	}
	fprintf(stderr, "hostile-files: no such file: %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: hostile-files DIRECTORY NAME...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++)
		write_file(argv[1], argv[i]);
	return 0;
}
