// SPDX-License-Identifier: GPL-2.0-only
/* Print formats of all kinds, compiled, beside libtraceevent's own print. */
#define _GNU_SOURCE
#include <check.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include "events/events.h"
#include "format/dialect.h"
#include "format/plugins.h"
#include "format/run.h"
#include "random.h"
#include "run.h"

#define RECORDS 300
#define EXTRA 64
#define SLACK (2 * 65536)
#define MARK " [FIELD OUTSIDE THE RECORD]"
#define FIELD(type, name, offset, size, sign) \
	"\tfield:" type " " name ";\toffset:" #offset ";\tsize:" #size \
	";\tsigned:" #sign ";\n"

static const char fields[] = FIELD("unsigned short", "common_type", 0, 2,
				   0) FIELD("unsigned char", "common_flags", 2, 1, 0)
	FIELD("unsigned char", "common_preempt_count", 3, 1,
	      0) FIELD("int", "common_pid", 4, 4,
		       1) "\n" FIELD("int", "i", 8, 4, 1) FIELD("u32", "u", 12, 4, 0)
		FIELD("s64", "l", 16, 8,
		      1) FIELD("short", "h", 24, 2,
			       1) FIELD("u8", "b", 26, 1, 0) FIELD("s8", "sb", 27, 1, 1)
			FIELD("char", "name[8]", 28, 8,
			      0) FIELD("__data_loc char[]", "dyn", 36, 4,
				       0) FIELD("__data_loc u32[]", "arr", 40, 4, 0)
				FIELD("__rel_loc char[]", "rel", 44, 4,
				      0) FIELD("void *", "ptr", 48, 8,
					       0) FIELD("u16", "words[4]", 56, 8, 0)
					FIELD("unsigned char", "mac[6]", 64, 6,
					      0) FIELD("bool", "t", 70, 1, 0)
						FIELD("__u8", "uuid[16]", 72, 16, 0)
							FIELD("__data_loc cpumask_t",
							      "mask", 88, 4, 0) "\n";

#define FIELDS_END 92

