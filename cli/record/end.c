// SPDX-License-Identifier: GPL-2.0-only
#include "end.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <tracefs.h>

#include "common.h"
#include "files.h"
#include "progress.h"
#include "workers.h"

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

/* For the summary, when all is put back: rings and sink are gone by then. */
static int note_result(struct recorder *recorder)
{
	struct recorder_result *result = &recorder->result;
	int status = COMMON_OK;

	result->engine = rbmap_session_engine(recorder->session);
	errno = 0;
	result->engine_reason = strdup(rbmap_session_engine_reason(recorder->session));
	result->clock = tracefs_get_clock(target_instance(recorder->target));
	if (errno == ENOMEM && recorder->config->summary)
		status = common_fail("%s: %s", recorder->config->summary,
				     strerror(errno));
	result->own_instance = target_is_own(recorder->target);
	rbmap_session_work(recorder->session, &result->session);
	result->polls += workers_polls(recorder->workers);
	result->threads = workers_most_busy(recorder->workers);
	result->sink = recorder->files->work;
	result->files = recorder->files->number;
	result->files_removed = recorder->files->series.removed;
	result->cpu_seconds = cpu_seconds();
	return status;
}

/* Signals are looked at meanwhile: a disk that takes nothing may hold them up. */
static void wait_for_workers(struct recorder *recorder)
{
	workers_stop(recorder->workers);
	while (!workers_have_ended(recorder->workers))
		if (!files_wait(recorder->files, workers_ended_fd(recorder->workers)))
			return;
}

int end_recording(struct recorder *recorder)
{
	int status;

	wait_for_workers(recorder);
	status = workers_finish(recorder->workers);

	recorder->tally.incomplete = recorder->sink_error || status != COMMON_OK;
	status = common_worse(status, tally_end(&recorder->tally));
	if (target_is_own(recorder->target) && !recorder->config->cpus)
		tally_find_unrecorded(&recorder->tally);
	status = common_worse(status, files_finish(recorder->files));
	tally_correct(&recorder->tally);
	progress_clear(recorder);
	return common_worse(status, note_result(recorder));
}
