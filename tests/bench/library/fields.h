/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a tool reads fields, one of:
 * FIELDS_NAME: by name: rbmap_field(3), or tep_get_field_val() at each event;
 * FIELDS_CACHED: tep_read_number_field() of a field that was looked up before;
 * FIELDS_RAW: a load at an offset that was looked up before.
 * RECORDS_RBMAP: of librbmap's records; otherwise of libtraceevent's.
 */
#ifndef FIELDS_H
#define FIELDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <event-parse.h>
#include <rbmap/rbmap.h>

#include "harness.h"
#include "tool.h"

#ifdef RECORDS_RBMAP
typedef struct rbmap_record record_type;
#else
typedef struct tep_record record_type;
#endif

#if defined(FIELDS_RAW)
typedef unsigned int field_type;
#elif defined(FIELDS_CACHED)
typedef struct tep_format_field *field_type;
#elif defined(RECORDS_RBMAP)
typedef struct rbmap_field *field_type;
#else
typedef struct {
	struct tep_event *event;
	const char *name;
} field_type;
#endif

struct fields {
	struct rbmap_events *events;
	struct tep_handle *tep;
	int waking_id, switch_id;
	field_type pid, prio, target_cpu;
	field_type prev_pid, prev_comm, prev_state, next_pid;
};

extern struct fields fields;

/* events: of a program on librbmap; otherwise NULL. */
void fields_open(struct rbmap_events *events, struct tep_handle *tep);
void fields_close(void);

static inline uint64_t time_of(const record_type *record)
{
#ifdef RECORDS_RBMAP
	return record->time_stamp;
#else
	return record->ts;
#endif
}

static inline int id_of(const record_type *record)
{
#if defined(FIELDS_RAW)
	uint16_t id;

	memcpy(&id, record->data, sizeof(id));
	return id;
#elif defined(RECORDS_RBMAP)
	return rbmap_record_id(fields.events, record);
#else
	return tep_data_type(fields.tep, (record_type *)record);
#endif
}

/* size: what a raw load takes. */
static inline int64_t number(const record_type *record, field_type field, size_t size)
{
#if defined(FIELDS_RAW)
	int32_t word;
	int64_t value;

	if (size == sizeof(value))
		return memcpy(&value, (const char *)record->data + field, size), value;
	return memcpy(&word, (const char *)record->data + field, sizeof(word)), word;
#elif defined(RECORDS_RBMAP)
	int64_t value = 0;

	(void)size;
	rbmap_field_s64(field, record, &value);
	return value;
#else
	unsigned long long value = 0;

	(void)size;
#ifdef FIELDS_CACHED
	tep_read_number_field(field, record->data, &value);
#else
	tep_get_field_val(NULL, field.event, field.name, (record_type *)record, &value,
			  0);
#endif
	return value;
#endif
}

static inline void name_task(struct tool_task *task, const record_type *record)
{
#if defined(FIELDS_RAW)
	tool_name(task, (const char *)record->data + fields.prev_comm, TOOL_COMM);
#elif defined(FIELDS_CACHED)
	tool_name(task, (const char *)record->data + fields.prev_comm->offset,
		  TOOL_COMM);
#elif defined(RECORDS_RBMAP)
	const char *text;
	size_t length;

	if (rbmap_field_text(fields.prev_comm, record, &text, &length) == 0)
		tool_name(task, text, length);
#else
	int length;
	const char *text =
		tep_get_field_raw(NULL, fields.prev_comm.event, fields.prev_comm.name,
				  (record_type *)record, &length, 0);

	if (text)
		tool_name(task, text, length);
#endif
}

static inline void use_waking(const record_type *record)
{
	tool_waking(time_of(record), record->cpu, number(record, fields.pid, 4),
		    number(record, fields.prio, 4),
		    number(record, fields.target_cpu, 4));
}

static inline void use_switch(const record_type *record)
{
#ifdef TOOL_LATENCY
	tool_latency(time_of(record), number(record, fields.prev_pid, 4),
		     number(record, fields.prev_state, sizeof(long)),
		     number(record, fields.next_pid, 4));
#else
	struct tool_task *task = tool_ran(time_of(record), record->cpu,
					  number(record, fields.prev_pid, 4));

	if (!task->comm[0])
		name_task(task, record);
#endif
}

/* Where the source gives all events in one place. */
static inline void use(const record_type *record)
{
	int id = id_of(record);

	if (id == fields.switch_id)
		use_switch(record);
	else if (TOOL_WAKINGS && id == fields.waking_id)
		use_waking(record);
}

#endif
