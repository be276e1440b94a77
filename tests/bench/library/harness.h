/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of library.sh share. Each is one tool (latency or who-ran) on one
 * way to get events and fields; library.sh chooses both when it compiles them.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

struct tep_handle;
struct tracefs_instance;

struct harness {
	const char *name;
	struct tracefs_instance *instance;
	/* Only the programs that use libtraceevent themselves need it. */
	struct tep_handle *tep;
	struct rusage before;
};

/* Ends the program. The kernel may set no errno: then only what failed is said. */
void harness_die(const char *what, int error);

/* Set by SIGINT: the load has ended. */
extern volatile int harness_stop;

/*
 * Of live.c. harness_start() is called when everything is open: from here on CPU time
 * is counted. harness_end() stops tracing, so that what is left can be drained to the
 * end.
 */
void harness_start(struct harness *harness);
void harness_end(void);

/* A way to get events defines these: live, and from a file. */
void source_open(struct harness *harness);
void source_run(struct harness *harness);
void source_close(struct harness *harness);
void source_file(struct harness *harness, const char *path);

#endif
