/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flight recorder: the rings run and nothing drains them, until a dump of what they
 * hold is asked for. It observes, so that neither stops the other.
 */
#ifndef RECORD_FLIGHT_H
#define RECORD_FLIGHT_H

#include "recorder.h"

/* Whether a dump can be written, before it is needed. Leaves nothing. Likewise. */
int flight_check(const struct config *config);

/*
 * In place of draining: dumps on SIGUSR1 and on the events of --dump-on, until
 * something ends the recording. Prints its errors; returns an exit code.
 */
int flight_run_until_stop(struct recorder *recorder);

/* One dump, into the output's name with the next number after it. Likewise. */
int flight_dump_at_end(struct recorder *recorder);

#endif
