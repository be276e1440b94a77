// SPDX-License-Identifier: LGPL-2.1-only
#include <endian.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/text.h"

#define FIRST_SIZE 1024
/* A trace_seq counts in 32 bits; only records of a broken format get near it. */
#define TEXT_MAX ((size_t)1 << 30)
#define HEX_MAX 16

bool rbmap_text_grow(struct text *text, size_t nr)
{
	size_t want = text->size ? text->size : FIRST_SIZE;
	char *buffer;

	if (text->used >= TEXT_MAX || nr >= TEXT_MAX - text->used)
		text->failed = true;
	if (text->failed)
		return false;
	while (want - text->used <= nr)
		want *= 2;
	buffer = realloc(text->buffer, want);
	if (!buffer) {
		text->failed = true;
		return false;
	}
	text->buffer = buffer;
	text->size = want;
	return true;
}

void rbmap_text_fill(struct text *text, char c, size_t nr)
{
	char *at = text_room(text, nr);

	if (!at)
		return;
	memset(at, c, nr);
	text->used += nr;
}

void rbmap_text_unsigned(struct text *text, uint64_t value)
{
	char *at = text_room(text, DECIMAL_ROOM);

	if (at)
		text->used = decimal_write(at, value) - text->buffer;
}

void rbmap_text_signed(struct text *text, int64_t value)
{
	char *at = text_room(text, DECIMAL_ROOM);

	if (at)
		text->used = decimal_write_signed(at, value) - text->buffer;
}

void rbmap_text_digits(struct text *text, uint64_t value, unsigned int nr)
{
	char digits[DECIMAL_ROOM];
	size_t length = decimal_write(digits, value) - digits;

	if (length < nr)
		rbmap_text_fill(text, '0', nr - length);
	text_put(text, digits, length);
}

static unsigned int power_digits(uint64_t value, unsigned int bits)
{
	return value ? (63 - __builtin_clzll(value)) / bits + 1 : 1;
}

static void write_power(char *end, uint64_t value, unsigned int bits, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	do {
		*--end = digits[value & ((1u << bits) - 1)];
		value >>= bits;
	} while (value);
}

/*
 * Eight digits at once, the first in the highest byte: each half of what there is moves
 * to the middle of its room, until each digit has a byte of its own; from 10 on it
 * becomes a letter.
 */
static uint64_t hex_digits(uint32_t value)
{
	uint64_t digits = value, letters;

	digits = (digits << 16 | digits) & UINT64_C(0x0000ffff0000ffff);
	digits = (digits << 8 | digits) & UINT64_C(0x00ff00ff00ff00ff);
	digits = (digits << 4 | digits) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	letters = (digits + UINT64_C(0x0606060606060606)) >> 4 &
		  UINT64_C(0x0101010101010101);
	return digits + UINT64_C(0x3030303030303030) + letters * ('a' - '0' - 10);
}

/* The last nr of eight digits; eight bytes are written. */
static void write_hex(char *at, uint32_t value, unsigned int nr)
{
	uint64_t digits = htobe64(hex_digits(value) << 8 * (8 - nr));

	memcpy(at, &digits, sizeof(digits));
}

/* No step for each digit, and no zeros in front that were to be moved out. */
void rbmap_text_hex(struct text *text, uint64_t value)
{
	unsigned int nr;
	char *at;

	if (value < 10) {
		text_char(text, '0' + value);
		return;
	}
	at = text_room(text, HEX_MAX);
	if (!at)
		return;
	nr = power_digits(value, 4);
	if (nr <= 8) {
		write_hex(at, value, nr);
	} else {
		write_hex(at, value >> 32, nr - 8);
		write_hex(at + nr - 8, value, 8);
	}
	text->used += nr;
}

/* Returns the number of digits. */
static size_t write_digits(char *digits, const struct text_style *style, uint64_t value)
{
	unsigned int bits = style->base == 16 ? 4 : 3;
	size_t nr;

	if (style->base == 10)
		return decimal_write(digits, value) - digits;
	nr = power_digits(value, bits);
	write_power(digits + nr, value, bits, style->upper);
	return nr;
}

static void put_padded(struct text *text, const struct text_style *style,
		       const char *prefix, size_t zeros, const char *digits, size_t nr)
{
	size_t length = strlen(prefix) + zeros + nr;
	size_t spaces = style->width > length ? style->width - length : 0;

	if (spaces && style->zeros && !style->left && style->precision < 0) {
		zeros += spaces;
		spaces = 0;
	}
	if (!style->left)
		rbmap_text_fill(text, ' ', spaces);
	text_string(text, prefix);
	rbmap_text_fill(text, '0', zeros);
	text_put(text, digits, nr);
	if (style->left)
		rbmap_text_fill(text, ' ', spaces);
}

void rbmap_text_number(struct text *text, const struct text_style *style,
		       uint64_t magnitude, bool negative)
{
	char digits[DECIMAL_ROOM];
	const char *prefix = negative ? "-" : style->plus ? "+" : "";
	size_t nr = 0, zeros = 0;

	if (magnitude || style->precision != 0)
		nr = write_digits(digits, style, magnitude);
	if (style->precision > 0 && (size_t)style->precision > nr)
		zeros = style->precision - nr;
	if (style->prefix && style->base == 16 && magnitude)
		prefix = style->upper ? "0X" : "0x";
	/* The 0 of an octal number is one of its digits. */
	if (style->prefix && style->base == 8 && !zeros && (!nr || *digits != '0'))
		zeros = 1;
	put_padded(text, style, prefix, zeros, digits, nr);
}

void rbmap_text_bytes(struct text *text, const struct text_style *style,
		      const char *bytes, size_t nr)
{
	size_t spaces;

	if (style->precision >= 0 && nr > (size_t)style->precision)
		nr = style->precision;
	nr = strnlen(bytes, nr);
	spaces = style->width > nr ? style->width - nr : 0;
	if (spaces && !style->left)
		rbmap_text_fill(text, ' ', spaces);
	text_put(text, bytes, nr);
	if (spaces && style->left)
		rbmap_text_fill(text, ' ', spaces);
}

struct text rbmap_text_from_seq(const struct trace_seq *seq)
{
	/* A sequence that was used after its end has no buffer of its own. */
	if (seq->state != TRACE_SEQ__GOOD)
		return (struct text){ .failed = true };
	return (struct text){
		.buffer = seq->buffer,
		.size = seq->buffer_size,
		.used = seq->len,
	};
}

void rbmap_text_to_seq(const struct text *text, struct trace_seq *seq)
{
	if (seq->state != TRACE_SEQ__GOOD)
		return;
	seq->buffer = text->buffer;
	seq->buffer_size = text->size;
	seq->len = text->used;
	if (text->failed)
		seq->state = TRACE_SEQ__MEM_ALLOC_FAILED;
}
