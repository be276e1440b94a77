/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_SUBBUF_H
#define RBMAP_SUBBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tracefs_instance;

/** Events were lost, but how many is not known. */
#define RBMAP_LOST_UNKNOWN UINT64_MAX

/**
 * struct rbmap_layout - how a sub-buffer is laid out
 *
 * @subbuf_size: bytes of a sub-buffer, its header included
 * @data_offset: bytes before the first record: the size of the header
 * @commit_offset: where the commit word lies
 * @commit_size: bytes of the commit word: 8 or 4, the kernel's long
 * @swap: the bytes are in another order than this machine's
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
 * struct rbmap_subbuf_header - what the header of a sub-buffer says
 *
 * @time_stamp: of the first record, in the units of the trace clock
 * @size: bytes of records behind the header that are committed
 * @lost: events lost just before this sub-buffer: 0, a count, or
 *	RBMAP_LOST_UNKNOWN
 *
 * Since: 0.1
 */
struct rbmap_subbuf_header {
	uint64_t time_stamp;
	uint64_t lost;
	uint32_t size;
};

/**
 * rbmap_layout_parse - read the text of events/header_page
 *
 * @ret: filled in on success, untouched otherwise; swap is set to false
 * @text: the text, need not be terminated
 * @size: bytes of @text
 *
 * Returns 0, or -EBADMSG where the text does not describe a sub-buffer that this
 * library can read.
 *
 * Since: 0.1
 */
int rbmap_layout_parse(struct rbmap_layout *ret, const char *text, size_t size);

/**
 * rbmap_layout_read - the layout of an instance's sub-buffers
 *
 * @ret: filled in on success, untouched otherwise
 * @instance: a libtracefs instance, borrowed; NULL is the top-level one
 *
 * Returns 0, -EBADMSG as rbmap_layout_parse() does, or the negative errno of
 * reading the file.
 *
 * Since: 0.1
 */
int rbmap_layout_read(struct rbmap_layout *ret, struct tracefs_instance *instance);

/**
 * rbmap_subbuf_header - decode the header of a sub-buffer
 *
 * @layout: the layout, borrowed
 * @subbuf: layout->subbuf_size bytes, borrowed
 * @ret: filled in on success, untouched otherwise
 *
 * The size is checked: it never exceeds what fits a sub-buffer. A sub-buffer
 * that the kernel may still write to has to be read through a span instead.
 *
 * Returns 0, or -EBADMSG where the commit word is more than a sub-buffer holds.
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
