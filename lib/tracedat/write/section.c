// SPDX-License-Identifier: LGPL-2.1-only
#include "tracedat/write/section.h"

#include "base/internal.h"
#include "tracedat/write/deflate.h"
#include "tracedat/write/writer.h"

#define COMPRESSED 1

static const struct {
	uint16_t id;
	const char *name;
} names[] = {
	{ TRACEDAT_HEADER_INFO, "ring buffer format" },
	{ TRACEDAT_FTRACE_FORMATS, "ftrace formats" },
	{ TRACEDAT_EVENT_FORMATS, "event formats" },
	{ TRACEDAT_KALLSYMS, "kernel symbols" },
	{ TRACEDAT_PRINTK, "printk formats" },
	{ TRACEDAT_CMDLINES, "command lines" },
	{ TRACEDAT_OPTIONS, "options" },
	{ TRACEDAT_BUFFER, "ring buffer data" },
	{ TRACEDAT_STRINGS, "strings" },
};

/* What a section's name is told by: its offset among all names. */
static uint32_t name_offset(uint16_t id)
{
	uint32_t offset = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].id == id)
			break;
		offset += strlen(names[i].name) + 1;
	}
	return offset;
}

static void make_header(unsigned char *header, uint16_t id, uint16_t flags,
			uint64_t size)
{
	uint32_t name = name_offset(id);

	memcpy(header, &id, sizeof(id));
	memcpy(header + 2, &flags, sizeof(flags));
	memcpy(header + 4, &name, sizeof(name));
	memcpy(header + 8, &size, sizeof(size));
}

int rbmap_section_write_header(struct rbmap_tracedat_writer *writer, uint16_t id,
			       uint16_t flags, uint64_t size, uint64_t at)
{
	unsigned char header[TRACEDAT_SECTION_HEADER];

	make_header(header, id, flags, size);
	return rbmap_tracedat_write(&writer->file, header, sizeof(header), at);
}

static int write_plain(struct rbmap_tracedat_writer *writer, uint16_t id,
		       const void *bytes, size_t size, uint64_t *at)
{
	unsigned char header[TRACEDAT_SECTION_HEADER];
	struct iovec parts[2] = {
		{ .iov_base = header, .iov_len = sizeof(header) },
		{ .iov_base = (void *)bytes, .iov_len = size },
	};
	uint64_t offset = *at;

	make_header(header, id, 0, size);
	*at += sizeof(header) + size;
	return rbmap_tracedat_write_parts(&writer->file, parts, 2, offset);
}

int rbmap_section_write_frame(struct rbmap_tracedat_writer *writer, uint16_t id,
			      const struct iovec *frame, size_t size, uint64_t *at)
{
	unsigned char header[TRACEDAT_SECTION_HEADER];
	uint32_t sizes[2] = { frame->iov_len, size };
	struct iovec parts[3] = {
		{ .iov_base = header, .iov_len = sizeof(header) },
		{ .iov_base = sizes, .iov_len = sizeof(sizes) },
		*frame,
	};
	uint64_t offset = *at;

	make_header(header, id, COMPRESSED, sizeof(sizes) + sizes[0]);
	*at += sizeof(header) + sizeof(sizes) + sizes[0];
	return rbmap_tracedat_write_parts(&writer->file, parts, 3, offset);
}

static int write_compressed(struct rbmap_tracedat_writer *writer, uint16_t id,
			    const void *bytes, size_t size, uint64_t *at)
{
	struct tracedat_zip *zip;
	struct iovec frame;
	int r = rbmap_zip_get(&writer->zips, &zip);

	if (r < 0)
		return r;
	r = rbmap_zip_text(zip, bytes, size, &frame);
	if (r == 0)
		r = rbmap_section_write_frame(writer, id, &frame, size, at);
	rbmap_zip_put(&writer->zips, zip);
	return r;
}

static bool is_compressed(const struct rbmap_tracedat_writer *writer, uint16_t id)
{
	return writer->compressed && id != TRACEDAT_OPTIONS;
}

uint64_t rbmap_section_room(const struct rbmap_tracedat_writer *writer, uint16_t id,
			    size_t size)
{
	if (is_compressed(writer, id))
		size = 2 * sizeof(uint32_t) + rbmap_zip_bound(size);
	return TRACEDAT_SECTION_HEADER + size;
}

int rbmap_section_write(struct rbmap_tracedat_writer *writer, uint16_t id,
			const void *bytes, size_t size, uint64_t *at)
{
	if (size > UINT32_MAX)
		return -EFBIG;
	if (is_compressed(writer, id))
		return write_compressed(writer, id, bytes, size, at);
	return write_plain(writer, id, bytes, size, at);
}

int rbmap_section_write_strings(struct rbmap_tracedat_writer *writer, uint64_t *at)
{
	char text[256];
	size_t size = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		strcpy(text + size, names[i].name);
		size += strlen(names[i].name) + 1;
	}
	return rbmap_section_write(writer, TRACEDAT_STRINGS, text, size, at);
}
