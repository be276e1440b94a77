// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <tracefs.h>

#include "common.h"
#include "stat/stat.h"

#define NS_PER_S 1000000000LL

struct config {
	const char *instance;
	const char *cpulist;
	bool json;
	bool features;
	uint64_t watch_ns;
	uint64_t count;
};

enum {
	OPTION_FEATURES = 256,
	OPTION_COUNT,
	OPTION_VERSION
};

static const struct option options[] = {
	{ "instance", required_argument, NULL, 'B' },
	{ "cpus", required_argument, NULL, 'M' },
	{ "json", no_argument, NULL, 'j' },
	{ "watch", required_argument, NULL, 'w' },
	{ "count", required_argument, NULL, OPTION_COUNT },
	{ "features", no_argument, NULL, OPTION_FEATURES },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

static void print_help(void)
{
	fputs("Usage: rbmap-stat [OPTION]...\n"
	      "The meta-page of each CPU's ring buffer beside the kernel's live counters.\n"
	      "Consumes nothing, so it can watch a ring that someone else records.\n"
	      "\n"
	      "  -B, --instance INSTANCE  look at this instance, not at the top-level one\n"
	      "  -M, --cpus CPULIST       these CPUs only, as 0-3,5\n"
	      "  -j, --json               one JSON document, on one line\n"
	      "  -w, --watch SECONDS      look again every SECONDS (1.5, 500ms), until SIGINT\n"
	      "      --count N            with --watch: end after N looks\n"
	      "      --features           what this kernel and this user can do, and why not\n"
	      "  -h, --help               this text\n"
	      "      --version            the version\n"
	      "\n"
	      "META-PAGE      counts since the last reset; unread = entries - overrun - read\n"
	      "READER         the sub-buffer that the reader owns, and what is consumed of it\n"
	      "PAGES          lost and touched ones, from Linux 7.1 on; left out where 0\n"
	      "LIVE COUNTERS  of per_cpu/cpuN/stats; overrun was overwritten before it was read,\n"
	      "               dropped was refused with overwrite off, c.overrun (commit overrun)\n"
	      "               was refused because an interrupted writer held its place\n"
	      "TOGETHER       fill: how much of the ring is unread; reach: age of the oldest\n"
	      "               unread event; lost = overrun + dropped + c.overrun\n"
	      "\n"
	      "Each look maps the rings for a moment: meanwhile they can be neither resized nor\n"
	      "snapshot. While someone else has a ring mapped, its meta-page is as their last\n"
	      "read left it; the live counters are always of now.\n"
	      "\n"
	      "Exit status: 0 ok, 1 failure, 2 usage.\n",
	      stdout);
}

static int parse_watch(struct config *config, const char *text)
{
	if (common_parse_time(&config->watch_ns, text) || !config->watch_ns)
		return common_usage_error("--watch '%s': not a time above 0; write it "
					  "as 2, 1.5 or 500ms",
					  text);
	if (config->watch_ns > INT64_MAX / 4)
		return common_usage_error("--watch '%s': too long", text);
	return COMMON_OK;
}

static int parse_count(struct config *config, const char *text)
{
	if (common_parse_number(&config->count, text) || !config->count)
		return common_usage_error("--count '%s': not a number above 0", text);
	return COMMON_OK;
}

static int check(const struct config *config)
{
	if (config->count && !config->watch_ns)
		return common_usage_error("--count: only with --watch");
	if (config->features &&
	    (config->instance || config->cpulist || config->watch_ns))
		return common_usage_error("--features: not with -B, -M or --watch; it "
					  "is about the whole machine");
	return COMMON_OK;
}

/* *@done: all that was asked for has been printed. */
static int parse(struct config *config, int argc, char **argv, bool *done)
{
	int status = COMMON_OK;
	int c;

	opterr = 0;
	while (status == COMMON_OK && !*done &&
	       (c = getopt_long(argc, argv, ":B:M:jw:h", options, NULL)) >= 0) {
		switch (c) {
		case 'B':
			config->instance = optarg;
			break;
		case 'M':
			config->cpulist = optarg;
			break;
		case 'j':
			config->json = true;
			break;
		case 'w':
			status = parse_watch(config, optarg);
			break;
		case OPTION_COUNT:
			status = parse_count(config, optarg);
			break;
		case OPTION_FEATURES:
			config->features = true;
			break;
		case 'h':
			print_help();
			*done = true;
			break;
		case OPTION_VERSION:
			common_print_version();
			*done = true;
			break;
		default:
			status = common_option_error(c, argv);
		}
	}
	if (status != COMMON_OK || *done)
		return status;
	if (optind < argc)
		return common_usage_error("'%s': takes no arguments", argv[optind]);
	return check(config);
}

/* Columns to print in; a file or a pipe gets one row a CPU, however wide. */
static int output_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 1000;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col < 40)
		return 80;
	return size.ws_col;
}

