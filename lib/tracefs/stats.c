// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rbmap/stats.h>

#include "base/internal.h"
#include "tracefs/tracefs.h"

struct counter {
	const char *name;
	size_t offset;
	bool is_time;
};

#define COUNTER(name, member, is_time) \
	{ \
		name, offsetof(struct rbmap_counters, member), is_time \
	}

static const struct counter counters[] = {
	COUNTER("entries", unread, false),
	COUNTER("overrun", overrun, false),
	COUNTER("commit overrun", commit_overrun, false),
	COUNTER("bytes", bytes, false),
	COUNTER("oldest event ts", oldest_ns, true),
	COUNTER("now ts", now_ns, true),
	COUNTER("dropped events", dropped, false),
	COUNTER("read events", read, false),
};

/* The value on the line that begins with @name, or NULL. */
static const char *find_value(const char *text, const char *name)
{
	size_t size = strlen(name);

	while (text) {
		if (!strncmp(text, name, size) && text[size] == ':')
			return text + size + 1;
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return NULL;
}

static bool parse_digits(const char **text, uint64_t *ret)
{
	const char *c = *text;
	uint64_t number = 0;

	if (!isdigit((unsigned char)*c))
		return false;
	for (; isdigit((unsigned char)*c); c++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, *c - '0', &number))
			return false;
	}
	*text = c;
	*ret = number;
	return true;
}

/* "12.345678", seconds, becomes nanoseconds; "12345", a count, stays. */
static bool parse_value(const char *text, bool is_time, uint64_t *ret)
{
	uint64_t number, micros;

	text += strspn(text, " \t");
	if (!parse_digits(&text, &number))
		return false;
	if (is_time && *text == '.') {
		const char *fraction = ++text;

		if (!parse_digits(&text, &micros) || text - fraction != 6 ||
		    __builtin_mul_overflow(number, UINT64_C(1000000000), &number) ||
		    __builtin_add_overflow(number, micros * 1000, &number))
			return false;
	}
	if (*text != '\n' && *text != '\0')
		return false;
	*ret = number;
	return true;
}

RBMAP_PUBLIC int rbmap_counters_parse(struct rbmap_counters *ret, const char *text)
{
	struct rbmap_counters parsed;

	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
		const char *value = find_value(text, counters[i].name);
		uint64_t number;

		if (!value || !parse_value(value, counters[i].is_time, &number))
			return -EBADMSG;
		memcpy((char *)&parsed + counters[i].offset, &number, sizeof(number));
	}
	*ret = parsed;
	return 0;
}

static bool has_rings(struct tracefs_instance *instance)
{
	int fd = rbmap_tracefs_open(instance, "per_cpu", O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

RBMAP_PUBLIC int rbmap_counters_read(struct rbmap_counters *ret,
				     struct tracefs_instance *instance, int cpu)
{
	char file[48], *text;
	int r;

	snprintf(file, sizeof(file), "per_cpu/cpu%d/stats", cpu);
	r = rbmap_tracefs_read(instance, file, &text, NULL);
	/* A CPU that is not there is not the same as an instance that is gone. */
	if (r == -ENOENT && has_rings(instance))
		return -ENXIO;
	if (r)
		return r;
	r = rbmap_counters_parse(ret, text);
	free(text);
	return r;
}

/* All that the ring ever took: what its meta-page calls entries. */
static uint64_t taken(const struct rbmap_counters *now)
{
	return now->unread + now->overrun + now->read;
}

static bool went_backwards(const struct rbmap_counters *before,
			   const struct rbmap_counters *after)
{
	return after->overrun < before->overrun || after->read < before->read ||
	       after->dropped < before->dropped ||
	       after->commit_overrun < before->commit_overrun ||
	       taken(after) < taken(before);
}

RBMAP_PUBLIC int rbmap_account_fill(struct rbmap_account *ret,
				    const struct rbmap_counters *before,
				    const struct rbmap_counters *after)
{
	uint64_t mine = ret->delivered + ret->torn;
	struct rbmap_account account = {
		.written = mine,
		.delivered = ret->delivered,
		.torn = ret->torn,
	};
	uint64_t read;
	int r = 0;

	if (went_backwards(before, after)) {
		*ret = account;
		return -ESTALE;
	}
	read = after->read - before->read;
	account.overrun = after->overrun - before->overrun;
	account.dropped = after->dropped - before->dropped;
	account.commit_overrun = after->commit_overrun - before->commit_overrun;
	account.unread = after->unread;
	/*
	 * What was unread before counts as written: the session begins with it. That
	 * and what the ring took since is now read, overwritten or still unread.
	 */
	account.written = read + account.overrun + account.dropped +
			  account.commit_overrun + account.unread;
	if (mine > read)
		r = -EBADMSG;
	else
		account.others = read - mine;
	*ret = account;
	return r;
}

RBMAP_PUBLIC int rbmap_account_fill_observed(struct rbmap_account *ret,
					     const struct rbmap_counters *before,
					     const struct rbmap_counters *after)
{
	struct rbmap_account account = {
		.written = ret->delivered,
		.delivered = ret->delivered,
	};
	uint64_t seen;
	int r = 0;

	if (went_backwards(before, after)) {
		*ret = account;
		return -ESTALE;
	}
	/* What was unread before can be seen as well. */
	seen = taken(after) - (before->overrun + before->read);
	account.dropped = after->dropped - before->dropped;
	account.commit_overrun = after->commit_overrun - before->commit_overrun;
	if (account.delivered > seen)
		r = -EBADMSG;
	else
		account.torn = seen - account.delivered;
	account.written = account.delivered + account.torn + account.dropped +
			  account.commit_overrun;
	*ret = account;
	return r;
}

RBMAP_PUBLIC void rbmap_account_add(struct rbmap_account *sum,
				    const struct rbmap_account *account)
{
	sum->written += account->written;
	sum->delivered += account->delivered;
	sum->others += account->others;
	sum->overrun += account->overrun;
	sum->dropped += account->dropped;
	sum->commit_overrun += account->commit_overrun;
	sum->torn += account->torn;
	sum->unread += account->unread;
}

RBMAP_PUBLIC uint64_t rbmap_account_lost(const struct rbmap_account *account)
{
	return account->overrun + account->dropped + account->commit_overrun +
	       account->torn;
}
