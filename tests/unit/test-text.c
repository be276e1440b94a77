// SPDX-License-Identifier: GPL-2.0-only
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/json.h"
#include "base/text.h"
#include "random.h"
#include "run.h"

static void expect(struct text *text, const char *wanted)
{
	text_char(text, '\0');
	if (text->failed || strcmp(text->buffer, wanted) != 0)
		ck_abort_msg("\"%s\" instead of \"%s\"", text->buffer, wanted);
	text->used = 0;
}

/* Of each number of digits as many, and the ends of the types. */
static uint64_t any_number(struct random *random)
{
	static const uint64_t ends[] = { 0,	     1,
					 9,	     10,
					 99,	     100,
					 9999,	     10000,
					 INT32_MAX,  INT64_MAX,
					 UINT64_MAX, UINT32_MAX,
					 1u << 31u,  (uint64_t)1 << 63 };

	if (!random_below(random, 4))
		return ends[random_below(random, sizeof(ends) / sizeof(*ends))];
	return random_next(random) >> random_below(random, 64);
}

START_TEST(plain_numbers)
{
	struct random random = { .state = 1 };
	struct text text = { 0 };
	char wanted[128];

	for (int i = 0; i < 100000; i++) {
		uint64_t value = any_number(&random);

		rbmap_text_unsigned(&text, value);
		text_char(&text, ' ');
		rbmap_text_signed(&text, value);
		text_char(&text, ' ');
		rbmap_text_hex(&text, value);
		text_char(&text, ' ');
		rbmap_text_digits(&text, value, 6);
		snprintf(wanted, sizeof(wanted), "%llu %lld %llx %06llu",
			 (unsigned long long)value, (long long)value,
			 (unsigned long long)value, (unsigned long long)value);
		expect(&text, wanted);
	}
	free(text.buffer);
}
END_TEST

/* Where digits become one more, and where they are written in more than one piece. */
START_TEST(decimal_numbers_of_each_length)
{
	struct text text = { 0 };
	char wanted[32];

	for (uint64_t power = 1;; power *= 10) {
		for (uint64_t value = power - 1; value <= power + 1; value++) {
			rbmap_text_unsigned(&text, value);
			snprintf(wanted, sizeof(wanted), "%llu",
				 (unsigned long long)value);
			expect(&text, wanted);
		}
		if (power > UINT64_MAX / 10)
			break;
	}
	for (uint32_t value = 0; value < 100000; value++) {
		rbmap_text_digits(&text, value * UINT64_C(1000), 9);
		snprintf(wanted, sizeof(wanted), "%09u", value * 1000);
		expect(&text, wanted);
	}
	free(text.buffer);
}
END_TEST

static void random_style(struct random *random, struct text_style *style, char *format)
{
	style->left = random_below(random, 2);
	style->zeros = random_below(random, 2);
	style->prefix = random_below(random, 2);
	style->width = random_below(random, 2) ? random_below(random, 24) : 0;
	style->precision = (int)random_below(random, 48) - 24;
	if (style->precision < 0)
		style->precision = -1;
	format += sprintf(format, "%%%s%s%s", style->left ? "-" : "",
			  style->zeros ? "0" : "", style->prefix ? "#" : "");
	if (style->width)
		format += sprintf(format, "%u", style->width);
	if (style->precision >= 0)
		sprintf(format, ".%d", style->precision);
}

/* The formats are made here; the compiler cannot look at them. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

START_TEST(numbers_in_any_style)
{
	static const struct {
		const char *conversion;
		uint8_t base;
		bool upper;
	} bases[] = { { "lld", 10, false },
		      { "llu", 10, false },
		      { "llx", 16, false },
		      { "llX", 16, true },
		      { "llo", 8, false } };
	struct random random = { .state = 2 };
	struct text text = { 0 };
	char format[64], wanted[128];

	for (int i = 0; i < 100000; i++) {
		uint64_t value = any_number(&random);
		bool negative = i % 5 == 0 && value >> 63;
		struct text_style style = { .base = bases[i % 5].base,
					    .upper = bases[i % 5].upper };

		random_style(&random, &style, format);
		/* Its meaning for a decimal is not defined. */
		if (style.base == 10 && style.prefix)
			continue;
		strcat(format, bases[i % 5].conversion);
		snprintf(wanted, sizeof(wanted), format, value);
		rbmap_text_number(&text, &style, negative ? -value : value, negative);
		expect(&text, wanted);
	}
	free(text.buffer);
}
END_TEST

START_TEST(strings_in_any_style)
{
	struct random random = { .state = 3 };
	struct text text = { 0 };
	char format[64], wanted[128], string[17] = "sixteen letters!";

	for (int i = 0; i < 10000; i++) {
		struct text_style style = { 0 };

		random_style(&random, &style, format);
		if (style.zeros || style.prefix)
			continue;
		strcat(format, "s");
		snprintf(wanted, sizeof(wanted), format, string + i % 17);
		rbmap_text_bytes(&text, &style, string + i % 17, 17 - i % 17);
		expect(&text, wanted);
	}
	free(text.buffer);
}
END_TEST

static void plain_json(char *at, const unsigned char *bytes, size_t size)
{
	*at++ = '"';
	for (size_t i = 0; i < size && bytes[i]; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\t')
			at += sprintf(at, "\\%c", bytes[i] == '\n' ? 'n' : 't');
		else if (bytes[i] == '"' || bytes[i] == '\\')
			at += sprintf(at, "\\%c", bytes[i]);
		else if (bytes[i] < ' ' || bytes[i] == 0x7f)
			at += sprintf(at, "\\u%04x", bytes[i]);
		else if (bytes[i] >= 0x80)
			at += sprintf(at, "\xef\xbf\xbd");
		else
			*at++ = bytes[i];
	}
	strcpy(at, "\"");
}

