// SPDX-License-Identifier: GPL-2.0-only
/* Every event format of the running kernel, beside libtraceevent's own print. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include <rbmap/events.h>

#include "events/events.h"
#include "format/dialect.h"
#include "format/run.h"
#include "random.h"
#include "run.h"

/* Of each event. A sanitizer sees with fewer what it is to see, and takes its time. */
#ifdef __SANITIZE_ADDRESS__
#define RECORDS 20
#else
#define RECORDS 100
#endif
#define FEWEST 5
#define EXTRA 256
#define RECORD_MAX 65536
/* What libtraceevent may read behind a record: locators are of 16 bits. */
#define SLACK (2 * 65536)
#define MARK " [FIELD OUTSIDE THE RECORD]"

/* What libtraceevent prints where ours is right, and why. */
static const struct {
	const char *theirs, *reason;
} known[] = {
	{ "%.*s", "a negative precision is none: the string, not its conversion" },
};

static struct rbmap_events *events;
static struct tep_event **all;
static uint64_t kernel_text;
static int records;
/* The record, and zeros behind it. */
static unsigned char data[RECORD_MAX + SLACK];

/* Of its first function; 0 where the kernel tells no addresses. */
static uint64_t find_kernel_text(void)
{
	unsigned long long address = 0;
	char line[512], type = 0;
	FILE *file = fopen("/proc/kallsyms", "re");

	while (file && type != 't' && type != 'T' && fgets(line, sizeof(line), file))
		if (sscanf(line, "%llx %c", &address, &type) != 2)
			break;
	if (file)
		fclose(file);
	return address;
}

/* On a machine that is so many times slower than hardware, as the other tests have it.
 */
static int count_records(void)
{
	const char *text = getenv("RBMAP_TEST_SLOWDOWN");
	int slowdown = text ? atoi(text) : 1;
	int nr = slowdown > 1 ? RECORDS / slowdown : RECORDS;

	return nr < FEWEST ? FEWEST : nr;
}

static void open_events(void)
{
	const struct rbmap_events_options options = { .size = sizeof(options) };

	tep_set_loglevel(TEP_LOG_NONE);
	if (rbmap_events_open(&events, &options) < 0)
		exit(77);
	kernel_text = find_kernel_text();
	records = count_records();
	all = tep_list_events(rbmap_events_tep(events), TEP_EVENT_SORT_SYSTEM);
	if (!all || !all[0])
		exit(77);
}

static void fill(struct random *random, uint32_t size)
{
	unsigned int kind = random_below(random, 5);
	uint64_t address;

	for (uint32_t i = 0; i < size; i++) {
		data[i] = random_next(random);
		/* Small numbers, which tables and flags know, and letters. */
		if (kind == 1)
			data[i] = i % 4 ? 0 : data[i] % 16;
		else if (kind == 2)
			data[i] = random_below(random, 8) ? 0 : data[i];
		else if (kind == 3)
			data[i] = 'a' + data[i] % 26;
	}
	for (uint32_t i = 0; kind == 4 && i + 8 <= size; i += 8) {
		address = kernel_text + random_below(random, 8 << 20);
		memcpy(data + i, &address, sizeof(address));
	}
}

/* Mostly inside what follows the fields, ended by a 0 or not. */
static void place_dynamic(struct random *random, const struct tep_format_field *field,
			  uint32_t begin, uint32_t size)
{
	uint32_t offset, length, word;

	if (!random_below(random, 8))
		return;
	offset = begin + random_below(random, size - begin + 1);
	length = random_below(random, size - offset + 1);
	if (length && random_below(random, 4))
		data[offset + length - 1] = 0;
	if (field->flags & TEP_FIELD_IS_RELATIVE)
		offset -= field->offset + 4;
	word = length << 16 | offset;
	memcpy(data + field->offset, &word, sizeof(word));
}

static uint32_t make_record(struct random *random, const struct format_plan *plan)
{
	const struct tep_event *event = plan->event;
	uint32_t size = plan->min_size + random_below(random, EXTRA);
	uint16_t id = event->id;
	static uint32_t used;

	ck_assert_uint_le(size, RECORD_MAX - 4);
	size = (size + 3) & ~3u;
	fill(random, size);
	memset(data + size, 0, used > size ? used - size : 0);
	used = size;
	memcpy(data, &id, sizeof(id));
	for (const struct tep_format_field *field = event->format.fields; field;
	     field = field->next)
		if (field->flags & TEP_FIELD_IS_DYNAMIC && field->size == 4)
			place_dynamic(random, field, plan->min_size, size);
	return size;
}

/* Where libtraceevent reads out of the record, it does not print the same. */
static bool reads_arrays(const struct format_plan *plan)
{
	for (size_t i = 0; i < plan->nr_steps; i++)
		if (plan->steps[i].kind == STEP_HEX_DUMP ||
		    plan->steps[i].kind == STEP_ARRAY)
			return true;
	for (size_t i = 0; i < plan->nr_values; i++)
		if (plan->values[i].kind == VALUE_ELEMENT ||
		    plan->values[i].kind == VALUE_DYNAMIC_ELEMENT)
			return true;
	return false;
}

