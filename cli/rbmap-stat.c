// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <tracefs.h>

#include "common.h"
#include "stat/config.h"
#include "stat/stat.h"

#define NS_PER_S 1000000000LL

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
	stat_sample_free(sample);
	return status;
}

static void end_well(int signal_number)
{
	_exit(COMMON_OK);
}

/*
 * Those that were ignored stay so (nohup). At once, even out of a write(2)
 * that blocks: there is nothing to put back, a mapping goes with the process.
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
	status = common_cpus_choose(&cpus, config->cpus, COMMON_OFFLINE_TAKE);
	if (status == COMMON_OK) {
		path = tracefs_instance_get_dir(instance);
		sample.path = path;
		if (!path)
			status = common_fail("%s", strerror(ENOMEM));
		else if (config->watch_ns)
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
	status = config_parse(&config, argc, argv, &done);
	if (status == COMMON_OK && !done)
		status = run(&config);
	return common_close_stdout(status);
}
