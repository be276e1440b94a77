// SPDX-License-Identifier: GPL-2.0-only
/* To load the formats of all events takes half a second. */
#include "systems.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <tracefs.h>

#include "common.h"

/* Returns 1, 0 or a negative errno. */
static int is_named(const struct common_pattern *pattern, const char *system,
		    struct tracefs_instance *instance)
{
	char below[300];
	char **names;
	bool named = false;

	if (!common_pattern_may_name(pattern, system))
		return false;
	snprintf(below, sizeof(below), "events/%s", system);
	names = common_directories(instance, below);
	if (!names && errno == ENOMEM)
		return -ENOMEM;
	for (size_t i = 0; !named && names && names[i]; i++)
		named = common_pattern_names(pattern, system, names[i]);
	tracefs_list_free(names);
	return named;
}

/* Returns 1, 0 or a negative errno. */
static int is_wanted(const struct config *config, const char *system,
		     struct tracefs_instance *instance)
{
	struct common_pattern pattern;
	int r = 0;

	for (size_t i = 0; r == 0 && i < config->wanted.events.nr; i++) {
		r = common_pattern_parse(&pattern,
					 config->wanted.events.options[i].pattern);
		if (r < 0)
			break;
		r = is_named(&pattern, system, instance);
		common_pattern_free(&pattern);
	}
	return r;
}

static int add(char ***list, const char *system)
{
	char **larger = tracefs_list_add(*list, system);

	if (!larger)
		return -ENOMEM;
	*list = larger;
	return 0;
}

int systems_find(char ***ret, const struct config *config,
		 struct tracefs_instance *instance)
{
	char **all = common_directories(instance, "events");
	/* Its formats are loaded anyway; a list of nothing would be NULL, which is all.
	 */
	char **list = tracefs_list_add(NULL, "ftrace");
	int r = 0;

	if (!all || !list) {
		tracefs_list_free(all);
		tracefs_list_free(list);
		return common_fail("events: could not be listed: %s", strerror(errno));
	}
	for (size_t i = 0; r >= 0 && all[i]; i++) {
		r = is_wanted(config, all[i], instance);
		if (r > 0)
			r = add(&list, all[i]);
	}
	tracefs_list_free(all);
	if (r < 0) {
		tracefs_list_free(list);
		return common_fail("-e: %s", strerror(-r));
	}
	*ret = list;
	return COMMON_OK;
}