/* All of them compile. */
static const char *const formats[] = {
	"\"%d %u %x %#x %08x %-8d|\", REC->i, REC->i, REC->i, REC->u, REC->h, REC->sb",
	"\"%ld %lx %lld %llu\", REC->i, REC->i, REC->l, REC->l",
	"\"%hd %hu %hhd %hhu %hhx\", REC->i, REC->i, REC->i, REC->b, REC->i",
	"\"%zd %zu %Lu %i %li %hi\", REC->l, REC->i, REC->l, REC->i, REC->i, REC->l",
	"\"%o %#o %X %#X %lX %LX\", REC->i, REC->t, REC->i, REC->i, REC->l, REC->l",
	"\"%.4d %8.3x %.0d|%5.0x|\", REC->b, REC->b, REC->t, REC->t",
	"\"%02x%03d %06ld %#016lx %#010x\", REC->b, REC->h, REC->h, REC->l, REC->b",
	"\"%td % d|%d\", REC->b",
	"\"%*d|%-*x|\", REC->b, REC->i, REC->b, REC->u",
	"\"%5s|%-8s|%.2s|%.*s|%*s|\", REC->name, REC->name, REC->name, REC->b, "
	"REC->name, REC->b, REC->name",
	"\"%s|%12s|%-12s|%.2s|\", __get_str(dyn), __get_str(dyn), __get_str(dyn), "
	"__get_str(dyn)",
	"\"%s|%s\", __get_rel_str(rel), __get_str(arr)",
	"\"%p %px %pK %16p|\", REC->ptr, REC->ptr, REC->i, REC->t",
	"\"%pS %ps %pF %pf %pB\", REC->ptr, REC->ptr, REC->ptr, REC->i, REC->ptr",
	"\"%pM %pm %pMF %pMR\", REC->mac, REC->mac, REC->mac, REC->mac",
	"\"%pU %pUb %pUl %pUL %pUB\", REC->uuid, REC->uuid, REC->uuid, REC->uuid, "
	"REC->uuid",
	"\"%s %s %s\", REC->i, REC->words, REC->b",
	"\"%d %d %d\", REC->i > 0, REC->l < 5, REC->l <= REC->u",
	"\"%d %d %d\", REC->i == REC->u, REC->l != 3, REC->l >= REC->b",
	"\"%lld %lld %lld\", REC->l >> REC->b, REC->l << REC->b, REC->l / 7",
	"\"%lld %lld %lld\", REC->l % 10, REC->l * REC->b, REC->l - REC->u + 1",
	"\"%lld %lld %lld\", -REC->i, ~REC->i, !REC->t",
	"\"%d %d %d %d\", REC->b && REC->t, REC->b || REC->t, REC->b & 8, REC->b | 1",
	"\"%lld %lld\", REC->t ? REC->l : REC->i, REC->b ? REC->i ? 1 : 2 : 3",
	"\"%lld %lld %lld\", (s8)REC->l, (short)REC->l, (unsigned char)REC->l",
	"\"%lld %lld %lld\", (char)REC->l, (int)REC->l, (u32)REC->l",
	"\"%lld %lld %lld\", (long)REC->l, (u64)REC->i, (dev_t)REC->l",
	"\"%lld %lld\", (unsigned)REC->l, (unsigned short)REC->l",
	"\"%d %lld %d\", REC->words[2], REC->words[REC->t], REC->name[1]",
	"\"%d %d\", ((u8 *)REC->words)[2], ((unsigned char *)REC->words)[1]",
	"\"%d %d\", ((u32 *)__get_dynamic_array(arr))[1], ((u8 *)__get_dynamic_array("
	"arr))[REC->t]",
	"\"%d\", ((unsigned int) ((REC->u) >> 20))",
	"\"%lld %lld %lld\", 0xffffffffffffffff, 010, __get_dynamic_array_len(arr)",
	"\"%s\", __print_flags(REC->b, \"|\", { 8, \"A\" }, { 0x40, \"B\" })",
	"\"%s\", __print_flags(REC->b, \"\", { 0, \"Z\" }, { -1, \"M\" }, { 1, \"B\" })",
	"\"%6s|%-6s|\", __print_flags(REC->b, \", \", { 1, \"A\" }, { 6, \"B\" }), "
	"__print_symbolic(REC->b, { 1, \"one\" }, { 2, \"two\" })",
	"\"%s\", __print_symbolic(REC->l, { -3, \"minus\" }, { 0x3, \"three\" })",
	"\"%s\", __print_symbolic(REC->b, { HI_SOFTIRQ, \"HI\" }, { NET_RX_SOFTIRQ, "
	"\"RX\" })",
	"\"%s|%s|\", __print_hex(REC->mac, 6), __print_hex_str(REC->uuid, REC->t)",
	"\"%s\", __print_hex(__get_dynamic_array(arr), __get_dynamic_array_len(arr))",
	"\"%s\", __print_array(__get_dynamic_array(arr), "
	"__get_dynamic_array_len(arr) / 4, 4)",
	"\"%s %s\", __print_array(REC->words, 4, 2), __print_array(REC->uuid, 2, 8)",
	"\"%s|%s\", __get_bitmask(mask), __get_cpumask(mask)",
	"\"%s %s\", REC->t ? \"yes\" : \"no\", REC->b & 1 ? __get_str(dyn) : REC->name",
	"\"%s\", REC->b == 2 ? \"two\" : REC->b == 3 ? \"three\" : \"many\"",
	"\"%s|%s|%s\", (char *)REC->ptr, __get_str(dyn) + 1, \"const\"",
	"\"%5d%%|\\t|\\\\|\\\"q\\\"\\r\\x\\n\", REC->b",
	"\"plain\"",
	"\"\"",
	"\"%d \" \"more\", REC->b, REC->i",
};

