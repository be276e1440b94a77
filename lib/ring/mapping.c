// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/internal.h"
#include "ring/mapping.h"
#include "span/shared-load.h"

/* Far beyond what the kernel makes, and small enough for all sums to fit. */
#define MAX_SUBBUF_SIZE (UINT32_C(1) << 27)
#define MAX_SUBBUFS (UINT32_C(1) << 28)
/* The reader's, and the two that the writer cannot do without. */
#define MIN_SUBBUFS 3

/* As it was checked: what the page says later is not looked at again. */
struct geometry {
	uint32_t meta_page_size;
	uint32_t subbuf_size;
	uint32_t nr_subbufs;
};

struct rbmap_mapping {
	const struct trace_buffer_meta *meta;
	const unsigned char *data;
	size_t meta_length;
	size_t data_length;
	struct geometry geometry;
	int fd;
	rbmap_get_reader_fn get_reader;
	void *context;
};

static int power_of_two(uint32_t number)
{
	return number && !(number & (number - 1));
}

/* The geometry sizes a mapping, so nothing of it is taken on trust. */
static int check_geometry(const struct trace_buffer_meta *meta, size_t page_size,
			  struct geometry *ret)
{
	/* Stored once, by rb_setup_ids_meta_page(), before the page can be mapped. */
	uint32_t meta_page_size = shared_load_u32(&meta->meta_page_size);
	uint32_t struct_length = shared_load_u32(&meta->meta_struct_len);
	uint32_t subbuf_size = shared_load_u32(&meta->subbuf_size);
	uint32_t nr_subbufs = shared_load_u32(&meta->nr_subbufs);

	if (!power_of_two(meta_page_size) || meta_page_size < page_size ||
	    meta_page_size > MAX_SUBBUF_SIZE)
		return -EPROTO;
	if (struct_length < offsetof(struct trace_buffer_meta, pages_lost) ||
	    struct_length > meta_page_size)
		return -EPROTO;
	if (!power_of_two(subbuf_size) || subbuf_size < page_size ||
	    subbuf_size > MAX_SUBBUF_SIZE)
		return -EPROTO;
	if (nr_subbufs < MIN_SUBBUFS || nr_subbufs > MAX_SUBBUFS ||
	    nr_subbufs > (SIZE_MAX - MAX_SUBBUF_SIZE) / subbuf_size)
		return -EPROTO;
	*ret = (struct geometry){ meta_page_size, subbuf_size, nr_subbufs };
	return 0;
}

static size_t data_length(const struct geometry *geometry)
{
	return (size_t)geometry->nr_subbufs * geometry->subbuf_size;
}

static int kernel_get_reader(void *context)
{
	struct rbmap_mapping *mapping = context;

	return ioctl(mapping->fd, TRACE_MMAP_IOCTL_GET_READER) < 0 ? -errno : 0;
}

/*
 * ENODEV from mmap(2) is told by a kernel that knows no mapping as well as by a
 * buffer that cannot be mapped; the ioctl tells them apart. It cannot consume here:
 * a buffer that somebody has mapped would have been mapped for us too.
 */
static int explain_mmap_error(int fd, int error)
{
	if (error != ENODEV)
		return -error;
	if (ioctl(fd, TRACE_MMAP_IOCTL_GET_READER) < 0 && errno == ENOTTY)
		return -ENOTTY;
	return -ENODEV;
}

/*
 * Linux 6.12.105 to 6.12.107 say that a mapping succeeded which has no pages; to
 * touch it is SIGBUS. The kernel's own copy from there fails without a signal.
 */
static int probe_readable(const void *address)
{
	int ends[2], r = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	if (write(ends[1], address, 1) != 1)
		r = errno == EFAULT ? -ENODEV : -errno;
	close(ends[0]);
	close(ends[1]);
	return r;
}

static int map_meta(struct rbmap_mapping *mapping, size_t page_size)
{
	void *address = mmap(NULL, page_size, PROT_READ, MAP_SHARED, mapping->fd, 0);

	if (address == MAP_FAILED)
		return explain_mmap_error(mapping->fd, errno);
	mapping->meta = address;
	mapping->meta_length = page_size;
	return probe_readable(address);
}

