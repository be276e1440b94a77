// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rbmap/tracedat.h>

#include "config.h"
#include "options.h"

/* Of the dumps that events call for. */
#define KEEP_DEFAULT 10

/* For the names of those that there are. */
#define MOST_ENGINES 16

static const char help_text[] =
	"Usage: rbmap-record [OPTION]... [--] [COMMAND [ARG]...]\n"
	"Record trace events through the memory-mapped ring buffer, while COMMAND runs.\n"
	"Without COMMAND, record until SIGINT, SIGTERM or --duration.\n"
	"\n"
	"Which events:\n"
	"  -e, --event EVENT        SYSTEM:EVENT, SYSTEM, EVENT, a glob or 'all';\n"
	"                           repeatable\n"
	"  -f, --filter FILTER      kernel filter for the preceding -e\n"
	"  -R, --trigger TRIGGER    kernel trigger for the preceding -e; repeatable\n"
	"  -P, --pid PID[,PID]...   record only these threads\n"
	"  -c, --children           also record their descendants (requires -P)\n"
	"  -M, --cpus CPULIST       record only these CPUs, as in 0-3,5\n"
	"\n"
	"Output:\n"
	"  -o, --output FILE        default trace.dat; standard output for text and json\n"
	"      --format FORMAT      dat (default), text (as trace-cmd report prints it)\n"
	"                           or json (one object per line); text and json are\n"
	"                           live, sorted by time\n"
	"      --escape             print control characters in names and strings as \\n,\n"
	"                           \\x1b; the default on a terminal\n"
	"      --compress[=LEVEL|none]\n"
	"                           compress the trace.dat with zstd (default) at LEVEL,\n"
	"                           from -100 (fastest) to 19 (default 1), or not\n"
	"      --file-version N     version of the trace.dat: 7 (default), or 6, which is\n"
	"                           not compressed, for programs that cannot read 7\n"
	"      --direct             bypass the page cache (O_DIRECT); not compressed\n"
	"      --queue-size SIZE    memory for what waits for the disk (default: a 16th\n"
	"                           of the available memory; 0: none)\n"
	"      --flight             let the rings overwrite themselves; dump them on\n"
	"                           SIGUSR1 and at the end\n"
	"      --dump-on EVENT[:FILTER]\n"
	"                           also dump when EVENT fires and FILTER accepts it;\n"
	"                           repeatable\n"
	"      --rotate TIME|SIZE   go on in a new file after TIME or SIZE: 10m, 500M\n"
	"      --keep N             keep only the last N files or dumps (default: all, or\n"
	"                           10 with --dump-on)\n"
	"      --max-size SIZE      stop at this size; with --rotate, remove old files\n"
	"      --min-free SIZE      stop when less is free on the disk (default: 1G, or 5%\n"
	"                           of the disk if that is less)\n"
	"      --last TIME          dump only the last TIME\n"
	"      --duration TIME      stop after TIME: 10, 1.5, 500ms, 3m, 1h\n"
	"      --summary FILE       write counts of recorded and lost events as JSON\n"
	"      --fail-on-loss       exit with status 3 if events were lost\n"
	"      --user USER          run COMMAND as USER (default: the caller of sudo)\n"
	"  -q, --quiet              print only errors\n"
	"  -v, --verbose            report what is done; give it twice for more detail\n"
	"\n"
	"Ring buffer:\n"
	"  -b, --buffer-size KB     size of the ring of each CPU, in KB or as in 64M\n"
	"      --subbuf-size KB     size of a sub-buffer: 4, 8, 16, ...\n"
	"  -C, --clock CLOCK        trace clock (default local)\n"
	"  -B, --instance INSTANCE  record in this instance instead of creating one\n"
	"      --engine ENGINE      auto (default), mapped, read or observe\n"
	"      --rt-priority N      drain the rings with real-time priority N (1 to 99)\n"
	"      --drain-cpus CPULIST drain the rings only on these CPUs\n"
	"\n"
	"  -V, --version            print the version\n"
	"  -h, --help               print this help\n"
	"\n"
	"Exit status: 0 success, 1 failure, 2 usage error, 3 events lost\n"
	"(--fail-on-loss); with COMMAND its own status, or 127 if it was not found.\n";

static int set_filter(void *member, const char *option, char *value)
{
	struct common_event_option *event = common_event_options_last(member);

	if (!event)
		return common_usage_error(
			"%s '%s': must follow the -e that it applies to", option,
			value);
	if (event->filter)
		return common_usage_error(
			"%s '%s': -e %s already has a filter; join them with &&",
			option, value, event->pattern);
	event->filter = value;
	return COMMON_OK;
}

