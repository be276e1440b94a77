// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tracefs.h>

#include <rbmap/stats.h>

#include "tracefs/tracefs.h"

static const char stats_text[] = "entries: 116\n"
				 "overrun: 2679\n"
				 "commit overrun: 7\n"
				 "bytes: 3728\n"
				 "oldest event ts:  2072.652042\n"
				 "now ts:  2072.807241\n"
				 "dropped events: 3\n"
				 "read events: 205\n";

START_TEST(counters_are_told_apart)
{
	struct rbmap_counters counters;

	ck_assert_int_eq(rbmap_counters_parse(&counters, stats_text), 0);
	ck_assert_uint_eq(counters.unread, 116);
	ck_assert_uint_eq(counters.overrun, 2679);
	ck_assert_uint_eq(counters.commit_overrun, 7);
	ck_assert_uint_eq(counters.bytes, 3728);
	ck_assert_uint_eq(counters.dropped, 3);
	ck_assert_uint_eq(counters.read, 205);
	ck_assert_uint_eq(counters.oldest_ns, 2072652042000);
	ck_assert_uint_eq(counters.now_ns, 2072807241000);
}
END_TEST

START_TEST(clock_that_is_no_time_counts_ticks)
{
	static const char text[] =
		"entries: 0\noverrun: 0\ncommit overrun: 0\nbytes: 0\n"
		"oldest event ts: 12345\nnow ts: 18446744073709551615\n"
		"dropped events: 0\nread events: 0\nsomething new: x\n";
	struct rbmap_counters counters;

	ck_assert_int_eq(rbmap_counters_parse(&counters, text), 0);
	ck_assert_uint_eq(counters.oldest_ns, 12345);
	ck_assert_uint_eq(counters.now_ns, UINT64_MAX);
}
END_TEST

/* The text with its first @from replaced by @to. */
static char *changed(const char *from, const char *to)
{
	const char *at = strstr(stats_text, from);
	char *text;

	ck_assert_ptr_nonnull(at);
	ck_assert_int_gt(asprintf(&text, "%.*s%s%s", (int)(at - stats_text), stats_text,
				  to, at + strlen(from)),
			 0);
	return text;
}

static const char *const spoilt[][2] = {
	{ "entries: 116\n", "" },
	{ "read events: 205\n", "" },
	{ "bytes: 3728", "bytes: " },
	{ "bytes: 3728", "bytes: -1" },
	{ "bytes: 3728", "bytes: 0x10" },
	{ "bytes: 3728", "bytes: 18446744073709551616" },
	{ "bytes: 3728", "bytes: 1.000000" },
	{ "commit overrun", "commit" },
	{ "2072.652042", "2072.65" },
	{ "2072.652042", "2072." },
	{ "2072.652042", "18446744074.000000" },
};

