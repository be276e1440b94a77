// SPDX-License-Identifier: GPL-2.0-only
/*
 * format [SYSTEM:EVENT]...: how many records of an event one core prints in a second,
 * by the compiled format as text and as JSON, and by libtraceevent, all in one process.
 * The records hold small numbers and letters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include <rbmap/events.h>

#define RECORDS 1024
#define RECORD_SIZE 256
#define SECONDS 1.0
#define PIDS 16

struct bench {
	struct rbmap_events *events;
	struct tep_event *event;
	uint32_t size;
	unsigned char data[RECORDS][RECORD_SIZE];
	struct trace_seq out;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec + time.tv_nsec * 1e-9;
}

static void fill_field(const struct tep_format_field *field, unsigned char *data,
		       unsigned int seed)
{
	uint32_t word = 16 << 16 | (RECORD_SIZE - 16);

	if (field->offset + field->size > RECORD_SIZE - 16)
		return;
	if (field->flags & TEP_FIELD_IS_DYNAMIC)
		memcpy(data + field->offset, &word, sizeof(word));
	else if (field->flags & TEP_FIELD_IS_STRING)
		snprintf((char *)data + field->offset, field->size, "name%u",
			 seed % 10);
	else if (field->size)
		data[field->offset] = seed % 7;
	/* Some are as large as addresses are. */
	if (field->size == 8 && seed % 3 == 0)
		data[field->offset + 5] = 0x7f;
}

static void make_records(struct bench *bench)
{
	const struct tep_format_field *field;
	uint16_t id = bench->event->id;
	uint32_t pid;

	memset(bench->data, 0, sizeof(bench->data));
	for (unsigned int i = 0; i < RECORDS; i++) {
		for (field = bench->event->format.fields; field; field = field->next)
			fill_field(field, bench->data[i], i + field->offset);
		pid = 1 + i % PIDS;
		memcpy(bench->data[i], &id, sizeof(id));
		memcpy(bench->data[i] + 4, &pid, sizeof(pid));
		strcpy((char *)bench->data[i] + RECORD_SIZE - 16, "/some/where");
	}
}

static void print_libtraceevent(struct bench *bench, unsigned int i)
{
	struct tep_record record = {
		.data = bench->data[i],
		.size = RECORD_SIZE,
		.record_size = RECORD_SIZE,
		.ts = 1234567891500 + 1000 * i,
	};

	tep_print_event(rbmap_events_tep(bench->events), &bench->out, &record,
			"%16s-%-5d [%03d] %6.1000d: %s: %s", TEP_PRINT_COMM,
			TEP_PRINT_PID, TEP_PRINT_CPU, TEP_PRINT_TIME, TEP_PRINT_NAME,
			TEP_PRINT_INFO);
}

static struct rbmap_record record_of(struct bench *bench, unsigned int i)
{
	return (struct rbmap_record){
		.data = bench->data[i],
		.size = RECORD_SIZE,
		.time_stamp = 1234567891500 + 1000 * i,
	};
}

static void print_text(struct bench *bench, unsigned int i)
{
	struct rbmap_record record = record_of(bench, i);

	rbmap_events_text(bench->events, &record, &bench->out);
}

static void print_json(struct bench *bench, unsigned int i)
{
	struct rbmap_record record = record_of(bench, i);

	rbmap_events_json(bench->events, &record, &bench->out);
}

static double rate(struct bench *bench, void (*print)(struct bench *, unsigned int))
{
	double begin = now(), end;
	unsigned long nr = 0;

	do {
		for (unsigned int i = 0; i < RECORDS; i++) {
			trace_seq_reset(&bench->out);
			print(bench, i);
		}
		nr += RECORDS;
		end = now();
	} while (end - begin < SECONDS);
	return nr / (end - begin);
}

static void name_pids(struct tep_handle *tep)
{
	char comm[24];

	for (int pid = 1; pid <= PIDS; pid++) {
		snprintf(comm, sizeof(comm), "command-%d", pid);
		tep_override_comm(tep, comm, pid);
	}
}

static int measure(struct bench *bench, const char *name)
{
	char system[64];
	const char *colon = strchr(name, ':');
	double theirs, text, json;

	snprintf(system, sizeof(system), "%.*s", colon ? (int)(colon - name) : 0, name);
	bench->event =
		tep_find_event_by_name(rbmap_events_tep(bench->events),
				       colon ? system : NULL, colon ? colon + 1 : name);
	if (!bench->event) {
		fprintf(stderr, "format: no event %s\n", name);
		return 1;
	}
	make_records(bench);
	theirs = rate(bench, print_libtraceevent);
	text = rate(bench, print_text);
	json = rate(bench, print_json);
	printf("%-32s %14.0f %12.0f %6.1f %12.0f %6.1f\n", name, theirs, text,
	       text / theirs, json, json / theirs);
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const usual[] = { "raw_syscalls:sys_enter",
					     "raw_syscalls:sys_exit",
					     "sched:sched_switch",
					     "sched:sched_waking" };
	const struct rbmap_events_options options = { .size = sizeof(options) };
	const char *const *names = argc > 1 ? (const char *const *)argv + 1 : usual;
	int nr = argc > 1 ? argc - 1 : (int)(sizeof(usual) / sizeof(*usual));
	static struct bench bench;
	int failed = 0;

	if (rbmap_events_open(&bench.events, &options) < 0) {
		fprintf(stderr, "format: the events cannot be loaded; are you root?\n");
		return 77;
	}
	name_pids(rbmap_events_tep(bench.events));
	trace_seq_init(&bench.out);
	printf("%-32s %14s %12s %6s %12s %6s\n", "EVENT", "LIBTRACEEVENT", "TEXT", "",
	       "JSON", "");
	for (int i = 0; i < nr; i++)
		failed |= measure(&bench, names[i]);
	trace_seq_destroy(&bench.out);
	rbmap_events_close(bench.events);
	return failed;
}
