// SPDX-License-Identifier: LGPL-2.1-only
#include <stdlib.h>
#include <unistd.h>

#include <traceevent/event-parse.h>

#include <rbmap/error.h>

#include "base/internal.h"
#include "names/names.h"
#include "names/symbols.h"
#include "tracefs/tracefs.h"

static int read_symbols_file(void *context, char **ret)
{
	struct rbmap_names *names = context;
	int r = rbmap_fd_read(names->files.kallsyms, ret, NULL);

	if (r == -ENOMEM) {
		lseek(names->files.kallsyms, 0, SEEK_SET);
		return r;
	}
	close(names->files.kallsyms);
	names->files.kallsyms = -1;
	return r;
}

void rbmap_names_read_symbols(struct rbmap_names *names,
			      int (*read)(void *context, char **ret), void *context)
{
	names->read_symbols = read;
	names->symbols_context = context;
}

/*
 * Reading and sorting the kernel's symbols takes longer than loading all formats, so
 * it waits until a name is asked for: most recorders never print one.
 */
static void load_symbols(struct rbmap_names *names)
{
	bool cut = false;
	char *text;
	int r;

	names->symbols_tried = true;
	if (!names->read_symbols)
		return;
	r = names->read_symbols(names->symbols_context, &text);
	if (!r)
		r = rbmap_symbols_parse(&names->symbols, text, &cut);
	if (r == -ENOMEM) {
		names->no_memory = true;
		names->symbols_tried = false;
		return;
	}
	if (r)
		log_warning(
			&names->log,
			"kallsyms cannot be read (%s): function names are not available",
			rbmap_strerror(r));
	if (cut)
		log_warning(&names->log, "kallsyms was not read to its end: some "
					 "function names are missing or wrong");
}

/* Every other address is in one: so both ways to print it are tried. */
const char *rbmap_names_trial_function(unsigned long long *address)
{
	if (*address & 1)
		return NULL;
	*address &= ~UINT64_C(0xff);
	return "function";
}

void rbmap_names_try_functions(struct rbmap_names *names, bool on)
{
	names->tries_functions = on;
	memset(names->functions, 0, sizeof(names->functions));
}

static char *resolve(void *context, unsigned long long *address, char **module)
{
	struct rbmap_names *names = context;
	const char *name;
	uint64_t start;

	*module = NULL;
	if (!names->symbols_tried)
		load_symbols(names);
	if (!names->symbols)
		return NULL;
	name = rbmap_symbols_find(names->symbols, *address, &start);
	if (!name)
		return NULL;
	*address = start;
	/* libtraceevent's type lacks the const; it only reads the name. */
	return (char *)name;
}

static const char *find_function(const struct rbmap_names *names, uint64_t address,
				 uint64_t *start)
{
	unsigned long long at = address;
	const char *name;

	if (names->tries_functions) {
		name = rbmap_names_trial_function(&at);
		*start = at;
		return name;
	}
	name = tep_find_function(names->tep, address);
	*start = name ? tep_find_function_address(names->tep, address) : 0;
	return name;
}

const struct rbmap_function *rbmap_names_function(struct rbmap_names *names,
						  uint64_t address)
{
	struct rbmap_function *function = &names->functions[address % RBMAP_FUNCTIONS];

	if (!function->known || function->address != address) {
		function->name = find_function(names, address, &function->start);
		function->length = function->name ? strlen(function->name) : 0;
		function->address = address;
		function->known = true;
	}
	return function->name ? function : NULL;
}

static bool find_address(struct rbmap_names *names, const char *name, uint64_t *ret)
{
	struct rbmap_names *of = names->resolver;
	int r;

	if (!of->symbols_tried)
		load_symbols(of);
	if (!of->symbols)
		return false;
	r = rbmap_symbols_address(of->symbols, name, ret);
	of->no_memory |= r == -ENOMEM;
	return r == 0;
}

/* A handle with a list of its own looks there, and has no call for it. */
static bool asks_here(const struct rbmap_names *names)
{
	return names->resolver->resolves;
}

int rbmap_names_address(struct rbmap_names *names, const char *name, uint64_t *ret)
{
	*ret = 0;
	if (asks_here(names))
		return find_address(names, name, ret);
	return tep_get_function_count(names->tep) > 0 ? -ENODATA : 0;
}

/* libtraceevent asks the resolver for addresses only; names it knows from its list. */
int rbmap_names_share_symbol(struct rbmap_names *names, const char *name)
{
	char copy[RBMAP_SYMBOL_SIZE];
	uint64_t address;

	if (!asks_here(names) || strlen(name) >= sizeof(copy) ||
	    !find_address(names, name, &address))
		return 0;
	strcpy(copy, name);
	return tep_register_function(names->tep, copy, address, NULL) ? -ENOMEM : 0;
}

int rbmap_names_resolve_functions(struct rbmap_names *names)
{
	if (!names->read_symbols && names->files.kallsyms >= 0)
		rbmap_names_read_symbols(names, read_symbols_file, names);
	/* A handle that knows functions already is not to be asked twice. */
	if (tep_get_function_count(names->tep) > 0)
		return 0;
	if (tep_set_function_resolver(names->tep, resolve, names))
		return -ENOMEM;
	names->resolves = true;
	return 0;
}

void rbmap_names_forget_functions(struct rbmap_names *names)
{
	if (names->resolves)
		tep_reset_function_resolver(names->tep);
	rbmap_symbols_free(names->symbols);
}