/* And these do not: a word of the reason. */
static const struct {
	const char *format, *reason;
} refused[] = {
	{ "\"%d %d\", REC->b", "cannot parse" },
	{ "\"%s\", REC->ptr", "memory" },
	{ "\"%pI4\", REC->uuid", "network" },
	{ "\"%*pbl\", REC->b, REC->ptr", "'*'" },
	{ "\"%d\", REC->nosuch", "does not have" },
	{ "\"%d\", REC->b ^ 1", "operator" },
	{ "\"%ls\", REC->name", "wide" },
	{ "\"%pU\", REC->mac", "unusual size" },
	{ "\"100%\"", "incomplete" },
	{ "\"%llx\", __get_dynamic_array(arr)", "address" },
	{ "\"%s\", __print_array(REC->uuid, 2, 3)", "unusual size" },
	{ "\"%99999d\", REC->b", "width" },
};

static struct rbmap_events *events;

static int memory_file(const char *text)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, text, strlen(text), 0), strlen(text));
	return fd;
}

static void set_up(void)
{
	const struct rbmap_log log = { 0 };
	struct rbmap_names_files files = {
		.cmdlines = memory_file("42 init\n"),
		.kallsyms = memory_file("ffffffff81000000 T first_one\n"
					"ffffffff81000100 T second_one\n"
					"ffffffff81000200 T last_one\n"),
		.proc = -1,
	};
	struct tep_handle *tep = tep_alloc();

	tep_set_loglevel(TEP_LOG_NONE);
	tep_set_long_size(tep, 8);
	ck_assert_int_eq(rbmap_events_new(&events, tep, &files, &log), 0);
	tep_unref(tep);
	ck_assert_int_eq(rbmap_names_resolve_functions(&events->names), 0);
}

static void tear_down(void)
{
	rbmap_events_close(events);
}

static const struct format_plan *plan_of(uint16_t id)
{
	const struct rbmap_record record = { .data = &id, .size = sizeof(id) };
	const struct format_plan *plan = rbmap_events_plan(events, &record);

	ck_assert_ptr_nonnull(plan);
	return plan;
}

/* Its bytes are those of this machine, whatever the handle is told. */
static const struct format_plan *compile(const char *format)
{
	static char text[8192];

	snprintf(text, sizeof(text), "name: made\nID: 7\nformat:\n%s\nprint fmt: %s\n",
		 fields, format);
	ck_assert_int_eq(tep_parse_event(events->tep, text, strlen(text), "test"), 0);
	return plan_of(7);
}

/* 260, which is 4 in eight bits. */
START_TEST(elements_that_are_no_number_are_left_to_libtraceevent)
{
	static const char format[] =
		"name: big\nID: 9\nformat:\n" FIELD("unsigned short", "common_type", 0,
						    2, 0)
			FIELD("int", "common_pid", 4, 4,
			      1) "\n" FIELD("struct large", "all[2]", 8, 520,
					    0) "\nprint fmt: \"%d\", REC->all[1]\n";

	set_up();
	ck_assert_int_eq(tep_parse_event(events->tep, format, strlen(format), "test"),
			 0);
	ck_assert_str_eq(plan_of(9)->why_not,
			 "an array with elements of an unusual size");
	tear_down();
}
END_TEST

static void set_locator(struct random *random, unsigned char *data, uint32_t size,
			uint32_t at, bool relative)
{
	uint32_t offset = FIELDS_END + random_below(random, size - FIELDS_END + 1);
	uint32_t length = random_below(random, size - offset + 1), word;

	if (length)
		data[offset + length - 1] = 0;
	if (at == 40)
		length &= ~3u;
	word = length << 16 | (offset - (relative ? at + 4 : 0));
	memcpy(data + at, &word, sizeof(word));
}

static uint32_t make_record(struct random *random, unsigned char *data)
{
	const uint64_t function = 0xffffffff81000000 + random_below(random, 0x300);
	const uint32_t mask = 8 << 16 | FIELDS_END;
	uint32_t size = FIELDS_END + 8 + random_below(random, EXTRA - 8);
	const uint16_t id = 7;
	bool small = random_below(random, 2);

	for (uint32_t i = 0; i < size; i++)
		data[i] = small && random_below(random, 4) ? 0 : random_next(random);
	if (small)
		data[26] %= 8;
	memset(data + size, 0, SLACK);
	if (random_below(random, 2))
		memcpy(data + 48, &function, sizeof(function));
	memcpy(data, &id, sizeof(id));
	data[70] &= 1;
	set_locator(random, data, size, 36, false);
	set_locator(random, data, size, 40, false);
	set_locator(random, data, size, 44, true);
	/* Of an empty mask libtraceevent prints what is in memory of its own. */
	data[FIELDS_END] |= 1;
	memcpy(data + 88, &mask, sizeof(mask));
	return size;
}

