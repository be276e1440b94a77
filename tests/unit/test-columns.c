// SPDX-License-Identifier: GPL-2.0-only
/* Records as columns: types, values, losses, batches. */
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include <rbmap/columns.h>

#include "arrow-json.h"
#include "columns/columns.h"
#include "random.h"
#include "run.h"

#define COMMON \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n" \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

static const char *const formats[] = {
	"name: all_kinds\nID: 77\nformat:\n" COMMON
	"\tfield:u64 address;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:s16 below;\toffset:16;\tsize:2;\tsigned:1;\n"
	"\tfield:u8 small;\toffset:18;\tsize:1;\tsigned:0;\n"
	"\tfield:bool flag;\toffset:19;\tsize:1;\tsigned:0;\n"
	"\tfield:char comm[16];\toffset:20;\tsize:16;\tsigned:0;\n"
	"\tfield:__data_loc char[] name;\toffset:36;\tsize:4;\tsigned:0;\n"
	"\tfield:__rel_loc u8[] mask;\toffset:40;\tsize:4;\tsigned:0;\n"
	"\tfield:u32 pair[2];\toffset:44;\tsize:8;\tsigned:0;\n"
	"\tfield:struct odd odd;\toffset:52;\tsize:3;\tsigned:0;\n"
	"\tfield:s8 pid;\toffset:55;\tsize:1;\tsigned:1;\n"
	"\tfield:__data_loc s64[] wide;\toffset:56;\tsize:4;\tsigned:1;\n\n"
	"print fmt: \"%d\", REC->small\n",
	"name: open_end\nID: 78\nformat:\n" COMMON
	"\tfield:unsigned long ip;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:char buf[];\toffset:16;\tsize:0;\tsigned:0;\n\n"
	"print fmt: \"%s\", REC->buf\n",
	"name: twice\nID: 79\nformat:\n" COMMON
	"\tfield:int a;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield:int a;\toffset:12;\tsize:4;\tsigned:1;\n"
	"\tfield:int common_cpu;\toffset:16;\tsize:4;\tsigned:1;\n\n"
	"print fmt: \"%d\", REC->a\n",
	"name: named\nID: 81\nformat:\n" COMMON
	"\tfield:int action;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield:u16 bits;\toffset:12;\tsize:2;\tsigned:0;\n"
	"\tfield:u16 plain;\toffset:14;\tsize:2;\tsigned:0;\n"
	"\tfield:long state;\toffset:16;\tsize:8;\tsigned:1;\n\n"
	"print fmt: \"action=%s bits=%s %d state=%s%s end\", "
	"__print_symbolic(REC->action, { 1, \"start\" }, { 7, \"stop\" }), "
	"REC->plain ? __print_flags(REC->bits, \"|\", { 1, \"one\" }, { 2, \"two\" }) "
	": \"none\", REC->plain, (REC->state & 0xff) ? __print_flags(REC->state & 0xff, "
	"\"|\", { 0x1, \"S\" }, { 0x2, \"D\" }) : \"R\", REC->state & 0x100 ? \"+\" : "
	"\"\"\n",
	"name: plain\nID: 80\nformat:\n" COMMON
	"\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
	"\tfield:s8 one;\toffset:24;\tsize:1;\tsigned:1;\n"
	"\tfield:u16 two;\toffset:26;\tsize:2;\tsigned:0;\n"
	"\tfield:int four;\toffset:28;\tsize:4;\tsigned:1;\n"
	"\tfield:u64 eight;\toffset:32;\tsize:8;\tsigned:0;\n"
	"\tfield:char name[5];\toffset:40;\tsize:5;\tsigned:0;\n\n"
	"print fmt: \"%d\", REC->one\n",
};

#define ALL_KINDS_SIZE 60

static struct rbmap_events *make_events(bool big)
{
	struct tep_handle *tep = tep_alloc();
	struct rbmap_events *events;

	ck_assert_ptr_nonnull(tep);
	tep_set_long_size(tep, 8);
	tep_set_file_bigendian(tep, big ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		ck_assert_int_eq(tep_parse_event(tep, formats[i], strlen(formats[i]),
						 "test"),
				 0);
	tep_register_comm(tep, "first", 1);
	tep_register_comm(tep, "sec\xffond", 2);
	tep_register_comm(tep, "first", 3);
	ck_assert_int_eq(rbmap_events_from_tep(&events, tep, NULL), 0);
	tep_unref(tep);
	return events;
}

static struct rbmap_columns *open_columns(struct rbmap_events *events,
					  struct rbmap_columns_options options)
{
	struct rbmap_columns *columns = NULL;

