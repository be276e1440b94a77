// SPDX-License-Identifier: GPL-2.0-only
/*
 * PROGRAM FILE: hands the events of a trace.dat to the tool, and prints the CPU time
 * from the first event on and what the tool found.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "tool.h"

void harness_die(const char *what, int error)
{
	fprintf(stderr, "%s%s%s\n", what, error ? ": " : "",
		error ? strerror(error) : "");
	exit(1);
}

void harness_start(struct harness *harness)
{
	getrusage(RUSAGE_SELF, &harness->before);
}

void harness_end(void)
{
}

int main(int argc, char **argv)
{
	struct harness harness = { .name = NULL };
	struct rusage after;

	if (argc != 2)
		harness_die("usage: PROGRAM FILE", 0);
	source_file(&harness, argv[1]);
	getrusage(RUSAGE_SELF, &after);
	tool_report(&harness.before, &after, tool.events);
	return 0;
}
