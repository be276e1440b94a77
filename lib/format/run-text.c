// SPDX-License-Identifier: LGPL-2.1-only
/* A plan over a record: text. */
#include "format/run.h"
#include "names/names.h"

#define NAME_WIDTH 20

void rbmap_format_put_name(const char *name, struct text *text)
{
	size_t width = strlen(name);

	text_char(text, ' ');
	text_put(text, name, width);
	text_put(text, ": ", 2);
	if (width < NAME_WIDTH)
		rbmap_text_fill(text, ' ', NAME_WIDTH - width);
}

/* The step's own, or a copy in @copy where a '*' stands in it. */
static inline const struct text_style *style_of(struct format_run *run,
						const struct format_step *step,
						struct text_style *copy)
{
	if (step->star == FORMAT_NONE)
		return &step->style;
	*copy = rbmap_format_style(run, step);
	return copy;
}

static void put_bytes(struct format_run *run, const struct format_step *step,
		      struct text *text, const char *bytes, size_t size)
{
	struct text_style copy;

	rbmap_text_bytes(text, style_of(run, step, &copy), bytes, size);
}

static uint64_t number_of(struct format_run *run, const struct format_step *step)
{
	unsigned int spare = 64 - 8 * step->bytes;
	uint64_t value = format_evaluate(run, step->value) << spare;

	return step->is_signed ? (uint64_t)((int64_t)value >> spare) : value >> spare;
}

static void put_number(struct format_run *run, const struct format_step *step,
		       struct text *text)
{
	struct text_style copy;
	uint64_t value = number_of(run, step);
	bool negative = step->is_signed && value >> 63;

	rbmap_text_number(text, style_of(run, step, &copy), negative ? -value : value,
			  negative);
}

/* Whatever it is: 0 as well, which printf(3) puts like any other. */
static void put_character(struct format_run *run, const struct format_step *step,
			  struct text *text)
{
	struct text_style copy;
	const struct text_style *style = style_of(run, step, &copy);
	char character = (char)format_evaluate(run, step->value);

	if (style->width > 1 && !style->left)
		rbmap_text_fill(text, ' ', style->width - 1);
	text_char(text, character);
	if (style->width > 1 && style->left)
		rbmap_text_fill(text, ' ', style->width - 1);
}

/*
 * To be read before anything is put in front of it: a load right behind a wide store is
 * held back until it is known that they do not overlap.
 */
static inline uint64_t plain_number(struct format_run *run,
				    const struct format_step *step)
{
	const unsigned char *at = run->data + step->offset;
	uint32_t four;
	uint64_t eight;

	switch (step->load) {
	case LOAD_U64:
		memcpy(&eight, at, sizeof(eight));
		return eight;
	case LOAD_U32:
		memcpy(&four, at, sizeof(four));
		return four;
	case LOAD_S32:
		memcpy(&four, at, sizeof(four));
		return (int64_t)(int32_t)four;
	}
	return number_of(run, step);
}

static inline void put_decimal(const struct format_step *step, uint64_t value,
			       struct text *text)
{
	if (step->is_signed)
		rbmap_text_signed(text, value);
	else
		rbmap_text_unsigned(text, value);
}

static void put_address(struct text *text, uint64_t address)
{
	text_put(text, "0x", 2);
	rbmap_text_hex(text, address);
}

static const struct rbmap_function *
find_symbol(struct format_run *run, const struct format_step *step, uint64_t address)
{
	const struct rbmap_function *symbol;

	if (run->names)
		return rbmap_names_function(run->names, address);
	symbol = &run->functions[step->to];
	return symbol->name ? symbol : NULL;
}

static void put_function(struct format_run *run, const struct format_step *step,
			 struct text *text)
{
	uint64_t address = format_evaluate(run, step->value);
	const struct rbmap_function *symbol = find_symbol(run, step, address);

	if (!symbol) {
		if (step->kind != STEP_FUNCTION_BARE)
			text_put(text, "0x", 2);
		rbmap_text_hex(text, address);
		return;
	}
	text_put(text, symbol->name, symbol->length);
	if (step->kind == STEP_FUNCTION_OFFSET) {
		text_put(text, "+0x", 3);
		rbmap_text_hex(text, address - symbol->start);
	}
}

