/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A directory that looks like an instance of tracefs: events/header_page, and a FIFO
 * for each trace_pipe_raw. It cannot be mapped, and what is sent can be read.
 */
#ifndef TEST_FAKE_TRACEFS_H
#define TEST_FAKE_TRACEFS_H

#include <stddef.h>
#include <stdint.h>

#define FAKE_SUBBUF_SIZE 4096
#define FAKE_CPUS_MAX 16

struct tracefs_instance;

struct fake_tracefs {
	char path[64];
	struct tracefs_instance *instance;
	int cpus[FAKE_CPUS_MAX];
	int fds[FAKE_CPUS_MAX];
	size_t nr_cpus;
};

void fake_tracefs_open(struct fake_tracefs *fake, const int *cpus, size_t nr_cpus);
void fake_tracefs_close(struct fake_tracefs *fake);

/* A file of the instance, with this text; its directory has to exist. */
void fake_tracefs_file(struct fake_tracefs *fake, const char *name, const char *text);

/* What the ring of the CPU at this index is to hand out next. */
void fake_tracefs_send(struct fake_tracefs *fake, size_t index, const void *bytes,
		       size_t size);

#endif
