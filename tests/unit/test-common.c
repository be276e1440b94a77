// SPDX-License-Identifier: GPL-2.0-only
/* What the commands share; the sources themselves, since no library holds them. */
#include "../../cli/common/cpulist.c"
#include "../../cli/common/escape.c"
#include "../../cli/common/event-option.c"
#include "../../cli/common/message.c"
#include "../../cli/common/options.c"
#include "../../cli/common/units.c"

#include <check.h>

static const struct {
	const char *text;
	const char *printed;
	int err;
} lists[] = {
	{ "0", "0", 0 },
	{ "0-3", "0-3", 0 },
	{ "5,0-1,8-", "0-1,5,8-9", 0 },
	{ "3,3,2-3", "2-3", 0 },
	{ "9", "9", 0 },
	{ "0-", "0-9", 0 },
	{ "10", NULL, -ERANGE },
	{ "0-10", NULL, -ERANGE },
	{ "99999999999999999999", NULL, -ERANGE },
	{ "", NULL, -EINVAL },
	{ ",", NULL, -EINVAL },
	{ "1,", NULL, -EINVAL },
	{ "-1", NULL, -EINVAL },
	{ "3-1", NULL, -EINVAL },
	{ "1-2-3", NULL, -EINVAL },
	{ " 1", NULL, -EINVAL },
	{ "1 ", NULL, -EINVAL },
	{ "x", NULL, -EINVAL },
};

START_TEST(cpu_lists)
{
	struct common_cpus cpus = { .nr = 77 };
	char *text;

	ck_assert_int_eq(common_cpus_parse(&cpus, lists[_i].text, 9), lists[_i].err);
	if (lists[_i].err) {
		ck_assert_uint_eq(cpus.nr, 77);
		return;
	}
	text = common_cpus_text(&cpus);
	ck_assert_str_eq(text, lists[_i].printed);
	free(text);
	common_cpus_free(&cpus);
}
END_TEST

START_TEST(cpu_membership)
{
	struct common_cpus cpus;

	ck_assert_int_eq(common_cpus_parse(&cpus, "1,4", 9), 0);
	ck_assert(common_cpus_has(&cpus, 1));
	ck_assert(common_cpus_has(&cpus, 4));
	ck_assert(!common_cpus_has(&cpus, 2));
	common_cpus_free(&cpus);
}
END_TEST

static const struct {
	const char *text;
	uint64_t kb;
	int err;
} sizes[] = {
	{ "0", 0, 0 },
	{ "1408", 1408, 0 },
	{ "1408K", 1408, 0 },
	{ "64m", 65536, 0 },
	{ "2G", 2097152, 0 },
	{ "18014398509481983", 18014398509481983, 0 },
	{ "18014398509481984", 0, -ERANGE },
	{ "18446744073709551616", 0, -ERANGE },
	{ "17592186044416G", 0, -ERANGE },
	{ "", 0, -EINVAL },
	{ "K", 0, -EINVAL },
	{ "-1", 0, -EINVAL },
	{ "+1", 0, -EINVAL },
	{ "1.5M", 0, -EINVAL },
	{ "1KB", 0, -EINVAL },
	{ "1T", 0, -EINVAL },
};

START_TEST(kilobytes)
{
	uint64_t kb = 42;

	ck_assert_int_eq(common_parse_kb(&kb, sizes[_i].text), sizes[_i].err);
	ck_assert_uint_eq(kb, sizes[_i].err ? 42 : sizes[_i].kb);
}
END_TEST

static const struct {
	const char *text;
	uint64_t ns;
	int err;
} times[] = {
	{ "0", 0, 0 },
	{ "2", 2000000000, 0 },
	{ "1.5", 1500000000, 0 },
	{ "500ms", 500000000, 0 },
	{ "0.5ms", 500000, 0 },
	{ "10us", 10000, 0 },
	{ "2s", 2000000000, 0 },
	{ "3m", 180000000000, 0 },
	{ "1h", 3600000000000, 0 },
	{ "1.25h", 4500000000000, 0 },
	{ "0.1234567899999", 123456789, 0 },
	{ "5124095h", 18446742000000000000U, 0 },
	{ "5124096h", 0, -ERANGE },
	{ "18446744073709551616", 0, -ERANGE },
	{ "", 0, -EINVAL },
	{ ".5", 0, -EINVAL },
	{ "1.", 0, -EINVAL },
	{ "-1", 0, -EINVAL },
	{ "1 s", 0, -EINVAL },
	{ "1d", 0, -EINVAL },
	{ "inf", 0, -EINVAL },
};

START_TEST(durations)
{
	uint64_t ns = 42;

	ck_assert_int_eq(common_parse_time(&ns, times[_i].text), times[_i].err);
	ck_assert_uint_eq(ns, times[_i].err ? 42 : times[_i].ns);
}
END_TEST

