/* SPDX-License-Identifier: GPL-2.0-only */
/* The observer on a ring in memory. */
#ifndef SUPPORT_OBSERVE_BENCH_H
#define SUPPORT_OBSERVE_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"
#include "ring/engine-observe.h"
#include "sink.h"

#define SUBBUF 4096
#define RECORD 40
/* Records of that size, 44 bytes each, that a sub-buffer has room for. */
#define PER_SUBBUF ((SUBBUF - 16) / 44)

struct observe_bench {
	struct ring ring;
	struct rbmap_engine_ring *engine;
	struct rbmap_session_work work;
	struct sink sink;
};

void observe_attach(struct observe_bench *bench, bool copies);
void observe_begin(struct observe_bench *bench, uint32_t nr_subbufs);
void observe_set_up(struct observe_bench *bench);
void observe_tear_down(struct observe_bench *bench);
void observe_write_events(struct observe_bench *bench, unsigned int nr);
void observe_check_whole(struct observe_bench *bench);

#endif
