// SPDX-License-Identifier: LGPL-2.1-only
#include "tracedat/anchor.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/internal.h"

#define START "Clock anchor (ns):"

static const struct member {
	const char *name;
	size_t offset;
} members[] = {
	{ " trace ", offsetof(struct rbmap_anchor, trace) },
	{ " realtime ", offsetof(struct rbmap_anchor, realtime) },
	{ " monotonic ", offsetof(struct rbmap_anchor, monotonic) },
	{ " uncertainty ", offsetof(struct rbmap_anchor, uncertainty) },
};

void rbmap_tracedat_anchor_print(char text[TRACEDAT_ANCHOR_SIZE],
				 const struct rbmap_anchor *anchor)
{
	snprintf(text, TRACEDAT_ANCHOR_SIZE,
		 START " trace %" PRIu64 " realtime %" PRIu64 " monotonic %" PRIu64
		       " uncertainty %" PRIu64 "\n",
		 anchor->trace, anchor->realtime, anchor->monotonic,
		 anchor->uncertainty);
}

bool rbmap_tracedat_anchor_is(const char *text)
{
	return !strncmp(text, START, strlen(START));
}

static bool take_number(const char **text, uint64_t *ret)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	errno = 0;
	*ret = strtoull(*text, &end, 10);
	*text = end;
	return !errno;
}

int rbmap_tracedat_anchor_parse(struct rbmap_anchor *ret, const char *text)
{
	struct rbmap_anchor anchor;
	uint64_t number;

	if (!rbmap_tracedat_anchor_is(text))
		return -EBADMSG;
	text += strlen(START);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		size_t length = strlen(members[i].name);

		if (strncmp(text, members[i].name, length))
			return -EBADMSG;
		text += length;
		if (!take_number(&text, &number))
			return -EBADMSG;
		memcpy((char *)&anchor + members[i].offset, &number, sizeof(number));
	}
	if (strcmp(text, "\n"))
		return -EBADMSG;
	*ret = anchor;
	return 0;
}
