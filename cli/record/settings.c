// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>

#include "common.h"
#include "settings.h"
#include "tracing-file.h"

void settings_note(struct settings *settings, struct tracefs_instance *instance)
{
	settings->cpumask = tracing_read(instance, "tracing_cpumask");
	settings->clock = tracefs_get_clock(instance);
}

static void note_change(struct settings *settings, const char *file)
{
	settings->changed[settings->nr_changed++] = file;
}

/* A trigger of the recording itself may switch tracing off. */
static bool may_switch_off(const struct selection *selection)
{
	for (size_t i = 0; i < selection->nr; i++) {
		const struct common_event_option *option = selection->events[i].option;

		for (size_t j = 0; j < option->nr_triggers; j++)
			if (!strncmp(option->triggers[j], "traceoff", 8))
				return true;
	}
	return false;
}

static void compare_tracing(struct settings *settings,
			    struct tracefs_instance *instance,
			    const struct selection *selection)
{
	if (tracefs_trace_is_on(instance) != 0 || may_switch_off(selection))
		return;
	common_error("tracing_on: tracing was switched off during the recording, by "
		     "another program or the kernel; later events are missing");
	note_change(settings, "tracing_on");
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Points to the lines of a text, which is cut up; sorted, to be freed. */
static char **sort_lines(char *text, size_t *nr)
{
	size_t room = 1;
	char **lines, *line;

	for (const char *c = text; *c; c++)
		room += *c == '\n';
	lines = calloc(room, sizeof(*lines));
	*nr = 0;
	while (lines && (line = strsep(&text, "\n")))
		lines[(*nr)++] = line;
	if (lines)
		qsort(lines, *nr, sizeof(*lines), compare_lines);
	return lines;
}

static bool is_enabled(char *const *enabled, size_t nr,
		       const struct selected_event *event)
{
	char name[600], *key = name;

	snprintf(name, sizeof(name), "%s:%s", event->system, event->name);
	return bsearch(&key, enabled, nr, sizeof(*enabled), compare_lines);
}

static void tell_disabled(const struct selection *selection, size_t nr,
			  const struct selected_event *first)
{
	if (nr == 1)
		common_error("%s:%s: another program has disabled the event during the "
			     "recording; later ones are missing",
			     first->system, first->name);
	else
		common_error("%s:%s: another program has disabled it during the "
			     "recording, and %zu more of %zu events; later ones are "
			     "missing",
			     first->system, first->name, nr - 1, selection->nr);
}

static void compare_events(struct settings *settings, struct tracefs_instance *instance,
			   const struct selection *selection)
{
	char *text = tracing_read(instance, "set_event");
	const struct selected_event *first = NULL;
	size_t nr, disabled = 0;
	char **enabled = text ? sort_lines(text, &nr) : NULL;

	for (size_t i = 0; enabled && i < selection->nr; i++) {
		if (is_enabled(enabled, nr, &selection->events[i]))
			continue;
		if (!disabled++)
			first = &selection->events[i];
	}
	if (disabled) {
		tell_disabled(selection, disabled, first);
		note_change(settings, "set_event");
	}
	free(enabled);
	free(text);
}

static void compare_text(struct settings *settings, const char *file,
			 const char *before, const char *now, const char *effect)
{
	if (!before || !now || !strcmp(before, now))
		return;
	common_error("%s: another program has changed it from %s to %s during the "
		     "recording; %s",
		     file, before, now, effect);
	note_change(settings, file);
}

void settings_compare(struct settings *settings, struct tracefs_instance *instance,
		      const struct selection *selection)
{
	char *cpumask = tracing_read(instance, "tracing_cpumask");
	char *clock = tracefs_get_clock(instance);

	compare_tracing(settings, instance, selection);
	compare_events(settings, instance, selection);
	compare_text(settings, "tracing_cpumask", settings->cpumask, cpumask,
		     "events of other CPUs are missing");
	compare_text(settings, "trace_clock", settings->clock, clock,
		     "later time stamps are of another clock");
	free(cpumask);
	free(clock);
}

void settings_free(struct settings *settings)
{
	free(settings->cpumask);
	free(settings->clock);
	*settings = (struct settings){ .cpumask = NULL };
}