	options.size = sizeof(options);
	options.system = "test";
	ck_assert_int_eq(rbmap_columns_open(&columns, events, &options), 0);
	return columns;
}

static int open_fails(struct rbmap_events *events, struct rbmap_columns_options options)
{
	struct rbmap_columns *columns = NULL;
	int r = rbmap_columns_open(&columns, events, &options);

	ck_assert_ptr_null(columns);
	return r;
}

/* "NAME FORMAT" of each column. */
static char *types_of(const struct rbmap_columns *columns)
{
	struct ArrowSchema schema;
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	ck_assert_int_eq(rbmap_columns_schema(columns, &schema), 0);
	ck_assert_str_eq(schema.format, "+s");
	for (int64_t i = 0; i < schema.n_children; i++) {
		const struct ArrowSchema *child = schema.children[i];

		fprintf(to, "%s%s %s", i ? ", " : "", child->name, child->format);
		if (child->dictionary)
			fprintf(to, " of %s", child->dictionary->format);
		if (child->n_children)
			fprintf(to, " of %s", child->children[0]->format);
	}
	fclose(to);
	schema.release(&schema);
	ck_assert_ptr_null(schema.release);
	return text;
}

static void check_types(struct rbmap_columns *columns, const char *expected)
{
	char *types = types_of(columns);

	ck_assert_str_eq(types, expected);
	free(types);
	rbmap_columns_close(columns);
}

#define HEAD \
	"common_timestamp l, common_cpu i, common_pid i, common_comm i of u, " \
	"common_lost L, "

START_TEST(types_are_those_of_the_fields)
{
	struct rbmap_events *events = make_events(false);
	static const char *const some[] = { "pid", "common_lost", "common_flags",
					    "common_pid", NULL };

	check_types(open_columns(events,
				 (struct rbmap_columns_options){ .event =
									 "all_kinds" }),
		    HEAD "address L, below s, small C, flag b, comm u, name u, "
			 "mask +l of C, pair +w:2 of I, odd w:3, pid c, wide +l of l");
	check_types(open_columns(events,
				 (struct rbmap_columns_options){
					 .event = "open_end",
					 .flags = RBMAP_COLUMNS_COMMON }),
		    HEAD "common_flags C, common_preempt_count C, ip L, buf u");
	check_types(open_columns(events,
				 (struct rbmap_columns_options){ .event = "all_kinds",
								 .fields = some }),
		    "pid c, common_lost L, common_flags C, common_pid i");
	rbmap_events_close(events);
}
END_TEST

START_TEST(a_name_that_is_taken_gets_a_number)
{
	struct rbmap_events *events = make_events(false);

	check_types(open_columns(events,
				 (struct rbmap_columns_options){ .event = "twice" }),
		    HEAD "a i, a_2 i, common_cpu_2 i");
	rbmap_events_close(events);
}
END_TEST

START_TEST(what_is_not_valid)
{
	static const char *const unknown[] = { "pid", "no", NULL };
	static const char *const twice[] = { "pid", "pid", NULL };
	struct rbmap_events *events = make_events(false);
	struct rbmap_columns_options options = { .size = sizeof(options) };

	ck_assert_int_eq(open_fails(events, options), -EINVAL);
	options.event = "no";
	ck_assert_int_eq(open_fails(events, options), -ENOENT);
	options.event = "all_kinds";
	options.system = "no";
	ck_assert_int_eq(open_fails(events, options), -ENOENT);
	options.system = "test";
	options.fields = unknown;
	ck_assert_int_eq(open_fails(events, options), -ENOENT);
	options.fields = twice;
	ck_assert_int_eq(open_fails(events, options), -EINVAL);
	options.fields = NULL;
	options.rows = RBMAP_COLUMNS_MAX_ROWS + 1;
	ck_assert_int_eq(open_fails(events, options), -EINVAL);
	options.rows = 0;
	options.flags = 1u << 31;
	ck_assert_int_eq(open_fails(events, options), -EINVAL);
	options.flags = RBMAP_COLUMNS_UNORDERED;
	ck_assert_int_eq(open_fails(events, options), -EINVAL);
	options.flags = 0;
	options.size = 0;
	ck_assert_int_eq(open_fails(events, options), -EINVAL);
	rbmap_columns_close(NULL);
	rbmap_events_close(events);
}
END_TEST

/* The fields as an object of the record has them. */
static char *fields_of(struct rbmap_events *events, const struct rbmap_record *record)
{
	struct trace_seq text;
	char *fields;

	trace_seq_init(&text);
	ck_assert_int_eq(rbmap_events_json(events, record, &text), 0);
	trace_seq_terminate(&text);
	fields = strdup(strstr(text.buffer, "\"fields\":{"));
	trace_seq_destroy(&text);
	return fields;
}

static char *row_of(const struct ArrowSchema *schema, const struct ArrowArray *batch,
		    int64_t row)
{
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	fputs("\"fields\":{", to);
	arrow_put_row(to, schema, batch, row, arrow_find(schema, "common_lost") + 1);
	fputs("}}", to);
	fclose(to);
	return text;
}

static struct random numbers = { 14 };

/* A copy of its own of exactly that size: a sanitizer sees each byte read beyond it. */
static struct rbmap_record make_record(bool big, uint16_t id, size_t size, bool wild)
{
	unsigned char *data = malloc(size);
	static const uint16_t locators[] = { 36, 40, 56 };
	uint32_t word;

