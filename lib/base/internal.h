/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_BASE_INTERNAL_H
#define RBMAP_BASE_INTERNAL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <rbmap/log.h>

/* What the version script exports is public; all else stays inside. */
#define RBMAP_PUBLIC __attribute__((visibility("default")))

/*
 * Copies an option struct whose first member is its size: a caller built against an
 * older header has a shorter one (the rest reads 0), one built against a newer
 * header a longer one, whose unknown tail must be 0.
 */
int rbmap_options_copy(void *ret, size_t size, const void *options);

/*
 * Around a call of a library that takes a want of memory for something else, such as
 * libtraceevent for a format that it cannot parse: malloc(3) sets errno.
 */
static inline void memory_watch(void)
{
	errno = 0;
}

static inline bool memory_is_short(void)
{
	return errno == ENOMEM;
}

void rbmap_log_message(const struct rbmap_log *log, enum rbmap_log_level level,
		       const char *format, ...) __attribute__((format(printf, 3, 4)));

#define log_warning(log, ...) rbmap_log_message(log, RBMAP_LOG_WARNING, __VA_ARGS__)
#define log_info(log, ...) rbmap_log_message(log, RBMAP_LOG_INFO, __VA_ARGS__)
#define log_debug(log, ...) rbmap_log_message(log, RBMAP_LOG_DEBUG, __VA_ARGS__)

#endif
