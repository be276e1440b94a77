// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <trace-seq.h>
#include <unistd.h>

#include <rbmap/error.h>
#include <rbmap/events.h>
#include <rbmap/merge.h>

#include "common.h"
#include "sink.h"

/* A write this large costs next to nothing a line. */
#define FULL (64 * 1024)
/* Once it is time to stop, a reader that takes nothing is not waited for longer. */
#define PATIENCE_MS 1000

struct lines {
	struct rbmap_events *events;
	struct rbmap_merge *merge;
	struct trace_seq text;
	bool json;
	int fd;
	/* The output may block for as long as its reader likes. */
	bool may_block;
	int signal_fd;
	bool put_this_round;
	struct sink_work work;
};

/*
 * A write that blocks could not be ended by a signal, since those are blocked too, and
 * nothing would be put back. What poll(2) calls writable takes PIPE_BUF bytes at once.
 */
static int wait_for_reader(struct lines *lines)
{
	struct pollfd fds[] = {
		{ .fd = lines->fd, .events = POLLOUT },
		{ .fd = lines->signal_fd, .events = POLLIN },
	};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return -errno;
	if (fds[0].revents)
		return 0;
	return poll(fds, 1, PATIENCE_MS) > 0 ? 0 : -ETIMEDOUT;
}

static int write_out(struct lines *lines)
{
	const char *from = lines->text.buffer;
	size_t left = lines->text.len, now;
	ssize_t written;
	int r;

	while (left) {
		r = lines->may_block ? wait_for_reader(lines) : 0;
		if (r < 0)
			return r;
		now = lines->may_block && left > PIPE_BUF ? PIPE_BUF : left;
		lines->work.writes++;
		written = write(lines->fd, from, now);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		from += written;
		left -= written;
		lines->work.bytes += written;
	}
	trace_seq_reset(&lines->text);
	return 0;
}

static int add_line(struct lines *lines, const struct rbmap_record *record)
{
	int r = 0;

	if (record->lost) {
		r = lines->json ? rbmap_events_lost_json(record, &lines->text) :
				  rbmap_events_lost_text(record, &lines->text);
		trace_seq_putc(&lines->text, '\n');
	}
	if (r < 0)
		return r;
	r = lines->json ? rbmap_events_json(lines->events, record, &lines->text) :
			  rbmap_events_text(lines->events, record, &lines->text);
	trace_seq_putc(&lines->text, '\n');
	return r;
}

static int print_what_is_due(struct lines *lines)
{
	struct rbmap_record record;
	int r = 0;

	while (r == 0 && rbmap_merge_next(lines->merge, &record) > 0) {
		r = add_line(lines, &record);
		if (r == 0 && lines->text.len >= FULL)
			r = write_out(lines);
	}
	return r < 0 ? r : write_out(lines);
}

static int lines_put(void *self, const struct rbmap_span *spans, int nr)
{
	struct lines *lines = self;
	int r = 0;

	lines->put_this_round = true;
	for (int i = 0; r == 0 && i < nr; i++)
		r = rbmap_merge_put(lines->merge, &spans[i]);
	return r < 0 ? r : nr;
}

static int lines_end_round(void *self)
{
	struct lines *lines = self;
	bool holds = lines->put_this_round;
	int r;

	lines->put_this_round = false;
	rbmap_merge_end_round(lines->merge);
	r = print_what_is_due(lines);
	/* The latest records wait for a round in which every CPU is past them. */
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
	return print_what_is_due(lines);
}

static void lines_work(const void *self, struct sink_work *ret)
{
	const struct lines *lines = self;

	*ret = lines->work;
}

static void lines_free(void *self)
{
	struct lines *lines = self;

	rbmap_merge_close(lines->merge);
	rbmap_events_close(lines->events);
	trace_seq_destroy(&lines->text);
	free(lines);
}

static const struct sink_ops lines_ops = {
	.needs_all_rings = true,
	.put = lines_put,
	.end_round = lines_end_round,
	.flush = lines_flush,
	.finish = lines_finish,
	.work = lines_work,
	.free = lines_free,
};

static bool can_block(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
}

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
	r = rbmap_events_open(&lines->events, &options);
	selection_names_free(systems);
	return r;
}

int sink_lines_open(struct sink *ret, const struct sink_source *source)
{
	struct lines *lines = calloc(1, sizeof(*lines));
	const int *cpus;
	size_t nr_cpus;
	int r;

	if (!lines)
		return common_fail("%s", strerror(ENOMEM));
	lines->fd = source->output->fd;
	lines->may_block = can_block(lines->fd);
	lines->signal_fd = source->signal_fd;
	lines->json = source->config->format == FORMAT_JSON;
	trace_seq_init(&lines->text);
	nr_cpus = rbmap_session_cpus(source->session, &cpus);
	r = rbmap_merge_open(&lines->merge, rbmap_session_layout(source->session), cpus,
			     nr_cpus);
	if (r == 0)
		r = open_events(lines, source);
	if (r < 0) {
		lines_free(lines);
		return common_fail("the event formats could not be loaded: %s",
				   rbmap_strerror(r));
	}
	*ret = (struct sink){ &lines_ops, lines };
	return COMMON_OK;
}
