/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * libtraceevent's plugins, opened once and loaded into any number of handles. One
 * handle is of our own: in it a plugin is tried, so that no other learns of made-up
 * records.
 */
#ifndef RBMAP_FORMAT_PLUGINS_H
#define RBMAP_FORMAT_PLUGINS_H

#include <stdbool.h>

#include <traceevent/event-parse.h>

#include <rbmap/log.h>

struct rbmap_plugins;

/*
 * Those that tep_load_plugins() loads; with privileges only those of the system, since
 * $HOME and TRACEEVENT_PLUGIN_DIR may be another user's. Returns 0 or -ENOMEM.
 */
int rbmap_plugins_open(struct rbmap_plugins **ret, const struct rbmap_log *log);

/* No handle uses them any more but our own. NULL is allowed. */
void rbmap_plugins_close(struct rbmap_plugins *plugins);

/*
 * Opens no file: also for a process that has confined itself meanwhile. Returns 0 or
 * -ENOMEM.
 */
int rbmap_plugins_load(struct rbmap_plugins *plugins, struct tep_handle *tep);
void rbmap_plugins_unload(struct rbmap_plugins *plugins, struct tep_handle *tep);

/*
 * Makes *ret of the event as our own handle has it: with the handler of a plugin and
 * the fields of @event, but functions that are made up. False where the handler of
 * @event is not that of a plugin, or without memory.
 */
bool rbmap_plugins_own_event(struct rbmap_plugins *plugins,
			     const struct tep_event *event, struct tep_event *ret);

#endif
