/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What the parts of the trace.dat writer share.
 *
 * The file while it is written: the fixed head (formats, kallsyms, printk formats),
 * the tail of the head (command lines, CPU count, options, the table of the CPUs'
 * data, clock), then a region for each CPU. The command lines are stored in a room
 * padded with newlines that is larger than they are: the tail as it will be at the
 * end fits into the room, and one write of the room's size makes it the valid one.
 */
#ifndef RBMAP_TRACEDAT_WRITE_WRITER_H
#define RBMAP_TRACEDAT_WRITE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/uio.h>

#include <rbmap/log.h>
#include <rbmap/subbuf.h>
#include <rbmap/tracedat.h>

#include "tracedat/limits.h"
#include "tracedat/write/anchors.h"

/* More than any kernel's header of a sub-buffer. */
#define TRACEDAT_MAX_HEADER 64
/* An entry of the table: offset and size. */
#define TRACEDAT_ENTRY_SIZE 16

/*
 * Where the texts come from; the strings belong to the struct. @symbols, where they
 * were read ahead, go before the file @kallsyms and are used at the beginning only.
 */
struct tracedat_source {
	char *instance_dir;
	char *top_dir;
	char *kallsyms;
	const struct rbmap_tracedat_symbols *symbols;
};

/*
 * @start: of the region, in the file
 * @slots: sub-buffers in it
 * @given: how many of them were given to the disk
 * @reserved: the slots up to where blocks are set aside
 * @dropped: slots that were given up, before the start
 * @seq, @to, @lost, @time_stamp, @hidden: of the last slot, the only one that can
 *	grow; @hidden: its first records belong to someone else
 */
struct tracedat_region {
	bool hidden;
	uint32_t to;
	uint64_t start;
	uint64_t slots;
	uint64_t given;
	uint64_t reserved;
	uint64_t dropped;
	uint64_t seq;
	uint64_t lost;
	uint64_t time_stamp;
};

/* @direct_fd: the same file with O_DIRECT, or -1 */
struct tracedat_file {
	int fd;
	int direct_fd;
	uint64_t writes;
};

/*
 * @granule: what regions are aligned to
 * @tail, @room: the offset of the tail, and the bytes kept there for command lines
 * @table: the offset of the table
 * @head_end: the first byte behind the clock
 * @data: where the first region begins
 * @spacing: from one region to the next
 * @by_cpu: of @nr_cpus, NULL where a CPU is not recorded
 * @written: the table as it is in the file
 * @unbroken: what comes before a gap is given up
 * @reserves: blocks are set aside
 * @turns_off: how often nothing is to be given to the disk, which was slow
 */
struct rbmap_tracedat_writer {
	struct tracedat_file file;
	struct rbmap_layout layout;
	struct rbmap_log log;
	struct tracedat_source source;
	uint32_t granule;
	uint32_t nr_cpus;
	uint64_t tail;
	uint64_t room;
	uint64_t table;
	uint64_t head_end;
	uint64_t data;
	uint64_t spacing;
	size_t nr_regions;
	struct tracedat_region *regions;
	struct tracedat_region **by_cpu;
	unsigned char *written;
	unsigned char *zeros;
	struct tracedat_anchors anchors;
	bool unbroken;
	bool reserves;
	unsigned int turns_off;
};

static inline uint64_t tracedat_align(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

static inline uint64_t tracedat_region_size(const struct rbmap_tracedat_writer *writer,
					    const struct tracedat_region *region)
{
	return region->slots * writer->layout.subbuf_size;
}

/* tracedat/write/file.c */

/*
 * Writes all of @parts, which are used up; @ret_done, which may be NULL, is set to
 * the bytes written, on failure too.
 */
int rbmap_tracedat_write_parts(struct tracedat_file *file, struct iovec *parts, int nr,
			       uint64_t offset, uint64_t *ret_done);
int rbmap_tracedat_write(struct tracedat_file *file, const void *bytes, size_t size,
			 uint64_t offset);
/* The same of whole pages, past the page cache where the file is open for that. */
int rbmap_tracedat_write_pages(struct tracedat_file *file, struct iovec *parts, int nr,
			       uint64_t offset, uint64_t *ret_done);

/* Copies inside the file; the two places must not overlap. */
int rbmap_tracedat_copy(struct tracedat_file *file, uint64_t from, uint64_t to,
			uint64_t size);

/* The largest distance between regions that the file can have, up to 1 TiB. */
int rbmap_tracedat_probe_spacing(int fd, uint64_t data, uint64_t nr, uint32_t granule,
				 uint64_t *ret);

/* tracedat/write/writeback.c */

/* Sets direct_fd; -EOPNOTSUPP where the file system has no O_DIRECT. */
int rbmap_tracedat_open_direct(struct tracedat_file *file);
void rbmap_tracedat_begin_writeback(struct rbmap_tracedat_writer *writer);

/* tracedat/write/reserve.c */

bool rbmap_tracedat_may_reserve(int fd);
/* Before @nr slots are written behind those of the region. What fails is left out. */
void rbmap_tracedat_reserve(struct rbmap_tracedat_writer *writer,
			    struct tracedat_region *region, uint64_t nr);
/* All that nothing was written to. */
void rbmap_tracedat_give_back(struct rbmap_tracedat_writer *writer);

/* tracedat/write/discard.c: the first slots are not part of the file any more. */
void rbmap_tracedat_drop(struct rbmap_tracedat_writer *writer,
			 struct tracedat_region *region, uint64_t slots);

/* tracedat/write/head.c: writes the fixed head; @ret_size is its size. */
int rbmap_tracedat_write_head(struct tracedat_file *file,
			      const struct tracedat_source *source,
			      const struct rbmap_layout *layout,
			      const char *const *events, uint64_t *ret_size);

/* tracedat/write/tail.c */

/* Sets up room, table, head_end and data, and writes the tail. */
int rbmap_tracedat_begin_tail(struct rbmap_tracedat_writer *writer);
/* The table alone, if it changed. */
int rbmap_tracedat_write_table(struct rbmap_tracedat_writer *writer);
/* The tail as it stays, behind the command lines as they are now. */
int rbmap_tracedat_end_tail(struct rbmap_tracedat_writer *writer);

/* tracedat/write/holes.c: moves the regions together. */
int rbmap_tracedat_remove_holes(struct rbmap_tracedat_writer *writer);

/*
 * tracedat/write/open.c: rbmap_tracedat_writer_open() with the texts from anywhere;
 * @source is taken over, on failure too.
 */
int rbmap_tracedat_open(struct rbmap_tracedat_writer **ret, int fd,
			const struct rbmap_tracedat_options *options,
			struct tracedat_source *source);

#endif
