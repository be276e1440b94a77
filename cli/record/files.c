// SPDX-License-Identifier: GPL-2.0-only
#include "files.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rbmap/error.h>

#include "common.h"
#include "progress.h"
#include "recorder.h"
#include "workers.h"

/* A file without its sink. */
static int open_next(struct files *files, struct record_file **ret, char **ret_path)
{
	const struct config *config = files->recorder->config;
	struct record_file *file = malloc(sizeof(*file));
	char *path = NULL;
	int status;

	if (!file)
		return common_fail("%s", strerror(ENOMEM));
	*file = (struct record_file)RECORD_FILE_NONE;
	if (config_rotates(config))
		path = series_path(config->output, files->number + 1);
	if (config_rotates(config) && !path) {
		free(file);
		return COMMON_FAILURE;
	}
	/* Whoever looks for the last file of a killed run finds one that can be read.
	 */
	if (files->number)
		status = output_open_hidden(&file->output, path);
	else
		status = output_open(&file->output, path ? path : config->output,
				     config->format != FORMAT_DAT);
	if (status != COMMON_OK) {
		output_discard(&file->output);
		free(file);
		free(path);
		return status;
	}
	files->number += config_rotates(config);
	*ret = file;
	*ret_path = path;
	return COMMON_OK;
}

int files_open(struct files *files, struct recorder *recorder)
{
	const struct config *config = recorder->config;
	int status;

	files->recorder = recorder;
	files->series = (struct series){
		.name = config->output,
		.keep = config->keep,
		.max_bytes = config->max_bytes,
	};
	status = open_next(files, &files->file, &files->path);
	if (status == COMMON_OK)
		status = limits_open(&files->limits, config, files->file->output.fd,
				     files->file->output.path);
	recorder->file = files->file;
	return status;
}

int files_begin(struct files *files, const struct sink_source *source)
{
	int status;

	files->source = *source;
	files->source.end_told = &files->recorder->end_told;
	files->recorder->flushed_fd = eventfd(0, EFD_CLOEXEC);
	if (files->recorder->flushed_fd < 0)
		return common_fail("eventfd: %s", strerror(errno));
	status = record_file_begin(files->file, &files->source);
	/* They are there no longer than for the first file. */
	files->source.symbols = NULL;
	limits_begin(&files->limits, files->file->output.fd, recorder_now());
	return status;
}

static void tell_size(const struct files *files, const struct record_file *file,
		      uint64_t bytes)
{
	char size[COMMON_FORMAT_SIZE];

	if (files->recorder->config->verbosity < 0)
		return;
	progress_clear(files->recorder);
	fprintf(stderr, "%s: %s\n", file->output.path,
		common_format_bytes(size, bytes));
}

/* Also after an error: what is stored is to be a whole file. */
static int finish_sink(struct files *files, struct record_file *file)
{
	struct recorder *recorder = files->recorder;
	struct sink_work work;
	bool removed;
	int r = 0;

	if (!recorder_output_closed(recorder))
		r = record_file_finish(file);
	removed = output_check_name(&file->output) != COMMON_OK;
	recorder->output_removed |= removed;
	record_file_correct(file, &recorder->tally, removed);
	file->sink.ops->work(file->sink.self, &work);
	files->work.bytes += work.bytes;
	files->work.writes += work.writes;
	files->work.queue_full_ns += work.queue_full_ns;
	files->work.faster_bytes += work.faster_bytes;
	files->work.stored_bytes += work.stored_bytes;
	/* After a failure to store, that to complete it is another. */
	if (r == -EPIPE || r == 0 || (recorder->sink_error && !work.finish_error))
		return COMMON_OK;
	if (!recorder->sink_error)
		recorder->sink_error = r;
	return common_fail("%s: could not be completed: %s", file->output.path,
			   rbmap_strerror(work.finish_error ? work.finish_error : r));
}

/* Nothing drains into it any more. */
static int finish_old(struct files *files)
{
	struct record_file *old = files->old;
	struct series_file done = { .number = files->number - 1 };
	int status;

	if (!old)
		return COMMON_OK;
	status = finish_sink(files, old);
	done.bytes = limits_file_bytes(old->output.fd);
	done.id = file_id_of(old->output.fd);
	tell_size(files, old, done.bytes);
	status = common_worse(status, record_file_close(old));
	status = common_worse(status, series_add(&files->series, &done));
	free(old);
	free(files->old_path);
	files->old = NULL;
	files->old_path = NULL;
	return status;
}

/*
 * Signals wait meanwhile: it takes the threads no longer than their turn. False where
 * one has failed, and uses it until the end.
 */