START_TEST(spoilt_texts_are_refused)
{
	struct rbmap_counters counters = { .unread = 42 };
	char *text = changed(spoilt[_i][0], spoilt[_i][1]);

	ck_assert_int_eq(rbmap_counters_parse(&counters, text), -EBADMSG);
	ck_assert_uint_eq(counters.unread, 42);
	free(text);
}
END_TEST

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void make_dir(const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

/* A directory that looks like an instance with one CPU, to be removed by the caller. */
static struct tracefs_instance *fake_instance(char *dir)
{
	struct tracefs_instance *instance;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	write_file(dir, "trace", "");
	write_file(dir, "buffer_size_kb", "7 (expanded: 1408)\n");
	write_file(dir, "trace_clock", "[local] global\n");
	make_dir(dir, "per_cpu");
	make_dir(dir, "per_cpu/cpu0");
	write_file(dir, "per_cpu/cpu0/stats", stats_text);
	instance = tracefs_instance_alloc(dir, NULL);
	ck_assert_ptr_nonnull(instance);
	return instance;
}

static void remove_fake(struct tracefs_instance *instance, const char *dir)
{
	char command[256];

	tracefs_instance_free(instance);
	snprintf(command, sizeof(command), "rm -r '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(counters_are_read_from_the_file)
{
	char dir[] = "/tmp/rbmap-test-XXXXXX";
	struct tracefs_instance *instance = fake_instance(dir);
	struct rbmap_counters counters = { .unread = 42 };

	ck_assert_int_eq(rbmap_counters_read(&counters, instance, 1), -ENXIO);
	ck_assert_uint_eq(counters.unread, 42);
	ck_assert_int_eq(rbmap_counters_read(&counters, instance, 0), 0);
	ck_assert_uint_eq(counters.unread, 116);
	remove_fake(instance, dir);
}
END_TEST

START_TEST(files_keep_their_errno)
{
	char dir[] = "/tmp/rbmap-test-XXXXXX";
	struct tracefs_instance *instance = fake_instance(dir);
	size_t size;
	char *text;

	ck_assert_int_eq(rbmap_tracefs_read(instance, "nothing", &text, NULL), -ENOENT);
	ck_assert_int_eq(rbmap_tracefs_read(instance, "per_cpu", &text, NULL), -EISDIR);
	ck_assert_int_eq(rbmap_tracefs_read(instance, "trace_clock", &text, &size), 0);
	ck_assert_str_eq(text, "[local] global\n");
	ck_assert_uint_eq(size, strlen(text));
	free(text);
	remove_fake(instance, dir);
}
END_TEST

START_TEST(files_longer_than_the_first_guess)
{
	char dir[] = "/tmp/rbmap-test-XXXXXX";
	struct tracefs_instance *instance = fake_instance(dir);
	char *text, *long_text = malloc(100001);
	size_t size;

	memset(long_text, 'x', 100000);
	long_text[100000] = '\0';
	write_file(dir, "long", long_text);
	ck_assert_int_eq(rbmap_tracefs_read(instance, "long", &text, &size), 0);
	ck_assert_uint_eq(size, 100000);
	ck_assert_str_eq(text, long_text);
	free(text);
	free(long_text);
	remove_fake(instance, dir);
}
END_TEST

/* 10 unread at first; then 50 more, of which 12 were overwritten, 28 were read. */
static const struct rbmap_counters before = {
	.unread = 10,
	.overrun = 100,
	.read = 1000,
	.dropped = 5,
	.commit_overrun = 1,
};
static const struct rbmap_counters after = {
	.unread = 20,
	.overrun = 112,
	.read = 1028,
	.dropped = 9,
	.commit_overrun = 3,
};

static uint64_t sum(const struct rbmap_account *account)
{
	return account->delivered + account->others + account->overrun +
	       account->dropped + account->commit_overrun + account->torn +
	       account->unread;
}

START_TEST(account_holds)
{
	struct rbmap_account account = { .delivered = 20, .unread = 999 };

	ck_assert_int_eq(rbmap_account_fill(&account, &before, &after), 0);
	ck_assert_uint_eq(account.written, 10 + 50 + 4 + 2);
	ck_assert_uint_eq(account.delivered, 20);
	ck_assert_uint_eq(account.others, 8);
	ck_assert_uint_eq(account.overrun, 12);
	ck_assert_uint_eq(account.dropped, 4);
	ck_assert_uint_eq(account.commit_overrun, 2);
	ck_assert_uint_eq(account.unread, 20);
	ck_assert_uint_eq(account.written, sum(&account));
	ck_assert_uint_eq(rbmap_account_lost(&account), 18);
}
END_TEST

START_TEST(account_knows_more_delivered_than_read)
{
	struct rbmap_account account = { .delivered = 29 };

	ck_assert_int_eq(rbmap_account_fill(&account, &before, &after), -EBADMSG);
	ck_assert_uint_eq(account.others, 0);
}
END_TEST

START_TEST(account_knows_a_reset)
{
	struct rbmap_account account = { .delivered = 28, .others = 3 };

	ck_assert_int_eq(rbmap_account_fill(&account, &after, &before), -ESTALE);
	ck_assert_uint_eq(account.written, 28);
	ck_assert_uint_eq(account.delivered, 28);
	ck_assert_uint_eq(sum(&account), 28);
	ck_assert_uint_eq(rbmap_account_lost(&account), 0);
}
END_TEST

START_TEST(account_of_an_observer)
{
	struct rbmap_account account = { .delivered = 57, .unread = 999 };

	ck_assert_int_eq(rbmap_account_fill_observed(&account, &before, &after), 0);
	ck_assert_uint_eq(account.written, 10 + 50 + 4 + 2);
	ck_assert_uint_eq(account.delivered, 57);
	ck_assert_uint_eq(account.torn, 3);
	ck_assert_uint_eq(account.unread, 0);
	ck_assert_uint_eq(account.written, sum(&account));
	ck_assert_uint_eq(rbmap_account_lost(&account), 3 + 4 + 2);
	account = (struct rbmap_account){ .delivered = 61 };
	ck_assert_int_eq(rbmap_account_fill_observed(&account, &before, &after),
			 -EBADMSG);
	ck_assert_int_eq(rbmap_account_fill_observed(&account, &after, &before),
			 -ESTALE);
	ck_assert_uint_eq(account.written, account.delivered);
}
END_TEST

START_TEST(accounts_add_up)
{
	struct rbmap_account total = { .written = 0 };
	struct rbmap_account one = { 28, 1, 2, 3, 4, 5, 6, 7 };

	rbmap_account_add(&total, &one);
	rbmap_account_add(&total, &one);
	ck_assert_uint_eq(total.written, 56);
	ck_assert_uint_eq(sum(&total), 56);
	ck_assert_uint_eq(rbmap_account_lost(&total), 2 * (3 + 4 + 5 + 6));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stats");
	TCase *tcase = tcase_create("stats");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, counters_are_told_apart);
	tcase_add_test(tcase, clock_that_is_no_time_counts_ticks);
	tcase_add_loop_test(tcase, spoilt_texts_are_refused, 0,
			    sizeof(spoilt) / sizeof(*spoilt));
	tcase_add_test(tcase, counters_are_read_from_the_file);
	tcase_add_test(tcase, files_keep_their_errno);
	tcase_add_test(tcase, files_longer_than_the_first_guess);
	tcase_add_test(tcase, account_holds);
	tcase_add_test(tcase, account_knows_more_delivered_than_read);
	tcase_add_test(tcase, account_knows_a_reset);
	tcase_add_test(tcase, account_of_an_observer);
	tcase_add_test(tcase, accounts_add_up);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
