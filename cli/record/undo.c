// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "undo.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "tracing-file.h"

#define WHITE_SPACE " \t\n"

enum kind {
	SETTING,
	STEP,
	THREADS
};

/*
 * @text: what is to be written; of THREADS, those that were there
 * @ours: of a SETTING, the text of the file when all was set; of THREADS, the added
 * ones
 * @foreign: another program has changed the setting
 */
struct undo {
	enum kind kind;
	char *file;
	char *text;
	char *ours;
	bool foreign;
};

struct undo_list {
	struct undo *entries;
	size_t nr;
};

struct undo_list *undo_new(void)
{
	return calloc(1, sizeof(struct undo_list));
}

static void free_entry(struct undo *entry)
{
	free(entry->file);
	free(entry->text);
	free(entry->ours);
}

static int add(struct undo_list *undo, enum kind kind, const char *file,
	       const char *text, const char *ours)
{
	struct undo *larger =
		reallocarray(undo->entries, undo->nr + 1, sizeof(*larger));
	struct undo *entry;

	if (!larger)
		return -ENOMEM;
	undo->entries = larger;
	entry = &larger[undo->nr];
	*entry = (struct undo){
		.kind = kind,
		.file = strdup(file),
		.text = strdup(text),
		.ours = ours ? strdup(ours) : NULL,
	};
	if (!entry->file || !entry->text || (ours && !entry->ours)) {
		free_entry(entry);
		return -ENOMEM;
	}
	undo->nr++;
	return 0;
}

int undo_add(struct undo_list *undo, const char *file, const char *text)
{
	return add(undo, SETTING, file, text, NULL);
}

int undo_add_step(struct undo_list *undo, const char *file, const char *text)
{
	return add(undo, STEP, file, text, NULL);
}

int undo_add_threads(struct undo_list *undo, const char *file, const char *before,
		     const char *added)
{
	return add(undo, THREADS, file, before, added);
}

int undo_set(struct undo_list *undo, struct tracefs_instance *instance,
	     const char *file, const char *text)
{
	char *before;
	int r;

	if (!undo)
		return tracing_write(instance, file, text);
	before = tracing_read(instance, file);
	r = before ? undo_add(undo, file, before) : -errno;
	free(before);
	return r < 0 ? r : tracing_write(instance, file, text);
}

void undo_settle(struct undo_list *undo, struct tracefs_instance *instance)
{
	for (size_t i = 0; i < undo->nr; i++) {
		struct undo *entry = &undo->entries[i];

		if (entry->kind == SETTING && !entry->ours)
			entry->ours = tracing_read(instance, entry->file);
	}
}

/* Of several notes about one file, the last is what the file was set to. */
static bool is_last_of_file(const struct undo_list *undo, size_t i)
{
	for (size_t later = i + 1; later < undo->nr; later++)
		if (!strcmp(undo->entries[later].file, undo->entries[i].file))
			return false;
	return true;
}

/* Before anything is written: one setting may change what another file says. */
static void find_foreign(struct undo_list *undo, struct tracefs_instance *instance)
{
	for (size_t i = 0; i < undo->nr; i++) {
		struct undo *entry = &undo->entries[i];
		char *now;

		if (entry->kind != SETTING || !entry->ours)
			continue;
		now = tracing_read(instance, entry->file);
		entry->foreign = now && strcmp(now, entry->ours) != 0;
		if (entry->foreign && is_last_of_file(undo, i))
			common_error("%s: not restored to '%s', since another program "
				     "has changed it meanwhile",
				     entry->file, entry->text);
		free(now);
	}
}

/* Is the number that @word begins with in @list? */
static bool is_listed(const char *list, const char *word)
{
	size_t length = strcspn(word, WHITE_SPACE), there;

	for (list += strspn(list, WHITE_SPACE); *list;
	     list += strspn(list, WHITE_SPACE)) {
		there = strcspn(list, WHITE_SPACE);
		if (there == length && !memcmp(list, word, length))
			return true;
		list += there;
	}
	return false;
}

/*
 * With event-fork, the kernel has added the descendants of listed threads: which of
 * those that were not there before are another program's cannot be seen.
 */
static bool stays(const struct undo *entry, const char *word, bool children)
{
	return is_listed(entry->text, word) ||
	       (!children && !is_listed(entry->ours, word));
}

/* Of what the file holds, only what is to stay; to be freed. *less: that is not all. */
static char *keep_others(const struct undo *entry, const char *now, bool children,
			 bool *less)
{
	char *kept = malloc(strlen(now) + 2), *end = kept;
	size_t length;

	*less = false;
	if (!kept)
		return NULL;
	for (now += strspn(now, WHITE_SPACE); *now; now += strspn(now, WHITE_SPACE)) {
		length = strcspn(now, WHITE_SPACE);
		if (stays(entry, now, children)) {
			end = mempcpy(end, now, length);
			*end++ = ' ';
		} else {
			*less = true;
		}
		now += length;
	}
	*end = '\0';
	return kept;
}

static int remove_threads(const struct undo *entry, bool children,
			  struct tracefs_instance *instance)
{
	char *now = tracing_read(instance, entry->file), *kept;
	bool less;
	int r = 0;

	if (!now)
		return -errno;
	kept = keep_others(entry, now, children, &less);
	if (!kept)
		r = -ENOMEM;
	else if (less)
		r = tracing_replace(instance, entry->file, kept);
	free(kept);
	free(now);
	return r;
}

static bool lists_children(struct tracefs_instance *instance)
{
	char *text = tracing_read(instance, "options/event-fork");
	bool set = text && !strcmp(text, "1");

	free(text);
	return set;
}

void undo_run(struct undo_list *undo, struct tracefs_instance *instance)
{
	struct undo *entry;
	bool children;
	int r;

	if (!undo->nr)
		return;
	children = lists_children(instance);
	find_foreign(undo, instance);
	while (undo->nr) {
		entry = &undo->entries[--undo->nr];
		r = 0;
		if (entry->kind == THREADS)
			r = remove_threads(entry, children, instance);
		else if (!entry->foreign)
			r = tracing_write(instance, entry->file, entry->text);
		if (r < 0)
			common_error("%s: could not be restored to '%s': %s",
				     entry->file, entry->text, strerror(-r));
		free_entry(entry);
	}
}

void undo_free(struct undo_list *undo)
{
	if (!undo)
		return;
	for (size_t i = 0; i < undo->nr; i++)
		free_entry(&undo->entries[i]);
	free(undo->entries);
	free(undo);
}
