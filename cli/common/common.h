/* SPDX-License-Identifier: GPL-2.0-only */
/* What all commands share. Nothing here knows what a command does. */
#ifndef COMMON_H
#define COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <rbmap/log.h>

struct tracefs_instance;

/* Exit codes; a traced command's own status is passed on as it is. */
enum common_exit {
	COMMON_OK = 0,
	COMMON_FAILURE = 1,
	COMMON_USAGE = 2,
	COMMON_LOST = 3
};

/* The first of two exit codes that is not COMMON_OK. */
static inline int common_worse(int status, int other)
{
	return status == COMMON_OK ? other : status;
}

/* ---- message.c: messages, standard streams ---- */

/*
 * To be called first. @name is borrowed for good. Fills closed standard streams, so
 * that no tracing file ends up as fd 1, and ignores SIGPIPE and SIGXFSZ: a command that
 * cannot write any more has to put things back before it ends.
 */
void common_init(const char *name);

/* SIGPIPE and SIGXFSZ as inherited; for a child, between fork and exec. */
void common_restore_signals(void);

/* The name given to common_init(). */
const char *common_name(void);

/*
 * One line "NAME: MESSAGE" to standard error. Write messages as
 * "WHAT: WHY; REMEDY". Control characters are shown as '?', so that an argument
 * cannot break the line. Keeps errno.
 */
void common_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* common_error(); returns COMMON_FAILURE. */
int common_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* common_error() and "Try 'NAME --help'."; returns COMMON_USAGE. */
int common_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Flushes and closes standard output. Returns @status, or COMMON_FAILURE after an
 * error message where the output could not be written and @status was COMMON_OK. A
 * reader that went away (EPIPE) is no failure.
 */
int common_close_stdout(int status);

/*
 * For loops that print: flushes standard output; false where it cannot be written any
 * more. common_close_stdout() then says why.
 */
bool common_flush_stdout(void);

/*
 * A log for the library that prints to standard error: nothing (verbosity -1),
 * warnings (0), choices too (1), all (2 and above).
 */
struct rbmap_log common_log(int verbosity);

/* Prints "NAME (rbmap) VERSION" to standard output. */
void common_print_version(void);

/* ---- cpulist.c ---- */

/* CPU numbers, ascending, each once. */
struct common_cpus {
	int *cpus;
	size_t nr;
};

/*
 * Parses a list as the kernel writes them: "0-3,5,8-". @last is the highest CPU
 * number allowed, and the end of an open range. @ret is untouched on failure.
 * Returns 0, -EINVAL where it is no list, -ERANGE for a number above @last, -ENOMEM.
 */
int common_cpus_parse(struct common_cpus *ret, const char *text, int last);

/*
 * Parses -M @text for a @owner ("the file") whose last CPU is @last. Prints its error
 * and returns an exit code.
 */
int common_cpus_take(struct common_cpus *ret, const char *text, int last,
		     const char *owner);

void common_cpus_free(struct common_cpus *cpus);

bool common_cpus_has(const struct common_cpus *cpus, int cpu);

/* The list as the kernel would write it. */
void common_cpus_write(const struct common_cpus *cpus, FILE *out);

/* Likewise, to be freed; NULL without memory. */
char *common_cpus_text(const struct common_cpus *cpus);

/*
 * Reads a list of the machine: "possible", "present" or "online". Returns 0 or a
 * negative errno.
 */
int common_cpus_read(struct common_cpus *ret, const char *which);

/* What common_cpus_choose() does about a CPU that is offline. */
enum common_offline {
	COMMON_OFFLINE_TAKE,
	COMMON_OFFLINE_REFUSE
};

/*
 * The CPUs that -M @text names, checked against the machine; without @text all
 * present (COMMON_OFFLINE_TAKE) or all online ones. Prints its error and returns an
 * exit code.
 */
int common_cpus_choose(struct common_cpus *ret, const char *text,
		       enum common_offline offline);

/* ---- units.c: all untouched on failure, -EINVAL no such thing, -ERANGE too big */

/* Decimal digits only. */
int common_parse_number(uint64_t *ret, const char *text);

/* KB, the kernel's 1024 bytes: "1408", "1408K", "64M", "2G". Zero is taken. */
int common_parse_kb(uint64_t *ret, const char *text);

/* Nanoseconds: "2", "1.5", "500us", "500ms", "2s", "3m", "1h". Zero is taken. */
int common_parse_time(uint64_t *ret_ns, const char *text);

/* Large enough for any common_format_*(); each returns the buffer. */
#define COMMON_FORMAT_SIZE 32

/* "512 B", "1.5 KB", "16.0 MB": powers of 1024. */
const char *common_format_bytes(char text[COMMON_FORMAT_SIZE], uint64_t bytes);

