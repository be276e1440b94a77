// SPDX-License-Identifier: GPL-2.0-only
/* observe-stress: the roles that use the library: the observer, and a consumer. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <tracefs.h>

#include <rbmap/rbmap.h>

#include "observe.h"

#define SPANS 48
/* Of the smallest record: its head, the common fields, a mark without a body. */
#define LEAST_RECORD 32

struct watcher {
	struct observe *observe;
	struct role *role;
	struct dice dice;
	struct tracefs_instance *instance;
	struct rbmap_session *session;
	struct rbmap_walk walks[MAX_CPUS];
	struct place places[MAX_CPUS];
	struct rbmap_span spans[SPANS];
	struct notes notes[SPANS];
};

static int writer_of(const struct observe *observe, int cpu)
{
	for (int i = 0; i < observe->stress.nr_cpus; i++)
		if (observe->stress.cpus[i] == cpu)
			return i;
	return 0;
}

static bool open_session(struct watcher *watcher, enum rbmap_engine engine)
{
	struct observe *observe = watcher->observe;
	struct rbmap_session_options options = {
		.size = sizeof(options),
		.instance = watcher->instance,
		.cpus = observe->stress.cpus,
		.nr_cpus = observe->stress.nr_cpus,
		.engine = engine,
		.flags = observe->variant->with & COPIES ? RBMAP_SESSION_COPIES : 0,
		.latency_ms = 1 + throw_dice(&watcher->dice, 20),
	};
	int r = rbmap_session_open(&watcher->session, &options);

	if (r < 0)
		role_fail(watcher->role, "rbmap_session_open: %s", strerror(-r));
	memset(watcher->walks, 0, sizeof(watcher->walks));
	return r == 0;
}

static bool open_instance(struct watcher *watcher)
{
	const char *name = strrchr(watcher->observe->stress.instance, '/') + 1;

	watcher->instance =
		tracefs_instance_alloc(watcher->observe->stress.tracefs, name);
	if (!watcher->instance)
		role_fail(watcher->role, "tracefs_instance_alloc: %s", strerror(errno));
	return watcher->instance;
}

static bool make_notes(struct watcher *watcher)
{
	uint32_t room = watcher->observe->variant->subbuf_kb * 1024 / LEAST_RECORD;

	for (int i = 0; i < SPANS; i++) {
		watcher->notes[i].room = room;
		watcher->notes[i].list = calloc(room, sizeof(struct note));
		if (!watcher->notes[i].list)
			return false;
	}
	return true;
}

/* Of the observer's process; the handler of a signal gets at nothing else. */
static struct dice stumbling;

static void stumble_soon(void)
{
	struct itimerval next = {
		.it_value.tv_usec = 1 + throw_dice(&stumbling, 400),
	};

	setitimer(ITIMER_REAL, &next, NULL);
}

static void stumble(int number)
{
	int error = errno;

	nap_us(throw_dice(&stumbling, 1500));
	stumble_soon();
	errno = error;
}

/* Held up at any instruction, for as long as the writer takes to come round. */
static void begin_to_stumble(struct watcher *watcher)
{
	struct sigaction action = { .sa_handler = stumble, .sa_flags = SA_RESTART };

	if (!(watcher->observe->variant->with & IMPATIENT))
		return;
	stumbling = (struct dice){ watcher->dice.state ^ 1 << 20 };
	sigaction(SIGALRM, &action, NULL);
	stumble_soon();
}

static void stop_stumbling(void)
{
	struct itimerval never = { .it_value.tv_sec = 0 };

	signal(SIGALRM, SIG_IGN);
	setitimer(ITIMER_REAL, &never, NULL);
}

/* What a sink may be held up by, so that the writer comes round meanwhile. */
static void dawdle(struct watcher *watcher)
{
	uint32_t side = throw_dice(&watcher->dice, 16);

	if (watcher->observe->variant->with & IMPATIENT)
		return;
	if (side < 2)
		nap_us(throw_dice(&watcher->dice, 3000));
	else if (side == 2)
		nap_us(throw_dice(&watcher->dice, 20000));
}

static void note_all(struct watcher *watcher, int nr)
{
	const struct rbmap_layout *layout = rbmap_session_layout(watcher->session);

	for (int i = 0; i < nr; i++) {
		int writer = writer_of(watcher->observe, watcher->spans[i].cpu);

		take_notes(&watcher->notes[i], &watcher->walks[writer], layout,
			   &watcher->spans[i], writer);
	}
}

static void judge_all(struct watcher *watcher, int nr)
{
	const struct rbmap_layout *layout = rbmap_session_layout(watcher->session);
	struct observe *observe = watcher->observe;

	for (int i = 0; i < nr; i++) {
		int writer = writer_of(observe, watcher->spans[i].cpu);

		judge_span(&observe->common->found[writer], &watcher->places[writer],
			   layout, &watcher->spans[i], &watcher->notes[i]);
	}
}

