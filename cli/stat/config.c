// SPDX-License-Identifier: GPL-2.0-only
#include "config.h"

#include "common.h"
#include "options.h"

static const char help_text[] =
	"Usage: rbmap-stat [OPTION]...\n"
	"Show the meta-page of each CPU's ring buffer next to the kernel's live counters.\n"
	"Consumes nothing, so it can watch a ring that another program records.\n"
	"\n"
	"  -B, --instance INSTANCE  show this instance instead of the top-level one\n"
	"  -M, --cpus CPULIST       show only these CPUs, as in 0-3,5\n"
	"      --format FORMAT      text (default) or json (one document on one line)\n"
	"      --json               short for --format json\n"
	"  -w, --watch TIME         take a sample every TIME (2, 500ms), until SIGINT\n"
	"      --count N            with --watch: stop after N samples\n"
	"      --features           show what this kernel and this user can do\n"
	"  -V, --version            print the version\n"
	"  -h, --help               print this help\n"
	"\n"
	"META-PAGE      counts since the last reset; unread = entries - overrun - read\n"
	"READER         the sub-buffer that the reader owns, and its consumed bytes\n"
	"PAGES          lost and touched pages, if the kernel counts them; omitted if 0\n"
	"LIVE COUNTERS  from per_cpu/cpuN/stats; overrun: overwritten before being read;\n"
	"               dropped: refused with overwrite off; c.overrun (commit overrun):\n"
	"               refused because an interrupted writer held its place\n"
	"DERIVED        fill: unread part of the ring; oldest: age of the oldest unread\n"
	"               event; reach: time from the oldest to the newest unread event;\n"
	"               lost = overrun + dropped + c.overrun\n"
	"\n"
	"Each sample maps the rings for a moment; meanwhile they can be neither resized\n"
	"nor snapshot. While another program has a ring mapped, the meta-page is as that\n"
	"program's last call left it; the live counters are always current.\n"
	"\n"
	"Exit status: 0 success, 1 failure, 2 usage error.\n";

static int set_watch(void *member, const char *option, char *value)
{
	uint64_t *ns = member;
	int status = common_set_time(ns, option, value);

	if (status == COMMON_OK && *ns > INT64_MAX / 4)
		return common_usage_error("%s '%s': too long", option, value);
	return status;
}

static int set_count(void *member, const char *option, char *value)
{
	uint64_t *count = member;

	if (common_parse_number(count, value) || !*count)
		return common_usage_error("%s '%s': must be a number greater than 0",
					  option, value);
	return COMMON_OK;
}

#define MEMBER(member) offsetof(struct config, member)

static const struct common_option options[] = {
	{ "instance", 'B', required_argument, common_set_text, MEMBER(instance) },
	{ "cpus", 'M', required_argument, common_set_text, MEMBER(cpus) },
	{ "format", 0, required_argument, common_set_json, MEMBER(json) },
	{ "json", 0, no_argument, common_set_flag, MEMBER(json) },
	{ "watch", 'w', required_argument, set_watch, MEMBER(watch_ns) },
	{ "count", 0, required_argument, set_count, MEMBER(count) },
	{ "features", 0, no_argument, common_set_flag, MEMBER(features) },
};

static const struct common_command_line command_line =
	COMMON_COMMAND_LINE(help_text, options, COMMON_OPERANDS_NONE);

static int check(const struct config *config)
{
	if (config->count && !config->watch_ns)
		return common_usage_error("--count: requires --watch");
	if (config->features && (config->instance || config->cpus || config->watch_ns))
		return common_usage_error(
			"--features: cannot be used with -B, -M or --watch; it "
			"concerns the whole machine");
	return COMMON_OK;
}

int config_parse(struct config *config, int argc, char **argv, bool *done)
{
	int status = common_parse(&command_line, config, argc, argv, done);

	return status == COMMON_OK && !*done ? check(config) : status;
}
