// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/internal.h"
#include "tracedat/write/writer.h"

#define MAX_SPACING (UINT64_C(1) << 40)
#define MIN_SPACING (UINT64_C(1) << 20)
/* What no disk wants more of. */
#define PAGE_ALIGNMENT 4096
#define COPY_SIZE (UINT64_C(1) << 20)

/* How long memory of the ring's is waited for before a queue copies it. */
#define STALL_NS UINT64_C(20000000)

int rbmap_tracedat_file_open(struct tracedat_file *file, int fd, uint64_t queue_size,
			     size_t nr_regions)
{
	struct write_queue_options options = {
		.capacity = queue_size,
		.nr_owners = nr_regions,
		.stall_ns = STALL_NS,
		.pwritev = pwritev,
	};

	file->fd = fd;
	file->direct_fd = -1;
	return rbmap_write_queue_open(&file->queue, &options);
}

void rbmap_tracedat_file_close(struct tracedat_file *file)
{
	rbmap_write_queue_close(file->queue);
	if (file->direct_fd >= 0)
		close(file->direct_fd);
}

int rbmap_tracedat_write_parts(struct tracedat_file *file, struct iovec *parts, int nr,
			       uint64_t offset)
{
	struct write_request request = { .fd = file->fd, .offset = offset };

	return rbmap_write_queue_push_copy(file->queue, &request, parts, nr);
}

int rbmap_tracedat_write(struct tracedat_file *file, const void *bytes, size_t size,
			 uint64_t offset)
{
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = size };

	return rbmap_tracedat_write_parts(file, &part, 1, offset);
}

int rbmap_tracedat_correct(struct tracedat_file *file, size_t region, const void *bytes,
			   size_t size, uint64_t offset)
{
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = size };
	struct write_request request = { .kind = WRITE_CORRECTION,
					 .fd = file->fd,
					 .owner = region,
					 .offset = offset };

	return rbmap_write_queue_push_copy(file->queue, &request, &part, 1);
}

int rbmap_tracedat_write_table(struct tracedat_file *file, size_t region,
			       const void *bytes, size_t size, uint64_t offset)
{
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = size };
	struct write_request request = {
		.kind = WRITE_TABLE, .fd = file->fd, .owner = region, .offset = offset
	};

	return rbmap_write_queue_push_copy(file->queue, &request, &part, 1);
}

int rbmap_tracedat_write_data(struct tracedat_file *file, size_t region, uint32_t spans,
			      struct iovec *parts, int nr, uint64_t offset)
{
	struct write_request request = { .kind = WRITE_DATA,
					 .fd = file->fd,
					 .owner = region,
					 .offset = offset,
					 .spans = spans };

	return rbmap_write_queue_push_copy(file->queue, &request, parts, nr);
}

int rbmap_tracedat_note_spans(struct rbmap_tracedat_writer *writer,
			      const struct tracedat_region *region, uint32_t spans)
{
	return rbmap_tracedat_write_data(&writer->file,
					 tracedat_region_index(writer, region), spans,
					 NULL, 0, 0);
}

/* The kernel's sub-buffers are pages; a copy is anywhere. */
static bool are_pages(const struct iovec *parts, int nr)
{
	uintptr_t odd = 0;

	for (int i = 0; i < nr; i++)
		odd |= (uintptr_t)parts[i].iov_base | parts[i].iov_len;
	return odd % PAGE_ALIGNMENT == 0;
}

int rbmap_tracedat_write_subbufs(struct tracedat_file *file, size_t region,
				 uint32_t subbuf_size, struct iovec *parts, int nr,
				 uint64_t offset, uint64_t *ret_done)
{
	bool direct = file->direct_fd >= 0 && are_pages(parts, nr) &&
		      offset % PAGE_ALIGNMENT == 0;
	struct write_request request = { .kind = WRITE_DATA,
					 .fd = direct ? file->direct_fd : file->fd,
					 .owner = region,
					 .offset = offset,
					 .unit = subbuf_size };

	for (int i = 0; i < nr; i++)
		request.spans += parts[i].iov_len / subbuf_size;
	return rbmap_write_queue_push_in_place(file->queue, &request, parts, nr,
					       ret_done);
}

static int copy_by_hand(struct tracedat_file *file, uint64_t from, uint64_t to,
			uint64_t size)
{
	unsigned char *bytes = malloc(COPY_SIZE);
	int r = bytes ? 0 : -ENOMEM;

	while (r == 0 && size) {
		size_t part = size < COPY_SIZE ? size : COPY_SIZE;
		ssize_t got = pread(file->fd, bytes, part, from);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			r = got < 0 ? -errno : -EIO;
			break;
		}
		r = rbmap_tracedat_write(file, bytes, got, to);
		from += got;
		to += got;
		size -= got;
	}
	free(bytes);
	return r;
}

int rbmap_tracedat_copy(struct tracedat_file *file, uint64_t from, uint64_t to,
			uint64_t size)
{
	while (size) {
		off_t in = from, out = to;
		size_t part = size < MAX_SPACING >> 10 ? size : MAX_SPACING >> 10;
		ssize_t done = copy_file_range(file->fd, &in, file->fd, &out, part, 0);

		file->copies++;
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO))
			return -errno;
		/* What it cannot do, plain reads and writes may. */
		if (done <= 0)
			return copy_by_hand(file, from, to, size);
		from += done;
		to += done;
		size -= done;
	}
	return 0;
}

/* Beyond RLIMIT_FSIZE there is no mere error but a signal. */
static uint64_t size_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
	    limit.rlim_cur > INT64_MAX)
		return INT64_MAX;
	return limit.rlim_cur;
}

int rbmap_tracedat_probe_spacing(int fd, uint64_t data, uint64_t nr, uint32_t granule,
				 uint64_t *ret)
{
	uint64_t limit = size_limit(), spacing;

	if (limit <= data)
		return -EFBIG;
	spacing = (limit - data) / nr;
	if (spacing > MAX_SPACING)
		spacing = MAX_SPACING;
	for (; spacing >= MIN_SPACING; spacing /= 2) {
		spacing = spacing / granule * granule;
		if (spacing == 0)
			break;
		if (ftruncate(fd, data + nr * spacing) == 0) {
			*ret = spacing;
			return ftruncate(fd, data) < 0 ? -errno : 0;
		}
		if (errno != EFBIG && errno != EINVAL && errno != EINTR)
			return -errno;
	}
	return -EFBIG;
}
