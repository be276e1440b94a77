/* SPDX-License-Identifier: LGPL-2.1-only */
/* The instance that an option struct selects, by a handle of libtracefs or by name. */
#ifndef RBMAP_TRACEFS_INSTANCE_H
#define RBMAP_TRACEFS_INSTANCE_H

struct tracefs_instance;

/* Opened by name: sessions that were split from each other share it, in any thread. */
struct rbmap_instance;

/*
 * @ret: the opened instance, to be closed; NULL without a @name
 * @instance: the handle of the options, which stays as it is without a @name, and
 *	becomes that of @ret with one; untouched on failure
 *
 * Creates no instance. Returns 0, -EINVAL if both are given or the name cannot be that
 * of an instance, -ENOENT if there is no such instance, -ENOMEM, or another errno from
 * looking for it.
 */
int rbmap_instance_select(struct rbmap_instance **ret,
			  struct tracefs_instance **instance, const char *name);

/* Another holder of the same; NULL for NULL. */
struct rbmap_instance *rbmap_instance_share(struct rbmap_instance *opened);

/* Freed with its last holder; takes NULL. */
void rbmap_instance_close(struct rbmap_instance *opened);

#endif