	for (size_t i = 0; i < size; i++)
		data[i] = random_below(&numbers, 4) ? random_below(&numbers, 128) :
						      random_below(&numbers, 256);
	/* What is not 0 is true. */
	if (id == 77 && size > 19)
		data[19] &= 1;
	if (big)
		id = __builtin_bswap16(id);
	memcpy(data, &id, sizeof(id));
	for (size_t i = 0; !wild && i < 3; i++) {
		word = (uint32_t)(random_below(&numbers, 3) * 8) << 16 |
		       (locators[i] == 40 ? random_below(&numbers, 20) : 60);
		if (big)
			word = __builtin_bswap32(word);
		if (locators[i] + sizeof(word) <= size)
			memcpy(data + locators[i], &word, sizeof(word));
	}
	return (struct rbmap_record){ .data = data, .size = size };
}

#define BATCHES 32
#define ROWS 64

static void compare_batch(struct rbmap_columns *columns, char **expected)
{
	size_t nr = rbmap_columns_count(columns);
	struct ArrowSchema schema;
	struct ArrowArray batch;
	char *row;

	ck_assert_int_eq(rbmap_columns_schema(columns, &schema), 0);
	ck_assert_int_eq(rbmap_columns_take(columns, &batch), 0);
	ck_assert_uint_eq(rbmap_columns_count(columns), 0);
	ck_assert_int_eq(batch.length, nr);
	arrow_check(&schema, &batch);
	for (size_t i = 0; i < nr; i++) {
		row = row_of(&schema, &batch, i);
		ck_assert_str_eq(row, expected[i]);
		free(row);
		free(expected[i]);
	}
	schema.release(&schema);
	batch.release(&batch);
}

/* One by one, or as many at once as a file's records are. */
static void add_records(struct rbmap_columns *columns,
			const struct rbmap_record *records, bool at_once)
{
	int r;

	if (at_once) {
		ck_assert_uint_eq(rbmap_columns_add_all(columns, records, ROWS, 0, &r),
				  ROWS);
		ck_assert_int_eq(r, 0);
	}
	for (int i = 0; !at_once && i < ROWS; i++)
		ck_assert_int_eq(rbmap_columns_add(columns, &records[i]), 1);
	ck_assert_int_eq(rbmap_columns_add(columns, &records[0]), -ENOBUFS);
	ck_assert_uint_eq(rbmap_columns_add_all(columns, records, ROWS, 0, &r), 0);
	ck_assert_int_eq(r, -ENOBUFS);
}

static void compare_random(bool big, const char *event, uint16_t id)
{
	struct rbmap_events *events = make_events(big);
	struct rbmap_columns *columns =
		open_columns(events, (struct rbmap_columns_options){ .event = event,
								     .rows = ROWS });
	struct rbmap_record records[ROWS];
	char *expected[ROWS];

	for (int batch = 0; batch < BATCHES; batch++) {
		for (int i = 0; i < ROWS; i++) {
			bool wild = random_below(&numbers, 8) < (unsigned int)batch % 8;
			size_t size =
				wild ? 2 + random_below(&numbers, 100) :
				       ALL_KINDS_SIZE + random_below(&numbers, 40);

			records[i] = make_record(big, id, size, wild);
			expected[i] = fields_of(events, &records[i]);
		}
		add_records(columns, records, batch % 2);
		compare_batch(columns, expected);
		for (int i = 0; i < ROWS; i++)
			free((void *)records[i].data);
	}
	rbmap_columns_close(columns);
	rbmap_events_close(events);
}

START_TEST(values_are_those_of_the_objects)
{
	for (int big = 0; big < 2; big++) {
		compare_random(big, "all_kinds", 77);
		compare_random(big, "open_end", 78);
		compare_random(big, "plain", 80);
	}
}
END_TEST

struct named {
	uint16_t id, others;
	int32_t pid, action;
	uint16_t bits, plain;
	int64_t state;
};

static char *texts_of(struct rbmap_columns *columns)
{
	struct ArrowSchema schema;
	struct ArrowArray batch;
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	ck_assert_int_eq(rbmap_columns_schema(columns, &schema), 0);
	ck_assert_int_eq(rbmap_columns_take(columns, &batch), 0);
	arrow_check(&schema, &batch);
	for (int64_t row = 0; row < batch.length; row++) {
		for (int64_t i = 0; i < schema.n_children; i++) {
			putc(i ? ' ' : '/', to);
			arrow_put(to, schema.children[i], batch.children[i], row);
		}
	}
	fclose(to);
	batch.release(&batch);
	schema.release(&schema);
	return text;
}

START_TEST(names_of_numbers_are_text)
{
	static const char *const some[] = { "action_text", "bits_text", "state_text",
					    NULL };
	static const struct named records[] = {
		{ 81, 0, 1, 1, 3, 0, 0x100 },
		{ 81, 0, 1, 7, 6, 1, 0x3 },
		{ 81, 0, 1, 9, 0, 1, 0x101 },
		{ 81, 0, 1, 1, 1, 1, 0 },
	};
	struct rbmap_events *events = make_events(__BYTE_ORDER == __BIG_ENDIAN);
	struct rbmap_columns_options options = { .event = "named",
						 .flags = RBMAP_COLUMNS_SYMBOLS };
	struct rbmap_columns *columns = open_columns(events, options);
	struct rbmap_record record;
	char *texts;

	check_types(columns,
		    HEAD "action i, action_text i of u, bits S, bits_text i of "
			 "u, plain S, state l, state_text i of u");
	options.fields = some;
	columns = open_columns(events, options);
	for (size_t i = 0; i < 4; i++) {
		record = (struct rbmap_record){ .data = &records[i],
						.size = sizeof(*records) };
		ck_assert_int_eq(rbmap_columns_add(columns, &record), 1);
	}
	/* Cut off: not enough for the print format. */
	record.size -= 4;
	ck_assert_int_eq(rbmap_columns_add(columns, &record), 1);
	texts = texts_of(columns);
	ck_assert_str_eq(texts, "/\"start\" \"one|two\" \"R+\""
				"/\"stop\" \"two|0x4\" \"S|D\""
				"/\"0x9\" \"\" \"S+\""
				"/\"start\" \"one\" \"R\""
				"/null null null");
	free(texts);
	rbmap_columns_close(columns);
	options.flags = 0;
	options.size = sizeof(options);
	ck_assert_int_eq(open_fails(events, options), -ENOENT);
	rbmap_events_close(events);
}
END_TEST

static struct rbmap_record small_record(const int32_t *data, int cpu, uint64_t lost)
{
	return (struct rbmap_record){
		.data = data, .size = 20, .time_stamp = 1000, .cpu = cpu, .lost = lost
	};
}

static void check_column(struct rbmap_columns *columns, const char *name,
			 const char *expected)
{
	struct ArrowSchema schema;
	struct ArrowArray batch;
	int64_t column;
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	ck_assert_int_eq(rbmap_columns_schema(columns, &schema), 0);
	ck_assert_int_eq(rbmap_columns_take(columns, &batch), 0);
	arrow_check(&schema, &batch);
	column = arrow_find(&schema, name);
	for (int64_t i = 0; i < batch.length; i++) {
		fputs(i ? " " : "", to);
		arrow_put(to, schema.children[column], batch.children[column], i);
	}
	fclose(to);
	ck_assert_str_eq(text, expected);
	free(text);
	batch.release(&batch);
	schema.release(&schema);
}

START_TEST(losses_before_other_events_count)
{
	const int32_t ours[5] = { 79 }, others[5] = { 78 }, unknown[5] = { 500 };
	static const struct {
		bool is_ours;
		int cpu;
		uint64_t lost;
	} records[] = {
		{ true, 0, 0 },	 { false, 0, 3 },
		{ false, 1, 5 }, { true, 0, 2 },
		{ true, 1, 0 },	 { true, 1, RBMAP_LOST_UNKNOWN },
		{ true, 0, 0 },	 { false, 1, RBMAP_LOST_UNKNOWN },
		{ true, 1, 1 },	 { true, 0, 9 },
		{ false, 2, 4 }, { false, 0, 2 },
	};
	struct rbmap_events *events = make_events(__BYTE_ORDER == __BIG_ENDIAN);
	struct rbmap_columns *columns =
		open_columns(events,
			     (struct rbmap_columns_options){ .event = "twice" });
	struct rbmap_record record;

	for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++) {
		record = small_record(records[i].is_ours ? ours : others,
				      records[i].cpu, records[i].lost);
		ck_assert_int_eq(rbmap_columns_add(columns, &record),
				 records[i].is_ours);
	}
	record = small_record(unknown, 2, 1);
	ck_assert_int_eq(rbmap_columns_add(columns, &record), 0);
	ck_assert_uint_eq(rbmap_columns_lost(columns), 7);
	check_column(columns, "common_lost", "0 5 5 null 0 null 9");
	ck_assert_uint_eq(rbmap_columns_lost(columns), 7);
	record.lost = RBMAP_LOST_UNKNOWN;
	ck_assert_int_eq(rbmap_columns_add(columns, &record), 0);
	ck_assert_uint_eq(rbmap_columns_lost(columns), RBMAP_LOST_UNKNOWN);
	rbmap_columns_close(columns);
	rbmap_events_close(events);
}
END_TEST

