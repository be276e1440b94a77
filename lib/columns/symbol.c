// SPDX-License-Identifier: LGPL-2.1-only
/* Text of __print_symbolic() and __print_flags() as numbers of a dictionary. */
#include "columns/symbol.h"

#include <stdlib.h>

#include "base/internal.h"
#include "format/run.h"

/* Most fields have few values. */
#define SEEN 64

struct symbol {
	struct dictionary texts;
	struct format_range steps;
	struct text text;
	struct {
		bool is_known;
		uint64_t value;
		int32_t index;
	} seen[SEEN];
};

struct symbol *rbmap_symbol_open(const struct format_range *steps)
{
	struct symbol *symbol = calloc(1, sizeof(*symbol));

	if (symbol)
		symbol->steps = *steps;
	return symbol;
}

void rbmap_symbol_close(struct symbol *symbol)
{
	if (!symbol)
		return;
	rbmap_dictionary_free(&symbol->texts);
	free(symbol->text.buffer);
	free(symbol);
}

struct dictionary *rbmap_symbol_texts(struct symbol *symbol)
{
	return &symbol->texts;
}

int32_t rbmap_symbol_find(struct symbol *symbol, const struct format_plan *plan,
			  const struct rbmap_record *record, uint64_t value)
{
	size_t place = value % SEEN;
	int32_t index;

	if (symbol->seen[place].is_known && symbol->seen[place].value == value)
		return symbol->seen[place].index;
	symbol->text.used = 0;
	symbol->text.failed = false;
	rbmap_format_put_steps(plan, symbol->steps.from, symbol->steps.to, record->data,
			       record->size, &symbol->text);
	if (symbol->text.failed)
		return -ENOMEM;
	index = rbmap_dictionary_find(&symbol->texts, symbol->text.buffer,
				      symbol->text.used);
	if (index < 0)
		return index;
	symbol->seen[place].is_known = true;
	symbol->seen[place].value = value;
	symbol->seen[place].index = index;
	return index;
}
