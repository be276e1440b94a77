/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Decimal numbers, eight digits at once, without a table and without a jump for each
 * digit: most of what a trace prints is numbers.
 */
#ifndef RBMAP_BASE_DECIMAL_H
#define RBMAP_BASE_DECIMAL_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* The longest is 20; stores are of eight. */
#define DECIMAL_ROOM 24
#define DECIMAL_EIGHT UINT32_C(100000000)

/*
 * Eight digits of a value below DECIMAL_EIGHT, not yet letters, the first in the lowest
 * byte. Halves of 32 bits have four digits each, then those of 16 bits two, then bytes
 * one: a quotient stays low, its remainder goes to the upper half. Divisions are
 * multiplications that are exact for as many digits as there are.
 */
static inline uint64_t decimal_digits(uint32_t value)
{
	uint64_t digits = value / 10000 | (uint64_t)(value % 10000) << 32, high;

	high = (digits * 10486) >> 20 & UINT64_C(0x0000007f0000007f);
	digits = high | (digits - 100 * high) << 16;
	high = (digits * 103) >> 10 & UINT64_C(0x000f000f000f000f);
	return high | (digits - 10 * high) << 8;
}

static inline void decimal_store(char *at, uint64_t digits)
{
	digits = htole64(digits);
	memcpy(at, &digits, sizeof(digits));
}

/* Writes eight digits, zeros in front. */
static inline void decimal_write_eight(char *at, uint32_t value)
{
	decimal_store(at, decimal_digits(value) | UINT64_C(0x3030303030303030));
}

/*
 * Of a value below DECIMAL_EIGHT. With jumps, which are foreseen: so what follows the
 * number does not wait until its digits are known.
 */
static inline unsigned int decimal_length(uint32_t value)
{
	if (value < 10000) {
		if (value < 100)
			return value < 10 ? 1 : 2;
		return value < 1000 ? 3 : 4;
	}
	if (value < 1000000)
		return value < 100000 ? 5 : 6;
	return value < 10000000 ? 7 : 8;
}

/* Writes a value below DECIMAL_EIGHT without zeros in front, and bytes behind it. */
static inline char *decimal_write_short(char *at, uint32_t value)
{
	unsigned int nr = decimal_length(value);
	uint64_t digits = decimal_digits(value) | UINT64_C(0x3030303030303030);

	decimal_store(at, digits >> 8 * (8 - nr));
	return at + nr;
}

/*
 * Writes up to DECIMAL_ROOM bytes, of which those behind the number mean nothing.
 * Returns where it ends.
 */
static inline char *decimal_write(char *at, uint64_t value)
{
	uint64_t high;

	if (value < 10) {
		*at = (char)('0' + value);
		return at + 1;
	}
	if (value < DECIMAL_EIGHT)
		return decimal_write_short(at, value);
	high = value / DECIMAL_EIGHT;
	if (high < DECIMAL_EIGHT) {
		at = decimal_write_short(at, high);
	} else {
		at = decimal_write_short(at, high / DECIMAL_EIGHT);
		decimal_write_eight(at, high % DECIMAL_EIGHT);
		at += 8;
	}
	decimal_write_eight(at, value % DECIMAL_EIGHT);
	return at + 8;
}

static inline char *decimal_write_signed(char *at, int64_t value)
{
	if (value >= 0)
		return decimal_write(at, value);
	*at = '-';
	return decimal_write(at + 1, -(uint64_t)value);
}

#endif
