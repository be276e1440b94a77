// SPDX-License-Identifier: LGPL-2.1-only
#include "format/run.h"

/* A record that asks for more is not believed. */
#define STAR_MAX 4096

void rbmap_format_locate(struct format_run *run, uint32_t locator, bool relative,
			 uint32_t *offset, uint32_t *size)
{
	uint32_t word = format_read(run->data + locator, sizeof(word), run->plan->swap);

	*offset = word & 0xffff;
	*size = word >> 16;
	if (relative)
		*offset += locator + sizeof(word);
	if (*offset > run->size) {
		*offset = 0;
		*size = 0;
		run->outside = true;
	} else if (*size > run->size - *offset) {
		*size = 0;
		run->outside = true;
	}
}

static uint64_t read_at(struct format_run *run, uint64_t offset, unsigned int size)
{
	if (offset > run->size || size > run->size - offset) {
		run->outside = true;
		return 0;
	}
	return format_read(run->data + offset, size, run->plan->swap);
}

static uint64_t element(struct format_run *run, const struct format_value *value)
{
	uint64_t index = format_evaluate(run, value->left);
	uint64_t offset;

	/* Whatever is multiplied, the sum stays in its range. */
	if (index > UINT32_MAX) {
		run->outside = true;
		return 0;
	}
	offset = value->offset + index * value->size;
	return read_at(run, offset, value->size);
}

static uint64_t dynamic_element(struct format_run *run,
				const struct format_value *value)
{
	uint64_t index = format_evaluate(run, value->left);
	uint32_t offset, size;

	rbmap_format_locate(run, value->offset, value->relative, &offset, &size);
	if (index > UINT32_MAX) {
		run->outside = true;
		return 0;
	}
	return read_at(run, offset + index, value->size);
}

/* Division by 0 ends libtraceevent's program; here it is 0. */
static uint64_t arithmetic(uint8_t kind, uint64_t left, uint64_t right)
{
	switch (kind) {
	case VALUE_ADD:
		return left + right;
	case VALUE_SUBTRACT:
		return left - right;
	case VALUE_MULTIPLY:
		return left * right;
	case VALUE_DIVIDE:
		return right ? left / right : 0;
	case VALUE_REMAINDER:
		return right ? left % right : 0;
	case VALUE_SHIFT_LEFT:
		return left << (right & 63);
	case VALUE_SHIFT_RIGHT:
		return left >> (right & 63);
	case VALUE_BIT_AND:
		return left & right;
	case VALUE_BIT_OR:
		return left | right;
	case VALUE_AND:
		return left && right;
	case VALUE_OR:
		return left || right;
	case VALUE_EQUAL:
		return left == right;
	case VALUE_NOT_EQUAL:
		return left != right;
	case VALUE_LESS:
		return left < right;
	case VALUE_LESS_EQUAL:
		return left <= right;
	case VALUE_GREATER:
		return left > right;
	case VALUE_GREATER_EQUAL:
		return left >= right;
	}
	return 0;
}

static uint64_t dynamic_length(struct format_run *run, const struct format_value *value)
{
	uint32_t offset, size;

	rbmap_format_locate(run, value->offset, value->relative, &offset, &size);
	return size;
}

uint64_t rbmap_format_compute(struct format_run *run, uint16_t value)
{
	const struct format_value *v = &run->plan->values[value];

	switch (v->kind) {
	case VALUE_CONSTANT:
		return v->constant;
	case VALUE_LOAD:
		return format_read(run->data + v->offset, v->size, run->plan->swap);
	case VALUE_LENGTH:
		return dynamic_length(run, v);
	case VALUE_ELEMENT:
		return element(run, v);
	case VALUE_DYNAMIC_ELEMENT:
		return dynamic_element(run, v);
	case VALUE_CHOICE:
		return format_evaluate(run, format_evaluate(run, v->left) ? v->right :
									    v->other);
	case VALUE_MASK:
		return format_evaluate(run, v->left) & v->constant;
	case VALUE_NOT:
		return !format_evaluate(run, v->right);
	case VALUE_INVERT:
		return ~format_evaluate(run, v->right);
	}
	return arithmetic(v->kind, format_evaluate(run, v->left),
			  format_evaluate(run, v->right));
}

struct text_style rbmap_format_style(struct format_run *run,
				     const struct format_step *step)
{
	struct text_style style = step->style;
	int64_t star;

	if (step->star == FORMAT_NONE)
		return style;
	star = (int32_t)format_evaluate(run, step->star);
	if (star > STAR_MAX)
		star = STAR_MAX;
	if (!step->star_is_width) {
		style.precision = star < 0 ? -1 : star;
		return style;
	}
	if (star < 0) {
		style.left = true;
		star = star < -STAR_MAX ? STAR_MAX : -star;
	}
	style.width = star;
	return style;
}

bool rbmap_format_is_safe(const struct format_plan *plan, const void *data,
			  uint32_t size)
{
	struct format_run run = { .plan = plan, .data = data, .size = size };
	uint64_t value;

	if (plan->distrusted || size < plan->min_size)
		return false;
	for (size_t i = 0; i < plan->nr_guards; i++) {
		value = format_evaluate(&run, plan->guards[i].value);
		if (value < plan->guards[i].least || value > plan->guards[i].most)
			return false;
	}
	return true;
}
