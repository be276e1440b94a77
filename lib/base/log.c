// SPDX-License-Identifier: LGPL-2.1-only
#include <stdarg.h>
#include <stdio.h>

#include "base/internal.h"

void rbmap_log_message(const struct rbmap_log *log, enum rbmap_log_level level,
		       const char *format, ...)
{
	char message[512];
	va_list args;

	if (!log || !log->write)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	log->write(log->context, level, message);
}
