/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_COLUMNS_SYMBOL_H
#define RBMAP_COLUMNS_SYMBOL_H

#include <stdint.h>

#include <rbmap/record.h>

#include "columns/dictionary.h"
#include "format/field-text.h"

struct symbol;

/* NULL without memory. */
struct symbol *rbmap_symbol_open(const struct format_range *steps);
/* Takes NULL. */
void rbmap_symbol_close(struct symbol *symbol);

struct dictionary *rbmap_symbol_texts(struct symbol *symbol);

/* The number of the text of a value, in a record of the plan's size; or -ENOMEM. */
int32_t rbmap_symbol_find(struct symbol *symbol, const struct format_plan *plan,
			  const struct rbmap_record *record, uint64_t value);

#endif
