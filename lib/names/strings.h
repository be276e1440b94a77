/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The kernel's strings that records point to: formats of trace_printk() and those that
 * the kernel registered for events. libtraceevent has them, too, but tells none.
 */
#ifndef RBMAP_NAMES_STRINGS_H
#define RBMAP_NAMES_STRINGS_H

#include <stdint.h>

struct rbmap_strings;

/*
 * Of the text of printk_formats, which is borrowed. Lines that are none of it are
 * passed over. Returns 0 or -ENOMEM.
 */
int rbmap_strings_parse(struct rbmap_strings **ret, const char *text);
void rbmap_strings_free(struct rbmap_strings *strings);

/* Without a newline at its end, as libtraceevent has it; NULL: there is none there. */
const char *rbmap_strings_find(const struct rbmap_strings *strings, uint64_t address);

#endif
