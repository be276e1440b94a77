/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Files of an instance (NULL: the top-level one), with the errno that libtracefs's own
 * helpers lose. Where neither tracefs nor debugfs is mounted they return -ENOENT.
 */
#ifndef RBMAP_TRACEFS_TRACEFS_H
#define RBMAP_TRACEFS_TRACEFS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

struct tracefs_instance;

/*
 * Where tracefs is mounted, or can be reached through debugfs; @ret is to be freed.
 * libtracefs's own question leaks its answer at every call. Returns 0, -ENOENT or
 * -ENOMEM.
 */
int rbmap_tracefs_find(char **ret);

/* Asks without mounting it, as libtracefs would. */
bool rbmap_tracefs_is_mounted(void);

/* Opens with @flags and O_CLOEXEC; returns the fd or a negative errno. */
int rbmap_tracefs_open(struct tracefs_instance *instance, const char *file, int flags);

/*
 * Reads a whole file. @ret is to be freed and is terminated with a 0 that @ret_size,
 * which may be NULL, does not count. Both untouched on failure.
 */
int rbmap_tracefs_read(struct tracefs_instance *instance, const char *file, char **ret,
		       size_t *ret_size);

/* As rbmap_tracefs_read(), what is left of an open file. */
int rbmap_fd_read(int fd, char **ret, size_t *ret_size);

/*
 * The directory that @fd is open on, for closedir(3), which closes @fd; so does a
 * failure. A negative errno for @fd is passed on.
 */
int rbmap_fd_directory(int fd, DIR **ret);

/* rbmap_tracefs_read() for any file, from a directory (AT_FDCWD) as openat(2) has it.
 */
int rbmap_file_read(int dir, const char *path, char **ret, size_t *ret_size);

#endif
