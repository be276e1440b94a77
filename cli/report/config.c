// SPDX-License-Identifier: GPL-2.0-only
#include "config.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common.h"

enum {
	OPTION_FORMAT = 256,
	OPTION_FROM,
	OPTION_TO,
	OPTION_STAT,
	OPTION_CHECK
};

/* More than any file has use for: one thread reads. */
#define JOBS_MAX 256

static const char short_options[] = ":i:M:e:F:j:qvVh";

static const struct option long_options[] = {
	{ "input", required_argument, NULL, 'i' },
	{ "cpus", required_argument, NULL, 'M' },
	{ "event", required_argument, NULL, 'e' },
	{ "filter", required_argument, NULL, 'F' },
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "from", required_argument, NULL, OPTION_FROM },
	{ "to", required_argument, NULL, OPTION_TO },
	{ "jobs", required_argument, NULL, 'j' },
	{ "stat", no_argument, NULL, OPTION_STAT },
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

static const char help_text[] =
	"Usage: rbmap-report [OPTION]... [FILE]\n"
	"The events of a trace.dat, version 6 or 7, in the order of time over all CPUs.\n"
	"FILE is trace.dat where it is left out.\n"
	"\n"
	"  -i, --input FILE         another way to say FILE\n"
	"      --format FORMAT      text (default, as trace-cmd report prints it) or json\n"
	"                           (an object a line)\n"
	"  -M, --cpus CPULIST       of these CPUs only, as 0-3,5\n"
	"  -e, --event EVENT        SYSTEM:EVENT, SYSTEM, EVENT, a glob or 'all';\n"
	"                           repeatable\n"
	"  -F, --filter FILTER      only events that it takes, as the kernel writes filters;\n"
	"                           for the -e before, or without -e for all\n"
	"      --from T, --to T     only from, only up to this time, as it is printed: in\n"
	"                           seconds (36557.849786), or without a point where the\n"
	"                           clock counts something else\n"
	"  -j, --jobs N             print on N cores (default 1); the output is the same\n"
	"      --stat               no events: how many of them by type and CPU, what was\n"
	"                           lost and when, and what the file says of itself;\n"
	"                           with --format json as one object\n"
	"      --check              no events: reads all of the file and tells what is\n"
	"                           broken in it\n"
	"  -q, --quiet              no warnings\n"
	"  -v, --verbose            say what is done; twice: more. With --stat also which\n"
	"                           events libtraceevent prints, slowly, and why\n"
	"  -V, --version            the version\n"
	"  -h, --help               this text\n"
	"\n"
	"What is whole of a broken or cut-off file is printed, and then told what is not.\n"
	"\n"
	"Exit status: 0 ok, 1 failure or a broken file, 2 usage.\n";

static int set_format(struct config *config, const char *text)
{
	config->json = !strcmp(text, "json");
	if (!config->json && strcmp(text, "text"))
		return common_usage_error("--format '%s': there are text and json",
					  text);
	return COMMON_OK;
}

static int set_time(struct report_time *time, const char *name, const char *text)
{
	size_t length = strlen(text);
	int r;

	time->given = true;
	time->is_seconds = strchr(text, '.');
	/* Neither "2m" nor ".5" is a time of a trace. */
	if (!length || !isdigit((unsigned char)text[length - 1]))
		return common_usage_error("%s '%s': not a time", name, text);
	r = time->is_seconds ? common_parse_time(&time->value, text) :
			       common_parse_number(&time->value, text);
	return r ? common_usage_error("%s '%s': not a time", name, text) : COMMON_OK;
}

static int set_file(struct config *config, const char *file)
{
	if (config->file)
		return common_usage_error("'%s': there is a file already: %s", file,
					  config->file);
	config->file = file;
	return COMMON_OK;
}

static int set_what(struct config *config, enum report_what what)
{
	if (config->what != REPORT_EVENTS && config->what != what)
		return common_usage_error("--stat, --check: one of them only");
	config->what = what;
	return COMMON_OK;
}

static int set_jobs(struct config *config, const char *text)
{
	uint64_t jobs;

	if (common_parse_number(&jobs, text) || jobs < 1 || jobs > JOBS_MAX)
		return common_usage_error("--jobs '%s': not a number from 1 to %d",
					  text, JOBS_MAX);
	config->jobs = jobs;
	return COMMON_OK;
}

static int take_option(struct config *config, int c, char *value)
{
	switch (c) {
	case 'e':
		return common_event_options_add(&config->wanted.events, "-e", value);
	case 'F':
		return choice_want_filter(&config->wanted, value);
	case 'i':
		return set_file(config, value);
	case OPTION_FORMAT:
		return set_format(config, value);
	case OPTION_FROM:
		return set_time(&config->from, "--from", value);
	case OPTION_TO:
		return set_time(&config->to, "--to", value);
	case 'j':
		return set_jobs(config, value);
	case OPTION_STAT:
		return set_what(config, REPORT_STAT);
	case OPTION_CHECK:
		return set_what(config, REPORT_CHECK);
	case 'M':
		config->cpus = value;
		break;
	case 'q':
		config->verbosity = -1;
		break;
	case 'v':
		config->verbosity++;
		break;
	}
	return COMMON_OK;
}

int config_parse(struct config *config, int argc, char **argv, bool *done)
{
	int c, status = COMMON_OK;

	config->wanted.names = "rbmap-report --stat for what there is";
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
	for (; status == COMMON_OK && optind < argc; optind++)
		status = set_file(config, argv[optind]);
	if (status != COMMON_OK)
		return status;
	if (!config->file)
		config->file = "trace.dat";
	return choice_check(&config->wanted);
}

void config_free(struct config *config)
{
	common_event_options_free(&config->wanted.events);
}
