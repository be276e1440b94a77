/* SPDX-License-Identifier: GPL-2.0-only */
/* Command lines: one loop over them, and the options that several commands have. */
#ifndef COMMON_OPTIONS_H
#define COMMON_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * @letter: 0 without a short form
 * @argument: required_argument or no_argument
 * @set: is given the member at @offset of the command's config; what the option is
 *	called in messages, "-e" or "--keep", for the time of the call; and the value,
 *	argv's, NULL without an argument. Prints its errors and returns an exit code.
 */
struct common_option {
	const char *name;
	char letter;
	int argument;
	int (*set)(void *member, const char *option, char *value);
	size_t offset;
};

enum common_operands {
	COMMON_OPERANDS_NONE,
	COMMON_OPERANDS_TAKEN,
	/* The first operand is a command: what follows are no options of ours. */
	COMMON_OPERANDS_COMMAND
};

/* --help and --version need not be among the options. */
struct common_command_line {
	const char *help;
	const struct common_option *options;
	size_t nr;
	enum common_operands operands;
};

#define COMMON_COMMAND_LINE(help, options, operands) \
	{ \
		help, options, sizeof(options) / sizeof((options)[0]), operands \
	}

/*
 * Sets what argv says in @config. Returns an exit code; with *done set there is nothing
 * left to do (--help, --version). Operands are at argv + optind.
 */
int common_parse(const struct common_command_line *line, void *config, int argc,
		 char **argv, bool *done);

/* ---- for common_option's set ---- */

/* bool: becomes true. */
int common_set_flag(void *member, const char *option, char *value);

/* const char *: becomes the value. */
int common_set_text(void *member, const char *option, char *value);

/* uint64_t: nanoseconds, more than 0. */
int common_set_time(void *member, const char *option, char *value);

/* struct common_event_options: is added to. */
int common_set_event(void *member, const char *option, char *value);

/* bool: --format where there are text and json; true for json. */
int common_set_json(void *member, const char *option, char *value);

/* int: -q and -v, as common_log() takes it. */
int common_set_quiet(void *member, const char *option, char *value);
int common_set_verbose(void *member, const char *option, char *value);

#define COMMON_OPTIONS_VERBOSITY(offset) \
	{ "quiet", 'q', no_argument, common_set_quiet, offset }, \
	{ \
		"verbose", 'v', no_argument, common_set_verbose, offset \
	}

/*
 * The place of @value in @words, which NULL ends. Prints its error and returns an exit
 * code.
 */
int common_find_word(int *ret, const char *const *words, const char *option,
		     const char *value);

#endif
