// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Records whose printing is put off, so that other threads can do it. Plans never
 * change and stay as long as their events: printing a record takes its plan, and what
 * was looked up when it was added.
 *
 * The memory of a batch is filled from both ends: entries from the front, and from the
 * back what they point to.
 */
#include <stdlib.h>

#include <traceevent/trace-seq.h>

#include <rbmap/batch.h>
#include <rbmap/events.h>

#include "base/internal.h"
#include "base/text.h"
#include "events/events.h"
#include "format/run.h"

#define SIZE_MIN 4096
#define NAME_SLOTS 64
#define ALIGNMENT _Alignof(max_align_t)
/* Two cache lines, as processors fetch them in pairs. */
#define APART 128

/*
 * What is put of a pid and its command, as that was known when the record was added. A
 * line begins with the head, unless there is a text: what is longer or has other
 * columns, and what an object has, lies in the texts.
 */
struct batch_name {
	const struct rbmap_pid_name *of;
	int pid;
	struct rbmap_line_style style;
	uint8_t head_length;
	char head[RBMAP_HEAD_SIZE];
	size_t text, text_length;
};

/* Without a plan it is printed already, among the texts. */
struct batch_entry {
	struct rbmap_record record;
	size_t tag;
	const struct format_plan *plan;
	union {
		const struct batch_name *name;
		size_t text;
	};
	union {
		const struct rbmap_function *functions;
		size_t text_length;
		/* Of an object: names beside its addresses, among the texts. */
		struct {
			uint32_t names, names_length;
		};
	};
};

/*
 * While one thread prints a batch another one fills the next: were both in one cache
 * line, each would wait for the other at every record.
 */
struct rbmap_batch {
	_Alignas(APART) enum rbmap_batch_format format;
	unsigned char *memory;
	size_t size;
	/* Behind it the memory is used. */
	size_t end;
	size_t nr;
	/* Of the last command of each pid, or of another with the same slot. */
	const struct batch_name *names[NAME_SLOTS];
	struct trace_seq texts;
	/* Of the thread that prints. */
	struct rbmap_second second;
};

static struct batch_entry *entries(const struct rbmap_batch *batch)
{
	return (struct batch_entry *)batch->memory;
}

RBMAP_PUBLIC int rbmap_batch_open(struct rbmap_batch **ret,
				  enum rbmap_batch_format format, size_t size)
{
	struct rbmap_batch *batch;

	if (format != RBMAP_BATCH_TEXT && format != RBMAP_BATCH_JSON)
		return -EINVAL;
	batch = aligned_alloc(APART, sizeof(*batch));
	if (!batch)
		return -ENOMEM;
	memset(batch, 0, sizeof(*batch));
	batch->format = format;
	batch->size = (size < SIZE_MIN ? SIZE_MIN : size) / ALIGNMENT * ALIGNMENT;
	batch->memory = malloc(batch->size);
	trace_seq_init(&batch->texts);
	if (!batch->memory || batch->texts.state != TRACE_SEQ__GOOD) {
		rbmap_batch_close(batch);
		return -ENOMEM;
	}
	rbmap_batch_clear(batch);
	*ret = batch;
	return 0;
}

RBMAP_PUBLIC void rbmap_batch_close(struct rbmap_batch *batch)
{
	if (!batch)
		return;
	trace_seq_destroy(&batch->texts);
	free(batch->memory);
	free(batch);
}

RBMAP_PUBLIC void rbmap_batch_clear(struct rbmap_batch *batch)
{
	batch->nr = 0;
	batch->end = batch->size;
	memset(batch->names, 0, sizeof(batch->names));
	/* To reset one that has had no memory does not make it good again. */
	if (batch->texts.state != TRACE_SEQ__GOOD) {
		trace_seq_destroy(&batch->texts);
		trace_seq_init(&batch->texts);
	}
	trace_seq_reset(&batch->texts);
}

RBMAP_PUBLIC size_t rbmap_batch_count(const struct rbmap_batch *batch)
{
	return batch->nr;
}

