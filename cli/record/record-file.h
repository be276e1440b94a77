/* SPDX-License-Identifier: GPL-2.0-only */
/* What is recorded into: an output, and the sink that writes it. */
#ifndef RECORD_RECORD_FILE_H
#define RECORD_RECORD_FILE_H

#include "output.h"
#include "sink.h"

struct record_file {
	struct output output;
	struct sink sink;
};

#define RECORD_FILE_NONE \
	{ \
		.output = {.fd = -1 } \
	}

/*
 * The output is open: what it held goes, and the sink is made. Prints its errors;
 * returns an exit code.
 */
int record_file_begin(struct record_file *file, struct sink_source *source);

/* After the end of the sink, or where it never began. Likewise. */
int record_file_close(struct record_file *file);

#endif
