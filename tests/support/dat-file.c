/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <check.h>

#include "dat-file.h"
#include "span/subbuf.h"

#define RECORD 8

void dat_put_file(const char *tree, const char *name, const char *text)
{
	char full[512], *slash = full + strlen(tree);
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", tree, name);
	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		ck_assert(mkdir(full, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(full, "we");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

void dat_make_tree(char *tree)
{
	strcpy(tree, "/tmp/rbmap-tree-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(tree));
	dat_put_file(tree, "events/header_event", "header event\n");
	dat_put_file(tree, "events/enable", "0\n");
	dat_put_file(tree, "events/ftrace/print/format", "name: print\n");
	dat_put_file(tree, "events/sched/enable", "0\n");
	dat_put_file(tree, "events/sched/sched_switch/format", "name: sched_switch\n");
	dat_put_file(tree, "events/sched/sched_waking/format", "name: sched_waking\n");
	dat_put_file(tree, "events/irq/irq_handler_entry/format", "name: irq\n");
	dat_put_file(tree, "kallsyms", "0 T _text\n");
	dat_put_file(tree, "printk_formats", "0x0 : \"x\"\n");
	dat_put_file(tree, "saved_cmdlines", "1 init\n");
	dat_put_file(tree, "saved_cmdlines_size", "128\n");
	dat_put_file(tree, "trace_clock", "local [mono] boot\n");
	dat_put_file(tree, "per_cpu/cpu0/stats", "entries: 0\n");
	dat_put_file(tree, "per_cpu/cpu2/stats", "entries: 2\n");
}

static int remove_one(const char *name, const struct stat *status, int type,
		      struct FTW *walk)
{
	return remove(name);
}

void dat_remove_tree(const char *tree)
{
	nftw(tree, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static uint64_t get(FILE *file, size_t size)
{
	uint64_t wide;
	uint32_t narrow;
	uint16_t small;

	if (size == 8 && fread(&wide, 8, 1, file) == 1)
		return wide;
	if (size == 4 && fread(&narrow, 4, 1, file) == 1)
		return narrow;
	ck_assert(size == 2 && fread(&small, 2, 1, file) == 1);
	return small;
}

static void expect(FILE *file, const char *bytes, size_t size)
{
	char got[16];

	ck_assert_uint_eq(fread(got, 1, size, file), size);
	ck_assert_mem_eq(got, bytes, size);
}

static void parse_formats(FILE *file, struct dat_parsed *ret)
{
	ret->ftrace_events = get(file, 4);
	for (uint32_t i = 0; i < ret->ftrace_events; i++)
		fseek(file, get(file, 8), SEEK_CUR);
	ret->systems = get(file, 4);
	for (uint32_t i = 0; i < ret->systems; i++) {
		while (fgetc(file) > 0)
			;
		for (uint32_t n = get(file, 4); n > 0; n--)
			fseek(file, get(file, 8), SEEK_CUR);
	}
}

void dat_parse(const char *path, struct dat_parsed *ret)
{
	FILE *file = fopen(path, "re");
	long at;

	memset(ret, 0, sizeof(*ret));
	expect(file, "\027\010\104tracing6", 12);
	fseek(file, 2, SEEK_CUR);
	ret->page_size = get(file, 4);
	expect(file, "header_page", 12);
	fseek(file, get(file, 8), SEEK_CUR);
	expect(file, "header_event", 13);
	fseek(file, get(file, 8), SEEK_CUR);
	parse_formats(file, ret);
	fseek(file, get(file, 4), SEEK_CUR);
	fseek(file, get(file, 4), SEEK_CUR);
	ret->cmdlines_size = get(file, 8);
	at = ftell(file);
	ck_assert_uint_gt(fread(ret->cmdlines, 1, sizeof(ret->cmdlines) - 1, file), 0);
	fseek(file, at + ret->cmdlines_size, SEEK_SET);
	ret->nr_cpus = get(file, 4);
	ck_assert_uint_le(ret->nr_cpus, 8);
	expect(file, "options  ", 10);
	for (; get(file, 2); ret->nr_options++)
		fseek(file, get(file, 4), SEEK_CUR);
	expect(file, "flyrecord", 10);
	ck_assert_int_eq(ftell(file) % 16, 0);
	for (uint32_t i = 0; i < ret->nr_cpus; i++)
		for (int j = 0; j < 2; j++)
			ret->entries[i][j] = get(file, 8);
	at = get(file, 8);
	ck_assert_uint_eq(fread(ret->clock, 1, at, file), (size_t)at);
	fclose(file);
}

void dat_fill(const struct rbmap_layout *layout, unsigned char *subbuf, uint32_t bytes,
	      uint32_t first)
{
	rbmap_subbuf_make_header(layout, subbuf, NULL, first, bytes, 0);
	for (uint32_t i = 0; i < bytes / RECORD; i++) {
		uint32_t words[2] = { 1 | 1 << 5, first + i };

		memcpy(subbuf + layout->data_offset + i * RECORD, words, RECORD);
	}
}

struct rbmap_span dat_span(const struct rbmap_layout *layout, const void *subbuf,
			   int cpu, uint64_t seq, uint32_t to)
{
	struct rbmap_span span = {
		.subbuf = subbuf,
		.subbuf_size = layout->subbuf_size,
		.to = to,
		.seq = seq,
		.cpu = cpu,
	};

	memcpy(&span.time_stamp, subbuf, sizeof(span.time_stamp));
	return span;
}
