// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "config.h"

/* Of the dumps that events call for. */
#define KEEP_DEFAULT 10

enum {
	OPTION_SUBBUF_SIZE = 256,
	OPTION_DURATION,
	OPTION_ENGINE,
	OPTION_FORMAT,
	OPTION_FAIL_ON_LOSS,
	OPTION_SUMMARY,
	OPTION_USER,
	OPTION_DIRECT,
	OPTION_FLIGHT,
	OPTION_DUMP_ON,
	OPTION_KEEP,
	OPTION_LAST,
	OPTION_VERSION
};

static const char short_options[] = "+:e:f:R:o:b:C:P:cM:B:qvh";

static const struct option long_options[] = {
	{ "event", required_argument, NULL, 'e' },
	{ "filter", required_argument, NULL, 'f' },
	{ "trigger", required_argument, NULL, 'R' },
	{ "output", required_argument, NULL, 'o' },
	{ "buffer-size", required_argument, NULL, 'b' },
	{ "subbuf-size", required_argument, NULL, OPTION_SUBBUF_SIZE },
	{ "clock", required_argument, NULL, 'C' },
	{ "pid", required_argument, NULL, 'P' },
	{ "children", no_argument, NULL, 'c' },
	{ "cpus", required_argument, NULL, 'M' },
	{ "instance", required_argument, NULL, 'B' },
	{ "duration", required_argument, NULL, OPTION_DURATION },
	{ "engine", required_argument, NULL, OPTION_ENGINE },
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "direct", no_argument, NULL, OPTION_DIRECT },
	{ "flight", no_argument, NULL, OPTION_FLIGHT },
	{ "dump-on", required_argument, NULL, OPTION_DUMP_ON },
	{ "keep", required_argument, NULL, OPTION_KEEP },
	{ "last", required_argument, NULL, OPTION_LAST },
	{ "fail-on-loss", no_argument, NULL, OPTION_FAIL_ON_LOSS },
	{ "summary", required_argument, NULL, OPTION_SUMMARY },
	{ "user", required_argument, NULL, OPTION_USER },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

static const char help_text[] =
	"Usage: rbmap-record [options] [--] [COMMAND [ARG]...]\n"
	"Record trace events through the memory-mapped ring buffer.\n"
	"\n"
	"Without COMMAND it records until SIGINT, SIGTERM or --duration.\n"
	"\n"
	"Which events:\n"
	"  -e, --event EVENT      SYSTEM:EVENT, SYSTEM, a glob or 'all'; repeatable\n"
	"  -f, --filter FILTER    kernel filter for the -e before\n"
	"  -R, --trigger TRIGGER  kernel trigger for the -e before; repeatable\n"
	"  -P, --pid PID[,PID]... only what these threads do\n"
	"  -c, --children         and their children (needs -P)\n"
	"  -M, --cpus CPULIST     only these CPUs, as in 0-3,8\n"
	"\n"
	"Where to and how:\n"
	"  -o, --output FILE      default trace.dat; standard output for text and json\n"
	"      --format FORMAT    dat (default), text (as trace-cmd report prints it) or\n"
	"                         json (an object a line); both live, in time order\n"
	"      --direct           write past the page cache (O_DIRECT)\n"
	"      --flight           let the rings run; dump them on SIGUSR1 and at the end\n"
	"      --dump-on EVENT[:FILTER]  and when EVENT fires and FILTER takes it;\n"
	"                         repeatable\n"
	"      --keep N           of the dumps, the last N; with --dump-on default 10\n"
	"      --last TIME        of what the rings hold, the last TIME\n"
	"      --duration TIME    stop after TIME: 10, 1.5, 500ms, 3m, 1h\n"
	"      --summary FILE     what was recorded and lost, as one JSON document\n"
	"      --fail-on-loss     exit with 3 where events were lost\n"
	"      --user USER        run COMMAND as USER (default: who called sudo)\n"
	"  -q, --quiet            neither progress nor summary\n"
	"  -v, --verbose          say what is done; twice: more\n"
	"\n"
	"The ring buffer:\n"
	"  -b, --buffer-size KB   of each CPU\n"
	"      --subbuf-size KB   of a sub-buffer: 4, 8, 16, ...\n"
	"  -C, --clock CLOCK      trace clock, default local\n"
	"  -B, --instance NAME    record in this instance, not in one of our own\n"
	"      --engine ENGINE    auto (default), observe, mapped or read\n"
	"\n"
	"      --version          print the version\n"
	"  -h, --help             print this\n"
	"\n"
	"Exit status: 0 success, 1 failure, 2 usage, 3 events lost (--fail-on-loss);\n"
	"with COMMAND its own, 127 where there is no such command.\n";

