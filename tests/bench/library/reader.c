// SPDX-License-Identifier: GPL-2.0-only
/* librbmap: the records of a file, in order of time. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <rbmap/rbmap.h>

#include "fields.h"
#include "harness.h"

void source_file(struct harness *harness, const char *path)
{
	struct rbmap_tracedat_reader *reader;
	struct rbmap_events *events;
	struct rbmap_record record;
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		harness_die(path, errno);
	r = rbmap_tracedat_reader_open(&reader, fd, NULL);
	if (r < 0)
		harness_die(path, -r);
	events = rbmap_tracedat_reader_events(reader, 0);
	fields_open(events, rbmap_events_tep(events));
	harness_start(harness);
	while ((r = rbmap_tracedat_reader_next(reader, &record, NULL)) > 0)
		use(&record);
	if (r < 0)
		harness_die(path, -r);
	fields_close();
	rbmap_tracedat_reader_close(reader);
	close(fd);
}
