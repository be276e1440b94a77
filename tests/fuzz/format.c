// SPDX-License-Identifier: GPL-2.0-only
/*
 * Formats of events, compiled. The input: a byte of bits, the text of a format, a 0,
 * the bytes of a record. The record is printed at each of its sizes, as text and as
 * JSON, and each of its fields is read.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <sys/mman.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#include "events/events.h"
#include "events/field.h"
#include "format/run.h"
#include "fuzz.h"

#define RECORD_MAX 512
#define TEXT_MAX 16384

/*
 * A conversion of two characters prints at most so much: it is as wide as is believed,
 * or a number a byte of the record, and a separator.
 */
#define PRINTED_MAX(record) (4096 + 24 * (size_t)(record))

enum {
	FTRACE = 1 << 0,
	BIG = 1 << 1,
	NARROW = 1 << 2,
};

/* Behind its end no memory can be read. */
static char *arena_end;
static struct trace_seq out;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char *arena = mmap(NULL, 2 * TEXT_MAX, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(arena != MAP_FAILED);
	arena_end = arena + TEXT_MAX;
	must(mprotect(arena_end, TEXT_MAX, PROT_NONE) == 0);
	tep_set_loglevel(TEP_LOG_NONE);
	trace_seq_init(&out);
	return 0;
}

static int read_symbols(void *context, char **ret)
{
	*ret = strdup("ffffffff81000000 T first_one\nffffffff81000100 T last_one\n");
	must(*ret);
	return 0;
}

static struct rbmap_events *make_events(unsigned int bits)
{
	static const struct rbmap_names_files none = { -1, -1, -1 };
	const struct rbmap_log log = { 0 };
	struct tep_handle *tep = tep_alloc();
	struct rbmap_events *events;

	must(tep);
	tep_set_long_size(tep, bits & NARROW ? 4 : 8);
	tep_set_file_bigendian(tep, bits & BIG ? TEP_BIG_ENDIAN : TEP_LITTLE_ENDIAN);
	must(rbmap_events_new(&events, tep, &none, &log) == 0);
	tep_unref(tep);
	rbmap_names_read_symbols(&events->names, read_symbols, NULL);
	must(rbmap_names_resolve_functions(&events->names) == 0);
	return events;
}

static struct tep_event *parse(struct rbmap_events *events, unsigned int bits,
			       const uint8_t *text, size_t size)
{
	const char *system = bits & FTRACE ? "ftrace" : "test";
	struct tep_event **list;

	if (size > TEXT_MAX)
		return NULL;
	memcpy(arena_end - size, text, size);
	rbmap_events_parse(events->tep, &events->names.log, arena_end - size, size,
			   system);
	list = tep_list_events(events->tep, TEP_EVENT_SORT_ID);
	return list ? list[0] : NULL;
}

/* Each byte of it that is handed out can be read. */
static void read_field(const struct rbmap_field *field,
		       const struct rbmap_record *record)
{
	const unsigned char *end = (const unsigned char *)record->data + record->size;
	const void *bytes;
	const char *string;
	size_t size;
	uint64_t number;

	rbmap_field_u64(field, record, &number);
	if (rbmap_field_bytes(field, record, &bytes, &size) == 0)
		must(bytes >= record->data &&
		     size <= (size_t)(end - (const unsigned char *)bytes));
	if (rbmap_field_text(field, record, &string, &size) == 0)
		must(!memchr(string, '\0', size));
}

static void read_fields(struct rbmap_events *events, const struct tep_event *event,
			const struct rbmap_record *record)
{
	const struct tep_format_field *found;
	struct event_field field;

	for (found = event->format.common_fields; found; found = found->next)
		if (rbmap_field_make(&field, events, true, found))
			read_field(&field.number, record);
	for (found = event->format.fields; found; found = found->next)
		if (rbmap_field_make(&field, events, false, found))
			read_field(&field.number, record);
}

/* In memory that ends with it. */
static void print(struct rbmap_events *events, const struct format_plan *plan,
		  const unsigned char *data, uint32_t size, size_t most)
{
	unsigned char *copy = malloc(size);
	const struct rbmap_record record = { .data = copy, .size = size };
	struct text text = { 0 };

	must(copy);
	memcpy(copy, data, size);
	if (!plan->why_not && size >= plan->min_size) {
		rbmap_format_text(plan, &events->names, copy, size, &text);
		must(!text.failed && text.used < most);
	}
	free(text.buffer);
	trace_seq_reset(&out);
	must(rbmap_events_json(events, &record, &out) == 0);
	fuzz_check_json(out.buffer, out.len);
	read_fields(events, plan->event, &record);
	free(copy);
}

static void print_all(struct rbmap_events *events, const struct tep_event *event,
		      struct fuzz_in *in, size_t most)
{
	uint32_t size = in->size < RECORD_MAX ? in->size : RECORD_MAX;
	bool swap = tep_is_file_bigendian(events->tep) !=
		    tep_is_local_bigendian(events->tep);
	uint16_t id = swap ? __builtin_bswap16(event->id) : event->id;
	unsigned char data[RECORD_MAX];
	const struct format_plan *plan;
	struct rbmap_record record = { .data = data, .size = size };

	if (size < sizeof(id))
		return;
	memcpy(data, in->bytes, size);
	memcpy(data, &id, sizeof(id));
	plan = rbmap_events_plan(events, &record);
	if (!plan)
		return;
	for (uint32_t nr = sizeof(id); nr < size; nr += nr < 128 ? 1 : 7)
		print(events, plan, data, nr, most);
	print(events, plan, data, size, most);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_in in = { bytes, size };
	unsigned int bits = fuzz_number(&in, 1);
	const uint8_t *end = in.size ? memchr(in.bytes, '\0', in.size) : NULL;
	const uint8_t *text = in.bytes;
	size_t text_size = end ? (size_t)(end - text) : in.size;
	struct rbmap_events *events = make_events(bits);
	const struct tep_event *event = parse(events, bits, text, text_size);

	in.bytes += text_size + !!end;
	in.size -= text_size + !!end;
	if (event)
		print_all(events, event, &in, text_size * PRINTED_MAX(RECORD_MAX));
	rbmap_events_close(events);
	return 0;
}