static void add_pid(struct rbmap_columns *columns, int pid)
{
	const int32_t data[5] = { 79, pid };
	struct rbmap_record record = small_record(data, 0, 0);

	ck_assert_int_eq(rbmap_columns_add(columns, &record), 1);
}

START_TEST(a_dictionary_keeps_its_indices)
{
	struct rbmap_events *events = make_events(__BYTE_ORDER == __BIG_ENDIAN);
	struct rbmap_columns *columns =
		open_columns(events,
			     (struct rbmap_columns_options){ .event = "twice" });
	struct ArrowArray first, second, *comms;

	add_pid(columns, 1);
	add_pid(columns, 0);
	add_pid(columns, 3);
	ck_assert_int_eq(rbmap_columns_take(columns, &first), 0);
	/* Two threads of one name have one index. */
	comms = first.children[3];
	ck_assert_int_eq(comms->dictionary->length, 2);
	ck_assert_mem_eq(comms->buffers[1], ((int32_t[]){ 0, 1, 0 }), 12);
	add_pid(columns, 2);
	add_pid(columns, 1);
	ck_assert_int_eq(rbmap_columns_take(columns, &second), 0);
	comms = second.children[3];
	ck_assert_int_eq(comms->dictionary->length, 3);
	ck_assert_mem_eq(comms->buffers[1], ((int32_t[]){ 2, 0 }), 8);
	first.release(&first);
	second.release(&second);
	add_pid(columns, 2);
	add_pid(columns, 7);
	check_column(columns, "common_comm", "\"sec\xef\xbf\xbdond\" \"<...>\"");
	rbmap_columns_close(columns);
	rbmap_events_close(events);
}
END_TEST

