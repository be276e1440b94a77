/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: of a writer, rbmap_tracedat_writer_put(), rbmap_tracedat_writer_discard(),
 * rbmap_tracedat_writer_flush_cpu() and rbmap_tracedat_writer_set_level() can be
 * called by several threads at the same time, for different CPUs, and
 * rbmap_tracedat_writer_work() at any time. All other functions require that no other
 * call is in progress. A reader can be used by one thread at a time, except for
 * rbmap_tracedat_reader_convert(). Different readers are independent, except for their
 * events (see rbmap_events(3)), which are also used when a reader is opened or closed.
 */
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
struct rbmap_tracedat_symbols;
struct rbmap_tracedat_writer;
struct tracefs_instance;

/**
 * enum rbmap_tracedat_flags - how a trace.dat is written
 *
 * @RBMAP_TRACEDAT_DIRECT: write whole sub-buffers from the ring to the disk with
 *	O_DIRECT, bypassing the page cache; not possible with compression
 * @RBMAP_TRACEDAT_UNBROKEN: keep only the events of each CPU after its last loss; when
 *	events are lost, the writer drops everything it has stored of that CPU before
 *
 * Since: 0.1
 */
enum rbmap_tracedat_flags {
	RBMAP_TRACEDAT_DIRECT = 1 << 0,
	RBMAP_TRACEDAT_UNBROKEN = 1 << 1
};

/**
 * enum rbmap_tracedat_level - how much effort goes into compression
 *
 * @RBMAP_TRACEDAT_NORMAL: the level that was given to rbmap_tracedat_writer_open()
 * @RBMAP_TRACEDAT_FASTER: a level that takes less time and gives a larger file
 * @RBMAP_TRACEDAT_STORED: sub-buffers are not compressed
 *
 * Since: 0.1
 */
enum rbmap_tracedat_level {
	RBMAP_TRACEDAT_NORMAL,
	RBMAP_TRACEDAT_FASTER,
	RBMAP_TRACEDAT_STORED
};

/**
 * enum rbmap_tracedat_level_range - the levels of zstd
 *
 * @RBMAP_TRACEDAT_MIN_LEVEL: the fastest
 * @RBMAP_TRACEDAT_MAX_LEVEL: the one that gives the smallest files
 *
 * Since: 0.1
 */
enum rbmap_tracedat_level_range {
	RBMAP_TRACEDAT_MIN_LEVEL = -100,
	RBMAP_TRACEDAT_MAX_LEVEL = 19
};

