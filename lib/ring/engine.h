/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * An engine turns the ring of one CPU into spans. What it is asked, in this order:
 * wake, then take until 0, each span settled before the next take.
 */
#ifndef RBMAP_RING_ENGINE_H
#define RBMAP_RING_ENGINE_H

#include <stdbool.h>

#include <rbmap/session.h>
#include <rbmap/span.h>
#include <rbmap/subbuf.h>

/* What an engine that copies hands out in one turn, so that a sink can write it as one.
 */
#define RBMAP_TURN_BYTES (UINT32_C(1) << 16)

struct rbmap_engine_ring;

struct rbmap_engine_ops {
	enum rbmap_engine engine;
	const char *name;
	/*
	 * Without it the ring stays beyond the watermark once it was full, and whoever
	 * waits for that costs the writer a wake-up: such an engine looks by the clock
	 * alone, and says how fast the rings fill (see rbmap_engine_ring).
	 */
	bool consumes;
	/* It maps the ring. */
	bool maps;

	/*
	 * Whether it can be used on the instance: 0, -EOPNOTSUPP with the reason in the
	 * log, or another negative errno. NULL: opening says all.
	 */
	int (*check)(struct tracefs_instance *instance, const struct rbmap_log *log);

	/*
	 * fd: trace_pipe_raw, O_NONBLOCK; the caller keeps it open. copies: no span is
	 * ever to be torn.
	 */
	int (*open)(struct rbmap_engine_ring **ret, int fd, int cpu,
		    const struct rbmap_layout *layout, bool copies,
		    struct rbmap_session_work *work);
	void (*close)(struct rbmap_engine_ring *ring);

	/* A new round: what is in the ring by now is to be taken. */
	void (*wake)(struct rbmap_engine_ring *ring);

	/* Returns the spans taken, in their order; 0: the round is over. */
	int (*take)(struct rbmap_engine_ring *ring, struct rbmap_span *spans, int max);

	/* Flags the spans that were torn; returns how many. NULL: never any. */
	int (*settle)(struct rbmap_engine_ring *ring, struct rbmap_span *spans, int nr);
};

/* What every engine's ring begins with. */
struct rbmap_engine_ring {
	const struct rbmap_engine_ops *ops;
	struct rbmap_layout layout;
	struct rbmap_session_work *work;
	int cpu;
	/*
	 * Set by the caller before a wake: what the writer is still in may be left for
	 * another round, where the engine can leave it.
	 */
	bool whole;
	/*
	 * Of an engine that does not consume: the sub-buffers that the writer has
	 * filled since the look before the last, and how many there are.
	 */
	uint32_t filled;
	uint32_t nr_subbufs;
	/* Likewise: this round has found nothing that the one before had not. */
	bool quiet;
};

/* NULL: there is none, or it is yet to be chosen (RBMAP_ENGINE_AUTO). */
const struct rbmap_engine_ops *rbmap_engine_find(enum rbmap_engine engine);

/* Each adds a line to the table in engines.c. */
extern const struct rbmap_engine_ops rbmap_mapped_ops;
extern const struct rbmap_engine_ops rbmap_read_ops;
extern const struct rbmap_engine_ops rbmap_observe_ops;

#endif
