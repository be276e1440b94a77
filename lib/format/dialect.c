// SPDX-License-Identifier: LGPL-2.1-only
#include "format/dialect.h"

#include <string.h>

#include <traceevent/event-parse.h>
#include <traceevent/trace-seq.h>

#define FIELDS \
	"ID: 1\nformat:\n" \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n" \
	"\tfield:u8 n[2];\toffset:2;\tsize:2;\tsigned:0;\n\n"

/* Each is an event of its own: one that cannot be parsed says nothing of the others. */
static bool prints(const char *format, const char *expected)
{
	/* Number 1, and the letter A. */
	static const unsigned char data[] = { 1, 0, 'A', 2 };
	struct tep_record record = { .data = (void *)data,
				     .size = sizeof(data),
				     .record_size = sizeof(data) };
	struct tep_handle *tep = tep_alloc();
	struct trace_seq out;
	bool same;

	if (!tep)
		return false;
	trace_seq_init(&out);
	if (!tep_parse_event(tep, format, strlen(format), "trial"))
		tep_print_event(tep, &out, &record, "%s", TEP_PRINT_INFO);
	same = out.len == strlen(expected) && !memcmp(out.buffer, expected, out.len);
	trace_seq_destroy(&out);
	tep_unref(tep);
	return same;
}

struct format_dialect rbmap_dialect_try(void)
{
	return (struct format_dialect){
		.has_char = prints("name: c\n" FIELDS "print fmt: \"%c\", REC->n[0]\n",
				   "A"),
		.has_plus = prints("name: p\n" FIELDS "print fmt: \"%+d\", REC->n[0]\n",
				   "+65"),
		.has_quotes =
			prints("name: q\n" FIELDS "print fmt: \"%d\", 'A'\n", "65"),
		.has_braces = prints("name: b\n" FIELDS "print fmt: \"%s\", "
				     "__print_array(REC->n, 2, 1)\n",
				     "{0x41,0x2}"),
	};
}
