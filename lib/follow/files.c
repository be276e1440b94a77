// SPDX-License-Identifier: LGPL-2.1-only
/* Files: their readers sort the records of each, and here they are sorted together. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/eventfd.h>

#include <rbmap/tracedat.h>

#include "base/internal.h"
#include "follow/follow.h"

static int add_buffer(struct rbmap_follow *follow, struct rbmap_tracedat_reader *reader,
		      size_t buffer, const char *name)
{
	struct follow_source source = {
		.name = strdup(name),
		.events = rbmap_tracedat_reader_events(reader, buffer),
		.reader = reader,
	};
	int r = source.name ? rbmap_follow_add_source(follow, &source) : -ENOMEM;

	if (r < 0)
		rbmap_follow_free_source(&source);
	return r;
}

static int add_buffers(struct rbmap_follow *follow,
		       struct rbmap_tracedat_reader *reader)
{
	const struct rbmap_tracedat_buffer *buffers;
	size_t nr = rbmap_tracedat_reader_buffers(reader, &buffers);
	size_t before = follow->nr_sources;
	int r = nr ? 0 : -ENODATA;

	for (size_t i = 0; r >= 0 && i < nr; i++)
		r = add_buffer(follow, reader, i, buffers[i].name);
	while (r < 0 && follow->nr_sources > before)
		rbmap_follow_free_source(&follow->sources[--follow->nr_sources]);
	return r < 0 ? r : 0;
}

static int add_reader(struct rbmap_follow *follow, struct rbmap_tracedat_reader *reader,
		      bool owned)
{
	struct follow_file *larger;
	size_t first = follow->nr_sources;
	int r;

	r = rbmap_follow_check_clock(follow, rbmap_tracedat_reader_info(reader)->clock);
	if (r < 0)
		return r;
	larger = reallocarray(follow->files, follow->nr_files + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	follow->files = larger;
	r = add_buffers(follow, reader);
	if (r < 0)
		return r;
	if (follow->cpus)
		rbmap_tracedat_reader_choose(reader, follow->cpus, follow->nr_cpus);
	larger[follow->nr_files++] = (struct follow_file){ .reader = reader,
							   .owned = owned,
							   .first = first };
	/* A file can always be read. */
	eventfd_write(follow->wake_fd, 1);
	return first;
}

static int check_files(const struct rbmap_follow *follow)
{
	if (follow->nr_sources && !follow->nr_files)
		return -EINVAL;
	return follow->begun ? -EBUSY : 0;
}

RBMAP_PUBLIC int rbmap_follow_add_reader(struct rbmap_follow *follow,
					 struct rbmap_tracedat_reader *reader)
{
	int r = check_files(follow);

	return r < 0 ? r : add_reader(follow, reader, false);
}

RBMAP_PUBLIC int rbmap_follow_add_file(struct rbmap_follow *follow, int fd)
{
	struct rbmap_tracedat_reader *reader;
	int r = check_files(follow);

	if (r == 0)
		r = rbmap_tracedat_reader_open(&reader, fd, &follow->log);
	if (r < 0)
		return r;
	r = add_reader(follow, reader, true);
	if (r < 0)
		rbmap_tracedat_reader_close(reader);
	return r;
}

void rbmap_follow_free_files(struct rbmap_follow *follow)
{
	for (size_t i = 0; i < follow->nr_files; i++)
		if (follow->files[i].owned)
			rbmap_tracedat_reader_close(follow->files[i].reader);
	free(follow->files);
}

/* 1, 0 at its end, or a negative errno. */
static int advance(struct follow_file *file)
{
	int r = 0;

	file->has_record = false;
	if (!file->ended)
		r = rbmap_tracedat_reader_next(file->reader, &file->record,
					       &file->buffer);
	file->has_record = r > 0;
	file->ended |= r == 0;
	return r;
}

/* The one whose record comes first; of those of one time, the first that was added. */
static int find_first(struct rbmap_follow *follow, struct follow_file **ret)
{
	struct follow_file *file;
	int r = 0;

	*ret = NULL;
	for (size_t i = 0; i < follow->nr_files; i++) {
		file = &follow->files[i];
		if (!file->has_record)
			r = advance(file);
		if (r < 0)
			return r;
		if (file->has_record &&
		    (!*ret || file->record.time_stamp < (*ret)->record.time_stamp))
			*ret = file;
	}
	return 0;
}

int rbmap_follow_next_file(struct rbmap_follow *follow)
{
	struct follow_file *file;
	int r;

	follow->begun = true;
	if (follow->last_file)
		follow->last_file->has_record = false;
	follow->last_file = NULL;
	if (follow->ended || atomic_load_explicit(&follow->stop, memory_order_relaxed))
		return 0;
	if (!follow->records_left)
		return -EAGAIN;
	follow->records_left--;
	r = find_first(follow, &file);
	if (r < 0)
		return r;
	if (!file) {
		follow->ended = true;
		return 0;
	}
	follow->last_file = file;
	follow->record = (struct rbmap_follow_record){
		.record = file->record,
		.events = follow->sources[file->first + file->buffer].events,
		.source = file->first + file->buffer,
	};
	return 1;
}
