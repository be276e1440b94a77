/* SPDX-License-Identifier: GPL-2.0-only */
/* The traced command. */
#ifndef RECORD_COMMAND_H
#define RECORD_COMMAND_H

#include <signal.h>
#include <stdbool.h>

#include "config.h"

struct command;

/*
 * Forks, but does not run the command yet. It has to be done before this thread goes
 * into set_event_notrace_pid: with the event-fork option the kernel adds the children
 * of a thread on that list. Under sudo, pkexec or doas, and with --user, the command
 * will run as that user. @mask is the signal mask that it gets. Prints its errors;
 * returns an exit code, 127 (126) where there is no such command (it cannot be run).
 */
int command_fork(struct command **ret, const struct config *config,
		 const sigset_t *mask);

/* Lets it run. */
void command_go(struct command *command);

/*
 * After SIGCHLD: is it over? Then *@status is what to exit with: its own, 128 and the
 * signal, or 127 and 126 after an error message.
 */
bool command_is_over(struct command *command, int *status);

/* Did it never run at all, since exec(3) failed? */
bool command_never_ran(const struct command *command);

void command_signal(const struct command *command, int signal_number);

/* Kills it where it has not been let run. NULL is taken. */
void command_free(struct command *command);

#endif
