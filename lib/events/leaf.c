// SPDX-License-Identifier: LGPL-2.1-only
/*
 * A function that calls no other: the function graph tracer writes an entry and, right
 * behind it, the exit, which trace-cmd report prints as one line.
 */
#include "base/internal.h"
#include "events/events.h"
#include "format/run.h"

/* The plan of a record of that kind, which its steps print. */
static const struct format_plan *plan_of(struct rbmap_events *events,
					 const struct rbmap_record *record,
					 enum format_graph_kind kind)
{
	const struct format_plan *plan = rbmap_events_plan(events, record);

	if (!plan || plan->graph.kind != kind || !rbmap_line_is_compiled(plan, record))
		return NULL;
	return plan;
}

static bool are_one(const struct format_plan *plan, const struct rbmap_record *entry,
		    const struct format_plan *exit_plan,
		    const struct rbmap_record *exit)
{
	/* What was lost in between may be a call. */
	return !exit->lost && entry->cpu == exit->cpu &&
	       format_pid(plan, entry->data, entry->size) ==
		       format_pid(exit_plan, exit->data, exit->size) &&
	       rbmap_format_graph_function(plan, entry->data) ==
		       rbmap_format_graph_function(exit_plan, exit->data);
}

const struct format_plan *rbmap_leaf_plan(struct rbmap_events *events,
					  const struct rbmap_record *entry,
					  const struct rbmap_record *exit)
{
	const struct format_plan *plan = plan_of(events, entry, GRAPH_ENTRY);
	const struct format_plan *exit_plan;

	if (!plan || plan->leaf->why_not)
		return NULL;
	if (!exit)
		return plan;
	exit_plan = plan_of(events, exit, GRAPH_EXIT);
	return exit_plan && are_one(plan, entry, exit_plan, exit) ? plan : NULL;
}

struct rbmap_record rbmap_leaf_join(struct rbmap_events *events,
				    const struct format_plan *plan,
				    const struct rbmap_record *entry,
				    const struct rbmap_record *exit, void *data)
{
	struct rbmap_record joined = *entry;

	joined.size =
		rbmap_format_join(plan, entry->data, rbmap_events_plan(events, exit),
				  exit->data, data);
	joined.data = data;
	return joined;
}

RBMAP_PUBLIC int rbmap_events_is_leaf(struct rbmap_events *events,
				      const struct rbmap_record *entry,
				      const struct rbmap_record *exit)
{
	return rbmap_leaf_plan(events, entry, exit) != NULL;
}

RBMAP_PUBLIC int rbmap_events_leaf_text(struct rbmap_events *events,
					const struct rbmap_record *entry,
					const struct rbmap_record *exit,
					struct trace_seq *out)
{
	const struct format_plan *plan = rbmap_leaf_plan(events, entry, exit);
	struct text text = rbmap_text_from_seq(out);
	struct rbmap_record joined;
	struct tep_record copy;
	int r;

	if (!plan)
		return -EINVAL;
	/* For its memory: what is made of both is longer by a number at most. */
	r = rbmap_events_tep_record(events, entry, &copy);
	if (r)
		return r;
	joined = rbmap_leaf_join(events, plan, entry, exit, copy.data);
	if (events->copy_used < joined.size)
		events->copy_used = joined.size;
	rbmap_line_compiled(events, plan->leaf, &joined, &text);
	rbmap_text_to_seq(&text, out);
	return text.failed ? -ENOMEM : 0;
}
