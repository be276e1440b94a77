// SPDX-License-Identifier: LGPL-2.1-only
#include "events/filter.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <traceevent/event-parse.h>

#include <rbmap/record.h>

#include "events/filter-tree.h"

/* No string in a record is longer: its length is 16 bits of a word. */
#define MOST_TEXT 65535

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	for (int i = 0; i < filter->nr; i++)
		free(filter->nodes[i].text);
	free(filter->nodes);
	free(filter);
}

bool filter_wants_comm(const struct filter *filter)
{
	for (int i = 0; i < filter->nr; i++)
		if (filter->nodes[i].source == FILTER_COMM)
			return true;
	return false;
}

/* The bytes of a field; false where they are not in the record. */
static bool find_bytes(const struct tep_format_field *field,
		       const struct rbmap_record *record, const char **ret,
		       uint64_t *size)
{
	uint64_t offset = field->offset, end = offset + field->size;
	uint32_t word;

	*size = field->size;
	if (end > record->size)
		return false;
	/* An array without a size goes on to the end. */
	if (!*size)
		*size = record->size - offset;
	if (field->flags & TEP_FIELD_IS_DYNAMIC) {
		if (*size != sizeof(word))
			return false;
		word = tep_read_number(field->event->tep,
				       (const char *)record->data + offset,
				       sizeof(word));
		offset = word & 0xffff;
		if (field->flags & TEP_FIELD_IS_RELATIVE)
			offset += end;
		*size = word >> 16;
	}
	*ret = (const char *)record->data + offset;
	return offset + *size <= record->size;
}

static bool find_number(const struct filter_node *node,
			const struct rbmap_record *record, uint64_t *number)
{
	const char *bytes;
	unsigned int spare;
	uint64_t size;

	if (node->source == FILTER_CPU) {
		*number = record->cpu;
		return true;
	}
	if (!find_bytes(node->field, record, &bytes, &size))
		return false;
	*number = tep_read_number(node->field->event->tep, bytes, size);
	spare = 64 - 8 * size;
	if (node->is_signed)
		*number = (uint64_t)((int64_t)(*number << spare) >> spare);
	return true;
}

static int compare(const struct filter_node *node, uint64_t number)
{
	int64_t left = number, right = node->number;

	if (node->is_signed)
		return (left > right) - (left < right);
	return (number > node->number) - (number < node->number);
}

static bool takes_number(const struct filter_node *node,
			 const struct rbmap_record *record)
{
	uint64_t number;
	int order;

	if (!find_number(node, record, &number))
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

/* As the kernel has it, a glob may begin with '!'. */
static bool matches(const char *pattern, const char *text)
{
	bool inverted = *pattern == '!';

	return (fnmatch(pattern + inverted, text, 0) == 0) != inverted;
}

static bool takes_text(const struct filter_node *node,
		       const struct rbmap_record *record, const char *comm)
{
	char copy[MOST_TEXT + 1];
	const char *bytes = "";
	uint64_t size = 0;

	if (node->source == FILTER_COMM) {
		bytes = comm;
		size = strlen(comm);
	} else if (!find_bytes(node->field, record, &bytes, &size)) {
		return false;
	}
	if (size > MOST_TEXT)
		size = MOST_TEXT;
	size = strnlen(bytes, size);
	memcpy(copy, bytes, size);
	copy[size] = '\0';
	if (node->op == FILTER_GLOB)
		return matches(node->text, copy);
	return (strcmp(node->text, copy) == 0) == (node->op == FILTER_EQ);
}

static bool takes(const struct filter *filter, int at,
		  const struct rbmap_record *record, const char *comm)
{
	const struct filter_node *node = &filter->nodes[at];

	switch (node->kind) {
	case FILTER_AND:
		return takes(filter, node->left, record, comm) &&
		       takes(filter, node->right, record, comm);
	case FILTER_OR:
		return takes(filter, node->left, record, comm) ||
		       takes(filter, node->right, record, comm);
	case FILTER_NOT:
		return !takes(filter, node->left, record, comm);
	case FILTER_NUMBER:
		return takes_number(node, record);
	default:
		return takes_text(node, record, comm);
	}
}

bool filter_takes(const struct filter *filter, const struct rbmap_record *record,
		  const char *comm)
{
	return takes(filter, filter->root, record, comm);
}
