/* SPDX-License-Identifier: LGPL-2.1-only */
/* Where a field of an event ends. */
#ifndef RBMAP_FORMAT_FIELD_H
#define RBMAP_FORMAT_FIELD_H

#include <stdbool.h>
#include <stdint.h>

struct tep_format_field;

/*
 * An array that goes to the end of the record. So do those without a size and, as the
 * last field of the ftrace system's events, also those that claim one: a kernel_stack
 * of seven callers and one of twenty say caller[8] both. Kernels before about 5.8 say
 * "char buf" for "char buf[]": no array, but of size 0 and the last.
 */
bool rbmap_field_is_open(const struct tep_format_field *field);

/* Bytes of an element; 0: not known. */
unsigned int rbmap_field_element(const struct tep_format_field *field);

/* Where the part of a field ends that each record of its event has. */
int64_t rbmap_field_end(const struct tep_format_field *field);

#endif
