// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "choice.h"

#include <errno.h>
#include <event-parse.h>
#include <stdlib.h>
#include <string.h>

#include <rbmap/events.h>
#include <rbmap/filter.h>
#include <rbmap/record.h>

#include "common.h"

/* What a record begins with is 16 bits. */
#define NR_IDS 65536

struct chosen {
	const struct common_event_option *option;
	struct rbmap_filter *filter;
	bool shown;
};

struct choice {
	const struct choice_wanted *wanted;
	struct rbmap_events *events;
	struct tep_handle *tep;
	/* By the number of the event. */
	struct chosen *by_id;
	/* Records of events that are not known are shown. */
	bool unknown_too;
	/* One for all events, or one for each -e that has one. */
	struct rbmap_filter **filters;
	size_t nr_filters;
};

static struct chosen *find_chosen(const struct choice *choice,
				  const struct tep_event *event)
{
	return event->id >= 0 && event->id < NR_IDS ? &choice->by_id[event->id] : NULL;
}

static int no_such_event(const struct choice *choice, const char *pattern)
{
	return common_usage_error("-e '%s': no such event; see %s", pattern,
				  choice->wanted->names);
}

/* The last -e that names an event counts. */
static int choose_events(struct choice *choice, struct tep_event **events,
			 const struct common_event_option *option)
{
	struct common_pattern pattern;
	bool any = false;

	if (common_pattern_parse(&pattern, option->pattern))
		return common_fail("-e %s: %s", option->pattern, strerror(ENOMEM));
	for (; *events; events++) {
		struct chosen *chosen = find_chosen(choice, *events);

		if (!chosen ||
		    !common_pattern_names(&pattern, (*events)->system, (*events)->name))
			continue;
		chosen->shown = true;
		chosen->option = option;
		any = true;
	}
	common_pattern_free(&pattern);
	return any ? COMMON_OK : no_such_event(choice, option->pattern);
}

static int choose_all(struct choice *choice, struct tep_event **events)
{
	for (; *events; events++) {
		struct chosen *chosen = find_chosen(choice, *events);

		if (chosen)
			chosen->shown = true;
	}
	return COMMON_OK;
}

static int bad_filter(const char *text, const char *pattern, const char *error,
		      size_t at)
{
	return common_usage_error(
		"-F '%s': no event%s%s accepts this filter: %s, at character %zu", text,
		pattern ? " of -e " : "", pattern ? pattern : "", error, at + 1);
}

/* Those that an -e has chosen; without one, all. */
static struct tep_event **list_chosen(struct choice *choice, struct tep_event **events,
				      const struct common_event_option *option)
{
	size_t nr = tep_get_events_count(choice->tep), used = 0;
	struct tep_event **list = calloc(nr + 1, sizeof(*list));

	for (; list && *events; events++) {
		struct chosen *chosen = find_chosen(choice, *events);

		if (chosen && chosen->shown && chosen->option == option)
			list[used++] = *events;
	}
	return list;
}

/* An event that lacks a field of the filter is not shown. */
static int set_filter(struct choice *choice, struct tep_event **events,
		      const struct common_event_option *option, const char *text)
{
	struct tep_event **list = list_chosen(choice, events, option);
	struct rbmap_filter *filter;
	const char *error;
	size_t at;
	int r = -ENOMEM;

	if (list)
		r = rbmap_filter_open_list(&filter, choice->events, list, text, &error,
					   &at);
	if (r == 0) {
		choice->filters[choice->nr_filters++] = filter;
		for (struct tep_event **event = list; *event; event++)
			find_chosen(choice, *event)->filter = filter;
	}
	free(list);
	if (r == -EINVAL)
		return bad_filter(text, option ? option->pattern : NULL, error, at);
	/* A later -e may name all events of this one. */
	if (r < 0 && r != -ENOENT)
		return common_fail("-F %s: %s", text, strerror(-r));
	return COMMON_OK;
}

static int choose(struct choice *choice, struct tep_event **events)
{
	const struct choice_wanted *wanted = choice->wanted;
	int status = COMMON_OK;

	if (wanted->events.nr == 0)
		status = choose_all(choice, events);
	for (size_t i = 0; status == COMMON_OK && i < wanted->events.nr; i++)
		status = choose_events(choice, events, &wanted->events.options[i]);
	if (status == COMMON_OK && wanted->filter)
		status = set_filter(choice, events, NULL, wanted->filter);
	for (size_t i = 0; status == COMMON_OK && i < wanted->events.nr; i++)
		if (wanted->events.options[i].filter)
			status = set_filter(choice, events, &wanted->events.options[i],
					    wanted->events.options[i].filter);
	return status;
}

int choice_set_filter(void *member, const char *option, char *filter)
{
	struct choice_wanted *wanted = member;
	struct common_event_option *event = common_event_options_last(&wanted->events);
	const char **place = event ? &event->filter : &wanted->filter;

	if (*place)
		return common_usage_error(
			"%s '%s': a filter is already given; join them with &&", option,
			filter);
	*place = filter;
	return COMMON_OK;
}

int choice_check(const struct choice_wanted *wanted)
{
	if (!wanted->events.nr || !wanted->filter)
		return COMMON_OK;
	return common_usage_error(
		"-F '%s': precedes the first -e; put it after the -e that it applies "
		"to",
		wanted->filter);
}

int choice_open(struct choice **ret, const struct choice_wanted *wanted,
		struct rbmap_events *events)
{
	struct choice *choice = calloc(1, sizeof(*choice));
	struct tep_event **list;
	int status;

	if (!choice)
		return common_fail("%s", strerror(ENOMEM));
	choice->wanted = wanted;
	choice->events = events;
	choice->tep = rbmap_events_tep(events);
	choice->unknown_too = wanted->events.nr == 0 && !wanted->filter;
	choice->by_id = calloc(NR_IDS, sizeof(*choice->by_id));
	choice->filters = calloc(wanted->events.nr + 1, sizeof(struct rbmap_filter *));
	list = tep_list_events(choice->tep, TEP_EVENT_SORT_ID);
	if (!choice->by_id || !choice->filters || !list || !list[0]) {
		bool none = choice->by_id && choice->filters &&
			    !tep_get_events_count(choice->tep);

		choice_close(choice);
		return none ? common_fail("there are no event formats: -e and -F "
					  "cannot select events") :
			      common_fail("the event formats could not be listed: %s",
					  strerror(ENOMEM));
	}
	status = choose(choice, list);
	if (status != COMMON_OK)
		choice_close(choice);
	else
		*ret = choice;
	return status;
}

void choice_close(struct choice *choice)
{
	if (!choice)
		return;
	for (size_t i = 0; i < choice->nr_filters; i++)
		rbmap_filter_close(choice->filters[i]);
	free(choice->filters);
	free(choice->by_id);
	free(choice);
}

size_t choice_events(const struct choice *choice, struct tep_event **ret)
{
	size_t nr = 0;

	for (int id = 0; id < NR_IDS; id++) {
		if (!choice->by_id[id].shown)
			continue;
		*ret = tep_find_event(choice->tep, id);
		nr++;
	}
	return nr;
}

int choice_takes(struct choice *choice, const struct rbmap_record *record)
{
	const struct tep_event *event = rbmap_events_find(choice->events, record);
	const struct chosen *chosen = event ? find_chosen(choice, event) : NULL;
	int pid = rbmap_record_pid(choice->events, record);

	if (pid > 0 && pid == choice->wanted->without_pid)
		return false;
	if (!chosen)
		return choice->unknown_too;
	if (!chosen->shown)
		return false;
	return chosen->filter ? rbmap_filter_match(chosen->filter, record) : true;
}