/* A plugin tells the caller twice. */
static void put_call_site(struct format_run *run, const struct format_step *step,
			  struct text *text)
{
	uint64_t address = format_evaluate(run, step->value);
	const struct rbmap_function *symbol = find_symbol(run, step, address);

	if (!symbol)
		return;
	text_char(text, '(');
	text_put(text, symbol->name, symbol->length);
	text_string(text, "+0x");
	rbmap_text_hex(text, address - symbol->start);
	text_string(text, ") ");
}

static void put_timer_function(struct format_run *run, const struct format_step *step,
			       struct text *text)
{
	static const struct text_style zeros = {
		.base = 16, .zeros = true, .width = 8, .precision = -1
	};
	uint64_t address = format_evaluate(run, step->value);
	const struct rbmap_function *symbol = find_symbol(run, step, address);

	if (symbol) {
		text_put(text, symbol->name, symbol->length);
		text_string(text, "/0x");
		rbmap_text_hex(text, symbol->start - address);
	} else {
		text_string(text, "0x");
		rbmap_text_number(text, &zeros, address, false);
	}
}

static void learn_comm(struct format_run *run, const struct format_step *step)
{
	rbmap_names_learn(run->names, format_evaluate(run, step->value),
			  (const char *)run->data + step->offset, step->size);
}

static void put_pointer(struct format_run *run, const struct format_step *step,
			struct text *text)
{
	uint64_t address = format_evaluate(run, step->value);

	if (address)
		put_address(text, address);
	else
		text_string(text, "(nil)");
}

static void put_flags(struct format_run *run, const struct format_step *step,
		      struct text *text)
{
	const struct format_plan *plan = run->plan;
	const struct format_row *row = plan->rows + step->first_row;
	const struct format_row *end = row + step->nr_rows;
	uint64_t value = format_evaluate(run, step->value);
	uint32_t separator = 0;

	for (; row < end; row++) {
		if (!value && (int64_t)row->value < 0) {
			text_put(text, plan->strings + row->string, row->length);
			break;
		}
		if ((int64_t)row->value <= 0 || (value & row->value) != row->value)
			continue;
		text_put_short(text, plan->strings + step->string, separator);
		put_bytes(run, step, text, plan->strings + row->string, row->length);
		separator = step->length;
		value &= ~row->value;
	}
	if (!value)
		return;
	text_put_short(text, plan->strings + step->string, separator);
	put_address(text, value);
}

static void put_symbol(struct format_run *run, const struct format_step *step,
		       struct text *text)
{
	const struct format_plan *plan = run->plan;
	const struct format_row *row = plan->rows + step->first_row;
	const struct format_row *end = row + step->nr_rows;
	uint64_t value = format_evaluate(run, step->value);

	for (; row < end; row++) {
		if (row->value != value)
			continue;
		put_bytes(run, step, text, plan->strings + row->string, row->length);
		return;
	}
	put_address(text, value);
}

static void put_dynamic(struct format_run *run, const struct format_step *step,
			struct text *text)
{
	uint32_t offset, size;

	rbmap_format_locate(run, step->offset, step->relative, &offset, &size);
	/* The size says only whether there is text: its 0 ends it. */
	if (size)
		put_bytes(run, step, text, (const char *)run->data + offset,
			  run->size - offset);
}

static void put_step(struct format_run *run, const struct format_step *step,
		     struct text *text)
{
	const char *data = (const char *)run->data;

	switch (step->kind) {
	case STEP_CHARACTER:
		put_character(run, step, text);
		break;
	case STEP_NUMBER:
		put_number(run, step, text);
		break;
	case STEP_POINTER:
		put_pointer(run, step, text);
		break;
	case STEP_FUNCTION:
	case STEP_FUNCTION_OFFSET:
	case STEP_FUNCTION_BARE:
		put_function(run, step, text);
		break;
	case STEP_CALL_SITE:
		put_call_site(run, step, text);
		break;
	case STEP_TIMER_FUNCTION:
		put_timer_function(run, step, text);
		break;
	case STEP_LEARN_COMM:
		if (run->names)
			learn_comm(run, step);
		break;
	case STEP_TEXT_FIELD:
		put_bytes(run, step, text, data + step->offset, step->size);
		break;
	case STEP_TEXT_REST:
		put_bytes(run, step, text, data + step->offset,
			  run->size - step->offset);
		break;
	case STEP_TEXT_DYNAMIC:
		put_dynamic(run, step, text);
		break;
	case STEP_FLAGS:
		put_flags(run, step, text);
		break;
	case STEP_SYMBOL:
		put_symbol(run, step, text);
		break;
	case STEP_DURATION:
	case STEP_INDENT:
		rbmap_format_tracer(run, step, text);
		break;
	default:
		rbmap_format_dump(run, step, text);
	}
}

