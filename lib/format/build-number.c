// SPDX-License-Identifier: LGPL-2.1-only
/* Numbers: from libtraceevent's arguments to values, and from values to numbers. */
#include <ctype.h>
#include <stdlib.h>

#include "format/build.h"
#include "format/run.h"
#include "names/names.h"

static const struct {
	const char *name;
	uint8_t kind;
} operators[] = {
	{ "+", VALUE_ADD },
	{ "-", VALUE_SUBTRACT },
	{ "*", VALUE_MULTIPLY },
	{ "/", VALUE_DIVIDE },
	{ "%", VALUE_REMAINDER },
	{ "<<", VALUE_SHIFT_LEFT },
	{ ">>", VALUE_SHIFT_RIGHT },
	{ "&", VALUE_BIT_AND },
	{ "|", VALUE_BIT_OR },
	{ "&&", VALUE_AND },
	{ "||", VALUE_OR },
	{ "==", VALUE_EQUAL },
	{ "!=", VALUE_NOT_EQUAL },
	{ "<", VALUE_LESS },
	{ "<=", VALUE_LESS_EQUAL },
	{ ">", VALUE_GREATER },
	{ ">=", VALUE_GREATER_EQUAL },
};

/* The casts that libtraceevent heeds, none of them with a sign; 0: it does nothing. */
static unsigned int cast_bytes(const char *type, size_t length, unsigned int long_size)
{
	static const struct {
		const char *name;
		unsigned int bytes;
	} types[] = {
		{ "u8", 1 },	{ "s8", 1 },
		{ "char", 1 },	{ "unsigned char", 1 },
		{ "u16", 2 },	{ "s16", 2 },
		{ "short", 2 }, { "unsigned short", 2 },
		{ "u32", 4 },	{ "s32", 4 },
		{ "int", 4 },	{ "unsigned int", 4 },
		{ "long", 0 },	{ "unsigned long", 0 },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (length == strlen(types[i].name) &&
		    !strncmp(type, types[i].name, length))
			return types[i].bytes ? types[i].bytes : long_size;
	return 0;
}

/* Of what the elements are that a pointer points to. */
static unsigned int pointed_bytes(const char *type, unsigned int long_size)
{
	size_t length = strlen(type) - 1;

	while (length && type[length - 1] == ' ')
		length--;
	return cast_bytes(type, length, long_size);
}

static bool is_pointer(const char *type)
{
	return *type && type[strlen(type) - 1] == '*';
}

static uint16_t build_mask(struct format_build *build, uint16_t left,
			   unsigned int bytes)
{
	struct format_value value = { .kind = VALUE_MASK, .left = left };

	if (left == FORMAT_NONE || !bytes || bytes >= sizeof(uint64_t))
		return left;
	value.constant = (UINT64_C(1) << (8 * bytes)) - 1;
	return rbmap_build_value(build, &value);
}

static uint16_t build_cast(struct format_build *build, const struct tep_print_arg *arg)
{
	const char *type = arg->typecast.type;
	unsigned int bytes = 0;

	if (!is_pointer(type))
		bytes = cast_bytes(type, strlen(type),
				   tep_get_long_size(build->plan->event->tep));
	return build_mask(build, rbmap_build_number(build, arg->typecast.item), bytes);
}

static uint16_t build_load(struct format_build *build, const struct tep_print_arg *arg)
{
	const struct tep_format_field *field = rbmap_build_field(build, arg);
	struct format_value value = { .kind = VALUE_LOAD };

	if (!field || !rbmap_build_covers(build, field))
		return FORMAT_NONE;
	value.offset = field->offset;
	value.size = field->size;
	/* Not a number: libtraceevent has 0. */
	if (field->size != 1 && field->size != 2 && field->size != 4 &&
	    field->size != 8)
		value.kind = VALUE_CONSTANT;
	return rbmap_build_value(build, &value);
}

static uint16_t build_constant(struct format_build *build, uint64_t constant)
{
	struct format_value value = { .kind = VALUE_CONSTANT, .constant = constant };

	return rbmap_build_value(build, &value);
}

static bool is_constant(const struct format_build *build, uint16_t value)
{
	return value == FORMAT_NONE ||
	       build->plan->values[value].kind == VALUE_CONSTANT;
}

/* An element that always is the same one, in its field, is like a field. */
static void settle_element(struct format_build *build, struct format_value *value,
			   const struct tep_format_field *field)
{
	uint64_t index = build->plan->values[value->left].constant;

	if (value->kind != VALUE_ELEMENT || !value->size ||
	    !is_constant(build, value->left) || index >= (uint64_t)field->size ||
	    (index + 1) * value->size > (uint64_t)field->size ||
	    value->offset + (index + 1) * value->size > build->plan->min_size)
		return;
	value->kind = VALUE_LOAD;
	value->offset += index * value->size;
}

/* An element of a fixed array, or bytes from anywhere in a dynamic one. */
static uint16_t build_element(struct format_build *build,
			      const struct tep_print_arg *arg)
{
	const struct tep_print_arg *array = arg->op.left, *cast = NULL;
	struct format_value value = {
		.size = tep_get_long_size(build->plan->event->tep)
	};
	const struct tep_format_field *field;
	unsigned int bytes = 0;

	for (; array && array->type == TEP_PRINT_TYPE; array = array->typecast.item)
		cast = cast ? cast : array;
	if (!array) {
		rbmap_build_refuse(build, "an index without an array");
		return FORMAT_NONE;
	}
	if (array->type == TEP_PRINT_FIELD) {
		value.kind = VALUE_ELEMENT;
		field = rbmap_build_field(build, array);
	} else if (array->type == TEP_PRINT_DYNAMIC_ARRAY) {
		value.kind = VALUE_DYNAMIC_ELEMENT;
		field = array->dynarray.field;
	} else {
		rbmap_build_refuse(build, "an index into a field that is not an array");
		return FORMAT_NONE;
	}
	if (!field ||
	    (value.kind == VALUE_DYNAMIC_ELEMENT &&
	     (field->size != sizeof(uint32_t) || !rbmap_build_covers(build, field)))) {
		rbmap_build_refuse(build, "an index into a field that is not an array");
		return FORMAT_NONE;
	}
	if (field->elementsize > UINT8_MAX) {
		rbmap_build_refuse(build, "an array with elements of an unusual size");
		return FORMAT_NONE;
	}
	if (field->elementsize || value.kind == VALUE_ELEMENT)
		value.size = field->elementsize;
	value.offset = field->offset;
	value.relative = field->flags & TEP_FIELD_IS_RELATIVE;
	value.left = rbmap_build_number(build, arg->op.right);
	if (value.left == FORMAT_NONE)
		return FORMAT_NONE;
	settle_element(build, &value, field);
	if (cast && is_pointer(cast->typecast.type))
		bytes = pointed_bytes(cast->typecast.type,
				      tep_get_long_size(build->plan->event->tep));
	return build_mask(build, rbmap_build_value(build, &value), bytes);
}

/* What can be computed now is; its operands are left behind unused. */
static uint16_t build_folded(struct format_build *build, struct format_value *value)
{
	struct format_run run = { .plan = build->plan };
	uint16_t ret = rbmap_build_value(build, value);

	if (ret == FORMAT_NONE || !is_constant(build, value->left) ||
	    !is_constant(build, value->right) || !is_constant(build, value->other))
		return ret;
	value->constant = rbmap_format_compute(&run, ret);
	value->kind = VALUE_CONSTANT;
	build->plan->values[ret] = *value;
	return ret;
}

/* libtraceevent has the operand of a sign on the right, and nothing on the left. */
static uint16_t build_unary(struct format_build *build, const struct tep_print_arg *arg,
			    uint8_t kind)
{
	struct format_value value = { .kind = kind, .other = FORMAT_NONE };

	value.right = rbmap_build_number(build, arg->op.right);
	value.left = value.right;
	if (value.right == FORMAT_NONE)
		return FORMAT_NONE;
	return build_folded(build, &value);
}

static uint16_t build_choice(struct format_build *build,
			     const struct tep_print_arg *arg)
{
	const struct tep_print_arg *both = arg->op.right;
	struct format_value value = { .kind = VALUE_CHOICE };

	if (!both || both->type != TEP_PRINT_OP) {
		rbmap_build_refuse(build, "a ? without its :");
		return FORMAT_NONE;
	}
	value.left = rbmap_build_number(build, arg->op.left);
	value.right = rbmap_build_number(build, both->op.left);
	value.other = rbmap_build_number(build, both->op.right);
	if (value.left == FORMAT_NONE || value.right == FORMAT_NONE ||
	    value.other == FORMAT_NONE)
		return FORMAT_NONE;
	return build_folded(build, &value);
}

static uint16_t build_operator(struct format_build *build,
			       const struct tep_print_arg *arg)
{
	struct format_value value = { .other = FORMAT_NONE };
	const char *op = arg->op.op;

	if (!strcmp(op, "["))
		return build_element(build, arg);
	if (!strcmp(op, "?"))
		return build_choice(build, arg);
	if (!strcmp(op, "!"))
		return build_unary(build, arg, VALUE_NOT);
	if (!strcmp(op, "~"))
		return build_unary(build, arg, VALUE_INVERT);
	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
		if (strcmp(op, operators[i].name) != 0)
			continue;
		value.kind = operators[i].kind;
		value.left = rbmap_build_number(build, arg->op.left);
		value.right = rbmap_build_number(build, arg->op.right);
		if (value.left == FORMAT_NONE || value.right == FORMAT_NONE)
			return FORMAT_NONE;
		return build_folded(build, &value);
	}
	rbmap_build_refuse(build, "an operator that libtraceevent does not know");
	return FORMAT_NONE;
}

