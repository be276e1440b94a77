/* SPDX-License-Identifier: LGPL-2.1-only */
/* What the tails of both versions of a trace.dat have in common. */
#ifndef RBMAP_TRACEDAT_WRITE_TAIL_H
#define RBMAP_TRACEDAT_WRITE_TAIL_H

#include <stdio.h>

#include "tracedat/write/writer.h"

/* Source: trace-cmd.dat.v7(5), and trace-cmd 3.1.6, as its dump command tells them. */
enum {
	OPTION_DONE = 0,
	OPTION_CPUSTAT = 2,
	OPTION_TRACECLOCK = 4,
	OPTION_UNAME = 5,
	OPTION_CPUCOUNT = 8,
	OPTION_VERSION = 9,
	OPTION_TRACEID = 11,
};

/* What a CPU's statistics can grow by, and all else. */
#define STAT_ROOM 512
#define CLOCKS_ROOM 1024

/* All that comes behind the command lines; @table: where in it the table begins. */
struct tail_rest {
	char *bytes;
	size_t size;
	size_t table;
};

/* @put: writes it, and returns where the table begins. */
int rbmap_tail_make(struct tail_rest *ret, const struct rbmap_tracedat_writer *writer,
		    size_t (*put)(FILE *out,
				  const struct rbmap_tracedat_writer *writer));

void rbmap_tail_u16(FILE *out, uint16_t number);
void rbmap_tail_u32(FILE *out, uint32_t number);
void rbmap_tail_u64(FILE *out, uint64_t number);
void rbmap_tail_option(FILE *out, uint16_t id, const void *bytes, uint32_t size);
/* The machine, this program, the identifier, and the counters of each CPU. */
void rbmap_tail_common(FILE *out, const struct rbmap_tracedat_writer *writer);

/* The list of clocks, one of them in brackets; "" where it cannot be had. */
void rbmap_tail_clocks(const struct rbmap_tracedat_writer *writer,
		       char clocks[CLOCKS_ROOM]);

/* The most bytes of command lines that are stored. */
uint64_t rbmap_tail_cmdlines_room(const struct rbmap_tracedat_writer *writer);
/* Whole lines only; a user who may not read them still gets a file. */
int rbmap_tail_cmdlines(const struct rbmap_tracedat_writer *writer, char *text,
			size_t room, size_t *ret_size);

/* tracedat/write/tail-v6.c, tail-v7.c */
int rbmap_tail_begin_v6(struct rbmap_tracedat_writer *writer);
int rbmap_tail_end_v6(struct rbmap_tracedat_writer *writer);
int rbmap_tail_begin_v7(struct rbmap_tracedat_writer *writer);
int rbmap_tail_end_v7(struct rbmap_tracedat_writer *writer);
int rbmap_tail_end_data_v7(struct rbmap_tracedat_writer *writer);

#endif
