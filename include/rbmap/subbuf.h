/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: any number of threads can call these functions at the same time, with
 * results of their own.
 */
#ifndef RBMAP_SUBBUF_H
#define RBMAP_SUBBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tracefs_instance;

/**
 * RBMAP_LOST_UNKNOWN - a count of lost events that the kernel does not report
 *
 * Since: 0.1
 */
static const uint64_t RBMAP_LOST_UNKNOWN = 0xffffffffffffffffULL;

/**
 * struct rbmap_layout - the layout of a sub-buffer
 *
 * @subbuf_size: size of a sub-buffer in bytes, including its header
 * @data_offset: offset of the first record, which is the size of the header
 * @commit_offset: offset of the commit word
 * @commit_size: size of the commit word in bytes: 8 or 4, as the kernel's long
 * @swap: whether the byte order differs from that of this machine
 *
 * Source: events/header_page of tracefs, kernel/trace/ring_buffer.c
 * (ring_buffer_print_page_header()).
 *
 * Since: 0.1
 */
struct rbmap_layout {
	uint32_t subbuf_size;
	uint32_t data_offset;
	uint32_t commit_offset;
	uint32_t commit_size;
	bool swap;
};

/**
 * struct rbmap_subbuf_header - the decoded header of a sub-buffer
 *
 * @time_stamp: time stamp of the first record, in units of the trace clock
 * @size: bytes of committed records after the header
 * @lost: events lost directly before this sub-buffer: 0, a count, or RBMAP_LOST_UNKNOWN
 *
 * Since: 0.1
 */
struct rbmap_subbuf_header {
	uint64_t time_stamp;
	uint64_t lost;
	uint32_t size;
};

/**
 * rbmap_layout_parse - parse the text of events/header_page
 *
 * @ret: filled in on success, untouched on failure; swap is set to false
 * @text: the text; it does not have to be NUL-terminated
 * @size: size of @text in bytes
 *
 * Returns 0, or -EBADMSG if the text does not describe a sub-buffer that this library
 * can read.
 *
 * Since: 0.1
 */
int rbmap_layout_parse(struct rbmap_layout *ret, const char *text, size_t size);

/**
 * rbmap_layout_read - read the layout of an instance's sub-buffers
 *
 * @ret: filled in on success, untouched on failure
 * @instance: a libtracefs instance, borrowed; NULL selects the top-level instance
 *
 * Returns 0, -EBADMSG as rbmap_layout_parse() does, or the negative errno from reading
 * the file.
 *
 * Since: 0.1
 */
int rbmap_layout_read(struct rbmap_layout *ret, struct tracefs_instance *instance);

/**
 * rbmap_subbuf_header - decode the header of a sub-buffer
 *
 * @layout: the layout, borrowed
 * @subbuf: layout->subbuf_size bytes, borrowed
 * @ret: filled in on success, untouched on failure
 *
 * The size is checked: it never exceeds the capacity of a sub-buffer. Do not use this
 * function on a sub-buffer that the kernel may still write to; use the fields of its
 * span instead.
 *
 * Returns 0, or -EBADMSG if the commit word exceeds the capacity of a sub-buffer.
 * Source: RB_MISSED_EVENTS, RB_MISSED_STORED in kernel/trace/ring_buffer.c.
 *
 * Since: 0.1
 */
int rbmap_subbuf_header(const struct rbmap_layout *layout, const void *subbuf,
			struct rbmap_subbuf_header *ret);

#ifdef __cplusplus
}
#endif

#endif
