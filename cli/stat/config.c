// SPDX-License-Identifier: GPL-2.0-only
#include "config.h"

#include "common.h"
#include "options.h"

static const char help_text[] =
	"Usage: rbmap-stat [OPTION]...\n"
	"The meta-page of each CPU's ring buffer beside the kernel's live counters.\n"
	"Consumes nothing, so it can watch a ring that someone else records.\n"
	"\n"
	"  -B, --instance INSTANCE  look at this instance, not at the top-level one\n"
	"  -M, --cpus CPULIST       these CPUs only, as 0-3,5\n"
	"      --format FORMAT      text (default) or json (one document, on one line)\n"
	"      --json               short for --format json\n"
	"  -w, --watch TIME         look again every TIME (2, 1.5, 500ms), until SIGINT\n"
	"      --count N            with --watch: end after N looks\n"
	"      --features           what this kernel and this user can do, and why not\n"
	"  -V, --version            the version\n"
	"  -h, --help               this text\n"
	"\n"
	"META-PAGE      counts since the last reset; unread = entries - overrun - read\n"
	"READER         the sub-buffer that the reader owns, and what is consumed of it\n"
	"PAGES          lost and touched ones, from Linux 7.1 on; left out where 0\n"
	"LIVE COUNTERS  of per_cpu/cpuN/stats; overrun was overwritten before it was read,\n"
	"               dropped was refused with overwrite off, c.overrun (commit overrun)\n"
	"               was refused because an interrupted writer held its place\n"
	"TOGETHER       fill: how much of the ring is unread; reach: age of the oldest\n"
	"               unread event; lost = overrun + dropped + c.overrun\n"
	"\n"
	"Each look maps the rings for a moment: meanwhile they can be neither resized nor\n"
	"snapshot. While someone else has a ring mapped, its meta-page is as their last\n"
	"read left it; the live counters are always of now.\n"
	"\n"
	"Exit status: 0 ok, 1 failure, 2 usage.\n";

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
		return common_usage_error("%s '%s': not a number above 0", option,
					  value);
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
		return common_usage_error("--count: only with --watch");
	if (config->features && (config->instance || config->cpus || config->watch_ns))
		return common_usage_error("--features: not with -B, -M or --watch; it "
					  "is about the whole machine");
	return COMMON_OK;
}

int config_parse(struct config *config, int argc, char **argv, bool *done)
{
	int status = common_parse(&command_line, config, argc, argv, done);

	return status == COMMON_OK && !*done ? check(config) : status;
}
