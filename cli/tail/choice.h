/* SPDX-License-Identifier: GPL-2.0-only */
/* Which records are shown. */
#ifndef TAIL_CHOICE_H
#define TAIL_CHOICE_H

#include <stdbool.h>

#include "config.h"

struct choice;
struct rbmap_events;
struct rbmap_record;

/*
 * Both are borrowed. A pattern or a filter that fits no event is an error; prints it
 * and returns an exit code.
 */
int choice_open(struct choice **ret, const struct config *config,
		struct rbmap_events *events);

/* Takes NULL. */
void choice_close(struct choice *choice);

bool choice_takes(struct choice *choice, const struct rbmap_record *record);

#endif
