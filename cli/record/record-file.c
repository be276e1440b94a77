// SPDX-License-Identifier: GPL-2.0-only
#include "record-file.h"

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

	source->output = &file->output;
	if (status == COMMON_OK)
		status = output_begin(&file->output);
	return status == COMMON_OK ? open_sink(&file->sink, source) : status;
}

int record_file_close(struct record_file *file)
{
	sink_close(&file->sink);
	return output_close(&file->output);
}
