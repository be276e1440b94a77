// SPDX-License-Identifier: LGPL-2.1-only
/* Arrays of bytes and numbers as text. */
#include "format/run.h"

static const char *digits_of(bool upper)
{
	return upper ? "0123456789ABCDEF" : "0123456789abcdef";
}

static char *write_byte(char *at, unsigned char byte, const char *digits)
{
	*at++ = digits[byte >> 4];
	*at++ = digits[byte & 15];
	return at;
}

/* Where the array lies, and how many of its elements are in the record. */
static const unsigned char *find_array(struct format_run *run,
				       const struct format_step *step,
				       unsigned int element, uint32_t *nr)
{
	uint32_t wanted = format_evaluate(run, step->value);
	uint32_t offset = step->offset, size;

	if (step->dynamic)
		rbmap_format_locate(run, step->offset, step->relative, &offset, &size);
	if (wanted > (run->size - offset) / element) {
		wanted = (run->size - offset) / element;
		run->outside = true;
	}
	*nr = wanted;
	return run->data + offset;
}

static void put_hex_dump(struct format_run *run, const struct format_step *step,
			 struct text *text)
{
	uint32_t nr;
	const unsigned char *bytes = find_array(run, step, 1, &nr);
	char *at = text_room(text, 3 * (size_t)nr);

	if (!at)
		return;
	for (uint32_t i = 0; i < nr; i++) {
		if (i && step->separator)
			*at++ = step->separator;
		at = write_byte(at, bytes[i], digits_of(false));
	}
	text->used = at - text->buffer;
}

static void put_array(struct format_run *run, const struct format_step *step,
		      struct text *text)
{
	uint32_t nr;
	const unsigned char *bytes = find_array(run, step, step->element, &nr);

	for (uint32_t i = 0; i < nr; i++) {
		if (i)
			text_char(text, ' ');
		rbmap_text_unsigned(text, format_read(bytes + i * step->element,
						      step->element, run->plan->swap));
	}
}

static void put_array_braces(struct format_run *run, const struct format_step *step,
			     struct text *text)
{
	uint32_t nr;
	const unsigned char *bytes = find_array(run, step, step->element, &nr);

	text_char(text, '{');
	for (uint32_t i = 0; i < nr; i++) {
		text_string(text, i ? ",0x" : "0x");
		rbmap_text_hex(text, format_read(bytes + i * step->element,
						 step->element, run->plan->swap));
	}
	text_char(text, '}');
}

/* Words of 32 bits, the last first. */
static void put_words(const unsigned char *bytes, uint32_t size, struct text *text)
{
	char *at = text_room(text, 3 * (size_t)size);

	if (!at)
		return;
	for (uint32_t i = size; i--;) {
		at = write_byte(at, bytes[i], digits_of(false));
		if (i && i % 4 == 0)
			*at++ = ',';
	}
	text->used = at - text->buffer;
}

static bool has_bit(const unsigned char *bytes, uint32_t bit)
{
	return bytes[bit / 8] >> bit % 8 & 1;
}

static void put_cpus(const unsigned char *bytes, uint32_t size, struct text *text)
{
	const char *separator = "";
	uint32_t end;

	for (uint32_t bit = 0; bit < 8 * size; bit = end + 1) {
		for (end = bit; end < 8 * size && has_bit(bytes, end);)
			end++;
		if (end == bit)
			continue;
		text_string(text, separator);
		rbmap_text_unsigned(text, bit);
		if (end > bit + 1) {
			text_char(text, '-');
			rbmap_text_unsigned(text, end - 1);
		}
		separator = ",";
	}
}

static void put_bits(struct format_run *run, const struct format_step *step,
		     struct text *text)
{
	const struct text_style style = rbmap_format_style(run, step);
	uint32_t offset, size;

	rbmap_format_locate(run, step->offset, step->relative, &offset, &size);
	/* Padding and cutting needs the whole text first; no kernel format does it. */
	if (style.width || style.precision >= 0) {
		run->give_up = true;
		return;
	}
	if (step->kind == STEP_CPUMASK)
		put_cpus(run->data + offset, size, text);
	else
		put_words(run->data + offset, size, text);
}

static void put_mac(struct format_run *run, const struct format_step *step,
		    struct text *text)
{
	const unsigned char *bytes = run->data + step->offset;
	char *at = text_room(text, 18);

	if (!at)
		return;
	for (int i = 0; i < 6; i++) {
		if (i && step->separator)
			*at++ = step->separator;
		at = write_byte(at, bytes[step->element ? 5 - i : i], digits_of(false));
	}
	text->used = at - text->buffer;
}

static void put_uuid(struct format_run *run, const struct format_step *step,
		     struct text *text)
{
	static const uint8_t orders[2][16] = {
		{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
		{ 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 },
	};
	const unsigned char *bytes = run->data + step->offset;
	const uint8_t *order = orders[step->element];
	char *at = text_room(text, 36);

	if (!at)
		return;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		at = write_byte(at, bytes[order[i]], digits_of(step->upper));
	}
	text->used = at - text->buffer;
}

void rbmap_format_dump(struct format_run *run, const struct format_step *step,
		       struct text *text)
{
	switch (step->kind) {
	case STEP_HEX_DUMP:
		put_hex_dump(run, step, text);
		break;
	case STEP_ARRAY:
		put_array(run, step, text);
		break;
	case STEP_ARRAY_BRACES:
		put_array_braces(run, step, text);
		break;
	case STEP_BITMASK:
	case STEP_CPUMASK:
		put_bits(run, step, text);
		break;
	case STEP_MAC:
		put_mac(run, step, text);
		break;
	default:
		put_uuid(run, step, text);
	}
}
