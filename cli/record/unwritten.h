/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events that a sink has accepted but not yet written. Where it fails, those that it
 * did not write were not recorded. Each CPU is used by one thread at a time.
 */
#ifndef RECORD_UNWRITTEN_H
#define RECORD_UNWRITTEN_H

#include <stddef.h>
#include <stdint.h>

#include "sink.h"
#include "tally.h"

struct unwritten;

/* @sink: borrowed. @cpus: in ascending order. Returns 0 or -ENOMEM. */
int unwritten_open(struct unwritten **ret, const struct sink *sink, const int *cpus,
		   size_t nr_cpus);

/* Before spans are stored: without room for one, all that follow would be miscounted.
 * Returns 0 or -ENOMEM.
 */
int unwritten_reserve(struct unwritten *unwritten, const struct rbmap_span *spans,
		      int nr);

/* Spans that are settled and stored, as for tally_put(), of those reserved for. */
void unwritten_add(struct unwritten *unwritten, const struct rbmap_span *spans,
		   const struct tally_span *counted, int nr);

/* After the end of the sink: what it did not write is not counted as delivered. */
void unwritten_take_back(const struct unwritten *unwritten, struct tally *tally);

/* Likewise: nothing of what was put is. */
void unwritten_take_back_all(const struct unwritten *unwritten, struct tally *tally);

void unwritten_close(struct unwritten *unwritten);

#endif
