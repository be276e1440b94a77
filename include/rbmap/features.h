/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: a list does not change, so any number of threads can use it at the same
 * time; several threads can also probe at the same time.
 */
#ifndef RBMAP_FEATURES_H
#define RBMAP_FEATURES_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rbmap_features;

/**
 * enum rbmap_feature_state - whether a feature can be used
 *
 * @RBMAP_FEATURE_NO: it cannot; the remedy says what would help
 * @RBMAP_FEATURE_YES: it can
 * @RBMAP_FEATURE_UNKNOWN: this could not be determined
 *
 * Since: 0.1
 */
enum rbmap_feature_state {
	RBMAP_FEATURE_NO,
	RBMAP_FEATURE_YES,
	RBMAP_FEATURE_UNKNOWN
};

/**
 * struct rbmap_feature - one feature and its state
 *
 * @name: a short key of letters and dashes, such as "tracefs" or "mapping"
 * @state: an enum rbmap_feature_state
 * @detail: the finding in one line: the mount point, the clocks, or the reason why the
 *	feature cannot be used
 * @remedy: how to make the feature usable, in one line; "" if there is nothing to do
 *
 * The strings are valid until rbmap_features_free().
 *
 * Since: 0.1
 */
struct rbmap_feature {
	const char *name;
	enum rbmap_feature_state state;
	const char *detail;
	const char *remedy;
};

/**
 * rbmap_features_probe - find out what this kernel and this user can do
 *
 * @ret: the list on success, untouched on failure; free it with rbmap_features_free()
 *
 * Tests each feature; version numbers are not consulted. It mounts nothing, changes
 * nothing and leaves nothing behind: a test that would change something runs in a
 * temporary instance, which is removed afterwards.
 *
 * Returns 0 or -ENOMEM. A missing tracefs is not an error but a finding.
 *
 * Since: 0.1
 */
int rbmap_features_probe(struct rbmap_features **ret);

/**
 * rbmap_features_free - free the list
 *
 * @features: may be NULL
 *
 * Since: 0.1
 */
void rbmap_features_free(struct rbmap_features *features);

/**
 * rbmap_features_count - the number of features in the list
 *
 * @features: the list
 *
 * Returns the number of features.
 *
 * Since: 0.1
 */
size_t rbmap_features_count(const struct rbmap_features *features);

/**
 * rbmap_features_get - get a feature by its index
 *
 * @features: the list
 * @index: less than rbmap_features_count()
 *
 * Returns a pointer that is valid until rbmap_features_free(), or NULL if @index is out
 * of range.
 *
 * Since: 0.1
 */
const struct rbmap_feature *rbmap_features_get(const struct rbmap_features *features,
					       size_t index);

/**
 * rbmap_features_find - get a feature by its name
 *
 * @features: the list
 * @name: the key
 *
 * Returns a pointer that is valid until rbmap_features_free(), or NULL if the list has
 * no such feature.
 *
 * Since: 0.1
 */
const struct rbmap_feature *rbmap_features_find(const struct rbmap_features *features,
						const char *name);

#ifdef __cplusplus
}
#endif

#endif