/* "8,000,000", whatever the locale. */
const char *common_format_count(char text[COMMON_FORMAT_SIZE], uint64_t count);

/* "812 ms", "1.50 s", "3 m 20 s", "26 h 10 m". */
const char *common_format_time(char text[COMMON_FORMAT_SIZE], uint64_t ns);

/* ---- pattern.c: what an -e names ---- */

/*
 * "SYSTEM:EVENT" binds both; a word is a system, or else an event of any. Globs all.
 * @event is NULL for a word, and lies in @system's memory.
 */
struct common_pattern {
	char *system;
	const char *event;
};

/* Returns 0 or -ENOMEM; free with common_pattern_free(). */
int common_pattern_parse(struct common_pattern *ret, const char *text);

void common_pattern_free(struct common_pattern *pattern);

/* Whether there is any use in asking for the events of this system. */
bool common_pattern_may_name(const struct common_pattern *pattern, const char *system);

bool common_pattern_names(const struct common_pattern *pattern, const char *system,
			  const char *event);

/* ---- event-option.c: the options that name events ---- */

/* One of them, with what belongs to it. All strings are argv's. */
struct common_event_option {
	/* What it is called in messages. */
	const char *option;
	const char *pattern;
	const char *filter;
	const char **triggers;
	size_t nr_triggers;
};

/* In the order of the command line. */
struct common_event_options {
	struct common_event_option *options;
	size_t nr;
};

/* With neither filter nor triggers. Prints its errors; returns an exit code. */
int common_event_options_add(struct common_event_options *list, const char *option,
			     const char *pattern);

/* NULL where there is none; valid until the next one is added. */
struct common_event_option *
common_event_options_last(const struct common_event_options *list);

void common_event_options_free(struct common_event_options *list);

/* ---- privilege.c ---- */

/*
 * All is open: the calling thread gives up every capability but those of @keep
 * (CAP_...) that it has. Prints its errors; an exit code.
 */
int common_drop_privileges(const int *keep, size_t nr);

/* A ring takes up to two descriptors a CPU, and the limit is often 1024. */
void common_raise_file_limit(void);

/*
 * The calling thread to nice -20 where that is allowed. A nice value other than 0 was
 * chosen by the caller, and is kept.
 */
void common_raise_priority(void);

/*
 * The user who called sudo, pkexec or doas, by the variable that it sets; NULL without
 * one. @problem: why the variable gives no user; NULL if @uid is known, though it may
 * have no name.
 */
struct common_caller {
	const char *variable;
	const char *text;
	const char *problem;
	uid_t uid;
};

void common_find_caller(struct common_caller *ret);

/* ---- tracefs-check.c: each prints its error and returns an exit code ---- */

/*
 * Where tracefs is mounted; @ret_dir lives for good. Mounts nothing, and must be
 * called before libtracefs is asked for anything, since that may mount.
 */
int common_tracefs_check(const char **ret_dir);

/*
 * An instance that exists; @name NULL is the top-level one, and *@ret NULL then.
 * Free with tracefs_instance_free(), which takes NULL. Includes
 * common_tracefs_check().
 */
int common_instance_open(struct tracefs_instance **ret, const char *name);

/* May an instance have this name? Prints nothing. */
bool common_instance_name_ok(const char *name);

/*
 * Prints nothing. The directories below events or events/SYSTEM, ended by NULL; to be
 * freed with tracefs_list_free(). NULL with errno, which is 0 where there are none.
 */
char **common_directories(struct tracefs_instance *instance, const char *below);

/* ---- writer.c: lines to a reader that may take them slowly, or not at all ---- */

/* A write this large costs next to nothing a line. */
#define COMMON_WRITE_SIZE (64 * 1024)

struct common_writer {
	int fd;
	/* That terminal, opened again; -1: it is none. */
	int terminal;
	/* Readable once it is time to stop; -1 where signals end the process. */
	int stop_fd;
	/* The output may block for as long as its reader likes, and is not to. */
	bool may_block;
	uint64_t bytes;
	uint64_t writes;
};

/* @fd: borrowed */
void common_writer_init(struct common_writer *writer, int fd, int stop_fd);
void common_writer_close(struct common_writer *writer);

/*
 * Returns 0, -ETIMEDOUT where it is time to stop and the reader takes nothing, or the
 * negative errno of write(2).
 */
int common_writer_write(struct common_writer *writer, const char *text, size_t size);

/* ---- stderr.c ---- */

/*
 * For a program that blocks signals, which could not be ended while a message waits for
 * a reader that takes nothing: from now on a message waits for a second, and is dropped
 * then. Prints its errors; returns an exit code.
 */
int common_bound_stderr(void);

#endif
