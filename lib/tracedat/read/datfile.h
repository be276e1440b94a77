/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What the parts of the trace.dat reader share.
 *
 * The head is read once, by rbmap_tracedat_reader_open(): version 6 has it in one
 * piece at the begin, version 7 in sections that options point to. Both lead to the
 * same buffers, each with a stream of sub-buffers for each CPU.
 */
#ifndef RBMAP_TRACEDAT_READ_DATFILE_H
#define RBMAP_TRACEDAT_READ_DATFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <traceevent/event-parse.h>

#include <rbmap/log.h>
#include <rbmap/record.h>
#include <rbmap/tracedat.h>

#include "base/heap.h"
#include "tracedat/read/in.h"
#include "tracedat/read/inflate.h"
#include "tracedat/read/piece.h"

/* Far more than any trace has; bounds what a broken file can make us do. */
#define TRACEDAT_MAX_BUFFERS 1000
#define TRACEDAT_MAX_FAULTS 1000
/* Of what names a directory, as that of an instance is one: NAME_MAX. */
#define TRACEDAT_MAX_NAME 255

/*
 * How much of the file is copied at once: what is read again by the walk is still in
 * the second-level cache then. All streams together have at most so much.
 */
#define TRACEDAT_WINDOW (UINT32_C(256) << 10)
#define TRACEDAT_WINDOWS (UINT64_C(128) << 20)

/*
 * The sub-buffers of one CPU.
 *
 * @at: where in the file the next sub-buffer or chunk begins; @end: of its data
 * @window: what is read of the file or, where that is compressed, a chunk
 * @chunks: compressed ones that follow, once @counted
 * @chunk_size: bytes of the chunk, @chunk_at of them taken; @chunk_place: where it
 * begins in the file
 * @place: of the sub-buffer that was taken last
 * @lost: sub-buffers were passed over, which the next span has to tell
 * @head: the next record, where @has_head
 */
struct tracedat_stream {
	struct rbmap_tracedat_cpu *cpu;
	size_t buffer;
	uint64_t at;
	uint64_t end;
	struct tracedat_window window;
	bool counted;
	uint32_t chunks;
	size_t chunk_size;
	size_t chunk_at;
	uint64_t chunk_place;
	uint64_t place;
	uint64_t seq;
	bool lost;
	bool chosen;
	bool has_span;
	struct rbmap_walk walk;
	struct rbmap_record head;
	/* The head was taken by rbmap_tracedat_reader_leaf(). */
	bool taken;
};

/*
 * @table: in version 6, where that of its CPUs' data lies
 * @events: with the clock of the buffer
 */
struct tracedat_buffer {
	char *name;
	char *clock;
	struct rbmap_tracedat_cpu *cpus;
	size_t nr_cpus;
	uint64_t table;
	uint32_t subbuf_size;
	bool compressed;
	struct tracedat_stream *streams;
	struct rbmap_events *events;
};

/* Where a text lies that is read once somebody asks for it. */
struct tracedat_place {
	uint64_t offset;
	uint64_t size;
	bool is_section;
};

struct rbmap_tracedat_reader {
	int fd;
	uint64_t size;
	/* Bytes of memory, of RBMAP_TRACEDAT_READER_MEMORY. */
	uint64_t charged;
	/* What was refused last for want of it. */
	const char *refused;
	/* Noted already. */
	bool is_shorter, is_over;
	/* The number of CPUs is known from elsewhere than from an option. */
	bool has_nr_cpus;
	struct rbmap_log log;
	struct rbmap_tracedat_info info;
	char *system;
	char *writer;
	char *compression_name;
	char **cpu_stats;
	size_t nr_cpu_stats;
	struct rbmap_tracedat_anchor *anchors;
	size_t nr_anchors;
	/* Its time stamps are those of the wall clock, by an option of trace-cmd. */
	bool dated;
	enum tracedat_compression compression;
	bool swap;
	/* Without this option version 6 has no clock behind its tables. */
	char *clock;

