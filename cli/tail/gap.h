/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TAIL_GAP_H
#define TAIL_GAP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What was lost on a CPU before a record of its: 0, a count, or RBMAP_LOST_UNKNOWN; and
 * how much time it was, where that is known, in the units of the trace clock.
 */
struct gap {
	uint64_t lost;
	uint64_t time_stamp;
	uint64_t missed;
	bool missed_unknown;
};

#endif
