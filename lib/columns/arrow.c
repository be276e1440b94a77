// SPDX-License-Identifier: LGPL-2.1-only
#include "columns/arrow.h"

#include <stdlib.h>

#include "base/internal.h"
#include "columns/pool.h"

static void free_schema(struct ArrowSchema *schema)
{
	for (int64_t i = 0; i < schema->n_children; i++)
		if (schema->children[i]->release)
			schema->children[i]->release(schema->children[i]);
	free(schema->children);
	if (schema->dictionary && schema->dictionary->release)
		schema->dictionary->release(schema->dictionary);
	free(schema->dictionary);
	free((char *)schema->format);
	free((char *)schema->name);
	schema->release = NULL;
}

static void free_array(struct ArrowArray *array)
{
	for (int64_t i = 0; i < array->n_children; i++)
		if (array->children[i]->release)
			array->children[i]->release(array->children[i]);
	free(array->children);
	if (array->dictionary && array->dictionary->release)
		array->dictionary->release(array->dictionary);
	free(array->dictionary);
	for (int64_t i = 0; i < array->n_buffers; i++)
		rbmap_pool_free((void *)array->buffers[i]);
	free(array->buffers);
	array->release = NULL;
}

/* The children are in one piece of memory with the pointers to them. */
static int make_schema_children(struct ArrowSchema *schema, size_t nr)
{
	struct ArrowSchema *children;

	schema->children = calloc(nr, sizeof(*schema->children) + sizeof(*children));
	if (!schema->children)
		return -ENOMEM;
	children = (struct ArrowSchema *)(schema->children + nr);
	for (size_t i = 0; i < nr; i++)
		schema->children[i] = &children[i];
	schema->n_children = nr;
	return 0;
}

static int make_array_children(struct ArrowArray *array, size_t nr)
{
	struct ArrowArray *children;

	array->children = calloc(nr, sizeof(*array->children) + sizeof(*children));
	if (!array->children)
		return -ENOMEM;
	children = (struct ArrowArray *)(array->children + nr);
	for (size_t i = 0; i < nr; i++)
		array->children[i] = &children[i];
	array->n_children = nr;
	return 0;
}

int rbmap_arrow_make_schema(struct ArrowSchema *ret, const char *format,
			    const char *name, size_t nr_children, bool has_dictionary)
{
	struct ArrowSchema schema = {
		.format = strdup(format),
		.name = strdup(name),
		.flags = ARROW_FLAG_NULLABLE,
		.release = free_schema,
	};
	int r = schema.format && schema.name ? 0 : -ENOMEM;

	if (r == 0 && nr_children)
		r = make_schema_children(&schema, nr_children);
	if (r == 0 && has_dictionary) {
		schema.dictionary = calloc(1, sizeof(*schema.dictionary));
		r = schema.dictionary ? 0 : -ENOMEM;
	}
	if (r < 0)
		free_schema(&schema);
	else
		*ret = schema;
	return r;
}

int rbmap_arrow_make_array(struct ArrowArray *ret, size_t nr_buffers,
			   size_t nr_children, bool has_dictionary)
{
	struct ArrowArray array = {
		.buffers = calloc(ARROW_BUFFERS_MAX, sizeof(*array.buffers)),
		.release = free_array,
	};
	int r = array.buffers ? 0 : -ENOMEM;

	if (r == 0 && nr_children)
		r = make_array_children(&array, nr_children);
	if (r == 0 && has_dictionary) {
		array.dictionary = calloc(1, sizeof(*array.dictionary));
		r = array.dictionary ? 0 : -ENOMEM;
	}
	if (r < 0) {
		free_array(&array);
		return r;
	}
	array.n_buffers = nr_buffers;
	*ret = array;
	return 0;
}

void rbmap_arrow_give(struct ArrowArray *array, size_t buffer, void *memory)
{
	array->buffers[buffer] = memory;
}
