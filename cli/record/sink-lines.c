// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "sink-lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <trace-seq.h>
#include <unistd.h>

#include <rbmap/error.h>
#include <rbmap/events.h>
#include <rbmap/merge.h>

#include "common.h"
#include "escape.h"
#include "leaf.h"
#include "lines.h"

#define LEAST_LINES 256

/* A record in the text, and the lines before it that belong to it. */
struct line {
	int cpu;
	unsigned int end;
};

/*
 * @unwritten: what is in the text, in order
 * @events: by the number of the CPU, those whose lines were written
 * @may_cut: the file is our own, and ends with what was written
 * @failed: nothing is written any more, as the first failure may have left a part of a
 *	line
 */
struct lines {
	struct common_lines style;
	struct common_leaf leaf;
	struct rbmap_merge *merge;
	struct trace_seq text;
	struct common_writer writer;
	size_t nr_unwritten, room;
	struct line *unwritten;
	uint64_t *events;
	int nr_cpus;
	bool may_cut;
	int failed;
	bool put_this_round;
};

/* Counts what is whole of the first bytes of the text; returns where it ends. */
static size_t count_written(struct lines *lines, size_t bytes)
{
	size_t end = 0;

	for (size_t i = 0; i < lines->nr_unwritten; i++) {
		const struct line *line = &lines->unwritten[i];

		if (line->end > bytes)
			break;
		lines->events[line->cpu]++;
		end = line->end;
	}
	lines->nr_unwritten = 0;
	return end;
}

/* What a program reads line by line has no half of one. */
static void cut_last_line(struct lines *lines, size_t bytes)
{
	if (!bytes || !lines->may_cut)
		return;
	if (ftruncate(lines->writer.fd, lines->writer.bytes - bytes) == 0)
		lines->writer.bytes -= bytes;
	else
		common_error("the last line is not whole: %s", strerror(errno));
}

static int write_out(struct lines *lines)
{
	uint64_t before = lines->writer.bytes;
	size_t written, end;
	int r;

	r = common_writer_write(&lines->writer, lines->text.buffer, lines->text.len);
	written = lines->writer.bytes - before;
	end = count_written(lines, written);
	if (r < 0)
		cut_last_line(lines, written - end);
	trace_seq_reset(&lines->text);
	lines->failed = r;
	return r;
}

