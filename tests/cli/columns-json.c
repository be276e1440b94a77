// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compares the columns of all events of a trace.dat, its only argument, with their
 * objects, record by record, and says how many there were.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include <rbmap/columns.h>
#include <rbmap/tracedat.h>

#include "arrow-json.h"

#define EVENTS 65536
/* Few, so that there are many batches. */
#define ROWS 100
/* Of an event: on a busy machine there may be millions. */
#define MOST_RECORDS 2000

/* An event: its columns, and what the rows of the batch are to be. */
struct pair {
	const struct tep_event *event;
	struct rbmap_columns *columns;
	unsigned long nr_records;
	char *objects[ROWS];
	uint64_t lost[ROWS];
	/* By CPU, since the event's last record. */
	uint64_t lost_since[1024];
};

static struct pair *pairs[EVENTS];
static unsigned long nr_records;

static struct rbmap_tracedat_reader *open_reader(const char *path)
{
	struct rbmap_tracedat_reader *reader;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : rbmap_tracedat_reader_open(&reader, fd, NULL);

	if (r < 0)
		errx(1, "%s: %s", path, strerror(-r));
	return reader;
}

static void open_pair(struct rbmap_events *events, const struct tep_event *event)
{
	const struct rbmap_columns_options options = {
		.size = sizeof(options),
		.system = event->system,
		.event = event->name,
		.rows = ROWS,
		.flags = RBMAP_COLUMNS_COMMON,
	};
	struct pair *pair = calloc(1, sizeof(*pair));
	int r = pair ? rbmap_columns_open(&pair->columns, events, &options) : -ENOMEM;

	if (r < 0)
		errx(1, "%s: %s", event->name, strerror(-r));
	pair->event = event;
	pairs[event->id] = pair;
}

static void put_member(FILE *to, const char *key, const struct ArrowSchema *schema,
		       const struct ArrowArray *batch, int64_t row, const char *name)
{
	int64_t column = arrow_find(schema, name);

	fprintf(to, "\"%s\":", key);
	arrow_put(to, schema->children[column], batch->children[column], row);
	putc(',', to);
}

/* How the object begins. */
static void make_head(FILE *to, const struct ArrowSchema *schema,
		      const struct ArrowArray *batch, int64_t row)
{
	putc('{', to);
	put_member(to, "ts", schema, batch, row, "common_timestamp");
	put_member(to, "cpu", schema, batch, row, "common_cpu");
	put_member(to, "comm", schema, batch, row, "common_comm");
	put_member(to, "pid", schema, batch, row, "common_pid");
}

/* And a part of it; the other common fields come first. */
static void make_fields(FILE *to, const struct ArrowSchema *schema,
			const struct ArrowArray *batch, int64_t row)
{
	int64_t from = arrow_find(schema, "common_lost") + 1;

	while (from < schema->n_children &&
	       !strncmp(schema->children[from]->name, "common_", 7))
		from++;
	fputs("\"fields\":{", to);
	arrow_put_row(to, schema, batch, row, from);
	putc('}', to);
}

static char *make(void (*part)(FILE *to, const struct ArrowSchema *schema,
			       const struct ArrowArray *batch, int64_t row),
		  const struct ArrowSchema *schema, const struct ArrowArray *batch,
		  int64_t row)
{
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	part(to, schema, batch, row);
	fclose(to);
	return text;
}

static void compare_lost(const struct pair *pair, const struct ArrowSchema *schema,
			 const struct ArrowArray *batch, int64_t row)
{
	const struct ArrowArray *column =
		batch->children[arrow_find(schema, "common_lost")];
	const uint8_t *valid = column->buffers[0];
	bool is_known = !valid || valid[row / 8] >> row % 8 & 1;
	uint64_t lost = ((const uint64_t *)column->buffers[1])[row];

	if (is_known != (pair->lost[row] != RBMAP_LOST_UNKNOWN) ||
	    (is_known && lost != pair->lost[row]))
		errx(1, "%s: row %lld: another loss", pair->event->name,
		     (long long)row);
}

