// SPDX-License-Identifier: GPL-2.0-only
/*
 * mutate REPORT FIRST COUNT: runs rbmap-report on COUNT files of version 6 and 7 whose
 * head, formats or data were changed at random. The numbers from FIRST on are the
 * seeds, so that each file is the same in every run. A signal, an exit status other
 * than 0, 1 and 2, and memory beyond the budget of the reader are failures: a line with
 * the seed for each, and the file, mutation-SEED.dat.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rbmap/tracedat.h>

#include "dat-make.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
/* What the program takes without any file, with threads. */
#define OWN_KB (96 * 1024)
#define CPU_SECONDS 30
#define FILE_FD 3

static const struct made_kind kinds[] = {
	{ 6, false, 8, NULL },	 { 7, false, 8, NULL },	 { 6, false, 4, NULL },
	{ 7, false, 8, "zstd" }, { 6, true, 8, NULL },	 { 7, true, 8, NULL },
	{ 7, false, 8, "zlib" }, { 7, true, 4, "zstd" },
};

static char *const options[][4] = {
	{ NULL },
	{ "--check", NULL },
	{ "--format", "json", NULL },
	{ "--stat", NULL },
	{ "-j", "2", NULL },
	{ "-F", "number > 3 && common_pid != 7", NULL },
	{ "--stat", "-v", "--format=json", NULL },
	{ "-l", NULL },
};

/* What has a meaning to the parsers. */
static const char *const words[] = {
	"(",
	")",
	"[",
	"]",
	"{",
	"}",
	"\"",
	",",
	"\\",
	"%",
	"%s",
	"%*d",
	"/0",
	"1/0",
	"?:",
	"REC->",
	"REC->de[",
	"__print_symbolic(",
	"__print_flags(",
	"__get_str(",
	"__data_loc ",
	"offset:",
	"size:0;",
	"offset:65535;",
	"size:2147483647;",
	"-1",
	"signed:",
	"field:",
	"print fmt:",
	"ID:",
	"name:",
	"\n",
	"4294967295",
	"<<",
	"0x",
};

static uint64_t state;

static uint64_t number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * UINT64_C(0x2545F4914F6CDD1D) >> 16;
}

static uint64_t below(uint64_t end)
{
	return end ? number() % end : 0;
}

/* Numbers at which sizes and offsets are wrong by one, or by far. */
static uint64_t edge(void)
{
	static const uint64_t edges[] = { 0,	     1,		 2,
					  3,	     4,		 7,
					  8,	     255,	 256,
					  4096,	     65535,	 65536,
					  INT32_MAX, UINT32_MAX, UINT64_C(1) << 32,
					  INT64_MAX, UINT64_MAX };

	return edges[below(COUNT(edges))] - below(2);
}

static void put_number(unsigned char *to, size_t room)
{
	unsigned int size = 1u << below(4);
	uint64_t value = below(2) ? edge() : number();

	for (unsigned int i = 0; i < size && i < room; i++)
		to[i] = (unsigned char)(value >> (8 * i));
}

static void put_word(unsigned char *to, size_t room)
{
	const char *word = words[below(COUNT(words))];
	size_t length = strlen(word);

	memcpy(to, word, length < room ? length : room);
}

static void change(struct made *made, size_t from, size_t end, int is_text)
{
	size_t at = from + below(end - from), room = end - at, length;

	switch (below(is_text ? 6 : 4)) {
	case 0:
		made->bytes[at] ^= 1 << below(8);
		break;
	case 1:
	case 2:
		put_number(made->bytes + at, room);
		break;
	case 3:
		length = below(room < 64 ? room : 64);
		memmove(made->bytes + at,
			made->bytes + from + below(end - from - length), length);
		break;
	default:
		put_word(made->bytes + at, room);
	}
}

static void mutate(struct made *made, uint64_t seed)
{
	const struct made_kind *kind = &kinds[seed % COUNT(kinds)];

	/* Not 0, and far from the one before. */
	state = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15) | 1;
	number();
	made_build(made, kind);
	for (unsigned int i = 1 + below(6); i; i--)
		switch (below(4)) {
		case 0:
			change(made, made->head, made->size, 0);
			break;
		case 1:
			change(made, made->format, made->format + made->format_size,
			       !kind->compression);
			break;
		default:
			/* What comes first says what the file is at all. */
			change(made, below(8) ? 14 : 0, made->head, 0);
		}
	if (below(16) == 0)
		made->size = below(made->size);
}

