// SPDX-License-Identifier: GPL-2.0-only
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "escape.h"
#include "options.h"

/* More than any file has use for: one thread reads. */
#define JOBS_MAX 256

static const char help_text[] =
	"Usage: rbmap-report [OPTION]... [FILE]\n"
	"Print the events of a trace.dat (version 6 or 7), sorted by time across all\n"
	"CPUs. The default for FILE is trace.dat.\n"
	"\n"
	"  -i, --input FILE         the same as FILE\n"
	"      --format FORMAT      text (default, as trace-cmd report prints it), json\n"
	"                           (one object per line) or csv (of one event)\n"
	"  -M, --cpus CPULIST       show only these CPUs, as in 0-3,5\n"
	"  -e, --event EVENT        SYSTEM:EVENT, SYSTEM, EVENT, a glob or 'all';\n"
	"                           repeatable\n"
	"  -F, --filter FILTER      show only events that FILTER (kernel syntax) accepts;\n"
	"                           for the preceding -e, or without -e for all events\n"
	"      --from T             show only events from this time on, as printed: in\n"
	"                           seconds (36557.849786), or without a point as the\n"
	"                           clock's number\n"
	"      --to T               show only events up to this time\n"
	"      --ts TIME            print the time as trace (default, the trace clock),\n"
	"                           realtime (local date and time), mono (seconds of\n"
	"                           CLOCK_MONOTONIC) or delta (since the previous event)\n"
	"      --ns                 print times with nine digits instead of six\n"
	"  -l, --latency            print interrupt and preemption state before the time,\n"
	"                           as trace-cmd report -l does\n"
	"      --escape             print control characters in names and strings as \\n,\n"
	"                           \\x1b; the default on a terminal\n"
	"  -j, --jobs N             print on N cores (default 1); the output is the same\n"
	"      --stat               print statistics instead of events: counts by type\n"
	"                           and CPU, losses, and information about the file\n"
	"      --check              print no events; check the whole file for damage\n"
	"  -q, --quiet              print only errors\n"
	"  -v, --verbose            report what is done; give it twice for more detail;\n"
	"                           with --stat, list events that libtraceevent prints\n"
	"  -V, --version            print the version\n"
	"  -h, --help               print this help\n"
	"\n"
	"Intact parts of a damaged file are printed; the damage is then reported.\n"
	"\n"
	"Exit status: 0 success, 1 failure or a damaged file, 2 usage error.\n";

static int set_time(void *member, const char *option, char *value)
{
	struct report_time *time = member;
	size_t length = strlen(value);
	int r = -EINVAL;

	time->given = true;
	time->is_seconds = strchr(value, '.');
	/* Neither "2m" nor ".5" is a time of a trace. */
	if (length && isdigit((unsigned char)value[length - 1]))
		r = time->is_seconds ? common_parse_time(&time->value, value) :
				       common_parse_number(&time->value, value);
	return r ? common_usage_error("%s '%s': not a time; write it as printed, as in "
				      "36557.849786",
				      option, value) :
		   COMMON_OK;
}

static int set_file(void *member, const char *option, char *value)
{
	const char **file = member;

	if (*file)
		return common_usage_error(
			"'%s': only one file can be read, and %s is given already",
			value, *file);
	*file = value;
	return COMMON_OK;
}

static int set_what(enum report_what *ret, enum report_what what)
{
	if (*ret != REPORT_EVENTS && *ret != what)
		return common_usage_error("--stat, --check: choose one of them");
	*ret = what;
	return COMMON_OK;
}

static int set_stat(void *member, const char *option, char *value)
{
	return set_what(member, REPORT_STAT);
}

static int set_check(void *member, const char *option, char *value)
{
	return set_what(member, REPORT_CHECK);
}

static const char *const ts_names[] = {
	[REPORT_TS_TRACE] = "trace",  [REPORT_TS_REALTIME] = "realtime",
	[REPORT_TS_MONO] = "mono",    [REPORT_TS_DELTA] = "delta",
	[REPORT_TS_DELTA + 1] = NULL,
};

const char *config_ts_name(enum report_ts ts)
{
	return ts_names[ts];
}