static void print_libtraceevent(unsigned char *data, uint32_t size,
				struct trace_seq *out)
{
	struct tep_record record = { .data = data, .size = size, .record_size = size };

	tep_print_event(events->tep, out, &record, "%s", TEP_PRINT_INFO);
	if (out->len && out->buffer[out->len - 1] == '\n')
		out->len--;
}

/* What the record has behind its end is not for us to print. */
static bool is_marked(const struct text *text)
{
	const size_t length = strlen(MARK);

	return text->used >= length &&
	       !memcmp(text->buffer + text->used - length, MARK, length);
}

START_TEST(made_formats_print_as_libtraceevent_does)
{
	static unsigned char data[FIELDS_END + EXTRA + SLACK];
	const struct format_plan *plan;
	struct random random = { .state = _i };
	struct text ours = { 0 };
	struct trace_seq theirs;
	int compared = 0;
	uint32_t size;

	set_up();
	plan = compile(formats[_i]);
	if (plan->why_not)
		ck_abort_msg("%s: %s", formats[_i], plan->why_not);
	trace_seq_init(&theirs);
	for (int i = 0; i < RECORDS; i++) {
		size = make_record(&random, data);
		ours.used = 0;
		ck_assert(rbmap_format_text(plan, &events->names, data, size, &ours));
		text_char(&ours, '\0');
		ours.used--;
		if (is_marked(&ours))
			continue;
		trace_seq_reset(&theirs);
		print_libtraceevent(data, size, &theirs);
		trace_seq_terminate(&theirs);
		if (strlen(ours.buffer) != theirs.len ||
		    memcmp(ours.buffer, theirs.buffer, theirs.len) != 0)
			ck_abort_msg("%s\nours:   %s\ntheirs: %.*s", formats[_i],
				     ours.buffer, (int)theirs.len, theirs.buffer);
		compared++;
	}
	ck_assert_int_gt(compared, RECORDS / 4);
	trace_seq_destroy(&theirs);
	free(ours.buffer);
	tear_down();
}
END_TEST

START_TEST(what_would_differ_is_left_to_libtraceevent)
{
	const struct format_plan *plan;

	set_up();
	plan = compile(refused[_i].format);
	if (!plan->why_not || !strstr(plan->why_not, refused[_i].reason))
		ck_abort_msg("%s: %s", refused[_i].format,
			     plan->why_not ? plan->why_not : "compiled");
	tear_down();
}
END_TEST

static void expect(const char *format, uint32_t size, const char *wanted)
{
	unsigned char *data;
	struct text text = { 0 };
	const struct format_plan *plan;

	set_up();
	plan = compile(format);
	ck_assert_ptr_null(plan->why_not);
	data = calloc(1, size);
	/* b, dyn and arr; the rest is 0. */
	data[26] = 200;
	memcpy(data + 28, "comm", 4);
	memcpy(data + 36, "\xff\x00\x04\x00", 4);
	memcpy(data + 40, "\x5c\x00\xf0\xff", 4);
	ck_assert(rbmap_format_text(plan, &events->names, data, size, &text));
	text_char(&text, '\0');
	ck_assert_str_eq(text.buffer, wanted);
	free(text.buffer);
	free(data);
	tear_down();
}

