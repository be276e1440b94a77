// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "options.h"

#define LINES_DEFAULT 10

static const char help_text[] =
	"Usage: rbmap-tail [OPTION]...\n"
	"Show the last events of a live ring buffer, sorted by time across all CPUs; -f\n"
	"follows. Consumes nothing, and changes nothing in tracefs.\n"
	"\n"
	"  -B, --instance INSTANCE  show this instance instead of the top-level one\n"
	"  -M, --cpus CPULIST       show only these CPUs, as in 0-3,5\n"
	"  -n, --lines N            start with the last N events (default 10), or 'all'\n"
	"  -f, --follow             continue with new events, until SIGINT\n"
	"  -e, --event EVENT        SYSTEM:EVENT, SYSTEM, EVENT, a glob or 'all';\n"
	"                           repeatable; only selects among traced events\n"
	"  -F, --filter FILTER      show only events that FILTER (kernel syntax) accepts;\n"
	"                           for the preceding -e, or without -e for all events\n"
	"      --format FORMAT      text (default, as trace-cmd report prints it) or json\n"
	"                           (one object per line)\n"
	"      --escape             print control characters in names and strings as \\n,\n"
	"                           \\x1b; the default on a terminal\n"
	"      --self               also show events that rbmap-tail itself causes\n"
	"  -q, --quiet              print only errors\n"
	"  -v, --verbose            report what is done; give it twice for more detail\n"
	"  -V, --version            print the version\n"
	"  -h, --help               print this help\n"
	"\n"
	"If events were overwritten before they were read, a line shows the time missed.\n"
	"While rbmap-tail runs, the ring can be neither resized nor snapshot.\n"
	"\n"
	"Exit status: 0 success, 1 failure, 2 usage error.\n";

static int set_lines(void *member, const char *option, char *value)
{
	uint64_t *lines = member;

	if (!strcmp(value, "all")) {
		*lines = CONFIG_ALL;
		return COMMON_OK;
	}
	if (common_parse_number(lines, value))
		return common_usage_error(
			"%s '%s': not a number of events; write it as 10 or all",
			option, value);
	return COMMON_OK;
}

#define MEMBER(member) offsetof(struct config, member)

static const struct common_option options[] = {
	{ "instance", 'B', required_argument, common_set_text, MEMBER(instance) },
	{ "cpus", 'M', required_argument, common_set_text, MEMBER(cpus) },
	{ "lines", 'n', required_argument, set_lines, MEMBER(lines) },
	{ "follow", 'f', no_argument, common_set_flag, MEMBER(follow) },
	{ "event", 'e', required_argument, common_set_event, MEMBER(wanted.events) },
	{ "filter", 'F', required_argument, choice_set_filter, MEMBER(wanted) },
	{ "format", 0, required_argument, common_set_json, MEMBER(json) },
	{ "escape", 0, no_argument, common_set_flag, MEMBER(escape) },
	{ "self", 0, no_argument, common_set_flag, MEMBER(self) },
	COMMON_OPTIONS_VERBOSITY(MEMBER(verbosity)),
};

static const struct common_command_line command_line =
	COMMON_COMMAND_LINE(help_text, options, COMMON_OPERANDS_NONE);

int config_parse(struct config *config, int argc, char **argv, bool *done)
{
	int status;

	config->lines = LINES_DEFAULT;
	config->wanted.names = "available_events in tracefs";
	status = common_parse(&command_line, config, argc, argv, done);
	if (status != COMMON_OK || *done)
		return status;
	if (!config->self)
		config->wanted.without_pid = getpid();
	return choice_check(&config->wanted);
}

void config_free(struct config *config)
{
	common_event_options_free(&config->wanted.events);
}
