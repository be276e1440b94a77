// SPDX-License-Identifier: LGPL-2.1-only
/*
 * The parser of libtraceevent calls itself for each parenthesis and operator, computes
 * with constants while it parses, and takes it that fields exist. No kernel's format
 * comes near these limits.
 */
#define _GNU_SOURCE
#include "format/check.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 100
/* Operators of one argument. */
#define OPERATORS_MAX 500
#define NUMBER_MAX 64

struct check {
	const char *fields;
	size_t fields_size;
	const char *at, *end;
	/* What closes the brackets that are open. */
	char open[DEPTH_MAX];
	size_t depth;
	unsigned int operators;
	/* The last token was a '/' or '%'; so was the one before a number. */
	bool divides, divided;
	/* It has functions that follow the pointer to a field. */
	bool needs_fields;
	const char *why;
};

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool refuse(struct check *check, const char *why)
{
	check->why = why;
	return false;
}

static void skip_space(struct check *check)
{
	while (check->at < check->end && isspace((unsigned char)*check->at))
		check->at++;
}

static size_t take_word(struct check *check, const char **ret)
{
	*ret = check->at;
	while (check->at < check->end && is_word(*check->at))
		check->at++;
	return check->at - *ret;
}

/* " NAME;" or " NAME[" stands in the fields. */
static bool has_field(const struct check *check, const char *name, size_t length)
{
	const char *at = check->fields, *end = at + check->fields_size, *found;

	while ((found = memmem(at, end - at, name, length))) {
		at = found + length;
		if (at < end && (*at == ';' || *at == '[') && found > check->fields &&
		    !is_word(found[-1]))
			return true;
	}
	return false;
}

static bool is_zero(const char *word, size_t length)
{
	char text[NUMBER_MAX];

	if (length >= sizeof(text))
		return true;
	memcpy(text, word, length);
	text[length] = '\0';
	return strtoull(text, NULL, 0) == 0;
}

/* REC->NAME */
static bool check_record(struct check *check)
{
	const char *name;
	size_t length;

	skip_space(check);
	/* (REC)->NAME is looked at by libtraceevent alone. */
	if (check->at < check->end && *check->at == ')')
		return true;
	if (check->end - check->at < 2 || memcmp(check->at, "->", 2) != 0)
		return refuse(check, "REC without a field");
	check->at += 2;
	skip_space(check);
	length = take_word(check, &name);
	/* Without these it is only looked for again when a record is printed. */
	if (!length || (!has_field(check, name, length) && check->needs_fields))
		return refuse(check, "it names a field that the event does not have");
	return true;
}

/* Of a divisor in parentheses something has to be from the record. */
static bool group_varies(const struct check *check)
{
	const char *at = check->at, *end = check->end;
	size_t depth = 0;

	for (; at < end; at++) {
		depth += *at == '(';
		if (*at == ')' && --depth == 0)
			break;
		if (end - at > 3 && !memcmp(at, "REC", 3))
			return true;
	}
	return memmem(check->at, at - check->at, "__get_", 6) != NULL;
}

static bool check_word(struct check *check)
{
	const char *word;
	size_t length = take_word(check, &word);
	bool divides = check->divides;

	check->divides = false;
	check->divided = divides;
	if (length == 3 && !memcmp(word, "REC", 3)) {
		check->divided = false;
		return check_record(check);
	}
	skip_space(check);
	/* A function, whose value is not known while the format is parsed. */
	if (check->at < check->end && *check->at == '(')
		return !divides || length != 6 || memcmp(word, "sizeof", 6) != 0 ||
		       !group_varies(check) ||
		       refuse(check, "it divides by the size of a field");
	if (divides && is_zero(word, length))
		return refuse(check, "it divides by a constant that is 0");
	return true;
}

/* To the quote that ends it. */
static bool check_string(struct check *check)
{
	char quote = *check->at++;

	if (check->divides)
		return refuse(check, "it divides by a string");
	for (; check->at < check->end; check->at++) {
		if (*check->at == '\\')
			check->at++;
		else if (*check->at == quote)
			break;
	}
	if (check->at >= check->end)
		return refuse(check, "a string does not end");
	check->at++;
	return true;
}

static bool check_open(struct check *check)
{
	static const char pairs[] = "()[]{}";
	char c = *check->at;

	if (check->depth == DEPTH_MAX)
		return refuse(check, "it is nested too deeply");
	if (check->divides && c == '(' && !group_varies(check))
		return refuse(check, "it divides by a constant");
	check->divides = false;
	check->open[check->depth++] = strchr(pairs, c)[1];
	check->at++;
	return true;
}

static bool check_close(struct check *check)
{
	if (check->divides || !check->depth ||
	    check->open[--check->depth] != *check->at)
		return refuse(check, "its brackets do not match");
	check->divided = false;
	check->at++;
	return true;
}

static bool check_operator(struct check *check)
{
	char c = *check->at++;

	if (c == ',') {
		if (check->divides)
			return refuse(check, "an operator has no operand");
		check->operators = 0;
		check->divided = false;
		return true;
	}
	if (!isprint((unsigned char)c))
		return refuse(check, "it is not a text");
	if (++check->operators > OPERATORS_MAX)
		return refuse(check, "an argument is too long");
	/* As it is parsed, the divisor is what follows, up to a '+' or the like. */
	if (check->divided && (c == '/' || c == '%'))
		return refuse(check, "it divides by a constant that is divided");
	if (check->divided && c == '*') {
		check->divides = true;
		return true;
	}
	check->divided = false;
	check->divides = c == '/' || c == '%';
	return true;
}

static bool check_token(struct check *check)
{
	char c = *check->at;

	if (is_word(c))
		return check_word(check);
	if (c == '"' || c == '\'')
		return check_string(check);
	if (strchr("([{", c) && c)
		return check_open(check);
	if (strchr(")]}", c) && c)
		return check_close(check);
	return check_operator(check);
}

static bool has(const struct check *check, const char *what)
{
	return memmem(check->at, check->end - check->at, what, strlen(what));
}

/*
 * Behind a '[' in a field tep_parse_event() of 1.7 reads from NULL where it finds no
 * word, or the end.
 */
static bool check_fields(const struct check *check)
{
	const char *at = check->fields, *end = at + check->fields_size;
	bool open = false;

	for (; at < end; at++) {
		unsigned char c = *at;

		if (open && !isprint(c) && !isspace(c))
			return false;
		open = c == '[' || (open && c != ']');
	}
	return !open;
}

const char *rbmap_format_check(const char *text, size_t size, size_t *ret_fields)
{
	static const char print[] = "print fmt:";
	const char *found = memmem(text, size, print, sizeof(print) - 1);
	struct check check = { .fields = text, .end = text + size };

	*ret_fields = found ? (size_t)(found - text) : size;
	check.fields_size = *ret_fields;
	if (!check_fields(&check)) {
		*ret_fields = 0;
		return "the size of an array does not end";
	}
	if (!found)
		return NULL;
	check.at = found + sizeof(print) - 1;
	check.needs_fields = has(&check, "__print_") || has(&check, "[");
	for (skip_space(&check); check.at < check.end; skip_space(&check))
		if (!check_token(&check))
			return check.why;
	return check.depth || check.divides ? "it ends too early" : NULL;
}