/* Here libtraceevent reads behind the record, or ends the program. */
START_TEST(what_the_record_does_not_hold_is_told)
{
	expect("\"%s.\", __get_str(dyn)", 96, "." MARK);
	expect("\"%d.\", __get_dynamic_array_len(arr)", 96, "0." MARK);
	expect("\"%s.\", __print_hex(REC->uuid, 100)", 96,
	       "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00." MARK);
	expect("\"%s.\", __print_array(__get_dynamic_array(arr), REC->b, 4)", 104,
	       rbmap_dialect_try().has_braces ? "{0x0,0x0,0x0}." MARK : "0 0 0." MARK);
	expect("\"%d.\", REC->words[REC->b]", 96, "0." MARK);
	expect("\"%d %d.\", 5 / REC->t, 5 % REC->t", 96, "0 0.");
	expect("\"%.*s.\", REC->t - 1, REC->name", 96, "comm.");
	expect("\"%.*s.\", REC->b - 198, REC->name", 96, "co.");
}
END_TEST

/* Of any size, in memory that ends with it: a sanitizer sees what is read behind it. */
START_TEST(hostile_records_stay_in_bounds)
{
	struct random random = { .state = 1000 + _i };
	struct rbmap_record record = { .time_stamp = 1 };
	struct trace_seq out;
	unsigned char *data;

	set_up();
	ck_assert_ptr_null(compile(formats[_i])->why_not);
	trace_seq_init(&out);
	for (int i = 0; i < RECORDS; i++) {
		record.size = 2 + random_below(&random, 160);
		data = malloc(record.size);
		for (uint32_t at = 0; at < record.size; at++)
			data[at] = random_below(&random, 3) ? random_next(&random) : 0;
		memcpy(data, (const uint16_t[]){ 7 }, 2);
		record.data = data;
		trace_seq_reset(&out);
		ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
		ck_assert_uint_lt(out.len, 16384);
		ck_assert_int_eq(rbmap_events_json(events, &record, &out), 0);
		free(data);
	}
	trace_seq_destroy(&out);
	tear_down();
}
END_TEST

static int handle(struct trace_seq *s, struct tep_record *record,
		  struct tep_event *event, void *context)
{
	trace_seq_puts(s, "handled");
	return 0;
}

START_TEST(handlers_of_the_program_come_first)
{
	const unsigned char data[96] = { 7 };
	struct rbmap_record record = { .data = data, .size = sizeof(data) };
	struct trace_seq out;

	set_up();
	trace_seq_init(&out);
	ck_assert_ptr_null(compile("\"plain\"")->why_not);
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	tep_register_event_handler(events->tep, 7, "test", "made", handle, NULL);
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	trace_seq_terminate(&out);
	ck_assert_ptr_nonnull(strstr(out.buffer, "plain"));
	ck_assert_ptr_nonnull(strstr(out.buffer, "handled"));
	ck_assert_str_eq(rbmap_events_why_not_compiled(events,
						       tep_find_event(events->tep, 7)),
			 "a plugin prints it");
	trace_seq_destroy(&out);
	tear_down();
}
END_TEST

static int count_records(struct trace_seq *s, struct tep_record *record,
			 struct tep_event *event, void *context)
{
	unsigned int *nr = context;

	(*nr)++;
	trace_seq_puts(s, "counted");
	return 0;
}

static void parse_with_plugins(void)
{
	static const char head[] = FIELD("unsigned short", "common_type", 0, 2, 0)
		FIELD("int", "common_pid", 4, 4, 1) "\n";
	static const char task[] = FIELD("char", "prev_comm[16]", 8, 16, 0)
		FIELD("pid_t", "prev_pid", 24, 4, 1) FIELD("int", "prev_prio", 28, 4, 1)
			FIELD("long", "prev_state", 32, 8, 1);
	static const char next[] = FIELD("char", "next_comm[16]", 40, 16, 0)
		FIELD("pid_t", "next_pid", 56, 4, 1)
			FIELD("int", "next_prio", 60, 4, 1);
	char text[2048];

	snprintf(text, sizeof(text),
		 "name: kfree\nID: 8\nformat:\n%s%s\nprint fmt: \"freed\"\n", head,
		 FIELD("unsigned long", "call_site", 8, 8, 0));
	ck_assert_int_eq(tep_parse_event(events->tep, text, strlen(text), "kmem"), 0);
	snprintf(text, sizeof(text),
		 "name: sched_switch\nID: 10\nformat:\n%s%s%s\nprint fmt: \"\"\n", head,
		 task, next);
	ck_assert_int_eq(tep_parse_event(events->tep, text, strlen(text), "sched"), 0);
}

