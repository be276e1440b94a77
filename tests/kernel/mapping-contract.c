// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapping-contract [--patched] [--warn] [CASE]: what the running kernel makes of every
 * case of the tables in mapping-contract/, in TAP. Each case has a process and an
 * instance of its own; when it has ended, everything must be as if nothing had been
 * mapped.
 */
#define _GNU_SOURCE
#include "mapping-contract/ring.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* An emulated machine with lock debugging is slow; this only ends what hangs. */
#define PATIENCE_SECONDS 120

struct config {
	bool patched, warn;
	const char *only;
	const char *tracefs;
};

/* Written by the process of a case, read when it has ended. */
struct report {
	int outcome;
	char text[1024];
};

static const struct contract *const tables[] = {
	mmap_cases,  vma_cases,	   process_cases, busy_cases,
	ioctl_cases, layout_cases, loss_cases,	  reader_cases,
};

static struct report *report;
static volatile sig_atomic_t interrupted;

static void keep_text(const char *format, va_list arguments)
{
	vsnprintf(report->text, sizeof(report->text), format, arguments);
}

int wrong(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	keep_text(format, arguments);
	va_end(arguments);
	return WRONG;
}

int skipped(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	keep_text(format, arguments);
	va_end(arguments);
	return SKIPPED;
}

const char *outcome_name(int outcome)
{
	static char text[2][32];
	static int turn;
	const char *name = outcome < WRONG ? strerrorname_np(outcome) : NULL;

	turn = !turn;
	if (outcome == 0)
		return "success";
	if (outcome == WRONG)
		return "wrong";
	if (outcome > SIGNALLED)
		snprintf(text[turn], sizeof(text[turn]), "SIG%s",
			 sigabbrev_np(outcome - SIGNALLED));
	else
		snprintf(text[turn], sizeof(text[turn]), "%s", name ? name : "?");
	return text[turn];
}

static bool latency_tracer(const struct ring *ring)
{
	char text[1024];

	return read_file(ring, "available_tracers", text, sizeof(text)) > 0 &&
	       (strstr(text, "wakeup") || strstr(text, "irqsoff"));
}

static const char *missing(const struct ring *ring, unsigned int needs)
{
	if (needs & NEEDS_SNAPSHOT && !has_file(ring, "snapshot"))
		return "this kernel has no snapshots";
	if (needs & NEEDS_SUBBUF_SIZE && !has_file(ring, "buffer_subbuf_size_kb"))
		return "this kernel's sub-buffers have one size";
	if (needs & NEEDS_FUNCTION_TRACER && !has_file(ring, "set_ftrace_filter"))
		return "this kernel has no function tracing in instances";
	if (needs & NEEDS_LATENCY_TRACER && !latency_tracer(ring))
		return "this kernel has no latency tracer";
	return NULL;
}

