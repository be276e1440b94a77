// SPDX-License-Identifier: GPL-2.0-only
#include "record-file.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sink-dat.h"
#include "sink-lines.h"

static int open_sink(struct sink *ret, const struct sink_source *source)
{
	return source->config->format == FORMAT_DAT ? sink_dat_open(ret, source) :
						      sink_lines_open(ret, source);
}

/* Also without a thread that writes, a put may leave something to the next one. */
static int begin_write_out(struct record_file *file, const struct sink_source *source)
{
	const struct sink_ops *ops = file->sink.ops;

	/* Of a dump, nothing is counted as recorded. */
	if (!source->write_outs)
		return COMMON_OK;
	if (ops->write_out)
		file->write_out = write_outs_begin(source->write_outs, &file->sink);
	if (unwritten_open(&file->unwritten, &file->sink, source->cpus,
			   source->nr_cpus) < 0)
		return common_fail("%s", strerror(ENOMEM));
	return COMMON_OK;
}

int record_file_begin(struct record_file *file, struct sink_source *source)
{
	int status = output_protect(&file->output);

	file->unused_fd = eventfd(0, EFD_CLOEXEC);
	if (file->unused_fd < 0)
		return common_fail("eventfd: %s", strerror(errno));
	source->output = &file->output;
	if (status == COMMON_OK)
		status = output_begin(&file->output);
	if (status == COMMON_OK)
		status = open_sink(&file->sink, source);
	return status == COMMON_OK ? begin_write_out(file, source) : status;
}

void record_file_use(struct record_file *file)
{
	file->users++;
}

void record_file_unuse(struct record_file *file)
{
	int unused_fd = file->unused_fd;

	/* It may be gone as soon as that is told. */
	if (--file->users == 0)
		eventfd_write(unused_fd, 1);
}

int record_file_finish(struct record_file *file)
{
	int r = file->sink.ops->finish(file->sink.self);

	if (file->write_out)
		write_out_end(file->write_out);
	file->write_out = NULL;
	return r;
}

void record_file_correct(const struct record_file *file, struct tally *tally,
			 bool removed)
{
	if (file->unwritten && removed)
		unwritten_take_back_all(file->unwritten, tally);
	else if (file->unwritten)
		unwritten_take_back(file->unwritten, tally);
}

void record_file_close_sink(struct record_file *file)
{
	/* Only the end of the file makes the thread let go of it. */
	if (file->write_out)
		record_file_finish(file);
	unwritten_close(file->unwritten);
	file->unwritten = NULL;
	sink_close(&file->sink);
}

static void end(struct record_file *file)
{
	if (file->unused_fd >= 0)
		close(file->unused_fd);
	file->unused_fd = -1;
	record_file_close_sink(file);
}

int record_file_close(struct record_file *file)
{
	end(file);
	return output_close(&file->output);
}

void record_file_discard(struct record_file *file)
{
	end(file);
	output_discard(&file->output);
}
