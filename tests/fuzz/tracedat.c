// SPDX-License-Identifier: GPL-2.0-only
/* A trace.dat: opened, and each of its records printed as text and as JSON. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include <rbmap/events.h>
#include <rbmap/tracedat.h>

#include "fuzz.h"

/* Far more than a line has whose record lies in a file as small as these are. */
#define LINE_MAX_SIZE (UINT32_C(4) << 20)

static struct trace_seq out;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	/* Held open, since each file that is opened loads them. */
	tep_load_plugins(tep_alloc());
	tep_set_loglevel(TEP_LOG_NONE);
	trace_seq_init(&out);
	return 0;
}

static void print(struct rbmap_events *events, const struct rbmap_record *record)
{
	trace_seq_reset(&out);
	must(rbmap_events_text(events, record, &out) == 0);
	must(out.len < LINE_MAX_SIZE);
	trace_seq_reset(&out);
	must(rbmap_events_json(events, record, &out) == 0);
	must(out.len < LINE_MAX_SIZE);
	fuzz_check_json(out.buffer, out.len);
}

/* By the anchors of the file, if it has any. */
static void convert(const struct rbmap_tracedat_reader *reader, uint64_t time_stamp)
{
	const struct rbmap_tracedat_info *info = rbmap_tracedat_reader_info(reader);
	uint64_t time;
	int r;

	r = rbmap_tracedat_reader_convert(reader, RBMAP_TRACEDAT_REALTIME, time_stamp,
					  &time);
	must(r == 0 || (r == -ENODATA && !info->nr_anchors));
	r = rbmap_tracedat_reader_convert(reader, RBMAP_TRACEDAT_MONOTONIC, time_stamp,
					  &time);
	must(r == 0 || (r == -ENODATA && !info->nr_anchors));
}

/* Every record once; returns how many. */
static size_t read_all(struct rbmap_tracedat_reader *reader, bool printing)
{
	struct rbmap_record record;
	size_t buffer, nr = 0;
	int r;

	while ((r = rbmap_tracedat_reader_next(reader, &record, &buffer)) > 0) {
		convert(reader, record.time_stamp);
		if (printing)
			print(rbmap_tracedat_reader_events(reader, buffer), &record);
		nr++;
	}
	must(r == 0);
	return nr;
}

static void take_all(struct rbmap_tracedat_reader *reader)
{
	const struct rbmap_tracedat_buffer *buffers;
	size_t nr = rbmap_tracedat_reader_buffers(reader, &buffers);
	struct rbmap_span span;
	int r;

	for (size_t i = 0; i < nr; i++)
		for (size_t cpu = 0; cpu < buffers[i].nr_cpus; cpu++) {
			while ((r = rbmap_tracedat_reader_take(reader, i, cpu, &span)) >
			       0)
				must(span.to <= span.subbuf_size);
			must(r == 0);
		}
}

static void read_file(int fd)
{
	const struct rbmap_tracedat_fault *faults;
	struct rbmap_tracedat_reader *reader;
	size_t nr;

	if (rbmap_tracedat_reader_open(&reader, fd, NULL))
		return;
	nr = read_all(reader, true);
	rbmap_tracedat_reader_rewind(reader);
	must(read_all(reader, false) == nr);
	rbmap_tracedat_reader_rewind(reader);
	take_all(reader);
	nr = rbmap_tracedat_reader_faults(reader, &faults);
	while (nr--)
		must(*faults[nr].text);
	rbmap_tracedat_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	must(fd >= 0);
	must(write(fd, bytes, size) == (ssize_t)size);
	read_file(fd);
	close(fd);
	return 0;
}