/* Eight bytes are looked at together: none may hide behind another. */
START_TEST(json_strings_with_any_byte_anywhere)
{
	struct random random = { .state = 3 };
	struct text text = { 0 };
	unsigned char bytes[24];
	char wanted[200];

	for (unsigned int i = 0; i < 200000; i++) {
		size_t size = random_below(&random, sizeof(bytes) + 1);
		unsigned int nr = random_below(&random, 4);

		for (size_t at = 0; at < size; at++)
			bytes[at] = 'a' + at;
		/* No two of them make a UTF-8 character. */
		while (size && nr--)
			bytes[random_below(&random, size)] =
				random_below(&random, 0xc0);
		rbmap_json_string(&text, (const char *)bytes, size);
		plain_json(wanted, bytes, size);
		expect(&text, wanted);
	}
	free(text.buffer);
}
END_TEST

START_TEST(sequences_take_what_was_put)
{
	struct trace_seq seq;
	struct text text;

	trace_seq_init(&seq);
	trace_seq_puts(&seq, "before ");
	text = rbmap_text_from_seq(&seq);
	for (int i = 0; i < 10000; i++)
		text_string(&text, "0123456789");
	rbmap_text_to_seq(&text, &seq);
	trace_seq_puts(&seq, " after");
	trace_seq_terminate(&seq);
	ck_assert_uint_eq(seq.len, 7 + 100000 + 6);
	ck_assert(!strncmp(seq.buffer, "before 0123", 11));
	ck_assert_str_eq(seq.buffer + seq.len - 7, "9 after");
	seq.state = TRACE_SEQ__MEM_ALLOC_FAILED;
	text = rbmap_text_from_seq(&seq);
	text_string(&text, "lost");
	ck_assert(text.failed);
	rbmap_text_to_seq(&text, &seq);
	ck_assert_uint_eq(seq.len, 7 + 100000 + 6);
	seq.state = TRACE_SEQ__GOOD;
	trace_seq_destroy(&seq);
}
END_TEST

START_TEST(no_text_is_longer_than_a_sequence_can_tell)
{
	struct text text = { 0 };

	text_string(&text, "begin");
	ck_assert_ptr_null(text_room(&text, (size_t)1 << 31));
	ck_assert(text.failed);
	ck_assert_uint_eq(text.used, 5);
	ck_assert_ptr_null(text_room(&text, SIZE_MAX));
	free(text.buffer);
}
END_TEST

/* Byte by byte, what rbmap_text_escape() finds eight at once. */
static void put_escaped(struct text *text, const char *bytes, size_t size, bool layout)
{
	char escape[ESCAPE_MOST + 1];
	size_t length;

	for (size_t at = 0; at < size; at += length) {
		length = escape_plain((const unsigned char *)bytes + at, size - at);
		if (!length && layout && escape_is_layout(bytes[at]))
			length = 1;
		text_put(text, bytes + at, length);
		if (length)
			continue;
		text_put(text, escape, escape_write(escape, bytes[at]));
		length = 1;
	}
}

START_TEST(control_characters_anywhere)
{
	static const char odd[] =
		"\n\t\x1b\x7f\xc2\x9b\xc3\xa4\xe2\x82\xac\xff\x01\"\\";
	struct random random = { .state = 3 };
	struct text text = { 0 }, wanted = { 0 };
	char bytes[64];

	for (int i = 0; i < 100000; i++) {
		size_t size = random_below(&random, sizeof(bytes) + 1), from;
		bool layout = random_below(&random, 2);

		for (size_t at = 0; at < size; at++)
			bytes[at] = random_below(&random, 8) ?
					    (char)(' ' + random_below(&random, 95)) :
					    odd[random_below(&random, sizeof(odd) - 1)];
		from = random_below(&random, size + 1);
		text.used = 0;
		wanted.used = 0;
		text_put(&text, bytes, size);
		rbmap_text_escape(&text, from, layout);
		text_put(&wanted, bytes, from);
		put_escaped(&wanted, bytes + from, size - from, layout);
		ck_assert_uint_eq(text.used, wanted.used);
		ck_assert(!memcmp(text.buffer, wanted.buffer, text.used));
	}
	free(text.buffer);
	free(wanted.buffer);
}
END_TEST

START_TEST(escapes_are_those_of_c)
{
	struct text text = { 0 };

	text_string(&text, "a\x1b[1m\n\tb\\ \xc3\xa4\xc2\x9b\x9b\x7f");
	rbmap_text_escape(&text, 0, false);
	expect(&text, "a\\x1b[1m\\n\\tb\\ \xc3\xa4\\xc2\\x9b\\x9b\\x7f");
	text_string(&text, "\na\n\tb\r");
	rbmap_text_escape(&text, 1, true);
	expect(&text, "\na\n\tb\\x0d");
	free(text.buffer);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		plain_numbers,
		decimal_numbers_of_each_length,
		numbers_in_any_style,
		strings_in_any_style,
		json_strings_with_any_byte_anywhere,
		control_characters_anywhere,
		escapes_are_those_of_c,
		sequences_take_what_was_put,
		no_text_is_longer_than_a_sequence_can_tell,
	};

	return RUN_TESTS("text", tests);
}
