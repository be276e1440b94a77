// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "config.h"

#define LAST_DEFAULT 10

enum {
	OPTION_FORMAT = 256,
	OPTION_SELF
};

static const char short_options[] = ":B:M:n:fe:F:qvVh";

static const struct option long_options[] = {
	{ "instance", required_argument, NULL, 'B' },
	{ "cpus", required_argument, NULL, 'M' },
	{ "last", required_argument, NULL, 'n' },
	{ "follow", no_argument, NULL, 'f' },
	{ "event", required_argument, NULL, 'e' },
	{ "filter", required_argument, NULL, 'F' },
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "self", no_argument, NULL, OPTION_SELF },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

static const char help_text[] =
	"Usage: rbmap-tail [OPTION]...\n"
	"The last events of a live ring buffer, in the order of time over all CPUs, and\n"
	"with -f what follows. Consumes nothing, and changes nothing in tracefs.\n"
	"\n"
	"  -B, --instance INSTANCE  of this instance, not of the top-level one\n"
	"  -M, --cpus CPULIST       of these CPUs only, as 0-3,5\n"
	"  -n, --last N             this many events, default 10; 'all' in the ring\n"
	"  -f, --follow             go on with what is written, until SIGINT\n"
	"  -e, --event EVENT        SYSTEM:EVENT, SYSTEM, EVENT, a glob or 'all';\n"
	"                           repeatable; only chooses among what is traced\n"
	"  -F, --filter FILTER      only events that it takes, as the kernel writes filters;\n"
	"                           for the -e before, or without -e for all\n"
	"      --format FORMAT      text (default, as trace-cmd report prints it) or json\n"
	"                           (an object a line)\n"
	"      --self               also what rbmap-tail itself causes\n"
	"  -q, --quiet              no warnings\n"
	"  -v, --verbose            say what is done; twice: more\n"
	"  -V, --version            the version\n"
	"  -h, --help               this text\n"
	"\n"
	"Where the writer was faster, a line says how much time was missed.\n"
	"While it runs, the ring can be neither resized nor snapshot.\n"
	"\n"
	"Exit status: 0 ok, 1 failure, 2 usage.\n";

static int set_last(struct config *config, const char *text)
{
	if (!strcmp(text, "all")) {
		config->last = CONFIG_ALL;
		return COMMON_OK;
	}
	if (common_parse_number(&config->last, text))
		return common_usage_error("-n '%s': neither a number nor 'all'", text);
	return COMMON_OK;
}

static int set_format(struct config *config, const char *text)
{
	config->json = !strcmp(text, "json");
	if (!config->json && strcmp(text, "text"))
		return common_usage_error("--format '%s': there are text and json",
					  text);
	return COMMON_OK;
}

static int take_option(struct config *config, int c, char *value)
{
	if (c == 'e')
		return common_event_options_add(&config->wanted.events, "-e", value);
	if (c == 'F')
		return choice_want_filter(&config->wanted, value);
	if (c == 'n')
		return set_last(config, value);
	if (c == OPTION_FORMAT)
		return set_format(config, value);
	if (c == 'B')
		config->instance = value;
	else if (c == 'M')
		config->cpus = value;
	else if (c == 'f')
		config->follow = true;
	else if (c == OPTION_SELF)
		config->wanted.without_pid = 0;
	else if (c == 'q')
		config->verbosity = -1;
	else if (c == 'v')
		config->verbosity++;
	return COMMON_OK;
}

int config_parse(struct config *config, int argc, char **argv, bool *done)
{
	int c, status;

	config->last = LAST_DEFAULT;
	config->wanted.without_pid = getpid();
	config->wanted.names = "available_events in tracefs";
	opterr = 0;
	while ((c = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		if (c == '?' || c == ':')
			return common_option_error(c, argv);
		*done = c == 'h' || c == 'V';
		if (c == 'h')
			fputs(help_text, stdout);
		if (c == 'V')
			common_print_version();
		if (*done)
			return COMMON_OK;
		status = take_option(config, c, optarg);
		if (status != COMMON_OK)
			return status;
	}
	if (optind < argc)
		return common_usage_error("'%s': takes no arguments", argv[optind]);
	return choice_check(&config->wanted);
}

void config_free(struct config *config)
{
	common_event_options_free(&config->wanted.events);
}