	struct tep_handle *tep;
	struct rbmap_plugins *plugins;
	/* A bit for the number of each event that has a format. */
	uint8_t events[(UINT16_MAX + 1) / 8];
	uint32_t nr_events;
	/* While the reader opens: entered before more than the version is parsed. */
	const struct rbmap_tracedat_confinement *confinement;
	struct rbmap_layout layout;
	bool has_layout;
	struct tracedat_place kallsyms;
	/* The names of the first buffer take them over. */
	struct rbmap_strings *strings;

	struct tracedat_buffer *buffers;
	struct rbmap_tracedat_buffer *public_buffers;
	size_t nr_buffers;

	struct rbmap_tracedat_fault *faults;
	size_t nr_faults;

	/* Of each stream that is not compressed, at most. */
	size_t window_size;
	/* The compressed bytes of a chunk, while it is inflated. */
	struct tracedat_window input;

	/* Streams with a record: the one whose record is next comes first. */
	struct heap heap;
	/* One CPU after the other, not all in order of time. */
	bool unordered;
	/* When the first record behind those of the first stream was written. */
	uint64_t others;
	bool merging;
	bool must_advance;
	uint64_t place;
	/* What was met when looking ahead. */
	int failed;
	/* The entry of a function, while its stream goes on. */
	unsigned char *entry;
	size_t entry_room;
};

/* datfile.c */

