// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include "names/strings.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/internal.h"

/* Kernels have some thousands. */
#define STRINGS_MAX 1000000

struct entry {
	uint64_t address;
	const char *string;
};

struct rbmap_strings {
	char *text;
	struct entry *entries;
	size_t nr;
};

static char unescaped(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c;
}

/* What is in the quotes, in place. Source: t_show() in kernel/trace/trace_printk.c. */
static void unquote(char *string)
{
	char *from = string, *to = string;

	while (*from && *from != '"') {
		if (*from == '\\' && from[1]) {
			*to++ = unescaped(from[1]);
			from += 2;
		} else {
			*to++ = *from++;
		}
	}
	if (to > string && to[-1] == '\n')
		to--;
	*to = '\0';
}

/* 0xADDRESS : "STRING" */
static bool parse_line(char *line, struct entry *ret)
{
	char *end;

	ret->address = strtoull(line, &end, 16);
	if (end == line || strncmp(end, " : \"", 4) != 0)
		return false;
	unquote(end + 4);
	ret->string = end + 4;
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	return (left->address > right->address) - (left->address < right->address);
}

static size_t count_lines(const char *text)
{
	size_t nr = 1;

	while (nr < STRINGS_MAX && (text = strchr(text, '\n'))) {
		text++;
		nr++;
	}
	return nr;
}

int rbmap_strings_parse(struct rbmap_strings **ret, const char *text)
{
	struct rbmap_strings *strings = calloc(1, sizeof(*strings));
	size_t most = count_lines(text);
	char *line, *rest;

	if (!strings)
		return -ENOMEM;
	strings->text = strdup(text);
	strings->entries = calloc(most, sizeof(*strings->entries));
	if (!strings->text || !strings->entries) {
		rbmap_strings_free(strings);
		return -ENOMEM;
	}
	for (line = strtok_r(strings->text, "\n", &rest); line && strings->nr < most;
	     line = strtok_r(NULL, "\n", &rest))
		strings->nr += parse_line(line, &strings->entries[strings->nr]);
	qsort(strings->entries, strings->nr, sizeof(*strings->entries), compare);
	*ret = strings;
	return 0;
}

void rbmap_strings_free(struct rbmap_strings *strings)
{
	if (!strings)
		return;
	free(strings->text);
	free(strings->entries);
	free(strings);
}

const char *rbmap_strings_find(const struct rbmap_strings *strings, uint64_t address)
{
	const struct entry key = { .address = address }, *found;

	if (!strings)
		return NULL;
	found = bsearch(&key, strings->entries, strings->nr, sizeof(key), compare);
	return found ? found->string : NULL;
}