static void open_plugins(void)
{
	static const struct rbmap_log log;

	ck_assert_int_eq(rbmap_plugins_open(&events->plugins, &log), 0);
	events->owns_plugins = true;
	events->loaded_plugins = true;
	rbmap_plugins_load(events->plugins, events->tep);
	parse_with_plugins();
}

static const struct format_plan *compile_caller(void)
{
	open_plugins();
	return plan_of(8);
}

START_TEST(a_handler_of_the_program_gets_no_made_up_records)
{
	static const unsigned char bytes[64] = { 10 };
	struct rbmap_record record = { .data = bytes, .size = sizeof(bytes) };
	unsigned int nr = 0;
	struct trace_seq out;

	set_up();
	trace_seq_init(&out);
	parse_with_plugins();
	tep_register_event_handler(events->tep, -1, "kmem", "kfree", count_records,
				   &nr);
	tep_register_event_handler(events->tep, -1, "sched", "sched_switch",
				   count_records, &nr);
	ck_assert_str_eq(plan_of(8)->why_not, "a plugin prints it");
	ck_assert_str_eq(plan_of(10)->why_not, "a plugin prints it");
	ck_assert_uint_eq(nr, 0);
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	ck_assert_uint_eq(nr, 1);
	trace_seq_destroy(&out);
	tear_down();
}
END_TEST

/* Loaded by the program into its own handle, which learns nothing from a trial. */
START_TEST(plugins_are_tried_in_a_handle_of_our_own)
{
	const struct tep_format_field *field;
	struct tep_plugin_list *plugins;
	struct tep_handle *tep;

	set_up();
	tep = events->tep;
	tep_ref(tep);
	plugins = tep_load_plugins(tep);
	parse_with_plugins();
	ck_assert_ptr_null(plan_of(8)->why_not);
	ck_assert_ptr_null(plan_of(10)->why_not);
	ck_assert_ptr_null(events->names.symbols);
	for (field = tep_find_event(tep, 10)->format.fields; field; field = field->next)
		ck_assert_ptr_eq(field->event, tep_find_event(tep, 10));
	tear_down();
	tep_unload_plugins(plugins, tep);
	tep_unref(tep);
}
END_TEST

/* Like that of another version. */
static int print_otherwise(struct trace_seq *s, struct tep_record *record,
			   struct tep_event *event, void *context)
{
	trace_seq_puts(s, "otherwise ");
	return 1;
}

START_TEST(a_plugin_that_prints_otherwise_prints)
{
	const uint64_t data[] = { 8, 0xffffffff81000110 };
	struct rbmap_record record = { .data = data, .size = sizeof(data) };
	struct tep_event own;
	struct trace_seq out;

	set_up();
	trace_seq_init(&out);
	open_plugins();
	ck_assert(rbmap_plugins_own_event(events->plugins,
					  tep_find_event(events->tep, 8), &own));
	tep_register_event_handler(own.tep, -1, "kmem", "kfree", print_otherwise, NULL);
	tep_register_event_handler(events->tep, -1, "kmem", "kfree", print_otherwise,
				   NULL);
	ck_assert(rbmap_plugins_own_event(events->plugins,
					  tep_find_event(events->tep, 8), &own));
	ck_assert_str_eq(plan_of(8)->why_not, "a plugin prints it");
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	trace_seq_terminate(&out);
	ck_assert_ptr_nonnull(strstr(out.buffer, "otherwise freed"));
	trace_seq_destroy(&out);
	tear_down();
}
END_TEST

START_TEST(plugins_are_tried_with_functions_of_no_kernel)
{
	const uint64_t data[] = { 8, 0xffffffff81000110 };
	struct rbmap_record record = { .data = data, .size = sizeof(data) };
	struct trace_seq out;

	set_up();
	trace_seq_init(&out);
	ck_assert_ptr_null(compile_caller()->why_not);
	ck_assert_int_eq(rbmap_events_json(events, &record, &out), 0);
	ck_assert_ptr_null(events->names.symbols);
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	trace_seq_terminate(&out);
	ck_assert_ptr_nonnull(strstr(out.buffer, "(second_one+0x10) freed"));
	trace_seq_destroy(&out);
	tear_down();
}
END_TEST

