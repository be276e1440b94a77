// SPDX-License-Identifier: LGPL-2.1-only
#include <time.h>

#include "base/decimal.h"
#include "base/internal.h"
#include "events/events.h"
#include "format/field.h"
#include "format/run.h"

#include <rbmap/subbuf.h>

#define SECONDS_WIDTH 5
#define NS_PER_US 1000
#define NS_PER_SECOND UINT64_C(1000000000)

static int state(const struct trace_seq *out)
{
	return out->state == TRACE_SEQ__GOOD ? 0 : -ENOMEM;
}

/* Of the second itself, right-aligned, and its point: returns how long it is. */
static unsigned int write_seconds(char *text, uint64_t seconds)
{
	char digits[DECIMAL_ROOM];
	unsigned int nr = decimal_write(digits, seconds) - digits;
	unsigned int width = nr > SECONDS_WIDTH ? nr : SECONDS_WIDTH;

	memset(text, ' ', width + 1);
	memcpy(text + width + 1 - nr, digits, nr);
	text[width + 1] = '.';
	return width + 2;
}

static unsigned int write_date(char *text, uint64_t seconds)
{
	char date[RBMAP_SECOND_SIZE + 1];
	time_t time = (time_t)seconds;
	struct tm tm;
	size_t size = 0;

	/* 64 bits of nanoseconds end in the year 2554. */
	if (localtime_r(&time, &tm))
		size = strftime(date, sizeof(date), " %Y-%m-%d %H:%M:%S.", &tm);
	memcpy(text, date, size);
	return size;
}

static void begin_second(struct rbmap_second *second, struct rbmap_time_style style,
			 uint64_t time_stamp)
{
	uint64_t half = style.nanos ? 0 : NS_PER_US / 2;
	uint64_t seconds = time_stamp / NS_PER_SECOND +
			   (time_stamp % NS_PER_SECOND >= NS_PER_SECOND - half);

	second->style = style;
	second->whole = seconds * NS_PER_SECOND;
	second->begin = seconds ? second->whole - half : 0;
	/* The very last one wraps, and so is made anew each time. */
	second->end = second->whole + NS_PER_SECOND - half;
	second->length = style.date ? write_date(second->text, seconds) :
				      write_seconds(second->text, seconds);
}

static bool is_in_second(const struct rbmap_second *second,
			 struct rbmap_time_style style, uint64_t time_stamp)
{
	return time_stamp >= second->begin && time_stamp < second->end &&
	       second->style.nanos == style.nanos && second->style.date == style.date;
}

/* Thousands of events are in one second: only what is behind the point is new. */
static void put_seconds(struct text *text, struct rbmap_second *second,
			struct rbmap_time_style style, uint64_t time_stamp)
{
	char *at = text_room(text, sizeof(second->text) + 10);
	uint32_t since;

	if (!at)
		return;
	if (!is_in_second(second, style, time_stamp))
		begin_second(second, style, time_stamp);
	/* Half a microsecond before the second it wraps, and back. */
	since = (uint32_t)(time_stamp - second->whole);
	memcpy(at, second->text, sizeof(second->text));
	at += second->length;
	if (style.nanos) {
		decimal_write_eight(at, since / 10);
		at[8] = (char)('0' + since % 10);
		at[9] = ':';
		text->used += second->length + 10;
	} else {
		decimal_write_eight(at, 100 * ((since + NS_PER_US / 2) / NS_PER_US));
		at[6] = ':';
		text->used += second->length + 7;
	}
}

static inline void put_time(struct text *text, struct rbmap_time_style style,
			    struct rbmap_second *second, uint64_t time_stamp)
{
	static const struct text_style wide = { .base = 10,
						.width = 12,
						.precision = -1 };

	if (style.seconds || style.date) {
		put_seconds(text, second, style, time_stamp);
		return;
	}
	rbmap_text_number(text, &wide, time_stamp, false);
	text_char(text, ':');
}

void rbmap_line_comm(const char *comm, int pid, bool latency, struct text *text)
{
	static const struct text_style wide = { .width = 16, .precision = -1 };
	static const struct text_style cut = { .width = 8, .precision = 8 };
	static const struct text_style left = {
		.base = 10, .width = 5, .left = true, .precision = -1
	};

	rbmap_text_bytes(text, latency ? &cut : &wide, comm, strlen(comm));
	text_char(text, '-');
	rbmap_text_number(text, &left, pid < 0 ? -(uint64_t)pid : (uint64_t)pid,
			  pid < 0);
}

static void put_comm(struct rbmap_events *events, int pid, struct text *text)
{
	const struct rbmap_pid_name *seen = rbmap_names_pid(&events->names, pid);
	char *at;

	if (seen->head_length && !events->style.latency) {
		/* A copy of a fixed size is no call. */
		at = text_room(text, sizeof(seen->head));
		if (!at)
			return;
		memcpy(at, seen->head, sizeof(seen->head));
		text->used += seen->head_length;
		return;
	}
	rbmap_line_comm(tep_data_comm_from_pid(events->tep, pid), pid,
			events->style.latency, text);
}

