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

int record_file_begin(struct record_file *file, struct sink_source *source)
{
	int status = output_protect(&file->output);

	file->unused_fd = eventfd(0, EFD_CLOEXEC);
	if (file->unused_fd < 0)
		return common_fail("eventfd: %s", strerror(errno));
	source->output = &file->output;
	if (status == COMMON_OK)
		status = output_begin(&file->output);
	return status == COMMON_OK ? open_sink(&file->sink, source) : status;
}

void record_file_use(struct record_file *file)
{
	file->users++;
}

void record_file_unuse(struct record_file *file)
{
	if (--file->users == 0)
		eventfd_write(file->unused_fd, 1);
}

int record_file_close(struct record_file *file)
{
	if (file->unused_fd >= 0)
		close(file->unused_fd);
	file->unused_fd = -1;
	sink_close(&file->sink);
	return output_close(&file->output);
}