static int map_data(struct rbmap_mapping *mapping, size_t page_size)
{
	size_t length;
	void *address;
	int r;

	r = check_geometry(mapping->meta, page_size, &mapping->geometry);
	if (r < 0)
		return r;
	length = data_length(&mapping->geometry);
	address = mmap(NULL, length, PROT_READ, MAP_SHARED, mapping->fd,
		       mapping->geometry.meta_page_size);
	if (address == MAP_FAILED)
		return -errno;
	mapping->data = address;
	mapping->data_length = length;
	return probe_readable(address);
}

RBMAP_PUBLIC int rbmap_mapping_open(struct rbmap_mapping **ret, int fd)
{
	size_t page_size = sysconf(_SC_PAGESIZE);
	struct rbmap_mapping *mapping;
	int r;

	mapping = calloc(1, sizeof(*mapping));
	if (!mapping)
		return -ENOMEM;
	mapping->fd = fd;
	mapping->get_reader = kernel_get_reader;
	mapping->context = mapping;
	r = map_meta(mapping, page_size);
	if (r == 0)
		r = map_data(mapping, page_size);
	if (r < 0) {
		rbmap_mapping_close(mapping);
		return r;
	}
	*ret = mapping;
	return 0;
}

int rbmap_mapping_from_memory(struct rbmap_mapping **ret,
			      const struct trace_buffer_meta *meta, const void *data,
			      size_t data_size, rbmap_get_reader_fn get_reader,
			      void *context)
{
	struct rbmap_mapping *mapping;
	struct geometry geometry;
	int r;

	r = check_geometry(meta, sysconf(_SC_PAGESIZE), &geometry);
	if (r < 0)
		return r;
	if (data_length(&geometry) > data_size)
		return -EPROTO;
	mapping = calloc(1, sizeof(*mapping));
	if (!mapping)
		return -ENOMEM;
	*mapping = (struct rbmap_mapping){
		.meta = meta,
		.data = data,
		.data_length = data_length(&geometry),
		.geometry = geometry,
		.fd = -1,
		.get_reader = get_reader,
		.context = context,
	};
	*ret = mapping;
	return 0;
}

RBMAP_PUBLIC void rbmap_mapping_close(struct rbmap_mapping *mapping)
{
	if (!mapping)
		return;
	if (mapping->fd >= 0 && mapping->data)
		munmap((void *)mapping->data, mapping->data_length);
	if (mapping->fd >= 0 && mapping->meta)
		munmap((void *)mapping->meta, mapping->meta_length);
	free(mapping);
}

RBMAP_PUBLIC void rbmap_mapping_meta(const struct rbmap_mapping *mapping,
				     struct rbmap_meta *ret)
{
	const struct trace_buffer_meta *meta = mapping->meta;
	int has_pages = shared_load_u32(&meta->meta_struct_len) >= sizeof(*meta);

	/*
	 * Pairs with rb_update_meta_page(), which another reader's ioctl may run at the
	 * same time: each field is whole, the fields need not be of one moment.
	 */
	*ret = (struct rbmap_meta){
		.meta_page_size = mapping->geometry.meta_page_size,
		.meta_struct_len = shared_load_u32(&meta->meta_struct_len),
		.subbuf_size = mapping->geometry.subbuf_size,
		.nr_subbufs = mapping->geometry.nr_subbufs,
		.reader_lost_events = shared_load_u64(&meta->reader.lost_events),
		.reader_id = shared_load_u32(&meta->reader.id),
		.reader_read = shared_load_u32(&meta->reader.read),
		.flags = shared_load_u64(&meta->flags),
		.entries = shared_load_u64(&meta->entries),
		.overrun = shared_load_u64(&meta->overrun),
		.read = shared_load_u64(&meta->read),
		.pages_lost = has_pages ? shared_load_u64(&meta->pages_lost) : 0,
		.pages_touched = has_pages ? shared_load_u64(&meta->pages_touched) : 0,
	};
}

RBMAP_PUBLIC const void *rbmap_mapping_subbuf(const struct rbmap_mapping *mapping,
					      uint32_t id)
{
	if (id >= mapping->geometry.nr_subbufs)
		return NULL;
	return mapping->data + (size_t)id * mapping->geometry.subbuf_size;
}

RBMAP_PUBLIC int rbmap_mapping_get_reader(struct rbmap_mapping *mapping)
{
	return mapping->get_reader(mapping->context);
}
