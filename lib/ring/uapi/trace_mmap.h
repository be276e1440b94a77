/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ABI of the tracefs ring-buffer mapping, for C libraries whose kernel headers
 * do not have <linux/trace_mmap.h> yet. The layout and the number are facts of the
 * kernel (6.10 on); the words are this project's.
 */
#ifndef RBMAP_UAPI_TRACE_MMAP_H
#define RBMAP_UAPI_TRACE_MMAP_H

#include <linux/ioctl.h>
#include <linux/types.h>

struct trace_buffer_meta {
	__u32 meta_page_size;
	__u32 meta_struct_len;
	__u32 subbuf_size;
	__u32 nr_subbufs;
	struct {
		__u64 lost_events;
		__u32 id;
		__u32 read;
	} reader;
	__u64 flags;
	__u64 entries;
	__u64 overrun;
	__u64 read;
	/* Named from Linux 7.1 on; reserved and 0 before. */
	__u64 pages_lost;
	__u64 pages_touched;
};

#define TRACE_MMAP_IOCTL_GET_READER _IO('R', 0x20)

#endif