static int add_line(struct lines *lines, int cpu)
{
	size_t room = lines->room ? 2 * lines->room : LEAST_LINES;
	struct line *larger;

	if (lines->nr_unwritten == lines->room) {
		larger = reallocarray(lines->unwritten, room, sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		lines->unwritten = larger;
		lines->room = room;
	}
	lines->unwritten[lines->nr_unwritten++] = (struct line){ cpu, lines->text.len };
	return 0;
}

/* With what was held back for it. */
static int put_record(struct lines *lines, const struct rbmap_record *record)
{
	int held_cpu = lines->leaf.entry.cpu;
	bool held = lines->leaf.holds;
	int r = common_leaf_put(&lines->leaf, record, &lines->text);

	if (r == 0 && held)
		r = add_line(lines, held_cpu);
	if (r == 0 && !lines->leaf.holds)
		r = add_line(lines, record->cpu);
	return r;
}

static int put_held(struct lines *lines)
{
	bool held = lines->leaf.holds;
	int r = common_leaf_end(&lines->leaf, &lines->text);

	return r == 0 && held ? add_line(lines, lines->leaf.entry.cpu) : r;
}

static int print_records(struct lines *lines)
{
	struct rbmap_record record;
	unsigned int end;
	int r = lines->failed;

	while (r == 0 && rbmap_merge_next(lines->merge, &record, NULL) > 0) {
		end = lines->text.len;
		r = put_record(lines, &record);
		if (r < 0)
			lines->text.len = end;
		if (r == 0 && lines->text.len >= COMMON_WRITE_SIZE)
			r = write_out(lines);
	}
	return r;
}

/* @all: also what waits for the record that comes after it. */
static int print_what_is_due(struct lines *lines, bool all)
{
	int r = print_records(lines);

	if (r == 0 && all)
		r = put_held(lines);
	return r < 0 ? r : write_out(lines);
}

static int lines_put(void *self, const struct rbmap_span *spans, int nr)
{
	struct lines *lines = self;
	int r = rbmap_merge_put(lines->merge, 0, spans, nr);

	lines->put_this_round = true;
	return r < 0 ? r : nr;
}

static int lines_discard(void *self, const struct rbmap_span *spans, int nr)
{
	struct lines *lines = self;

	return rbmap_merge_discard(lines->merge, 0, spans, nr);
}

static int lines_end_round(void *self)
{
	struct lines *lines = self;
	/* The latest records wait for a round in which every CPU is past them. */
	int holds = rbmap_merge_end_round(lines->merge), r;
	bool put = lines->put_this_round;

	if (holds < 0)
		return holds;
	lines->put_this_round = false;
	r = print_what_is_due(lines, !put);
	return r < 0 ? r : holds;
}

static int lines_flush(void *self)
{
	return 0;
}

static int lines_finish(void *self)
{
	struct lines *lines = self;

	rbmap_merge_end(lines->merge);
	return print_what_is_due(lines, true);
}

static uint64_t lines_events_written(const void *self, int cpu)
{
	const struct lines *lines = self;

	return cpu < lines->nr_cpus ? lines->events[cpu] : 0;
}

static void lines_work(const void *self, struct sink_work *ret)
{
	const struct lines *lines = self;

	*ret = (struct sink_work){ .bytes = lines->writer.bytes,
				   .writes = lines->writer.writes };
}

static void lines_free(void *self)
{
	struct lines *lines = self;

	rbmap_merge_close(lines->merge);
	rbmap_events_close(lines->style.events);
	trace_seq_destroy(&lines->text);
	common_writer_close(&lines->writer);
	common_leaf_free(&lines->leaf);
	free(lines->unwritten);
	free(lines->events);
	free(lines);
}

static const struct sink_ops lines_ops = {
	.needs_all_rings = true,
	.put = lines_put,
	.discard = lines_discard,
	.end_round = lines_end_round,
	.flush = lines_flush,
	.events_written = lines_events_written,
	.finish = lines_finish,
	.work = lines_work,
	.free = lines_free,
};

static int open_events(struct lines *lines, const struct sink_source *source)
{
	struct rbmap_events_options options = { .size = sizeof(options) };
	char **systems = selection_systems(source->selection);
	int r;

	if (!systems)
		return -ENOMEM;
	options.instance = source->instance;
	options.systems = (const char *const *)systems;
	options.log = common_log(source->config->verbosity);
	r = rbmap_events_open(&lines->style.events, &options);
	if (r == 0 && common_escapes(source->config->escape, source->output->fd))
		rbmap_events_set_text_format(lines->style.events, RBMAP_TEXT_ESCAPE);
	selection_names_free(systems);
	return r;
}

int sink_lines_open(struct sink *ret, const struct sink_source *source)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	int r;

	if (!lines)
		return common_fail("%s", strerror(ENOMEM));
	common_writer_init(&lines->writer, source->output->fd, source->stop_fd);
	lines->style.json = source->config->format == FORMAT_JSON;
	lines->leaf.lines = &lines->style;
	trace_seq_init(&lines->text);
	lines->may_cut = output_is_file(source->output);
	lines->nr_cpus = source->cpus[source->nr_cpus - 1] + 1;
	lines->events = calloc(lines->nr_cpus, sizeof(*lines->events));
	if (!lines->events) {
		lines_free(lines);
		return common_fail("%s", strerror(ENOMEM));
	}
	r = rbmap_merge_open(&lines->merge);
	if (r == 0)
		r = rbmap_merge_add(lines->merge, source->session);
	if (r >= 0)
		r = open_events(lines, source);
	if (r < 0) {
		lines_free(lines);
		return common_fail("the event formats could not be loaded: %s",
				   rbmap_strerror(r));
	}
	*ret = (struct sink){ &lines_ops, lines };
	return COMMON_OK;
}
