/* SPDX-License-Identifier: LGPL-2.1-only */
/* How often a session looks at its rings, by a timer. */
#ifndef RBMAP_RING_PACE_H
#define RBMAP_RING_PACE_H

#include <stdint.h>

/* Nobody tells of the first event: not less often than this... */
#define PACE_ALONE_NS UINT64_C(100000000)
/* ...and no more often, where it would take that to be in time for a small ring. */
#define PACE_LEAST_ALONE_NS UINT64_C(10000000)

/*
 * @fd: readable when it is time to look
 * @longest_ns: at least this often, also while it rests
 * @interval_ns: as it is set now
 * @alone_ns: at least this often while nobody else tells of events
 * @looked_ns: when the rings were looked at last
 */
struct pace {
	int fd;
	uint64_t longest_ns;
	uint64_t interval_ns;
	uint64_t alone_ns;
	uint64_t looked_ns;
};

int rbmap_pace_open(struct pace *pace, uint64_t longest_ns);
/*
 * For rings of which the largest has @bytes: while nobody tells of events, the next
 * look is due before a writer that begins at once, as fast as they come, has filled
 * half of it.
 */
int rbmap_pace_limit_alone(struct pace *pace, uint64_t bytes);
/* Goes on from where another one is; the next look is due at once. */
int rbmap_pace_open_like(struct pace *pace, const struct pace *other);
void rbmap_pace_close(struct pace *pace);

/* For the rings of both, whichever are the busier; the next look is due at once. */
int rbmap_pace_join(struct pace *pace, const struct pace *other);

/* The rings are looked at now: the next look is due when its time is over. */
void rbmap_pace_restart(struct pace *pace);

/* The timer was told: forgets it. */
int rbmap_pace_take(struct pace *pace);

/* Sets the time to the next look, if it is longer, to this; grows again from there. */
int rbmap_pace_hurry(struct pace *pace, uint64_t interval_ns);

/*
 * Sets the time to the next look by what the last one has found: the fullest ring had
 * filled @filled of its @nr sub-buffers since the look before.
 */
int rbmap_pace_adapt(struct pace *pace, uint32_t filled, uint32_t nr);

/* As rarely as it may be: somebody else tells when there is something. */
int rbmap_pace_rest(struct pace *pace);

#endif