static int print_sample(const struct config *config, struct stat_sample *sample,
			struct tracefs_instance *instance,
			const struct common_cpus *cpus)
{
	int status = stat_sample_take(sample, instance, cpus);

	if (status != COMMON_OK)
		return status;
	if (config->json) {
		status = stat_print_json(sample);
	} else {
		if (config->watch_ns && isatty(STDOUT_FILENO))
			fputs("\033[H\033[J", stdout);
		stat_print_head(sample);
		if (!stat_print_table(sample, output_width()))
			status = common_fail("not enough memory for the table");
		stat_print_notes(sample);
	}
	free(sample->cpus);
	return status;
}

static void end_well(int signal_number)
{
	_exit(COMMON_OK);
}

/*
 * Those that were ignored stay so (nohup). At once, also out of a write(2) that nobody
 * takes: there is nothing to put back, a mapping goes with the process.
 */
static void end_well_on_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action, end = { .sa_handler = end_well };

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (!sigaction(signals[i], NULL, &action) &&
		    action.sa_handler != SIG_IGN)
			sigaction(signals[i], &end, NULL);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void wait_until(int64_t due)
{
	struct timespec time = { .tv_sec = due / NS_PER_S, .tv_nsec = due % NS_PER_S };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

static int watch(const struct config *config, struct stat_sample *sample,
		 struct tracefs_instance *instance, const struct common_cpus *cpus)
{
	int64_t due = now_ns();

	end_well_on_signals();
	for (uint64_t nr = 1;; nr++) {
		int status = print_sample(config, sample, instance, cpus);

		if (status != COMMON_OK || !common_flush_stdout() ||
		    nr == config->count)
			return status;
		if (!config->json && !isatty(STDOUT_FILENO))
			putchar('\n');
		/* Samples that took longer than the interval are not made up for. */
		due += config->watch_ns;
		if (due < now_ns())
			due = now_ns();
		wait_until(due);
	}
}

static int run(const struct config *config)
{
	struct stat_sample sample = { .name = config->instance };
	struct common_cpus cpus = { .nr = 0 };
	struct tracefs_instance *instance;
	char *path = NULL;
	int status;

	if (config->features)
		return stat_features(config->json, output_width());
	status = common_instance_open(&instance, config->instance);
	if (status != COMMON_OK)
		return status;
	status = common_cpus_choose(&cpus, config->cpulist, COMMON_OFFLINE_TAKE);
	if (status == COMMON_OK) {
		path = tracefs_instance_get_dir(instance);
		sample.path = path ? path : "?";
		if (config->watch_ns)
			status = watch(config, &sample, instance, &cpus);
		else
			status = print_sample(config, &sample, instance, &cpus);
	}
	free(path);
	common_cpus_free(&cpus);
	tracefs_instance_free(instance);
	return status;
}

int main(int argc, char **argv)
{
	struct config config = { .instance = NULL };
	bool done = false;
	int status;

	common_init("rbmap-stat");
	/* A whole sample at a time, on a terminal too. */
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	status = parse(&config, argc, argv, &done);
	if (status == COMMON_OK && !done)
		status = run(&config);
	return common_close_stdout(status);
}
