/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <check.h>
#include <traceevent/event-parse.h>

#include "build.h"
#include "follow-bench.h"

#define FORMAT(name, id) \
	"name: " name "\nID: " id "\nformat:\n" \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n" \
	"\tfield:u32 number;\toffset:8;\tsize:4;\tsigned:0;\n\n" \
	"print fmt: \"%u\", REC->number\n"

static const int cpus[] = { 0, 3 };

struct data {
	uint16_t id;
	uint8_t flags, preempt_count;
	int32_t pid;
	uint32_t number;
};

static void note_warning(void *context, enum rbmap_log_level level, const char *message)
{
	struct follow_bench *bench = context;

	if (level != RBMAP_LOG_WARNING)
		return;
	snprintf(bench->warning, sizeof(bench->warning), "%s", message);
	bench->warnings++;
}

static void load_events(struct follow_bench *bench)
{
	static const char number[] = FORMAT("number", "77");
	static const char other[] = FORMAT("other", "78");
	struct tep_handle *tep = tep_alloc();

	ck_assert_ptr_nonnull(tep);
	tep_set_long_size(tep, 8);
	ck_assert_int_eq(tep_parse_event(tep, number, strlen(number), "made"), 0);
	ck_assert_int_eq(tep_parse_event(tep, other, strlen(other), "made"), 0);
	ck_assert_int_eq(rbmap_events_from_tep(&bench->events, tep, NULL), 0);
	tep_unref(tep);
}

void follow_bench_open(struct follow_bench *bench)
{
	*bench = (struct follow_bench){ 0 };
	bench->options = (struct rbmap_follow_options){
		.size = sizeof(bench->options),
		.engine = RBMAP_ENGINE_READ,
		.log = { note_warning, bench },
	};
	load_events(bench);
	for (int i = 0; i < 2; i++) {
		fake_tracefs_open(&bench->fakes[i], cpus, 2);
		fake_tracefs_file(&bench->fakes[i], "trace_clock", "local [mono]\n");
	}
	ck_assert_int_eq(rbmap_follow_open(&bench->follow, &bench->options), 0);
}

void follow_bench_close(struct follow_bench *bench)
{
	rbmap_follow_close(bench->follow);
	rbmap_events_close(bench->events);
	for (int i = 0; i < 2; i++)
		fake_tracefs_close(&bench->fakes[i]);
}

int follow_bench_add(struct follow_bench *bench, int fake)
{
	return rbmap_follow_add_instance(bench->follow, bench->fakes[fake].instance,
					 bench->events);
}

void follow_bench_send(struct follow_bench *bench, int fake, size_t index,
		       const struct follow_sent *sent, size_t nr, uint64_t lost)
{
	struct rbmap_layout layout = build_layout(FAKE_SUBBUF_SIZE, 8, false);
	unsigned char memory[FAKE_SUBBUF_SIZE] = { 0 };
	uint64_t time = sent[0].time;
	struct build build;

	build_begin(&build, &layout, memory, time);
	for (size_t i = 0; i < nr; i++) {
		struct data data = { .id = sent[i].id, .number = sent[i].number };
		uint32_t before = build.size;

		ck_assert(build_data(&build, sent[i].time - time, &data, sizeof(data)));
		/* A time extend that the end of the data cuts off. */
		if (!sent[i].id) {
			memset(memory + layout.data_offset + before, 0xff, 4);
			build.size = before + 4;
		}
		time = sent[i].time;
	}
	build_commit(&build, build.size, lost);
	fake_tracefs_send(&bench->fakes[fake], index, memory, sizeof(memory));
}

static int note(struct follow_bench *bench, char what,
		const struct rbmap_follow_record *record)
{
	struct data data;

	ck_assert_uint_lt(bench->nr_calls, FOLLOW_CALLS);
	ck_assert_uint_eq(record->record.size, sizeof(data));
	memcpy(&data, record->record.data, sizeof(data));
	ck_assert_ptr_eq(record->events, bench->events);
	bench->calls[bench->nr_calls++] = (struct follow_call){
		.what = what,
		.source = record->source,
		.cpu = record->record.cpu,
		.number = data.number,
		.time = record->record.time_stamp,
		.lost = record->record.lost,
	};
	return bench->nr_calls == bench->last ? bench->result : 0;
}

int follow_bench_number(const struct rbmap_follow_record *record, void *data)
{
	return note(data, 'N', record);
}

int follow_bench_other(const struct rbmap_follow_record *record, void *data)
{
	return note(data, 'O', record);
}

int follow_bench_any(const struct rbmap_follow_record *record, void *data)
{
	return note(data, '*', record);
}

int follow_bench_lost(const struct rbmap_follow_record *record, void *data)
{
	return note(data, 'L', record);
}

const char *follow_bench_calls(struct follow_bench *bench)
{
	static char text[FOLLOW_CALLS * 24];
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < bench->nr_calls; i++) {
		const struct follow_call *call = &bench->calls[i];
		const char *space = i ? " " : "";

		if (call->what != 'L')
			length += sprintf(text + length, "%s%c%u", space, call->what,
					  call->number);
		else if (call->lost == RBMAP_LOST_UNKNOWN)
			length += sprintf(text + length, "%sL?", space);
		else
			length += sprintf(text + length, "%sL%" PRIu64, space,
					  call->lost);
	}
	bench->nr_calls = 0;
	return text;
}