/* As those of a file with several buffers do. */
START_TEST(so_they_are_where_events_share_a_handle)
{
	static const struct rbmap_names_files none = { -1, -1, -1 };
	static const struct rbmap_log log;
	const uint64_t data[] = { 8, 0xffffffff81000110 };
	struct rbmap_record record = { .data = data, .size = sizeof(data) };
	struct rbmap_events *second;
	struct trace_seq out;

	set_up();
	trace_seq_init(&out);
	compile_caller();
	ck_assert_int_eq(rbmap_events_new(&second, events->tep, &none, &log), 0);
	second->names.resolver = &events->names;
	second->plugins = events->plugins;
	ck_assert_int_eq(rbmap_events_json(second, &record, &out), 0);
	ck_assert_ptr_null(events->names.symbols);
	trace_seq_destroy(&out);
	rbmap_events_close(second);
	tear_down();
}
END_TEST

/* The last field of an event of ftrace may be longer than the record has it. */
START_TEST(a_pid_behind_the_record_is_not_read)
{
	static const char format[] =
		"name: odd\nID: 9\nformat:\n" FIELD("unsigned short", "common_type", 0,
						    2, 0)
			FIELD("int", "common_pid[1]", 4, 4,
			      1) "\n" FIELD("u8", "x", 2, 1,
					    0) "\nprint fmt: \"odd\"\n";
	unsigned char *data = malloc(4);
	struct rbmap_record record = { .data = data, .size = 4 };
	struct trace_seq out;

	set_up();
	memcpy(data, (const uint16_t[]){ 9, 0 }, 4);
	ck_assert_int_eq(tep_parse_event(events->tep, format, strlen(format), "ftrace"),
			 0);
	ck_assert_ptr_null(plan_of(9)->why_not);
	trace_seq_init(&out);
	ck_assert_int_eq(rbmap_events_text(events, &record, &out), 0);
	ck_assert_int_eq(rbmap_events_json(events, &record, &out), 0);
	trace_seq_destroy(&out);
	free(data);
	tear_down();
}
END_TEST

START_TEST(no_record_is_of_an_event_with_a_number_this_large)
{
	static const char format[] = "name: large\nID: 65543\nformat:\n\n"
				     "print fmt: \"large\"\n";

	set_up();
	ck_assert_ptr_null(compile("\"plain\"")->why_not);
	ck_assert_int_eq(tep_parse_event(events->tep, format, strlen(format), "test"),
			 0);
	ck_assert_str_eq(rbmap_events_why_not_compiled(events,
						       tep_find_event(events->tep,
								      65543)),
			 "its ID is too large for a record");
	tear_down();
}
END_TEST

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

int main(void)
{
	Suite *suite = suite_create("format");
	TCase *tcase = tcase_create("format");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, made_formats_print_as_libtraceevent_does, 0,
			    COUNT(formats));
	tcase_add_loop_test(tcase, what_would_differ_is_left_to_libtraceevent, 0,
			    COUNT(refused));
	tcase_add_loop_test(tcase, hostile_records_stay_in_bounds, 0, COUNT(formats));
	tcase_add_test(tcase, what_the_record_does_not_hold_is_told);
	tcase_add_test(tcase, elements_that_are_no_number_are_left_to_libtraceevent);
	tcase_add_test(tcase, handlers_of_the_program_come_first);
	tcase_add_test(tcase, a_plugin_that_prints_otherwise_prints);
	tcase_add_test(tcase, plugins_are_tried_with_functions_of_no_kernel);
	tcase_add_test(tcase, so_they_are_where_events_share_a_handle);
	tcase_add_test(tcase, a_handler_of_the_program_gets_no_made_up_records);
	tcase_add_test(tcase, plugins_are_tried_in_a_handle_of_our_own);
	tcase_add_test(tcase, a_pid_behind_the_record_is_not_read);
	tcase_add_test(tcase, no_record_is_of_an_event_with_a_number_this_large);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
