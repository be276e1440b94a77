// SPDX-License-Identifier: LGPL-2.1-only
/*
 * tep_parse_kallsyms() makes three strings of each of 200,000 lines, and was a quarter
 * of the time that a file of two million events took. Here a name stays where it is.
 */
#include "names/symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SYMBOLS 4096

struct symbol {
	uint64_t address;
	const char *name;
};

struct rbmap_symbols {
	char *text;
	size_t nr, room;
	/* And one more, which ends the last: its address is 0. */
	struct symbol *all;
	/* By name, then by address; made when the first name is looked up. */
	const struct symbol **by_name;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char *skip_blanks(char *at)
{
	while (is_blank(*at))
		at++;
	return at;
}

static char *skip_word(char *at)
{
	while (*at && *at != '\n' && !is_blank(*at))
		at++;
	return at;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static char *parse_address(char *at, uint64_t *ret)
{
	int digit;

	*ret = 0;
	for (; (digit = hex_digit(*at)) >= 0; at++)
		*ret = *ret << 4 | (unsigned int)digit;
	return at;
}

/*
 * "ADDRESS TYPE NAME", of a module with "[MODULE]" behind it. Returns where the name
 * ends, NULL where that is not what the line is.
 */
static char *parse_line(char *line, struct symbol *symbol, char *type)
{
	char *at = parse_address(line, &symbol->address), *end;

	if (at == line || !is_blank(*at))
		return NULL;
	at = skip_blanks(at);
	*type = *at;
	if (!*at || *at == '\n' || !is_blank(at[1]))
		return NULL;
	at = skip_blanks(at + 1);
	end = skip_word(at);
	symbol->name = at;
	return end == at ? NULL : end;
}

/* Offsets of variables of a CPU, and marks of the assembler of ARM. */
static bool is_function(const struct symbol *symbol, char type)
{
	return type != 'A' && type != 'a' && *symbol->name != '$';
}

static bool make_room(struct rbmap_symbols *symbols)
{
	size_t room = symbols->room ? 2 * symbols->room : FIRST_SYMBOLS;
	struct symbol *all;

	if (symbols->nr + 1 < symbols->room)
		return true;
	all = realloc(symbols->all, room * sizeof(*all));
	if (!all)
		return false;
	symbols->all = all;
	symbols->room = room;
	return true;
}

static int parse_lines(struct rbmap_symbols *symbols, bool *cut)
{
	struct symbol symbol;
	char *line, *end, *next, type;

	*cut = false;
	for (line = symbols->text; *line; line = next) {
		next = line + strcspn(line, "\n");
		next += *next == '\n';
		if (*line == '\n')
			continue;
		end = parse_line(line, &symbol, &type);
		if (!end) {
			*cut = true;
			break;
		}
		*end = '\0';
		if (!is_function(&symbol, type))
			continue;
		if (!make_room(symbols))
			return -ENOMEM;
		symbols->all[symbols->nr++] = symbol;
	}
	return make_room(symbols) ? 0 : -ENOMEM;
}

/* Of equal addresses the later line comes first: libtraceevent has them like that. */
static int compare(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->name > b->name ? -1 : a->name < b->name;
}

int rbmap_symbols_parse(struct rbmap_symbols **ret, char *text, bool *cut)
{
	struct rbmap_symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols) {
		free(text);
		return -ENOMEM;
	}
	symbols->text = text;
	if (parse_lines(symbols, cut)) {
		rbmap_symbols_free(symbols);
		return -ENOMEM;
	}
	qsort(symbols->all, symbols->nr, sizeof(*symbols->all), compare);
	symbols->all[symbols->nr] = (struct symbol){ 0 };
	*ret = symbols;
	return 0;
}

void rbmap_symbols_free(struct rbmap_symbols *symbols)
{
	if (!symbols)
		return;
	free(symbols->by_name);
	free(symbols->all);
	free(symbols->text);
	free(symbols);
}

/* Which of several names of one address is met first is up to the search as well. */
static int compare_address(const void *key, const void *element)
{
	const struct symbol *symbol = element;
	uint64_t address = *(const uint64_t *)key;

	if (address == symbol->address)
		return 0;
	if (address < symbol->address)
		return -1;
	return address < symbol[1].address ? 0 : 1;
}

const char *rbmap_symbols_find(const struct rbmap_symbols *symbols, uint64_t address,
			       uint64_t *start)
{
	const struct symbol *symbol = bsearch(&address, symbols->all, symbols->nr,
					      sizeof(*symbols->all), compare_address);

	if (!symbol)
		return NULL;
	*start = symbol->address;
	return symbol->name;
}

static int compare_names(const void *left, const void *right)
{
	const struct symbol *a = *(const struct symbol *const *)left;
	const struct symbol *b = *(const struct symbol *const *)right;
	int r = strcmp(a->name, b->name);

	/* As they are in the array. */
	return r ? r : a < b ? -1 : a > b;
}

static bool sort_by_name(struct rbmap_symbols *symbols)
{
	const struct symbol **sorted;

	if (symbols->by_name)
		return true;
	sorted = calloc(symbols->nr + 1, sizeof(*sorted));
	if (!sorted)
		return false;
	for (size_t i = 0; i < symbols->nr; i++)
		sorted[i] = &symbols->all[i];
	qsort(sorted, symbols->nr, sizeof(*sorted), compare_names);
	symbols->by_name = sorted;
	return true;
}

/* The first that is not before the name. */
static size_t find_name(const struct rbmap_symbols *symbols, const char *name)
{
	size_t low = 0, high = symbols->nr, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(symbols->by_name[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int rbmap_symbols_address(struct rbmap_symbols *symbols, const char *name,
			  uint64_t *ret)
{
	size_t at;

	if (!sort_by_name(symbols))
		return -ENOMEM;
	at = find_name(symbols, name);
	if (at == symbols->nr || strcmp(symbols->by_name[at]->name, name) != 0)
		return -ENOENT;
	*ret = symbols->by_name[at]->address;
	return 0;
}
