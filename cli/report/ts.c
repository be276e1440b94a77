// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "ts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <rbmap/error.h>
#include <rbmap/events.h>

#include "common.h"

#define NS_PER_US 1000
#define NS_PER_S UINT64_C(1000000000)

static bool is_converted(const struct report *report)
{
	return report->config.ts == REPORT_TS_REALTIME ||
	       report->config.ts == REPORT_TS_MONO;
}

static int convert(const struct report *report, uint64_t time_stamp, uint64_t *ret)
{
	return rbmap_tracedat_reader_convert(report->reader,
					     report->config.ts == REPORT_TS_MONO ?
						     RBMAP_TRACEDAT_MONOTONIC :
						     RBMAP_TRACEDAT_REALTIME,
					     time_stamp, ret);
}

uint64_t ts_convert(const struct report *report, uint64_t time_stamp)
{
	/* Where this is not possible, ts_choose() said so. */
	if (is_converted(report))
		convert(report, time_stamp, &time_stamp);
	return time_stamp;
}

static unsigned int time_format(const struct config *config)
{
	unsigned int format = config->ns ? RBMAP_TIME_NS : 0;

	if (config->ts == REPORT_TS_REALTIME)
		return format | RBMAP_TIME_DATE;
	if (config->ts == REPORT_TS_MONO)
		return format | RBMAP_TIME_SECONDS;
	return format | RBMAP_TIME_CLOCK;
}

int ts_choose(struct report *report)
{
	const struct config *config = &report->config;
	const char *clock = report->info->clock;
	uint64_t time;

	if (is_converted(report) && convert(report, 0, &time) == -ENODATA)
		return common_fail(
			"%s: the file has no clock anchors for --ts %s (clock %s); "
			"record with this version of rbmap-record and a clock that "
			"counts time, such as local or mono",
			config->file, config_ts_name(config->ts),
			clock ? clock : "unknown");
	for (size_t i = 0; i < report->nr_buffers; i++)
		rbmap_events_set_time_format(
			rbmap_tracedat_reader_events(report->reader, i),
			time_format(config));
	return COMMON_OK;
}

/* Both leave the text empty where there is no such year. */
static void put_local(char *text, size_t size, uint64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (!localtime_r(&time, &tm) || !strftime(text, size, "%Y-%m-%d %H:%M:%S", &tm))
		*text = '\0';
}

static void put_utc(char *text, size_t size, uint64_t seconds)
{
	time_t time = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&time, &tm) || !strftime(text, size, "%Y-%m-%dT%H:%M:%S", &tm))
		*text = '\0';
}

const char *ts_format(char text[TS_SIZE], const struct report *report, uint64_t time)
{
	const struct config *config = &report->config;
	char whole[TS_SIZE / 2];
	uint64_t part, seconds;

	if (!report->info->in_seconds && !is_converted(report)) {
		snprintf(text, TS_SIZE, "%" PRIu64, time);
		return text;
	}
	seconds = time / NS_PER_S;
	part = time % NS_PER_S;
	if (!config->ns) {
		part = (part + NS_PER_US / 2) / NS_PER_US;
		seconds += part == NS_PER_S / NS_PER_US;
		part %= NS_PER_S / NS_PER_US;
	}
	if (config->ts == REPORT_TS_REALTIME)
		put_local(whole, sizeof(whole), seconds);
	else
		snprintf(whole, sizeof(whole), "%" PRIu64, seconds);
	snprintf(text, TS_SIZE, "%s.%0*" PRIu64, whole, config->ns ? 9 : 6, part);
	return text;
}

/* printf(3) would be most of what an object costs. Returns where the number ends. */
static char *put_digits(char *at, uint64_t number, int nr)
{
	for (int i = nr; i--; number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + nr;
}

static char *put_number(char *at, uint64_t number)
{
	int nr = 1;

	for (uint64_t rest = number / 10; rest; rest /= 10)
		nr++;
	return put_digits(at, number, nr);
}

/* Thousands of events are in one second; each thread prints others. */
static char *put_realtime(char *at, uint64_t realtime)
{
	static _Thread_local struct {
		bool known;
		uint64_t seconds;
		char text[TS_SIZE / 2];
	} last;
	uint64_t seconds = realtime / NS_PER_S;

	if (!last.known || last.seconds != seconds) {
		put_utc(last.text, sizeof(last.text), seconds);
		last.seconds = seconds;
		last.known = true;
	}
	at = stpcpy(at, last.text);
	*at++ = '.';
	at = put_digits(at, realtime % NS_PER_S, 9);
	*at++ = 'Z';
	return at;
}

const char *ts_format_utc(char text[TS_SIZE], uint64_t realtime)
{
	*put_realtime(text, realtime) = '\0';
	return text;
}

const char *ts_member(char text[TS_SIZE], const struct report *report,
		      uint64_t time_stamp)
{
	uint64_t time;

	if (!is_converted(report))
		return NULL;
	time = ts_convert(report, time_stamp);
	if (report->config.ts == REPORT_TS_MONO) {
		strcpy(put_number(stpcpy(text, ",\"mono\":"), time), "}");
		return text;
	}
	strcpy(put_realtime(stpcpy(text, ",\"realtime\":\""), time), "\"}");
	return text;
}
