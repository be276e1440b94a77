/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Wakes an observer at the first event after a quiet time.
 *
 * What is never consumed is always ready to be read, so poll(2) tells nothing; the edge
 * does. With a watermark of 0, ring_buffer_poll_wait() arms the ring (waiters_pending)
 * whenever it is polled, and the next commit wakes once (rb_wakeups()). An epoll
 * instance with EPOLLET polls a ring again only when its event is taken: what is not
 * taken costs the writer nothing more.
 *
 * With any other watermark, a ring that is added waits in another queue of the kernel
 * (full_waiters), and stays there whatever is written to buffer_percent afterwards: it
 * is told of once, when the ring is that full, and then never again.
 */
#ifndef RBMAP_RING_ALARM_H
#define RBMAP_RING_ALARM_H

#include <stdbool.h>

/*
 * @fd: an epoll instance of all rings; -1: there is none
 * @watcher: the epoll instance that is told
 * @who: by what number
 * @stale: rings were added while the watermark may not have been 0
 */
struct alarm {
	int fd;
	int watcher;
	unsigned int who;
	bool armed;
	bool stale;
};

int rbmap_alarm_open(struct alarm *alarm, int watcher, unsigned int who);
void rbmap_alarm_close(struct alarm *alarm);

/* The alarm is stale then. */
int rbmap_alarm_add(struct alarm *alarm, int ring);
void rbmap_alarm_remove(const struct alarm *alarm, int ring);

/* From now on the next event of any ring is told, once, until it is disarmed. */
int rbmap_alarm_arm(struct alarm *alarm);
void rbmap_alarm_disarm(struct alarm *alarm);

#endif