/**
 * struct rbmap_tracedat_options - options of rbmap_tracedat_writer_open()
 *
 * @size: sizeof(struct rbmap_tracedat_options)
 * @instance: the libtracefs instance that is recorded, borrowed until
 *	rbmap_tracedat_writer_close(); NULL selects the top-level instance
 * @layout: the layout of its sub-buffers, borrowed during the call
 * @cpus: the CPUs that spans will come from, borrowed during the call
 * @nr_cpus: number of CPUs in @cpus
 * @events: the events whose formats are stored, a NULL-terminated list of
 *	"system:event", borrowed during the call; NULL stores all formats. Those of the
 *	"ftrace" system are always stored
 * @log: where messages go
 * @flags: flags of enum rbmap_tracedat_flags
 * @symbols: the names of kernel functions, if they were read before, borrowed during
 *	the call; NULL reads them
 * @version: the version of the file, 6 or 7; 0 selects 7
 * @compression: "zstd" or "none", borrowed during the call. NULL selects "zstd" for
 *	version 7, but "none" with RBMAP_TRACEDAT_DIRECT. Version 6 has no compression
 * @level: the level of zstd, from RBMAP_TRACEDAT_MIN_LEVEL (the fastest) to
 *	RBMAP_TRACEDAT_MAX_LEVEL; 0 selects the default, which is 1
 * @queue_size: if not 0, writes to @fd wait in a queue of up to this many bytes, and
 *	the thread in rbmap_tracedat_writer_write_out() carries them out
 * @instance_name: instead of @instance, the name of an instance that exists, borrowed
 *	during the call
 *
 * Zero the struct, set @size, then set the fields you need.
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
	const struct rbmap_tracedat_symbols *symbols;
	unsigned int version;
	const char *compression;
	int level;
	uint64_t queue_size;
	const char *instance_name;
};

/**
 * struct rbmap_tracedat_work - counts of the work a writer has done
 *
 * @bytes: bytes of sub-buffers in the file
 * @file_bytes: bytes that they take there; as many as @bytes without compression
 * @faster_bytes: bytes of @bytes compressed with RBMAP_TRACEDAT_FASTER
 * @stored_bytes: bytes of @bytes stored with RBMAP_TRACEDAT_STORED
 * @writes: system calls that wrote to the file
 * @queue_high: the most bytes that were in the queue at one time
 * @queue_copied: bytes copied from the ring buffer into the queue because the disk
 *	stalled
 * @queue_full_ns: nanoseconds for which calls waited because the queue was full
 * @finish_error: 0, or the negative errno with which rbmap_tracedat_writer_finish()
 *	failed to complete the file; errors of storing spans are not included
 *
 * Sub-buffers that rbmap_tracedat_writer_put() has accepted but not yet compressed are
 * not counted.
 *
 * Since: 0.1
 */
struct rbmap_tracedat_work {
	uint64_t bytes;
	uint64_t file_bytes;
	uint64_t faster_bytes;
	uint64_t stored_bytes;
	uint64_t writes;
	uint64_t queue_high;
	uint64_t queue_copied;
	uint64_t queue_full_ns;
	int finish_error;
};

/**
 * rbmap_tracedat_symbols_read - read the names of kernel functions
 *
 * @ret: the names on success, untouched on failure; free them with
 *	rbmap_tracedat_symbols_free()
 *
 * Reads /proc/kallsyms, which takes longer than anything else in the header of a
 * trace.dat (30 ms are usual). Call it from a thread of your own while you set up the
 * ring buffers, then pass the result to rbmap_tracedat_writer_open(); one result serves
 * any number of files. If the file does not exist or the user may not read it, the
 * result contains no names.
 *
 * Returns 0 or a negative errno: -ENOMEM, -EFBIG if the file is larger than 1 GB, or
 * the error from reading it.
 *
 * Since: 0.1
 */
int rbmap_tracedat_symbols_read(struct rbmap_tracedat_symbols **ret);

/**
 * rbmap_tracedat_symbols_compress - compress the names of kernel functions ahead
 *
 * @symbols: the names; no file is being opened with them
 *
 * For files with compression, whose header then takes less time to write; call it in the
 * thread that has read the names. Without it, and for other files, they can be used as
 * well.
 *
 * Returns 0 or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_tracedat_symbols_compress(struct rbmap_tracedat_symbols *symbols);

/**
 * rbmap_tracedat_symbols_free - free the names of kernel functions
 *
 * @symbols: may be NULL
 *
 * Since: 0.1
 */
void rbmap_tracedat_symbols_free(struct rbmap_tracedat_symbols *symbols);

