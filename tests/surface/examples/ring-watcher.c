/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring-watcher INSTANCE: the events of an instance that others set up, each second, until
 * Ctrl-C. The rings are one of three things that an epoll loop of one's own waits for.
 * It observes: the recorder of the instance, if there is one, misses nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <rbmap/rbmap.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

static uint64_t events, lost, gaps;

static int look(struct rbmap_session *session)
{
	const struct rbmap_layout *layout = rbmap_session_layout(session);
	struct rbmap_span span;
	int r;

	/* Until 0: only then the file descriptor is no longer readable. */
	while ((r = rbmap_session_take(session, &span, 1)) > 0) {
		struct rbmap_walk walk = { .data = NULL };
		struct rbmap_tally tally = { .records = 0 };

		rbmap_walk_span(&walk, layout, &span);
		rbmap_walk_tally(&walk, &tally);
		if (rbmap_session_settle(session, &span, 1) == 0) /* not overwritten */
			events += tally.records;
		if (span.lost == RBMAP_LOST_UNKNOWN)
			gaps++;
		else
			lost += span.lost;
	}
	return r;
}

static void report(const char *when)
{
	printf("%s%" PRIu64 " events, %" PRIu64 " lost, %" PRIu64
	       " gaps of unknown size\n",
	       when, events, lost, gaps);
	fflush(stdout);
}

static int watch(struct rbmap_session *session, int epoll, int timer)
{
	struct epoll_event event;
	uint64_t expired;
	int r = 0;

	while (r >= 0) {
		if (epoll_wait(epoll, &event, 1, -1) < 0)
			r = errno == EINTR ? 0 : -errno;
		else if (event.data.fd == rbmap_session_fd(session))
			r = look(session);
		else if (event.data.fd != timer)
			break; /* the signal */
		else if (read(timer, &expired, sizeof(expired)) > 0)
			report("");
	}
	if (r >= 0) {
		rbmap_session_wake_all(session);
		r = look(session);
	}
	report("total: ");
	return r;
}

static void add(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		perror("epoll");
}

int main(int argc, char **argv)
{
	const struct itimerspec second = { .it_interval.tv_sec = 1,
					   .it_value.tv_sec = 1 };
	struct rbmap_session_options options = { .size = sizeof(options) };
	int epoll = epoll_create1(EPOLL_CLOEXEC), timer, r;
	struct rbmap_session *session;
	sigset_t signals;

	if (argc != 2)
		return fprintf(stderr, "usage: ring-watcher INSTANCE\n"), 2;
	options.instance_name = argv[1];
	options.engine = RBMAP_ENGINE_OBSERVE;
	r = rbmap_session_open(&session, &options);
	if (r < 0)
		return fprintf(stderr, "%s: %s\n", argv[1], rbmap_strerror(r)), 1;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	timerfd_settime(timer, 0, &second, NULL);
	add(epoll, timer);
	add(epoll, signalfd(-1, &signals, SFD_CLOEXEC));
	add(epoll, rbmap_session_fd(session));
	r = watch(session, epoll, timer);
	rbmap_session_close(session);
	if (r < 0)
		return fprintf(stderr, "%s: %s\n", argv[1], rbmap_strerror(r)), 1;
	return 0;
}
