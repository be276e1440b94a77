// SPDX-License-Identifier: GPL-2.0-only
/*
 * Formats of events, as libtraceevent's parser gets them: what it does not bear must be
 * kept from it. The input is one of the target format, of which only the text counts.
 */
#include <sys/mman.h>

#include <traceevent/event-parse.h>

#include "events/events.h"
#include "fuzz.h"

#define TEXT_MAX 16384

/* No memory that can be read follows it. */
static char *arena_end;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char *arena = mmap(NULL, 2 * TEXT_MAX, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(arena != MAP_FAILED);
	arena_end = arena + TEXT_MAX;
	must(mprotect(arena_end, TEXT_MAX, PROT_NONE) == 0);
	tep_set_loglevel(TEP_LOG_NONE);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct rbmap_log log = { 0 };
	const uint8_t *end;
	struct tep_handle *tep;

	if (size < 2 || size > TEXT_MAX)
		return 0;
	end = memchr(++bytes, '\0', --size);
	if (end)
		size = end - bytes;
	memcpy(arena_end - size, bytes, size);
	tep = tep_alloc();
	must(tep);
	rbmap_events_parse(tep, &log, arena_end - size, size, "test");
	tep_free(tep);
	return 0;
}
