// SPDX-License-Identifier: GPL-2.0-only
/* Instances that options select by name. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include <rbmap/events.h>
#include <rbmap/session.h>
#include <rbmap/tracedat.h>

#include "fake-tracefs.h"
#include "run.h"

#define INSTANCES "/sys/kernel/tracing/instances/"

static const char *const no_systems[] = { NULL };
static const int cpus[] = { 0 };

static int open_session(struct tracefs_instance *instance, const char *name)
{
	struct rbmap_session_options options = { .size = sizeof(options),
						 .instance = instance,
						 .instance_name = name,
						 .engine = RBMAP_ENGINE_READ };
	struct rbmap_session *session = NULL;
	int r = rbmap_session_open(&session, &options);

	ck_assert(!session == (r < 0));
	rbmap_session_close(session);
	return r;
}

static int open_events(struct tracefs_instance *instance, const char *name)
{
	struct rbmap_events_options options = { .size = sizeof(options),
						.instance = instance,
						.instance_name = name,
						.systems = no_systems };
	struct rbmap_events *events = NULL;
	int r = rbmap_events_open(&events, &options);

	ck_assert(!events == (r < 0));
	rbmap_events_close(events);
	return r;
}

static int open_writer(struct tracefs_instance *instance, const char *name)
{
	struct rbmap_layout layout = { .subbuf_size = 4096,
				       .data_offset = 16,
				       .commit_offset = 8,
				       .commit_size = 8 };
	struct rbmap_tracedat_options options = { .size = sizeof(options),
						  .instance = instance,
						  .instance_name = name,
						  .layout = &layout,
						  .cpus = cpus,
						  .nr_cpus = 1 };
	struct rbmap_tracedat_writer *writer = NULL;
	FILE *file = tmpfile();
	int r;

	ck_assert_ptr_nonnull(file);
	r = rbmap_tracedat_writer_open(&writer, fileno(file), &options);
	ck_assert(!writer == (r < 0));
	rbmap_tracedat_writer_close(writer);
	fclose(file);
	return r;
}

static int (*const openers[])(struct tracefs_instance *,
			      const char *) = { open_session, open_events,
						open_writer };
#define NR_OPENERS (sizeof(openers) / sizeof(openers[0]))

START_TEST(both_an_instance_and_a_name)
{
	struct fake_tracefs fake;

	fake_tracefs_open(&fake, cpus, 1);
	for (size_t i = 0; i < NR_OPENERS; i++)
		ck_assert_int_eq(openers[i](fake.instance, "name"), -EINVAL);
	fake_tracefs_close(&fake);
}
END_TEST

START_TEST(names_that_are_paths)
{
	const char *const names[] = { "", ".", "..", "/", "a/b", "../..", "/tmp" };
	char long_name[2 * PATH_MAX];

	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	for (size_t i = 0; i < NR_OPENERS; i++) {
		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
			ck_assert_int_eq(openers[i](NULL, names[n]), -EINVAL);
		ck_assert_int_eq(openers[i](NULL, long_name), -EINVAL);
	}
}
END_TEST

static bool has_instances(void)
{
	return access(INSTANCES, R_OK | W_OK | X_OK) == 0;
}

START_TEST(no_such_instance_is_not_created)
{
	char name[64], path[128];

	snprintf(name, sizeof(name), "rbmap-unit-none-%d", (int)getpid());
	snprintf(path, sizeof(path), INSTANCES "%s", name);
	for (size_t i = 0; i < NR_OPENERS; i++) {
		int r = openers[i](NULL, name);

		/* Without root nothing can be seen below tracefs. */
		ck_assert(r == -ENOENT || (r == -EACCES && geteuid() != 0));
		ck_assert_int_ne(access(path, F_OK), 0);
	}
}
END_TEST

START_TEST(an_instance_of_the_kernel)
{
	char name[64], path[128];

	if (!has_instances())
		return;
	snprintf(name, sizeof(name), "rbmap-unit-%d", (int)getpid());
	snprintf(path, sizeof(path), INSTANCES "%s", name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	for (size_t i = 0; i < NR_OPENERS; i++)
		ck_assert_int_eq(openers[i](NULL, name), 0);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

/* What the name was opened as lasts as long as one of the two. */
START_TEST(halves_of_a_session)
{
	struct rbmap_session_options options = { .size = sizeof(options),
						 .engine = RBMAP_ENGINE_READ };
	struct rbmap_session *session, *half;
	struct rbmap_span span;
	char name[64], path[128];
	const int *list;

	if (!has_instances())
		return;
	snprintf(name, sizeof(name), "rbmap-unit-half-%d", (int)getpid());
	snprintf(path, sizeof(path), INSTANCES "%s", name);
	options.instance_name = name;
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(rbmap_session_open(&session, &options), 0);
	name[0] = '\0';
	if (rbmap_session_cpus(session, &list) > 1) {
		ck_assert_int_eq(rbmap_session_split(session, &half), 0);
		ck_assert_int_eq(rbmap_session_join(session, half), 0);
		ck_assert_int_eq(rbmap_session_split(session, &half), 0);
		rbmap_session_close(session);
		session = half;
	}
	rbmap_session_wake_all(session);
	ck_assert_int_ge(rbmap_session_wait(session, 0), 0);
	ck_assert_int_eq(rbmap_session_take(session, &span, 1), 0);
	rbmap_session_close(session);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		both_an_instance_and_a_name,
		names_that_are_paths,
		no_such_instance_is_not_created,
		an_instance_of_the_kernel,
		halves_of_a_session,
	};

	return RUN_TESTS("instance-name", tests);
}
