// SPDX-License-Identifier: LGPL-2.1-only
/* A filter of one event or several: parsed for each of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rbmap/filter.h>

#include "base/internal.h"
#include "events/events.h"
#include "events/filter-tree.h"

/* @trees: by the numbers of the events; NULL of those that the filter does not fit */
struct rbmap_filter {
	struct rbmap_events *events;
	struct filter_tree **trees;
	size_t nr;
	char *copy;
};

RBMAP_PUBLIC void rbmap_filter_close(struct rbmap_filter *filter)
{
	if (!filter)
		return;
	for (size_t i = 0; i < filter->nr; i++)
		rbmap_filter_free(filter->trees[i]);
	free(filter->trees);
	free(filter->copy);
	free(filter);
}

/* Others are not those of records. */
static bool is_id(int id)
{
	return id >= 0 && id <= UINT16_MAX;
}

static int make(struct rbmap_filter **ret, struct rbmap_events *events,
		struct tep_event *const *list)
{
	struct rbmap_filter *filter = calloc(1, sizeof(*filter));

	if (!filter)
		return -ENOMEM;
	filter->events = events;
	for (; *list; list++)
		if (is_id((*list)->id) && (size_t)(*list)->id >= filter->nr)
			filter->nr = (*list)->id + 1;
	filter->trees = calloc(filter->nr + 1, sizeof(*filter->trees));
	/* Pages that nothing is copied to cost nothing. */
	filter->copy = malloc(FILTER_TEXT_MAX + 1);
	if (!filter->trees || !filter->copy) {
		rbmap_filter_close(filter);
		return -ENOMEM;
	}
	*ret = filter;
	return 0;
}

/*
 * An event that lacks a field of the filter is not matched. Where that is so with all
 * of them, what got furthest knows best what is wrong.
 */
static int parse(struct rbmap_filter *filter, struct tep_event *const *list,
		 const char *text, struct filter_error *furthest)
{
	bool any = false;

	for (; *list; list++) {
		struct filter_tree *tree;
		struct filter_error error;
		int r;

		if (!is_id((*list)->id))
			continue;
		r = rbmap_filter_parse(&tree, text, filter->events, *list, &error);
		if (r == -ENOMEM)
			return r;
		if (r < 0) {
			if (!furthest->what || error.at > furthest->at)
				*furthest = error;
			continue;
		}
		rbmap_filter_free(filter->trees[(*list)->id]);
		filter->trees[(*list)->id] = tree;
		any = true;
	}
	if (any)
		return 0;
	return furthest->what ? -EINVAL : -ENOENT;
}

RBMAP_PUBLIC int rbmap_filter_open_list(struct rbmap_filter **ret,
					struct rbmap_events *events,
					struct tep_event *const *list, const char *text,
					const char **error, size_t *at)
{
	struct filter_error furthest = { .what = NULL };
	struct rbmap_filter *filter;
	int r = make(&filter, events, list);

	if (r < 0)
		return r;
	r = parse(filter, list, text, &furthest);
	if (r < 0)
		rbmap_filter_close(filter);
	else
		*ret = filter;
	if (r == -EINVAL && error)
		*error = furthest.what;
	if (r == -EINVAL && at)
		*at = furthest.at;
	return r;
}

/* Returns a list that ends with NULL, or NULL without memory; free it. */
static struct tep_event **choose(const struct rbmap_events *events, const char *system,
				 const char *event)
{
	struct tep_event **all = tep_list_events(events->tep, TEP_EVENT_SORT_ID);
	size_t nr = tep_get_events_count(events->tep), used = 0;
	struct tep_event **list = calloc(nr + 1, sizeof(*list));

	if (!list || !nr)
		return list;
	if (!all) {
		free(list);
		return NULL;
	}
	for (; *all; all++)
		if ((!system || !strcmp((*all)->system, system)) &&
		    (!event || !strcmp((*all)->name, event)))
			list[used++] = *all;
	return list;
}

RBMAP_PUBLIC int rbmap_filter_open(struct rbmap_filter **ret,
				   struct rbmap_events *events, const char *system,
				   const char *event, const char *text,
				   const char **error, size_t *at)
{
	struct tep_event **list = choose(events, system, event);
	int r;

	if (!list)
		return -ENOMEM;
	r = rbmap_filter_open_list(ret, events, list, text, error, at);
	free(list);
	return r;
}

RBMAP_PUBLIC int rbmap_filter_match(struct rbmap_filter *filter,
				    const struct rbmap_record *record)
{
	struct filter_run run = { .events = filter->events,
				  .record = record,
				  .copy = filter->copy };
	int id = events_record_id(filter->events, record);
	int r;

	if (id < 0 || (size_t)id >= filter->nr || !filter->trees[id])
		return 0;
	run.tree = filter->trees[id];
	r = rbmap_filter_takes(&run);
	if (run.used_comm && rbmap_names_state(&filter->events->names))
		return -ENOMEM;
	return r;
}