/* Notes what is broken; -EBADMSG, or -ENOMEM. */
int rbmap_datfile_fault(struct rbmap_tracedat_reader *datfile, uint64_t offset,
			const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Where @in ends before its @what does: a fault that says so. */
int rbmap_datfile_cut(struct rbmap_tracedat_reader *datfile,
		      const struct tracedat_in *in, const char *what);

/* Reads @size bytes at @offset; -EBADMSG where the file has fewer. */
int rbmap_datfile_load(const struct rbmap_tracedat_reader *datfile, void *to,
		       uint64_t size, uint64_t offset);

/*
 * After bytes of the file were read with the result @r: a fault where it is shorter by
 * now, as it is once its recorder has taken the holes out. Returns @r, or -ENOMEM.
 */
int rbmap_datfile_check_size(struct rbmap_tracedat_reader *datfile, int r);

/*
 * Reads @size bytes at @offset, all of which are in the file; @ret is to be freed and
 * terminated with a 0.
 */
int rbmap_datfile_read(const struct rbmap_tracedat_reader *datfile, uint64_t offset,
		       uint64_t size, char **ret);

/* A buffer more, with a copy of the name, which was read at @offset. */
int rbmap_datfile_add_buffer(struct rbmap_tracedat_reader *datfile, uint64_t offset,
			     const char *name, struct tracedat_buffer **ret);

/* Room for so many CPUs, whose list begins at @offset. */
int rbmap_datfile_add_cpus(struct rbmap_tracedat_reader *datfile,
			   struct tracedat_buffer *buffer, uint64_t offset,
			   uint32_t nr);

/* A CPU more, for which there is room; its data is cut to what the file has. */
int rbmap_datfile_add_cpu(struct rbmap_tracedat_reader *datfile,
			  struct tracedat_buffer *buffer, uint32_t cpu, uint64_t offset,
			  uint64_t size);

/*
 * budget.c: memory is charged before it is allocated, and discharged once it is free.
 * What stays until the reader is closed needs no discharge.
 */

/* 0, or -E2BIG where that is more than what is left. */
int rbmap_datfile_charge(struct rbmap_tracedat_reader *datfile, uint64_t size);
int rbmap_datfile_charge_each(struct rbmap_tracedat_reader *datfile, uint64_t nr,
			      uint64_t size);
void rbmap_datfile_discharge(struct rbmap_tracedat_reader *datfile, uint64_t size);
/* A fault that says so; @what is not copied. */
int rbmap_datfile_refuse(struct rbmap_tracedat_reader *datfile, uint64_t offset,
			 const char *what);
/* Both: 0, -EBADMSG or -ENOMEM. */
int rbmap_datfile_need(struct rbmap_tracedat_reader *datfile, uint64_t offset,
		       uint64_t size, const char *what);

/* v6.c, v7.c: the rest of the head */
int rbmap_datfile_read_v6(struct rbmap_tracedat_reader *datfile,
			  struct tracedat_in *in);
int rbmap_datfile_read_v7(struct rbmap_tracedat_reader *datfile,
			  struct tracedat_in *in);

/* section.c: parts of version 7 */
#define TRACEDAT_COMPRESSED 1

struct tracedat_section {
	uint16_t id;
	uint16_t flags;
	uint32_t name;
	uint64_t size;
};

int rbmap_datfile_read_section_header(struct rbmap_tracedat_reader *datfile,
				      uint64_t offset, const char *what,
				      struct tracedat_section *ret);

/* A section of version 7 without its header; to be freed. */
int rbmap_datfile_read_section(struct rbmap_tracedat_reader *datfile, uint64_t offset,
			       uint16_t id, const char *what, struct tracedat_in *ret);

/*
 * formats.c: the same texts in both versions. All return 0, -EBADMSG with
 * a fault where the bytes end or make no sense, or another negative errno.
 */
int rbmap_datfile_header_page(struct rbmap_tracedat_reader *datfile,
			      struct tracedat_in *in);
int rbmap_datfile_ftrace_formats(struct rbmap_tracedat_reader *datfile,
				 struct tracedat_in *in);
int rbmap_datfile_event_formats(struct rbmap_tracedat_reader *datfile,
				struct tracedat_in *in);
int rbmap_datfile_printk(struct rbmap_tracedat_reader *datfile, struct tracedat_in *in);
int rbmap_datfile_cmdlines(struct rbmap_tracedat_reader *datfile,
			   struct tracedat_in *in);
/* The text of kallsyms; context is the reader. */
int rbmap_datfile_kallsyms(void *context, char **ret);

/* options.c: those that both versions have; unknown ones are passed over.
 */
/* The name in brackets, or all of it where there are none; to be freed. */
int rbmap_datfile_clock(struct rbmap_tracedat_reader *datfile,
			const struct tracedat_in *text, char **ret);
int rbmap_datfile_option(struct rbmap_tracedat_reader *datfile, uint16_t id,
			 struct tracedat_in *option);

/* time.c */

/* As the options of the file convert it. */
uint64_t rbmap_datfile_convert(const struct rbmap_tracedat_info *info,
			       uint64_t time_stamp);
int rbmap_datfile_take_anchor(struct rbmap_tracedat_reader *datfile,
			      const struct tracedat_in *option, const char *text);
/* Once all options are known. */
void rbmap_datfile_publish_anchors(struct rbmap_tracedat_reader *datfile);

/* places.c: sorts the CPUs; data that belongs to several of them is that of one. */
int rbmap_datfile_check_places(struct rbmap_tracedat_reader *datfile);

/* data.c */

/* The next span; as rbmap_tracedat_reader_take(). */
int rbmap_stream_take(struct rbmap_tracedat_reader *datfile,
		      struct tracedat_stream *stream, struct rbmap_span *span);
void rbmap_stream_rewind(struct tracedat_stream *stream);
void rbmap_stream_free(struct rbmap_tracedat_reader *datfile,
		       struct tracedat_stream *stream);

/*
 * merge.c: as rbmap_tracedat_reader_next(), up to @nr records at once, at least one;
 * returns their number.
 */
ssize_t rbmap_datfile_next_records(struct rbmap_tracedat_reader *datfile,
				   struct rbmap_record *records, size_t nr,
				   size_t *buffer);
/* Whether records come in order of time; before the first. */
void rbmap_datfile_set_order(struct rbmap_tracedat_reader *datfile, bool by_time);

static inline const struct rbmap_layout *
tracedat_layout(const struct rbmap_tracedat_reader *datfile, size_t buffer)
{
	return &datfile->public_buffers[buffer].layout;
}

#endif
