/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REPORT_COUNTS_TEXT_H
#define REPORT_COUNTS_TEXT_H

#include "counts.h"

/* To standard output. */
void counts_print_text(const struct report_counts *stat);

#endif
