/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_LOG_H
#define RBMAP_LOG_H

/**
 * enum rbmap_log_level - how much a message matters
 *
 * @RBMAP_LOG_WARNING: something is not as asked for (a fallback was taken, ...)
 * @RBMAP_LOG_INFO: a choice that was made
 * @RBMAP_LOG_DEBUG: for those who look for a bug in the library
 *
 * Since: 0.1
 */
enum rbmap_log_level {
	RBMAP_LOG_WARNING = 1,
	RBMAP_LOG_INFO,
	RBMAP_LOG_DEBUG
};

/**
 * struct rbmap_log - where the library's messages go
 *
 * @write: called with one line, no newline, valid during the call only; NULL
 *	drops all messages
 * @context: handed to @write
 *
 * The library keeps a copy of the struct in the object that it was given to and
 * calls @write only from within calls on that object. It prints nothing itself.
 *
 * Since: 0.1
 */
struct rbmap_log {
	void (*write)(void *context, enum rbmap_log_level level, const char *message);
	void *context;
};

#endif
