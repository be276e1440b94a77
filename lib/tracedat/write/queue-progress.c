// SPDX-License-Identifier: LGPL-2.1-only
/* What of each owner's data is in the file, and what of that the file says it has. */
#include <stdlib.h>

#include "tracedat/write/queue-entry.h"

#define LEAST_ROOM 16

/* Without memory, a step back goes farther. */
static void mark(struct write_owner *owner)
{
	size_t room = owner->room ? 2 * owner->room : LEAST_ROOM;
	struct write_progress *larger;

	if (owner->nr == owner->room) {
		larger = reallocarray(owner->marks, room, sizeof(*larger));
		if (!larger)
			return;
		owner->marks = larger;
		owner->room = room;
	}
	owner->marks[owner->nr++] = owner->now;
}

static void note_data(struct write_owner *owner, const struct write_request *request,
		      uint64_t spans, uint64_t bytes)
{
	bool is_covered = owner->now.end == owner->covered.end;

	if (bytes) {
		mark(owner);
		owner->now.writes++;
		owner->now.bytes += bytes;
		owner->now.end = request->offset + bytes;
	}
	owner->now.spans += spans;
	/* More of data that the file says it has. */
	if (!bytes && is_covered)
		owner->covered = owner->now;
}

static void cover(struct write_owner *owner)
{
	owner->covered = owner->now;
	owner->nr = 0;
}

static bool step_back(struct write_owner *owner)
{
	if (owner->now.end == owner->covered.end)
		return false;
	owner->now = owner->nr ? owner->marks[--owner->nr] : owner->covered;
	return true;
}

void rbmap_write_queue_take_back(struct write_queue *queue,
				 const struct write_request *request)
{
	struct write_owner *owner = &queue->owners[request->owner];

	while (owner->now.end > request->offset && step_back(owner))
		;
}

void rbmap_write_queue_note(struct write_queue *queue,
			    const struct write_request *request,
			    const struct write_result *result)
{
	uint64_t spans = request->spans, bytes = result->done;
	struct write_owner *owner = &queue->owners[request->owner];

	queue->work.calls += result->calls;
	switch (request->kind) {
	case WRITE_OTHER:
		break;
	case WRITE_DATA:
		if (result->error) {
			spans = request->unit ? bytes / request->unit : 0;
			bytes = spans * request->unit;
		}
		note_data(owner, request, spans, bytes);
		break;
	case WRITE_CORRECTION:
		if (result->error)
			rbmap_write_queue_take_back(queue, request);
		break;
	case WRITE_TABLE:
		if (!result->error)
			cover(owner);
		break;
	}
}

void rbmap_write_queue_progress(struct write_queue *queue, size_t owner,
				struct write_progress *ret)
{
	pthread_mutex_lock(&queue->lock);
	*ret = queue->owners[owner].now;
	pthread_mutex_unlock(&queue->lock);
}

void rbmap_write_queue_covered(struct write_queue *queue, size_t owner,
			       struct write_progress *ret)
{
	pthread_mutex_lock(&queue->lock);
	*ret = queue->owners[owner].covered;
	pthread_mutex_unlock(&queue->lock);
}

bool rbmap_write_queue_step_back(struct write_queue *queue, size_t owner)
{
	bool stepped;

	pthread_mutex_lock(&queue->lock);
	stepped = step_back(&queue->owners[owner]);
	pthread_mutex_unlock(&queue->lock);
	return stepped;
}