/**
 * rbmap_tracedat_writer_open - start writing a trace.dat
 *
 * @ret: the writer on success, untouched on failure; free it with
 *	rbmap_tracedat_writer_close()
 * @fd: a regular file, open for reading and writing, borrowed until
 *	rbmap_tracedat_writer_close(); its previous contents are lost
 * @options: borrowed during the call
 *
 * Writes the complete file header: event formats, names of kernel functions,
 * trace_printk() formats, command lines and, if the trace clock counts time, a clock
 * anchor. From then on the file is a valid trace.dat at any time and contains
 * everything up to the last rbmap_tracedat_writer_flush(). Each CPU has its own region
 * of the file, at a large distance from the others; the file is sparse until
 * rbmap_tracedat_writer_finish().
 *
 * After that, rbmap_tracedat_writer_put(), rbmap_tracedat_writer_discard(),
 * rbmap_tracedat_writer_flush_cpu() and rbmap_tracedat_writer_set_level() may be called
 * by several threads at the same time, for different CPUs, and
 * rbmap_tracedat_writer_work() at any time. All other functions require that no other
 * call is in progress.
 *
 * Returns 0 or a negative errno: -E2BIG if @options has non-zero fields that this
 * library does not know, -EINVAL if @options is invalid or @fd has O_APPEND set,
 * -ENOENT if there is no instance of that name, -EBADF if @fd cannot be read and
 * written, -ESPIPE if it is not a regular file, -EOPNOTSUPP if the file system does not
 * support O_DIRECT, -ENOSPC, -EFBIG if the file system does not support files that are
 * large enough, or an error from reading tracefs or writing @fd.
 *
 * Since: 0.1
 */
int rbmap_tracedat_writer_open(struct rbmap_tracedat_writer **ret, int fd,
			       const struct rbmap_tracedat_options *options);

/**
 * rbmap_tracedat_writer_put - store spans
 *
 * @writer: the writer
 * @spans: borrowed during the call; spans of any engine
 * @nr: the number of spans
 *
 * Without compression, each sub-buffer (each seq of a CPU) has a slot in the file. When
 * a sub-buffer has grown, its new span goes into the same slot. Adjacent spans are
 * written with one system call, directly from their memory.
 *
 * With compression, spans are copied. They are compressed and written by the next
 * rbmap_tracedat_writer_discard(), rbmap_tracedat_writer_put() or
 * rbmap_tracedat_writer_flush_cpu() of the same CPU, which also returns errors of
 * writing. The spans of one CPU must be adjacent in @spans.
 *
 * Returns the number of spans stored, counted from the first. If it is less than @nr,
 * the next span failed; call again with the remaining spans to get its error. If the
 * first span fails, the call returns -ENXIO if the writer does not have this CPU,
 * -EFBIG if the CPU's region is full, -EINVAL if the span does not fit the layout or
 * its seq goes backwards, or the negative errno from writing. Everything stored before
 * a failure stays readable, and no part of a failed span is in the file.
 *
 * Since: 0.1
 */
int rbmap_tracedat_writer_put(struct rbmap_tracedat_writer *writer,
			      const struct rbmap_span *spans, int nr);

/**
 * rbmap_tracedat_writer_discard - remove torn spans, and compress the others
 *
 * @writer: the writer
 * @spans: the spans that the last rbmap_tracedat_writer_put() stored, in the same
 *	order, after rbmap_session_settle()
 * @nr: the number of spans
 *
 * Removes the records of spans that were overwritten while they were being stored
 * (those with RBMAP_SPAN_TORN), and marks the loss in the next sub-buffer. With
 * RBMAP_TRACEDAT_UNBROKEN, everything that was stored of the CPU up to and including
 * such a span is dropped. Call it if rbmap_session_settle() did not return 0, before
 * the next rbmap_tracedat_writer_put() or rbmap_tracedat_writer_flush() of the CPU. The
 * torn spans then never become part of the file.
 *
 * With compression, call it after each rbmap_session_settle(), so that spans are
 * compressed while they are in the caches of the CPU, and memory for only a few of them
 * is needed.
 *
 * Returns 0, -ENXIO if the writer does not have this CPU, or the negative errno from
 * writing.
 *
 * Since: 0.1
 */
int rbmap_tracedat_writer_discard(struct rbmap_tracedat_writer *writer,
				  const struct rbmap_span *spans, int nr);

