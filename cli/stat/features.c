// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <rbmap/error.h>
#include <rbmap/features.h>

#include "common-json.h"
#include "stat.h"

static const char *const states[] = {
	[RBMAP_FEATURE_NO] = "no",
	[RBMAP_FEATURE_YES] = "yes",
	[RBMAP_FEATURE_UNKNOWN] = "unknown",
};

#define INDENT 27

/* Breaks @text between words so that it fits after the first columns. */
static void print_wrapped(const char *text, int width)
{
	int room = width - INDENT, used = 0;

	while (*text) {
		int size = strcspn(text, " ");

		if (used && used + 1 + size > room) {
			printf("\n%*s", INDENT, "");
			used = 0;
		}
		used += printf("%s%.*s", used ? " " : "", size, text);
		text += size;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void print_table(const struct rbmap_features *features, int width)
{
	printf("%-17s %-8s %s\n", "FEATURE", "STATE", "DETAIL");
	for (size_t i = 0; i < rbmap_features_count(features); i++) {
		const struct rbmap_feature *feature = rbmap_features_get(features, i);

		printf("%-17s %-8s ", feature->name, states[feature->state]);
		print_wrapped(feature->detail, width);
		if (*feature->remedy) {
			printf("%*sremedy: ", INDENT, "");
			print_wrapped(feature->remedy, width - (int)strlen("remedy: "));
		}
	}
}

static int print_json(const struct rbmap_features *features)
{
	struct json_object *document = common_json_object();
	struct json_object *array = common_json_array();

	for (size_t i = 0; i < rbmap_features_count(features); i++) {
		const struct rbmap_feature *feature = rbmap_features_get(features, i);
		struct json_object *object = common_json_object();

		common_json_text(object, "name", feature->name);
		common_json_text(object, "state", states[feature->state]);
		common_json_text(object, "detail", feature->detail);
		common_json_text(object, "remedy", feature->remedy);
		common_json_append(array, object);
	}
	common_json_add(document, "features", array);
	return common_json_print(document);
}

int stat_features(bool json, int width)
{
	struct rbmap_features *features;
	sigset_t all, before;
	int status = COMMON_OK;
	int r;

	/* So that the probe's instance never outlives it: signals wait. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	r = rbmap_features_probe(&features);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (r)
		return common_fail("features: %s", rbmap_strerror(r));
	if (json)
		status = print_json(features);
	else
		print_table(features, width);
	rbmap_features_free(features);
	return status;
}
