/* SPDX-License-Identifier: GPL-2.0-only */
/* The line on a terminal that says how far a recording is. */
#ifndef RECORD_PROGRESS_H
#define RECORD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct recorder;

/* Is there a terminal for it, and nothing else on it? */
bool progress_wanted(const struct recorder *recorder);

void progress_show(const struct recorder *recorder, uint64_t now);
void progress_clear(const struct recorder *recorder);

#endif