static inline void put_literal(const struct format_plan *plan,
			       const struct format_step *step, struct text *text)
{
	text_put_short(text, plan->strings + step->string, step->length);
}

static void put_steps(struct format_run *run, size_t from, size_t to, struct text *text)
{
	const struct format_plan *plan = run->plan;
	const struct format_step *step = plan->steps;
	const struct format_step *end;
	uint64_t value;

	/* A print format may be empty. */
	if (!step)
		return;
	end = step + to;
	step += from;
	while (step < end && !run->give_up) {
		switch (step->kind) {
		case STEP_LITERAL:
			put_literal(plan, step, text);
			break;
		case STEP_DECIMAL:
			put_decimal(step, plain_number(run, step), text);
			break;
		case STEP_HEXADECIMAL:
			rbmap_text_hex(text, plain_number(run, step));
			break;
		case STEP_LITERAL_DECIMAL:
			value = plain_number(run, step);
			put_literal(plan, step, text);
			put_decimal(step, value, text);
			step += 2;
			continue;
		case STEP_LITERAL_HEXADECIMAL:
			value = plain_number(run, step);
			put_literal(plan, step, text);
			rbmap_text_hex(text, value);
			step += 2;
			continue;
		case STEP_UNLESS:
			if (!format_evaluate(run, step->value)) {
				step = plan->steps + step->to;
				continue;
			}
			break;
		case STEP_JUMP:
			step = plan->steps + step->to;
			continue;
		default:
			put_step(run, step, text);
		}
		step++;
	}
}

static void put_all(struct format_run *run, struct text *text)
{
	size_t begin = text->used;

	put_steps(run, 0, run->plan->nr_steps, text);
	if (run->give_up) {
		text->used = begin;
		return;
	}
	if (text->used > begin && text->buffer[text->used - 1] == '\n')
		text->used--;
	if (run->outside)
		text_string(text, " [FIELD OUTSIDE THE RECORD]");
}

void rbmap_format_put_steps(const struct format_plan *plan, size_t from, size_t to,
			    const void *data, uint32_t size, struct text *text)
{
	struct format_run run = { .plan = plan, .data = data, .size = size };

	put_steps(&run, from, to, text);
}

bool rbmap_format_text(const struct format_plan *plan, struct rbmap_names *names,
		       const void *data, uint32_t size, struct text *text)
{
	struct format_run run = {
		.plan = plan,
		.names = names,
		.data = data,
		.size = size,
	};

	put_all(&run, text);
	return !run.give_up;
}

void rbmap_format_resolve(const struct format_plan *plan, struct rbmap_names *names,
			  const void *data, uint32_t size,
			  struct rbmap_function *functions)
{
	struct format_run run = {
		.plan = plan,
		.names = names,
		.data = data,
		.size = size,
	};

	for (size_t i = 0; i < plan->nr_lookups; i++) {
		const struct format_step *step = &plan->steps[plan->lookups[i]];
		const struct rbmap_function *symbol;

		if (step->kind == STEP_LEARN_COMM) {
			learn_comm(&run, step);
			continue;
		}
		symbol =
			rbmap_names_function(names, format_evaluate(&run, step->value));
		functions[step->to] = symbol ? *symbol : (struct rbmap_function){ 0 };
	}
}

void rbmap_format_resolved_text(const struct format_plan *plan,
				const struct rbmap_function *functions,
				const void *data, uint32_t size, struct text *text)
{
	struct format_run run = {
		.plan = plan,
		.functions = functions,
		.data = data,
		.size = size,
	};

	put_all(&run, text);
}
