/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The record walk beside libtraceevent's kbuffer, and on bytes that are no records.
 *
 * Where the two differ, and who is right by kernel/trace/ring_buffer.c:
 * - An absolute stamp has 59 bits. rb_fix_abs_ts() takes the top 5 from the time
 *   before and adds one where the 59 bits have wrapped since. The walk does so;
 *   kbuffer does not add the one. See absolute_stamp_that_wraps.
 * - Padding with a delta of 0 ends the sub-buffer (rb_null_event()). The walk ends
 *   there; kbuffer looks for a length behind it, past the end of the records where
 *   only 4 bytes are left. See padding_without_a_length.
 * - Both add the delta of a discarded event. check_buffer() does so too, but takes a
 *   delta of 1 for 0, as rb_event_discard() makes 1 of 0 and the two cannot be told
 *   apart: what follows may be 1 late. See discarded_event.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <traceevent/kbuffer.h>

#include <rbmap/record.h>

#include "base/internal.h"
#include "records.h"
#include "run.h"

static struct kbuffer *open_kbuffer(const struct rbmap_layout *layout)
{
	bool big = layout->swap != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);

	return kbuffer_alloc(layout->commit_size == 8 ? KBUFFER_LSIZE_8 :
							KBUFFER_LSIZE_4,
			     big ? KBUFFER_ENDIAN_BIG : KBUFFER_ENDIAN_LITTLE);
}

/* Record by record; kbuffer gets a copy with room behind it to read on in. */
static unsigned int compare(const struct build *build, uint64_t seed)
{
	struct kbuffer *kbuffer = open_kbuffer(&build->layout);
	unsigned char *copy = calloc(1, build->layout.subbuf_size + 64);
	struct rbmap_span span = records_span(build);
	struct rbmap_walk walk = { 0 };
	struct rbmap_record record;
	unsigned long long time_stamp;
	unsigned int nr = 0;
	void *data;

	memcpy(copy, build->memory, build->layout.subbuf_size);
	must(kbuffer_load_subbuffer(kbuffer, copy) == 0);
	must(kbuffer_subbuffer_size(kbuffer) == (int)build->size);
	must(rbmap_walk_span(&walk, &build->layout, &span) == 0);
	for (data = kbuffer_read_event(kbuffer, &time_stamp); data;
	     data = kbuffer_next_event(kbuffer, &time_stamp)) {
		must(rbmap_walk_next(&walk, &record) == 1);
		must(record.time_stamp == time_stamp);
		must(record.size == (uint32_t)kbuffer_event_size(kbuffer));
		must(record.offset == (uint32_t)kbuffer_curr_offset(kbuffer));
		must((unsigned char *)record.data - build->memory ==
		     (unsigned char *)data - copy);
		must(record.cpu == 2);
		nr++;
	}
	must(rbmap_walk_next(&walk, &record) == 0);
	must(rbmap_walk_next(&walk, &record) == 0);
	kbuffer_free(kbuffer);
	free(copy);
	return nr;
}

START_TEST(as_kbuffer_does)
{
	unsigned int records = 0;
	struct random random;
	struct build build;

	for (uint64_t seed = 1; seed <= 2000; seed++) {
		random = (struct random){ seed };
		records_random(&build, &random);
		records += compare(&build, seed);
		free(build.memory);
	}
	ck_assert_uint_gt(records, 100000);
}
END_TEST

static uint64_t time_of_last(const struct build *build)
{
	struct rbmap_span span = records_span(build);
	struct rbmap_walk walk = { 0 };
	struct rbmap_record record = { 0 };

	memcpy(&span.time_stamp, build->memory, sizeof(span.time_stamp));
	ck_assert_int_eq(rbmap_walk_span(&walk, &build->layout, &span), 0);
	while (rbmap_walk_next(&walk, &record) == 1)
		;
	return record.time_stamp;
}

static uint64_t kbuffer_time_of_last(struct build *build)
{
	struct kbuffer *kbuffer = open_kbuffer(&build->layout);
	unsigned long long time_stamp = 0;

	build_commit(build, build->size, 0);
	kbuffer_load_subbuffer(kbuffer, build->memory);
	if (kbuffer_read_event(kbuffer, &time_stamp))
		while (kbuffer_next_event(kbuffer, &time_stamp))
			;
	kbuffer_free(kbuffer);
	return time_stamp;
}

START_TEST(absolute_stamp_that_wraps)
{
	const uint64_t step = UINT64_C(1) << 59, begin_at = 4 * step - 10;
	struct rbmap_layout layout = build_layout(4096, 8, false);
	struct build build;

	build_begin(&build, &layout, calloc(1, 4096), begin_at);
	build_data(&build, 0, "a", 1);
	build_absolute(&build, begin_at + 20);
	build_data(&build, 5, "b", 1);
	ck_assert_uint_eq(time_of_last(&build), begin_at + 25);
	ck_assert_uint_eq(kbuffer_time_of_last(&build), begin_at + 25 - step);
	/* Without top bits nothing is added, not even where the time goes backwards. */
	build_begin(&build, &layout, build.memory, 1000);
	build_absolute(&build, 500);
	build_data(&build, 5, "b", 1);
	ck_assert_uint_eq(time_of_last(&build), 505);
	ck_assert_uint_eq(kbuffer_time_of_last(&build), 505);
	free(build.memory);
}
END_TEST

START_TEST(padding_without_a_length)
{
	struct rbmap_layout layout = build_layout(4096, 8, false);
	unsigned char data[100] = { 0 };
	struct build build;

	records_begin(&build, &layout);
	build_data(&build, 1, data, 8);
	while (build_data(&build, 1, data, 100) || build_data(&build, 1, data, 4))
		;
	ck_assert_uint_eq(build_room(&build), 4);
	build_end(&build);
	ck_assert_uint_eq(build_room(&build), 0);
	build_commit(&build, build.size, 0);
	compare(&build, 0);
	free(build.memory);
}
END_TEST

START_TEST(discarded_event)
{
	struct rbmap_layout layout = build_layout(4096, 8, false);
	struct build build;

	records_begin(&build, &layout);
	build_data(&build, 0, "a", 1);
	build_discarded(&build, 1000, 40);
	build_data(&build, 5, "b", 1);
	ck_assert_uint_eq(time_of_last(&build), STAMP + 1005);
	ck_assert_uint_eq(kbuffer_time_of_last(&build), STAMP + 1005);
	free(build.memory);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		as_kbuffer_does,
		absolute_stamp_that_wraps,
		padding_without_a_length,
		discarded_event,
	};

	return RUN_TESTS("kbuffer", tests);
}
