// SPDX-License-Identifier: LGPL-2.1-only
/*
 * The memory that a file may take: what it says of itself decides how much is
 * allocated, here and in libtraceevent, and a few bytes can claim gigabytes. So there
 * is one limit for all of it, and each part is counted before it is read.
 */
#include "base/internal.h"
#include "tracedat/read/datfile.h"

int rbmap_datfile_charge(struct rbmap_tracedat_reader *datfile, uint64_t size)
{
	if (size > RBMAP_TRACEDAT_READER_MEMORY - datfile->charged)
		return -E2BIG;
	datfile->charged += size;
	return 0;
}

int rbmap_datfile_charge_each(struct rbmap_tracedat_reader *datfile, uint64_t nr,
			      uint64_t size)
{
	if (nr > RBMAP_TRACEDAT_READER_MEMORY / size)
		return -E2BIG;
	return rbmap_datfile_charge(datfile, nr * size);
}

void rbmap_datfile_discharge(struct rbmap_tracedat_reader *datfile, uint64_t size)
{
	datfile->charged -= size;
}

int rbmap_datfile_refuse(struct rbmap_tracedat_reader *datfile, uint64_t offset,
			 const char *what)
{
	/* Of a thousand options that are refused one says enough. */
	if (datfile->refused && !strcmp(datfile->refused, what))
		return -EBADMSG;
	datfile->refused = what;
	return rbmap_datfile_fault(
		datfile, offset,
		"%s: not read: the file would take more than %llu MB "
		"of memory",
		what, (unsigned long long)RBMAP_TRACEDAT_READER_MEMORY >> 20);
}

int rbmap_datfile_need(struct rbmap_tracedat_reader *datfile, uint64_t offset,
		       uint64_t size, const char *what)
{
	int r = rbmap_datfile_charge(datfile, size);

	return r == -E2BIG ? rbmap_datfile_refuse(datfile, offset, what) : r;
}
