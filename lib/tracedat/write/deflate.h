/* SPDX-License-Identifier: LGPL-2.1-only */
/* zstd, for the trace.dat writer: frames that any zstd reads. */
#ifndef RBMAP_TRACEDAT_WRITE_DEFLATE_H
#define RBMAP_TRACEDAT_WRITE_DEFLATE_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* As many as there are threads that compress at the same time. */
struct tracedat_zips {
	pthread_mutex_t lock;
	struct tracedat_zip *free;
};

int rbmap_zips_init(struct tracedat_zips *zips);
void rbmap_zips_free(struct tracedat_zips *zips);
/* Gives back the memory of those that nobody has at the moment. */
void rbmap_zips_trim(struct tracedat_zips *zips);

/* What @ret points to is to be returned with rbmap_zip_put(). */
int rbmap_zip_get(struct tracedat_zips *zips, struct tracedat_zip **ret);
void rbmap_zip_put(struct tracedat_zips *zips, struct tracedat_zip *zip);

/* The most that a frame of @size bytes takes. */
size_t rbmap_zip_bound(size_t size);
/* One frame; @ret is valid until the zip is used again. */
int rbmap_zip(struct tracedat_zip *zip, int level, const void *bytes, size_t size,
	      struct iovec *ret);
/* The same of a list of kernel symbols, most of a head. */
int rbmap_zip_text(struct tracedat_zip *zip, const void *bytes, size_t size,
		   struct iovec *ret);

/*
 * Frames that have the bytes as they are, each of one block: its header is followed by
 * its bytes, which stay where they are.
 */
#define STORED_BLOCK (UINT32_C(128) << 10)
#define STORED_MAX (32 * STORED_BLOCK)
#define STORED_HEADER 12
#define STORED_PARTS (2 * (STORED_MAX / STORED_BLOCK))

struct tracedat_stored {
	/* For a whole block and for what is left. */
	unsigned char whole[STORED_HEADER];
	unsigned char rest[STORED_HEADER];
};

/*
 * Of at most STORED_MAX bytes. Returns how many of @parts are used; they point to
 * @stored and to @bytes.
 */
int rbmap_store(struct tracedat_stored *stored, const void *bytes, size_t size,
		struct iovec parts[STORED_PARTS]);

#endif
