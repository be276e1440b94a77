// SPDX-License-Identifier: GPL-2.0-only
#include "arrow-json.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

static void must(bool is_so, const struct ArrowSchema *schema, const char *what)
{
	if (is_so)
		return;
	fprintf(stderr, "column %s of type %s: %s\n", schema->name, schema->format,
		what);
	abort();
}

static bool is_valid(const struct ArrowArray *array, int64_t row)
{
	const uint8_t *valid;

	if (!array->n_buffers)
		return false;
	valid = array->buffers[0];
	return !valid || valid[row / 8] >> row % 8 & 1;
}

static bool has_offsets(const struct ArrowSchema *schema)
{
	return strchr("uz", schema->format[0]) || !strcmp(schema->format, "+l");
}

static int64_t buffers_of(const struct ArrowSchema *schema)
{
	const char *format = schema->format;

	if (format[0] == 'n')
		return 0;
	if (!strcmp(format, "+s") || !strncmp(format, "+w:", 3))
		return 1;
	return format[0] == 'u' || format[0] == 'z' ? 3 : 2;
}

static int64_t number_of(const struct ArrowSchema *schema)
{
	return atoll(strchr(schema->format, ':') + 1);
}

static void check_offsets(const struct ArrowSchema *schema,
			  const struct ArrowArray *array)
{
	const int32_t *offsets = array->buffers[1];

	must(offsets, schema, "no offsets");
	must(offsets[0] == 0, schema, "the first offset is not 0");
	for (int64_t i = 0; i < array->length; i++)
		must(offsets[i] <= offsets[i + 1], schema, "offsets that fall");
	if (array->n_buffers == 3)
		must(array->buffers[2], schema, "no bytes");
	else
		must(array->children[0]->length == offsets[array->length], schema,
		     "another number of elements");
}

static void check_text(const struct ArrowSchema *schema, const struct ArrowArray *array)
{
	const int32_t *offsets = array->buffers[1];
	const unsigned char *bytes = array->buffers[2];

	for (int64_t i = 0; i < array->length; i++)
		for (int32_t at = offsets[i], length; at < offsets[i + 1];
		     at += length) {
			length = utf8_length(bytes + at, offsets[i + 1] - at);
			must(length, schema, "text that is not UTF-8");
		}
}

static void check_dictionary(const struct ArrowSchema *schema,
			     const struct ArrowArray *array)
{
	const int32_t *indices = array->buffers[1];

	arrow_check(schema->dictionary, array->dictionary);
	for (int64_t i = 0; i < array->length; i++)
		must(!is_valid(array, i) || (indices[i] >= 0 &&
					     indices[i] < array->dictionary->length),
		     schema, "an index beyond the dictionary");
}

static void check_nulls(const struct ArrowSchema *schema,
			const struct ArrowArray *array)
{
	int64_t nulls = 0;

	for (int64_t i = 0; i < array->length; i++)
		nulls += !is_valid(array, i);
	must(nulls == array->null_count, schema, "another number of nulls");
}

void arrow_check(const struct ArrowSchema *schema, const struct ArrowArray *array)
{
	must(schema->release && array->release, schema, "is released");
	must(array->offset == 0, schema, "begins elsewhere");
	must(schema->n_children == array->n_children, schema, "other children");
	must(array->n_buffers == buffers_of(schema), schema, "other buffers");
	must(!schema->dictionary == !array->dictionary, schema, "no dictionary");
	if (strcmp(schema->format, "+s") != 0)
		check_nulls(schema, array);
	if (has_offsets(schema))
		check_offsets(schema, array);
	if (schema->format[0] == 'u')
		check_text(schema, array);
	if (schema->dictionary)
		check_dictionary(schema, array);
	if (!strncmp(schema->format, "+w:", 3))
		must(array->children[0]->length == array->length * number_of(schema),
		     schema, "another number of elements");
	for (int64_t i = 0; i < schema->n_children; i++) {
		if (!strcmp(schema->format, "+s"))
			must(array->children[i]->length == array->length, schema,
			     "columns of other lengths");
		arrow_check(schema->children[i], array->children[i]);
	}
}

