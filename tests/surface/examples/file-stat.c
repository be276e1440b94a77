/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file-stat FILE: how many records of each event are in a trace.dat, what was lost, the
 * time they cover, and what is broken in the file.
 */
#include <errno.h>
#include <event-parse.h>
#include <fcntl.h>
#include <inttypes.h>
#include <rbmap/rbmap.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint64_t counts[65536]; /* by the event's ID, a field of 16 bits */

static int count(struct rbmap_tracedat_reader *reader)
{
	/* All buffers of a file have the same formats. */
	struct rbmap_events *events = rbmap_tracedat_reader_events(reader, 0);
	uint64_t first = 0, last = 0, lost = 0, gaps = 0, records = 0;
	struct rbmap_record record;
	int r, id;

	while ((r = rbmap_tracedat_reader_next(reader, &record, NULL)) > 0) {
		if (records++ == 0)
			first = record.time_stamp;
		last = record.time_stamp;
		if (record.lost == RBMAP_LOST_UNKNOWN)
			gaps++;
		else
			lost += record.lost;
		id = rbmap_record_id(events, &record);
		if (id >= 0)
			counts[id]++;
	}
	for (id = 0; id < 65536; id++) {
		struct tep_event *event = tep_find_event(rbmap_events_tep(events), id);

		if (counts[id] != 0)
			printf("%12" PRIu64 " %s:%s\n", counts[id],
			       event ? event->system : "?", event ? event->name : "?");
	}
	printf("%12" PRIu64 " in all, in %.6f s\n", records, (last - first) / 1e9);
	printf("%12" PRIu64 " lost, and %" PRIu64 " gaps of unknown size\n", lost,
	       gaps);
	return r;
}

static size_t print_faults(struct rbmap_tracedat_reader *reader)
{
	const struct rbmap_tracedat_fault *faults;
	size_t nr = rbmap_tracedat_reader_faults(reader, &faults);

	for (size_t i = 0; i < nr; i++)
		fprintf(stderr, "at %" PRIu64 ": %s\n", faults[i].offset,
			faults[i].text);
	return nr;
}

int main(int argc, char **argv)
{
	const struct rbmap_tracedat_buffer *buffers;
	struct rbmap_tracedat_reader *reader = NULL;
	size_t faults = 0;
	int fd, r;

	if (argc != 2)
		return fprintf(stderr, "usage: file-stat FILE\n"), 2;
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : rbmap_tracedat_reader_open(&reader, fd, NULL);
	if (r == 0 && rbmap_tracedat_reader_buffers(reader, &buffers) > 0)
		r = count(reader);
	if (reader)
		faults = print_faults(reader);
	rbmap_tracedat_reader_close(reader);
	if (fd >= 0)
		close(fd);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", argv[1], rbmap_strerror(r));
	return r < 0 || faults > 0;
}
