/* SPDX-License-Identifier: GPL-2.0-only */
/* The events that options name, found in the instance. */
#ifndef RECORD_SELECTION_H
#define RECORD_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "common.h"

struct tracefs_instance;
struct undo_list;

struct selected_event {
	char *system;
	char *name;
	const struct common_event_option *option;
};

/* Sorted by system and name, each event once. */
struct selection {
	struct selected_event *events;
	size_t nr;
};

/*
 * Expands the options, which are borrowed; the last that names an event counts. One
 * that matches nothing is an error; prints it and returns an exit code.
 */
int selection_find(struct selection *ret, struct tracefs_instance *instance,
		   const struct common_event_options *options);

/* Likewise, but two options that name one event are an error as well. */
int selection_find_once(struct selection *ret, struct tracefs_instance *instance,
			const struct common_event_options *options);

/*
 * Sets filters, tries the triggers, then enables the events. With @undo, notes there
 * how to have them as before. Prints errors; returns an exit code.
 */
int selection_enable(const struct selection *selection,
		     struct tracefs_instance *instance, struct undo_list *undo);

/*
 * Sets the triggers; likewise. They fire also while tracing is off, and one that counts
 * would be used up before the recording begins: so this comes last.
 */
int selection_set_triggers(const struct selection *selection,
			   struct tracefs_instance *instance, struct undo_list *undo);

/* Disables the events that have triggers, one of which may turn tracing on again. */
void selection_silence(const struct selection *selection,
		       struct tracefs_instance *instance);

/* "system:event" of each, ended by NULL; to be freed with selection_names_free(). */
char **selection_names(const struct selection *selection);

/* The systems, each once, ended by NULL; likewise. */
char **selection_systems(const struct selection *selection);

void selection_names_free(char **names);

void selection_free(struct selection *selection);

#endif
