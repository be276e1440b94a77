// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"

/* Far above what Linux can be built for (8192); bounds what a file can make us do. */
#define CPU_LIMIT 65535

/* At least one digit; advances @text. */
static int parse_cpu(const char **text, int last, int *ret)
{
	const char *c = *text;
	int cpu = 0;

	if (!isdigit((unsigned char)*c))
		return -EINVAL;
	for (; isdigit((unsigned char)*c); c++) {
		cpu = cpu * 10 + (*c - '0');
		if (cpu > last)
			return -ERANGE;
	}
	*text = c;
	*ret = cpu;
	return 0;
}

/* "5", "0-3", or "8-" up to @last; advances @text. */
static int parse_range(const char **text, int last, int *ret_from, int *ret_to)
{
	int r = parse_cpu(text, last, ret_from);

	if (r)
		return r;
	*ret_to = *ret_from;
	if (**text != '-')
		return 0;
	(*text)++;
	if (**text == '\0' || **text == ',') {
		*ret_to = last;
		return 0;
	}
	r = parse_cpu(text, last, ret_to);
	if (r)
		return r;
	return *ret_to < *ret_from ? -EINVAL : 0;
}

static int parse_into(bool *map, const char *text, int last)
{
	for (;;) {
		int from, to;
		int r = parse_range(&text, last, &from, &to);

		if (r)
			return r;
		while (from <= to)
			map[from++] = true;
		if (*text == '\0')
			return 0;
		if (*text++ != ',')
			return -EINVAL;
	}
}

static int gather(struct common_cpus *ret, const bool *map, int last)
{
	struct common_cpus cpus = { .nr = 0 };

	cpus.cpus = calloc(last + 1, sizeof(*cpus.cpus));
	if (!cpus.cpus)
		return -ENOMEM;
	for (int cpu = 0; cpu <= last; cpu++) {
		if (map[cpu])
			cpus.cpus[cpus.nr++] = cpu;
	}
	*ret = cpus;
	return 0;
}

int common_cpus_parse(struct common_cpus *ret, const char *text, int last)
{
	bool *map;
	int r;

	if (last < 0 || last > CPU_LIMIT)
		return -EINVAL;
	map = calloc(last + 1, sizeof(*map));
	if (!map)
		return -ENOMEM;
	r = parse_into(map, text, last);
	if (!r)
		r = gather(ret, map, last);
	free(map);
	return r;
}

void common_cpus_free(struct common_cpus *cpus)
{
	free(cpus->cpus);
	cpus->cpus = NULL;
	cpus->nr = 0;
}

bool common_cpus_has(const struct common_cpus *cpus, int cpu)
{
	for (size_t i = 0; i < cpus->nr; i++) {
		if (cpus->cpus[i] == cpu)
			return true;
	}
	return false;
}

void common_cpus_write(const struct common_cpus *cpus, FILE *out)
{
	for (size_t i = 0; i < cpus->nr;) {
		size_t end = i;

		while (end + 1 < cpus->nr && cpus->cpus[end + 1] == cpus->cpus[end] + 1)
			end++;
		fprintf(out, "%s%d", i ? "," : "", cpus->cpus[i]);
		if (end > i)
			fprintf(out, "-%d", cpus->cpus[end]);
		i = end + 1;
	}
}

char *common_cpus_text(const struct common_cpus *cpus)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out)
		return NULL;
	common_cpus_write(cpus, out);
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return NULL;
	}
	return text;
}

int common_cpus_read(struct common_cpus *ret, const char *which)
{
	char path[64], text[4096];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/%s", which);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	size = read(fd, text, sizeof(text) - 1);
	if (size < 0)
		size = -errno;
	close(fd);
	if (size < 0)
		return size;
	text[size] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return common_cpus_parse(ret, text, CPU_LIMIT);
}

static int read_machine(struct common_cpus *ret, const char *which)
{
	int r = common_cpus_read(ret, which);

	if (!r && ret->nr)
		return COMMON_OK;
	return common_fail("/sys/devices/system/cpu/%s: %s%s", which,
			   r ? strerror(-r) : "empty",
			   r == -ENOENT ? "; is /sys mounted?" : "");
}

static int refuse_cpu(int cpu, const struct common_cpus *present)
{
	char *text = common_cpus_text(present);
	int status;

	status = common_usage_error("-M: this machine has no CPU %d; choose from %s",
				    cpu, text ? text : "those present");
	free(text);
	return status;
}

static int check_cpus(const struct common_cpus *cpus, const struct common_cpus *present,
		      const struct common_cpus *online, enum common_offline offline)
{
	for (size_t i = 0; i < cpus->nr; i++) {
		int cpu = cpus->cpus[i];

		if (!common_cpus_has(present, cpu))
			return refuse_cpu(cpu, present);
		if (offline == COMMON_OFFLINE_REFUSE && !common_cpus_has(online, cpu))
			return common_usage_error(
				"-M: CPU %d is offline; leave it out, or bring it "
				"online: echo 1 >/sys/devices/system/cpu/cpu%d/online",
				cpu, cpu);
	}
	return COMMON_OK;
}

int common_cpus_take(struct common_cpus *ret, const char *text, int last,
		     const char *owner)
{
	int r;

	if (last < 0)
		return common_usage_error("-M '%s': %s has no CPUs", text, owner);
	r = common_cpus_parse(ret, text, last);
	switch (r) {
	case 0:
		return COMMON_OK;
	case -ERANGE:
		return common_usage_error("-M '%s': the last CPU of %s is %d", text,
					  owner, last);
	case -EINVAL:
		return common_usage_error("-M '%s': not a CPU list; write it as 0-3,5",
					  text);
	}
	return common_fail("-M '%s': %s", text, strerror(-r));
}

int common_cpus_choose(struct common_cpus *ret, const char *text,
		       enum common_offline offline)
{
	struct common_cpus present = { .nr = 0 }, online = { .nr = 0 };
	struct common_cpus cpus = { .nr = 0 };
	int status = read_machine(&present, "present");

	if (status == COMMON_OK)
		status = read_machine(&online, "online");
	if (status == COMMON_OK && !text) {
		struct common_cpus *all =
			offline == COMMON_OFFLINE_TAKE ? &present : &online;

		cpus = *all;
		*all = (struct common_cpus){ .nr = 0 };
	} else if (status == COMMON_OK) {
		status = common_cpus_take(&cpus, text, present.cpus[present.nr - 1],
					  "this machine");
		if (status == COMMON_OK)
			status = check_cpus(&cpus, &present, &online, offline);
	}
	common_cpus_free(&present);
	common_cpus_free(&online);
	if (status == COMMON_OK)
		*ret = cpus;
	else
		common_cpus_free(&cpus);
	return status;
}
