// SPDX-License-Identifier: LGPL-2.1-only
#include <byteswap.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/internal.h"
#include "span/shared-load.h"
#include "span/subbuf.h"
#include "tracefs/tracefs.h"

/* kernel/trace/ring_buffer.c: RB_MISSED_EVENTS, RB_MISSED_STORED. */
#define MISSED_EVENTS (UINT32_C(1) << 31)
#define MISSED_STORED (UINT32_C(1) << 30)
/* Below these bits are more reserved ones; no sub-buffer is this large. */
#define SIZE_MASK ((UINT32_C(1) << 27) - 1)

struct field {
	unsigned int offset;
	unsigned int size;
};

static int parse_field(const char *text, const char *name, struct field *ret)
{
	const char *found = strstr(text, name);
	struct field field;

	if (!found || sscanf(found + strlen(name), " offset:%u; size:%u;",
			     &field.offset, &field.size) != 2)
		return -EBADMSG;
	*ret = field;
	return 0;
}

RBMAP_PUBLIC int rbmap_layout_parse(struct rbmap_layout *ret, const char *text,
				    size_t size)
{
	struct field stamp, commit, data;
	char copy[1024];

	if (size >= sizeof(copy))
		return -EBADMSG;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (parse_field(copy, " timestamp;", &stamp) ||
	    parse_field(copy, " commit;", &commit) ||
	    parse_field(copy, " data;", &data))
		return -EBADMSG;
	if (stamp.offset != 0 || stamp.size != 8 || commit.offset != 8 ||
	    (commit.size != 4 && commit.size != 8) ||
	    data.offset != commit.offset + commit.size || data.size == 0 ||
	    data.size > SIZE_MASK)
		return -EBADMSG;
	*ret = (struct rbmap_layout){
		.subbuf_size = data.offset + data.size,
		.data_offset = data.offset,
		.commit_offset = commit.offset,
		.commit_size = commit.size,
	};
	return 0;
}

/*
 * Where sub-buffers can be resized, header_page of an instance may be that of the
 * top-level buffer, so the file that sets the size has the last word.
 */
static int read_subbuf_size(struct tracefs_instance *instance, uint32_t *size)
{
	unsigned long kilobytes;
	char *text, *end;
	int r;

	r = rbmap_tracefs_read(instance, "buffer_subbuf_size_kb", &text, NULL);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	errno = 0;
	kilobytes = strtoul(text, &end, 10);
	r = end == text || errno || kilobytes == 0 || kilobytes > SIZE_MASK / 1024 ?
		    -EBADMSG :
		    0;
	free(text);
	if (r == 0)
		*size = kilobytes * 1024;
	return r;
}

RBMAP_PUBLIC int rbmap_layout_read(struct rbmap_layout *ret,
				   struct tracefs_instance *instance)
{
	struct rbmap_layout layout;
	size_t size;
	char *text;
	int r;

	r = rbmap_tracefs_read(instance, "events/header_page", &text, &size);
	if (r == -ENOENT && instance)
		r = rbmap_tracefs_read(NULL, "events/header_page", &text, &size);
	if (r < 0)
		return r;
	r = rbmap_layout_parse(&layout, text, size);
	free(text);
	if (r == 0)
		r = read_subbuf_size(instance, &layout.subbuf_size);
	if (r < 0)
		return r;
	*ret = layout;
	return 0;
}

static uint64_t read_long(const struct rbmap_layout *layout, const void *from)
{
	uint64_t wide;
	uint32_t narrow;

	if (layout->commit_size == 8) {
		memcpy(&wide, from, sizeof(wide));
		return layout->swap ? bswap_64(wide) : wide;
	}
	memcpy(&narrow, from, sizeof(narrow));
	return layout->swap ? bswap_32(narrow) : narrow;
}

