/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: messages come from the thread that called the library. If several threads
 * use an object at the same time, such as a writer of a trace.dat, several can call the
 * write function of its log at the same time.
 */
#ifndef RBMAP_LOG_H
#define RBMAP_LOG_H

/**
 * enum rbmap_log_level - the severity of a message
 *
 * @RBMAP_LOG_WARNING: the result differs from the request, for example because of a
 *	fallback
 * @RBMAP_LOG_INFO: a decision that the library made
 * @RBMAP_LOG_DEBUG: details for debugging the library
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
 * @write: called with one line without a newline, valid only during the call; NULL
 *	discards all messages
 * @context: passed to @write
 *
 * The object that is given this struct keeps a copy of it, and calls @write only from
 * calls on that object. The library itself prints nothing.
 *
 * Since: 0.1
 */
struct rbmap_log {
	void (*write)(void *context, enum rbmap_log_level level, const char *message);
	void *context;
};

#endif
