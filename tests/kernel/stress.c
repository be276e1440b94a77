// SPDX-License-Identifier: GPL-2.0-only
/*
 * stress [--seconds N] [--seed N] [--patched] [--no-hotplug]: the kernel's side of the
 * ring-buffer mapping under load, by raw system calls. Writers on every CPU write
 * numbered, checksummed events into a private instance; consumers check what becomes of
 * them, while others disturb. Results as TAP; the kernel log is the caller's to look
 * at.
 *
 * With one consumer every event is accounted for: delivered once, in order, or told as
 * lost. With several on the same rings no event may come twice. See stress/consume.c
 * for what a mapping reader can know about the others.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ring/uapi/trace_mmap.h"
#include "stress/stress.h"

#define HARMLESS (WITH_OBSERVERS | WITH_FORKS | WITH_ATTEMPTS)
#define EVERYTHING \
	(HARMLESS | WITH_READ | WITH_SPLICE | WITH_TOGGLES | WITH_HOTPLUG | WITH_RESETS)

static const struct phase phases[] = {
	{ "one consumer, lapped", LAPS | HARMLESS, 64, 3 },
	{ "one consumer, roomy", PACED | HARMLESS, 4096, 2 },
	{ "one consumer, full rings refuse", REFUSING | WITH_OBSERVERS | WITH_FORKS, 64,
	  2 },
	{ "one consumer, tracing_on toggled", LAPS | HARMLESS | WITH_TOGGLES, 64, 2 },
	{ "one consumer, CPUs offline and online",
	  LAPS | HARMLESS | WITH_TOGGLES | WITH_HOTPLUG, 64, 3 },
	{ "three consumers in turns, resets, all else", TURNS | EVERYTHING, 256, 4 },
	{ "three consumers at once, resets, all else",
	  TOGETHER | EVERYTHING | WITH_TRACE_FILE, 64, 4 },
};

#define NR_PHASES (sizeof(phases) / sizeof(phases[0]))

static const char usage[] =
	"usage: stress [--seconds N] [--seed N] [--patched] [--no-hotplug]\n"
	"  --seconds N    how long, over all phases (default 300)\n"
	"  --seed N       throw the same dice again\n"
	"  --patched      also what Linux up to 7.3 does wrong, the patched 6.1 right\n"
	"  --no-hotplug   leave all CPUs online\n";

static unsigned long long number(const char *option, const char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-') {
		fprintf(stderr, "stress: --%s %s: not a number\n", option, text);
		exit(2);
	}
	return value;
}

static void parse(struct stress *stress, int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'r' },
		{ "patched", no_argument, NULL, 'p' },
		{ "no-hotplug", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 's') {
			stress->seconds = number("seconds", optarg);
		} else if (option == 'r') {
			stress->seed = number("seed", optarg);
		} else if (option == 'p') {
			stress->patched = true;
		} else if (option == 'n') {
			stress->no_hotplug = true;
		} else if (option == 'h') {
			fputs(usage, stdout);
			exit(0);
		} else {
			fputs("stress: --help shows the options\n", stderr);
			exit(2);
		}
	}
	if (optind < argc || stress->seconds < 1 || stress->seconds > 86400) {
		fputs(usage, stderr);
		exit(2);
	}
}

static _Noreturn void skip_all(const struct stress *stress, const char *reason)
{
	if (stress->patched) {
		printf("1..1\nnot ok 1 - stress: %s\n", reason);
		exit(1);
	}
	printf("1..0 # SKIP %s\n", reason);
	exit(77);
}

static void find_tracefs(struct stress *stress)
{
	static const char *const places[] = { "/sys/kernel/tracing",
					      "/sys/kernel/debug/tracing" };
	char path[64];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/instances", places[i]);
		if (access(path, F_OK) == 0) {
			stress->tracefs = places[i];
			break;
		}
	}
	if (!stress->tracefs)
		skip_all(stress, "no tracefs is mounted, or this needs root");
	snprintf(stress->instance, sizeof(stress->instance),
		 "%s/instances/rbmap-KTEST-%d", stress->tracefs, (int)getpid());
}

/* A ring that is not mapped says so if it can be: ENODEV, else ENOTTY. */
static void need_mapping(struct stress *stress)
{
	bool maps = false;
	int fd;

	if (mkdir(stress->instance, 0750) < 0)
		skip_all(stress, "no instance can be made; this needs root");
	fd = open_in(stress, O_RDONLY | O_NONBLOCK, "per_cpu/cpu%d/trace_pipe_raw",
		     stress->cpus[0]);
	if (fd >= 0) {
		maps = ioctl(fd, TRACE_MMAP_IOCTL_GET_READER) < 0 && errno == ENODEV;
		close(fd);
	}
	rmdir(stress->instance);
	if (!maps)
		skip_all(stress, "this kernel cannot map ring buffers");
}

static void hold_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

static void run_phases(struct stress *stress)
{
	unsigned int weights = 0;

	for (size_t i = 0; i < NR_PHASES; i++)
		weights += phases[i].weight;
	for (size_t i = 0; i < NR_PHASES; i++) {
		const struct phase *phase = &phases[i];
		int signal_number;

		if (phase->with & WITH_HOTPLUG && !(phase->with & (TURNS | TOGETHER)) &&
		    !stress->nr_removable) {
			skip_phase(phase, "no CPU can be taken offline");
			continue;
		}
		stress->phase_seconds =
			(double)stress->seconds * phase->weight / weights;
		signal_number = run_phase(stress, phase);
		if (signal_number) {
			fprintf(stderr, "stress: ended by signal %d\n", signal_number);
			exit(128 + signal_number);
		}
		check_phase(stress);
		forget_phase(stress);
	}
}

int main(int argc, char **argv)
{
	struct stress stress = { .seconds = 300, .seed = monotonic_ns() };
	unsigned int planned = 0;

	parse(&stress, argc, argv);
	find_cpus(&stress);
	find_tracefs(&stress);
	need_mapping(&stress);
	hold_signals();
	for (size_t i = 0; i < NR_PHASES; i++)
		planned += count_checks(&phases[i]);
	printf("1..%u\n# seed %llu, %u s, %d CPUs, of which %d can be taken offline\n",
	       planned, (unsigned long long)stress.seed, stress.seconds, stress.nr_cpus,
	       stress.nr_removable);
	run_phases(&stress);
	return failed_checks() > 0;
}
