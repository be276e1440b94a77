// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>

#include "common.h"
#include "selection.h"

static int add(struct selection *selection, const char *system, const char *name,
	       const struct common_event_option *option)
{
	struct selected_event *larger;

	larger = reallocarray(selection->events, selection->nr + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	selection->events = larger;
	larger[selection->nr] =
		(struct selected_event){ strdup(system), strdup(name), option };
	selection->nr++;
	return larger[selection->nr - 1].system && larger[selection->nr - 1].name ?
		       0 :
		       -ENOMEM;
}

/* The ftrace system holds what tracers write; there is nothing to enable. */
static int match_system(struct selection *selection, struct tracefs_instance *instance,
			const char *system, const struct common_pattern *pattern,
			const struct common_event_option *option)
{
	char below[300];
	char **names;
	int r = 0;

	if (!strcmp(system, "ftrace") || !common_pattern_may_name(pattern, system))
		return 0;
	snprintf(below, sizeof(below), "events/%s", system);
	names = common_directories(instance, below);
	if (!names && errno == ENOMEM)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && names && names[i]; i++)
		if (common_pattern_names(pattern, system, names[i]))
			r = add(selection, system, names[i], option);
	tracefs_list_free(names);
	return r;
}

static int find_option(struct selection *selection, struct tracefs_instance *instance,
		       char **systems, const struct common_event_option *option)
{
	size_t before = selection->nr;
	struct common_pattern pattern;
	int r;

	r = common_pattern_parse(&pattern, option->pattern);
	if (r < 0)
		return common_fail("%s %s: %s", option->option, option->pattern,
				   strerror(-r));
	for (size_t i = 0; r == 0 && systems[i]; i++)
		r = match_system(selection, instance, systems[i], &pattern, option);
	common_pattern_free(&pattern);
	if (r < 0)
		return common_fail("%s %s: %s", option->option, option->pattern,
				   strerror(-r));
	if (selection->nr == before)
		return common_usage_error(
			"%s '%s': no such event; see available_events in tracefs",
			option->option, option->pattern);
	return COMMON_OK;
}

static int compare(const void *a, const void *b)
{
	const struct selected_event *left = a, *right = b;
	int r = strcmp(left->system, right->system);

	if (r == 0)
		r = strcmp(left->name, right->name);
	/* Options lie in one array, in the order of the command line. */
	if (r == 0)
		r = (left->option > right->option) - (left->option < right->option);
	return r;
}

static bool is_same_event(const struct selected_event *a,
			  const struct selected_event *b)
{
	return !strcmp(a->system, b->system) && !strcmp(a->name, b->name);
}

static void keep_last_of_each(struct selection *selection)
{
	struct selected_event *events = selection->events;
	size_t kept = 0;

	for (size_t i = 0; i < selection->nr; i++) {
		bool again = i + 1 < selection->nr &&
			     is_same_event(&events[i], &events[i + 1]);

		if (again) {
			free(events[i].system);
			free(events[i].name);
		} else {
			events[kept++] = events[i];
		}
	}
	selection->nr = kept;
}

/* Sorted; an event as often as it is named. */
static int find_all(struct selection *ret, struct tracefs_instance *instance,
		    const struct common_event_options *options)
{
	char **systems = common_directories(instance, "events");
	int status = COMMON_OK;

	*ret = (struct selection){ 0 };
	if (!systems)
		return common_fail("events: could not be listed: %s", strerror(errno));
	for (size_t i = 0; status == COMMON_OK && i < options->nr; i++)
		status = find_option(ret, instance, systems, &options->options[i]);
	tracefs_list_free(systems);
	if (status != COMMON_OK) {
		selection_free(ret);
		return status;
	}
	qsort(ret->events, ret->nr, sizeof(*ret->events), compare);
	return COMMON_OK;
}

int selection_find(struct selection *ret, struct tracefs_instance *instance,
		   const struct common_event_options *options)
{
	int status = find_all(ret, instance, options);

	if (status == COMMON_OK)
		keep_last_of_each(ret);
	return status;
}

int selection_find_once(struct selection *ret, struct tracefs_instance *instance,
			const struct common_event_options *options)
{
	int status = find_all(ret, instance, options);
	const struct selected_event *event;

	for (size_t i = 1; status == COMMON_OK && i < ret->nr; i++) {
		event = &ret->events[i];
		if (is_same_event(event - 1, event))
			status = common_usage_error(
				"%s '%s': %s:%s is named twice; join filters with ||",
				event->option->option, event->option->pattern,
				event->system, event->name);
	}
	if (status != COMMON_OK)
		selection_free(ret);
	return status;
}

char **selection_names(const struct selection *selection)
{
	char **names = calloc(selection->nr + 1, sizeof(*names));

	for (size_t i = 0; names && i < selection->nr; i++) {
		if (asprintf(&names[i], "%s:%s", selection->events[i].system,
			     selection->events[i].name) < 0) {
			names[i] = NULL;
			selection_names_free(names);
			return NULL;
		}
	}
	return names;
}

char **selection_systems(const struct selection *selection)
{
	char **names = calloc(selection->nr + 1, sizeof(*names));
	size_t nr = 0;

	for (size_t i = 0; names && i < selection->nr; i++) {
		const char *system = selection->events[i].system;

		if (nr && !strcmp(names[nr - 1], system))
			continue;
		names[nr] = strdup(system);
		if (!names[nr++]) {
			selection_names_free(names);
			return NULL;
		}
	}
	return names;
}

void selection_names_free(char **names)
{
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

void selection_free(struct selection *selection)
{
	for (size_t i = 0; i < selection->nr; i++) {
		free(selection->events[i].system);
		free(selection->events[i].name);
	}
	free(selection->events);
	*selection = (struct selection){ 0 };
}
