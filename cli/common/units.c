// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common.h"

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS (1000 * NS_PER_US)
#define NS_PER_S (1000 * NS_PER_MS)
#define NS_PER_M (60 * NS_PER_S)
#define NS_PER_H (60 * NS_PER_M)

/* At least one digit; advances @text. */
static int parse_digits(const char **text, uint64_t *ret)
{
	const char *c = *text;
	uint64_t number = 0;

	if (!isdigit((unsigned char)*c))
		return -EINVAL;
	for (; isdigit((unsigned char)*c); c++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, *c - '0', &number))
			return -ERANGE;
	}
	*text = c;
	*ret = number;
	return 0;
}

int common_parse_number(uint64_t *ret, const char *text)
{
	uint64_t number;
	int r = parse_digits(&text, &number);

	if (r)
		return r;
	if (*text)
		return -EINVAL;
	*ret = number;
	return 0;
}

int common_parse_kb(uint64_t *ret, const char *text)
{
	static const char suffixes[] = "KMG";
	uint64_t kb;
	int r = parse_digits(&text, &kb);

	if (r)
		return r;
	if (*text) {
		const char *suffix = strchr(suffixes, toupper((unsigned char)*text));

		if (!suffix || text[1])
			return -EINVAL;
		if (__builtin_mul_overflow(kb, 1ULL << (10 * (suffix - suffixes)), &kb))
			return -ERANGE;
	}
	/* What is sized by it counts bytes. */
	if (kb > UINT64_MAX / 1024)
		return -ERANGE;
	*ret = kb;
	return 0;
}

static int parse_time_unit(const char *text, uint64_t *ret_ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "", NS_PER_S },  { "us", NS_PER_US }, { "ms", NS_PER_MS },
		{ "s", NS_PER_S }, { "m", NS_PER_M },	{ "h", NS_PER_H },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (!strcmp(text, units[i].name)) {
			*ret_ns = units[i].ns;
			return 0;
		}
	}
	return -EINVAL;
}

/* The digits after the point as billionths; further ones are ignored. */
static int parse_fraction(const char **text, uint64_t *ret)
{
	const char *c = *text;
	uint64_t scale = 100000000, fraction = 0;

	if (!isdigit((unsigned char)*c))
		return -EINVAL;
	for (; isdigit((unsigned char)*c); c++) {
		fraction += (*c - '0') * scale;
		scale /= 10;
	}
	*text = c;
	*ret = fraction;
	return 0;
}

int common_parse_time(uint64_t *ret_ns, const char *text)
{
	uint64_t whole, fraction = 0, unit, ns, part;
	int r = parse_digits(&text, &whole);

	if (!r && *text == '.') {
		text++;
		r = parse_fraction(&text, &fraction);
	}
	if (!r)
		r = parse_time_unit(text, &unit);
	if (r)
		return r;
	/* In two steps, since an hour of nanoseconds times a billionth overflows. */
	part = unit / NS_PER_S * fraction + unit % NS_PER_S * fraction / NS_PER_S;
	if (__builtin_mul_overflow(whole, unit, &ns) ||
	    __builtin_add_overflow(ns, part, &ns))
		return -ERANGE;
	*ret_ns = ns;
	return 0;
}

const char *common_format_bytes(char text[COMMON_FORMAT_SIZE], uint64_t bytes)
{
	static const char *const units[] = { "KB", "MB", "GB", "TB", "PB", "EB" };
	double value = bytes / 1024.0;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(text, COMMON_FORMAT_SIZE, "%" PRIu64 " B", bytes);
		return text;
	}
	/* Not 1024: 1023.96 would print as 1024.0. */
	while (value >= 1023.95 && i + 1 < sizeof(units) / sizeof(*units)) {
		value /= 1024;
		i++;
	}
	snprintf(text, COMMON_FORMAT_SIZE, "%.1f %s", value, units[i]);
	return text;
}

const char *common_format_count(char text[COMMON_FORMAT_SIZE], uint64_t count)
{
	char digits[COMMON_FORMAT_SIZE];
	int nr = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	char *out = text;

	for (int i = 0; i < nr; i++) {
		if (i && (nr - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return text;
}

const char *common_format_time(char text[COMMON_FORMAT_SIZE], uint64_t ns)
{
	uint64_t minutes = ns / NS_PER_M;

	if (ns < NS_PER_MS)
		snprintf(text, COMMON_FORMAT_SIZE, "%" PRIu64 " us", ns / NS_PER_US);
	else if (ns < NS_PER_S)
		snprintf(text, COMMON_FORMAT_SIZE, "%" PRIu64 " ms", ns / NS_PER_MS);
	else if (ns < NS_PER_M)
		snprintf(text, COMMON_FORMAT_SIZE, "%" PRIu64 ".%02" PRIu64 " s",
			 ns / NS_PER_S, ns % NS_PER_S / (10 * NS_PER_MS));
	else if (ns < NS_PER_H)
		snprintf(text, COMMON_FORMAT_SIZE, "%" PRIu64 " m %" PRIu64 " s",
			 minutes, ns % NS_PER_M / NS_PER_S);
	else
		snprintf(text, COMMON_FORMAT_SIZE, "%" PRIu64 " h %" PRIu64 " m",
			 minutes / 60, minutes % 60);
	return text;
}
