/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REPORT_JOBS_H
#define REPORT_JOBS_H

#include "printer.h"

/* Prints all, on as many threads as --jobs says: 0 or a negative errno. */
int printer_run_jobs(struct printer *printer);

#endif
