/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * An instance that is made to try something, and removed again. Its directory is locked
 * meanwhile: rbmap-record removes unlocked ones, which a killed process left.
 */
#ifndef RBMAP_TRACEFS_PROBE_INSTANCE_H
#define RBMAP_TRACEFS_PROBE_INSTANCE_H

/*
 * @top: where tracefs is mounted; borrowed
 * @fd: the directory of the instance, locked; -1: there is none
 */
struct probe_instance {
	int top;
	int fd;
	char path[64];
};

/*
 * A negative errno if it cannot be made, -ENOMEM where memory for its rings is short.
 * Also then, the close does no harm.
 */
int rbmap_probe_instance_open(struct probe_instance *instance, int top);

/* None of its rings may be mapped any more. */
void rbmap_probe_instance_close(struct probe_instance *instance);

/* trace_pipe_raw of a CPU: an fd that does not block, or a negative errno. */
int rbmap_probe_instance_ring(const struct probe_instance *instance, int cpu);

#endif
