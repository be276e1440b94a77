// SPDX-License-Identifier: LGPL-2.1-only
/* The print format: a format of printf(3), read as libtraceevent reads it. */
#include <ctype.h>
#include <stdlib.h>

#include "format/build.h"

#define WIDTH_MAX 4096

/* A conversion on its way. */
struct conversion {
	const char *at;
	struct format_step step;
	int longs;
	bool star_width, star_precision;
};

static bool read_count(struct format_build *build, struct conversion *c, int *ret)
{
	int count = 0;

	for (; isdigit((unsigned char)*c->at); c->at++) {
		count = 10 * count + *c->at - '0';
		if (count > WIDTH_MAX)
			return rbmap_build_refuse(build, "a width that is too large");
	}
	*ret = count;
	return true;
}

static bool read_widths(struct format_build *build, struct conversion *c)
{
	int count;

	for (;; c->at++) {
		if (*c->at == '-')
			c->step.style.left = true;
		else if (*c->at == '0')
			c->step.style.zeros = true;
		else if (*c->at == '#')
			c->step.style.prefix = true;
		else if (*c->at == '+')
			c->step.style.plus = true;
		else
			break;
	}
	c->step.style.precision = -1;
	if (*c->at == '*') {
		c->star_width = true;
		c->at++;
	} else if (!read_count(build, c, &count)) {
		return false;
	} else {
		c->step.style.width = count;
	}
	if (*c->at != '.')
		return true;
	c->at++;
	if (*c->at == '*') {
		c->star_precision = true;
		c->at++;
		return true;
	}
	if (!read_count(build, c, &count))
		return false;
	c->step.style.precision = count;
	return true;
}

static void read_longs(struct conversion *c)
{
	for (;; c->at++) {
		if (*c->at == 'l')
			c->longs++;
		else if (*c->at == 'h')
			c->longs--;
		else if (*c->at == 'L')
			c->longs = 2;
		else if (*c->at == 'z' || *c->at == 'Z')
			c->longs = 1;
		else
			return;
	}
}

static bool take_number(struct format_build *build, const struct tep_print_arg **arg,
			uint16_t *ret)
{
	*ret = rbmap_build_number(build, *arg);
	if (*ret == FORMAT_NONE)
		return false;
	*arg = (*arg)->next;
	return true;
}

static bool add_number(struct format_build *build, struct conversion *c,
		       const struct tep_print_arg **arg)
{
	static const uint8_t bytes[] = { 1, 2, 4, 8, 8 };
	struct format_step *step = &c->step;

	if (c->longs < -2 || c->longs > 2)
		return rbmap_build_refuse(build, "a number of an unusual size");
	if (c->star_precision)
		return rbmap_build_refuse(build, "a '*' as the precision of a number");
	step->kind = STEP_NUMBER;
	step->bytes = bytes[c->longs + 2];
	step->is_signed = *c->at == 'd' || *c->at == 'i';
	step->style.plus &= step->is_signed;
	step->style.upper = *c->at == 'X';
	step->style.base = 10;
	if (*c->at == 'x' || *c->at == 'X')
		step->style.base = 16;
	else if (*c->at == 'o')
		step->style.base = 8;
	if (step->style.base == 10 && step->style.prefix)
		return rbmap_build_refuse(build, "a '#' flag for a decimal number");
	if (!take_number(build, arg, &step->value))
		return false;
	if (!step->style.width && step->style.precision < 0 && !c->star_width &&
	    !step->style.prefix && !step->style.plus && !step->style.upper &&
	    step->style.base != 8)
		step->kind = step->style.base == 10 ? STEP_DECIMAL : STEP_HEXADECIMAL;
	c->at++;
	return rbmap_build_step(build, step);
}

/*
 * libtraceevent 1.7.1 has neither this nor '+', and takes no argument for it, so that
 * those that follow are printed in the wrong places. The kernel's meaning is known.
 */
static bool add_character(struct format_build *build, struct conversion *c,
			  const struct tep_print_arg **arg)
{
	if (c->step.style.zeros || c->step.style.prefix || c->star_precision)
		return rbmap_build_refuse(build, "a character with flags for numbers");
	c->step.kind = STEP_CHARACTER;
	c->step.value = rbmap_build_character(build, *arg);
	if (c->step.value == FORMAT_NONE)
		return false;
	*arg = (*arg)->next;
	c->at++;
	return rbmap_build_step(build, &c->step);
}

