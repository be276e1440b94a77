// SPDX-License-Identifier: LGPL-2.1-only
/*
 * The parser of libtraceevent calls itself for each parenthesis and operator, computes
 * with constants while it parses, and takes it that fields exist and that nothing is
 * missing beside an operator. No kernel's format comes near these limits.
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

const char rbmap_format_no_expression[] = "it has more than expressions";

struct check {
	const char *fields;
	size_t fields_size;
	const char *at, *end;
	/* What closes the brackets that are open. */
	char open[DEPTH_MAX];
	size_t depth;
	/* At each depth: the operand is the one after a ':', and so far the whole. */
	bool is_last[DEPTH_MAX + 1];
	/* The last token ends with it; a space follows only a word. */
	char last;
	unsigned int operators;
	/* The last token was a '/' or '%'; so was the one before a number. */
	bool divides, divided;
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
	/* One that it does not find it may mark as flags nonetheless. */
	if (!length || !has_field(check, name, length))
		return refuse(check, "it names a field that the event does not have");
	return true;
}

/* Of a field it would be freed twice; types follow, and a parenthesis. */
static bool check_size(struct check *check, const char *word)
{
	const char *at = check->at + 1, *end = check->end;

	while (isspace((unsigned char)word[-1]) || word[-1] == '(')
		word--;
	if (word[-1] == ':')
		return refuse(check, "it has a size where it may have none");
	while (at < end && isspace((unsigned char)*at))
		at++;
	if (end - at >= 3 && !memcmp(at, "REC", 3))
		return refuse(check, "it has the size of a field");
	while (at < end && (is_word(*at) || isspace((unsigned char)*at) || *at == '*'))
		at++;
	return (at < end && *at == ')') ||
	       refuse(check, "it has the size of an expression");
}

/* REC->NAME, or __get_NAME(...) */
static bool word_varies(const char *word, size_t length, const char *end)
{
	const char *next = word + length;

	if (length == 3 && !memcmp(word, "REC", 3))
		return end - next > 2 && !memcmp(next, "->", 2);
	return length > 6 && !memcmp(word, "__get_", 6) && next < end && *next == '(';
}

/*
 * A divisor in parentheses begins with something from the record; libtraceevent takes
 * it for known that is compared with what is not.
 */
static bool group_varies(const struct check *check)
{
	struct check group = { .at = check->at, .end = check->end };
	const char *word;
	size_t depth = 0, length;

	while (group.at < group.end &&
	       (*group.at == '(' || isspace((unsigned char)*group.at)))
		depth += *group.at++ == '(';
	length = take_word(&group, &word);
	if (!word_varies(word, length, group.end))
		return false;
	for (; depth && group.at < group.end; group.at++) {
		depth += *group.at == '(';
		depth -= *group.at == ')';
		if (strchr("=!<&|?", *group.at) ||
		    (*group.at == '>' && group.at[-1] != '-'))
			return false;
	}
	return true;
}

static bool check_word(struct check *check)
{
	const char *word;
	size_t length = take_word(check, &word);
	bool divides = check->divides;

	check->divides = false;
	check->divided = divides;
	if (length == 3 && !memcmp(word, "REC", 3)) {
		/* It becomes a part of the word before it. */
		if (is_word(check->last) || isspace((unsigned char)check->last))
			return refuse(check, "an operator is missing");
		check->divided = false;
		return check_record(check);
	}
	skip_space(check);
	/* A function, whose value is not known while the format is parsed. */
	if (check->at < check->end && *check->at == '(')
		return length != 6 || memcmp(word, "sizeof", 6) != 0 ||
		       check_size(check, word);
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
		return refuse(check, "it divides by what may be a constant");
	/* As an operator of which libtraceevent does not know how strong it is. */
	if (c != '(' && (check->last == ']' || check->is_last[check->depth]))
		return refuse(check, "it has an array where it may have none");
	if (c == '{' && !strchr(",{(", check->last))
		return refuse(check, "it has a list where it may have none");
	check->divides = false;
	check->open[check->depth++] = strchr(pairs, c)[1];
	check->is_last[check->depth] = false;
	check->at++;
	return true;
}

static bool check_close(struct check *check)
{
	if (check->divides || !check->depth ||
	    check->open[check->depth - 1] != *check->at)
		return refuse(check, "its brackets do not match");
	/* As an operator, too. */
	if (*check->at != ')' && (check->last == ']' || check->is_last[check->depth]))
		return refuse(check, "an index or a list ends in what may not end it");
	check->depth--;
	check->divided = false;
	check->at++;
	return true;
}

/* That of C that takes two values, or one; *@ret_size: its characters. */
static bool is_operator(const struct check *check, size_t *ret_size)
{
	static const char pairs[][3] = {
		"<<", ">>", "<=", ">=", "==", "!=", "&&", "||"
	};
	const char *at = check->at;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (check->end - at >= 2 && !memcmp(at, pairs[i], 2)) {
			*ret_size = 2;
			return true;
		}
	*ret_size = 1;
	return *at && strchr("+-*/%<>&|^!~?:,", *at);
}

/* (REC)->NAME */
static bool is_arrow(const struct check *check)
{
	return check->last == ')' && !check->is_last[check->depth] &&
	       check->end - check->at >= 2 && !memcmp(check->at, "->", 2);
}

static bool check_operator(struct check *check)
{
	char c = *check->at;
	size_t size;

	if (!isprint((unsigned char)c))
		return refuse(check, "it is not a text");
	if (is_arrow(check)) {
		check->at += 2;
		return true;
	}
	if (!is_operator(check, &size) ||
	    (check->end - check->at >= 2 && !memcmp(check->at, "->", 2)))
		return refuse(check, rbmap_format_no_expression);
	check->at += size;
	check->is_last[check->depth] = c == ':';
	if (c == ',') {
		if (check->divides)
			return refuse(check, "an operator has no operand");
		check->operators = 0;
		check->divided = false;
		return true;
	}
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

static bool check_kind(struct check *check)
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

static bool check_token(struct check *check)
{
	if (!check_kind(check))
		return false;
	check->last = check->at[-1];
	return true;
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
	struct check check = { .fields = text, .end = text + size, .last = ',' };

	*ret_fields = found ? (size_t)(found - text) : size;
	check.fields_size = *ret_fields;
	if (!check_fields(&check)) {
		*ret_fields = 0;
		return "the size of an array does not end";
	}
	if (!found)
		return NULL;
	check.at = found + sizeof(print) - 1;
	for (skip_space(&check); check.at < check.end; skip_space(&check))
		if (!check_token(&check))
			return check.why;
	return check.depth || check.divides ? "it ends too early" : NULL;
}