static size_t aligned(size_t size)
{
	return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* There is room for all that a record takes: see make_room(). */
static void *take(struct rbmap_batch *batch, size_t size)
{
	batch->end -= aligned(size);
	return batch->memory + batch->end;
}

/* 1, 0 where the batch is full, or -ENOMEM. */
static int make_room(struct rbmap_batch *batch, const struct format_plan *plan,
		     const struct rbmap_record *record)
{
	size_t functions =
		plan ? plan->nr_functions * sizeof(struct rbmap_function) : 0;
	size_t need = sizeof(struct batch_entry) + aligned(record->size) +
		      aligned(functions) + aligned(sizeof(struct batch_name));
	size_t used = batch->nr * sizeof(struct batch_entry);
	unsigned char *memory;

	if (need <= batch->end - used)
		return batch->texts.len < batch->size;
	if (batch->nr)
		return 0;
	memory = malloc(aligned(need));
	if (!memory)
		return -ENOMEM;
	free(batch->memory);
	batch->memory = memory;
	batch->size = aligned(need);
	batch->end = batch->size;
	return 1;
}

/* In a head, blanks that a name begins with are like those in front of it. */
static bool is_of(const struct rbmap_batch *batch, const struct batch_name *name,
		  const struct rbmap_pid_name *seen, int pid,
		  const struct rbmap_line_style *style)
{
	if (!name || memcmp(&name->style, style, sizeof(*style)) || name->of != seen ||
	    name->pid != pid || !seen->head_length)
		return false;
	if (batch->format == RBMAP_BATCH_JSON)
		return seen->json_length && name->text_length == seen->json_length &&
		       !memcmp(batch->texts.buffer + name->text, seen->json,
			       seen->json_length);
	return name->head_length == seen->head_length &&
	       !memcmp(name->head, seen->head, sizeof(name->head));
}

static void add_name_text(struct rbmap_batch *batch, struct rbmap_events *events,
			  struct batch_name *name)
{
	struct text text = rbmap_text_from_seq(&batch->texts);

	name->text = text.used;
	if (batch->format == RBMAP_BATCH_JSON)
		rbmap_object_pid(&text, events, name->pid);
	else if (!name->head_length || name->style.latency)
		rbmap_line_comm(tep_data_comm_from_pid(events->tep, name->pid),
				name->pid, name->style.latency, &text);
	name->text_length = text.used - name->text;
	rbmap_text_to_seq(&text, &batch->texts);
}

/* Most records are of a few threads. */
static const struct batch_name *add_name(struct rbmap_batch *batch,
					 struct rbmap_events *events, int pid)
{
	const struct batch_name **slot = &batch->names[(unsigned int)pid % NAME_SLOTS];
	const struct rbmap_pid_name *seen = rbmap_names_pid(&events->names, pid);
	struct batch_name *name;

	if (is_of(batch, *slot, seen, pid, &events->style))
		return *slot;
	name = take(batch, sizeof(*name));
	*name = (struct batch_name){
		.of = seen,
		.pid = pid,
		.style = events->style,
		.head_length = seen->head_length,
	};
	memcpy(name->head, seen->head, sizeof(name->head));
	add_name_text(batch, events, name);
	*slot = name;
	return name;
}

static void add_names(struct rbmap_batch *batch, struct rbmap_events *events,
		      struct batch_entry *entry)
{
	struct text text = rbmap_text_from_seq(&batch->texts);

	entry->names = text.used;
	if (entry->plan->json_names)
		rbmap_object_names(events, entry->plan, &entry->record, &text);
	entry->names_length = text.used - entry->names;
	rbmap_text_to_seq(&text, &batch->texts);
}

static void add_compiled(struct rbmap_batch *batch, struct rbmap_events *events,
			 struct batch_entry *entry)
{
	const struct format_plan *plan = entry->plan;
	const struct rbmap_record *record = &entry->record;
	struct rbmap_function *functions = NULL;

	entry->name =
		add_name(batch, events, format_pid(plan, record->data, record->size));
	if (batch->format == RBMAP_BATCH_JSON) {
		add_names(batch, events, entry);
		return;
	}
	if (plan->nr_lookups) {
		if (plan->nr_functions)
			functions =
				take(batch, plan->nr_functions * sizeof(*functions));
		rbmap_format_resolve(plan, &events->names, record->data, record->size,
				     functions);
	}
	entry->functions = functions;
}

/* What only the thread of the events can print. */
static int add_printed(struct rbmap_batch *batch, struct rbmap_events *events,
		       struct batch_entry *entry)
{
	int r;

	entry->plan = NULL;
	entry->text = batch->texts.len;
	r = batch->format == RBMAP_BATCH_TEXT ?
		    rbmap_events_text(events, &entry->record, &batch->texts) :
		    rbmap_events_json(events, &entry->record, &batch->texts);
	entry->text_length = batch->texts.len - entry->text;
	return r;
}

static bool is_compiled(const struct rbmap_batch *batch, const struct format_plan *plan,
			const struct rbmap_record *record)
{
	if (batch->format == RBMAP_BATCH_JSON)
		return plan;
	return rbmap_line_is_compiled(plan, record) && !plan->may_give_up;
}

/* Room for the record's data is taken; there is room for all that it takes. */
static struct batch_entry *new_entry(struct rbmap_batch *batch,
				     const struct format_plan *plan,
				     const struct rbmap_record *record, size_t tag)
{
	struct batch_entry *entry = &entries(batch)[batch->nr];

	entry->record = *record;
	entry->record.data = take(batch, record->size);
	entry->tag = tag;
	entry->plan = plan;
	return entry;
}

static int add(struct rbmap_batch *batch, struct rbmap_events *events,
	       const struct rbmap_record *record, size_t tag)
{
	const struct format_plan *plan = rbmap_events_plan(events, record);
	struct batch_entry *entry;
	int r = make_room(batch, plan, record);

	if (r <= 0)
		return r;
	entry = new_entry(batch, plan, record, tag);
	memcpy((void *)entry->record.data, record->data, record->size);
	if (!is_compiled(batch, plan, record))
		r = add_printed(batch, events, entry);
	else
		add_compiled(batch, events, entry);
	if (r >= 0)
		r = rbmap_names_state(&events->names);
	if (r < 0)
		return r;
	if (batch->texts.state != TRACE_SEQ__GOOD)
		return -ENOMEM;
	batch->nr++;
	return 1;
}

RBMAP_PUBLIC int rbmap_batch_add(struct rbmap_batch *batch, struct rbmap_events *events,
				 const struct rbmap_record *record, size_t tag)
{
	int r = add(batch, events, record, tag);

	/* An empty batch has room for any record, and nothing of one that failed. */
	if (r < 0 && !batch->nr)
		rbmap_batch_clear(batch);
	return r;
}

RBMAP_PUBLIC int rbmap_batch_add_leaf(struct rbmap_batch *batch,
				      struct rbmap_events *events,
				      const struct rbmap_record *entry,
				      const struct rbmap_record *exit, size_t tag)
{
	const struct format_plan *plan = rbmap_leaf_plan(events, entry, exit);
	struct rbmap_record joined = *entry;
	struct batch_entry *added;
	int r;

	if (!plan || batch->format != RBMAP_BATCH_TEXT)
		return -EINVAL;
	joined.size = format_joined_size(plan);
	r = make_room(batch, plan->leaf, &joined);
	if (r <= 0)
		return r;
	added = new_entry(batch, plan->leaf, &joined, tag);
	rbmap_leaf_join(events, plan, entry, exit, (void *)added->record.data);
	add_compiled(batch, events, added);
	if (batch->texts.state != TRACE_SEQ__GOOD)
		return -ENOMEM;
	batch->nr++;
	return 1;
}

RBMAP_PUBLIC const struct rbmap_record *
rbmap_batch_record(const struct rbmap_batch *batch, size_t number, size_t *tag)
{
	const struct batch_entry *entry = &entries(batch)[number];

	if (tag)
		*tag = entry->tag;
	return &entry->record;
}

static void put_line(struct rbmap_batch *batch, const struct batch_entry *entry,
		     struct text *text)
{
	const struct batch_name *name = entry->name;
	size_t begin = text->used;
	char *at;

	if (!name->text_length) {
		at = text_room(text, sizeof(name->head));
		if (!at)
			return;
		memcpy(at, name->head, sizeof(name->head));
		text->used += name->head_length;
	} else {
		text_put(text, batch->texts.buffer + name->text, name->text_length);
	}
	rbmap_line_resolved(entry->plan, entry->functions, &entry->record, &name->style,
			    &batch->second, begin, text);
}

static void put_object(struct rbmap_batch *batch, const struct batch_entry *entry,
		       struct text *text)
{
	const struct rbmap_object_parts parts = {
		.pid = batch->texts.buffer + entry->name->text,
		.pid_length = entry->name->text_length,
		.names = batch->texts.buffer + entry->names,
		.names_length = entry->names_length,
	};

	rbmap_object_resolved(entry->plan, &parts, &entry->record, text);
}

RBMAP_PUBLIC int rbmap_batch_put(struct rbmap_batch *batch, size_t number,
				 struct trace_seq *out)
{
	const struct batch_entry *entry = &entries(batch)[number];
	struct text text = rbmap_text_from_seq(out);

	if (!entry->plan)
		text_put(&text, batch->texts.buffer + entry->text, entry->text_length);
	else if (batch->format == RBMAP_BATCH_TEXT)
		put_line(batch, entry, &text);
	else
		put_object(batch, entry, &text);
	rbmap_text_to_seq(&text, out);
	return out->state == TRACE_SEQ__GOOD ? 0 : -ENOMEM;
}
