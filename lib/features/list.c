// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/internal.h"
#include "features/list.h"

struct rbmap_features {
	struct rbmap_feature *found;
	size_t nr;
	int error;
};

RBMAP_PUBLIC void rbmap_features_free(struct rbmap_features *features)
{
	if (!features)
		return;
	for (size_t i = 0; i < features->nr; i++) {
		free((char *)features->found[i].detail);
		free((char *)features->found[i].remedy);
	}
	free(features->found);
	free(features);
}

RBMAP_PUBLIC size_t rbmap_features_count(const struct rbmap_features *features)
{
	return features->nr;
}

RBMAP_PUBLIC const struct rbmap_feature *
rbmap_features_get(const struct rbmap_features *features, size_t index)
{
	return index < features->nr ? &features->found[index] : NULL;
}

RBMAP_PUBLIC const struct rbmap_feature *
rbmap_features_find(const struct rbmap_features *features, const char *name)
{
	for (size_t i = 0; i < features->nr; i++) {
		if (!strcmp(features->found[i].name, name))
			return &features->found[i];
	}
	return NULL;
}

/* Details quote files of the kernel: one line, whatever these hold. */
static char *one_line(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		return NULL;
	for (char *c = text; *c; c++) {
		if (*c == '\n' || *c == '\t')
			*c = ' ';
	}
	return text;
}

void rbmap_features_add(struct rbmap_features *features, const char *name,
			enum rbmap_feature_state state, const char *remedy,
			const char *format, ...)
{
	struct rbmap_feature feature = { .name = name, .state = state };
	struct rbmap_feature *grown;
	va_list args;

	va_start(args, format);
	feature.detail = one_line(format, args);
	va_end(args);
	feature.remedy = strdup(remedy);
	grown = reallocarray(features->found, features->nr + 1, sizeof(*grown));
	if (grown)
		features->found = grown;
	if (!feature.detail || !feature.remedy || !grown) {
		free((char *)feature.detail);
		free((char *)feature.remedy);
		features->error = -ENOMEM;
		return;
	}
	features->found[features->nr++] = feature;
}

void rbmap_features_fail(struct rbmap_features *features, int error)
{
	features->error = error;
}

RBMAP_PUBLIC int rbmap_features_probe(struct rbmap_features **ret)
{
	struct rbmap_features *features = calloc(1, sizeof(*features));
	int r;

	if (!features)
		return -ENOMEM;
	rbmap_features_try(features);
	r = features->error;
	if (r)
		rbmap_features_free(features);
	else
		*ret = features;
	return r;
}