START_TEST(a_batch_outlives_all_else)
{
	struct rbmap_events *events = make_events(__BYTE_ORDER == __BIG_ENDIAN);
	struct rbmap_columns *columns =
		open_columns(events,
			     (struct rbmap_columns_options){ .event = "twice" });
	struct ArrowArray batch, moved;

	add_pid(columns, 11);
	add_pid(columns, 12);
	ck_assert_int_eq(rbmap_columns_take(columns, &batch), 0);
	add_pid(columns, 13);
	rbmap_columns_close(columns);
	rbmap_events_close(events);
	/* A reader may move a column out, and release the rest. */
	moved = *batch.children[2];
	batch.children[2]->release = NULL;
	batch.release(&batch);
	ck_assert_ptr_null(batch.release);
	ck_assert_mem_eq(moved.buffers[1], ((int32_t[]){ 11, 12 }), 8);
	moved.release(&moved);
	ck_assert_ptr_null(moved.release);
}
END_TEST

START_TEST(a_batch_may_be_empty)
{
	struct rbmap_events *events = make_events(false);
	struct rbmap_columns *columns =
		open_columns(events,
			     (struct rbmap_columns_options){ .event = "all_kinds" });
	char *none[1];

	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(rbmap_columns_count(columns), 0);
		compare_batch(columns, none);
	}
	rbmap_columns_close(columns);
	rbmap_events_close(events);
}
END_TEST

