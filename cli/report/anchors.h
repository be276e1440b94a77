/* SPDX-License-Identifier: GPL-2.0-only */
/* The clock anchors of a file, for --stat. */
#ifndef REPORT_ANCHORS_H
#define REPORT_ANCHORS_H

#include <json-c/json.h>

#include "report.h"

/* The first and the last, and the drift in between, to standard output. */
void anchors_print(const struct report *report);

/* All of them. */
struct json_object *anchors_array(const struct report *report);

#endif
