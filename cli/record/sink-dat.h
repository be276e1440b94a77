/* SPDX-License-Identifier: GPL-2.0-only */
/* A sink that writes a trace.dat. */
#ifndef RECORD_SINK_DAT_H
#define RECORD_SINK_DAT_H

#include "sink.h"

/* Prints its errors and returns an exit code. */
int sink_dat_open(struct sink *ret, const struct sink_source *source);

#endif
