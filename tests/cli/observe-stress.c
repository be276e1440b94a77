// SPDX-License-Identifier: GPL-2.0-only
/*
 * observe-stress [--seconds N] [--seed N] [--only TEXT]: tries to catch the observer
 * out on the live kernel. Writers at full speed, one for each CPU, fill rings so small
 * that they come round every millisecond or sooner, with numbered and checksummed
 * events, while others hold the observer up, consume or reset. Of what it delivers no
 * event may be corrupt, twice or out of order, and no number missing without a gap told
 * at that place. Results as TAP.
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

#include "observe-stress/observe.h"
#include "ring/uapi/trace_mmap.h"

/* What has not come to its end by then never will. */
#define GUARD_SECONDS 30

static const char usage[] =
	"usage: observe-stress [--seconds N] [--seed N] [--only TEXT]\n"
	"  --seconds N    how long, over all variants (default 60)\n"
	"  --seed N       throw the same dice again\n"
	"  --only TEXT    only the variants that have this in their name\n";

static unsigned long long number(const char *option, const char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-') {
		fprintf(stderr, "observe-stress: --%s %s: not a number\n", option,
			text);
		exit(2);
	}
	return value;
}

static void parse(struct observe *observe, int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'r' },
		{ "only", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 's') {
			observe->stress.seconds = number("seconds", optarg);
		} else if (option == 'r') {
			observe->stress.seed = number("seed", optarg);
		} else if (option == 'o') {
			observe->only = optarg;
		} else {
			fputs(usage, option == 'h' ? stdout : stderr);
			exit(option == 'h' ? 0 : 2);
		}
	}
	if (optind < argc || observe->stress.seconds < 1 ||
	    observe->stress.seconds > 86400) {
		fputs(usage, stderr);
		exit(2);
	}
}

static _Noreturn void skip_all(const char *reason)
{
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
		skip_all("no tracefs is mounted, or this needs root");
	snprintf(stress->instance, sizeof(stress->instance),
		 "%s/instances/rbmap-OTEST-%d", stress->tracefs, (int)getpid());
}

/* A ring that is not mapped says so if it can be: ENODEV, else ENOTTY. */
static void need_mapping(struct observe *observe)
{
	struct stress *stress = &observe->stress;
	bool maps = false;
	int fd;

	if (mkdir(stress->instance, 0750) < 0)
		skip_all("no instance can be made; this needs root");
	fd = open_in(stress, O_RDONLY | O_NONBLOCK, "per_cpu/cpu%d/trace_pipe_raw",
		     stress->cpus[0]);
	if (fd >= 0) {
		maps = ioctl(fd, TRACE_MMAP_IOCTL_GET_READER) < 0 && errno == ENODEV;
		close(fd);
	}
	observe->resizable = exists_in(stress, "buffer_subbuf_size_kb");
	rmdir(stress->instance);
	if (!maps)
		skip_all("this kernel cannot map ring buffers");
#if !defined(__x86_64__) && !defined(__i386__)
	skip_all("rings are not observed on a CPU of this kind");
#endif
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

static bool is_chosen(const struct observe *observe, const struct variant *variant)
{
	return !observe->only || strstr(variant->name, observe->only);
}

static bool has_size(const struct observe *observe, const struct variant *variant)
{
	return observe->resizable ||
	       variant->subbuf_kb * 1024l == sysconf(_SC_PAGESIZE);
}

static unsigned int count_chosen(const struct observe *observe)
{
	unsigned int chosen = 0;

	for (unsigned int i = 0; i < nr_variants; i++)
		chosen += is_chosen(observe, &variants[i]);
	return chosen;
}

static void run_all(struct observe *observe)
{
	for (unsigned int i = 0; i < nr_variants; i++) {
		int signal_number;

		if (!is_chosen(observe, &variants[i]))
			continue;
		if (!has_size(observe, &variants[i])) {
			skip_variant(&variants[i], "sub-buffers have one size here");
			continue;
		}
		signal_number = run_variant(observe, &variants[i]);
		if (signal_number) {
			fprintf(stderr, "observe-stress: ended by signal %d\n",
				signal_number);
			exit(128 + signal_number);
		}
		check_variant(observe);
		forget_variant(observe);
	}
}

static unsigned int slowdown(void)
{
	const char *text = getenv("RBMAP_TEST_SLOWDOWN");
	unsigned int value = text ? strtoul(text, NULL, 10) : 1;

	return value ? value : 1;
}

int main(int argc, char **argv)
{
	struct observe observe = { .stress = { .seconds = 60,
					       .seed = monotonic_ns() } };
	struct stress *stress = &observe.stress;
	unsigned int chosen;

	parse(&observe, argc, argv);
	chosen = count_chosen(&observe);
	if (!chosen) {
		fprintf(stderr, "observe-stress: --only %s: no such variant\n",
			observe.only);
		return 2;
	}
	observe.guard_ns = GUARD_SECONDS * 1000000000ull * slowdown();
	stress->no_hotplug = true;
	find_cpus(stress);
	find_tracefs(stress);
	need_mapping(&observe);
	hold_signals();
	stress->phase_seconds = (double)stress->seconds / chosen;
	printf("1..%u\n# seed %llu, %u s, %d CPUs\n", chosen * checks_of_variant(),
	       (unsigned long long)stress->seed, stress->seconds, stress->nr_cpus);
	run_all(&observe);
	return failed_so_far() > 0;
}
