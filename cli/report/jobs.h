/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REPORT_JOBS_H
#define REPORT_JOBS_H

#include "printer.h"

/* Prints all, on as many threads as --jobs says: 0 or a negative errno. */
int jobs_print(struct report_printer *printer);

#endif
