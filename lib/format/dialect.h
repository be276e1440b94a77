/* SPDX-License-Identifier: LGPL-2.1-only */
/* How the libtraceevent that is loaded prints what its versions print differently. */
#ifndef RBMAP_FORMAT_DIALECT_H
#define RBMAP_FORMAT_DIALECT_H

#include <stdbool.h>

struct format_dialect {
	/* %c and %+d are conversions; if not, each is printed as text, without an
	 * argument. */
	bool has_char, has_plus;
	/* A character in quotes is its code; if not, it is like a name of one letter.
	 */
	bool has_quotes;
	/* __print_array() is {0x1,0x2}, as the kernel has it; if not, "1 2". */
	bool has_braces;
};

/*
 * Found out in a handle of our own. Without memory it is that of libtraceevent 1.7.1,
 * which has none of it.
 */
struct format_dialect rbmap_dialect_try(void);

#endif
