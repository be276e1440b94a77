/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * A clock anchor as text, in an option CPUSTAT. trace-cmd and others warn of options
 * that they do not know, and act by those that they know of clocks; the texts of this
 * one they only show. They stand behind those of the CPUs, which some count.
 */
#ifndef RBMAP_TRACEDAT_ANCHOR_H
#define RBMAP_TRACEDAT_ANCHOR_H

#include <stdbool.h>

#include "tracefs/anchor.h"

#define TRACEDAT_ANCHOR_SIZE 192

void rbmap_tracedat_anchor_print(char text[TRACEDAT_ANCHOR_SIZE],
				 const struct rbmap_anchor *anchor);

/* Whether the text of an option is meant to be one. */
bool rbmap_tracedat_anchor_is(const char *text);

/* 0, or -EBADMSG with @ret untouched. */
int rbmap_tracedat_anchor_parse(struct rbmap_anchor *ret, const char *text);

#endif
