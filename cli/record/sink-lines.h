/* SPDX-License-Identifier: GPL-2.0-only */
/* A sink that prints live: lines of text or of JSON, in time order. */
#ifndef RECORD_SINK_LINES_H
#define RECORD_SINK_LINES_H

#include "sink.h"

/* Prints its errors and returns an exit code. */
int sink_lines_open(struct sink *ret, const struct sink_source *source);

#endif