static int make_ring(struct ring *ring)
{
	cpu_set_t cpus;

	if (mkdir(ring->instance, 0700) < 0)
		return errno;
	CPU_ZERO(&cpus);
	CPU_SET(ring->cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
		return errno;
	ring->fd = open_raw(ring, O_RDONLY | O_NONBLOCK);
	if (ring->fd < 0)
		return -ring->fd;
	return write_file(ring, "buffer_size_kb", "64");
}

static _Noreturn void run_in_child(struct ring *ring, const struct contract *contract)
{
	const char *reason = missing(ring, contract->needs);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(PATIENCE_SECONDS);
	report->outcome =
		reason ? skipped("%s", reason) : contract->run(ring, contract);
	_exit(0);
}

/* What a mapping keeps others from doing must be possible again when it is gone. */
static int must_be_settled(struct ring *ring)
{
	struct trace_buffer_meta *meta;
	int error;

	error = get_reader(ring->fd);
	REQUIRE(error == ENODEV, "afterwards GET_READER: %s", outcome_name(error));
	error = write_file(ring, "buffer_size_kb", "96");
	REQUIRE(!error, "afterwards buffer_size_kb: %s", outcome_name(error));
	if (has_file(ring, "snapshot")) {
		error = take_snapshot(ring);
		REQUIRE(!error, "afterwards snapshot: %s", outcome_name(error));
	}
	meta = mmap(NULL, ring->page, PROT_READ, MAP_SHARED, ring->fd, 0);
	REQUIRE(meta != MAP_FAILED, "afterwards mmap: %s", outcome_name(errno));
	REQUIRE(meta->nr_subbufs > 96 * 1024 / meta->subbuf_size,
		"afterwards %u sub-buffers", meta->nr_subbufs);
	munmap(meta, ring->page);
	return 0;
}

static int remove_ring(struct ring *ring)
{
	const struct timespec pause = { .tv_nsec = 1000 * 1000 };
	int error = 0;

	close(ring->fd);
	for (int tries = 0; tries < 5000; tries++) {
		error = rmdir(ring->instance) < 0 ? errno : 0;
		/* What a killed process had open is let go a little later. */
		if (error != EBUSY)
			break;
		nanosleep(&pause, NULL);
	}
	REQUIRE(!error, "afterwards rmdir: %s", outcome_name(error));
	return 0;
}

static int run_case(struct ring *ring, const struct contract *contract)
{
	int error, status, outcome;
	pid_t child;

	memset(report, 0, sizeof(*report));
	error = make_ring(ring);
	REQUIRE(!error, "%s: %s", ring->instance, outcome_name(error));
	fflush(stdout);
	child = fork();
	REQUIRE(child >= 0, "fork: %s", outcome_name(errno));
	if (child == 0)
		run_in_child(ring, contract);
	/* An open file keeps the tracer from being set: the case has the only one. */
	close(ring->fd);
	while (waitpid(child, &status, 0) < 0)
		;
	ring->fd = open_raw(ring, O_RDONLY | O_NONBLOCK);
	REQUIRE(ring->fd >= 0, "afterwards trace_pipe_raw: %s", outcome_name(-ring->fd));
	outcome = WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : report->outcome;
	if (outcome == contract->right ||
	    (contract->why && outcome == contract->released))
		if (must_be_settled(ring) == WRONG)
			outcome = WRONG;
	return remove_ring(ring) == WRONG ? WRONG : outcome;
}

/* Returns whether the case counts as passed. */
static bool tell(const struct config *config, const struct contract *contract,
		 int number, int outcome)
{
	bool right = outcome == contract->right;
	bool known = !right && contract->why && outcome == contract->released;
	bool passed = right || outcome == SKIPPED || (known && !config->patched);

	printf("%sok %d - %s: %s", passed ? "" : "not ", number, contract->name,
	       outcome_name(contract->right));
	if (outcome == SKIPPED)
		printf(" # SKIP %s", report->text);
	putchar('\n');
	if (!right && outcome != SKIPPED)
		printf("# it came to: %s\n", outcome_name(outcome));
	if (known)
		printf("# as released kernels do: %s\n", contract->why);
	if (outcome != SKIPPED && *report->text)
		printf("# %s\n", report->text);
	return passed;
}

static bool wanted(const struct config *config, const struct contract *contract)
{
	return !config->only || strstr(contract->name, config->only);
}

static int run_all(const struct config *config, struct ring *ring)
{
	int total = 0, number = 0, failed = 0;

	for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++)
		for (const struct contract *c = tables[t]; c->name; c++)
			total += wanted(config, c);
	printf("1..%d\n", total);
	for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++)
		for (const struct contract *c = tables[t]; c->name; c++) {
			int outcome;

			if (interrupted)
				return 128 + interrupted;
			if (!wanted(config, c))
				continue;
			if (c->warns && !ring->may_warn)
				outcome = skipped(
					"a released kernel warns in its log: %s",
					c->warns);
			else
				outcome = run_case(ring, c);
			failed += !tell(config, c, ++number, outcome);
		}
	return failed != 0;
}

static void interrupt(int signal)
{
	interrupted = signal;
}

static const char usage[] =
	"usage: mapping-contract [--patched] [--warn] [CASE]\n"
	"Shows what this kernel makes of every case of the mapping of ring buffers.\n"
	"  --patched  only what is right passes, not what released kernels are known for\n"
	"  --warn     also cases that make a released kernel warn in its log\n"
	"  CASE       only cases with this in their names\n";

static int parse(struct config *config, int argc, char **argv)
{
	static const struct option options[] = {
		{ "patched", no_argument, NULL, 'p' },
		{ "warn", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			exit(0);
		}
		if (option == '?') {
			fputs("mapping-contract: see --help\n", stderr);
			return 2;
		}
		config->patched |= option == 'p';
		config->warn |= option == 'w';
	}
	config->only = argv[optind];
	return 0;
}

static const char *find_tracefs(void)
{
	static const char *const places[] = { "/sys/kernel/tracing",
					      "/sys/kernel/debug/tracing" };

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/instances", places[i]);
		if (access(path, W_OK) == 0)
			return places[i];
	}
	return NULL;
}

/* 0, or what to exit with: GET_READER tells on an unmapped ring too. */
static int must_map(struct ring *ring, bool patched)
{
	int error = make_ring(ring);

	if (!error)
		error = get_reader(ring->fd);
	remove_ring(ring);
	if (error == ENODEV)
		return 0;
	if (patched && error == ENOTTY) {
		puts("Bail out! --patched, and this kernel does not map ring buffers");
		return 1;
	}
	if (error != ENOTTY) {
		fprintf(stderr, "mapping-contract: %s: %s\n", ring->instance,
			strerror(error));
		return 1;
	}
	puts("1..0 # SKIP this kernel does not map ring buffers");
	return 77;
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = interrupt };
	struct config config = { .tracefs = find_tracefs() };
	struct ring ring = { .cpu = sched_getcpu(), .page = sysconf(_SC_PAGESIZE) };
	int status = parse(&config, argc, argv);

	if (status)
		return status;
	if (!config.tracefs) {
		puts("1..0 # SKIP no tracefs that can be written: mount it, and be root");
		return 77;
	}
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED)
		return perror("mapping-contract"), 1;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	ring.patched = config.patched;
	ring.may_warn = config.patched || config.warn;
	snprintf(ring.instance, sizeof(ring.instance), "%s/instances/rbmap-KTEST-%d",
		 config.tracefs, (int)getpid());
	status = must_map(&ring, config.patched);
	return status ? status : run_all(&config, &ring);
}
