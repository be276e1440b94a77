/* SPDX-License-Identifier: GPL-2.0-only */
/* Where spans go: a trace.dat, lines of text, lines of JSON. */
#ifndef RECORD_SINK_H
#define RECORD_SINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rbmap/session.h>
#include <rbmap/span.h>

#include "config.h"
#include "output.h"
#include "selection.h"

struct symbols;
struct tracefs_instance;

struct sink_work {
	uint64_t bytes;
	uint64_t writes;
	/* How long put had to wait since a queue was full. */
	uint64_t queue_full_ns;
	/* Bytes of the rings that were compressed less than asked for, or not at all.
	 */
	uint64_t faster_bytes;
	uint64_t stored_bytes;
	/* Why what was stored could not be completed; 0: it is, or not yet. */
	int finish_error;
};

struct sink_ops {
	/* Each round has to look at every ring, not only at those that call for it. */
	bool needs_all_rings;
	/*
	 * For different CPUs, put(), discard(), flush_cpu() and set_level() may be
	 * called by several threads at the same time, and work() at any time.
	 */
	bool by_cpu;
	/* Returns how many were stored, from the first on, or a negative errno. */
	int (*put)(void *sink, const struct rbmap_span *spans, int nr);
	/*
	 * What was put last is settled; some may have been overwritten meanwhile
	 * (RBMAP_SPAN_TORN).
	 * Returns 0 or a negative errno.
	 */
	int (*discard)(void *sink, const struct rbmap_span *spans, int nr);
	/*
	 * Every ring has been looked at. Returns 1 where one more look would let out
	 * what is held back.
	 */
	int (*end_round)(void *sink);
	/* All that follow return 0 or a negative errno. Once a second: what was put
	 * becomes visible to others. */
	int (*flush)(void *sink);
	/* Likewise, for one CPU; needed with by_cpu. */
	int (*flush_cpu)(void *sink, int cpu);
	/* An enum rbmap_tracedat_level. NULL: there is no compression. */
	int (*set_level)(void *sink, int cpu, int level);
	/*
	 * NULL, or: does what the others leave to be done, in a thread of its own, and
	 * returns during finish or free.
	 */
	int (*write_out)(void *sink);
	/*
	 * One of these two: how many of the spans of a CPU that were put are really
	 * stored, from the first on; or how many of their events, once nothing more
	 * will be.
	 */
	uint64_t (*written)(const void *sink, int cpu);
	uint64_t (*events_written)(const void *sink, int cpu);
	int (*finish)(void *sink);
	/*
	 * NULL, or: lets all others return that wait for a disk which takes nothing;
	 * what is not stored by then will not be. For any thread, at any time.
	 */
	void (*cancel)(void *sink);
	void (*work)(const void *sink, struct sink_work *ret);
	void (*free)(void *sink);
};

struct sink {
	const struct sink_ops *ops;
	void *self;
};

/* What a sink is made from; all borrowed. */
struct sink_source {
	const struct config *config;
	const struct selection *selection;
	const struct rbmap_layout *layout;
	/* Of lines only. */
	struct rbmap_session *session;
	/* In ascending order. */
	const int *cpus;
	size_t nr_cpus;
	struct tracefs_instance *instance;
	const struct output *output;
	/* Readable once it is time to stop. */
	int stop_fd;
	/* Of which only a file has need; NULL: not read yet. */
	struct symbols *symbols;
	/* WRITE_OUTS of them, of which any may be NULL; NULL: none, as for a dump. */
	struct write_out **write_outs;
	/* The reason was printed; NULL: the recording would not end, as for a dump. */
	atomic_flag *end_told;
};

/* Takes a zeroed one. */
void sink_close(struct sink *sink);

#endif