static int set_ts(void *member, const char *option, char *value)
{
	enum report_ts *ts = member;
	int word = *ts, status;

	status = common_find_word(&word, ts_names, option, value);
	*ts = word;
	return status;
}

static const char *const format_names[] = {
	[REPORT_TEXT] = "text",
	[REPORT_JSON] = "json",
	[REPORT_CSV] = "csv",
	[REPORT_CSV + 1] = NULL,
};

static int set_format(void *member, const char *option, char *value)
{
	enum report_format *format = member;
	int status, word = *format;

	status = common_find_word(&word, format_names, option, value);
	*format = word;
	return status;
}

static int set_jobs(void *member, const char *option, char *value)
{
	uint64_t jobs;

	if (common_parse_number(&jobs, value) || jobs < 1 || jobs > JOBS_MAX)
		return common_usage_error("%s '%s': not a number from 1 to %d", option,
					  value, JOBS_MAX);
	*(unsigned int *)member = jobs;
	return COMMON_OK;
}

#define MEMBER(member) offsetof(struct config, member)

static const struct common_option options[] = {
	{ "input", 'i', required_argument, set_file, MEMBER(file) },
	{ "cpus", 'M', required_argument, common_set_text, MEMBER(cpus) },
	{ "event", 'e', required_argument, common_set_event, MEMBER(wanted.events) },
	{ "filter", 'F', required_argument, choice_set_filter, MEMBER(wanted) },
	{ "format", 0, required_argument, set_format, MEMBER(format) },
	{ "from", 0, required_argument, set_time, MEMBER(from) },
	{ "to", 0, required_argument, set_time, MEMBER(to) },
	{ "ts", 0, required_argument, set_ts, MEMBER(ts) },
	{ "ns", 0, no_argument, common_set_flag, MEMBER(ns) },
	{ "escape", 0, no_argument, common_set_flag, MEMBER(escape) },
	{ "latency", 'l', no_argument, common_set_flag, MEMBER(latency) },
	{ "jobs", 'j', required_argument, set_jobs, MEMBER(jobs) },
	{ "stat", 0, no_argument, set_stat, MEMBER(what) },
	{ "check", 0, no_argument, set_check, MEMBER(what) },
	COMMON_OPTIONS_VERBOSITY(MEMBER(verbosity)),
};

static const struct common_command_line command_line =
	COMMON_COMMAND_LINE(help_text, options, COMMON_OPERANDS_TAKEN);

/* Of a single event, or of none, there is no time since the one before. */
static int check_ts(const struct config *config)
{
	if (config->ts != REPORT_TS_DELTA)
		return COMMON_OK;
	if (config->format != REPORT_TEXT)
		return common_usage_error("--ts delta: not with --format %s",
					  format_names[config->format]);
	if (config->what != REPORT_EVENTS)
		return common_usage_error("--ts delta: not with --stat or --check");
	return COMMON_OK;
}

static int check_latency(const struct config *config)
{
	if (config->latency && config->format != REPORT_TEXT)
		return common_usage_error("--latency: not with --format %s",
					  format_names[config->format]);
	if (config->latency && config->what != REPORT_EVENTS)
		return common_usage_error("--latency: not with --stat or --check");
	return COMMON_OK;
}

static int check_csv(const struct config *config)
{
	if (config->format == REPORT_CSV && config->what != REPORT_EVENTS)
		return common_usage_error("--format csv: not with --stat or --check");
	return COMMON_OK;
}

int config_parse(struct config *config, int argc, char **argv, bool *done)
{
	int status;

	config->wanted.names = "rbmap-report --stat for what there is";
	status = common_parse(&command_line, config, argc, argv, done);
	if (status != COMMON_OK || *done)
		return status;
	for (; status == COMMON_OK && optind < argc; optind++)
		status = set_file(&config->file, NULL, argv[optind]);
	if (status != COMMON_OK)
		return status;
	if (!config->file)
		config->file = "trace.dat";
	config->escape = common_escapes(config->escape, STDOUT_FILENO);
	status = check_ts(config);
	if (status == COMMON_OK)
		status = check_latency(config);
	if (status == COMMON_OK)
		status = check_csv(config);
	return status == COMMON_OK ? choice_check(&config->wanted) : status;
}

void config_free(struct config *config)
{
	common_event_options_free(&config->wanted.events);
}