static uint16_t build_length(struct format_build *build,
			     const struct tep_print_arg *arg)
{
	struct format_value value = { .kind = VALUE_LENGTH };
	const struct tep_format_field *field = arg->dynarray.field;

	if (!field || field->size != sizeof(uint32_t) ||
	    !rbmap_build_covers(build, field)) {
		rbmap_build_refuse(build,
				   "the length of a field that is not a dynamic array");
		return FORMAT_NONE;
	}
	value.offset = field->offset;
	value.relative = field->flags & TEP_FIELD_IS_RELATIVE;
	return rbmap_build_value(build, &value);
}

/* The code of a character that was in quotes, which some libraries keep as a text. */
static int character_of(const char *atom)
{
	static const char letters[] = "ntr0", codes[] = "\n\t\r";
	const char *letter;

	if (*atom && !atom[1])
		return (unsigned char)*atom;
	if (*atom != '\\' || !atom[1] || atom[2])
		return -1;
	letter = strchr(letters, atom[1]);
	return (unsigned char)(letter ? codes[letter - letters] : atom[1]);
}

/* The address of a symbol where it is a name, as in preemptirq's formats: _stext. */
static uint16_t build_atom(struct format_build *build, const char *atom)
{
	uint64_t number = strtoull(atom, NULL, 0);
	int character = isdigit((unsigned char)*atom) ? -1 : character_of(atom);

	if (character >= 0)
		number = character;
	else if (!number && rbmap_build_is_name(atom) &&
		 rbmap_names_address(build->names, atom, &number) < 0) {
		rbmap_build_refuse(build, "a name of a list that libtraceevent has");
		return FORMAT_NONE;
	}
	return build_constant(build, number);
}

