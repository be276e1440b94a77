// SPDX-License-Identifier: LGPL-2.1-only
/*
 * FILTER     = BOTH { "||" BOTH }
 * BOTH       = ONE { "&&" ONE }
 * ONE        = "!" ONE | "(" FILTER ")" | COMPARISON
 * COMPARISON = FIELD OPERATOR ( NUMBER | STRING )
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <traceevent/event-parse.h>

#include "events/events.h"
#include "events/filter-tree.h"

/* Parsing and evaluating go down a level for each, at the most. */
#define MOST_STEPS 1000

struct parser {
	const char *text;
	size_t at;
	const struct rbmap_events *events;
	struct tep_event *event;
	struct filter_tree *tree;
	struct filter_error *error;
	int steps;
};

static int parse_any(struct parser *parser);

static int wrong(struct parser *parser, size_t at, const char *what)
{
	*parser->error = (struct filter_error){ what, at };
	return -EINVAL;
}

static void skip_blanks(struct parser *parser)
{
	while (isspace((unsigned char)parser->text[parser->at]))
		parser->at++;
}

/* Passes over @word where it comes next. */
static bool take_word(struct parser *parser, const char *word)
{
	size_t length = strlen(word);

	skip_blanks(parser);
	if (strncmp(parser->text + parser->at, word, length) != 0)
		return false;
	parser->at += length;
	return true;
}

