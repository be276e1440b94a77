// SPDX-License-Identifier: GPL-2.0-only
/*
 * libtraceevent's parser ends the program at many a format that nobody writes. That is
 * no finding here: where it would, the format is one that it cannot parse. What it held
 * then is lost. A child that tries first would be cleaner, and a hundred times as slow.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>

#include <traceevent/event-parse.h>

#include "fuzz.h"

typedef enum tep_errno (*parse_function)(struct tep_handle *tep, const char *text,
					 unsigned long size, const char *system);

static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE };

#define NR_SIGNALS (sizeof(signals) / sizeof(*signals))

static sigjmp_buf before;

static void leave(int number)
{
	siglongjmp(before, 1);
}

static enum tep_errno try(parse_function parse, struct tep_handle *tep,
			  const char *text, unsigned long size, const char *system)
{
	if (sigsetjmp(before, 1))
		return TEP_ERRNO__READ_FORMAT_FAILED;
	return parse(tep, text, size, system);
}

/* Takes the place of libtraceevent's function for the library that is fuzzed. */
enum tep_errno tep_parse_event(struct tep_handle *tep, const char *text,
			       unsigned long size, const char *system)
{
	parse_function parse = (parse_function)dlsym(RTLD_NEXT, "tep_parse_event");
	struct sigaction mine = { .sa_handler = leave }, others[NR_SIGNALS];
	enum tep_errno r;

	must(parse);
	for (size_t i = 0; i < NR_SIGNALS; i++)
		must(sigaction(signals[i], &mine, &others[i]) == 0);
	r = try(parse, tep, text, size, system);
	for (size_t i = 0; i < NR_SIGNALS; i++)
		must(sigaction(signals[i], &others[i], NULL) == 0);
	return r;
}
