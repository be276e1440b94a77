// SPDX-License-Identifier: GPL-2.0-only
#include "observe-bench.h"

#include <check.h>

#include "base/internal.h"
#include "ring/mapping.h"

void observe_attach(struct observe_bench *bench, bool copies)
{
	struct ring *ring = &bench->ring;
	struct rbmap_mapping *mapping;

	ck_assert_int_eq(rbmap_mapping_from_memory(&mapping, &ring->meta, ring->data,
						   ring->data_size, ring_get_reader,
						   ring),
			 0);
	ck_assert_int_eq(rbmap_observe_open(&bench->engine, mapping, 3, &ring->layout,
					    copies, &bench->work),
			 0);
}

void observe_begin(struct observe_bench *bench, uint32_t nr_subbufs)
{
	struct rbmap_layout layout = build_layout(SUBBUF, sizeof(long), false);

	*bench = (struct observe_bench){ .sink.layout = layout };
	ring_open(&bench->ring, &layout, nr_subbufs);
}

void observe_set_up(struct observe_bench *bench)
{
	observe_begin(bench, 8);
	observe_attach(bench, false);
}

void observe_tear_down(struct observe_bench *bench)
{
	bench->engine->ops->close(bench->engine);
	ring_close(&bench->ring);
}

void observe_write_events(struct observe_bench *bench, unsigned int nr)
{
	ring_write_many(&bench->ring, RECORD, nr);
}

void observe_check_whole(struct observe_bench *bench)
{
	ck_assert_uint_eq(bench->sink.delivered, bench->ring.numbers);
	ck_assert_uint_eq(bench->sink.unknown, 0);
	ck_assert_uint_eq(bench->ring.calls, 0);
}
