/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_RUN_H
#define TEST_RUN_H

#include <check.h>

/* Runs the tests of one case and frees the suite; what main() is to return. */
int run_tests(const char *name, const TTest *const *tests, size_t nr);

#define RUN_TESTS(name, tests) \
	run_tests(name, tests, sizeof(tests) / sizeof((tests)[0]))

#endif