static void put_cpu(struct text *text, unsigned int cpu)
{
	char *at = text_room(text, 6);

	if (!at)
		return;
	if (cpu > 999) {
		text_put(text, " [", 2);
		rbmap_text_unsigned(text, cpu);
		text_char(text, ']');
		return;
	}
	memcpy(at, " [000]", 6);
	at[2] += cpu / 100;
	at[3] += cpu / 10 % 10;
	at[4] += cpu % 10;
	text->used += 6;
}

/* Bits of common_flags: see print_entry_header() in the kernel's trace_output.c. */
enum {
	IRQS_OFF = 1 << 0,
	IRQS_NOSUPPORT = 1 << 1,
	NEED_RESCHED = 1 << 2,
	HARDIRQ = 1 << 3,
	SOFTIRQ = 1 << 4
};

static uint32_t common(const struct format_plan *plan,
		       const struct rbmap_record *record, struct format_place place)
{
	return format_common(plan, record->data, record->size, place.offset,
			     place.size);
}

static char context_of(uint32_t flags)
{
	if (flags & HARDIRQ)
		return flags & SOFTIRQ ? 'H' : 'h';
	return flags & SOFTIRQ ? 's' : '.';
}

static char depth_of(uint32_t depth)
{
	return depth ? "0123456789abcdef"[depth] : '.';
}

/* Kernels have one of these or none. */
static void put_depth(struct text *text, const struct format_plan *plan,
		      const struct rbmap_record *record, struct format_place place)
{
	int32_t depth = common(plan, record, place);

	if (!place.size)
		return;
	if (depth < 0)
		text_char(text, '.');
	else
		rbmap_text_unsigned(text, depth);
}

/* As libtraceevent has it, which does not know the flags of newer kernels. */
static void put_latency(const struct format_plan *plan,
			const struct rbmap_record *record, struct text *text)
{
	static const struct text_style wide = { .base = 10,
						.width = 3,
						.precision = -1 };
	const struct format_place place = { plan->flags_offset, plan->flags_size };
	uint32_t flags = common(plan, record, place);
	uint32_t preempt = common(plan, record, plan->preempt);
	const char columns[] = {
		flags & IRQS_OFF       ? 'd' :
		flags & IRQS_NOSUPPORT ? 'X' :
					 '.',
		flags & NEED_RESCHED ? 'N' : '.',
		context_of(flags),
		depth_of(preempt & 15),
		depth_of(preempt >> 4 & 15),
	};

	text_char(text, ' ');
	rbmap_text_number(text, &wide, record->cpu, false);
	text_put(text, columns, sizeof(columns));
	put_depth(text, plan, record, plan->migrate);
	put_depth(text, plan, record, plan->lock);
}

static inline void put_place(const struct format_plan *plan,
			     const struct rbmap_record *record,
			     const struct rbmap_line_style *style, struct text *text)
{
	if (style->latency)
		put_latency(plan, record, text);
	else
		put_cpu(text, record->cpu);
}

/* Names, up to where the event says something of itself. */
static inline void escape_head(const struct rbmap_line_style *style, size_t from,
			       struct text *text)
{
	if (style->escape)
		rbmap_text_escape(text, from, false);
}

/* From there on; newlines may be those of the format, as in a stack. */
static inline void escape_rest(const struct rbmap_line_style *style,
			       const struct format_plan *plan, size_t from,
			       struct text *text)
{
	if (style->escape)
		rbmap_text_escape(text, from, plan->has_no_text);
}

static void put_head(struct rbmap_events *events, int pid,
		     const struct format_plan *plan, const struct rbmap_record *record,
		     struct text *text)
{
	put_comm(events, pid, text);
	put_place(plan, record, &events->style, text);
	put_time(text, events->style.time, &events->second, record->time_stamp);
}

/* The record ends before its event's fields do: the kernel writes no such record. */
static bool too_short(const struct tep_event *event, const struct tep_record *record)
{
	const struct tep_format_field *field;

	for (field = event->format.fields; field; field = field->next)
		if (field->offset < 0 || field->size < 0 ||
		    rbmap_field_end(field) > record->size)
			return true;
	return false;
}

/* libtraceevent would print the fields, too, by the print format. */
static void put_fields(const struct format_plan *plan, const struct tep_record *record,
		       struct trace_seq *out)
{
	struct text text = rbmap_text_from_seq(out);

	text_string(&text, "[PRINT FORMAT NOT TRUSTED] ");
	rbmap_format_json_fields(plan, record->data, record->size, &text);
	rbmap_text_to_seq(&text, out);
}

static void print_info(struct tep_handle *tep, struct tep_record *record,
		       struct trace_seq *out)
{
	memory_watch();
	tep_print_event(tep, out, record, "%s", TEP_PRINT_INFO);
	if (memory_is_short())
		out->state = TRACE_SEQ__MEM_ALLOC_FAILED;
}

static void put_info(struct rbmap_events *events, const struct format_plan *plan,
		     struct tep_record *record, struct trace_seq *out)
{
	unsigned int begin = out->len;