/**
 * rbmap_tracedat_writer_set_level - choose how much effort goes into compression
 *
 * @writer: the writer
 * @cpu: the CPU whose spans are compressed so from now on
 * @level: RBMAP_TRACEDAT_NORMAL at first
 *
 * A caller that cannot keep up can compress faster, or not at all, instead of losing
 * events. Readers need not know. Has no effect without compression.
 *
 * Returns 0, -ENXIO if the writer does not have this CPU, or -EINVAL for an unknown
 * level.
 *
 * Since: 0.1
 */
int rbmap_tracedat_writer_set_level(struct rbmap_tracedat_writer *writer, int cpu,
				    enum rbmap_tracedat_level level);

/**
 * rbmap_tracedat_writer_flush_cpu - make the stored spans of a CPU part of the file
 *
 * @writer: the writer
 * @cpu: the CPU
 *
 * Does what rbmap_tracedat_writer_flush() does, for one CPU.
 *
 * Returns 0, -ENXIO if the writer does not have this CPU, or the negative errno from
 * writing.
 *
 * Since: 0.1
 */
int rbmap_tracedat_writer_flush_cpu(struct rbmap_tracedat_writer *writer, int cpu);

/**
 * rbmap_tracedat_writer_flush - make the stored spans part of the file
 *
 * @writer: the writer
 *
 * Updates the sizes in the file header; this takes system calls only for CPUs whose
 * sizes have changed. It also starts writing new data back to the disk, as long as the
 * disk accepts it immediately, so that less is left to wait for at the end. It does not
 * wait for data to reach the disk.
 *
 * Returns 0 or the negative errno from writing.
 *
 * Since: 0.1
 */
int rbmap_tracedat_writer_flush(struct rbmap_tracedat_writer *writer);

/**
 * rbmap_tracedat_writer_write_out - write what is in the queue
 *
 * @writer: opened with a queue_size
 *
 * Called by a thread of its own. While it runs, rbmap_tracedat_writer_put() returns as
 * soon as its data is in the queue: if the disk stalls, no events are lost until the
 * queue is full. Sub-buffers in the ring buffer are written directly from there, or
 * copied into the queue if that takes longer than about 20 milliseconds. The order of
 * the writes stays the same, so the file is valid at any time. While no thread runs
 * this function, every call does its own writing.
 *
 * After the first error, nothing more is stored, and the next call of
 * rbmap_tracedat_writer_put() or rbmap_tracedat_writer_flush() returns the error.
 * rbmap_tracedat_writer_written() shows how much of the file is valid.
 *
 * Returns 0 when rbmap_tracedat_writer_finish() or rbmap_tracedat_writer_close() is
 * called, after everything in the queue has been written; both wait for that. Returns 0
 * immediately if there is no queue, or -EBUSY if another thread runs this function.
 *
 * Since: 0.1
 */
int rbmap_tracedat_writer_write_out(struct rbmap_tracedat_writer *writer);

/**
 * rbmap_tracedat_writer_cancel - give up what is not written
 *
 * @writer: the writer
 *
 * For a disk that takes no data, when the caller does not want to wait any longer. May
 * be called by any thread at any time, also while other calls wait for the disk or for
 * room in the queue.
 *
 * From then on nothing more is written. Calls that wait for the queue return
 * -ECANCELED, including rbmap_tracedat_writer_finish(), and so do later calls. A system
 * call that the disk holds up is not interrupted: the thread in it returns later, and
 * so does rbmap_tracedat_writer_close(), which waits for
 * rbmap_tracedat_writer_write_out(). Until then, this system call may read spans of an
 * rbmap_tracedat_writer_put() that has returned; they do not become part of the file.
 *
 * The file is as the last written update of the sizes in its header left it;
 * rbmap_tracedat_writer_written() returns what it contains.
 *
 * Since: 0.1
 */
void rbmap_tracedat_writer_cancel(struct rbmap_tracedat_writer *writer);

