// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common.h"

/* Of one command. */
#define MOST_OPTIONS 48
/* Where long options are numbered from: beyond all letters. */
#define FIRST_LONG 256

/* Every command has them. */
enum {
	OPTION_VERSION,
	OPTION_HELP,
	NR_COMMON
};

static const struct common_option common_options[NR_COMMON] = {
	[OPTION_VERSION] = { "version", 'V', no_argument, NULL, 0 },
	[OPTION_HELP] = { "help", 'h', no_argument, NULL, 0 },
};

struct parser {
	const struct common_command_line *line;
	const struct common_option *options[MOST_OPTIONS];
	size_t nr;
	/* For getopt_long(3). */
	struct option longs[MOST_OPTIONS + 1];
	char shorts[2 * MOST_OPTIONS + 3];
};

static void add(struct parser *parser, const struct common_option *option)
{
	char *end = parser->shorts + strlen(parser->shorts);
	size_t at = parser->nr++;

	parser->options[at] = option;
	parser->longs[at] = (struct option){ option->name, option->argument, NULL,
					     FIRST_LONG + (int)at };
	if (option->letter)
		*end++ = option->letter;
	if (option->letter && option->argument == required_argument)
		*end = ':';
}

/* A ':' first has getopt_long() say which value is missing, a '+' stop at operands. */
static void make(struct parser *parser, const struct common_command_line *line)
{
	parser->line = line;
	strcpy(parser->shorts, line->operands == COMMON_OPERANDS_COMMAND ? "+:" : ":");
	assert(line->nr + NR_COMMON <= MOST_OPTIONS);
	for (size_t i = 0; i < line->nr; i++)
		add(parser, &line->options[i]);
	for (size_t i = 0; i < NR_COMMON; i++)
		add(parser, &common_options[i]);
}

/* @c: what getopt_long() returned for an option that it knows. */
static const struct common_option *find(const struct parser *parser, int c)
{
	for (size_t i = 0; i < parser->nr; i++)
		if (c == FIRST_LONG + (int)i || c == parser->options[i]->letter)
			return parser->options[i];
	return NULL;
}

/* How many long options a word such as "--fo" or "--fo=x" may stand for. */
static int count_matches(const struct parser *parser, const char *word)
{
	size_t length = strcspn(word + 2, "=");
	int nr = 0;

	for (size_t i = 0; i < parser->nr; i++)
		if (!strncmp(parser->options[i]->name, word + 2, length))
			nr++;
	return nr;
}

/* For what getopt_long() refused: @c is '?' or ':'. */
static int refuse(const struct parser *parser, int c, char **argv)
{
	const char *word = argv[optind - 1];
	bool is_long = !strncmp(word, "--", 2);

	if (c == ':') {
		if (is_long)
			return common_usage_error("%s: needs a value", word);
		return common_usage_error("-%c: needs a value", optopt);
	}
	if (!optopt)
		return common_usage_error("%s: %s", word,
					  count_matches(parser, word) > 1 ?
						  "ambiguous option" :
						  "no such option");
	if (optopt >= FIRST_LONG)
		return common_usage_error("%s: takes no value", word);
	return common_usage_error("-%c: no such option", optopt);
}

/* Messages call it what the user has typed, but for what was abbreviated. */
static int take(const struct parser *parser, int c, void *config, bool *done)
{
	const struct common_option *option = find(parser, c);
	char name[64];

	*done = true;
	if (option == &common_options[OPTION_HELP])
		fputs(parser->line->help, stdout);
	else if (option == &common_options[OPTION_VERSION])
		common_print_version();
	else
		*done = false;
	if (*done)
		return COMMON_OK;
	if (c < FIRST_LONG)
		snprintf(name, sizeof(name), "-%c", c);
	else
		snprintf(name, sizeof(name), "--%s", option->name);
	return option->set((char *)config + option->offset, name, optarg);
}

int common_parse(const struct common_command_line *line, void *config, int argc,
		 char **argv, bool *done)
{
	struct parser parser = { .nr = 0 };
	int status = COMMON_OK, c;

	make(&parser, line);
	opterr = 0;
	while (status == COMMON_OK && !*done &&
	       (c = getopt_long(argc, argv, parser.shorts, parser.longs, NULL)) != -1) {
		if (c == '?' || c == ':')
			return refuse(&parser, c, argv);
		status = take(&parser, c, config, done);
	}
	if (status == COMMON_OK && !*done && optind < argc &&
	    line->operands == COMMON_OPERANDS_NONE)
		return common_usage_error("'%s': unexpected argument", argv[optind]);
	return status;
}

int common_set_flag(void *member, const char *option, char *value)
{
	*(bool *)member = true;
	return COMMON_OK;
}

int common_set_text(void *member, const char *option, char *value)
{
	*(const char **)member = value;
	return COMMON_OK;
}

int common_set_time(void *member, const char *option, char *value)
{
	uint64_t *ns = member;

	if (common_parse_time(ns, value) < 0)
		return common_usage_error(
			"%s '%s': not a time; write it as 10, 1.5, 500ms, 3m or 1h",
			option, value);
	if (*ns == 0)
		return common_usage_error("%s %s: must be greater than 0", option,
					  value);
	return COMMON_OK;
}

int common_set_event(void *member, const char *option, char *value)
{
	/* It keeps the name, which is @option only during the call. */
	return common_event_options_add(member, "-e", value);
}

int common_set_json(void *member, const char *option, char *value)
{
	static const char *const words[] = { "text", "json", NULL };
	int status, word = 0;

	status = common_find_word(&word, words, option, value);
	*(bool *)member = word;
	return status;
}

int common_set_quiet(void *member, const char *option, char *value)
{
	*(int *)member = -1;
	return COMMON_OK;
}

int common_set_verbose(void *member, const char *option, char *value)
{
	++*(int *)member;
	return COMMON_OK;
}

/* "a, b or c" */
static void list_words(char *text, size_t size, const char *const *words)
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; words[i] && used < size; i++)
		used += snprintf(text + used, size - used, "%s%s",
				 i == 0	      ? "" :
				 words[i + 1] ? ", " :
						" or ",
				 words[i]);
}

int common_find_word(int *ret, const char *const *words, const char *option,
		     const char *value)
{
	char text[128];

	for (int i = 0; words[i]; i++) {
		if (!strcmp(value, words[i])) {
			*ret = i;
			return COMMON_OK;
		}
	}
	list_words(text, sizeof(text), words);
	return common_usage_error("%s '%s': unknown; choose %s", option, value, text);
}
