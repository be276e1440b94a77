// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>

#include "common.h"
#include "selection.h"
#include "tracing-file.h"
#include "undo.h"

#define PATH_ROOM 600

static void event_path(char path[PATH_ROOM], const struct selected_event *event,
		       const char *file)
{
	snprintf(path, PATH_ROOM, "events/%.255s/%.255s/%s", event->system, event->name,
		 file);
}

/*
 * The kernel's reason for refusing a filter or a trigger: the last entry of error_log,
 * "[TIME] WHERE: error: REASON", a line with the command and one with a caret. Without
 * one that was not there before, NULL.
 */
static char *kernel_reason(struct tracefs_instance *instance, const char *before)
{
	char *log = tracefs_error_last(instance);
	char *command = log ? strstr(log, "  Command: ") : NULL;
	char *caret = command ? strrchr(command, '^') : NULL;
	char *error = NULL, *found = log;
	char *reason = NULL;

	if (log && before && !strcmp(log, before)) {
		free(log);
		return NULL;
	}
	if (command)
		*command = '\0';
	/* "event filter parse error: error: REASON" says it twice. */
	while (found && (found = strstr(found, "error: "))) {
		found += strlen("error: ");
		error = found;
	}
	if (error)
		error[strcspn(error, "\n")] = '\0';
	if (error && caret)
		caret -= strcspn(command + 1, "\n") + strlen("\n  Command: ");
	if (error && asprintf(&reason, caret ? "%s (at character %d)" : "%s", error,
			      caret ? (int)(caret - command) : 0) < 0)
		reason = NULL;
	free(log);
	return reason;
}

/* What -e names has its filter in another option. */
static const char *filter_option(const struct selected_event *event)
{
	return strcmp(event->option->option, "-e") ? event->option->option : "-f";
}

static int refused(char *reason, bool is_filter, const char *text,
		   const struct selected_event *event, int r)
{
	const char *option = is_filter ? filter_option(event) : "-R";
	/* Not by the errno alone: a quote that is missing is ESRCH to the kernel. */
	bool wrong = reason || r == -EINVAL;

	if (wrong)
		common_usage_error("%s '%s': not a valid %s for %s:%s: %s", option,
				   text, is_filter ? "filter" : "trigger",
				   event->system, event->name,
				   reason ? reason : strerror(-r));
	else
		common_error("%s '%s': %s:%s: %s", option, text, event->system,
			     event->name, strerror(-r));
	return wrong ? COMMON_USAGE : COMMON_FAILURE;
}

/* A trigger is added to those that are there. */
static int write_condition(struct tracefs_instance *instance, bool is_filter,
			   const char *text, const struct selected_event *event)
{
	char *before = tracefs_error_last(instance);
	char *reason = NULL;
	char path[PATH_ROOM];
	int r, status;

	event_path(path, event, is_filter ? "filter" : "trigger");
	r = is_filter ? tracing_write(instance, path, text) :
			tracing_append(instance, path, text);
	if (r < 0)
		reason = kernel_reason(instance, before);
	free(before);
	status = r < 0 ? refused(reason, is_filter, text, event, r) : COMMON_OK;
	free(reason);
	return status;
}

static int set_filter(const struct selected_event *event,
		      struct tracefs_instance *instance, struct undo_list *undo)
{
	const char *filter = event->option->filter;
	char path[PATH_ROOM];
	char *before;
	int r = 0;

	if (!filter)
		return COMMON_OK;
	event_path(path, event, "filter");
	if (undo) {
		before = tracing_read(instance, path);
		/* "none" is what the file says, "0" what it takes. */
		r = before ? undo_add(undo, path,
				      strcmp(before, "none") ? before : "0") :
			     -errno;
		free(before);
	}
	return r < 0 ? refused(NULL, true, filter, event, r) :
		       write_condition(instance, true, filter, event);
}

/* What removes the trigger again, to be freed; prints an error and returns NULL. */
static char *removal_of(const char *trigger)
{
	char *removal;

	if (asprintf(&removal, "!%s", trigger) >= 0)
		return removal;
	common_error("-R %s: %s", trigger, strerror(ENOMEM));
	return NULL;
}

static int remove_trigger(const struct selected_event *event, const char *trigger,
			  struct tracefs_instance *instance)
{
	char *removal = removal_of(trigger);
	char path[PATH_ROOM];
	int r;

	if (!removal)
		return COMMON_FAILURE;
	event_path(path, event, "trigger");
	r = tracing_append(instance, path, removal);
	free(removal);
	return r < 0 ? common_fail("-R %s: could not be removed again: %s", trigger,
				   strerror(-r)) :
		       COMMON_OK;
}

