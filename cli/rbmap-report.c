// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rbmap/error.h>

#include "cage.h"
#include "common.h"
#include "csv.h"
#include "report.h"
#include "ts.h"

static int cannot_read(const struct report *report, int r)
{
	const char *file = report->config.file;

	if (r == -EBADMSG)
		return common_fail("%s: not a trace.dat", file);
	if (r == -EOPNOTSUPP)
		return common_fail("%s: unsupported version or compression", file);
	if (r == -ESPIPE)
		return common_fail("%s: not a regular file", file);
	return common_fail("%s: %s", file, rbmap_strerror(r));
}

static int open_file(struct report *report)
{
	/* Does not wait for the other end of a FIFO to be opened. */
	report->fd = open(report->config.file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (report->fd < 0)
		return common_fail("%s: %s", report->config.file, strerror(errno));
	return COMMON_OK;
}

static int confine(void *context)
{
	const struct report *report = context;

	return cage_enter(report->config.jobs, report->config.verbosity) == COMMON_OK ?
		       0 :
		       -ECANCELED;
}

static int open_reader(struct report *report)
{
	struct rbmap_log log = common_log(report->config.verbosity);
	const struct rbmap_tracedat_confinement confinement = { confine, report };
	int r = rbmap_tracedat_reader_open_confined(&report->reader, report->fd, &log,
						    &confinement);

	/* A message has said so already. */
	if (r == -ECANCELED)
		return COMMON_FAILURE;
	if (r < 0)
		return cannot_read(report, r);
	report->info = rbmap_tracedat_reader_info(report->reader);
	report->nr_buffers =
		rbmap_tracedat_reader_buffers(report->reader, &report->buffers);
	return COMMON_OK;
}

static int choose_cpus(struct report *report)
{
	const char *text = report->config.cpus;
	struct common_cpus cpus;
	int status;

	if (!text)
		return COMMON_OK;
	status = common_cpus_take(&cpus, text, (int)report->info->nr_cpus - 1,
				  "the file");
	if (status != COMMON_OK)
		return status;
	rbmap_tracedat_reader_choose(report->reader, cpus.cpus, cpus.nr);
	common_cpus_free(&cpus);
	return COMMON_OK;
}

/* To choose among events there have to be some; without it all are shown. */
static int choose_events(struct report *report)
{
	const struct choice_wanted *wanted = &report->config.wanted;

	if (!wanted->events.nr && !wanted->filter)
		return COMMON_OK;
	return choice_open(&report->choice, wanted,
			   rbmap_tracedat_reader_events(report->reader, 0));
}

static int print(struct report *report)
{
	int status = open_reader(report);

	if (status == COMMON_OK)
		status = choose_cpus(report);
	if (status == COMMON_OK)
		status = choose_events(report);
	if (status == COMMON_OK && report->config.format == REPORT_CSV)
		status = csv_check(report);
	if (status == COMMON_OK)
		status = ts_choose(report);
	if (status != COMMON_OK)
		return status;
	switch (report->config.what) {
	case REPORT_STAT:
		return report_print_statistics(report);
	case REPORT_CHECK:
		return report_check(report);
	default:
		return report_print_events(report);
	}
}

/* In a process of its own. */
static int read_file(void *context)
{
	struct report *report = context;
	int status = print(report);

	choice_close(report->choice);
	free(report->losses);
	rbmap_tracedat_reader_close(report->reader);
	return common_close_stdout(status);
}

int main(int argc, char **argv)
{
	struct report report = { .fd = -1 };
	bool done = false;
	int status;

	common_init("rbmap-report");
	status = config_parse(&report.config, argc, argv, &done);
	if (status == COMMON_OK && !done)
		status = open_file(&report);
	if (status == COMMON_OK && !done)
		status = cage_run(report.config.file, read_file, &report);
	if (report.fd >= 0)
		close(report.fd);
	config_free(&report.config);
	return common_close_stdout(status);
}