static void put_string(FILE *to, const unsigned char *bytes, size_t size)
{
	struct text text = { 0 };

	rbmap_json_string(&text, (const char *)bytes, size);
	fwrite(text.buffer, text.used, 1, to);
	free(text.buffer);
}

static void put_bytes(FILE *to, const unsigned char *bytes, size_t size)
{
	putc('[', to);
	for (size_t i = 0; i < size; i++)
		fprintf(to, "%s%u", i ? "," : "", bytes[i]);
	putc(']', to);
}

static void put_list(FILE *to, const struct ArrowSchema *schema,
		     const struct ArrowArray *array, int64_t from, int64_t end)
{
	putc('[', to);
	for (int64_t i = from; i < end; i++) {
		if (i > from)
			putc(',', to);
		arrow_put(to, schema->children[0], array->children[0], i);
	}
	putc(']', to);
}

static void put_with_offsets(FILE *to, const struct ArrowSchema *schema,
			     const struct ArrowArray *array, int64_t row)
{
	const int32_t *offsets = array->buffers[1];
	const unsigned char *bytes;

	if (schema->format[0] == '+') {
		put_list(to, schema, array, offsets[row], offsets[row + 1]);
		return;
	}
	bytes = (const unsigned char *)array->buffers[2] + offsets[row];
	if (schema->format[0] == 'u')
		put_string(to, bytes, offsets[row + 1] - offsets[row]);
	else
		put_bytes(to, bytes, offsets[row + 1] - offsets[row]);
}

static void put_number(FILE *to, const struct ArrowSchema *schema, const void *values,
		       int64_t row)
{
	switch (schema->format[0]) {
	case 'c':
		fprintf(to, "%" PRId8, ((const int8_t *)values)[row]);
		break;
	case 'C':
		fprintf(to, "%" PRIu8, ((const uint8_t *)values)[row]);
		break;
	case 's':
		fprintf(to, "%" PRId16, ((const int16_t *)values)[row]);
		break;
	case 'S':
		fprintf(to, "%" PRIu16, ((const uint16_t *)values)[row]);
		break;
	case 'i':
		fprintf(to, "%" PRId32, ((const int32_t *)values)[row]);
		break;
	case 'I':
		fprintf(to, "%" PRIu32, ((const uint32_t *)values)[row]);
		break;
	case 't':
	case 'l':
		fprintf(to, "%" PRId64, ((const int64_t *)values)[row]);
		break;
	case 'L':
		fprintf(to, "%" PRIu64, ((const uint64_t *)values)[row]);
		break;
	case 'b':
		fprintf(to, "%d", ((const uint8_t *)values)[row / 8] >> row % 8 & 1);
		break;
	default:
		must(false, schema, "an unknown type");
	}
}

void arrow_put(FILE *to, const struct ArrowSchema *schema,
	       const struct ArrowArray *array, int64_t row)
{
	int64_t number;

	if (!is_valid(array, row)) {
		fputs("null", to);
	} else if (schema->dictionary) {
		arrow_put(to, schema->dictionary, array->dictionary,
			  ((const int32_t *)array->buffers[1])[row]);
	} else if (has_offsets(schema)) {
		put_with_offsets(to, schema, array, row);
	} else if (!strncmp(schema->format, "+w:", 3)) {
		number = number_of(schema);
		put_list(to, schema, array, row * number, (row + 1) * number);
	} else if (schema->format[0] == 'w') {
		number = number_of(schema);
		put_bytes(to, (const unsigned char *)array->buffers[1] + row * number,
			  number);
	} else {
		put_number(to, schema, array->buffers[1], row);
	}
}

int64_t arrow_find(const struct ArrowSchema *schema, const char *name)
{
	for (int64_t i = 0; i < schema->n_children; i++)
		if (!strcmp(schema->children[i]->name, name))
			return i;
	must(false, schema, name);
	return -1;
}

void arrow_put_row(FILE *to, const struct ArrowSchema *schema,
		   const struct ArrowArray *array, int64_t row, int64_t from)
{
	for (int64_t i = from; i < schema->n_children; i++) {
		if (i > from)
			putc(',', to);
		put_string(to, (const unsigned char *)schema->children[i]->name,
			   strlen(schema->children[i]->name));
		putc(':', to);
		arrow_put(to, schema->children[i], array->children[i], row);
	}
}