static int set_filter(struct config *config, const char *filter)
{
	struct common_event_option *event = common_event_options_last(&config->events);

	if (!event)
		return common_usage_error("-f '%s': no -e before it", filter);
	if (event->filter)
		return common_usage_error(
			"-f '%s': -e %s has a filter; join them with &&", filter,
			event->pattern);
	event->filter = filter;
	return COMMON_OK;
}

static int add_trigger(struct config *config, const char *trigger)
{
	struct common_event_option *event = common_event_options_last(&config->events);
	const char **larger;

	if (!event)
		return common_usage_error("-R '%s': no -e before it", trigger);
	larger = reallocarray(event->triggers, event->nr_triggers + 1, sizeof(*larger));
	if (!larger)
		return common_fail("-R %s: %s", trigger, strerror(ENOMEM));
	larger[event->nr_triggers++] = trigger;
	event->triggers = larger;
	return COMMON_OK;
}

static int set_kb(uint64_t *ret, const char *option, const char *text)
{
	int r = common_parse_kb(ret, text);

	if (r == -ERANGE)
		return common_usage_error("%s %s: too large", option, text);
	if (r < 0)
		return common_usage_error("%s '%s': not a size in KB", option, text);
	if (*ret == 0)
		return common_usage_error("%s %s: must be more than 0", option, text);
	return COMMON_OK;
}

static int set_time(uint64_t *ret, const char *option, const char *text)
{
	int r = common_parse_time(ret, text);

	if (r < 0)
		return common_usage_error("%s '%s': not a time; try 10, 1.5, 500ms, 3m "
					  "or 1h",
					  option, text);
	if (*ret == 0)
		return common_usage_error("%s %s: must be more than 0", option, text);
	return COMMON_OK;
}

/*
 * "SYSTEM:EVENT:FILTER" or "EVENT:FILTER": what compares is a filter, which may have
 * colons itself, and no name of an event has a sign that compares.
 */
static char *find_filter(char *text)
{
	static const char comparing[] = "=<>&~";
	char *colon = strchr(text, ':');
	size_t length;

	if (!colon)
		return NULL;
	length = strcspn(colon + 1, ":");
	if (strcspn(colon + 1, comparing) < length)
		return colon;
	return colon[1 + length] ? colon + 1 + length : NULL;
}

/* Cuts argv's string in two. */
static int add_dump_on(struct config *config, char *text)
{
	char *colon = find_filter(text);
	int status;

	if (colon)
		*colon++ = '\0';
	status = common_event_options_add(&config->dump_on, "--dump-on", text);
	if (status == COMMON_OK && colon && !*colon)
		status = common_usage_error("--dump-on '%s:': the filter is empty",
					    text);
	if (status == COMMON_OK && colon)
		common_event_options_last(&config->dump_on)->filter = colon;
	return status;
}

static int set_keep(struct config *config, const char *text)
{
	if (!strcmp(text, "all")) {
		config->keep = CONFIG_KEEP_ALL;
		return COMMON_OK;
	}
	if (common_parse_number(&config->keep, text) < 0 || config->keep == 0)
		return common_usage_error(
			"--keep '%s': neither a number of dumps nor 'all'", text);
	return COMMON_OK;
}

static int set_engine(struct config *config, const char *text)
{
	for (int engine = RBMAP_ENGINE_AUTO; engine <= RBMAP_ENGINE_OBSERVE; engine++) {
		if (!strcmp(text, rbmap_engine_name(engine))) {
			config->engine = engine;
			return COMMON_OK;
		}
	}
	return common_usage_error(
		"--engine '%s': there are auto, observe, mapped and read", text);
}

static int set_format(struct config *config, const char *text)
{
	static const char *const names[] = { "dat", "text", "json" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(text, names[i])) {
			config->format = i;
			return COMMON_OK;
		}
	}
	return common_usage_error("--format '%s': there are dat, text and json", text);
}

static int set_pids(struct config *config, const char *text)
{
	if (!*text || strspn(text, "0123456789,") != strlen(text) || text[0] == ',' ||
	    text[strlen(text) - 1] == ',' || strstr(text, ",,"))
		return common_usage_error("-P '%s': not a list of thread ids", text);
	config->pids = text;
	return COMMON_OK;
}

