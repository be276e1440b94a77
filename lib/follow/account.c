// SPDX-License-Identifier: LGPL-2.1-only
/* What happened to the events of an instance: the loss identity of all of its rings. */
#include "base/internal.h"
#include "follow/follow.h"

static void add_counters(struct rbmap_counters *sum, const struct rbmap_counters *ring)
{
	sum->unread += ring->unread;
	sum->overrun += ring->overrun;
	sum->commit_overrun += ring->commit_overrun;
	sum->dropped += ring->dropped;
	sum->read += ring->read;
}

int rbmap_follow_read_counters(const struct follow_source *source,
			       struct rbmap_counters *ret)
{
	struct rbmap_counters sum = { 0 }, ring;
	const int *cpus;
	size_t nr = rbmap_session_cpus(source->session, &cpus);

	for (size_t i = 0; i < nr; i++) {
		int r = rbmap_counters_read(&ring, source->instance, cpus[i]);

		if (r < 0)
			return r;
		add_counters(&sum, &ring);
	}
	*ret = sum;
	return 0;
}

RBMAP_PUBLIC int rbmap_follow_account(const struct rbmap_follow *follow, int source,
				      struct rbmap_account *ret)
{
	struct rbmap_account account = { 0 };
	const struct follow_source *from;
	struct rbmap_counters after;
	int r;

	if (source < 0 || (size_t)source >= follow->nr_sources ||
	    !follow->sources[source].session)
		return -EINVAL;
	from = &follow->sources[source];
	r = from->before_error;
	if (r == 0)
		r = rbmap_follow_read_counters(from, &after);
	if (r < 0)
		return r;
	account.delivered = from->delivered;
	if (rbmap_engine_consumes(rbmap_session_engine(from->session)))
		r = rbmap_account_fill(&account, &from->before, &after);
	else
		r = rbmap_account_fill_observed(&account, &from->before, &after);
	*ret = account;
	return r;
}