static bool wait_until_unused(const struct files *files)
{
	const struct recorder *recorder = files->recorder;
	struct pollfd fds[] = {
		{ .fd = files->old->unused_fd, .events = POLLIN },
		{ .fd = workers_failed_fd(recorder->workers), .events = POLLIN },
	};
	eventfd_t number;

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	if (!fds[0].revents)
		return false;
	eventfd_read(files->old->unused_fd, &number);
	/* The load makes visible what the threads have stored in it. */
	return files->old->users == 0;
}

static int begin_next(struct files *files, struct record_file **ret, char **ret_path)
{
	int status = open_next(files, ret, ret_path);

	if (status != COMMON_OK)
		return status;
	status = record_file_begin(*ret, &files->source);
	if (status == COMMON_OK)
		status = output_publish(&(*ret)->output);
	if (status == COMMON_OK)
		return status;
	record_file_discard(*ret);
	files->number--;
	free(*ret);
	free(*ret_path);
	return status;
}

static int rotate(struct files *files, uint64_t now)
{
	struct recorder *recorder = files->recorder;
	struct record_file *next;
	char *path;
	int status = begin_next(files, &next, &path);

	if (status != COMMON_OK) {
		atomic_flag_test_and_set(&recorder->end_told);
		return status;
	}
	files->old = files->file;
	files->old_path = files->path;
	files->file = next;
	files->path = path;
	limits_begin(&files->limits, next->output.fd, now);
	recorder->file = next;
	workers_wake(recorder->workers);
	if (!wait_until_unused(files) || recorder->sink_error) {
		recorder->stop = true;
		return COMMON_OK;
	}
	status = finish_old(files);
	series_trim(&files->series, 0);
	return status;
}

static void tell_max_size(const struct files *files)
{
	const struct config *config = files->recorder->config;
	char size[COMMON_FORMAT_SIZE];

	if (config->verbosity < 0)
		return;
	progress_clear(files->recorder);
	fprintf(stderr, "%s: --max-size %s reached; recording stopped\n",
		files->recorder->name, common_format_bytes(size, config->max_bytes));
}

static int fail_min_free(const struct files *files)
{
	char size[COMMON_FORMAT_SIZE];

	if (atomic_flag_test_and_set(&files->recorder->end_told))
		return COMMON_FAILURE;
	progress_clear(files->recorder);
	return common_fail("%s: less than %s are left on its file system (--min-free); "
			   "recording stopped, earlier data is kept",
			   files->file->output.path,
			   common_format_bytes(size, files->limits.min_free));
}

/* Of what is written later, the file does not show yet how much it takes. */
static uint64_t queued_bytes(const struct record_file *file)
{
	struct sink_work work = { 0 };

	if (file->write_out)
		file->sink.ops->work(file->sink.self, &work);
	return work.bytes;
}

int files_look(struct files *files, uint64_t now, uint64_t *due)
{
	struct recorder *recorder = files->recorder;
	int status = COMMON_OK;

	/* With --rotate old files make room for what grows. */
	if (config_rotates(recorder->config))
		series_trim(&files->series, limits_file_bytes(files->file->output.fd));
	switch (limits_check(&files->limits, files->file->output.fd,
			     queued_bytes(files->file), files->series.bytes, now,
			     due)) {
	case LIMIT_NONE:
		return COMMON_OK;
	case LIMIT_ROTATE:
		status = rotate(files, now);
		*due = recorder_now();
		break;
	case LIMIT_MAX_SIZE:
		tell_max_size(files);
		recorder->stop = true;
		break;
	case LIMIT_MIN_FREE:
		status = fail_min_free(files);
		break;
	}
	recorder->stop |= status != COMMON_OK;
	return status;
}

int files_finish(struct files *files)
{
	int status = finish_old(files);

	status = common_worse(status, finish_sink(files, files->file));
	if (files->recorder->output_removed)
		status = common_worse(status, COMMON_FAILURE);
	if (!config_rotates(files->recorder->config))
		return status;
	tell_size(files, files->file, limits_file_bytes(files->file->output.fd));
	series_trim(&files->series, limits_file_bytes(files->file->output.fd));
	return status;
}

void files_close_sinks(struct files *files)
{
	if (files->old)
		record_file_close_sink(files->old);
	if (files->file)
		record_file_close_sink(files->file);
}

static int close_file(struct record_file *file, bool began)
{
	if (!file)
		return COMMON_OK;
	if (began)
		return record_file_close(file);
	record_file_discard(file);
	return COMMON_OK;
}

int files_close(struct files *files, bool began)
{
	int status = close_file(files->old, true);

	status = common_worse(status, close_file(files->file, began));
	free(files->old);
	free(files->old_path);
	free(files->file);
	free(files->path);
	series_free(&files->series);
	if (files->recorder && files->recorder->flushed_fd >= 0)
		close(files->recorder->flushed_fd);
	*files = (struct files){ .recorder = NULL };
	return status;
}
