/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_TRACEDAT_H
#define RBMAP_TRACEDAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rbmap/log.h>
#include <rbmap/record.h>
#include <rbmap/span.h>
#include <rbmap/subbuf.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rbmap_events;
struct rbmap_tracedat_reader;
struct rbmap_tracedat_writer;
struct tracefs_instance;

/**
 * enum rbmap_tracedat_flags - how a trace.dat is written
 *
 * @RBMAP_TRACEDAT_DIRECT: whole sub-buffers go from the ring to the disk by O_DIRECT,
 *	past the page cache
 * @RBMAP_TRACEDAT_UNBROKEN: of each CPU only what has no gap in it up to the end: a
 *loss makes the writer give up what it has stored before
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
 * regular file, -EOPNOTSUPP where the file system has no O_DIRECT, -ENOSPC, -EFBIG
 *where the file system cannot hold a file large enough, or what reading tracefs or
 *writing @fd said.
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
 * return 0, before the next rbmap_tracedat_writer_flush(): then nothing of them was
 *ever part of the file.
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

/**
 * struct rbmap_tracedat_info - what the head of a trace.dat says
 *
 * @version: 6 or 7
 * @big_endian: the order of bytes in the file
 * @long_size: bytes of a long of the program that wrote it
 * @page_size: bytes of a page of the machine; in version 6 of a sub-buffer
 * @compression: the name of the compression, "none" where there is none
 * @size: bytes of the file
 * @clock: the trace clock; NULL where not told
 * @in_seconds: it counts nanoseconds, which are printed as seconds
 * @nr_cpus: CPUs that the machine had
 * @system: name, host, release and machine of the kernel; NULL where not told
 * @writer: the program that wrote it; NULL where not told
 * @trace_id: of the recording; 0 where not told
 * @offset: what rbmap_tracedat_reader_next() adds to each time stamp, in the units
 *	of the trace clock
 * @tsc_mult, @tsc_shift: what it multiplies time stamps by, and shifts them right by,
 *	before; @tsc_mult is 0 where that is not wanted
 * @tsc_offset: as the file says; trace-cmd report leaves it alone, and so does this
 *	library
 * @cpu_stats: per_cpu/stats of each CPU at the end of the recording, and lines with
 *	the name of the buffer before those of a buffer; ended by NULL
 *
 * All pointers are valid until rbmap_tracedat_reader_close().
 *
 * Since: 0.1
 */
struct rbmap_tracedat_info {
	unsigned int version;
	bool big_endian;
	unsigned int long_size;
	uint32_t page_size;
	const char *compression;
	uint64_t size;
	const char *clock;
	bool in_seconds;
	uint32_t nr_cpus;
	const char *system;
	const char *writer;
	uint64_t trace_id;
	int64_t offset;
	uint32_t tsc_mult;
	uint32_t tsc_shift;
	uint64_t tsc_offset;
	const char *const *cpu_stats;
};

/**
 * struct rbmap_tracedat_cpu - what a file has of one CPU of one buffer
 *
 * @cpu: its number
 * @offset: where its data begins in the file
 * @size: bytes of it that are there, compressed or not
 *
 * Since: 0.1
 */
struct rbmap_tracedat_cpu {
	int cpu;
	uint64_t offset;
	uint64_t size;
};

/**
 * struct rbmap_tracedat_buffer - one ring buffer in a file
 *
 * @name: of the instance; "" is the top-level one
 * @clock: the trace clock as the buffer tells it, which of an instance may be wrong;
 *	NULL where not told
 * @layout: of its sub-buffers
 * @compressed: its sub-buffers are stored in compressed chunks
 * @cpus: the CPUs that it has data of, ascending
 * @nr_cpus: how many @cpus
 *
 * All pointers are valid until rbmap_tracedat_reader_close().
 *
 * Since: 0.1
 */
struct rbmap_tracedat_buffer {
	const char *name;
	const char *clock;
	struct rbmap_layout layout;
	bool compressed;
	const struct rbmap_tracedat_cpu *cpus;
	size_t nr_cpus;
};

/**
 * struct rbmap_tracedat_fault - something in a file that is not as it should be
 *
 * @offset: where in the file
 * @text: what, in one line without a full stop
 *
 * Since: 0.1
 */
struct rbmap_tracedat_fault {
	uint64_t offset;
	const char *text;
};

/**
 * rbmap_tracedat_reader_open - begin to read a trace.dat, version 6 or 7
 *
 * @ret: the reader on success, untouched otherwise; free it with
 *	rbmap_tracedat_reader_close()
 * @fd: a regular file, open for reading, borrowed until
 *	rbmap_tracedat_reader_close()
 * @log: where messages go, copied; may be NULL
 *
 * Reads the head: formats, command lines, options, and where the data of each CPU
 * lies. The data is mapped piece by piece later, so that what is in memory does not
 * grow with the file. Of a file that is broken or cut off all that is whole is read;
 * what is not, rbmap_tracedat_reader_faults() tells. The file must not become shorter
 * meanwhile.
 *
 * Returns 0, -EBADMSG where this is no trace.dat at all, -EOPNOTSUPP for a version or
 * a compression that this library does not know, -ESPIPE where @fd is no regular file,
 * -ENOMEM, or the negative errno of reading @fd.
 *
 * Since: 0.1
 */
