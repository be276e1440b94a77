/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REPORT_COUNTS_TEXT_H
#define REPORT_COUNTS_TEXT_H

#include "counts.h"

/* To standard output. */
void stat_print(const struct report_stat *stat);

#endif
