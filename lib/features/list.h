/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_FEATURES_LIST_H
#define RBMAP_FEATURES_LIST_H

#include <stdarg.h>

#include <rbmap/features.h>

/* @name is borrowed for good, @remedy copied. A lack of memory is told at the end. */
void rbmap_features_add(struct rbmap_features *features, const char *name,
			enum rbmap_feature_state state, const char *remedy,
			const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Tries everything and adds what it finds. */
void rbmap_features_try(struct rbmap_features *features);

/* What could not be tried makes it all fail, with this error. */
void rbmap_features_fail(struct rbmap_features *features, int error);

#endif
