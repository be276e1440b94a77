// SPDX-License-Identifier: LGPL-2.1-only
#include <stdio.h>
#include <string.h>

#include "base/internal.h"
#include "events/events.h"
#include "format/check.h"

/* "name: NAME", for messages. */
static int find_name(const char *text, size_t size, const char **ret)
{
	const char *end = memchr(text, '\n', size), *at = text;

	if (!end)
		end = text + size;
	if (end - at > 6 && !memcmp(at, "name: ", 6))
		at += 6;
	*ret = at;
	return end - at < 100 ? (int)(end - at) : 100;
}

enum tep_errno rbmap_events_parse(struct tep_handle *tep, const struct rbmap_log *log,
				  const char *text, size_t size, const char *system)
{
	const char *name;
	size_t fields;
	int length;
	const char *why = rbmap_format_check(text, size, &fields);

	if (!why)
		return tep_parse_event(tep, text, size, system);
	length = find_name(text, size, &name);
	if (!fields) {
		log_warning(log,
			    "%s:%.*s: its format is not trusted, since %s; its records "
			    "cannot be shown",
			    system, length, name, why);
		return TEP_ERRNO__READ_FORMAT_FAILED;
	}
	rbmap_log_message(log,
			  why == rbmap_format_no_expression ? RBMAP_LOG_DEBUG :
							      RBMAP_LOG_WARNING,
			  "%s:%.*s: its print format is not trusted, since %s; its "
			  "records are shown as fields",
			  system, length, name, why);
	/* Without a print format the event is marked as one that cannot be parsed. */
	return tep_parse_event(tep, text, fields, system);
}