static int add_trigger(void *member, const char *option, char *value)
{
	struct common_event_option *event = common_event_options_last(member);
	const char **larger;

	if (!event)
		return common_usage_error(
			"%s '%s': must follow the -e that it applies to", option,
			value);
	larger = reallocarray(event->triggers, event->nr_triggers + 1, sizeof(*larger));
	if (!larger)
		return common_fail("%s %s: %s", option, value, strerror(ENOMEM));
	larger[event->nr_triggers++] = value;
	event->triggers = larger;
	return COMMON_OK;
}

static int set_kb(void *member, const char *option, char *value)
{
	uint64_t *kb = member;
	int r = common_parse_kb(kb, value);

	if (r == -ERANGE)
		return common_usage_error("%s %s: too large", option, value);
	if (r < 0)
		return common_usage_error(
			"%s '%s': not a size; write it as 1408, 64M or 2G", option,
			value);
	if (*kb == 0)
		return common_usage_error("%s %s: must be greater than 0", option,
					  value);
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
static int add_dump_on(void *member, const char *option, char *value)
{
	char *colon = find_filter(value);
	int status;

	if (colon)
		*colon++ = '\0';
	status = common_event_options_add(member, "--dump-on", value);
	if (status == COMMON_OK && colon && !*colon)
		status = common_usage_error("%s '%s:': the filter is empty", option,
					    value);
	if (status == COMMON_OK && colon)
		common_event_options_last(member)->filter = colon;
	return status;
}

static int parse_size(uint64_t *ret, const char *option, const char *value)
{
	int r = common_parse_kb(ret, value);

	if (r == -ERANGE)
		return common_usage_error("%s %s: too large", option, value);
	if (r < 0)
		return common_usage_error("%s '%s': not a size; write it as 100M or 2G",
					  option, value);
	*ret *= 1024;
	return COMMON_OK;
}

static int set_max_size(void *member, const char *option, char *value)
{
	uint64_t *bytes = member;
	int status = parse_size(bytes, option, value);

	if (status == COMMON_OK && *bytes == 0)
		return common_usage_error("%s %s: must be greater than 0", option,
					  value);
	return status;
}

static int set_size(void *member, const char *option, char *value)
{
	return parse_size(member, option, value);
}

/* The unit decides: M is a size, m is a time. */
static int set_rotate(void *member, const char *option, char *value)
{
	struct config *config = member;
	size_t length = strlen(value);
	uint64_t kb;

	config->rotate_bytes = 0;
	config->rotate_ns = 0;
	if (length && strchr("KMG", value[length - 1]) &&
	    common_parse_kb(&kb, value) == 0 && kb)
		config->rotate_bytes = kb * 1024;
	else if (length && strchr("smh", value[length - 1]))
		return common_set_time(&config->rotate_ns, option, value);
	else
		return common_usage_error("%s '%s': neither a size nor a time with its "
					  "unit; write it as 500M, 30s or 10m",
					  option, value);
	return COMMON_OK;
}

static int set_keep(void *member, const char *option, char *value)
{
	uint64_t *keep = member;

	if (!strcmp(value, "all")) {
		*keep = CONFIG_KEEP_ALL;
		return COMMON_OK;
	}
	if (common_parse_number(keep, value) < 0 || *keep == 0)
		return common_usage_error(
			"%s '%s': not a number of files; write it as 10 or all", option,
			value);
	return COMMON_OK;
}

static int set_engine(void *member, const char *option, char *value)
{
	const char *names[MOST_ENGINES + 1] = { NULL };
	int status, engine = RBMAP_ENGINE_AUTO;

	for (int i = 0; i < MOST_ENGINES; i++) {
		names[i] = rbmap_engine_name(i);
		if (!strcmp(names[i], "unknown")) {
			names[i] = NULL;
			break;
		}
	}
	status = common_find_word(&engine, names, option, value);
	*(enum rbmap_engine *)member = engine;
	return status;
}

static int set_format(void *member, const char *option, char *value)
{
	static const char *const names[] = {
		[FORMAT_DAT] = "dat",
		[FORMAT_TEXT] = "text",
		[FORMAT_JSON] = "json",
		NULL,
	};
	int status, format = FORMAT_DAT;

	status = common_find_word(&format, names, option, value);
	*(enum record_format *)member = format;
	return status;
}

/* Without a value: what is the default, but said. */
static int set_compression(void *member, const char *option, char *value)
{
	struct config *config = member;
	char *end;
	long level;

	config->compression = value && !strcmp(value, "none") ? "none" : "zstd";
	config->compression_level = 0;
	if (!value || !strcmp(value, "none"))
		return COMMON_OK;
	errno = 0;
	level = strtol(value, &end, 10);
	if (end == value || *end || errno || level < RBMAP_TRACEDAT_MIN_LEVEL ||
	    level > RBMAP_TRACEDAT_MAX_LEVEL || level == 0)
		return common_usage_error(
			"%s '%s': not a level from %d to %d other than 0, or none",
			option, value, RBMAP_TRACEDAT_MIN_LEVEL,
			RBMAP_TRACEDAT_MAX_LEVEL);
	config->compression_level = level;
	return COMMON_OK;
}

static int set_version(void *member, const char *option, char *value)
{
	if (strcmp(value, "6") && strcmp(value, "7"))
		return common_usage_error("%s '%s': must be 6 or 7", option, value);
	*(unsigned int *)member = value[0] - '0';
	return COMMON_OK;
}

static int set_pids(void *member, const char *option, char *value)
{
	if (!*value || strspn(value, "0123456789,") != strlen(value) ||
	    value[0] == ',' || value[strlen(value) - 1] == ',' || strstr(value, ",,"))
		return common_usage_error(
			"%s '%s': not a list of thread ids; write it as 17,42", option,
			value);
	*(const char **)member = value;
	return COMMON_OK;
}

static int set_rt_priority(void *member, const char *option, char *value)
{
	uint64_t priority;

	if (common_parse_number(&priority, value) < 0 || priority < 1 || priority > 99)
		return common_usage_error("%s '%s': not a priority from 1 to 99",
					  option, value);
	*(int *)member = priority;
	return COMMON_OK;
}

static int set_drain_cpus(void *member, const char *option, char *value)
{
	struct common_cpus online = { .nr = 0 };
	int r = common_cpus_read(&online, "online");

	common_cpus_free(member);
	if (r == 0 && online.nr)
		r = common_cpus_parse(member, value, online.cpus[online.nr - 1]);
	common_cpus_free(&online);
	if (r == -ERANGE)
		return common_usage_error("%s '%s': this machine has no such CPU, or "
					  "it is offline",
					  option, value);
	if (r == -EINVAL)
		return common_usage_error("%s '%s': not a CPU list; write it as 0-3,5",
					  option, value);
	return r < 0 ? common_fail("%s %s: %s", option, value, strerror(-r)) :
		       COMMON_OK;
}

#define MEMBER(member) offsetof(struct config, member)

static const struct common_option options[] = {
	{ "event", 'e', required_argument, common_set_event, MEMBER(events) },
	{ "filter", 'f', required_argument, set_filter, MEMBER(events) },
	{ "trigger", 'R', required_argument, add_trigger, MEMBER(events) },
	{ "output", 'o', required_argument, common_set_text, MEMBER(output) },
	{ "buffer-size", 'b', required_argument, set_kb, MEMBER(buffer_kb) },
	{ "subbuf-size", 0, required_argument, set_kb, MEMBER(subbuf_kb) },
	{ "clock", 'C', required_argument, common_set_text, MEMBER(clock) },
	{ "pid", 'P', required_argument, set_pids, MEMBER(pids) },
	{ "children", 'c', no_argument, common_set_flag, MEMBER(children) },
	{ "cpus", 'M', required_argument, common_set_text, MEMBER(cpus) },
	{ "instance", 'B', required_argument, common_set_text, MEMBER(instance) },
	{ "duration", 0, required_argument, common_set_time, MEMBER(duration_ns) },
	{ "engine", 0, required_argument, set_engine, MEMBER(engine) },
	{ "format", 0, required_argument, set_format, MEMBER(format) },
	{ "escape", 0, no_argument, common_set_flag, MEMBER(escape) },
	{ "compress", 0, optional_argument, set_compression, 0 },
	{ "file-version", 0, required_argument, set_version, MEMBER(file_version) },
	{ "direct", 0, no_argument, common_set_flag, MEMBER(direct) },
	{ "queue-size", 0, required_argument, set_size, MEMBER(queue_bytes) },
	{ "flight", 0, no_argument, common_set_flag, MEMBER(flight) },
	{ "dump-on", 0, required_argument, add_dump_on, MEMBER(dump_on) },
	{ "keep", 0, required_argument, set_keep, MEMBER(keep) },
	{ "rotate", 0, required_argument, set_rotate, 0 },
	{ "max-size", 0, required_argument, set_max_size, MEMBER(max_bytes) },
	{ "min-free", 0, required_argument, set_size, MEMBER(min_free) },
	{ "last", 0, required_argument, common_set_time, MEMBER(last_ns) },
	{ "fail-on-loss", 0, no_argument, common_set_flag, MEMBER(fail_on_loss) },
	{ "summary", 0, required_argument, common_set_text, MEMBER(summary) },
	{ "user", 0, required_argument, common_set_text, MEMBER(user) },
	{ "rt-priority", 0, required_argument, set_rt_priority, MEMBER(rt_priority) },
	{ "drain-cpus", 0, required_argument, set_drain_cpus, MEMBER(drain_cpus) },
	COMMON_OPTIONS_VERBOSITY(MEMBER(verbosity)),
};

static const struct common_command_line command_line =
	COMMON_COMMAND_LINE(help_text, options, COMMON_OPERANDS_COMMAND);

static int check_flight(struct config *config)
{
	if (!config->flight && (config->dump_on.nr || config->last_ns))
		return common_usage_error("%s: requires --flight",
					  config->dump_on.nr ? "--dump-on" : "--last");
	if (!config->flight)
		return COMMON_OK;
	if (config->format != FORMAT_DAT)
		return common_usage_error(
			"--flight: dumps are always trace.dat files; omit --format");
	if (config->engine != RBMAP_ENGINE_AUTO &&
	    rbmap_engine_consumes(config->engine))
		return common_usage_error("--flight: always observes; omit --engine");
	if (config->summary || config->fail_on_loss)
		return common_usage_error(
			"%s: cannot be used with --flight, which overwrites on purpose",
			config->summary ? "--summary" : "--fail-on-loss");
	if (config->last_ns && config->clock && !strcmp(config->clock, "x86-tsc"))
		return common_usage_error(
			"--last: the clock x86-tsc does not count time");
	config->engine = RBMAP_ENGINE_OBSERVE;
	/* An event may fire without end while the machine is unattended. */
	if (!config->keep)
		config->keep = config->dump_on.nr ? KEEP_DEFAULT : CONFIG_KEEP_ALL;
	return COMMON_OK;
}

static int check_rotation(struct config *config)
{
	bool rotates = config_rotates(config);

	if (config->keep && !config->flight && !rotates)
		return common_usage_error("--keep: requires --rotate or --flight");
	if (rotates && (config->flight || config->format != FORMAT_DAT))
		return common_usage_error(
			"--rotate: cannot be used with %s",
			config->flight ? "--flight, which writes numbered dumps" :
					 "--format text or json");
	if (config->max_bytes && config->flight)
		return common_usage_error(
			"--max-size: cannot be used with --flight; --keep bounds the "
			"dumps");
	if (config->min_free != CONFIG_MIN_FREE_DEFAULT && config->flight)
		return common_usage_error("--min-free: cannot be used with --flight");
	if (rotates && config->max_bytes && config->rotate_bytes > config->max_bytes)
		return common_usage_error(
			"--rotate: a file is larger than what --max-size allows for "
			"all of them");
	if (!config->keep)
		config->keep = CONFIG_KEEP_ALL;
	return COMMON_OK;
}

static int check_file_format(const struct config *config)
{
	bool zstd = config->compression && !strcmp(config->compression, "zstd");
	const char *option = config->direct	  ? "--direct" :
			     config->compression  ? "--compress" :
			     config->file_version ? "--file-version" :
						    NULL;

	if (config->escape && config->format == FORMAT_DAT)
		return common_usage_error("--escape: requires --format text");
	if (option && config->format != FORMAT_DAT)
		return common_usage_error("%s: requires --format dat", option);
	if (zstd && config->file_version == 6)
		return common_usage_error(
			"--compress: a file of version 6 is not compressed");
	if (zstd && config->direct)
		return common_usage_error(
			"--compress: cannot be used with --direct, which writes "
			"from the ring to the disk");
	return COMMON_OK;
}

static int check_together(struct config *config)
{
	int status;

	if (config->events.nr == 0)
		return common_usage_error(
			"no events: name some with -e, as in -e sched");
	if (config->children && !config->pids)
		return common_usage_error("-c: requires -P, whose children it adds");
	if (check_file_format(config) != COMMON_OK)
		return COMMON_USAGE;
	if (config->queue_bytes != CONFIG_QUEUE_DEFAULT &&
	    (config->flight || config->format != FORMAT_DAT))
		return common_usage_error("--queue-size: cannot be used with %s",
					  config->flight ? "--flight" :
							   "--format text or json");
	if (config->user && !*config->command)
		return common_usage_error("--user: requires a command to run");
	if (!config->output && config->format == FORMAT_DAT)
		config->output = "trace.dat";
	status = check_flight(config);
	return status == COMMON_OK ? check_rotation(config) : status;
}

int config_parse(struct config *config, int argc, char **argv, bool *done)
{
	int status;

	config->min_free = CONFIG_MIN_FREE_DEFAULT;
	config->queue_bytes = CONFIG_QUEUE_DEFAULT;
	status = common_parse(&command_line, config, argc, argv, done);
	if (status != COMMON_OK || *done)
		return status;
	config->command = argv + optind;
	return check_together(config);
}

void config_free(struct config *config)
{
	common_cpus_free(&config->drain_cpus);
	common_event_options_free(&config->dump_on);
	common_event_options_free(&config->events);
}