static bool add_address(struct format_build *build, struct conversion *c,
			const struct tep_print_arg *arg)
{
	const struct tep_format_field *field;
	struct format_step *step = &c->step;
	bool is_mac = *c->at == 'M' || *c->at == 'm';

	if (arg->type != TEP_PRINT_FIELD)
		return rbmap_build_refuse(build, "an address that is not a field");
	field = rbmap_build_field(build, arg);
	if (!field || field->size != (is_mac ? 6 : 16) ||
	    !rbmap_build_covers(build, field))
		return rbmap_build_refuse(build, "an address of an unusual size");
	step->offset = field->offset;
	step->kind = is_mac ? STEP_MAC : STEP_UUID;
	if (is_mac && *c->at == 'M')
		step->separator = ':';
	c->at++;
	if (is_mac && !step->separator && *c->at == 'R')
		return rbmap_build_refuse(build, "an address backwards");
	if (is_mac && step->separator && *c->at == 'F') {
		step->separator = '-';
		c->at++;
	} else if (is_mac && step->separator && *c->at == 'R') {
		step->element = 1;
		c->at++;
	} else if (!is_mac && strchr("bBlL", *c->at) && *c->at) {
		step->element = tolower(*c->at) == 'l';
		step->upper = isupper((unsigned char)*c->at);
		c->at++;
	}
	return rbmap_build_step(build, step);
}

static bool add_pointer(struct format_build *build, struct conversion *c,
			const struct tep_print_arg **arg)
{
	if (c->star_width || c->star_precision || !*arg)
		return rbmap_build_refuse(build, "a '*' for a pointer");
	c->at++;
	if (*c->at == 'M' || *c->at == 'm' || *c->at == 'U') {
		if (!add_address(build, c, *arg))
			return false;
		*arg = (*arg)->next;
		return true;
	}
	if (*c->at && strchr("Iih", *c->at))
		return rbmap_build_refuse(build, "a network address or a hex dump");
	c->step.kind = STEP_POINTER;
	if (*c->at == 's' || *c->at == 'f')
		c->step.kind = STEP_FUNCTION;
	else if (*c->at == 'S' || *c->at == 'F')
		c->step.kind = STEP_FUNCTION_OFFSET;
	if (c->step.kind != STEP_POINTER)
		c->at++;
	return take_number(build, arg, &c->step.value) &&
	       rbmap_build_step(build, &c->step);
}

static bool add_text(struct format_build *build, struct conversion *c,
		     const struct tep_print_arg **arg)
{
	if (c->longs)
		return rbmap_build_refuse(build, "a string of wide characters");
	/* The first of the two zeros and signs that printf(3) does not define. */
	if (c->step.style.zeros || c->step.style.prefix)
		return rbmap_build_refuse(build, "a string with flags for numbers");
	if (!rbmap_build_text(build, *arg, &c->step))
		return false;
	*arg = (*arg)->next;
	c->at++;
	return true;
}

/* From behind the '%'. What libtraceevent does not know it prints as such. */
static bool add_conversion(struct format_build *build, const char **format,
			   const struct tep_print_arg **arg)
{
	struct conversion c = { .at = *format, .step.star = FORMAT_NONE };
	char unknown[] = ">.<";
	bool done;

	if (!read_widths(build, &c))
		return false;
	if (c.star_width && c.star_precision)
		return rbmap_build_refuse(build, "two '*'");
	if ((c.star_width || c.star_precision) &&
	    !take_number(build, arg, &c.step.star))
		return false;
	c.step.star_is_width = c.star_width;
	read_longs(&c);
	if (!*c.at)
		return rbmap_build_refuse(build, "an incomplete conversion");
	if (strchr("diuxXo", *c.at)) {
		done = add_number(build, &c, arg);
	} else if (*c.at == 'c') {
		done = add_character(build, &c, arg);
	} else if (*c.at == 's') {
		done = add_text(build, &c, arg);
	} else if (*c.at == 'p') {
		done = add_pointer(build, &c, arg);
	} else if (strchr("#*.-+0123456789", *c.at)) {
		return rbmap_build_refuse(
			build, "a conversion with its parts in an unusual order");
	} else {
		unknown[1] = *c.at++;
		done = rbmap_build_literal(build, unknown, 3);
	}
	*format = c.at;
	return done;
}

static char unescape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	}
	return c;
}

bool rbmap_build_print_format(struct format_build *build)
{
	const char *format = build->plan->event->print_fmt.format;
	const struct tep_print_arg *arg = build->plan->event->print_fmt.args;
	struct text literal = { 0 };
	bool good = true;

	while (good && *format) {
		if (*format == '%' && format[1] != '%') {
			good = rbmap_build_literal(build, literal.buffer, literal.used);
			literal.used = 0;
			format++;
			good = good && add_conversion(build, &format, &arg);
			continue;
		}
		if (*format == '%' || (*format == '\\' && format[1]))
			text_char(&literal, unescape(*++format));
		else
			text_char(&literal, *format);
		format++;
	}
	if (good && literal.failed)
		good = rbmap_build_out_of_memory(build);
	good = good && rbmap_build_literal(build, literal.buffer, literal.used);
	free(literal.buffer);
	return good;
}
