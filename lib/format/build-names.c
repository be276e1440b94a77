// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Names in a print format that stand for numbers, as in preemptirq's, which add to
 * _stext. The kernel resolves enums before it shows a format; what is left are symbols,
 * and names that nothing is known of.
 */
#include <ctype.h>

#include "format/build.h"
#include "names/names.h"

bool rbmap_build_is_name(const char *atom)
{
	return isalpha((unsigned char)*atom) || *atom == '_';
}

static bool share_choice(struct format_build *build, const struct tep_print_arg *arg,
			 bool is_text, unsigned int depth);

/* Text has no symbols: most atoms are the constant strings of a choice. */
static bool share(struct format_build *build, const struct tep_print_arg *arg,
		  bool is_text, unsigned int depth)
{
	if (!arg || depth >= FORMAT_DEPTH_MAX)
		return true;
	depth++;
	switch (arg->type) {
	case TEP_PRINT_ATOM:
		if (!is_text && rbmap_build_is_name(arg->atom.atom) &&
		    rbmap_names_share_symbol(build->names, arg->atom.atom) < 0)
			return rbmap_build_out_of_memory(build);
		return true;
	case TEP_PRINT_TYPE:
		return share(build, arg->typecast.item, false, depth);
	case TEP_PRINT_OP:
		return share_choice(build, arg, is_text, depth);
	case TEP_PRINT_FLAGS:
		return share(build, arg->flags.field, false, depth);
	case TEP_PRINT_SYMBOL:
		return share(build, arg->symbol.field, false, depth);
	case TEP_PRINT_HEX:
	case TEP_PRINT_HEX_STR:
		return share(build, arg->hex.size, false, depth);
	case TEP_PRINT_INT_ARRAY:
		return share(build, arg->int_array.count, false, depth) &&
		       share(build, arg->int_array.el_size, false, depth);
	default:
		return true;
	}
}

/* A choice between two texts, or any other operator. */
static bool share_choice(struct format_build *build, const struct tep_print_arg *arg,
			 bool is_text, unsigned int depth)
{
	bool is_part = !strcmp(arg->op.op, ":");

	is_text = is_text && (is_part || !strcmp(arg->op.op, "?"));
	return share(build, arg->op.left, is_text && is_part, depth) &&
	       share(build, arg->op.right, is_text, depth);
}

bool rbmap_build_share_names(struct format_build *build,
			     const struct tep_print_arg *arg, bool is_text)
{
	return share(build, arg, is_text, 0);
}