	if (too_short(plan->event, record))
		trace_seq_printf(out, "[RECORD CUT SHORT: %d BYTES]", record->size);
	else if (!rbmap_format_is_safe(plan, record->data, record->size))
		put_fields(plan, record, out);
	else
		print_info(events->tep, record, out);
	if (out->len > begin && out->buffer[out->len - 1] == '\n')
		out->len--;
}

int rbmap_line_info(struct rbmap_events *events, const struct format_plan *plan,
		    const struct rbmap_record *record, struct trace_seq *out)
{
	struct tep_event *event = (struct tep_event *)plan->event;
	const int flags = event->flags;
	struct tep_record copy;
	int r = rbmap_events_tep_record(events, record, &copy);

	if (r)
		return r;
	/* A handler of the program's prints lines, and this may be for an object. */
	event->flags |= TEP_EVENT_FL_NOHANDLE;
	put_info(events, plan, &copy, out);
	event->flags = flags;
	return state(out);
}

/* So trace-cmd report has it: without the time and the pid. */
static int put_unknown(struct rbmap_events *events, struct trace_seq *out)
{
	struct text text = rbmap_text_from_seq(out);

	text_string(&text, "[UNKNOWN EVENT][UNKNOWN EVENT]");
	if (events->style.latency)
		text_string(&text, "[UNKNOWN EVENT]");
	rbmap_format_put_name("(NULL)", &text);
	text_string(&text, "[UNKNOWN EVENT]");
	rbmap_text_to_seq(&text, out);
	return state(out);
}

/* Through libtraceevent, or not at all. */
static int put_uncompiled(struct rbmap_events *events, const struct format_plan *plan,
			  const struct rbmap_record *record, struct trace_seq *out)
{
	struct tep_event *event = rbmap_events_find(events, record);
	struct text text = rbmap_text_from_seq(out);
	struct tep_record copy;
	size_t begin = text.used;
	int r;

	if (!event)
		return put_unknown(events, out);
	if (!plan)
		return -ENOMEM;
	r = rbmap_events_tep_record(events, record, &copy);
	if (r)
		return r;
	put_head(events, format_pid(plan, record->data, record->size), plan, record,
		 &text);
	rbmap_format_put_name(event->name, &text);
	escape_head(&events->style, begin, &text);
	begin = text.used;
	rbmap_text_to_seq(&text, out);
	put_info(events, plan, &copy, out);
	text = rbmap_text_from_seq(out);
	escape_rest(&events->style, plan, begin, &text);
	rbmap_text_to_seq(&text, out);
	r = rbmap_names_state(&events->names);
	return r ? r : state(out);
}

bool rbmap_line_is_compiled(const struct format_plan *plan,
			    const struct rbmap_record *record)
{
	return plan && !plan->why_not && record->size >= plan->min_size;
}

void rbmap_line_resolved(const struct format_plan *plan,
			 const struct rbmap_function *functions,
			 const struct rbmap_record *record,
			 const struct rbmap_line_style *style,
			 struct rbmap_second *second, size_t begin, struct text *text)
{
	put_place(plan, record, style, text);
	put_time(text, style->time, second, record->time_stamp);
	text_put_short(text, plan->strings + plan->name, plan->name_length);
	escape_head(style, begin, text);
	begin = text->used;
	rbmap_format_resolved_text(plan, functions, record->data, record->size, text);
	escape_rest(style, plan, begin, text);
}

bool rbmap_line_compiled(struct rbmap_events *events, const struct format_plan *plan,
			 const struct rbmap_record *record, struct text *text)
{
	const unsigned char *data = record->data;
	int pid = format_read(data + plan->pid_offset, plan->pid_size, plan->swap);
	size_t begin = text->used;

	put_head(events, pid, plan, record, text);
	text_put_short(text, plan->strings + plan->name, plan->name_length);
	escape_head(&events->style, begin, text);
	begin = text->used;
	if (!rbmap_format_text(plan, &events->names, data, record->size, text))
		return false;
	escape_rest(&events->style, plan, begin, text);
	return true;
}

RBMAP_PUBLIC int rbmap_events_text(struct rbmap_events *events,
				   const struct rbmap_record *record,
				   struct trace_seq *out)
{
	const struct format_plan *plan = rbmap_events_plan(events, record);
	struct text text = rbmap_text_from_seq(out);
	size_t begin = text.used;
	bool done;
	int r;

	if (!rbmap_line_is_compiled(plan, record))
		return put_uncompiled(events, plan, record, out);
	done = rbmap_line_compiled(events, plan, record, &text);
	if (!done)
		text.used = begin;
	rbmap_text_to_seq(&text, out);
	if (!done)
		return put_uncompiled(events, plan, record, out);
	r = rbmap_names_state(&events->names);
	return r ? r : state(out);
}

RBMAP_PUBLIC int rbmap_events_lost_text(const struct rbmap_record *record,
					struct trace_seq *out)
{
	if (record->lost == RBMAP_LOST_UNKNOWN)
		trace_seq_printf(out, "CPU:%d [EVENTS DROPPED]", record->cpu);
	else
		trace_seq_printf(out, "CPU:%d [%llu EVENTS DROPPED]", record->cpu,
				 (unsigned long long)record->lost);
	return state(out);
}