/* Copies hold still also behind the settle, until the next take. */
static bool use(struct watcher *watcher, int nr)
{
	bool copies = watcher->observe->variant->with & COPIES;
	int torn, named = 0;

	dawdle(watcher);
	if (!copies)
		note_all(watcher, nr);
	if (throw_dice(&watcher->dice, 2))
		dawdle(watcher);
	torn = rbmap_session_settle(watcher->session, watcher->spans, nr);
	if (copies) {
		dawdle(watcher);
		note_all(watcher, nr);
	}
	for (int i = 0; i < nr; i++)
		named += !!(watcher->spans[i].flags & RBMAP_SPAN_TORN);
	if (torn != named || (copies && torn))
		role_fail(watcher->role, "settle: %d torn, %d named", torn, named);
	judge_all(watcher, nr);
	return torn >= 0;
}

/* Returns how many spans there were, or less than 0 on failure. */
static int64_t take_round(struct watcher *watcher)
{
	int64_t all = 0;
	int nr, max;

	do {
		max = 1 + throw_dice(&watcher->dice, SPANS);
		nr = rbmap_session_take(watcher->session, watcher->spans, max);
		if (nr > 0 && !use(watcher, nr))
			return -1;
		all += nr;
	} while (nr > 0);
	if (nr < 0)
		role_fail(watcher->role, "take: %s", strerror(-nr));
	watcher->role->rounds++;
	return nr < 0 ? -1 : all;
}

static bool wait_for_more(struct watcher *watcher)
{
	int r;

	if (watcher->observe->variant->with & IMPATIENT ||
	    throw_dice(&watcher->dice, 4) == 0) {
		rbmap_session_wake_all(watcher->session);
		return true;
	}
	r = rbmap_session_wait(watcher->session, 20);
	if (r < 0 && r != -EINTR)
		role_fail(watcher->role, "wait: %s", strerror(-r));
	return r >= 0 || r == -EINTR;
}

static bool begin_session(struct watcher *watcher, bool full)
{
	struct observe *observe = watcher->observe;

	if (!open_session(watcher, RBMAP_ENGINE_OBSERVE))
		return false;
	for (int i = 0; i < observe->stress.nr_cpus; i++)
		judge_anew(&observe->common->found[i], &watcher->places[i], full);
	set_flag(&observe->common->opened);
	return true;
}

static bool reopens(struct watcher *watcher)
{
	return watcher->observe->variant->with & REOPENS &&
	       throw_dice(&watcher->dice, 10) == 0;
}

static bool watch(struct watcher *watcher)
{
	struct common *common = watcher->observe->common;

	begin_to_stumble(watcher);
	while (!is_set(&common->finish)) {
		if (!wait_for_more(watcher) || take_round(watcher) < 0)
			return false;
		if (!reopens(watcher))
			continue;
		rbmap_session_close(watcher->session);
		watcher->session = NULL;
		if (!begin_session(watcher, true))
			return false;
	}
	stop_stumbling();
	return true;
}

/* Nobody writes any more: twice nothing is the end. */
static void watch_to_the_end(struct watcher *watcher)
{
	int64_t taken = 0;

	for (int nothing = 0; nothing < 2 && taken >= 0;) {
		rbmap_session_wake_all(watcher->session);
		taken = take_round(watcher);
		nothing = taken ? 0 : nothing + 1;
	}
}

static void close_all(struct watcher *watcher)
{
	rbmap_session_close(watcher->session);
	tracefs_instance_free(watcher->instance);
	for (int i = 0; i < SPANS; i++)
		free(watcher->notes[i].list);
	free(watcher);
}

static struct watcher *new_watcher(struct observe *observe, struct role *role)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));

	if (!watcher) {
		role_fail(role, "no memory");
		return NULL;
	}
	watcher->observe = observe;
	watcher->role = role;
	watcher->dice = role_dice(&observe->stress, role);
	return watcher;
}

void run_watcher(struct observe *observe, struct role *role)
{
	struct watcher *watcher = new_watcher(observe, role);

	if (!watcher)
		return;
	if (!make_notes(watcher))
		role_fail(role, "no memory");
	else if (open_instance(watcher) && begin_session(watcher, false) &&
		 watch(watcher))
		watch_to_the_end(watcher);
	close_all(watcher);
}

void run_reader_consumer(struct observe *observe, struct role *role)
{
	struct watcher *watcher = new_watcher(observe, role);
	int nr = 0;

	if (!watcher)
		return;
	if (!open_instance(watcher) || !open_session(watcher, RBMAP_ENGINE_MAPPED))
		nr = -1;
	while (nr >= 0 && !is_set(&observe->common->stop_disturbers)) {
		uint32_t rounds = throw_dice(&watcher->dice, 20);

		rbmap_session_wake_all(watcher->session);
		do {
			nr = rbmap_session_take(watcher->session, watcher->spans,
						SPANS);
			if (nr > 0)
				rbmap_session_settle(watcher->session, watcher->spans,
						     nr);
			role->rounds += nr > 0;
		} while (nr > 0 && rounds--);
		if (nr < 0)
			role_fail(role, "take: %s", strerror(-nr));
		nap_us(throw_dice(&watcher->dice,
				  throw_dice(&watcher->dice, 8) ? 2000 : 50000));
	}
	close_all(watcher);
}
