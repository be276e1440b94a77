/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REPORT_CSV_H
#define REPORT_CSV_H

#include "printer.h"

/* Whether one event is chosen; prints its errors, returns an exit code. */
int csv_check(const struct report *report);

/* Prints all: 0 or a negative errno. */
int csv_print(struct report_printer *printer);

#endif
