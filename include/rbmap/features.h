/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_FEATURES_H
#define RBMAP_FEATURES_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rbmap_features;

/**
 * enum rbmap_feature_state - can it be used?
 *
 * @RBMAP_FEATURE_NO: no, and the remedy says what would help
 * @RBMAP_FEATURE_YES: yes
 * @RBMAP_FEATURE_UNKNOWN: it could not be found out
 *
 * Since: 0.1
 */
enum rbmap_feature_state {
	RBMAP_FEATURE_NO,
	RBMAP_FEATURE_YES,
	RBMAP_FEATURE_UNKNOWN
};

/**
 * struct rbmap_feature - one thing that this kernel and this user can do or not
 *
 * @name: a short key, letters and dashes: "tracefs", "mapping", ...
 * @state: enum rbmap_feature_state
 * @detail: what was found: the mount point, the clocks, why not; one line
 * @remedy: what would make it a yes; "" where nothing is to be done; one line
 *
 * The strings live as long as the struct rbmap_features.
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
 * @ret: the list on success, untouched otherwise; free it with
 *	rbmap_features_free()
 *
 * Tries things, never looks at version numbers. Mounts nothing, changes nothing
 * and leaves nothing behind; what cannot be tried without a change is tried in an
 * instance of its own that is removed again.
 *
 * Returns 0 (also where there is no tracefs at all: that is a finding), or
 * -ENOMEM.
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
 * rbmap_features_count - how many findings
 *
 * @features: the list
 *
 * Since: 0.1
 */
size_t rbmap_features_count(const struct rbmap_features *features);

/**
 * rbmap_features_get - one finding
 *
 * @features: the list
 * @index: less than rbmap_features_count()
 *
 * Returns a pointer that is valid until rbmap_features_free(), NULL beyond the
 * end.
 *
 * Since: 0.1
 */
const struct rbmap_feature *rbmap_features_get(const struct rbmap_features *features,
					       size_t index);

/**
 * rbmap_features_find - one finding by its name
 *
 * @features: the list
 * @name: the key
 *
 * Returns a pointer that is valid until rbmap_features_free(), NULL where there is
 * no such name.
 *
 * Since: 0.1
 */
const struct rbmap_feature *rbmap_features_find(const struct rbmap_features *features,
						const char *name);

#ifdef __cplusplus
}
#endif

#endif
