/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The kernel's filters (Documentation/trace/events.rst), as they were parsed for one
 * event. libtraceevent has filters too, but other ones: to them a field that does not
 * exist is no error, && binds no closer than ||, ~ is no glob and -1 no number.
 */
#ifndef RBMAP_EVENTS_FILTER_TREE_H
#define RBMAP_EVENTS_FILTER_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "events/field.h"

struct tep_event;

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
	struct event_field field;
	enum filter_op op;
	bool is_signed;
	uint64_t number;
	char *text;
	size_t length;
};

struct filter_tree {
	struct filter_node *nodes;
	int nr;
	int root;
};

/* What is wrong, in a static string, and at which byte of the text. */
struct filter_error {
	const char *what;
	size_t at;
};

/* Returns 0, -ENOMEM, or -EINVAL with @error filled in. */
int rbmap_filter_parse(struct filter_tree **ret, const char *text,
		       const struct rbmap_events *events, struct tep_event *event,
		       struct filter_error *error);

/* Takes NULL. */
void rbmap_filter_free(struct filter_tree *tree);

/* No string in a record is longer: its length is 16 bits of a word. */
#define FILTER_TEXT_MAX 65535

/*
 * @copy: has room for FILTER_TEXT_MAX + 1
 * @used_comm: set where the name of the command was looked up
 */
struct filter_run {
	const struct filter_tree *tree;
	struct rbmap_events *events;
	const struct rbmap_record *record;
	char *copy;
	bool used_comm;
};

/* Reads nothing outside of the record, whatever its bytes are. */
bool rbmap_filter_takes(struct filter_run *run);

#endif
