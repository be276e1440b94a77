// SPDX-License-Identifier: GPL-2.0-only
#include "sink.h"

int sink_open(struct sink *ret, const struct sink_source *source)
{
	if (source->config->format == FORMAT_DAT)
		return sink_dat_open(ret, source);
	return sink_lines_open(ret, source);
}

void sink_close(struct sink *sink)
{
	if (sink->ops)
		sink->ops->free(sink->self);
	*sink = (struct sink){ 0 };
}
