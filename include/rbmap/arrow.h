/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_ARROW_H
#define RBMAP_ARROW_H

#include <stdint.h>

/*
 * The Arrow C data interface and the Arrow C stream interface: the layout of the
 * structs is fixed by their specifications. The guards are those that the
 * specifications demand, so that this header can be included together with another that
 * declares the same structs.
 *
 * https://arrow.apache.org/docs/format/CDataInterface.html
 * https://arrow.apache.org/docs/format/CStreamInterface.html
 */

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

/**
 * struct ArrowSchema - the type of a column, or of a batch of columns
 *
 * @format: the type, such as "i" for a 32-bit signed integer
 * @name: the name of the column; may be NULL
 * @metadata: pairs of keys and values in a binary form; may be NULL
 * @flags: ARROW_FLAG_...
 * @n_children: number of children in @children
 * @children: the columns of a batch, or the element of a list
 * @dictionary: the type of the values, if the column is an index into a dictionary
 * @release: frees everything that the struct points to and sets @release to NULL; NULL
 *	if the struct is released
 * @private_data: belongs to the producer
 *
 * Since: 0.1
 */
struct ArrowSchema {
	const char *format;
	const char *name;
	const char *metadata;
	int64_t flags;
	int64_t n_children;
	struct ArrowSchema **children;
	struct ArrowSchema *dictionary;
	void (*release)(struct ArrowSchema *);
	void *private_data;
};

/**
 * struct ArrowArray - the values of a column, or of a batch of columns
 *
 * @length: number of rows
 * @null_count: number of rows without a value; -1 if it is not known
 * @offset: number of rows to skip at the start of @buffers
 * @n_buffers: number of buffers in @buffers
 * @n_children: number of children in @children
 * @buffers: the first has a bit for each row that has a value, or is NULL if all have
 *	one; the type decides which others follow
 * @children: as those of the schema
 * @dictionary: the values that the indices refer to
 * @release: frees everything that the struct points to and sets @release to NULL; NULL
 *	if the struct is released
 * @private_data: belongs to the producer
 *
 * Since: 0.1
 */
struct ArrowArray {
	int64_t length;
	int64_t null_count;
	int64_t offset;
	int64_t n_buffers;
	int64_t n_children;
	const void **buffers;
	struct ArrowArray **children;
	struct ArrowArray *dictionary;
	void (*release)(struct ArrowArray *);
	void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

/**
 * struct ArrowArrayStream - batches of the same columns, one after the other
 *
 * @get_schema: fills in the schema, which the caller releases. Returns 0 or a positive
 *	errno
 * @get_next: fills in the next batch, which the caller releases; at the end, one whose
 *	release is NULL. Returns 0 or a positive errno
 * @get_last_error: describes the last error, until the next call; may be NULL
 * @release: frees the stream and sets @release to NULL; batches stay valid
 * @private_data: belongs to the producer
 *
 * Since: 0.1
 */
struct ArrowArrayStream {
	int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
	int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
	const char *(*get_last_error)(struct ArrowArrayStream *);
	void (*release)(struct ArrowArrayStream *);
	void *private_data;
};

#endif

#ifdef __cplusplus
}
#endif

#endif