static int take_option(struct config *config, int c, char *value)
{
	switch (c) {
	case 'e':
		return common_event_options_add(&config->events, "-e", value);
	case 'f':
		return set_filter(config, value);
	case 'R':
		return add_trigger(config, value);
	case 'b':
		return set_kb(&config->buffer_kb, "-b", value);
	case OPTION_SUBBUF_SIZE:
		return set_kb(&config->subbuf_kb, "--subbuf-size", value);
	case 'P':
		return set_pids(config, value);
	case OPTION_DURATION:
		return set_time(&config->duration_ns, "--duration", value);
	case OPTION_LAST:
		return set_time(&config->last_ns, "--last", value);
	case OPTION_DUMP_ON:
		return add_dump_on(config, value);
	case OPTION_KEEP:
		return set_keep(config, value);
	case OPTION_ENGINE:
		return set_engine(config, value);
	case OPTION_FORMAT:
		return set_format(config, value);
	}
	if (c == 'o')
		config->output = value;
	else if (c == 'C')
		config->clock = value;
	else if (c == 'c')
		config->children = true;
	else if (c == 'M')
		config->cpus = value;
	else if (c == 'B')
		config->instance = value;
	else if (c == OPTION_DIRECT)
		config->direct = true;
	else if (c == OPTION_FLIGHT)
		config->flight = true;
	else if (c == OPTION_FAIL_ON_LOSS)
		config->fail_on_loss = true;
	else if (c == OPTION_SUMMARY)
		config->summary = value;
	else if (c == OPTION_USER)
		config->user = value;
	else if (c == 'q')
		config->verbosity = -1;
	else if (c == 'v')
		config->verbosity++;
	return COMMON_OK;
}

static int check_flight(struct config *config)
{
	if (!config->flight && (config->dump_on.nr || config->keep || config->last_ns))
		return common_usage_error("%s: only with --flight",
					  config->dump_on.nr ? "--dump-on" :
					  config->keep	     ? "--keep" :
							       "--last");
	if (!config->flight)
		return COMMON_OK;
	if (config->format != FORMAT_DAT)
		return common_usage_error("--flight: dumps are trace.dat files");
	if (config->engine != RBMAP_ENGINE_AUTO &&
	    config->engine != RBMAP_ENGINE_OBSERVE)
		return common_usage_error("--flight: only observes");
	if (config->summary || config->fail_on_loss)
		return common_usage_error("%s: not with --flight, which overwrites on "
					  "purpose",
					  config->summary ? "--summary" :
							    "--fail-on-loss");
	if (config->last_ns && config->clock && !strcmp(config->clock, "x86-tsc"))
		return common_usage_error("--last: the clock x86-tsc counts no time");
	config->engine = RBMAP_ENGINE_OBSERVE;
	/* An event fires as often as it likes, and nobody may be there to look. */
	if (!config->keep)
		config->keep = config->dump_on.nr ? KEEP_DEFAULT : CONFIG_KEEP_ALL;
	return COMMON_OK;
}

static int check_together(struct config *config)
{
	if (config->events.nr == 0)
		return common_usage_error(
			"no events: name some with -e, as in -e sched");
	if (config->children && !config->pids)
		return common_usage_error("-c: needs -P, whose children it adds");
	if (config->direct && config->format != FORMAT_DAT)
		return common_usage_error("--direct: only for a trace.dat");
	if (config->user && !*config->command)
		return common_usage_error("--user: needs a command to run");
	if (!config->output && config->format == FORMAT_DAT)
		config->output = "trace.dat";
	return check_flight(config);
}

int config_parse(struct config *config, int argc, char **argv, bool *done)
{
	int c, status;

	opterr = 0;
	while ((c = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		if (c == '?' || c == ':')
			return common_option_error(c, argv);
		*done = c == 'h' || c == OPTION_VERSION;
		if (c == 'h')
			fputs(help_text, stdout);
		if (c == OPTION_VERSION)
			common_print_version();
		if (*done)
			return COMMON_OK;
		status = take_option(config, c, optarg);
		if (status != COMMON_OK)
			return status;
	}
	config->command = argv + optind;
	return check_together(config);
}

void config_free(struct config *config)
{
	common_event_options_free(&config->dump_on);
	common_event_options_free(&config->events);
}
