/* SPDX-License-Identifier: LGPL-2.1-only */
/* What libtraceevent's parser must not see of an event's format, since it ends there.
 */
#ifndef RBMAP_FORMAT_CHECK_H
#define RBMAP_FORMAT_CHECK_H

#include <stddef.h>

/*
 * Why the text may not be parsed, or NULL; @ret_fields is the size of what stands
 * before the print format, which may be parsed alone, or 0 where that may not either.
 */
const char *rbmap_format_check(const char *text, size_t size, size_t *ret_fields);

/* That some kernels have statements there, or types of their own, is nothing to warn
 * of. */
extern const char rbmap_format_no_expression[];

#endif
