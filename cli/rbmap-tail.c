// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <tracefs.h>
#include <unistd.h>

#include <rbmap/error.h>
#include <rbmap/events.h>
#include <rbmap/stats.h>

#include "common.h"
#include "escape.h"
#include "systems.h"
#include "tail.h"

/* Two turns and the printing make it less than 10. */
#define LATENCY_MS 5

/*
 * Those that were ignored stay so (nohup). With a reader that takes nothing a line
 * would be cut in two, so signals only make the loop stop.
 */
static int take_signals(struct tail *tail)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	sigset_t signals;

	if (common_bound_stderr() != COMMON_OK)
		return COMMON_FAILURE;
	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!sigaction(ends[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(&signals, ends[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	tail->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (tail->signal_fd < 0)
		return common_fail("signalfd: %s", strerror(errno));
	return COMMON_OK;
}

static int load_events(struct tail *tail, char **systems)
{
	struct rbmap_events_options options = { .size = sizeof(options) };
	int r;

	options.instance = tail->instance;
	options.systems = (const char *const *)systems;
	options.log = common_log(tail->config.verbosity);
	r = rbmap_events_open(&tail->events, &options);
	if (r < 0)
		return common_fail("the event formats could not be loaded: %s",
				   rbmap_strerror(r));
	return COMMON_OK;
}

static int open_events(struct tail *tail)
{
	char **systems = NULL;
	int status = COMMON_OK;

	if (tail->config.wanted.events.nr)
		status = systems_find(&systems, &tail->config, tail->instance);
	if (status == COMMON_OK)
		status = load_events(tail, systems);
	tracefs_list_free(systems);
	if (status == COMMON_OK)
		status = choice_open(&tail->choice, &tail->config.wanted, tail->events);
	return status;
}

/* A ring gets its size as the first event is enabled, unless it is mapped by then. */
static bool has_no_size(const struct tail *tail)
{
	char *text = tracefs_instance_file_read(tail->instance, "buffer_size_kb", NULL);
	bool none = text && strstr(text, "expanded");

	free(text);
	return none;
}

/* Something may have been written to trace_marker. */
static bool is_empty(const struct tail *tail, const struct common_cpus *cpus)
{
	struct rbmap_counters counters;

	for (size_t i = 0; i < cpus->nr; i++)
		if (!rbmap_counters_read(&counters, tail->instance, cpus->cpus[i]) &&
		    counters.unread)
			return false;
	return true;
}

static void note_reason(void *context, enum rbmap_log_level level, const char *message)
{
	struct tail_reason *reason = context;
	struct rbmap_log log = common_log(reason->verbosity);

	if (level == RBMAP_LOG_WARNING && !reason->over)
		snprintf(reason->warning, sizeof(reason->warning), "%s", message);
	else if (log.write)
		log.write(log.context, level, message);
}

/* The ring of the top level has no recorder of ours: that would make its own. */
static int cannot_observe(const struct tail *tail, int r)
{
	const char *name = tail->config.instance;
	const char *why =
		*tail->reason.warning ? tail->reason.warning : rbmap_strerror(r);

	if (r != -EOPNOTSUPP && r != -ENOTTY && r != -ENODEV)
		return common_fail("the ring buffer could not be opened: %s",
				   rbmap_strerror(r));
	if (!name)
		return common_fail("%s; to consume it instead, read trace_pipe", why);
	return common_fail("%s; to consume it instead, use rbmap-record -B %s "
			   "-e EVENT --format text",
			   why, name);
}

static int open_session(struct tail *tail)
{
	struct rbmap_session_options options = { .size = sizeof(options) };
	struct common_cpus cpus = { .nr = 0 };
	int status, r;

	status = common_cpus_choose(&cpus, tail->config.cpus, COMMON_OFFLINE_TAKE);
	if (status != COMMON_OK)
		return status;
	/* Not even for a moment: another program may be about to enable an event. */
	if (has_no_size(tail) && is_empty(tail, &cpus)) {
		common_cpus_free(&cpus);
		return COMMON_OK;
	}
	options.instance = tail->instance;
	if (tail->config.cpus) {
		options.cpus = cpus.cpus;
		options.nr_cpus = cpus.nr;
	}
	options.engine = RBMAP_ENGINE_OBSERVE;
	options.flags = RBMAP_SESSION_COPIES;
	options.latency_ms = tail->config.follow ? LATENCY_MS : 0;
	tail->reason.verbosity = tail->config.verbosity;
	options.log = (struct rbmap_log){ note_reason, &tail->reason };
	r = rbmap_session_open(&tail->session, &options);
	tail->reason.over = true;
	common_cpus_free(&cpus);
	return r < 0 ? cannot_observe(tail, r) : COMMON_OK;
}

static int make_room(struct tail *tail)
{
	const int *cpus;
	size_t nr = rbmap_session_cpus(tail->session, &cpus);

	tail->nr_cpus = cpus[nr - 1] + 1;
	tail->cpus = calloc(tail->nr_cpus, sizeof(*tail->cpus));
	return tail->cpus ? COMMON_OK : common_fail("%s", strerror(ENOMEM));
}

static int open_printer(struct tail *tail)
{
	char *clock = tracefs_get_clock(tail->instance);

	if (common_escapes(tail->config.escape, STDOUT_FILENO))
		rbmap_events_set_text_format(tail->events, RBMAP_TEXT_ESCAPE);
	tail->printer.lines.json = tail->config.json;
	tail->printer.ticks = clock && !strcmp(clock, "x86-tsc");
	free(clock);
	printer_open(&tail->printer, tail->events, tail->signal_fd);
	return COMMON_OK;
}

/* The rings last, so that what was written meanwhile is there. */
static int open_all(struct tail *tail)
{
	int status = open_events(tail);

	if (status == COMMON_OK)
		status = open_printer(tail);
	if (status == COMMON_OK)
		status = open_session(tail);
	if (status == COMMON_OK && tail->session)
		status = make_room(tail);
	return status == COMMON_OK ? common_drop_privileges(NULL, 0) : status;
}

static int show_past(struct tail *tail)
{
	size_t at = 0;
	int status = tail_print_past(tail, &at, UINT64_MAX);

	if (status == COMMON_OK && !tail->stop && tail->config.lines)
		status = tail_print_gaps(tail);
	if (status == COMMON_OK && !tail->stop)
		status = tail_printed(tail, printer_flush(&tail->printer));
	return status;
}

static int run(struct tail *tail)
{
	int status;

	if (tail->config.follow) {
		status = take_signals(tail);
		if (status != COMMON_OK)
			return status;
	}
	common_raise_file_limit();
	status = common_instance_open(&tail->instance, tail->config.instance);
	if (status == COMMON_OK && tail->config.follow && has_no_size(tail))
		return common_fail(
			"the ring buffer is not allocated yet and cannot be while "
			"mapped; enable events first");
	if (status == COMMON_OK)
		status = open_all(tail);
	if (!tail->session)
		return status;
	if (status == COMMON_OK)
		status = tail_read_past(tail);
	if (status == COMMON_OK)
		status = tail->config.follow ? tail_follow(tail) : show_past(tail);
	return status;
}

static void close_all(struct tail *tail)
{
	rbmap_merge_close(tail->merge);
	rbmap_session_close(tail->session);
	printer_close(&tail->printer);
	history_free(&tail->history);
	choice_close(tail->choice);
	rbmap_events_close(tail->events);
	tracefs_instance_free(tail->instance);
	free(tail->cpus);
	config_free(&tail->config);
	if (tail->signal_fd >= 0)
		close(tail->signal_fd);
}

int main(int argc, char **argv)
{
	struct tail tail = { .signal_fd = -1 };
	bool done = false;
	int status;

	common_init("rbmap-tail");
	status = config_parse(&tail.config, argc, argv, &done);
	tail.history.most = tail.config.lines;
	if (status == COMMON_OK && !done)
		status = run(&tail);
	close_all(&tail);
	return common_close_stdout(status);
}
