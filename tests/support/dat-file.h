/* SPDX-License-Identifier: GPL-2.0-only */
/* A tree of files in place of tracefs, and what a reader finds in a trace.dat. */
#ifndef RBMAP_TEST_DAT_FILE_H
#define RBMAP_TEST_DAT_FILE_H

#include <stdint.h>

#include <rbmap/span.h>
#include <rbmap/subbuf.h>

#define TREE_PATH 64

struct dat_parsed {
	uint32_t page_size, ftrace_events, systems, nr_cpus, nr_options;
	uint64_t cmdlines_size, entries[8][2];
	char cmdlines[64];
	char clock[16];
};

void dat_make_tree(char *tree);
void dat_put_file(const char *tree, const char *name, const char *text);
void dat_remove_tree(const char *tree);

/* Every part of the head is checked on the way. */
void dat_parse(const char *path, struct dat_parsed *ret);

/* Records of 8 bytes, one unit of time apart, numbered from @first. */
void dat_fill(const struct rbmap_layout *layout, unsigned char *subbuf, uint32_t bytes,
	      uint32_t first);
struct rbmap_span dat_span(const struct rbmap_layout *layout, const void *subbuf,
			   int cpu, uint64_t seq, uint32_t to);

#endif
