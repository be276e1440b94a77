/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_FORMAT_FIELD_TEXT_H
#define RBMAP_FORMAT_FIELD_TEXT_H

#include "format/plan.h"

/* Steps of a plan: from @from, before @to. */
struct format_range {
	size_t from, to;
};

/*
 * The steps that put a number that is a field as text: false where the print format has
 * it in no __print_symbolic() or __print_flags().
 */
bool rbmap_format_field_text(const struct format_plan *plan,
			     const struct format_member *member,
			     struct format_range *ret);

#endif