/**
 * rbmap_tracedat_writer_written - get the number of spans that are part of the file
 *
 * @writer: the writer
 * @cpu: the CPU
 *
 * Spans are counted in the order in which rbmap_tracedat_writer_put() stored them. They
 * become part of the file when the sizes in the file header are updated, by
 * rbmap_tracedat_writer_flush(), rbmap_tracedat_writer_flush_cpu() or
 * rbmap_tracedat_writer_finish(), and if there is a queue, when this update is written.
 * After rbmap_tracedat_writer_finish(), these are the spans that a reader finds.
 *
 * Returns the number of spans; 0 if the writer does not have this CPU.
 *
 * Since: 0.1
 */
uint64_t rbmap_tracedat_writer_written(const struct rbmap_tracedat_writer *writer,
				       int cpu);

/**
 * rbmap_tracedat_writer_finish - complete the file
 *
 * @writer: the writer; afterwards only rbmap_tracedat_writer_work() and
 *	rbmap_tracedat_writer_close() may be called
 *
 * Stores the saved command lines and the counters of each CPU as they are now and a
 * second clock anchor, and removes the holes from the file. The holes are collapsed if
 * the file system supports that; otherwise the data is cloned or copied. If the process
 * is killed exactly between the two system calls of a collapse, some CPUs read as empty
 * although their data is still in the file.
 *
 * If spans could not be stored, the file is completed with what was stored. On a full
 * disk whose file system copies on write, the file header can be updated only after
 * spans were removed again: the last ones, until there is enough space.
 * rbmap_tracedat_writer_written() returns what is left.
 *
 * Returns 0 or the negative errno of the first failure; the file is valid even then. A
 * file system without enough space for the copy is not a failure: the file stays
 * sparse, and a warning is logged.
 *
 * Since: 0.1
 */
int rbmap_tracedat_writer_finish(struct rbmap_tracedat_writer *writer);

/**
 * rbmap_tracedat_writer_work - get the counts of the work done so far
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
 * The file descriptor stays open. If rbmap_tracedat_writer_finish() was not called, the
 * file stays as the last flush left it.
 *
 * Since: 0.1
 */
void rbmap_tracedat_writer_close(struct rbmap_tracedat_writer *writer);

/**
 * struct rbmap_tracedat_anchor - the trace clock and other clocks at one moment
 *
 * @trace: the time stamp of an event at that moment, as rbmap_tracedat_reader_next()
 *	returns it
 * @realtime: CLOCK_REALTIME, in nanoseconds since the Epoch
 * @monotonic: CLOCK_MONOTONIC, in nanoseconds
 * @uncertainty: the error of @trace and @realtime against @monotonic is at most this,
 *	in nanoseconds
 *
 * Since: 0.1
 */
struct rbmap_tracedat_anchor {
	uint64_t trace;
	uint64_t realtime;
	uint64_t monotonic;
	uint64_t uncertainty;
};

