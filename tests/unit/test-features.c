// SPDX-License-Identifier: GPL-2.0-only
/* Holds with and without root, tracefs and mapping: what is found differs. */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <rbmap/features.h>

static const char *const names[] = {
	"tracefs",	   "readable",	       "writable",     "instances",
	"mapping",	   "sub-buffer-sizes", "clocks",       "notrace-pid",
	"event-fork",	   "buffer-percent",   "trace-marker", "function-tracing",
	"not-locked-down", "kernel-symbols",
};

#define NAMES (sizeof(names) / sizeof(*names))

START_TEST(every_name_is_found_once)
{
	struct rbmap_features *features;

	ck_assert_int_eq(rbmap_features_probe(&features), 0);
	ck_assert_uint_eq(rbmap_features_count(features), NAMES);
	for (size_t i = 0; i < NAMES; i++)
		ck_assert_ptr_nonnull(rbmap_features_find(features, names[i]));
	ck_assert_ptr_null(rbmap_features_find(features, "nonsense"));
	ck_assert_ptr_null(rbmap_features_get(features, NAMES));
	rbmap_features_free(features);
}
END_TEST

START_TEST(findings_are_lines)
{
	struct rbmap_features *features;

	ck_assert_int_eq(rbmap_features_probe(&features), 0);
	for (size_t i = 0; i < rbmap_features_count(features); i++) {
		const struct rbmap_feature *found = rbmap_features_get(features, i);

		ck_assert(*found->detail);
		ck_assert_ptr_null(strchr(found->detail, '\n'));
		ck_assert_ptr_null(strchr(found->remedy, '\n'));
		if (found->state == RBMAP_FEATURE_YES)
			ck_assert_str_eq(found->remedy, "");
	}
	rbmap_features_free(features);
	rbmap_features_free(NULL);
}
END_TEST

START_TEST(without_a_file_descriptor_nothing_is_said_to_be_missing)
{
	struct rbmap_features *features;
	const struct rbmap_feature *found;
	struct rlimit before, none;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(rbmap_features_probe(&features), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	found = rbmap_features_find(features, "tracefs");
	ck_assert_int_eq(found->state, RBMAP_FEATURE_UNKNOWN);
	ck_assert_str_eq(found->detail, "/proc/self/mounts: Too many open files");
	rbmap_features_free(features);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("features");
	TCase *tcase = tcase_create("features");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, every_name_is_found_once);
	tcase_add_test(tcase, findings_are_lines);
	tcase_add_test(tcase, without_a_file_descriptor_nothing_is_said_to_be_missing);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
