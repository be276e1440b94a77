/* SPDX-License-Identifier: GPL-2.0-only */
/* The trace.dat writer: what was overwritten while it was stored is taken out again. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <check.h>

#include "base/internal.h"
#include "dat-file.h"
#include "run.h"
#include "span/subbuf.h"
#include "tracedat/write/writer.h"

#define SIZE 4096
#define RECORDS 400

static char tree[TREE_PATH];
static char path[] = "/tmp/rbmap-XXXXXX";
static int fd;
static struct rbmap_tracedat_writer *writer;
static const struct rbmap_layout layout = { SIZE, 16, 8, 8, false };
static unsigned char memory[4][SIZE];

static void begin_with(unsigned int flags)
{
	static const int cpus[] = { 0, 2 };
	struct rbmap_tracedat_options options = {
		.size = sizeof(options),
		.layout = &layout,
		.cpus = cpus,
		.nr_cpus = 2,
		.flags = flags,
		.version = 6,
	};
	struct tracedat_source source = { .kallsyms = strdup("/nowhere") };

	dat_make_tree(tree);
	strcpy(path, "/tmp/rbmap-XXXXXX");
	fd = mkostemp(path, O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	source.instance_dir = strdup(tree);
	source.top_dir = strdup(tree);
	ck_assert_int_eq(rbmap_tracedat_open(&writer, fd, &options, &source), 0);
}

static void begin(void)
{
	begin_with(0);
}

static void end(void)
{
	rbmap_tracedat_writer_close(writer);
	close(fd);
	unlink(path);
	dat_remove_tree(tree);
}

static struct rbmap_span span_of(int index, int cpu, uint64_t seq)
{
	dat_fill(&layout, memory[index], RECORDS, seq * 1000);
	return dat_span(&layout, memory[index], cpu, seq, RECORDS);
}

static void check_slot(int cpu, uint64_t slot, uint32_t size, uint64_t lost)
{
	struct rbmap_subbuf_header header;
	unsigned char bytes[SIZE];
	struct dat_parsed parsed;

	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	dat_parse(path, &parsed);
	ck_assert_uint_gt(parsed.entries[cpu][1], slot * SIZE);
	ck_assert_int_eq(pread(fd, bytes, SIZE, parsed.entries[cpu][0] + slot * SIZE),
			 SIZE);
	ck_assert_int_eq(rbmap_subbuf_header(&layout, bytes, &header), 0);
	ck_assert_uint_eq(header.size, size);
	ck_assert_uint_eq(header.lost, lost);
}

static void check_records(int cpu, uint64_t slot, const unsigned char *subbuf,
			  uint32_t size)
{
	unsigned char bytes[SIZE];
	struct dat_parsed parsed;

	dat_parse(path, &parsed);
	ck_assert_int_eq(pread(fd, bytes, SIZE, parsed.entries[cpu][0] + slot * SIZE),
			 SIZE);
	ck_assert_mem_eq(bytes + layout.data_offset, subbuf + layout.data_offset, size);
}

START_TEST(torn_ones_are_left_empty)
{
	struct rbmap_span spans[4];

	begin();
	for (int i = 0; i < 4; i++)
		spans[i] = span_of(i, 0, 7 + i);
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, 4), 4);
	spans[0].flags |= RBMAP_SPAN_TORN;
	spans[1].flags |= RBMAP_SPAN_TORN;
	spans[2].lost = RBMAP_LOST_UNKNOWN;
	ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, spans, 4), 0);
	check_slot(0, 0, 0, RBMAP_LOST_UNKNOWN);
	check_slot(0, 1, 0, RBMAP_LOST_UNKNOWN);
	check_slot(0, 2, RECORDS, RBMAP_LOST_UNKNOWN);
	check_slot(0, 3, RECORDS, 0);
	end();
}
END_TEST

/* Each CPU has its slots, a sub-buffer that grew has one, one with nothing new none. */
START_TEST(slots_are_found)
{
	struct rbmap_span spans[5];

	begin();
	spans[0] = span_of(0, 2, 1);
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, 1), 1);
	spans[0] = span_of(0, 2, 2);
	spans[1] = span_of(1, 2, 2);
	spans[0].to = 200;
	spans[0].flags = RBMAP_SPAN_GROWING;
	spans[1].from = 200;
	spans[1].subbuf = spans[0].subbuf;
	spans[2] = span_of(2, 2, 3);
	spans[3] = span_of(3, 0, 1);
	spans[4] = spans[3];
	spans[4].from = spans[4].to;
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, 5), 5);
	spans[2].flags |= RBMAP_SPAN_TORN;
	ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, spans, 5), 0);
	check_slot(2, 0, RECORDS, 0);
	check_slot(2, 1, RECORDS, 0);
	check_slot(2, 2, 0, RBMAP_LOST_UNKNOWN);
	check_slot(0, 0, RECORDS, 0);
	end();
}
END_TEST