START_TEST(a_time_that_arrow_does_not_have_is_null)
{
	const int32_t data[5] = { 79 };
	struct rbmap_record record = small_record(data, 0, 0);
	struct rbmap_events *events = make_events(__BYTE_ORDER == __BIG_ENDIAN);
	struct rbmap_columns *columns =
		open_columns(events,
			     (struct rbmap_columns_options){ .event = "twice" });

	record.time_stamp = INT64_MAX;
	ck_assert_int_eq(rbmap_columns_add(columns, &record), 1);
	record.time_stamp++;
	ck_assert_int_eq(rbmap_columns_add(columns, &record), 1);
	check_column(columns, "common_timestamp", "9223372036854775807 null");
	rbmap_columns_close(columns);
	rbmap_events_close(events);
}
END_TEST

/* All columns grow, also those that have nulls already. */
START_TEST(a_batch_grows)
{
	const int32_t data[5] = { 79 };
	struct rbmap_record record = small_record(data, 0, RBMAP_LOST_UNKNOWN);
	struct rbmap_events *events = make_events(__BYTE_ORDER == __BIG_ENDIAN);
	struct rbmap_columns *columns =
		open_columns(events,
			     (struct rbmap_columns_options){ .event = "twice" });
	struct ArrowArray batch;
	const uint8_t *valid;

	for (int i = 0; i < 5000; i++) {
		record.lost = i % 7 ? 0 : RBMAP_LOST_UNKNOWN;
		ck_assert_int_eq(rbmap_columns_add(columns, &record), 1);
	}
	ck_assert_int_eq(rbmap_columns_take(columns, &batch), 0);
	valid = batch.children[4]->buffers[0];
	for (int i = 0; i < 5000; i++)
		ck_assert_int_eq(valid[i / 8] >> i % 8 & 1, i % 7 != 0);
	ck_assert_int_eq(batch.children[4]->null_count, 715);
	batch.release(&batch);
	rbmap_columns_close(columns);
	rbmap_events_close(events);
}
END_TEST

/* So many rows that the memory of a released batch is used for the next. */
START_TEST(memory_that_is_used_again)
{
	struct rbmap_events *events = make_events(__BYTE_ORDER == __BIG_ENDIAN);
	struct rbmap_columns *columns =
		open_columns(events,
			     (struct rbmap_columns_options){ .event = "twice" });
	struct ArrowArray batches[4];
	const int32_t *pids;

	for (int n = 0; n < 4; n++) {
		for (int i = 0; i < RBMAP_COLUMNS_ROWS; i++)
			add_pid(columns, n * 100000 + i);
		ck_assert_int_eq(rbmap_columns_take(columns, &batches[n]), 0);
		/* One is kept, and has to stay as it is. */
		if (n != 1)
			batches[n].release(&batches[n]);
	}
	rbmap_columns_close(columns);
	pids = batches[1].children[2]->buffers[1];
	for (int i = 0; i < RBMAP_COLUMNS_ROWS; i++)
		ck_assert_int_eq(pids[i], 100000 + i);
	batches[1].release(&batches[1]);
	rbmap_events_close(events);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		types_are_those_of_the_fields,
		a_name_that_is_taken_gets_a_number,
		what_is_not_valid,
		values_are_those_of_the_objects,
		names_of_numbers_are_text,
		losses_before_other_events_count,
		a_dictionary_keeps_its_indices,
		a_batch_outlives_all_else,
		a_batch_may_be_empty,
		a_time_that_arrow_does_not_have_is_null,
		a_batch_grows,
		memory_that_is_used_again,
	};

	return RUN_TESTS("columns", tests);
}
