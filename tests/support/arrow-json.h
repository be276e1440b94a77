/* SPDX-License-Identifier: GPL-2.0-only */
/* A small importer of Arrow: a row as text, as rbmap_events_json() has it. */
#ifndef RBMAP_TEST_ARROW_JSON_H
#define RBMAP_TEST_ARROW_JSON_H

#include <stdint.h>
#include <stdio.h>

#include <rbmap/arrow.h>

/*
 * Aborts where the structs do not fit each other, as far as that can be seen: children,
 * buffers, offsets, counts of nulls.
 */
void arrow_check(const struct ArrowSchema *schema, const struct ArrowArray *array);

/* A value. */
void arrow_put(FILE *to, const struct ArrowSchema *schema,
	       const struct ArrowArray *array, int64_t row);

/* The number of the column of that name; aborts where there is none. */
int64_t arrow_find(const struct ArrowSchema *schema, const char *name);

/* The members of an object, "NAME":VALUE, from a column on. */
void arrow_put_row(FILE *to, const struct ArrowSchema *schema,
		   const struct ArrowArray *array, int64_t row, int64_t from);

#endif
