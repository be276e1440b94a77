/* SPDX-License-Identifier: LGPL-2.1-only */
/* The functions of a kernel, from the text of its kallsyms. */
#ifndef RBMAP_NAMES_SYMBOLS_H
#define RBMAP_NAMES_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rbmap_symbols;

/*
 * Takes over the text, which came from malloc(3), also on failure. Where a line is none
 * of kallsyms, the functions before it are there, and *cut is set. Returns -ENOMEM.
 */
int rbmap_symbols_parse(struct rbmap_symbols **ret, char *text, bool *cut);
void rbmap_symbols_free(struct rbmap_symbols *symbols);

/*
 * The function that an address is in, and where that begins. NULL: it is in none. The
 * last one is as long as its first byte, as nothing tells where it ends. Of several
 * names of one address it is the one that libtraceevent finds.
 */
const char *rbmap_symbols_find(const struct rbmap_symbols *symbols, uint64_t address,
			       uint64_t *start);

/*
 * Where the symbol of that name is: the lowest address if there are several. Returns 0,
 * -ENOENT or -ENOMEM. The first call sorts all names: a malicious file may ask for
 * many.
 */
int rbmap_symbols_address(struct rbmap_symbols *symbols, const char *name,
			  uint64_t *ret);

#endif
