// SPDX-License-Identifier: LGPL-2.1-only
/* Begins and ends the writing of a trace.dat. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tracefs.h>

#include "base/internal.h"
#include "tracedat/write/chunks.h"
#include "tracedat/write/symbols.h"
#include "tracedat/write/writer.h"
#include "tracefs/instance.h"
#include "tracefs/tracefs.h"

#define MIN_GRANULE (64 * 1024)
#define MAX_GRANULE (UINT32_C(1) << 26)
/*
 * Of zstd: for about the same time, level -1 leaves a half more of events that are alike,
 * and a tenth more of others. Higher levels take more time, and some leave more, too.
 */
#define DEFAULT_LEVEL 1

static void free_source(struct tracedat_source *source)
{
	free(source->instance_dir);
	free(source->top_dir);
	free(source->kallsyms);
}

static int find_source(struct tracedat_source *ret, struct tracefs_instance *instance)
{
	struct tracedat_source source = { 0 };

	/* libtracefs would mount it. */
	if (!instance && !rbmap_tracefs_is_mounted())
		return -ENOENT;
	source.instance_dir = tracefs_instance_get_dir(instance);
	if (instance) {
		const char *top = tracefs_instance_get_trace_dir(instance);

		source.top_dir = top ? strdup(top) : NULL;
	} else if (source.instance_dir) {
		source.top_dir = strdup(source.instance_dir);
	}
	source.kallsyms = strdup(TRACEDAT_KALLSYMS_PATH);
	if (!source.instance_dir || !source.top_dir || !source.kallsyms) {
		free_source(&source);
		return -ENOMEM;
	}
	*ret = source;
	return 0;
}

static bool is_power_of_two(uint64_t number)
{
	return number && !(number & (number - 1));
}

static bool has_name(const char *name, const char *other)
{
	return name && !strcmp(name, other);
}

/* Version 7 only, and of what lies in pages of the ring no more. */
static bool is_compressed(const struct rbmap_tracedat_options *options)
{
	if (options->compression)
		return has_name(options->compression, "zstd");
	return options->version != 6 && !(options->flags & RBMAP_TRACEDAT_DIRECT);
}

static int check_format(const struct rbmap_tracedat_options *options)
{
	if (options->version && options->version != 6 && options->version != 7)
		return -EINVAL;
	if (options->compression && !has_name(options->compression, "zstd") &&
	    !has_name(options->compression, "none"))
		return -EINVAL;
	if (!is_compressed(options))
		return options->level ? -EINVAL : 0;
	if (options->version == 6 || options->flags & RBMAP_TRACEDAT_DIRECT ||
	    options->level < RBMAP_TRACEDAT_MIN_LEVEL ||
	    options->level > RBMAP_TRACEDAT_MAX_LEVEL)
		return -EINVAL;
	return 0;
}

static int check_options(const struct rbmap_tracedat_options *options)
{
	const struct rbmap_layout *layout = options->layout;

	if (!layout || !options->cpus || options->nr_cpus == 0 ||
	    options->nr_cpus > TRACEDAT_MAX_CPUS || layout->swap ||
	    options->flags & ~(RBMAP_TRACEDAT_DIRECT | RBMAP_TRACEDAT_UNBROKEN))
		return -EINVAL;
	/* Readers find the sub-buffers with a mask. */
	if (!is_power_of_two(layout->subbuf_size) ||
	    layout->subbuf_size > TRACEDAT_MAX_SUBBUF ||
	    layout->data_offset > TRACEDAT_MAX_HEADER ||
	    layout->data_offset >= layout->subbuf_size ||
	    (layout->commit_size != 4 && layout->commit_size != 8) ||
	    layout->commit_offset < sizeof(uint64_t) ||
	    (uint64_t)layout->commit_offset + layout->commit_size > layout->data_offset)
		return -EINVAL;
	for (size_t i = 0; i < options->nr_cpus; i++)
		if (options->cpus[i] < 0 || options->cpus[i] >= TRACEDAT_MAX_CPUS)
			return -EINVAL;
	return check_format(options);
}

/* @ret: what to align regions to, so that the file system can move them as they are. */
static int check_file(int fd, uint32_t granule, uint32_t *ret)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat status;
	uint64_t block;

	if (flags < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ESPIPE;
	if ((flags & O_ACCMODE) != O_RDWR)
		return -EBADF;
	/* Linux would append whatever the offset. */
	if (flags & O_APPEND)
		return -EINVAL;
	block = status.st_blksize;
	if (is_power_of_two(block) && block > granule && block <= MAX_GRANULE)
		granule = block;
	*ret = granule;
	return 0;
}

/* Only sub-buffers that are stored as they are have to lie in whole pages. */
static uint32_t least_granule(const struct rbmap_tracedat_options *options)
{
	uint32_t size = options->layout->subbuf_size;

	if (is_compressed(options))
		return sysconf(_SC_PAGESIZE);
	return size > MIN_GRANULE ? size : MIN_GRANULE;
}

static void set_format(struct rbmap_tracedat_writer *writer,
		       const struct rbmap_tracedat_options *options)
{
	writer->version = options->version ? options->version : 7;
	writer->compressed = is_compressed(options);
	writer->level = options->level ? options->level : DEFAULT_LEVEL;
}

static int make_locks(struct rbmap_tracedat_writer *writer)
{
	int r = rbmap_zips_init(&writer->zips);

	if (r < 0)
		return r;
	r = rbmap_spare_init(&writer->spare);
	if (r < 0)
		rbmap_zips_free(&writer->zips);
	return r;
}