/**
 * struct rbmap_tracedat_info - the file header of a trace.dat
 *
 * @version: 6 or 7
 * @big_endian: whether the file is big-endian
 * @long_size: size of a long in bytes, in the program that wrote the file
 * @page_size: page size of the machine in bytes; in version 6, the size of a sub-buffer
 * @compression: name of the compression algorithm, or "none"
 * @size: size of the file in bytes
 * @clock: the trace clock; NULL if the file does not name it. In files of old trace-cmd
 *	that have an empty name: "local", the kernel's default
 * @in_seconds: whether time stamps are nanoseconds, to be printed as seconds
 * @nr_cpus: number of CPUs of the machine
 * @system: name, host, release and machine of the kernel; NULL if the file does not
 *	have them
 * @writer: the program that wrote the file; NULL if the file does not name it
 * @trace_id: the identifier of the recording; 0 if the file has none
 * @offset: added to each time stamp by rbmap_tracedat_reader_next(), in units of the
 *	trace clock
 * @tsc_mult, @tsc_shift: before @offset is added, time stamps are multiplied by
 *	@tsc_mult and shifted right by @tsc_shift; not done if @tsc_mult is 0
 * @tsc_offset: the value in the file; neither trace-cmd report nor this library uses it
 * @cpu_stats: a NULL-terminated list of lines: per_cpu/cpuN/stats of each CPU at the
 *	end of the recording, with the name of the buffer before the lines of each
 *	instance
 * @anchors: the clock anchors, in ascending order of trace; NULL if the file has none
 * @nr_anchors: number of anchors in @anchors
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
	const struct rbmap_tracedat_anchor *anchors;
	size_t nr_anchors;
};

/**
 * struct rbmap_tracedat_cpu - the data of one CPU of one buffer
 *
 * @cpu: the CPU number
 * @offset: offset of its data in the file
 * @size: size of its data in the file in bytes, in compressed form if the file is
 *	compressed
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
 * @name: name of the instance; "" for the top-level instance
 * @clock: the trace clock recorded for this buffer, which may be wrong for an instance;
 *	NULL if the file does not name it
 * @layout: the layout of its sub-buffers
 * @compressed: whether its sub-buffers are stored in compressed chunks
 * @cpus: the CPUs that have data, in ascending order
 * @nr_cpus: number of CPUs in @cpus
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
 * struct rbmap_tracedat_fault - a defect found in a file
 *
 * @offset: its offset in the file
 * @text: a description in one line, without a full stop
 *
 * Since: 0.1
 */
struct rbmap_tracedat_fault {
	uint64_t offset;
	const char *text;
};

/**
 * RBMAP_TRACEDAT_READER_MEMORY - the most memory, in bytes, that a reader uses
 *
 * It is 512 MB, whatever the file claims. What needs more is not read, and recorded as
 * a fault.
 *
 * Since: 0.1
 */
static const uint64_t RBMAP_TRACEDAT_READER_MEMORY = 536870912;

/**
 * rbmap_tracedat_reader_open - open a trace.dat of version 6 or 7 for reading
 *
 * @ret: the reader on success, untouched on failure; free it with
 *	rbmap_tracedat_reader_close()
 * @fd: a regular file, open for reading, borrowed until rbmap_tracedat_reader_close()
 * @log: where messages go, copied; may be NULL
 *
 * Reads the file header: formats, command lines, options and the location of each CPU's
 * data. The data itself is read later, one piece at a time, so memory usage does not
 * grow with the size of the file, and is at most RBMAP_TRACEDAT_READER_MEMORY. If the
 * file is damaged or truncated, also while it is read, all intact parts are read, and
 * rbmap_tracedat_reader_faults() lists the damage.
 *
 * Returns 0, -EBADMSG if the file is not a trace.dat, -EOPNOTSUPP if this library does
 * not know its version or compression, -ESPIPE if @fd is not a regular file, -ENOMEM,
 * or the negative errno from reading @fd.
 *
 * Since: 0.1
 */
int rbmap_tracedat_reader_open(struct rbmap_tracedat_reader **ret, int fd,
			       const struct rbmap_log *log);

/**
 * struct rbmap_tracedat_confinement - how a process restricts itself
 *
 * @enter: returns 0, or a negative errno to give up
 * @context: passed to @enter
 *
 * Since: 0.1
 */
struct rbmap_tracedat_confinement {
	int (*enter)(void *context);
	void *context;
};

/**
 * rbmap_tracedat_reader_open_confined - open a trace.dat that may be malicious
 *
 * @ret: the reader on success, untouched on failure; free it with
 *	rbmap_tracedat_reader_close()
 * @fd: a regular file, open for reading, borrowed until rbmap_tracedat_reader_close()
 * @log: where messages go, copied; may be NULL
 * @confinement: entered once; borrowed during the call
 *
 * Like rbmap_tracedat_reader_open(), but enters @confinement after everything that the
 * reader needs besides @fd (libtraceevent's plugins) has been opened, and before
 * libtraceevent parses any part of the file. It can drop privileges and restrict the
 * process to reading @fd: the reader opens no file afterwards.
 *
 * Returns as rbmap_tracedat_reader_open(), or what @confinement returned.
 *
 * Since: 0.1
 */