int rbmap_tracedat_reader_open(struct rbmap_tracedat_reader **ret, int fd,
			       const struct rbmap_log *log);

/**
 * rbmap_tracedat_reader_close - free the reader
 *
 * @reader: may be NULL
 *
 * The file descriptor stays open.
 *
 * Since: 0.1
 */
void rbmap_tracedat_reader_close(struct rbmap_tracedat_reader *reader);

/**
 * rbmap_tracedat_reader_info - what the head says
 *
 * @reader: the reader
 *
 * Returns a struct that is valid until rbmap_tracedat_reader_close().
 *
 * Since: 0.1
 */
const struct rbmap_tracedat_info *
rbmap_tracedat_reader_info(const struct rbmap_tracedat_reader *reader);

/**
 * rbmap_tracedat_reader_buffers - the ring buffers in the file
 *
 * @reader: the reader
 * @ret: an array, valid until rbmap_tracedat_reader_close(): the top-level one first
 *	where there is one, the others in the order of the file
 *
 * Returns how many.
 *
 * Since: 0.1
 */
size_t rbmap_tracedat_reader_buffers(const struct rbmap_tracedat_reader *reader,
				     const struct rbmap_tracedat_buffer **ret);

/**
 * rbmap_tracedat_reader_events - the event formats of the file
 *
 * @reader: the reader
 * @buffer: the number of the buffer whose records are to be printed
 *
 * The same libtraceevent handle for all buffers. Names of commands and functions are
 * those of the file.
 *
 * Returns the events, valid until rbmap_tracedat_reader_close(); they must not be
 * closed.
 *
 * Since: 0.1
 */
struct rbmap_events *
rbmap_tracedat_reader_events(const struct rbmap_tracedat_reader *reader, size_t buffer);

/**
 * rbmap_tracedat_reader_faults - what is broken, as far as it was met
 *
 * @reader: the reader
 * @ret: an array, valid until the next call on the reader
 *
 * Of many faults only the first thousand are kept.
 *
 * Returns how many.
 *
 * Since: 0.1
 */
size_t rbmap_tracedat_reader_faults(const struct rbmap_tracedat_reader *reader,
				    const struct rbmap_tracedat_fault **ret);

/**
 * rbmap_tracedat_reader_take - the next sub-buffer of a CPU
 *
 * @reader: the reader
 * @buffer: the number of the buffer
 * @cpu: the place of the CPU among the buffer's
 * @span: filled in where 1 is returned, untouched otherwise; its memory is valid until
 *	the next call for the same CPU. It covers the whole sub-buffer, and its time
 *	stamp is as the kernel wrote it
 *
 * A sub-buffer that makes no sense is a fault and passed over: the next span of the
 * CPU says that events were lost, unknown how many.
 *
 * Returns 1, 0 at the end, -EINVAL for a buffer or a CPU that is not there, -ENOMEM,
 * or the negative errno of mapping the file.
 *
 * Since: 0.1
 */
int rbmap_tracedat_reader_take(struct rbmap_tracedat_reader *reader, size_t buffer,
			       size_t cpu, struct rbmap_span *span);

/**
 * rbmap_tracedat_reader_choose - leave CPUs out
 *
 * @reader: the reader
 * @cpus: the numbers of those that rbmap_tracedat_reader_next() is to read, borrowed
 *	during the call; NULL is all
 * @nr: how many
 *
 * To be called before the first rbmap_tracedat_reader_next(), or behind
 * rbmap_tracedat_reader_rewind().
 *
 * Since: 0.1
 */
void rbmap_tracedat_reader_choose(struct rbmap_tracedat_reader *reader, const int *cpus,
				  size_t nr);

/**
 * rbmap_tracedat_reader_next - the next record of all CPUs of all buffers
 *
 * @reader: the reader
 * @ret: filled in where 1 is returned, untouched otherwise; its data is valid until
 *	the next call on the reader. Its time stamp is converted as
 *	struct rbmap_tracedat_info says, its offset that in its sub-buffer
 * @buffer: set to the number of its buffer; may be NULL
 *
 * In the order of time; records of one time stamp in the order of their buffers and
 * CPUs, those of one CPU always in the order in which they were written. Bytes that are
 * no records are a fault; what follows is read on with the next sub-buffer. Not to be
 * mixed with rbmap_tracedat_reader_take().
 *
 * Returns 1, 0 at the end, -ENOMEM, or the negative errno of mapping the file.
 *
 * Since: 0.1
 */
int rbmap_tracedat_reader_next(struct rbmap_tracedat_reader *reader,
			       struct rbmap_record *ret, size_t *buffer);

/**
 * rbmap_tracedat_reader_place - where in the file the last sub-buffer lies
 *
 * @reader: the reader
 *
 * Returns the offset of the sub-buffer that was taken last, or of the one that the last
 * record lies in; where they are compressed, of the chunk. 0 before the first.
 *
 * Since: 0.1
 */
uint64_t rbmap_tracedat_reader_place(const struct rbmap_tracedat_reader *reader);

/**
 * rbmap_tracedat_reader_rewind - begin with the data again
 *
 * @reader: the reader
 *
 * Faults that were met stay, and are not told twice.
 *
 * Since: 0.1
 */
void rbmap_tracedat_reader_rewind(struct rbmap_tracedat_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
