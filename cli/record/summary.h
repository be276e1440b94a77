/* SPDX-License-Identifier: GPL-2.0-only */
/* What was recorded and what was lost, for people and as a JSON document. */
#ifndef RECORD_SUMMARY_H
#define RECORD_SUMMARY_H

#include "recorder.h"

/* To standard error. */
void summary_print(const struct recorder *recorder);

/* To --summary FILE, opened before. Prints its errors; returns an exit code. */
int summary_write(const struct recorder *recorder, struct output *output);

/*
 * Complains of counters that do not add up. Returns COMMON_FAILURE where they do not,
 * COMMON_LOST where events were lost and --fail-on-loss was given.
 */
int summary_judge(const struct recorder *recorder);

#endif
