/* SPDX-License-Identifier: GPL-2.0-only */
/* The observer that leaves what the writer is still in, on a ring in memory. */
#include <check.h>

#include "base/internal.h"
#include "observe-bench.h"
#include "ring.h"
#include "ring/engine-observe.h"
#include "ring/mapping.h"
#include "run.h"
#include "sink.h"

static int take_all(struct observe_bench *bench, struct rbmap_span *spans, int max)
{
	int nr;

	bench->engine->ops->wake(bench->engine);
	nr = bench->engine->ops->take(bench->engine, spans, max);
	for (int i = 0; i < nr; i++)
		sink_span(&bench->sink, &spans[i]);
	ck_assert_int_eq(bench->engine->ops->settle(bench->engine, spans, nr), 0);
	ck_assert_int_eq(bench->engine->ops->take(bench->engine, spans, max), 0);
	return nr;
}

/* What grows is left for a round that asks for it, and then nothing of it is missed. */
START_TEST(growing_ones_can_be_left)
{
	struct rbmap_span spans[8];
	struct observe_bench bench;

	observe_set_up(&bench);
	bench.engine->whole = true;
	observe_write_events(&bench, 5);
	ck_assert_int_eq(take_all(&bench, spans, 8), 0);
	observe_write_events(&bench, PER_SUBBUF);
	ck_assert_int_eq(take_all(&bench, spans, 8), 1);
	ck_assert_uint_eq(spans[0].flags, 0);
	ck_assert_ptr_eq(spans[0].subbuf, bench.ring.data + SUBBUF);
	ck_assert_int_eq(take_all(&bench, spans, 8), 0);
	bench.engine->whole = false;
	ck_assert_int_eq(take_all(&bench, spans, 8), 1);
	ck_assert_uint_eq(spans[0].flags, RBMAP_SPAN_GROWING);
	observe_check_whole(&bench);
	bench.engine->whole = true;
	observe_write_events(&bench, 1);
	ck_assert_int_eq(take_all(&bench, spans, 8), 0);
	observe_write_events(&bench, PER_SUBBUF);
	/* The rest of what was handed out in part. */
	ck_assert_int_eq(take_all(&bench, spans, 8), 1);
	ck_assert_uint_eq(spans[0].from, 5 * 44);
	ck_assert_uint_eq(spans[0].flags, 0);
	bench.engine->whole = false;
	take_all(&bench, spans, 8);
	observe_check_whole(&bench);
	observe_tear_down(&bench);
}
END_TEST

/* Also where nothing was taken before the writer came round. */
static void check_overwritten_unseen(bool copies)
{
	struct rbmap_span spans[8];
	struct observe_bench bench;

	observe_begin(&bench, 8);
	observe_attach(&bench, copies);
	bench.engine->whole = true;
	observe_write_events(&bench, 5);
	ck_assert_int_eq(take_all(&bench, spans, 8), 0);
	observe_write_events(&bench, 20 * PER_SUBBUF);
	ck_assert_int_gt(take_all(&bench, spans, 8), 0);
	ck_assert_uint_eq(bench.sink.unknown, 1);
	observe_tear_down(&bench);
}

START_TEST(overwritten_before_any_was_taken)
{
	check_overwritten_unseen(false);
	check_overwritten_unseen(true);
}
END_TEST

/* Each sub-buffer once, though the first look saw it grow. */
START_TEST(copies_of_what_was_left)
{
	struct rbmap_span spans[8];
	struct observe_bench bench;

	observe_begin(&bench, 8);
	observe_write_events(&bench, 5);
	observe_attach(&bench, true);
	bench.engine->whole = true;
	ck_assert_int_eq(take_all(&bench, spans, 8), 0);
	observe_write_events(&bench, 2 * PER_SUBBUF);
	ck_assert_int_eq(take_all(&bench, spans, 8), 2);
	ck_assert_uint_eq(spans[0].seq, 1);
	ck_assert_uint_eq(spans[1].seq, 2);
	ck_assert_uint_eq(bench.sink.unknown, 0);
	observe_tear_down(&bench);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { growing_ones_can_be_left,
				       overwritten_before_any_was_taken,
				       copies_of_what_was_left };

	return RUN_TESTS("engine-observe-whole", tests);
}