/* Whether the kernel takes them; each is taken back at once. */
static int try_triggers(const struct selected_event *event,
			struct tracefs_instance *instance)
{
	int status = COMMON_OK;

	for (size_t i = 0; status == COMMON_OK && i < event->option->nr_triggers; i++) {
		const char *trigger = event->option->triggers[i];

		status = write_condition(instance, false, trigger, event);
		if (status == COMMON_OK)
			status = remove_trigger(event, trigger, instance);
	}
	return status;
}

static int set_trigger(const struct selected_event *event, const char *trigger,
		       struct tracefs_instance *instance, struct undo_list *undo)
{
	char path[PATH_ROOM];
	char *removal;
	int r, status;

	status = write_condition(instance, false, trigger, event);
	if (status != COMMON_OK || !undo)
		return status;
	removal = removal_of(trigger);
	if (!removal)
		return COMMON_FAILURE;
	event_path(path, event, "trigger");
	r = undo_add_step(undo, path, removal);
	free(removal);
	return r < 0 ? common_fail("-R %s: %s", trigger, strerror(-r)) : COMMON_OK;
}

void selection_silence(const struct selection *selection,
		       struct tracefs_instance *instance)
{
	char path[PATH_ROOM];

	for (size_t i = 0; i < selection->nr; i++) {
		if (!selection->events[i].option->nr_triggers)
			continue;
		event_path(path, &selection->events[i], "enable");
		tracing_write(instance, path, "0");
	}
}

int selection_set_triggers(const struct selection *selection,
			   struct tracefs_instance *instance, struct undo_list *undo)
{
	const struct selected_event *event;
	int status = COMMON_OK;

	for (size_t i = 0; status == COMMON_OK && i < selection->nr; i++) {
		event = &selection->events[i];
		for (size_t j = 0;
		     status == COMMON_OK && j < event->option->nr_triggers; j++)
			status = set_trigger(event, event->option->triggers[j],
					     instance, undo);
	}
	return status;
}

static int enable_event(const struct selected_event *event,
			struct tracefs_instance *instance, struct undo_list *undo)
{
	char path[PATH_ROOM];
	char *before;
	int r = 0;

	event_path(path, event, "enable");
	if (undo) {
		before = tracing_read(instance, path);
		if (!before)
			r = -errno;
		/* "1*" and "0*": there are triggers as well. */
		else if (before[0] == '0')
			r = undo_add_step(undo, path, "0");
		free(before);
	}
	if (r == 0)
		r = tracing_write(instance, path, "1");
	if (r < 0)
		return common_fail("%s %s:%s: could not be enabled: %s",
				   event->option->option, event->system, event->name,
				   strerror(-r));
	return COMMON_OK;
}

/* One write for a whole system is what the kernel does fastest: 0.2 s for all events.
 */
static bool enable_system(const char *system, struct tracefs_instance *instance)
{
	char path[PATH_ROOM];

	snprintf(path, sizeof(path), "events/%.255s/enable", system);
	return tracing_write(instance, path, "1") == 0;
}

static bool is_whole_system(const char *system, size_t nr,
			    struct tracefs_instance *instance)
{
	char path[PATH_ROOM];
	char **all;
	size_t there;

	snprintf(path, sizeof(path), "events/%.255s", system);
	all = common_directories(instance, path);
	there = all ? tracefs_list_size(all) : 0;
	tracefs_list_free(all);
	return there && nr == there;
}

/* The events of one system, from first on; *nr is how many they are. */
static int enable_one_system(const struct selection *selection, size_t first,
			     size_t *nr, struct tracefs_instance *instance,
			     struct undo_list *undo)
{
	const struct selected_event *events = selection->events + first;
	int status = COMMON_OK;

	for (*nr = 0; first + *nr < selection->nr; ++*nr)
		if (strcmp(events[*nr].system, events[0].system))
			break;
	if (!undo && is_whole_system(events[0].system, *nr, instance) &&
	    enable_system(events[0].system, instance))
		return COMMON_OK;
	for (size_t i = 0; status == COMMON_OK && i < *nr; i++)
		status = enable_event(&events[i], instance, undo);
	return status;
}

int selection_enable(const struct selection *selection,
		     struct tracefs_instance *instance, struct undo_list *undo)
{
	int status = COMMON_OK;
	size_t nr;

	for (size_t i = 0; status == COMMON_OK && i < selection->nr; i++)
		status = set_filter(&selection->events[i], instance, undo);
	for (size_t i = 0; status == COMMON_OK && i < selection->nr; i++)
		status = try_triggers(&selection->events[i], instance);
	for (size_t i = 0; status == COMMON_OK && i < selection->nr; i += nr)
		status = enable_one_system(selection, i, &nr, instance, undo);
	return status;
}
