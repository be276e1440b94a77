// SPDX-License-Identifier: GPL-2.0-only
#include "files.h"

#include <errno.h>
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
	/* Whoever looks for the last file of a killed run finds one that can be read. */
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
	files->can_give_up = files->file->write_out && files->file->sink.ops->cancel;
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

/* A negative errno where what is stored could not be made a whole file. */
static int finish_job(void *context)
{
	return record_file_finish(context);
}

static void begin_finishing(struct files *files, struct record_file *file)
{
	file_thread_begin(files->thread, finish_job, file);
}

/* What there is of it from now on is counted. */
static void note_work(struct files *files, const struct record_file *file,
		      struct sink_work *work)
{
	file->sink.ops->work(file->sink.self, work);
	files->work.bytes += work->bytes;
	files->work.writes += work->writes;
	files->work.queue_full_ns += work->queue_full_ns;
	files->work.faster_bytes += work->faster_bytes;
	files->work.stored_bytes += work->stored_bytes;
}

/* It is complete, or could not be completed. */
static int end_finishing(struct files *files, struct record_file *file)
{
	int r = file_thread_result(files->thread);
	struct recorder *recorder = files->recorder;
	struct sink_work work;
	bool removed;

	removed = output_check_name(&file->output) != COMMON_OK;
	recorder->output_removed |= removed;
	record_file_correct(file, &recorder->tally, removed);
	note_work(files, file, &work);
	if (recorder_output_closed(recorder))
		return COMMON_OK;
	/* After a failure to store, that to complete it is another. */
	if (r == -EPIPE || r == 0 || (recorder->sink_error && !work.finish_error))
		return COMMON_OK;
	if (!recorder->sink_error)
		recorder->sink_error = r;
	return common_fail("%s: could not be completed: %s", file->output.path,
			   rbmap_strerror(work.finish_error ? work.finish_error : r));
}

/* Removes what is in the way of the next one. */
static int tidy_up_job(void *context)
{
	struct files *files = context;
	int status = COMMON_OK;

	if (files->old)
		status = record_file_close(files->old);
	series_trim(&files->series, files->growing);
	return status;
}

static void tidy_up(struct files *files, uint64_t growing)
{
	files->growing = growing;
	files->state = FILES_TIDY_UP;
	file_thread_begin(files->thread, tidy_up_job, files);
}

static int end_tidying_up(struct files *files)
{
	int status = file_thread_result(files->thread);

	free(files->old);
	free(files->old_path);
	files->old = NULL;
	files->old_path = NULL;
	files->state = FILES_STEADY;
	return status;
}