int rbmap_tracedat_reader_open_confined(struct rbmap_tracedat_reader **ret, int fd,
					const struct rbmap_log *log,
					const struct rbmap_tracedat_confinement
						*confinement);

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
 * rbmap_tracedat_reader_info - get the file header
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
 * rbmap_tracedat_reader_buffers - get the ring buffers in the file
 *
 * @reader: the reader
 * @ret: set to an array that is valid until rbmap_tracedat_reader_close(): first the
 *	top-level buffer, if the file has one, then the others in file order
 *
 * Returns the number of buffers.
 *
 * Since: 0.1
 */
size_t rbmap_tracedat_reader_buffers(const struct rbmap_tracedat_reader *reader,
				     const struct rbmap_tracedat_buffer **ret);

/**
 * rbmap_tracedat_reader_events - get the event formats of the file
 *
 * @reader: the reader
 * @buffer: the number of the buffer whose records are to be printed
 *
 * All buffers share one libtraceevent handle. The names of commands and functions are
 * taken from the file.
 *
 * Returns the events, valid until rbmap_tracedat_reader_close(). Do not close them.
 *
 * Since: 0.1
 */
struct rbmap_events *
rbmap_tracedat_reader_events(const struct rbmap_tracedat_reader *reader, size_t buffer);

/**
 * rbmap_tracedat_reader_faults - get the defects found so far
 *
 * @reader: the reader
 * @ret: set to an array that is valid until the next call on the reader
 *
 * Only the first thousand defects are kept.
 *
 * Returns the number of defects in the array.
 *
 * Since: 0.1
 */
size_t rbmap_tracedat_reader_faults(const struct rbmap_tracedat_reader *reader,
				    const struct rbmap_tracedat_fault **ret);

/**
 * rbmap_tracedat_reader_take - get the next sub-buffer of a CPU
 *
 * @reader: the reader
 * @buffer: the number of the buffer
 * @cpu: the index of the CPU in the buffer's list of CPUs
 * @span: filled in if 1 is returned, untouched otherwise; its memory is valid until the
 *	next call for the same CPU. It covers the whole sub-buffer, and its time stamp
 *	is the one that the kernel wrote
 *
 * An invalid sub-buffer is recorded as a fault and skipped; the next span of this CPU
 * shows an unknown number of lost events.
 *
 * Returns 1, 0 at the end, -EINVAL if there is no such buffer or CPU, -ENOMEM, or the
 * negative errno from reading the file.
 *
 * Since: 0.1
 */
int rbmap_tracedat_reader_take(struct rbmap_tracedat_reader *reader, size_t buffer,
			       size_t cpu, struct rbmap_span *span);

/**
 * rbmap_tracedat_reader_choose - restrict reading to some CPUs
 *
 * @reader: the reader
 * @cpus: the CPU numbers that rbmap_tracedat_reader_next() reads, borrowed during the
 *	call; NULL selects all CPUs
 * @nr: number of CPUs in @cpus
 *
 * Call it before the first rbmap_tracedat_reader_next(), or after
 * rbmap_tracedat_reader_rewind().
 *
 * Since: 0.1
 */
void rbmap_tracedat_reader_choose(struct rbmap_tracedat_reader *reader, const int *cpus,
				  size_t nr);