START_TEST(numbers_for_people)
{
	char text[COMMON_FORMAT_SIZE];

	ck_assert_str_eq(common_format_bytes(text, 0), "0 B");
	ck_assert_str_eq(common_format_bytes(text, 1023), "1023 B");
	ck_assert_str_eq(common_format_bytes(text, 1536), "1.5 KB");
	ck_assert_str_eq(common_format_bytes(text, 1048575), "1.0 MB");
	ck_assert_str_eq(common_format_bytes(text, UINT64_MAX), "16.0 EB");
	ck_assert_str_eq(common_format_count(text, 0), "0");
	ck_assert_str_eq(common_format_count(text, 999), "999");
	ck_assert_str_eq(common_format_count(text, 8000000), "8,000,000");
	ck_assert_str_eq(common_format_count(text, UINT64_MAX),
			 "18,446,744,073,709,551,615");
	ck_assert_str_eq(common_format_time(text, 812000000), "812 ms");
	ck_assert_str_eq(common_format_time(text, 1500000000), "1.50 s");
	ck_assert_str_eq(common_format_time(text, 200000000000), "3 m 20 s");
	ck_assert_str_eq(common_format_time(text, 94200000000000), "26 h 10 m");
}
END_TEST

struct settings {
	bool flag;
	const char *text;
	uint64_t ns;
	int verbosity;
};

static const struct common_option some_options[] = {
	{ "flag", 'f', no_argument, common_set_flag, offsetof(struct settings, flag) },
	{ "text", 0, required_argument, common_set_text,
	  offsetof(struct settings, text) },
	{ "time", 't', required_argument, common_set_time,
	  offsetof(struct settings, ns) },
	COMMON_OPTIONS_VERBOSITY(offsetof(struct settings, verbosity)),
};

static const struct {
	const char *words[5];
	enum common_operands operands;
	int status;
	struct settings settings;
	/* Where operands begin. */
	int optind;
} argument_lists[] = {
	{ { "-f", "--text", "a", "-t1" },
	  COMMON_OPERANDS_NONE,
	  COMMON_OK,
	  { true, "a", 1000000000, 0 },
	  5 },
	{ { "-vv", "--text=b" },
	  COMMON_OPERANDS_NONE,
	  COMMON_OK,
	  { .text = "b", .verbosity = 2 },
	  3 },
	{ { "-vq" }, COMMON_OPERANDS_NONE, COMMON_OK, { .verbosity = -1 }, 2 },
	{ { "x", "-f" }, COMMON_OPERANDS_TAKEN, COMMON_OK, { .flag = true }, 2 },
	{ { "x", "-f" }, COMMON_OPERANDS_COMMAND, COMMON_OK, { .flag = false }, 1 },
	{ { "-f", "x" }, COMMON_OPERANDS_NONE, COMMON_USAGE, { .flag = true }, 0 },
	{ { "-t", "0" }, COMMON_OPERANDS_NONE, COMMON_USAGE, { .flag = false }, 0 },
	{ { "-t" }, COMMON_OPERANDS_NONE, COMMON_USAGE, { .flag = false }, 0 },
	{ { "-x" }, COMMON_OPERANDS_NONE, COMMON_USAGE, { .flag = false }, 0 },
	{ { "--flag=1" }, COMMON_OPERANDS_NONE, COMMON_USAGE, { .flag = false }, 0 },
};

START_TEST(command_lines)
{
	const struct common_command_line line =
		COMMON_COMMAND_LINE("", some_options, argument_lists[_i].operands);
	struct settings settings = { .flag = false };
	char words[6][16] = { "command" }, *argv[7] = { words[0] };
	bool done = false;
	int argc = 1;

	for (; argc < 6 && argument_lists[_i].words[argc - 1]; argc++) {
		strcpy(words[argc], argument_lists[_i].words[argc - 1]);
		argv[argc] = words[argc];
	}
	optind = 0;
	ck_assert_int_eq(common_parse(&line, &settings, argc, argv, &done),
			 argument_lists[_i].status);
	ck_assert(!done);
	if (argument_lists[_i].status != COMMON_OK)
		return;
	ck_assert_int_eq(optind, argument_lists[_i].optind);
	ck_assert_int_eq(settings.flag, argument_lists[_i].settings.flag);
	ck_assert_pstr_eq(settings.text, argument_lists[_i].settings.text);
	ck_assert_uint_eq(settings.ns, argument_lists[_i].settings.ns);
	ck_assert_int_eq(settings.verbosity, argument_lists[_i].settings.verbosity);
}
END_TEST

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

int main(void)
{
	Suite *suite = suite_create("common");
	TCase *tcase = tcase_create("common");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, cpu_lists, 0, COUNT(lists));
	tcase_add_test(tcase, cpu_membership);
	tcase_add_loop_test(tcase, kilobytes, 0, COUNT(sizes));
	tcase_add_loop_test(tcase, durations, 0, COUNT(times));
	tcase_add_test(tcase, numbers_for_people);
	tcase_add_loop_test(tcase, command_lines, 0, COUNT(argument_lists));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
