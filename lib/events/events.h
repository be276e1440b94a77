/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_EVENTS_INTERNAL_H
#define RBMAP_EVENTS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <traceevent/event-parse.h>

#include <rbmap/events.h>

#include "base/text.h"

struct format_plan;
struct rbmap_symbols;
struct tracefs_instance;

#define RBMAP_SEEN_PIDS 4096
#define RBMAP_SYMBOLS 1024
#define RBMAP_HEAD_SIZE 48
#define RBMAP_JSON_SIZE 64
#define RBMAP_SECOND_SIZE 24

/*
 * A pid whose command is known well enough until then (CLOCK_MONOTONIC), how a line
 * begins with it: "COMM-PID", and its members of an object. Without a head where the
 * command is not known, or long.
 */
struct rbmap_seen_pid {
	int pid;
	uint8_t head_length;
	uint8_t json_length;
	uint64_t due;
	char head[RBMAP_HEAD_SIZE];
	char json[RBMAP_JSON_SIZE];
};

/*
 * A second as lines tell it, and the time stamps that are in it once they are rounded
 * to microseconds: from @begin, before @end. @whole: where its first microsecond
 * begins.
 */
struct rbmap_second {
	uint64_t begin, end, whole;
	uint8_t length;
	char text[RBMAP_SECOND_SIZE];
};

/* The function that an address is in; no name where it is in none. */
struct rbmap_symbol {
	uint64_t address;
	uint64_t start;
	const char *name;
	size_t length;
	bool known;
};

/*
 * What the names come from. The files are opened early and read late, so that a
 * program that has dropped its privileges meanwhile still gets them. -1: none.
 */
struct rbmap_events_files {
	int cmdlines;
	int kallsyms;
	/* The directory /proc, where its pids are those of the events. */
	int proc;
};

struct rbmap_events {
	struct tep_handle *tep;
	struct tep_plugin_list *plugins;
	struct rbmap_log log;
	struct rbmap_events_files files;

	/* trace-cmd report tells this clock in seconds, to the microsecond. */
	bool usecs;
	struct rbmap_second second;
	/* The events are in the other byte order. */
	bool swap;

	/* Names of functions, loaded at the first question for one. */
	int (*read_symbols)(void *context, char **ret);
	void *symbols_context;
	struct rbmap_symbols *symbols;
	bool symbols_tried;
	bool resolves;
	bool tries_functions;
	/* The events whose resolver the handle has, where several share it. */
	struct rbmap_events *resolver;
	struct rbmap_symbol symbol_cache[RBMAP_SYMBOLS];

	/* By the events' numbers, each made at the first record. */
	struct format_plan **plans;
	size_t nr_plans;

	/* When saved_cmdlines may be read again, and whose command was looked up. */
	uint64_t cmdlines_due;
	struct rbmap_seen_pid seen_pids[RBMAP_SEEN_PIDS];

	/* A record with zeros behind it: libtraceevent does not mind the end. */
	unsigned char *copy;
	size_t copy_size;
	size_t copy_used;
};

/* Takes over the files, also on failure, and a reference of tep. */
int rbmap_events_new(struct rbmap_events **ret, struct tep_handle *tep,
		     const struct rbmap_events_files *files,
		     const struct rbmap_log *log);

/* Whether trace-cmd report tells this clock in seconds, to the microsecond. */
bool rbmap_clock_in_usecs(const char *clock);
void rbmap_events_set_clock(struct rbmap_events *events, const char *clock);

int rbmap_events_load(struct rbmap_events *events, struct tracefs_instance *instance,
		      const char *const *systems);

/* What saved_cmdlines says now; the newest name of a pid counts. */
void rbmap_events_read_cmdlines(struct rbmap_events *events);

/* Names of functions are those of @read's text, which is to be freed, not the kernel's.
 */
void rbmap_events_read_symbols(struct rbmap_events *events,
			       int (*read)(void *context, char **ret), void *context);

/* ,"comm":"COMM","pid":PID */
void rbmap_events_put_pid(struct text *text, const char *comm, int pid);

/* Looked up as rbmap_events_comm() does; valid until the next call on the events. */
const struct rbmap_seen_pid *rbmap_events_see(struct rbmap_events *events, int pid);

/* A name from a record, for a pid without one; it ends with a 0 or after size bytes. */
void rbmap_events_learn(struct rbmap_events *events, int pid, const char *comm,
			size_t size);

/* NULL where the address is in no function that is known. */
const struct rbmap_symbol *rbmap_events_symbol(struct rbmap_events *events,
					       uint64_t address);

/* NULL where the record is of no loaded event, or without memory. */
const struct format_plan *rbmap_events_plan(struct rbmap_events *events,
					    const struct rbmap_record *record);

/* Of any event: what all have in common lies at the same place. NULL: there is none. */
const struct format_plan *rbmap_events_any_plan(struct rbmap_events *events);

/*
 * While it is on, functions are made up: to try how a record is printed takes no
 * symbols, which need not be read then.
 */
void rbmap_events_try_functions(struct rbmap_events *events, bool on);

int rbmap_events_resolve_functions(struct rbmap_events *events);
void rbmap_events_forget_functions(struct rbmap_events *events);

/* The record as libtraceevent wants it, its data copied; valid until the next. */
int rbmap_events_tep_record(struct rbmap_events *events,
			    const struct rbmap_record *record, struct tep_record *ret);

/* Whether the steps of a plan, which may be NULL, print the record. */
bool rbmap_line_is_compiled(const struct format_plan *plan,
			    const struct rbmap_record *record);

/* How a line begins: "COMM-PID". */
void rbmap_line_comm(const char *comm, int pid, struct text *text);

/* All that follows, of a record that the steps print; see rbmap_format_ask(). */
void rbmap_line_asked(const struct format_plan *plan,
		      const struct rbmap_symbol *symbols,
		      const struct rbmap_record *record, bool usecs,
		      struct rbmap_second *second, struct text *text);

/* A part of an object: ,"comm":"COMM","pid":PID */
void rbmap_object_pid(struct text *text, struct rbmap_events *events, int pid);

/* The object of a record that has a plan, with that part. */
void rbmap_object_asked(const struct format_plan *plan, const char *pid,
			size_t pid_length, const struct rbmap_record *record,
			struct text *text);

#endif
