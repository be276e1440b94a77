/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way back: what was changed in an instance that is not our own. A setting that
 * another program has changed meanwhile stays, and so do threads that it has added.
 */
#ifndef RECORD_UNDO_H
#define RECORD_UNDO_H

struct tracefs_instance;

/* What has to be written, in the opposite order, to have things as they were. */
struct undo_list *undo_new(void);

/* Notes that @file, a setting, has to be written @text. Returns 0 or -ENOMEM. */
int undo_add(struct undo_list *undo, const char *file, const char *text);

/* As undo_add(), but always written: it takes back only what was done. */
int undo_add_step(struct undo_list *undo, const char *file, const char *text);

/*
 * As undo_add(), for threads, separated by white space: @file holds @before, and @added
 * have to leave it.
 */
int undo_add_threads(struct undo_list *undo, const char *file, const char *before,
		     const char *added);

/* As tracing_write(); unless @undo is NULL, what the file holds is noted before. */
int undo_set(struct undo_list *undo, struct tracefs_instance *instance,
	     const char *file, const char *text);

/* All is set: another text is another program's. Before this, all is put back. */
void undo_settle(struct undo_list *undo, struct tracefs_instance *instance);

/* Writes it all, empties the list, and reports what is not restored. */
void undo_run(struct undo_list *undo, struct tracefs_instance *instance);

void undo_free(struct undo_list *undo);

#endif