/* Nothing drains into it any more. */
static int end_old(struct files *files)
{
	struct record_file *old = files->old;
	struct series_file done = { .number = files->number - 1 };
	int status = end_finishing(files, old);

	done.bytes = limits_file_bytes(old->output.fd);
	done.id = file_id_of(old->output.fd);
	tell_size(files, old, done.bytes);
	status = common_worse(status, series_add(&files->series, &done));
	tidy_up(files, 0);
	return status;
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

static int begin_next_job(void *context)
{
	struct files *files = context;

	return begin_next(files, &files->next, &files->next_path);
}

static void rotate(struct files *files)
{
	files->state = FILES_BEGIN_NEXT;
	file_thread_begin(files->thread, begin_next_job, files);
}

static int change_over(struct files *files, uint64_t now)
{
	struct recorder *recorder = files->recorder;
	int status = file_thread_result(files->thread);

	if (status != COMMON_OK) {
		files->state = FILES_STEADY;
		atomic_flag_test_and_set(&recorder->end_told);
		return status;
	}
	files->old = files->file;
	files->old_path = files->path;
	files->file = files->next;
	files->path = files->next_path;
	files->next = NULL;
	files->next_path = NULL;
	files->state = FILES_LEAVE_OLD;
	limits_begin(&files->limits, files->file->output.fd, now);
	recorder->file = files->file;
	workers_wake(recorder->workers);
	return COMMON_OK;
}

static void leave_old(struct files *files)
{
	eventfd_t number;

	eventfd_read(files->old->unused_fd, &number);
	/* The load makes visible what the threads have stored in it. */
	if (files->old->users)
		return;
	files->state = FILES_FINISH_OLD;
	begin_finishing(files, files->old);
}

int files_fd(const struct files *files)
{
	switch (files->state) {
	case FILES_STEADY:
		return -1;
	case FILES_LEAVE_OLD:
		return files->old->unused_fd;
	default:
		return file_thread_fd(files->thread);
	}
}

int files_step(struct files *files, uint64_t now)
{
	switch (files->state) {
	case FILES_STEADY:
		break;
	case FILES_BEGIN_NEXT:
		return change_over(files, now);
	case FILES_LEAVE_OLD:
		leave_old(files);
		break;
	case FILES_FINISH_OLD:
		return end_old(files);
	case FILES_TIDY_UP:
		return end_tidying_up(files);
	}
	return COMMON_OK;
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

/* All but what is left on the disk waits for the end of a rotation. */
static enum limit check(struct files *files, uint64_t now, uint64_t *due)
{
	enum limit limit =
		limits_check(&files->limits, files->file->output.fd,
			     queued_bytes(files->file), files->series.bytes, now, due);

	if (files->state == FILES_STEADY || limit == LIMIT_MIN_FREE)
		return limit;
	if (*due <= now)
		*due = UINT64_MAX;
	return LIMIT_NONE;
}

int files_look(struct files *files, uint64_t now, uint64_t *due)
{
	struct recorder *recorder = files->recorder;
	bool steady = files->state == FILES_STEADY;
	int status = COMMON_OK;
	uint64_t bytes;

	/* With --rotate old files make room for what grows. */
	bytes = limits_file_bytes(files->file->output.fd);
	if (config_rotates(recorder->config) && steady &&
	    series_is_over(&files->series, bytes)) {
		tidy_up(files, bytes);
		*due = UINT64_MAX;
		return COMMON_OK;
	}
	switch (check(files, now, due)) {
	case LIMIT_NONE:
		return COMMON_OK;
	case LIMIT_ROTATE:
		rotate(files);
		*due = UINT64_MAX;
		break;
	case LIMIT_MAX_SIZE:
		tell_max_size(files);
		recorder->stop = true;
		break;
	case LIMIT_MIN_FREE:
		status = fail_min_free(files);
		break;
	}
	return status;
}

static void give_up(struct files *files)
{
	struct recorder *recorder = files->recorder;
	int none = 0;

	/* No failure of the sinks is one of its own from now on. */
	if (atomic_compare_exchange_strong(&recorder->sink_error, &none, -ECANCELED)) {
		atomic_flag_test_and_set(&recorder->end_told);
		progress_clear(recorder);
		common_error("%s: the disk took nothing, and was not waited for after "
			     "another signal; earlier data is kept",
			     files->file->output.path);
	}
	files->given_up = true;
	files->file->sink.ops->cancel(files->file->sink.self);
	if (files->old && files->state != FILES_TIDY_UP)
		files->old->sink.ops->cancel(files->old->sink.self);
}

bool files_wait(struct files *files, int fd)
{
	if (files->given_up)
		return false;
	if (recorder_wait_for_end(files->recorder, fd, files->can_give_up))
		return true;
	give_up(files);
	return false;
}

/* What the file has by now is counted. */
static void leave(struct files *files, const struct record_file *file)
{
	struct sink_work work;

	record_file_correct(file, &files->recorder->tally, false);
	note_work(files, file, &work);
}

static int leave_all(struct files *files)
{
	if (files->old && files->state != FILES_TIDY_UP)
		leave(files, files->old);
	leave(files, files->file);
	return COMMON_FAILURE;
}

static int finish(struct files *files)
{
	int status = COMMON_OK;

	while (files->state != FILES_STEADY) {
		if (!files_wait(files, files_fd(files)))
			return COMMON_FAILURE;
		status = common_worse(status, files_step(files, recorder_now()));
	}
	begin_finishing(files, files->file);
	if (!files_wait(files, file_thread_fd(files->thread)))
		return COMMON_FAILURE;
	return common_worse(status, end_finishing(files, files->file));
}

int files_finish(struct files *files)
{
	int status = finish(files);

	if (files->given_up)
		return leave_all(files);
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
	if (files->given_up)
		return;
	file_thread_free(files->thread);
	files->thread = NULL;
	if (files->old && files->state != FILES_TIDY_UP)
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
	int status;

	if (files->given_up)
		return COMMON_OK;
	status = close_file(files->old, true);
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
