/* SPDX-License-Identifier: LGPL-2.1-only */
/* A filter as it was parsed. */
#ifndef RBMAP_EVENTS_FILTER_TREE_H
#define RBMAP_EVENTS_FILTER_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum filter_kind {
	FILTER_AND,
	FILTER_OR,
	FILTER_NOT,
	FILTER_NUMBER,
	FILTER_TEXT
};

enum filter_op {
	FILTER_EQ,
	FILTER_NE,
	FILTER_LE,
	FILTER_GE,
	FILTER_LT,
	FILTER_GT,
	FILTER_GLOB,
	FILTER_BITS
};

enum filter_source {
	FILTER_FIELD,
	FILTER_CPU,
	FILTER_COMM
};

/* @left, @right: numbers of nodes; the rest is for FILTER_NUMBER and FILTER_TEXT. */
struct filter_node {
	enum filter_kind kind;
	int left;
	int right;
	enum filter_source source;
	const struct tep_format_field *field;
	enum filter_op op;
	bool is_signed;
	uint64_t number;
	char *text;
};

struct filter {
	struct filter_node *nodes;
	int nr;
	int root;
};

#endif
