/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file of unknown origin is read by a process of its own, which can do nothing but
 * read it and print: what libtraceevent may be made to do then, it does there.
 */
#ifndef REPORT_CAGE_H
#define REPORT_CAGE_H

/*
 * Calls @work in a child process, waits for its end and returns its exit code; a crash
 * is an error message about @file and COMMON_FAILURE.
 */
int cage_run(const char *file, int (*work)(void *context), void *context);

/*
 * From now on the process has no privileges, opens nothing, and has memory for reading
 * and for as many threads as @jobs. Prints its errors, and above a @verbosity of 0 what
 * the kernel does not have for it, and returns an exit code.
 */
int cage_enter(unsigned int jobs, int verbosity);

#endif