static uint64_t stored_count(const struct rbmap_layout *layout,
			     const unsigned char *subbuf, uint32_t size)
{
	uint64_t count, unknown;

	if (rbmap_layout_capacity(layout) - size < layout->commit_size)
		return RBMAP_LOST_UNKNOWN;
	count = read_long(layout, subbuf + layout->data_offset + size);
	/* The kernel's -1 says that it lost count. */
	unknown = layout->commit_size == 8 ? UINT64_MAX : UINT32_MAX;
	return count == 0 || count == unknown ? RBMAP_LOST_UNKNOWN : count;
}

static int decode(const struct rbmap_layout *layout, const void *subbuf,
		  uint32_t commit, uint64_t time_stamp, struct rbmap_subbuf_header *ret)
{
	uint32_t size = commit & SIZE_MASK;
	uint64_t lost = 0;

	if (size > rbmap_layout_capacity(layout))
		return -EBADMSG;
	if (commit & MISSED_EVENTS)
		lost = commit & MISSED_STORED ? stored_count(layout, subbuf, size) :
						RBMAP_LOST_UNKNOWN;
	*ret = (struct rbmap_subbuf_header){
		.time_stamp = time_stamp,
		.lost = lost,
		.size = size,
	};
	return 0;
}

RBMAP_PUBLIC int rbmap_subbuf_header(const struct rbmap_layout *layout,
				     const void *subbuf,
				     struct rbmap_subbuf_header *ret)
{
	const unsigned char *bytes = subbuf;
	uint64_t time_stamp;

	memcpy(&time_stamp, bytes, sizeof(time_stamp));
	if (layout->swap)
		time_stamp = bswap_64(time_stamp);
	return decode(layout, subbuf, read_long(layout, bytes + layout->commit_offset),
		      time_stamp, ret);
}

/*
 * Pairs with the store of commit in rb_set_commit_to_write(), which comes after those
 * of the records and of time_stamp.
 */
static uint32_t load_commit(const struct rbmap_layout *layout, const void *subbuf)
{
	const unsigned char *word =
		(const unsigned char *)subbuf + layout->commit_offset;

	return layout->commit_size == 8 ? (uint32_t)shared_load_u64(word) :
					  shared_load_u32(word);
}

uint32_t rbmap_subbuf_load_size(const struct rbmap_layout *layout, const void *subbuf)
{
	return load_commit(layout, subbuf) & SIZE_MASK;
}

/* Pairs with the store in __rb_reserve_next(), behind that of 0 to commit. */
uint64_t rbmap_subbuf_load_time_stamp(const void *subbuf)
{
	return shared_load_u64(subbuf);
}

int rbmap_subbuf_load_header(const struct rbmap_layout *layout, const void *subbuf,
			     struct rbmap_subbuf_header *ret)
{
	uint32_t commit = load_commit(layout, subbuf);

	return decode(layout, subbuf, commit, rbmap_subbuf_load_time_stamp(subbuf),
		      ret);
}

static void write_long(const struct rbmap_layout *layout, void *to, uint64_t value)
{
	uint32_t narrow = value;

	if (layout->swap) {
		value = bswap_64(value);
		narrow = bswap_32(narrow);
	}
	if (layout->commit_size == 8)
		memcpy(to, &value, sizeof(value));
	else
		memcpy(to, &narrow, sizeof(narrow));
}

uint32_t rbmap_subbuf_make_header(const struct rbmap_layout *layout, void *header,
				  void *count, uint64_t time_stamp, uint32_t size,
				  uint64_t lost)
{
	bool room = rbmap_layout_capacity(layout) - size >= layout->commit_size;
	bool stored = lost && lost != RBMAP_LOST_UNKNOWN && room;
	uint32_t commit = size;

	if (lost)
		commit |= MISSED_EVENTS;
	if (stored) {
		commit |= MISSED_STORED;
		write_long(layout, count, lost);
	}
	if (layout->swap)
		time_stamp = bswap_64(time_stamp);
	memset(header, 0, layout->data_offset);
	memcpy(header, &time_stamp, sizeof(time_stamp));
	write_long(layout, (unsigned char *)header + layout->commit_offset, commit);
	return stored ? layout->commit_size : 0;
}
