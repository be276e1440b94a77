// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include "tracedat/read/datfile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/internal.h"
#include "events/events.h"
#include "tracedat/limits.h"

/* What is allocated for each, with what programs keep of each. */
#define BUFFER_COST (sizeof(struct rbmap_events) + 1024)
#define CPU_COST UINT64_C(512)

static bool is_known_fault(const struct rbmap_tracedat_reader *datfile, uint64_t offset,
			   const char *text)
{
	for (size_t i = 0; i < datfile->nr_faults; i++)
		if (datfile->faults[i].offset == offset &&
		    !strcmp(datfile->faults[i].text, text))
			return true;
	return false;
}

int rbmap_datfile_fault(struct rbmap_tracedat_reader *datfile, uint64_t offset,
			const char *format, ...)
{
	struct rbmap_tracedat_fault *larger;
	va_list args;
	char *text;
	int r;

	if (datfile->nr_faults == TRACEDAT_MAX_FAULTS)
		return -EBADMSG;
	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0)
		return -ENOMEM;
	if (is_known_fault(datfile, offset, text)) {
		free(text);
		return -EBADMSG;
	}
	larger = reallocarray(datfile->faults, datfile->nr_faults + 1, sizeof(*larger));
	if (!larger) {
		free(text);
		return -ENOMEM;
	}
	log_debug(&datfile->log, "at byte %llu: %s", (unsigned long long)offset, text);
	larger[datfile->nr_faults++] = (struct rbmap_tracedat_fault){ offset, text };
	datfile->faults = larger;
	return -EBADMSG;
}

int rbmap_datfile_cut(struct rbmap_tracedat_reader *datfile,
		      const struct tracedat_in *in, const char *what)
{
	if (in->error == -E2BIG)
		return rbmap_datfile_refuse(datfile, in->offset + in->at, what);
	if (in->error)
		return in->error;
	return rbmap_datfile_fault(datfile, in->offset + in->size, "%s: truncated here",
				   what);
}

int rbmap_datfile_load(const struct rbmap_tracedat_reader *datfile, void *to,
		       uint64_t size, uint64_t offset)
{
	unsigned char *bytes = to;
	ssize_t got;

	while (size) {
		got = pread(datfile->fd, bytes, size, offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EBADMSG;
		bytes += got;
		offset += got;
		size -= got;
	}
	return 0;
}

int rbmap_datfile_check_size(struct rbmap_tracedat_reader *datfile, int r)
{
	struct stat st;

	if (datfile->is_shorter || fstat(datfile->fd, &st) < 0)
		return r;
	if (r == 0 && (uint64_t)st.st_size >= datfile->size)
		return 0;
	datfile->is_shorter = true;
	if (rbmap_datfile_fault(datfile, st.st_size,
				"the file ends here since it was truncated while it "
				"was read, perhaps by its recorder: read it again") ==
	    -ENOMEM)
		return -ENOMEM;
	return r;
}

int rbmap_datfile_read(const struct rbmap_tracedat_reader *datfile, uint64_t offset,
		       uint64_t size, char **ret)
{
	char *bytes;
	int r;

	if (offset > datfile->size || size > datfile->size - offset || size >= SIZE_MAX)
		return -EBADMSG;
	bytes = malloc(size + 1);
	if (!bytes)
		return -ENOMEM;
	r = rbmap_datfile_load(datfile, bytes, size, offset);
	if (r < 0) {
		free(bytes);
		return r;
	}
	bytes[size] = '\0';
	*ret = bytes;
	return 0;
}

int rbmap_datfile_add_buffer(struct rbmap_tracedat_reader *datfile, uint64_t offset,
			     const char *name, struct tracedat_buffer **ret)
{
	struct tracedat_buffer *larger;
	int r;

	if (datfile->nr_buffers == TRACEDAT_MAX_BUFFERS)
		return rbmap_datfile_fault(datfile, offset, "too many buffers");
	if (strlen(name) > TRACEDAT_MAX_NAME)
		return rbmap_datfile_fault(datfile, offset,
					   "the name of a buffer is too long");
	/* One there has to be. */
	r = datfile->nr_buffers ?
		    rbmap_datfile_need(datfile, offset, BUFFER_COST, "buffers") :
		    0;
	if (r < 0)
		return r;
	larger = reallocarray(datfile->buffers, datfile->nr_buffers + 1,
			      sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	datfile->buffers = larger;
	larger += datfile->nr_buffers;
	*larger = (struct tracedat_buffer){ .name = strdup(name) };
	if (!larger->name)
		return -ENOMEM;
	datfile->nr_buffers++;
	*ret = larger;
	return 0;
}

/* What the file does not have any more is a fault. */
static int cut_to_file(struct rbmap_tracedat_reader *datfile,
		       const struct tracedat_buffer *buffer,
		       struct rbmap_tracedat_cpu *cpu)
{
	uint64_t there = cpu->offset < datfile->size ? datfile->size - cpu->offset : 0;
	uint64_t size = cpu->size;
	int r;

	if (size <= there)
		return 0;
	cpu->size = there;
	r = rbmap_datfile_fault(datfile, datfile->size,
				"CPU %d%s%s: the file ends here, %llu of %llu bytes of "
				"its data are missing",
				cpu->cpu, *buffer->name ? " of " : "", buffer->name,
				(unsigned long long)(size - there),
				(unsigned long long)size);
	return r == -EBADMSG ? 0 : r;
}

int rbmap_datfile_add_cpus(struct rbmap_tracedat_reader *datfile,
			   struct tracedat_buffer *buffer, uint64_t offset, uint32_t nr)
{
	int r;

	if (nr > TRACEDAT_MAX_CPUS)
		return rbmap_datfile_fault(datfile, offset, "%u CPUs are too many", nr);
	r = rbmap_datfile_need(datfile, offset, nr * CPU_COST, "the CPUs of a buffer");
	if (r < 0)
		return r;
	buffer->cpus = calloc(nr + 1, sizeof(*buffer->cpus));
	return buffer->cpus ? 0 : -ENOMEM;
}

int rbmap_datfile_add_cpu(struct rbmap_tracedat_reader *datfile,
			  struct tracedat_buffer *buffer, uint32_t cpu, uint64_t offset,
			  uint64_t size)
{
	struct rbmap_tracedat_cpu *added = &buffer->cpus[buffer->nr_cpus++];

	*added = (struct rbmap_tracedat_cpu){ cpu, offset, size };
	return cut_to_file(datfile, buffer, added);
}

RBMAP_PUBLIC const struct rbmap_tracedat_info *
rbmap_tracedat_reader_info(const struct rbmap_tracedat_reader *datfile)
{
	return &datfile->info;
}

RBMAP_PUBLIC size_t
rbmap_tracedat_reader_buffers(const struct rbmap_tracedat_reader *datfile,
			      const struct rbmap_tracedat_buffer **ret)
{
	*ret = datfile->public_buffers;
	return datfile->nr_buffers;
}

RBMAP_PUBLIC struct rbmap_events *
rbmap_tracedat_reader_events(const struct rbmap_tracedat_reader *datfile, size_t buffer)
{
	return datfile->buffers[buffer].events;
}

RBMAP_PUBLIC size_t
rbmap_tracedat_reader_faults(const struct rbmap_tracedat_reader *datfile,
			     const struct rbmap_tracedat_fault **ret)
{
	*ret = datfile->faults;
	return datfile->nr_faults;
}
