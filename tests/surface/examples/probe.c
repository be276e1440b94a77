/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * probe: counts the calls of a function of this program, and adds up its argument. The
 * probe is libtracefs's, the formats are in a handle of libtraceevent, and librbmap
 * reads the ring and the fields.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <event-parse.h>
#include <inttypes.h>
#include <rbmap/rbmap.h>
#include <stdio.h>
#include <tracefs.h>

#define SYSTEM "rbmap_example"
#define CALLS 1000

#if defined(__x86_64__)
#define FIRST_ARGUMENT "%di"
#elif defined(__aarch64__)
#define FIRST_ARGUMENT "%x0"
#else
#error "which register has the first argument?"
#endif

struct sum {
	uint64_t calls, arguments;
};

/* Not static, and with something to do: it has to stay a function. */
__attribute__((noinline)) void work(unsigned int n);
void work(unsigned int n)
{
	__asm__ volatile("" : : "r"(n));
}

static struct tracefs_dynevent *make_probe(void)
{
	struct tracefs_dynevent *probe;
	Dl_info info;

	/* The kernel wants an offset in the file; code is where it is in memory. */
	if (!dladdr((void *)work, &info))
		return NULL;
	probe = tracefs_uprobe_alloc(SYSTEM, "work", "/proc/self/exe",
				     (char *)work - (char *)info.dli_fbase,
				     "n=" FIRST_ARGUMENT ":u32");
	if (probe && tracefs_dynevent_create(probe) < 0) {
		tracefs_dynevent_free(probe);
		probe = NULL;
	}
	return probe;
}

static int read_events(struct rbmap_session *session, struct rbmap_field *n,
		       struct sum *sum)
{
	struct rbmap_record record;
	struct rbmap_span span;
	uint64_t number;
	int r;

	rbmap_session_wake_all(session);
	while ((r = rbmap_session_take(session, &span, 1)) > 0) {
		struct rbmap_walk walk = { .data = NULL };

		rbmap_walk_span(&walk, rbmap_session_layout(session), &span);
		while (rbmap_walk_next(&walk, &record) > 0)
			/* -EINVAL: a record of another event. */
			if (rbmap_field_u64(n, &record, &number) == 0) {
				sum->calls++;
				sum->arguments += number;
			}
		rbmap_session_settle(session, &span, 1);
	}
	return r;
}

static int trace(struct tracefs_instance *instance, struct tep_handle *tep,
		 struct sum *sum)
{
	struct rbmap_session_options options = {
		.size = sizeof(options),
		.instance = instance,
		/* A span that is overwritten while it is added up would have to be undone. */
		.flags = RBMAP_SESSION_COPIES,
	};
	struct rbmap_session *session = NULL;
	struct rbmap_events *events = NULL;
	struct rbmap_field *n = NULL;
	int r = rbmap_events_from_tep(&events, tep, NULL);

	if (r == 0)
		r = rbmap_field_open(&n, events, SYSTEM, "work", "n");
	if (r == 0)
		r = rbmap_session_open(&session, &options);
	if (r == 0 && tracefs_event_enable(instance, SYSTEM, "work") < 0)
		r = -errno;
	for (unsigned int i = 1; r == 0 && i <= CALLS; i++)
		work(i);
	if (r == 0)
		r = read_events(session, n, sum);
	tracefs_event_disable(instance, SYSTEM, "work"); /* A probe in use stays. */
	rbmap_session_close(session);
	rbmap_field_close(n);
	rbmap_events_close(events);
	return r;
}

int main(void)
{
	static const char *const systems[] = { SYSTEM, NULL };
	struct tracefs_dynevent *probe = make_probe();
	struct tracefs_instance *instance;
	struct tep_handle *tep;
	struct sum sum = { 0, 0 };
	int r = -ENOMEM;

	if (!probe)
		return perror("probe: no uprobe could be made"), 1;
	/* After the probe: the handle has the events that there are when it is made. */
	instance = tracefs_instance_create("rbmap-probe");
	tep = tracefs_local_events_system(NULL, systems);
	if (instance && tep)
		r = trace(instance, tep, &sum);
	tep_free(tep);
	if (instance)
		tracefs_instance_destroy(instance);
	tracefs_instance_free(instance);
	tracefs_dynevent_destroy(probe, true);
	tracefs_dynevent_free(probe);
	if (r < 0)
		return fprintf(stderr, "probe: %s\n", rbmap_strerror(r)), 1;
	printf("%" PRIu64 " calls, sum %" PRIu64 "\n", sum.calls, sum.arguments);
	return 0;
}
