/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Which command a pid runs, which function an address is in. What is known of both lies
 * in a libtraceevent handle, so that plugins and programs that use it see the same
 * names; here is what keeps it up to date and what makes asking for it cheap.
 */
#ifndef RBMAP_NAMES_NAMES_H
#define RBMAP_NAMES_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rbmap/log.h>

#include "base/text.h"

struct rbmap_strings;
struct rbmap_symbols;
struct tep_handle;

#define RBMAP_PID_NAMES 4096
#define RBMAP_FUNCTIONS 1024
#define RBMAP_HEAD_SIZE 48
#define RBMAP_JSON_SIZE 64
/* KSYM_NAME_LEN of include/linux/kallsyms.h. */
#define RBMAP_SYMBOL_SIZE 512

/*
 * A pid whose command is known well enough until then (CLOCK_MONOTONIC), how a line
 * starts with it: "COMM-PID", and its members of an object. Without a head where the
 * command is not known, or long.
 */
struct rbmap_pid_name {
	int pid;
	uint8_t head_length;
	uint8_t json_length;
	uint64_t due;
	char head[RBMAP_HEAD_SIZE];
	char json[RBMAP_JSON_SIZE];
};

/* The function that an address is in; no name where it is in none. */
struct rbmap_function {
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
struct rbmap_names_files {
	int cmdlines;
	int kallsyms;
	/* The directory /proc, where its pids are those of the events. */
	int proc;
};

struct rbmap_names {
	struct tep_handle *tep;
	struct rbmap_log log;
	struct rbmap_names_files files;

	/* Since rbmap_names_state(); what is missing is not known to be so. */
	bool no_memory;

	/* Names of functions, loaded at the first question for one. */
	int (*read_symbols)(void *context, char **ret);
	void *symbols_context;
	struct rbmap_symbols *symbols;
	/* Freed with the names; NULL: none are known. */
	struct rbmap_strings *strings;
	bool symbols_tried;
	bool resolves;
	bool tries_functions;
	/* Whose resolver the handle has, where several share it. */
	struct rbmap_names *resolver;
	struct rbmap_function functions[RBMAP_FUNCTIONS];

	/* The handle has all commands from the start, as those of a file. */
	bool fixed;
	/* When saved_cmdlines may be read again, and whose command was looked up. */
	uint64_t cmdlines_due;
	struct rbmap_pid_name pids[RBMAP_PID_NAMES];
};

/* saved_cmdlines of tracefs, /proc and its kallsyms; those that cannot be opened: -1.
 */
void rbmap_names_open_files(struct rbmap_names_files *files,
			    const struct rbmap_log *log);
void rbmap_names_close_files(const struct rbmap_names_files *files);

/* Of a zeroed struct. Takes over the files; the handle is borrowed until the end. */
void rbmap_names_init(struct rbmap_names *names, struct tep_handle *tep,
		      const struct rbmap_names_files *files,
		      const struct rbmap_log *log);
void rbmap_names_close(struct rbmap_names *names);

/* What saved_cmdlines says now; the newest name of a pid counts. */
void rbmap_names_read_cmdlines(struct rbmap_names *names);

/* Looked up as rbmap_events_comm() does; valid until the next call on the names. */
const struct rbmap_pid_name *rbmap_names_pid(struct rbmap_names *names, int pid);
const char *rbmap_names_comm(struct rbmap_names *names, int pid);

/* The kernel's string at an address; NULL: not known. */
const char *rbmap_names_string(const struct rbmap_names *names, uint64_t address);

/* -ENOMEM, once, where any name could not be looked up for want of memory; else 0. */
int rbmap_names_state(struct rbmap_names *names);

/* A name from a record, for a pid without one; it ends with a 0 or after size bytes. */
void rbmap_names_learn(struct rbmap_names *names, int pid, const char *comm,
		       size_t size);

/* ,"comm":"COMM","pid":PID */
void rbmap_names_put_pid(struct text *text, const char *comm, int pid);

/*
 * functions.c. Names of functions are those of @read's text, which is to be freed, not
 * those of the file kallsyms.
 */
void rbmap_names_read_symbols(struct rbmap_names *names,
			      int (*read)(void *context, char **ret), void *context);

/* Makes the handle ask here; it then also prints names. Returns 0 or -ENOMEM. */
int rbmap_names_resolve_functions(struct rbmap_names *names);
void rbmap_names_forget_functions(struct rbmap_names *names);

/* NULL where the address is in no function that is known. */
const struct rbmap_function *rbmap_names_function(struct rbmap_names *names,
						  uint64_t address);

/*
 * The address of the symbol of that name, for a print format that has it where a number
 * should be. 1, 0 where there is none and *ret is 0, or -ENODATA where only
 * libtraceevent knows the functions.
 */
int rbmap_names_address(struct rbmap_names *names, const char *name, uint64_t *ret);

/* Makes libtraceevent, too, have that address for the name. Returns 0 or -ENOMEM. */
int rbmap_names_share_symbol(struct rbmap_names *names, const char *name);

/*
 * While it is on, functions are made up: to try how a record is printed takes no
 * symbols, which need not be read then.
 */
void rbmap_names_try_functions(struct rbmap_names *names, bool on);

/* Such a function: its name, or NULL; *address becomes that of its start. */
const char *rbmap_names_trial_function(unsigned long long *address);

#endif
