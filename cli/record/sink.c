// SPDX-License-Identifier: GPL-2.0-only
#include "sink.h"

void sink_close(struct sink *sink)
{
	if (sink->ops)
		sink->ops->free(sink->self);
	*sink = (struct sink){ 0 };
}
