// SPDX-License-Identifier: LGPL-2.1-only
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "events/events.h"
#include "events/filter-tree.h"

void rbmap_filter_free(struct filter_tree *tree)
{
	if (!tree)
		return;
	for (int i = 0; i < tree->nr; i++)
		free(tree->nodes[i].text);
	free(tree->nodes);
	free(tree);
}

static bool find_number(const struct filter_run *run, const struct filter_node *node,
			uint64_t *number)
{
	if (node->source == FILTER_FIELD)
		return rbmap_field_u64(&node->field.number, run->record, number) == 0;
	*number = run->record->cpu;
	return true;
}

static int compare(const struct filter_node *node, uint64_t number)
{
	int64_t left = number, right = node->number;

	if (node->is_signed)
		return (left > right) - (left < right);
	return (number > node->number) - (number < node->number);
}

static bool takes_number(const struct filter_run *run, const struct filter_node *node)
{
	uint64_t number;
	int order;

	if (!find_number(run, node, &number))
		return false;
	if (node->op == FILTER_BITS)
		return number & node->number;
	order = compare(node, number);
	switch (node->op) {
	case FILTER_EQ:
		return order == 0;
	case FILTER_NE:
		return order != 0;
	case FILTER_LT:
		return order < 0;
	case FILTER_LE:
		return order <= 0;
	case FILTER_GT:
		return order > 0;
	default:
		return order >= 0;
	}
}

static bool find_text(struct filter_run *run, const struct filter_node *node,
		      const char **text, size_t *length)
{
	int pid;

	if (node->source == FILTER_FIELD)
		return rbmap_field_text(&node->field.number, run->record, text,
					length) == 0;
	pid = rbmap_record_pid(run->events, run->record);
	*text = rbmap_events_comm(run->events, pid < 0 ? -1 : pid);
	*length = strlen(*text);
	run->used_comm = true;
	return true;
}

/* As the kernel has it, a glob may begin with '!'. */
static bool is_like(const struct filter_run *run, const char *pattern, const char *text,
		    size_t length)
{
	bool inverted = *pattern == '!';

	if (length > FILTER_TEXT_MAX)
		length = FILTER_TEXT_MAX;
	memcpy(run->copy, text, length);
	run->copy[length] = '\0';
	return (fnmatch(pattern + inverted, run->copy, 0) == 0) != inverted;
}

static bool takes_text(struct filter_run *run, const struct filter_node *node)
{
	const char *text;
	size_t length;
	bool is_same;

	if (!find_text(run, node, &text, &length))
		return false;
	if (node->op == FILTER_GLOB)
		return is_like(run, node->text, text, length);
	is_same = length == node->length && memcmp(text, node->text, length) == 0;
	return is_same == (node->op == FILTER_EQ);
}

static bool takes(struct filter_run *run, int at)
{
	const struct filter_node *node = &run->tree->nodes[at];

	switch (node->kind) {
	case FILTER_AND:
		return takes(run, node->left) && takes(run, node->right);
	case FILTER_OR:
		return takes(run, node->left) || takes(run, node->right);
	case FILTER_NOT:
		return !takes(run, node->left);
	case FILTER_NUMBER:
		return takes_number(run, node);
	default:
		return takes_text(run, node);
	}
}

bool rbmap_filter_takes(struct filter_run *run)
{
	return takes(run, run->tree->root);
}