static void compare_row(struct pair *pair, const struct ArrowSchema *schema,
			const struct ArrowArray *batch, int64_t row)
{
	char *head = make(make_head, schema, batch, row);
	char *fields = make(make_fields, schema, batch, row);
	char *object = pair->objects[row];

	if (strncmp(object, head, strlen(head)) != 0 || !strstr(object, fields))
		errx(1, "%s differs:\n%s\n%s...%s", pair->event->name, object, head,
		     fields);
	compare_lost(pair, schema, batch, row);
	nr_records++;
	free(head);
	free(fields);
	free(object);
}

static void compare_batch(struct pair *pair)
{
	size_t nr = rbmap_columns_count(pair->columns);
	struct ArrowSchema schema;
	struct ArrowArray batch;

	if (rbmap_columns_schema(pair->columns, &schema) < 0 ||
	    rbmap_columns_take(pair->columns, &batch) < 0)
		errx(1, "%s: no memory", pair->event->name);
	arrow_check(&schema, &batch);
	if (batch.length != (int64_t)nr)
		errx(1, "%s: another number of rows", pair->event->name);
	for (size_t i = 0; i < nr; i++)
		compare_row(pair, &schema, &batch, i);
	batch.release(&batch);
	schema.release(&schema);
}

static void keep_object(struct pair *pair, struct rbmap_events *events,
			const struct rbmap_record *record)
{
	size_t row = rbmap_columns_count(pair->columns);
	struct trace_seq text;

	trace_seq_init(&text);
	rbmap_events_json(events, record, &text);
	trace_seq_terminate(&text);
	pair->objects[row] = strdup(text.buffer);
	pair->lost[row] = pair->lost_since[record->cpu];
	pair->lost_since[record->cpu] = 0;
	trace_seq_destroy(&text);
}

static uint64_t add_lost(uint64_t a, uint64_t b)
{
	return a > RBMAP_LOST_UNKNOWN - b ? RBMAP_LOST_UNKNOWN : a + b;
}

static void add(struct pair *pair, struct rbmap_events *events,
		const struct rbmap_record *record)
{
	bool is_of_event = rbmap_events_find(events, record) == pair->event;

	pair->lost_since[record->cpu] =
		add_lost(pair->lost_since[record->cpu], record->lost);
	if (is_of_event && rbmap_columns_count(pair->columns) == ROWS) {
		if (rbmap_columns_add(pair->columns, record) != -ENOBUFS)
			errx(1, "%s: a batch too large", pair->event->name);
		compare_batch(pair);
	}
	if (is_of_event)
		keep_object(pair, events, record);
	if (rbmap_columns_add(pair->columns, record) != is_of_event)
		errx(1, "%s: a record is not taken", pair->event->name);
}

/* Of other events only the losses count. */
static void add_to_all(struct rbmap_events *events, const struct rbmap_record *record)
{
	const struct tep_event *event = rbmap_events_find(events, record);

	for (size_t i = 0; record->lost && i < EVENTS; i++)
		if (pairs[i] && pairs[i]->event != event)
			add(pairs[i], events, record);
	if (event && pairs[event->id]->nr_records++ < MOST_RECORDS)
		add(pairs[event->id], events, record);
}

static void open_pairs(struct rbmap_tracedat_reader *reader)
{
	struct rbmap_events *events = rbmap_tracedat_reader_events(reader, 0);
	struct rbmap_record record;
	struct tep_event *event;

	while (rbmap_tracedat_reader_next(reader, &record, NULL) > 0) {
		event = rbmap_events_find(events, &record);
		if (event && !pairs[event->id])
			open_pair(events, event);
	}
}

int main(int argc, char **argv)
{
	struct rbmap_tracedat_reader *reader;
	struct rbmap_events *events;
	struct rbmap_record record;
	unsigned long nr_events = 0;

	if (argc != 2)
		errx(2, "usage: columns-json FILE");
	reader = open_reader(argv[1]);
	events = rbmap_tracedat_reader_events(reader, 0);
	open_pairs(reader);
	rbmap_tracedat_reader_rewind(reader);
	while (rbmap_tracedat_reader_next(reader, &record, NULL) > 0)
		add_to_all(events, &record);
	for (size_t i = 0; i < EVENTS; i++) {
		if (!pairs[i])
			continue;
		compare_batch(pairs[i]);
		rbmap_columns_close(pairs[i]->columns);
		free(pairs[i]);
		nr_events++;
	}
	rbmap_tracedat_reader_close(reader);
	printf("events %lu records %lu\n", nr_events, nr_records);
	return 0;
}
