/* SPDX-License-Identifier: LGPL-2.1-only */
/* The sections of a trace.dat, version 7. Source: trace-cmd.dat.v7(5). */
#ifndef RBMAP_TRACEDAT_WRITE_SECTION_H
#define RBMAP_TRACEDAT_WRITE_SECTION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct rbmap_tracedat_writer;

/* Numbers of sections; options that point to one have its number. */
enum {
	TRACEDAT_OPTIONS = 0,
	TRACEDAT_BUFFER = 3,
	TRACEDAT_STRINGS = 15,
	TRACEDAT_HEADER_INFO = 16,
	TRACEDAT_FTRACE_FORMATS = 17,
	TRACEDAT_EVENT_FORMATS = 18,
	TRACEDAT_KALLSYMS = 19,
	TRACEDAT_PRINTK = 20,
	TRACEDAT_CMDLINES = 21,
};

#define TRACEDAT_SECTION_HEADER 16

/* @at: where it goes; it is moved behind it. Text is compressed, options are not. */
int rbmap_section_write(struct rbmap_tracedat_writer *writer, uint16_t id,
			const void *bytes, size_t size, uint64_t *at);
/* One that is compressed already; @size is what it was. */
int rbmap_section_write_frame(struct rbmap_tracedat_writer *writer, uint16_t id,
			      const struct iovec *frame, size_t size, uint64_t *at);
/* The most that one of @size bytes takes in the file. */
uint64_t rbmap_section_room(const struct rbmap_tracedat_writer *writer, uint16_t id,
			    size_t size);
/* The names of all sections. */
int rbmap_section_write_strings(struct rbmap_tracedat_writer *writer, uint64_t *at);
/* The header alone of one with @size bytes behind it. */
int rbmap_section_write_header(struct rbmap_tracedat_writer *writer, uint16_t id,
			       uint16_t flags, uint64_t size, uint64_t at);

#endif