/* The loss stays told when the sub-buffer that tells it grows. */
START_TEST(the_one_behind_may_grow)
{
	struct rbmap_span spans[2];

	begin();
	spans[0] = span_of(0, 0, 1);
	spans[1] = span_of(1, 0, 2);
	spans[1].to = 200;
	spans[1].flags = RBMAP_SPAN_GROWING;
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, 2), 2);
	spans[0].flags |= RBMAP_SPAN_TORN;
	spans[1].lost = RBMAP_LOST_UNKNOWN;
	ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, spans, 2), 0);
	check_slot(0, 1, 200, RBMAP_LOST_UNKNOWN);
	spans[1] = span_of(1, 0, 2);
	spans[1].from = 200;
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, &spans[1], 1), 1);
	check_slot(0, 1, RECORDS, RBMAP_LOST_UNKNOWN);
	end();
}
END_TEST

/* What was settled before is in the file, though all of the ring was overwritten. */
START_TEST(what_was_there_before_it_grew_stays)
{
	struct rbmap_span span;

	begin();
	span = span_of(0, 0, 1);
	memcpy(memory[1], memory[0], SIZE);
	span.to = 200;
	span.flags = RBMAP_SPAN_GROWING;
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, &span, 1), 1);
	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	memset(memory[0] + layout.data_offset, 0xff, SIZE - layout.data_offset);
	span.from = 200;
	span.to = RECORDS;
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, &span, 1), 1);
	span.flags |= RBMAP_SPAN_TORN;
	ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, &span, 1), 0);
	check_slot(0, 0, 200, 0);
	check_records(0, 0, memory[1], 200);
	/* All of it in one put. */
	for (int i = 0; i < 2; i++) {
		struct rbmap_span both[2];

		both[0] = span_of(0, 2, 1 + i);
		both[1] = both[0];
		both[0].to = both[1].from = 200;
		both[0].flags = RBMAP_SPAN_GROWING;
		ck_assert_int_eq(rbmap_tracedat_writer_put(writer, both, 2), 2);
		both[0].flags |= i ? RBMAP_SPAN_TORN : 0;
		both[1].flags |= RBMAP_SPAN_TORN;
		ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, both, 2), 0);
		check_slot(2, i, i ? 0 : 200, i ? RBMAP_LOST_UNKNOWN : 0);
	}
	end();
}
END_TEST

static void check_slots(int cpu, uint64_t slots)
{
	struct dat_parsed parsed;

	ck_assert_int_eq(rbmap_tracedat_writer_flush(writer), 0);
	dat_parse(path, &parsed);
	ck_assert_uint_eq(parsed.entries[cpu][1], slots * SIZE);
}

/* Of what is to be without a gap only what comes behind the last one stays. */
START_TEST(unbroken_begins_behind_a_loss)
{
	struct rbmap_span spans[4];

	begin_with(RBMAP_TRACEDAT_UNBROKEN);
	for (int i = 0; i < 4; i++)
		spans[i] = span_of(i, 0, 1 + i);
	spans[2].lost = 5;
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, 4), 4);
	check_slots(0, 2);
	check_slot(0, 0, RECORDS, 0);
	check_slot(0, 1, RECORDS, 0);
	spans[0] = span_of(0, 0, 5);
	spans[0].lost = RBMAP_LOST_UNKNOWN;
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, 1), 1);
	check_slots(0, 1);
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	check_slots(0, 1);
	check_slot(0, 0, RECORDS, 0);
	end();
}
END_TEST

START_TEST(unbroken_gives_up_what_is_torn)
{
	struct rbmap_span spans[4];

	begin_with(RBMAP_TRACEDAT_UNBROKEN);
	for (int i = 0; i < 4; i++)
		spans[i] = span_of(i, 2, 1 + i);
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, 4), 4);
	spans[0].flags |= RBMAP_SPAN_TORN;
	spans[1].flags |= RBMAP_SPAN_TORN;
	spans[2].lost = RBMAP_LOST_UNKNOWN;
	ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, spans, 4), 0);
	check_slots(2, 2);
	check_slot(2, 0, RECORDS, 0);
	spans[0] = span_of(0, 2, 5);
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, spans, 1), 1);
	spans[0].flags |= RBMAP_SPAN_TORN;
	ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, spans, 1), 0);
	check_slots(2, 0);
	end();
}
END_TEST

START_TEST(unknown_cpus_are_refused)
{
	struct rbmap_span span;

	begin();
	span = span_of(0, 1, 1);
	span.flags |= RBMAP_SPAN_TORN;
	ck_assert_int_eq(rbmap_tracedat_writer_discard(writer, &span, 1), -ENXIO);
	end();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { torn_ones_are_left_empty,
				       slots_are_found,
				       what_was_there_before_it_grew_stays,
				       the_one_behind_may_grow,
				       unbroken_begins_behind_a_loss,
				       unbroken_gives_up_what_is_torn,
				       unknown_cpus_are_refused };

	return RUN_TESTS("tracedat-discard", tests);
}
