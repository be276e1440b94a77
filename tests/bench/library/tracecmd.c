// SPDX-License-Identifier: GPL-2.0-only
/* libtracecmd: the records of a file, in order of time, by tracecmd_iterate_events().
 */
#define _GNU_SOURCE
#include <errno.h>

#include <trace-cmd.h>

#include "fields.h"
#include "harness.h"

static int on_record(struct tracecmd_input *input, struct tep_record *record, int cpu,
		     void *context)
{
	(void)input, (void)cpu, (void)context;
	use(record);
	return 0;
}

void source_file(struct harness *harness, const char *path)
{
	struct tracecmd_input *input = tracecmd_open(path, 0);

	if (!input)
		harness_die(path, errno);
	/* rbmap-record stores the events of an instance, trace-cmd the top level's. */
	if (tracecmd_buffer_instances(input) > 0) {
		struct tracecmd_input *top = input;

		input = tracecmd_buffer_instance_handle(top, 0);
		if (!input)
			harness_die(path, errno);
	}
	fields_open(NULL, tracecmd_get_tep(input));
	harness_start(harness);
	if (tracecmd_iterate_events(input, NULL, 0, on_record, NULL) < 0)
		harness_die("tracecmd_iterate_events", errno);
	fields_close();
}
