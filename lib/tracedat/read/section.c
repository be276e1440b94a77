// SPDX-License-Identifier: LGPL-2.1-only
/* A section of a trace.dat, version 7. Source: trace-cmd.dat.v7(5). */
#include <stdlib.h>

#include "base/internal.h"
#include "tracedat/read/datfile.h"

#define SECTION_HEADER 16

int rbmap_datfile_read_section_header(struct rbmap_tracedat_reader *datfile,
				      uint64_t offset, const char *what,
				      struct tracedat_section *ret)
{
	struct tracedat_in in = { .size = SECTION_HEADER,
				  .offset = offset,
				  .swap = datfile->swap };
	char *bytes;
	int r = rbmap_datfile_read(datfile, offset, SECTION_HEADER, &bytes);

	if (r == -EBADMSG)
		return rbmap_datfile_fault(datfile, datfile->size,
					   "%s: should be at byte %llu, but the file "
					   "ends here",
					   what, (unsigned long long)offset);
	if (r < 0)
		return r;
	in.bytes = (unsigned char *)bytes;
	if (rbmap_in_u16(&in, &ret->id) || rbmap_in_u16(&in, &ret->flags) ||
	    rbmap_in_u32(&in, &ret->name) || rbmap_in_u64(&in, &ret->size))
		r = -EBADMSG;
	free(bytes);
	return r;
}

/* @in, with its sizes before it, becomes what was compressed. */
static int inflate_section(struct rbmap_tracedat_reader *datfile,
			   struct tracedat_in *in, const char *what)
{
	const unsigned char *from;
	uint32_t from_size, to_size;
	unsigned char *to;
	int r;

	if (rbmap_in_u32(in, &from_size) || rbmap_in_u32(in, &to_size) ||
	    rbmap_in_bytes(in, &from, from_size))
		return rbmap_datfile_cut(datfile, in, what);
	r = rbmap_datfile_need(datfile, in->offset, (uint64_t)to_size + 1, what);
	if (r < 0)
		return r;
	to = malloc((size_t)to_size + 1);
	if (!to)
		return -ENOMEM;
	r = rbmap_inflate(datfile->compression, to, to_size, from, from_size);
	if (r < 0) {
		free(to);
		return r == -ENOMEM ? r :
				      rbmap_datfile_fault(datfile, in->offset,
							  "%s: the compressed data is "
							  "damaged",
							  what);
	}
	free((void *)in->bytes);
	rbmap_datfile_discharge(datfile, in->size);
	in->bytes = to;
	in->size = to_size;
	in->at = 0;
	return 0;
}

int rbmap_datfile_read_section(struct rbmap_tracedat_reader *datfile, uint64_t offset,
			       uint16_t id, const char *what, struct tracedat_in *ret)
{
	struct tracedat_section section;
	struct tracedat_in in;
	char *bytes;
	int r = rbmap_datfile_read_section_header(datfile, offset, what, &section);

	if (r < 0)
		return r;
	if (section.id != id)
		return rbmap_datfile_fault(datfile, offset,
					   "%s: found section %u instead of %u", what,
					   section.id, id);
	in = (struct tracedat_in){ .offset = offset + SECTION_HEADER,
				   .size = section.size,
				   .swap = datfile->swap };
	/* What is left of it may still be good. */
	if (in.size > datfile->size - in.offset)
		in.size = datfile->size - in.offset;
	/* Read once more it counts once more, so that no file is read for ever. */
	r = rbmap_datfile_need(datfile, offset, in.size, what);
	if (r < 0)
		return r;
	r = rbmap_datfile_read(datfile, in.offset, in.size, &bytes);
	if (r == -EBADMSG)
		r = rbmap_datfile_check_size(datfile, r);
	if (r < 0)
		return r;
	in.bytes = (unsigned char *)bytes;
	if (section.flags & TRACEDAT_COMPRESSED)
		r = inflate_section(datfile, &in, what);
	if (r < 0)
		free((void *)in.bytes);
	else
		*ret = in;
	return r;
}
