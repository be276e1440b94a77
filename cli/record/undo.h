/* SPDX-License-Identifier: GPL-2.0-only */
/* The way back: what was changed in an instance that is not our own. */
#ifndef RECORD_UNDO_H
#define RECORD_UNDO_H

struct tracefs_instance;

/* What has to be written, in the opposite order, to have things as they were. */
struct undo_list *undo_new(void);

/* Notes that @file has to be written @text. Returns 0 or -ENOMEM. */
int undo_add(struct undo_list *undo, const char *file, const char *text);

/* As undo_add(), with O_TRUNC. */
int undo_add_replace(struct undo_list *undo, const char *file, const char *text);

/*
 * Writes it all, empties the list, and complains of what could not be written.
 */
void undo_run(struct undo_list *undo, struct tracefs_instance *instance);

void undo_free(struct undo_list *undo);

#endif