/* By what a record has; of 0 libtraceevent's program dies. */
static bool divides(const struct format_plan *plan)
{
	const struct format_value *value = plan->values, *right;

	for (; value < plan->values + plan->nr_values; value++) {
		if (value->kind != VALUE_DIVIDE && value->kind != VALUE_REMAINDER)
			continue;
		right = &plan->values[value->right];
		if (right->kind != VALUE_CONSTANT || !right->constant)
			return true;
	}
	return false;
}

static void print_both(const struct format_plan *plan, uint32_t size,
		       struct trace_seq *ours, struct trace_seq *theirs)
{
	struct tep_record record = { .data = data, .size = size, .record_size = size };
	struct text text;

	trace_seq_reset(ours);
	trace_seq_reset(theirs);
	text = rbmap_text_from_seq(ours);
	if (!rbmap_format_text(plan, &events->names, data, size, &text))
		return;
	rbmap_text_to_seq(&text, ours);
	trace_seq_terminate(ours);
	if (reads_arrays(plan) && strstr(ours->buffer, MARK))
		return;
	tep_print_event(events->tep, theirs, &record, "%s", TEP_PRINT_INFO);
	if (theirs->len && theirs->buffer[theirs->len - 1] == '\n')
		theirs->len--;
	trace_seq_terminate(theirs);
}

static bool is_known(const char *theirs)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strstr(theirs, known[i].theirs))
			return true;
	return false;
}

static bool same(const struct trace_seq *ours, const struct trace_seq *theirs)
{
	size_t length = ours->len;
	const size_t mark = strlen(MARK);

	if (!theirs->len || is_known(theirs->buffer))
		return true;
	if (length >= mark && !strcmp(ours->buffer + length - mark, MARK))
		length -= mark;
	return length == theirs->len && !memcmp(ours->buffer, theirs->buffer, length);
}

static int compare(struct random *random, const struct format_plan *plan)
{
	struct trace_seq ours, theirs;
	uint32_t size;
	int failed = 0;

	trace_seq_init(&ours);
	trace_seq_init(&theirs);
	for (int i = 0; i < records && !failed; i++) {
		size = make_record(random, plan);
		print_both(plan, size, &ours, &theirs);
		if (same(&ours, &theirs))
			continue;
		printf("%s:%s prints differently:\n%s\nours:   %s\ntheirs: %s\n",
		       plan->event->system, plan->event->name,
		       plan->event->print_fmt.format, ours.buffer, theirs.buffer);
		failed = 1;
	}
	trace_seq_destroy(&ours);
	trace_seq_destroy(&theirs);
	return failed;
}

/* trace-cmd's own lines, see build-tracer.c: tests/cli/report-formats.bats has them. */
static bool is_of_a_tracer(const struct format_plan *plan)
{
	return plan->graph.kind != GRAPH_NONE ||
	       (!strcmp(plan->event->system, "ftrace") &&
		!strcmp(plan->event->name, "function"));
}

/* Compiled as the kernel means it, whatever the library makes of it. */
static bool is_printed_wrong(const struct format_plan *plan)
{
	const struct format_dialect dialect = rbmap_dialect_try();
	const char *format = plan->event->print_fmt.format;

	return (!dialect.has_char && strstr(format, "%c")) ||
	       (!dialect.has_plus && strstr(format, "%+"));
}

static const struct format_plan *plan_of(struct tep_event *event)
{
	const uint16_t id = event->id;
	const struct rbmap_record record = { .data = &id, .size = sizeof(id) };

	return rbmap_events_plan(events, &record);
}

START_TEST(all_formats_print_as_libtraceevent_does)
{
	struct random random = { .state = 1 };
	int nr = 0, compiled = 0, plugins = 0, failed = 0;

	for (; all[nr]; nr++) {
		const struct format_plan *plan = plan_of(all[nr]);

		ck_assert_ptr_nonnull(plan);
		if (plan->why_not) {
			plugins += all[nr]->handler != NULL;
			printf("# %s:%s: %s\n", all[nr]->system, all[nr]->name,
			       plan->why_not);
			continue;
		}
		compiled++;
		if (divides(plan)) {
			printf("# %s:%s: divides, not compared\n", all[nr]->system,
			       all[nr]->name);
			continue;
		}
		if (is_of_a_tracer(plan) || is_printed_wrong(plan))
			continue;
		failed += compare(&random, plan);
	}
	printf("# %d events, %d compiled, %d printed by plugins; %d records of each\n",
	       nr, compiled, plugins, records);
	ck_assert_int_eq(failed, 0);
	ck_assert_int_gt(10 * compiled, 9 * (nr - plugins));
}
END_TEST

/* libtraceevent leaks a word of some of the print formats that it cannot parse. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:tep_parse_event\n";
}

int main(void)
{
	const TTest *const tests[] = {
		all_formats_print_as_libtraceevent_does,
	};

	int failed;

	open_events();
	failed = RUN_TESTS("format-kernel", tests);
	rbmap_events_close(events);
	return failed;
}
