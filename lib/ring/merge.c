// SPDX-License-Identifier: LGPL-2.1-only
/* Sorts the records of sessions: what a sorter relies on is checked here. */
#define _GNU_SOURCE
#include "ring/merge.h"

#include <stdlib.h>

#include "base/internal.h"
#include "ring/session.h"

/* @rounds: of the session, when the last round of the merge ended */
struct merge_source {
	struct rbmap_session *session;
	uint64_t rounds;
};

RBMAP_PUBLIC int rbmap_merge_open(struct rbmap_merge **ret)
{
	struct rbmap_merge *merge = calloc(1, sizeof(*merge));

	if (!merge)
		return -ENOMEM;
	*ret = merge;
	return 0;
}

RBMAP_PUBLIC void rbmap_merge_close(struct rbmap_merge *merge)
{
	if (!merge)
		return;
	rbmap_sorter_free(&merge->sorter);
	free(merge->sources);
	free(merge);
}

RBMAP_PUBLIC int rbmap_merge_add(struct rbmap_merge *merge,
				 struct rbmap_session *session)
{
	size_t nr = merge->sorter.nr_sources;
	struct merge_source *sources;
	int r;

	if (session->merged)
		return -EINVAL;
	if (session->unsettled || merge->sorter.begun)
		return -EBUSY;
	sources = reallocarray(merge->sources, nr + 1, sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	merge->sources = sources;
	r = rbmap_sorter_add(&merge->sorter, &session->layout, session->cpus,
			     session->nr_rings);
	if (r < 0)
		return r;
	session->merged = true;
	rbmap_session_wake_all(session);
	sources[nr] = (struct merge_source){ session, session->whole_rounds };
	return r;
}

static bool has_source(const struct rbmap_merge *merge, int source)
{
	return source >= 0 && (size_t)source < merge->sorter.nr_sources;
}

RBMAP_PUBLIC int rbmap_merge_put(struct rbmap_merge *merge, int source,
				 const struct rbmap_span *spans, int nr)
{
	if (!has_source(merge, source) || nr < 0)
		return -EINVAL;
	return rbmap_sorter_stage(&merge->sorter, source, spans, nr);
}

RBMAP_PUBLIC int rbmap_merge_discard(struct rbmap_merge *merge, int source,
				     const struct rbmap_span *spans, int nr)
{
	if (!has_source(merge, source))
		return -EINVAL;
	if (merge->sources[source].session->unsettled)
		return -EBUSY;
	return rbmap_sorter_commit(&merge->sorter, spans, nr);
}

/* Every session has read all its rings since the last round. */
static bool is_whole(const struct rbmap_merge *merge)
{
	for (size_t i = 0; i < merge->sorter.nr_sources; i++)
		if (merge->sources[i].rounds == merge->sources[i].session->whole_rounds)
			return false;
	return merge->sorter.nr_sources;
}

RBMAP_PUBLIC int rbmap_merge_end_round(struct rbmap_merge *merge)
{
	if (merge->sorter.nr_staged)
		return -EBUSY;
	for (size_t i = 0; i < merge->sorter.nr_sources; i++)
		if (merge->sources[i].session->round_begun)
			return -EBUSY;
	if (!is_whole(merge))
		return 0;
	for (size_t i = 0; i < merge->sorter.nr_sources; i++)
		merge->sources[i].rounds = merge->sources[i].session->whole_rounds;
	return rbmap_sorter_end_round(&merge->sorter) && merge->sorter.nr_streams > 1;
}

RBMAP_PUBLIC void rbmap_merge_end(struct rbmap_merge *merge)
{
	rbmap_sorter_end(&merge->sorter);
}

RBMAP_PUBLIC int rbmap_merge_next(struct rbmap_merge *merge, struct rbmap_record *ret,
				  int *source)
{
	const struct sorter_stream *stream = sorter_next(&merge->sorter);

	if (!stream)
		return 0;
	*ret = stream->record;
	if (source)
		*source = stream->source;
	return 1;
}
