/* SPDX-License-Identifier: LGPL-2.1-only */
/* Structs of the Arrow C data interface that own what they point to. */
#ifndef RBMAP_COLUMNS_ARROW_H
#define RBMAP_COLUMNS_ARROW_H

#include <stdbool.h>
#include <stddef.h>

#include <rbmap/arrow.h>

#define ARROW_BUFFERS_MAX 3

/*
 * Both make a struct with so many children, which are released structs at first, and
 * with @has_dictionary one for a dictionary. Released, it frees what it has by then.
 * 0 or -ENOMEM. The strings are copied.
 */
int rbmap_arrow_make_schema(struct ArrowSchema *ret, const char *format,
			    const char *name, size_t nr_children, bool has_dictionary);
int rbmap_arrow_make_array(struct ArrowArray *ret, size_t nr_buffers,
			   size_t nr_children, bool has_dictionary);

/* A block of a pool, which belongs to the array from now on. */
void rbmap_arrow_give(struct ArrowArray *array, size_t buffer, void *memory);

#endif
