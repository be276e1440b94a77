/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REPORT_COUNTS_JSON_H
#define REPORT_COUNTS_JSON_H

#include "counts.h"

/* The same as one JSON object. Prints its errors; returns an exit code. */
int counts_print_json(const struct report_counts *stat);

#endif
