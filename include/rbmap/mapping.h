/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: any number of threads can use a mapping at the same time. After
 * rbmap_mapping_get_reader(), what another thread reads may have gone back to the
 * writer.
 */
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
 * @meta_page_size: size of the meta-page in bytes, which is the offset of sub-buffer 0
 * @meta_struct_len: size of the kernel's struct trace_buffer_meta in bytes
 * @subbuf_size: size of a sub-buffer in bytes, including its header
 * @nr_subbufs: number of sub-buffers of this CPU, including the reader's
 * @reader_lost_events: events lost directly before the reader sub-buffer. The header of
 *	the sub-buffer has the same information. Always 0 on released kernels; kernels
 *	built with packaging/kernel fill it in
 * @reader_id: the sub-buffer that the reader owns
 * @reader_read: bytes of records consumed in the reader sub-buffer, without its header
 * @flags: the kernel's flags; no flags are defined yet, so this is 0
 * @entries: events written since the last reset
 * @overrun: events overwritten before they were read
 * @read: events consumed
 * @pages_lost, @pages_touched: filled in since Linux 7.1, and by kernels built with
 *	packaging/kernel; 0 on others
 *
 * The meta-page is not live. The kernel updates it when the ring is mapped, at each
 * rbmap_mapping_get_reader() by any process, and at a reset.
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
 * @ret: the mapping on success, untouched on failure; free it with
 *	rbmap_mapping_close()
 * @fd: per_cpu/cpuN/trace_pipe_raw, open for reading; borrowed, and must stay open as
 *	long as the mapping is used
 *
 * While any process has the ring mapped, the ring can be neither resized nor snapshot.
 * Mapping consumes nothing. The mapping is not inherited across fork(2): a child that
 * accesses it receives SIGSEGV.
 *
 * Returns 0 or a negative errno: -ENOTTY if the kernel cannot map ring buffers, -EBUSY
 * if a snapshot or a latency tracer prevents it, -ENODEV if this buffer cannot be
 * mapped, -EPROTO if the meta-page is not plausible, -ENOMEM, or the errno of mmap(2).
 *
 * Since: 0.1
 */
int rbmap_mapping_open(struct rbmap_mapping **ret, int fd);

/**
 * rbmap_mapping_close - unmap the ring buffer
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
 * rbmap_mapping_subbuf - get the address of a sub-buffer
 *
 * @mapping: the mapping
 * @id: the number of the sub-buffer, less than nr_subbufs of the meta-page
 *
 * Returns the address of the sub-buffer's header, valid until rbmap_mapping_close(), or
 * NULL if there is no such sub-buffer. The kernel may write to this memory at any time,
 * except to the consumed part of the reader sub-buffer.
 *
 * Since: 0.1
 */
const void *rbmap_mapping_subbuf(const struct rbmap_mapping *mapping, uint32_t id);

/**
 * rbmap_mapping_get_reader - consume events
 *
 * @mapping: the mapping
 *
 * Issues one TRACE_MMAP_IOCTL_GET_READER. The kernel consumes the rest of the reader
 * sub-buffer. If nothing is left there, it swaps in the next sub-buffer and consumes
 * what is committed in it. It then updates the meta-page. A sub-buffer that is swapped
 * out goes back to the writer. If the file description is not O_NONBLOCK, the call
 * first waits for the buffer_percent watermark.
 *
 * Returns 0 (even if there was nothing new), -EINTR, or another negative errno.
 * Source: tracing_buffers_ioctl() in kernel/trace/trace.c.
 *
 * Since: 0.1
 */
int rbmap_mapping_get_reader(struct rbmap_mapping *mapping);

#ifdef __cplusplus
}
#endif

#endif