static void run(const char *report, uint64_t seed, int fd)
{
	char *const *chosen = options[seed / COUNT(kinds) % COUNT(options)];
	const struct rlimit seconds = { CPU_SECONDS, CPU_SECONDS };
	const struct rlimit core = { 0, 0 };
	char *argv[8] = { (char *)report };
	int nr = 1, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	while (*chosen)
		argv[nr++] = *chosen++;
	argv[nr] = "/proc/self/fd/3";
	setrlimit(RLIMIT_CPU, &seconds);
	setrlimit(RLIMIT_CORE, &core);
	/* It may be that number already, and is to stay open. */
	if (null < 0 || (fd != FILE_FD && dup2(fd, FILE_FD) < 0) ||
	    fcntl(FILE_FD, F_SETFD, 0) < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup2(null, 2) < 0)
		_exit(126);
	execv(report, argv);
	_exit(127);
}

static void save(const struct made *made, uint64_t seed)
{
	char path[64];
	FILE *out;

	snprintf(path, sizeof(path), "mutation-%llu.dat", (unsigned long long)seed);
	out = fopen(path, "we");
	if (!out || fwrite(made->bytes, 1, made->size, out) != made->size ||
	    fclose(out))
		perror(path);
}

/* Whether it ended as it should. */
static int judge(uint64_t seed, int status, long peak_kb)
{
	const long most = (long)(RBMAP_TRACEDAT_READER_MEMORY / 1024) + OWN_KB;
	const char *what = NULL;
	int value = 0;

	if (WIFSIGNALED(status)) {
		what = "signal";
		value = WTERMSIG(status);
	} else if (WEXITSTATUS(status) > 2) {
		what = "exit status";
		value = WEXITSTATUS(status);
	} else if (peak_kb > most) {
		what = "memory in KB:";
		value = (int)peak_kb;
	}
	if (what)
		printf("mutation %llu: %s %d\n", (unsigned long long)seed, what, value);
	return !what;
}

/* Returns the status of the process. */
static int report_on(const char *report, const struct made *made, uint64_t seed,
		     struct rusage *usage)
{
	int fd = made_file(made, made->size), status;
	pid_t pid = fork();

	if (pid == 0)
		run(report, seed, fd);
	if (pid < 0 || wait4(pid, &status, 0, usage) != pid) {
		perror("mutate");
		exit(1);
	}
	close(fd);
	return status;
}

static int try_one(const char *report, uint64_t seed)
{
	struct rusage usage;
	struct made made;
	int good;

	mutate(&made, seed);
	good = judge(seed, report_on(report, &made, seed, &usage), usage.ru_maxrss);
	if (!good)
		save(&made, seed);
	made_free(&made);
	return good;
}

/* Without a change each file is good; otherwise a run would say nothing. */
static int try_unchanged(const char *report)
{
	struct rusage usage;
	struct made made;
	int status = 0;

	for (uint64_t seed = 0; !status && seed < COUNT(kinds) * COUNT(options);
	     seed++) {
		made_build(&made, &kinds[seed % COUNT(kinds)]);
		status = report_on(report, &made, seed, &usage);
		if (status)
			printf("kind %llu, unchanged: status %d\n",
			       (unsigned long long)seed, status);
		made_free(&made);
	}
	return status != 0;
}

/* Each of so many processes tries every so manyth. */
static int try_all(const char *report, uint64_t first, uint64_t count)
{
	long nr = sysconf(_SC_NPROCESSORS_ONLN);
	int status, bad = 0;

	for (long i = 0; i < nr; i++) {
		if (fork())
			continue;
		for (uint64_t seed = first + i; seed < first + count; seed += nr)
			bad |= !try_one(report, seed);
		fflush(stdout);
		_exit(bad);
	}
	while (wait(&status) > 0)
		bad |= status != 0;
	return bad;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: mutate REPORT FIRST COUNT\n");
		return 2;
	}
	if (try_unchanged(argv[1]))
		return 1;
	/* Each process prints what is its own. */
	fflush(stdout);
	if (try_all(argv[1], strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10)))
		return 1;
	printf("%s mutations: no signal, and memory within the budget\n", argv[3]);
	return 0;
}
