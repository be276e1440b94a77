/* SPDX-License-Identifier: GPL-2.0-only */
/* Strings of files and records on a terminal. */
#ifndef COMMON_ESCAPE_H
#define COMMON_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Whether what goes to that file is escaped: by --escape, or since it is a terminal. */
bool common_escapes(bool asked_for, int fd);

/*
 * Control characters as \n, \t, \x1b, and what is not UTF-8 as \x9b. @lines: newlines
 * and tabs stay. Returns the number of bytes.
 */
size_t common_put_escaped(FILE *stream, const char *text, bool lines);

#define COMMON_ESCAPE_SIZE 8

/*
 * The length of the character that the bytes, of which there is one, begin with; 0 where
 * the first byte is escaped: then as *escape, a string.
 */
size_t common_escape(char escape[COMMON_ESCAPE_SIZE], const char *bytes, size_t left);

/* Each byte that would be escaped becomes a '?'. */
void common_make_plain(char *text);

#endif
