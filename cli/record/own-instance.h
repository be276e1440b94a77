/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instances that rbmap-record makes are named rbmap-record-PID, a second one
 * rbmap-record-PID.1, and their directory is locked (flock(2)) for as long as the
 * process lives: what is not locked was left by one that was killed. So are the
 * rbmap-probe-TID of the library.
 */
#ifndef RECORD_OWN_INSTANCE_H
#define RECORD_OWN_INSTANCE_H

struct tracefs_instance;

/* Removes what killed processes have left in the tracefs at @dir. */
void own_instances_clean(const char *dir);

/*
 * Makes an instance; *@lock is a file descriptor to be kept until it is removed.
 * Returns 0 or a negative errno.
 */
int own_instance_create(struct tracefs_instance **ret, int *lock, const char *dir);

/* Removes it; unlocks and frees also where that fails. */
void own_instance_remove(struct tracefs_instance *instance, int lock, const char *dir);

/*
 * Locks an instance that is not our own against a second recorder. Returns a file
 * descriptor to be kept meanwhile, or a negative errno; -EWOULDBLOCK: there is one.
 */
int instance_lock(struct tracefs_instance *instance);

#endif
