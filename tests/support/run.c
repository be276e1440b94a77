/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>

#include "run.h"

int run_tests(const char *name, const TTest *const *tests, size_t nr)
{
	Suite *suite = suite_create(name);
	TCase *one = tcase_create(name);
	SRunner *runner;
	int failed;

	/* Sanitizers and a busy machine make the usual 4 seconds too few. */
	tcase_set_timeout(one, 240);
	for (size_t i = 0; i < nr; i++)
		tcase_add_test(one, tests[i]);
	suite_add_tcase(suite, one);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