/* A digit that was in quotes cannot be told from a number otherwise. */
static bool is_quoted_digit(struct format_build *build, const struct tep_print_arg *arg)
{
	return arg->type == TEP_PRINT_ATOM && isdigit((unsigned char)*arg->atom.atom) &&
	       !arg->atom.atom[1] && !rbmap_build_dialect(build)->has_quotes;
}

static bool is_choice(const struct tep_print_arg *arg)
{
	return arg->type == TEP_PRINT_OP && !strcmp(arg->op.op, "?") && arg->op.right &&
	       arg->op.right->type == TEP_PRINT_OP;
}

static uint16_t build_character_choice(struct format_build *build,
				       const struct tep_print_arg *arg)
{
	struct format_value value = { .kind = VALUE_CHOICE };

	value.left = rbmap_build_number(build, arg->op.left);
	value.right = rbmap_build_character(build, arg->op.right->op.left);
	value.other = rbmap_build_character(build, arg->op.right->op.right);
	if (value.left == FORMAT_NONE || value.right == FORMAT_NONE ||
	    value.other == FORMAT_NONE)
		return FORMAT_NONE;
	return build_folded(build, &value);
}

uint16_t rbmap_build_character(struct format_build *build,
			       const struct tep_print_arg *arg)
{
	uint16_t ret;

	if (arg && is_quoted_digit(build, arg))
		return build_constant(build, (unsigned char)*arg->atom.atom);
	if (!arg || !is_choice(arg) || build->depth >= FORMAT_DEPTH_MAX)
		return rbmap_build_number(build, arg);
	build->depth++;
	ret = build_character_choice(build, arg);
	build->depth--;
	return ret;
}

static uint16_t build_any(struct format_build *build, const struct tep_print_arg *arg)
{
	switch (arg->type) {
	case TEP_PRINT_ATOM:
		return build_atom(build, arg->atom.atom);
	case TEP_PRINT_FIELD:
		return build_load(build, arg);
	case TEP_PRINT_TYPE:
		return build_cast(build, arg);
	case TEP_PRINT_OP:
		return build_operator(build, arg);
	case TEP_PRINT_DYNAMIC_ARRAY_LEN:
		return build_length(build, arg);
	/* Text where a number is wanted is 0 to libtraceevent. */
	case TEP_PRINT_NULL:
	case TEP_PRINT_FLAGS:
	case TEP_PRINT_SYMBOL:
	case TEP_PRINT_INT_ARRAY:
	case TEP_PRINT_HEX:
	case TEP_PRINT_HEX_STR:
	case TEP_PRINT_STRING:
	case TEP_PRINT_BSTRING:
	case TEP_PRINT_BITMASK:
	case TEP_PRINT_CPUMASK:
		return build_constant(build, 0);
	case TEP_PRINT_FUNC:
		rbmap_build_refuse(build, "a function that a plugin computes");
		return FORMAT_NONE;
	/* libtraceevent prints where in its own memory the record lies. */
	case TEP_PRINT_DYNAMIC_ARRAY:
		rbmap_build_refuse(build, "the address of a dynamic array");
		return FORMAT_NONE;
	default:
		rbmap_build_refuse(build, "an argument of an unknown kind");
		return FORMAT_NONE;
	}
}

uint16_t rbmap_build_number(struct format_build *build, const struct tep_print_arg *arg)
{
	uint16_t ret;

	if (!arg || build->depth >= FORMAT_DEPTH_MAX) {
		rbmap_build_refuse(build, arg ? "arguments nested too deeply" :
						"a missing argument");
		return FORMAT_NONE;
	}
	build->depth++;
	ret = build_any(build, arg);
	build->depth--;
	return ret;
}
