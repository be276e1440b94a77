/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_MAPPING_H
#define RBMAP_MAPPING_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rbmap_mapping;

/**
 * struct rbmap_meta - a copy of the meta-page
 *
 * @meta_page_size: bytes of the meta-page, that is the offset of sub-buffer 0
 * @meta_struct_len: bytes of the kernel's struct trace_buffer_meta
 * @subbuf_size: bytes of a sub-buffer, its header included
 * @nr_subbufs: sub-buffers of this CPU, the reader's included
 * @reader_lost_events: events lost right before the reader sub-buffer, also told by its
 *     header; 0 on every released kernel, told by those of packaging/kernel
 * @reader_id: the sub-buffer that the reader owns
 * @reader_read: bytes of it that are consumed, without the header
 * @flags: as the kernel has it; 0 so far
 * @entries: events written since the last reset
 * @overrun: events overwritten before they were read
 * @read: events consumed
 * @pages_lost, @pages_touched: 0 before Linux 7.1, which gives them their meaning
 *
 * The kernel refreshes the page at a mapping's begin, at every
 * rbmap_mapping_get_reader() of anyone and at a reset: it is not live.
 * Source: include/uapi/linux/trace_mmap.h.
 *
 * Since: 0.1
 */
struct rbmap_meta {
	uint32_t meta_page_size;
	uint32_t meta_struct_len;
	uint32_t subbuf_size;
	uint32_t nr_subbufs;
	uint64_t reader_lost_events;
	uint32_t reader_id;
	uint32_t reader_read;
	uint64_t flags;
	uint64_t entries;
	uint64_t overrun;
	uint64_t read;
	uint64_t pages_lost;
	uint64_t pages_touched;
};

/**
 * rbmap_mapping_open - map the ring buffer of one CPU
 *
 * @ret: the mapping on success, untouched otherwise; free it with
 *	rbmap_mapping_close()
 * @fd: per_cpu/cpuN/trace_pipe_raw, open for reading; borrowed, and to be kept
 *	open for as long as the mapping is used
 *
 * While it is mapped, by anyone, the ring can be neither resized nor snapshot.
 * Nothing is consumed. The mapping is not inherited over fork(2): a child that
 * touches it gets SIGSEGV.
 *
 * Returns 0, or a negative errno: -ENOTTY where the kernel cannot map ring
 * buffers, -EBUSY where a snapshot or a latency tracer forbids it, -ENODEV where
 * this buffer cannot be mapped, -EPROTO where the meta-page makes no sense,
 * -ENOMEM, or what mmap(2) said.
 *
 * Since: 0.1
 */
int rbmap_mapping_open(struct rbmap_mapping **ret, int fd);

/**
 * rbmap_mapping_close - unmap
 *
 * @mapping: may be NULL
 *
 * Since: 0.1
 */
void rbmap_mapping_close(struct rbmap_mapping *mapping);

/**
 * rbmap_mapping_meta - copy the meta-page
 *
 * @mapping: the mapping
 * @ret: filled in
 *
 * Since: 0.1
 */
void rbmap_mapping_meta(const struct rbmap_mapping *mapping, struct rbmap_meta *ret);

/**
 * rbmap_mapping_subbuf - the address of a sub-buffer
 *
 * @mapping: the mapping
 * @id: the sub-buffer, less than the meta-page's nr_subbufs
 *
 * Returns the address of its header, valid until rbmap_mapping_close(), or NULL
 * where there is no such sub-buffer. The kernel may write to the memory at any
 * time, but for what was consumed of the reader's sub-buffer.
 *
 * Since: 0.1
 */
const void *rbmap_mapping_subbuf(const struct rbmap_mapping *mapping, uint32_t id);

/**
 * rbmap_mapping_get_reader - consume what can be consumed
 *
 * @mapping: the mapping
 *
 * One TRACE_MMAP_IOCTL_GET_READER: consumes the rest of the reader's sub-buffer,
 * or, where nothing is left on it, swaps in the next and consumes what is
 * committed there; then refreshes the meta-page. The sub-buffer that is swapped
 * out goes back to the writer. With a file description that is not O_NONBLOCK it
 * waits for the buffer_percent watermark first.
 *
 * Returns 0 (also where nothing was new), -EINTR, or another negative errno.
 * Source: tracing_buffers_ioctl() in kernel/trace/trace.c.
 *
 * Since: 0.1
 */
int rbmap_mapping_get_reader(struct rbmap_mapping *mapping);

#ifdef __cplusplus
}
#endif

#endif