/**
 * rbmap_tracedat_reader_next - get the next record of all CPUs and buffers
 *
 * @reader: the reader
 * @ret: filled in if 1 is returned, untouched otherwise; its data is valid until the
 *	next call on the reader. Its time stamp is converted as described for struct
 *	rbmap_tracedat_info; its offset is the offset in its sub-buffer
 * @buffer: set to the number of the record's buffer; may be NULL
 *
 * Records are returned in time order. Records with the same time stamp are ordered by
 * buffer and CPU; those of one CPU always keep the order in which they were written.
 * Invalid records are recorded as a fault, and reading continues with the next
 * sub-buffer. Do not mix calls of this function and rbmap_tracedat_reader_take().
 *
 * Returns 1, 0 at the end, -ENOMEM, or the negative errno from reading the file.
 *
 * Since: 0.1
 */
int rbmap_tracedat_reader_next(struct rbmap_tracedat_reader *reader,
			       struct rbmap_record *ret, size_t *buffer);

/**
 * rbmap_tracedat_reader_leaf - take the exit of a function that calls no other
 *
 * @reader: the reader
 * @entry: the record that the last rbmap_tracedat_reader_next() returned; its data may
 *	be moved, and stays valid until the next call of that function
 * @exit: filled in if 1 is returned, untouched otherwise; its data is valid for as long
 *
 * If @entry and the next record of its buffer are a function that calls no other (see
 * rbmap_events_is_leaf()), the latter is removed from the records that
 * rbmap_tracedat_reader_next() returns. An error that is met while looking ahead is
 * returned by the next call of that function.
 *
 * Returns 1 or 0.
 *
 * Since: 0.1
 */
int rbmap_tracedat_reader_leaf(struct rbmap_tracedat_reader *reader,
			       struct rbmap_record *entry, struct rbmap_record *exit);

/**
 * enum rbmap_tracedat_time - a clock that time stamps can be converted to
 *
 * @RBMAP_TRACEDAT_REALTIME: CLOCK_REALTIME, in nanoseconds since the Epoch
 * @RBMAP_TRACEDAT_MONOTONIC: CLOCK_MONOTONIC, in nanoseconds
 *
 * Since: 0.1
 */
enum rbmap_tracedat_time {
	RBMAP_TRACEDAT_REALTIME,
	RBMAP_TRACEDAT_MONOTONIC
};

/**
 * rbmap_tracedat_reader_convert - convert a time stamp to another clock
 *
 * @reader: the reader
 * @time: the clock to convert to
 * @time_stamp: a time stamp that rbmap_tracedat_reader_next() returned
 * @ret: set to the time on success, untouched on failure
 *
 * Between two clock anchors, the time is interpolated, so the drift of the clocks is
 * taken into account. Before the first anchor and after the last, the trace clock is
 * assumed to be exact; so it is if the other clock was set between two anchors. A file
 * without anchors can be converted to CLOCK_REALTIME if it has trace-cmd's DATE option,
 * and to CLOCK_MONOTONIC if its trace clock is "mono".
 *
 * Can be called by any thread while others use the reader.
 *
 * Returns 0, -ENODATA if the file does not relate its trace clock to that clock, or
 * -EINVAL if @time is not a known clock.
 *
 * Since: 0.1
 */
int rbmap_tracedat_reader_convert(const struct rbmap_tracedat_reader *reader,
				  enum rbmap_tracedat_time time, uint64_t time_stamp,
				  uint64_t *ret);

/**
 * rbmap_tracedat_reader_place - the file offset of the last sub-buffer
 *
 * @reader: the reader
 *
 * Returns the offset of the sub-buffer that was taken last, or of the one that contains
 * the last record; if the data is compressed, the offset of the chunk. Returns 0 before
 * the first.
 *
 * Since: 0.1
 */
uint64_t rbmap_tracedat_reader_place(const struct rbmap_tracedat_reader *reader);

/**
 * rbmap_tracedat_reader_rewind - return to the start of the data
 *
 * @reader: the reader
 *
 * Faults found so far are kept and are not recorded again.
 *
 * Since: 0.1
 */
void rbmap_tracedat_reader_rewind(struct rbmap_tracedat_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
