// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"

int common_pattern_parse(struct common_pattern *ret, const char *text)
{
	char *copy = strdup(strcmp(text, "all") ? text : "*");
	char *colon;

	if (!copy)
		return -ENOMEM;
	colon = strpbrk(copy, ":/");
	if (colon)
		*colon++ = '\0';
	*ret = (struct common_pattern){ copy, colon && !*colon ? "*" : colon };
	return 0;
}

void common_pattern_free(struct common_pattern *pattern)
{
	free(pattern->system);
	*pattern = (struct common_pattern){ NULL, NULL };
}

bool common_pattern_may_name(const struct common_pattern *pattern, const char *system)
{
	return !pattern->event || fnmatch(pattern->system, system, 0) == 0;
}

bool common_pattern_names(const struct common_pattern *pattern, const char *system,
			  const char *event)
{
	bool named = fnmatch(pattern->system, system, 0) == 0;

	if (pattern->event)
		return named && fnmatch(pattern->event, event, 0) == 0;
	return named || fnmatch(pattern->system, event, 0) == 0;
}