/* Returns the number of the node, or a negative errno. */
static int add_node(struct parser *parser, const struct filter_node *node)
{
	struct filter_tree *tree = parser->tree;
	struct filter_node *larger;

	if (++parser->steps > MOST_STEPS)
		return wrong(parser, parser->at, "the filter is too long");
	larger = reallocarray(tree->nodes, tree->nr + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	tree->nodes = larger;
	larger[tree->nr] = *node;
	return tree->nr++;
}

/* What the field is to be compared as; NULL where it can be. */
static const char *judge_field(const struct parser *parser,
			       const struct tep_format_field *found,
			       struct filter_node *node)
{
	struct event_field *field = &node->field;

	if (!rbmap_field_make(field, parser->events, false, found))
		return "the field cannot be compared";
	node->kind = field->is_array && strstr(found->type, "char") ? FILTER_TEXT :
								      FILTER_NUMBER;
	node->is_signed = field->is_signed;
	if (node->kind == FILTER_TEXT)
		return NULL;
	if (field->is_array)
		return "the field is an array";
	if (strstr(found->type, "char *"))
		return "the field is a pointer; its string is not in the ring";
	return field->is_number ? NULL : "the field is not a number";
}

/* Those of no event; an event's own field of that name goes before. */
static const char *find_field(struct parser *parser, const char *name,
			      struct filter_node *node)
{
	const struct tep_format_field *found = tep_find_any_field(parser->event, name);

	node->source = FILTER_FIELD;
	if (found)
		return judge_field(parser, found, node);
	if (!strcmp(name, "cpu") || !strcmp(name, "CPU")) {
		node->source = FILTER_CPU;
		node->kind = FILTER_NUMBER;
		node->is_signed = true;
		return NULL;
	}
	if (!strcmp(name, "comm") || !strcmp(name, "COMM")) {
		node->source = FILTER_COMM;
		node->kind = FILTER_TEXT;
		return NULL;
	}
	return "no such field";
}

static int parse_field(struct parser *parser, struct filter_node *node)
{
	size_t begin = parser->at;
	const char *what;
	char *name;

	while (isalnum((unsigned char)parser->text[parser->at]) ||
	       parser->text[parser->at] == '_')
		parser->at++;
	if (parser->at == begin)
		return wrong(parser, begin, "a field is missing");
	if (parser->text[parser->at] == '.')
		return wrong(parser, parser->at, "only the kernel can evaluate this");
	name = strndup(parser->text + begin, parser->at - begin);
	if (!name)
		return -ENOMEM;
	what = find_field(parser, name, node);
	free(name);
	return what ? wrong(parser, begin, what) : 0;
}

static int parse_op(struct parser *parser, struct filter_node *node)
{
	static const char *const ops[] = {
		[FILTER_EQ] = "==",  [FILTER_NE] = "!=",  [FILTER_LE] = "<=",
		[FILTER_GE] = ">=",  [FILTER_LT] = "<",	  [FILTER_GT] = ">",
		[FILTER_GLOB] = "~", [FILTER_BITS] = "&",
	};
	bool is_text_op;
	size_t begin, op = 0;

	skip_blanks(parser);
	begin = parser->at;
	while (op < sizeof(ops) / sizeof(ops[0]) && !take_word(parser, ops[op]))
		op++;
	if (op == sizeof(ops) / sizeof(ops[0]) ||
	    (op == FILTER_BITS && parser->text[parser->at] == '&'))
		return wrong(parser, begin, "an operator is missing");
	node->op = op;
	is_text_op = op == FILTER_EQ || op == FILTER_NE || op == FILTER_GLOB;
	if (node->kind == FILTER_TEXT && !is_text_op)
		return wrong(parser, begin, "strings are compared with ==, != and ~");
	if (node->kind == FILTER_NUMBER && op == FILTER_GLOB)
		return wrong(parser, begin, "~ applies only to strings");
	return 0;
}

static int parse_string(struct parser *parser, struct filter_node *node)
{
	const char *begin = parser->text + parser->at, *end;

	if (*begin != '"' && *begin != '\'')
		return wrong(parser, parser->at, "a quoted string is missing");
	end = strchr(begin + 1, *begin);
	if (!end)
		return wrong(parser, parser->at, "the string is not terminated");
	node->text = strndup(begin + 1, end - begin - 1);
	if (!node->text)
		return -ENOMEM;
	node->length = strlen(node->text);
	parser->at = end + 1 - parser->text;
	return 0;
}

static int parse_number(struct parser *parser, struct filter_node *node)
{
	const char *begin = parser->text + parser->at;
	char *end;

	if (!isdigit((unsigned char)begin[*begin == '-']))
		return wrong(parser, parser->at, "a number is missing");
	if (*begin == '-' && !node->is_signed)
		return wrong(parser, parser->at, "the field is never negative");
	errno = 0;
	node->number = node->is_signed ? (uint64_t)strtoll(begin, &end, 0) :
					 strtoull(begin, &end, 0);
	if (errno)
		return wrong(parser, parser->at, "the number is too large");
	if (isalnum((unsigned char)*end) || *end == '_')
		return wrong(parser, parser->at, "this is not a number");
	parser->at = end - parser->text;
	return 0;
}

static int parse_comparison(struct parser *parser)
{
	struct filter_node node = { .text = NULL };
	int r;

	r = parse_field(parser, &node);
	if (r == 0)
		r = parse_op(parser, &node);
	skip_blanks(parser);
	if (r == 0)
		r = node.kind == FILTER_TEXT ? parse_string(parser, &node) :
					       parse_number(parser, &node);
	if (r == 0)
		r = add_node(parser, &node);
	if (r < 0)
		free(node.text);
	return r;
}

static int parse_one(struct parser *parser)
{
	struct filter_node not = { .kind = FILTER_NOT };
	int r;

	if (++parser->steps > MOST_STEPS)
		return wrong(parser, parser->at, "the filter is too long");
	if (take_word(parser, "!")) {
		not .left = parse_one(parser);
		return not .left < 0 ? not .left : add_node(parser, &not );
	}
	if (!take_word(parser, "("))
		return parse_comparison(parser);
	r = parse_any(parser);
	if (r >= 0 && !take_word(parser, ")"))
		r = wrong(parser, parser->at, "&&, || or ) is missing");
	return r;
}

/* PART { WORD PART } */
static int parse_chain(struct parser *parser, int (*parse_part)(struct parser *),
		       const char *word, enum filter_kind kind)
{
	struct filter_node node = { .kind = kind };
	int left = parse_part(parser);

	while (left >= 0 && take_word(parser, word)) {
		node.left = left;
		node.right = parse_part(parser);
		left = node.right < 0 ? node.right : add_node(parser, &node);
	}
	return left;
}

static int parse_both(struct parser *parser)
{
	return parse_chain(parser, parse_one, "&&", FILTER_AND);
}

static int parse_any(struct parser *parser)
{
	return parse_chain(parser, parse_both, "||", FILTER_OR);
}

int rbmap_filter_parse(struct filter_tree **ret, const char *text,
		       const struct rbmap_events *events, struct tep_event *event,
		       struct filter_error *error)
{
	struct parser parser = {
		.text = text, .events = events, .event = event, .error = error
	};
	int r;

	parser.tree = calloc(1, sizeof(*parser.tree));
	if (!parser.tree)
		return -ENOMEM;
	r = parse_any(&parser);
	skip_blanks(&parser);
	if (r >= 0 && text[parser.at])
		r = wrong(&parser, parser.at, "&& or || is missing");
	if (r < 0) {
		rbmap_filter_free(parser.tree);
		return r;
	}
	parser.tree->root = r;
	*ret = parser.tree;
	return 0;
}
