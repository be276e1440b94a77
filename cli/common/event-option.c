// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

int common_event_options_add(struct common_event_options *list, const char *option,
			     const char *pattern)
{
	struct common_event_option *larger;

	if (!*pattern)
		return common_usage_error("%s: the name of the event is empty", option);
	larger = reallocarray(list->options, list->nr + 1, sizeof(*larger));
	if (!larger)
		return common_fail("%s %s: %s", option, pattern, strerror(ENOMEM));
	larger[list->nr++] =
		(struct common_event_option){ .option = option, .pattern = pattern };
	list->options = larger;
	return COMMON_OK;
}

struct common_event_option *
common_event_options_last(const struct common_event_options *list)
{
	return list->nr ? &list->options[list->nr - 1] : NULL;
}

void common_event_options_free(struct common_event_options *list)
{
	for (size_t i = 0; i < list->nr; i++)
		free(list->options[i].triggers);
	free(list->options);
	*list = (struct common_event_options){ 0 };
}
