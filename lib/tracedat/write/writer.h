/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What the parts of the trace.dat writer share.
 *
 * The file while it is written: the fixed head (formats, kallsyms, printk formats),
 * the tail of the head (command lines, options, the table of the CPUs' data), then a
 * region for each CPU.
 *
 * Version 6: the command lines are stored in a room padded with newlines that is
 * larger than they are: the tail as it will be at the end fits into the room, and one
 * write of the room's size makes it the valid one. Version 7: the head begins with the
 * place of the options; at the end others are written into a room behind the first, and
 * one write of their place makes them the valid ones.
 *
 * Calls for different CPUs may come from several threads at the same time: what they
 * change belongs to one region, is atomic, or has a lock.
 */
#ifndef RBMAP_TRACEDAT_WRITE_WRITER_H
#define RBMAP_TRACEDAT_WRITE_WRITER_H

#include <pthread.h>
#include <stdatomic.h>
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
#include "tracedat/write/deflate.h"
#include "tracedat/write/queue.h"

/* More than any kernel's header of a sub-buffer. */
#define TRACEDAT_MAX_HEADER 64
/* The fixed head has so many. */
#define TRACEDAT_TEXTS 5
#define TRACEDAT_LEVELS 3

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

/* @hidden: its first records belong to someone else */
struct tracedat_last {
	bool hidden;
	uint32_t to;
	uint64_t seq;
	uint64_t lost;
	uint64_t time_stamp;
};

/*
 * @cpu: whose it is
 * @entry: which one of the table is its
 * @start: of the region, in the file
 * @size: bytes in it; of chunks, with their count
 * @given: how many of them were given to the disk
 * @waiting: how many of those that were not are counted in the writer's
 * @reserved: up to where blocks are set aside
 * @dropped, @dropped_chunks: what was given up, before the start
 * @last: the last sub-buffer, the only one that can grow
 * @grown: in slots: as the one that grew last was before
 * @started: something was put
 * @put, @counted: spans that were put, and those that count once the writes that were
 *	pushed are carried out
 * @chunks, @told_chunks: in the file, and what the file says
 * @level: how hard to compress; see enum rbmap_tracedat_level
 * @pending: sub-buffers that are not compressed yet
 * @cut_short: the last put could not take all, so that the next one continues it
 * @bytes: of sub-buffers, by the level at which they were stored
 */
struct tracedat_region {
	bool started;
	bool cut_short;
	int cpu;
	size_t entry;
	uint64_t start;
	atomic_uint_least64_t size;
	uint64_t given;
	uint64_t waiting;
	uint64_t reserved;
	uint64_t dropped;
	uint64_t dropped_chunks;
	struct tracedat_last last;
	struct tracedat_last grown;
	uint64_t put;
	uint64_t counted;
	uint32_t chunks;
	uint32_t told_chunks;
	atomic_uint level;
	struct tracedat_pending *pending;
	atomic_uint_least64_t bytes[TRACEDAT_LEVELS];
};

/* Room for pending sub-buffers that is not in use. */
struct tracedat_spare {
	pthread_mutex_t lock;
	unsigned int nr;
	struct tracedat_pending *first;
};

/*
 * @direct_fd: the same file with O_DIRECT, or -1
 * @copies: system calls that copied inside the file
 */
struct tracedat_file {
	int fd;
	int direct_fd;
	struct write_queue *queue;
	uint64_t copies;
};

/*
 * Where each CPU's data are.
 * @offset: in the file
 * @stride: from one entry to the next
 * @field: where in an entry its offset and size are
 * @bytes: as it is in the file
 */
struct tracedat_table {
	uint64_t offset;
	uint32_t stride;
	uint32_t field;
	size_t nr;
	unsigned char *bytes;
};

/*
 * @version: of the file
 * @compressed: with zstd; else sub-buffers have slots
 * @level: of zstd, for a region that keeps up
 * @granule: what regions are aligned to
 * @texts: the sections of the fixed head
 * @first_options: where the file tells the place of the options
 * @buffer, @cmdlines: the sections of the data and of the command lines
 * @tail, @room: the offset of the tail, and the bytes kept there for command lines
 * @second: where in version 7 the room for the tail at the end begins
 * @head_end: the first byte behind the tail
 * @data: where the first region begins
 * @spacing: from one region to the next
 * @by_cpu: of @nr_cpus, NULL where a CPU is not recorded
 * @unbroken: what comes before a gap is given up
 * @reserves: blocks are set aside
 * @waiting: bytes that the disk was not given
 * @turns_off: how often nothing is to be given to it, which was slow
 * @zips, @spare: what compresses and what is compressed, for as many as need it
 * @finish_error: why the file could not be completed; 0: it is, or not yet
 */
struct rbmap_tracedat_writer {
	struct tracedat_file file;
	struct rbmap_layout layout;
	struct rbmap_log log;
	struct tracedat_source source;
	unsigned int version;
	bool compressed;
	int level;
	uint32_t granule;
	uint32_t nr_cpus;
	uint64_t texts[TRACEDAT_TEXTS];
	size_t first_options;
	uint64_t buffer;
	uint64_t cmdlines;
	uint64_t tail;
	uint64_t room;
	uint64_t second;
	struct tracedat_table table;
	uint64_t head_end;
	uint64_t data;
	uint64_t spacing;
	size_t nr_regions;
	struct tracedat_region *regions;
	struct tracedat_region **by_cpu;
	unsigned char *zeros;
	struct tracedat_anchors anchors;
	bool unbroken;
	atomic_bool reserves;
	atomic_uint_least64_t waiting;
	atomic_uint turns_off;
	struct tracedat_zips zips;
	struct tracedat_spare spare;
	atomic_int finish_error;
};

static inline uint64_t tracedat_align(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

static inline size_t tracedat_region_index(const struct rbmap_tracedat_writer *writer,
					   const struct tracedat_region *region)
{
	return region - writer->regions;
}

static inline uint64_t tracedat_region_end(const struct tracedat_region *region)
{
	return region->start + region->size;
}

/* tracedat/write/file.c */

/* @file: zeroed; @fd is borrowed */
int rbmap_tracedat_file_open(struct tracedat_file *file, int fd, uint64_t queue_size,
			     size_t nr_regions);
/* Writes what is still queued. */
void rbmap_tracedat_file_close(struct tracedat_file *file);

/*
 * These write at once, or have it written later: in the order of the calls. @parts are
 * used up.
 */
int rbmap_tracedat_write_parts(struct tracedat_file *file, struct iovec *parts, int nr,
			       uint64_t offset);
int rbmap_tracedat_write(struct tracedat_file *file, const void *bytes, size_t size,
			 uint64_t offset);
/* Over data of the region, also where a later write of data has failed. */
int rbmap_tracedat_correct(struct tracedat_file *file, size_t region, const void *bytes,
			   size_t size, uint64_t offset);
/* Makes the data of the region that were written before part of the file. */
int rbmap_tracedat_write_table(struct tracedat_file *file, size_t region,
			       const void *bytes, size_t size, uint64_t offset);
/* The next data of a region. */
int rbmap_tracedat_write_data(struct tracedat_file *file, size_t region, uint32_t spans,
			      struct iovec *parts, int nr, uint64_t offset);
/* The spans alone: they are in the file once what was put before them is. */
int rbmap_tracedat_note_spans(struct rbmap_tracedat_writer *writer,
			      const struct tracedat_region *region, uint32_t spans);
/*
 * The same of whole sub-buffers, each a span, which are not copied unless the disk
 * stalls; past the page cache where the file is open for that. @ret_done is set to the
 * bytes that are written or will be, on failure too.
 */
int rbmap_tracedat_write_subbufs(struct tracedat_file *file, size_t region,
				 uint32_t subbuf_size, struct iovec *parts, int nr,
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
/* After something was written to the region. */
void rbmap_tracedat_begin_writeback(struct rbmap_tracedat_writer *writer,
				    struct tracedat_region *region);

/* tracedat/write/reserve.c */

bool rbmap_tracedat_may_reserve(int fd);
/* Before @bytes are written behind those of the region. What fails is left out. */
void rbmap_tracedat_reserve(struct rbmap_tracedat_writer *writer,
			    struct tracedat_region *region, uint64_t bytes);
/* All that nothing was written to. */
void rbmap_tracedat_give_back(struct rbmap_tracedat_writer *writer);

/* tracedat/write/slots.c: sub-buffers as they are. */

/*
 * Sub-buffers that go out as they are, into adjacent slots of one region.
 * @failed: where a write failed, the first that is not in the file
 */
#define TRACEDAT_MAX_RUN 64

struct tracedat_run {
	struct tracedat_region *region;
	int nr;
	int nr_parts;
	const struct rbmap_span *spans[TRACEDAT_MAX_RUN];
	struct iovec parts[TRACEDAT_MAX_RUN];
	const struct rbmap_span *failed;
};

int rbmap_slots_put(struct rbmap_tracedat_writer *writer, struct tracedat_run *run,
		    struct tracedat_region *region, const struct rbmap_span *span);
int rbmap_slots_end_run(struct rbmap_tracedat_writer *writer, struct tracedat_run *run);

/* tracedat/write/discard.c: the first bytes are not part of the file any more. */
void rbmap_tracedat_drop(struct rbmap_tracedat_writer *writer,
			 struct tracedat_region *region, uint64_t bytes);

/* tracedat/write/head.c: writes the fixed head, and sets tail to its end. */
int rbmap_tracedat_write_head(struct rbmap_tracedat_writer *writer,
			      const char *const *events);

/* tracedat/write/tail.c, tail-v6.c, tail-v7.c */

/* Sets up room, second, table, head_end and data, and writes the tail. */
int rbmap_tracedat_begin_tail(struct rbmap_tracedat_writer *writer);
/* The tail as it stays, with the command lines as they are now. */
int rbmap_tracedat_end_tail(struct rbmap_tracedat_writer *writer);
/* Where the data end is told too; nothing moves any more. */
int rbmap_tracedat_end_data(struct rbmap_tracedat_writer *writer);

/* tracedat/write/table.c */

int rbmap_table_init(struct rbmap_tracedat_writer *writer);
/* What the table is to say now. */
void rbmap_table_fill(const struct rbmap_tracedat_writer *writer, unsigned char *bytes);
/* All of it, if it changed. */
int rbmap_table_write(struct rbmap_tracedat_writer *writer);
/* Of one region, with what is pending: from then on it is part of the file. */
int rbmap_table_write_region(struct rbmap_tracedat_writer *writer,
			     struct tracedat_region *region);
/* In the file it gives this size for the region. */
void rbmap_table_set(struct rbmap_tracedat_writer *writer,
		     const struct tracedat_region *region, uint64_t size);
/* How far to move a table at @offset, so that no entry of it lies in two pages. */
uint64_t rbmap_table_padding(const struct rbmap_tracedat_writer *writer,
			     uint64_t offset);

/*
 * tracedat/write/recover.c: after a failed write, back to data that are in the file,
 * and of these as many as the file can say that it has. Returns 0 or why the tail could
 * not be written.
 */
int rbmap_tracedat_recover(struct rbmap_tracedat_writer *writer);

/* tracedat/write/holes.c: moves the regions together. */
int rbmap_tracedat_remove_holes(struct rbmap_tracedat_writer *writer);
/* Behind all regions; behind the head where they are empty. */
uint64_t rbmap_regions_end(const struct rbmap_tracedat_writer *writer);

/*
 * tracedat/write/open.c: rbmap_tracedat_writer_open() with the texts from anywhere;
 * @source is taken over, on failure too.
 */
int rbmap_tracedat_open(struct rbmap_tracedat_writer **ret, int fd,
			const struct rbmap_tracedat_options *options,
			struct tracedat_source *source);

#endif
