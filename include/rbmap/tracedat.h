/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_TRACEDAT_H
#define RBMAP_TRACEDAT_H

#include <stddef.h>
#include <stdint.h>

#include <rbmap/log.h>
#include <rbmap/span.h>
#include <rbmap/subbuf.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rbmap_tracedat_writer;
struct tracefs_instance;

/**
 * enum rbmap_tracedat_flags - how a trace.dat is written
 *
 * @RBMAP_TRACEDAT_DIRECT: whole sub-buffers go from the ring to the disk by O_DIRECT,
 *	past the page cache
 * @RBMAP_TRACEDAT_UNBROKEN: of each CPU only what has no gap in it up to the end: a loss
 *	makes the writer give up what it has stored before
 *
 * Since: 0.1
 */
enum rbmap_tracedat_flags {
	RBMAP_TRACEDAT_DIRECT = 1 << 0,
	RBMAP_TRACEDAT_UNBROKEN = 1 << 1
};

/**
 * struct rbmap_tracedat_options - what goes into a trace.dat
 *
 * @size: sizeof(struct rbmap_tracedat_options)
 * @instance: the libtracefs instance that is recorded, borrowed until
 *	rbmap_tracedat_writer_close(); NULL is the top-level one
 * @layout: of its sub-buffers, borrowed during the call
 * @cpus: the CPUs that spans will come from, borrowed during the call
 * @nr_cpus: how many @cpus
 * @events: the events whose formats are stored, each "system:event", ended by NULL,
 *	borrowed during the call; NULL stores all. Those of the "ftrace" system are
 *	always stored
 * @log: where messages go
 * @flags: enum rbmap_tracedat_flags
 *
 * Zero it, set @size, then set what is wanted.
 *
 * Since: 0.1
 */
struct rbmap_tracedat_options {
	size_t size;
	struct tracefs_instance *instance;
	const struct rbmap_layout *layout;
	const int *cpus;
	size_t nr_cpus;
	const char *const *events;
	struct rbmap_log log;
	unsigned int flags;
};

/**
 * struct rbmap_tracedat_work - what a writer has done so far
 *
 * @bytes: bytes of sub-buffers in the file
 * @writes: system calls that wrote to the file
 *
 * Since: 0.1
 */
struct rbmap_tracedat_work {
	uint64_t bytes;
	uint64_t writes;
};

/**
 * rbmap_tracedat_writer_open - begin a trace.dat, version 6
 *
 * @ret: the writer on success, untouched otherwise; free it with
 *	rbmap_tracedat_writer_close()
 * @fd: a regular file, open for reading and writing, borrowed until
 *	rbmap_tracedat_writer_close(); what it held is gone
 * @options: borrowed during the call
 *
 * Writes the whole head: formats, names of kernel functions, trace_printk()
 * formats, command lines. From then on the file is a valid trace.dat at every
 * moment, up to the last rbmap_tracedat_writer_flush(). Each CPU has a far-apart
 * region of the file, which is sparse until rbmap_tracedat_writer_finish().
 *
 * Returns 0, or a negative errno: -E2BIG where @options has fields that this
 * library does not know, -EINVAL for @options that make no sense or an @fd with
 * O_APPEND, -EBADF for one that cannot be read and written, -ESPIPE where it is no
 * regular file, -EOPNOTSUPP where the file system has no O_DIRECT, -ENOSPC, -EFBIG where the file system cannot hold a file
 * large enough, or what reading tracefs or writing @fd said.
 *
 * Since: 0.1
 */
int rbmap_tracedat_writer_open(struct rbmap_tracedat_writer **ret, int fd,
			       const struct rbmap_tracedat_options *options);

/**
 * rbmap_tracedat_writer_put - store spans
 *
 * @writer: the writer
 * @spans: borrowed during the call; from any engine
 * @nr: how many
 *
 * Each seq of a CPU has a slot of one sub-buffer, and the same seq grown goes into
 * the same slot. Adjacent spans go out as one write, straight from where they are.
 *
 * Returns how many spans were stored, from the first on: fewer than @nr where something
 * failed behind them, which the next call with the rest tells. Where it is the first:
 * -ENXIO for a CPU that the writer does not know, -EFBIG where a CPU's
 * region is full, -EINVAL for a span that does not fit the layout or a seq that goes
 * backwards, or the negative errno of writing. What was stored before a failure stays
 * readable, and nothing of a span that failed is in the file.
 *
 * Since: 0.1
 */
int rbmap_tracedat_writer_put(struct rbmap_tracedat_writer *writer,
			      const struct rbmap_span *spans, int nr);

/**
 * rbmap_tracedat_writer_discard - take out what was overwritten while it was stored
 *
 * @writer: the writer
 * @spans: those of the last rbmap_tracedat_writer_put() that were stored, in the same
 *	order, as rbmap_session_settle() has left them
 * @nr: how many
 *
 * The slots of spans with RBMAP_SPAN_TORN are left without records, and those behind
 * them say that events were lost; with RBMAP_TRACEDAT_UNBROKEN they are given up with
 * all before them. To be called where rbmap_session_settle() did not
 * return 0, before the next rbmap_tracedat_writer_flush(): then nothing of them was ever
 * part of the file.
 *
 * Returns 0, -ENXIO for a CPU that the writer does not know, or the negative errno of
 * writing.
 *
 * Since: 0.1
 */
int rbmap_tracedat_writer_discard(struct rbmap_tracedat_writer *writer,
				  const struct rbmap_span *spans, int nr);

/**
 * rbmap_tracedat_writer_flush - make what was stored part of the file
 *
 * @writer: the writer
 *
 * Brings the sizes in the head up to date; a system call only where they changed.
 * Begins to write back what is new, so that the end has not all of it to wait for, as
 * long as the disk takes it at once; waits for nothing to be on the disk.
 *
 * Returns 0, or the negative errno of writing.
 *
 * Since: 0.1
 */
int rbmap_tracedat_writer_flush(struct rbmap_tracedat_writer *writer);

/**
 * rbmap_tracedat_writer_finish - end the file
 *
 * @writer: the writer; only rbmap_tracedat_writer_work() and
 *	rbmap_tracedat_writer_close() may follow
 *
 * Stores the command lines and the counters of each CPU as they are now, and takes
 * the holes out of the file: by collapsing them where the file system can, else by
 * cloning or copying. A process that is killed exactly between the two system calls of
 * a collapse leaves CPUs that read as empty, their data in place.
 *
 * Returns 0, or the negative errno of the first thing that failed; the file is valid
 * all the same. A file system that is too full for the copy is no failure: the file
 * stays sparse, and the log says so.
 *
 * Since: 0.1
 */
int rbmap_tracedat_writer_finish(struct rbmap_tracedat_writer *writer);

/**
 * rbmap_tracedat_writer_work - what the writer has done so far
 *
 * @writer: the writer
 * @ret: filled in
 *
 * Since: 0.1
 */
void rbmap_tracedat_writer_work(const struct rbmap_tracedat_writer *writer,
				struct rbmap_tracedat_work *ret);

/**
 * rbmap_tracedat_writer_close - free the writer
 *
 * @writer: may be NULL
 *
 * The file descriptor stays open. Without rbmap_tracedat_writer_finish() before, the
 * file is as the last flush left it.
 *
 * Since: 0.1
 */
void rbmap_tracedat_writer_close(struct rbmap_tracedat_writer *writer);

#ifdef __cplusplus
}
#endif

#endif
