// SPDX-License-Identifier: GPL-2.0-only
#include "sink-dat.h"

#include <errno.h>
#include <string.h>

#include <rbmap/error.h>
#include <rbmap/tracedat.h>

#include "common.h"
#include "symbols.h"

static int dat_put(void *self, const struct rbmap_span *spans, int nr)
{
	return rbmap_tracedat_writer_put(self, spans, nr);
}

static int dat_discard(void *self, const struct rbmap_span *spans, int nr)
{
	return rbmap_tracedat_writer_discard(self, spans, nr);
}

static int dat_end_round(void *self)
{
	return 0;
}

static int dat_flush(void *self)
{
	return rbmap_tracedat_writer_flush(self);
}

static int dat_flush_cpu(void *self, int cpu)
{
	return rbmap_tracedat_writer_flush_cpu(self, cpu);
}

static int dat_set_level(void *self, int cpu, int level)
{
	return rbmap_tracedat_writer_set_level(self, cpu, level);
}

static int dat_finish(void *self)
{
	return rbmap_tracedat_writer_finish(self);
}

static void dat_cancel(void *self)
{
	rbmap_tracedat_writer_cancel(self);
}

static void dat_work(const void *self, struct sink_work *ret)
{
	struct rbmap_tracedat_work work;

	rbmap_tracedat_writer_work(self, &work);
	*ret = (struct sink_work){
		.bytes = work.file_bytes,
		.writes = work.writes,
		.queue_full_ns = work.queue_full_ns,
		.faster_bytes = work.faster_bytes,
		.stored_bytes = work.stored_bytes,
		.finish_error = work.finish_error,
	};
}

static int dat_write_out(void *self)
{
	return rbmap_tracedat_writer_write_out(self);
}

static uint64_t dat_written(const void *self, int cpu)
{
	return rbmap_tracedat_writer_written(self, cpu);
}

static void dat_free(void *self)
{
	rbmap_tracedat_writer_close(self);
}

static const struct sink_ops dat_ops = {
	.by_cpu = true,
	.put = dat_put,
	.discard = dat_discard,
	.end_round = dat_end_round,
	.flush = dat_flush,
	.flush_cpu = dat_flush_cpu,
	.set_level = dat_set_level,
	.write_out = dat_write_out,
	.written = dat_written,
	.finish = dat_finish,
	.cancel = dat_cancel,
	.work = dat_work,
	.free = dat_free,
};

int sink_dat_open(struct sink *ret, const struct sink_source *source)
{
	struct rbmap_tracedat_options options = { .size = sizeof(options) };
	struct rbmap_tracedat_writer *writer;
	char **names = selection_names(source->selection);
	int r;

	if (!names)
		return common_fail("%s", strerror(ENOMEM));
	options.instance = source->instance;
	options.layout = source->layout;
	options.cpus = source->cpus;
	options.nr_cpus = source->nr_cpus;
	options.events = (const char *const *)names;
	options.log = common_log(source->config->verbosity);
	options.flags = source->config->direct ? RBMAP_TRACEDAT_DIRECT : 0;
	options.flags |= source->config->flight ? RBMAP_TRACEDAT_UNBROKEN : 0;
	options.symbols = symbols_wait(source->symbols);
	options.version = source->config->file_version;
	options.compression = source->config->compression;
	options.level = source->config->compression_level;
	options.queue_size = source->config->queue_bytes;
	r = rbmap_tracedat_writer_open(&writer, source->output->fd, &options);
	selection_names_free(names);
	if (r == -EOPNOTSUPP)
		return common_fail(
			"%s: its file system does not support O_DIRECT; omit --direct",
			source->output->path);
	/* A full disk shows in the file before as well. */
	if (r < 0 && source->end_told && atomic_flag_test_and_set(source->end_told))
		return COMMON_FAILURE;
	if (r < 0)
		return common_fail(
			"%s: the header of the trace.dat could not be written: %s",
			source->output->path, rbmap_strerror(r));
	*ret = (struct sink){ &dat_ops, writer };
	return COMMON_OK;
}