static int make_regions(struct rbmap_tracedat_writer *writer,
			const struct rbmap_tracedat_options *options)
{
	for (size_t i = 0; i < options->nr_cpus; i++)
		if ((uint32_t)options->cpus[i] >= writer->nr_cpus)
			writer->nr_cpus = options->cpus[i] + 1;
	writer->nr_regions = options->nr_cpus;
	writer->regions = calloc(writer->nr_regions, sizeof(*writer->regions));
	writer->by_cpu = calloc(writer->nr_cpus, sizeof(*writer->by_cpu));
	writer->zeros = calloc(1, writer->layout.subbuf_size);
	if (!writer->regions || !writer->by_cpu || !writer->zeros)
		return -ENOMEM;
	for (size_t i = 0; i < options->nr_cpus; i++) {
		if (writer->by_cpu[options->cpus[i]])
			return -EINVAL;
		writer->regions[i].cpu = options->cpus[i];
		writer->by_cpu[options->cpus[i]] = &writer->regions[i];
	}
	return rbmap_table_init(writer);
}

/* From here on a full disk cannot keep the head from being brought up to date. */
static int allocate_head(const struct rbmap_tracedat_writer *writer)
{
	int error;

	do {
		error = posix_fallocate(writer->file.fd, 0, writer->data);
	} while (error == EINTR);
	if (error && error != EOPNOTSUPP && error != EINVAL)
		return -error;
	return ftruncate(writer->file.fd, writer->data) < 0 ? -errno : 0;
}

/*
 * Only where there is something: from then on ext4 takes the file for one that is
 * overwritten, and writes all of it back when it is closed.
 */
static int empty_file(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	return status.st_size && ftruncate(fd, 0) < 0 ? -errno : 0;
}

static int begin_file(struct rbmap_tracedat_writer *writer, const char *const *events)
{
	int r = empty_file(writer->file.fd);

	if (r < 0)
		return r;
	r = rbmap_tracedat_write_head(writer, events);
	if (r == 0)
		r = rbmap_tracedat_begin_tail(writer);
	if (r == 0)
		r = rbmap_tracedat_probe_spacing(writer->file.fd, writer->data,
						 writer->nr_regions, writer->granule,
						 &writer->spacing);
	if (r == 0)
		r = allocate_head(writer);
	writer->reserves = rbmap_tracedat_may_reserve(writer->file.fd);
	for (size_t i = 0; i < writer->nr_regions; i++)
		writer->regions[i].start = writer->data + i * writer->spacing;
	/* What compressed the head was large. */
	rbmap_zips_trim(&writer->zips);
	return r;
}

int rbmap_tracedat_open(struct rbmap_tracedat_writer **ret, int fd,
			const struct rbmap_tracedat_options *options,
			struct tracedat_source *source)
{
	struct rbmap_tracedat_writer *writer;
	uint32_t granule = 0;
	int r;

	r = check_options(options);
	if (r == 0)
		r = check_file(fd, least_granule(options), &granule);
	writer = r == 0 ? calloc(1, sizeof(*writer)) : NULL;
	if (writer)
		r = make_locks(writer);
	if (!writer || r < 0) {
		free(writer);
		free_source(source);
		return r < 0 ? r : -ENOMEM;
	}
	writer->layout = *options->layout;
	writer->log = options->log;
	writer->source = *source;
	set_format(writer, options);
	writer->granule = granule;
	writer->unbroken = options->flags & RBMAP_TRACEDAT_UNBROKEN;
	r = rbmap_tracedat_file_open(&writer->file, fd, options->queue_size,
				     options->nr_cpus);
	if (r == 0)
		r = make_regions(writer, options);
	if (r == 0 && options->flags & RBMAP_TRACEDAT_DIRECT)
		r = rbmap_tracedat_open_direct(&writer->file);
	if (r == 0)
		r = begin_file(writer, options->events);
	if (r < 0) {
		rbmap_tracedat_writer_close(writer);
		return r;
	}
	*ret = writer;
	return 0;
}

RBMAP_PUBLIC int
rbmap_tracedat_writer_open(struct rbmap_tracedat_writer **ret, int fd,
			   const struct rbmap_tracedat_options *options)
{
	struct rbmap_tracedat_options given;
	struct rbmap_instance *opened;
	struct tracedat_source source;
	int r;

	r = rbmap_options_copy(&given, sizeof(given), options);
	if (r == 0)
		r = rbmap_instance_select(&opened, &given.instance,
					  given.instance_name);
	if (r < 0)
		return r;
	r = find_source(&source, given.instance);
	rbmap_instance_close(opened);
	if (r < 0)
		return r;
	source.symbols = given.symbols;
	return rbmap_tracedat_open(ret, fd, &given, &source);
}

RBMAP_PUBLIC void rbmap_tracedat_writer_close(struct rbmap_tracedat_writer *writer)
{
	if (!writer)
		return;
	rbmap_tracedat_file_close(&writer->file);
	free_source(&writer->source);
	for (size_t i = 0; writer->regions && i < writer->nr_regions; i++)
		rbmap_chunks_forget(writer, &writer->regions[i]);
	rbmap_spare_free(&writer->spare);
	rbmap_zips_free(&writer->zips);
	free(writer->regions);
	free(writer->by_cpu);
	free(writer->table.bytes);
	free(writer->zeros);
	free(writer);
}
