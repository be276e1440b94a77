// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <rbmap/error.h>

#include "common.h"
#include "config.h"
#include "file-thread.h"
#include "files.h"
#include "flight.h"
#include "priority.h"
#include "recorder.h"
#include "run.h"
#include "sizes.h"
#include "summary.h"
#include "symbols.h"
#include "tracing-file.h"
#include "workers.h"
#include "write-out.h"

/* As often as a file is flushed: what is not in it need not be read sooner. */
#define FILE_LATENCY_MS 1000

/* All that has to be put back, whatever happens. */
struct state {
	struct config config;
	struct common_cpus cpus;
	struct selection selection;
	struct files files;
	struct write_out *write_outs[WRITE_OUTS];
	struct output summary;
	struct recorder recorder;
	struct symbols *symbols;
};

/*
 * Every way out goes through the end of main, with all put back and the summary
 * printed, so signals only make the loop stop.
 */
static void block_signals(sigset_t *signals, sigset_t *before)
{
	static const int ends[] = { SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,	  SIGXCPU,
				    SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGCHLD };

	sigemptyset(signals);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		sigaddset(signals, ends[i]);
	sigprocmask(SIG_BLOCK, signals, before);
}

static int take_signals(struct recorder *recorder, sigset_t *before)
{
	sigset_t signals;

	/* Nothing may wait without end now. */
	if (common_bound_stderr() != COMMON_OK)
		return COMMON_FAILURE;
	block_signals(&signals, before);
	recorder->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (recorder->signal_fd < 0)
		return common_fail("signalfd: %s", strerror(errno));
	return COMMON_OK;
}

static int open_summary(struct state *state)
{
	const char *path = state->config.summary;

	/* Before the second open, which would find the first one's lock. */
	if (output_is_path(&state->files.file->output, path))
		return common_usage_error(
			"--summary %s: is also the output; name another file", path);
	return output_open(&state->summary, path, true);
}

static int open_files(struct state *state)
{
	const struct config *config = &state->config;
	int status;

	/* Each dump has a file of its own. */
	if (config->flight)
		return flight_check(config);
	status = files_open(&state->files, &state->recorder);
	if (status == COMMON_OK && config->summary)
		status = open_summary(state);
	return status;
}

/*
 * A mapping keeps others from resizing the ring or taking a snapshot, and what they
 * read(2) of the reader sub-buffer cannot be told from what they left. So a ring that
 * is not our own is mapped only where that is asked for.
 */
static enum rbmap_engine choose_engine(const struct config *config)
{
	if (!config->instance)
		return config->engine;
	if (rbmap_engine_maps(config->engine) && config->verbosity >= 0)
		common_error(
			"-B %s: while its ring is mapped, others can neither resize "
			"nor snapshot it, and events that they read may be recorded "
			"too",
			config->instance);
	return config->engine == RBMAP_ENGINE_AUTO ? RBMAP_ENGINE_READ : config->engine;
}

/*
 * With a watermark of 0 an observer is woken by the first event after a quiet time, and
 * need not look often until then. Who consumes would be woken by each event.
 */
static int let_observer_rest(const struct state *state)
{
	struct rbmap_session *session = state->recorder.session;
	int r;

	if (!target_is_own(state->recorder.target) ||
	    rbmap_engine_consumes(rbmap_session_engine(session)))
		return COMMON_OK;
	r = tracing_write(target_instance(state->recorder.target), "buffer_percent",
			  "0");
	return r < 0 ? common_fail("buffer_percent: %s", strerror(-r)) : COMMON_OK;
}

static int open_session(struct state *state)
{
	struct rbmap_session_options options = { .size = sizeof(options) };
	const struct config *config = &state->config;
	int r;

	options.instance = target_instance(state->recorder.target);
	options.cpus = state->cpus.cpus;
	options.nr_cpus = state->cpus.nr;
	options.engine = choose_engine(config);
	/* What is printed is to be printed soon. */
	if (config->format == FORMAT_DAT) {
		options.flags = RBMAP_SESSION_WHOLE;
		options.latency_ms = FILE_LATENCY_MS;
	}
	options.log = common_log(config->verbosity);
	r = rbmap_session_open(&state->recorder.session, &options);
	/* The log has the reason, and what to do. */
	if (r == -EOPNOTSUPP && config->verbosity >= 0)
		return COMMON_FAILURE;
	if (r < 0)
		return common_fail("the ring buffer could not be opened: %s%s",
				   rbmap_strerror(r),
				   rbmap_engine_maps(config->engine) ?
					   "; --engine read needs no mapping" :
					   "");
	return let_observer_rest(state);
}

/*
 * Before anything is set up: the kernel is told then whom not to trace. With --flight
 * there are none, and the dumps come before other work.
 */
static int start_threads(struct state *state)
{
	int status;

	if (state->config.flight)
		return priority_set(&state->config);
	status = write_outs_start(state->write_outs, &state->config);
	if (status == COMMON_OK)
		status = file_thread_start(&state->files.thread, &state->config);
	if (status == COMMON_OK)
		status = workers_start(&state->recorder.workers, &state->recorder,
				       state->cpus.nr);
	return status;
}

/* The numbers of all of them, for free(3). */
static int list_threads(const struct state *state, pid_t **ret, size_t *ret_nr)
{
	const pid_t *workers;
	size_t nr = workers_threads(state->recorder.workers, &workers);
	pid_t *threads = calloc(nr + WRITE_OUTS + 1, sizeof(*threads));

	if (!threads)
		return common_fail("%s", strerror(ENOMEM));
	if (nr)
		memcpy(threads, workers, nr * sizeof(*threads));
	for (int i = 0; i < WRITE_OUTS; i++)
		if (state->write_outs[i])
			threads[nr++] = write_out_thread(state->write_outs[i]);
	if (state->files.thread)
		threads[nr++] = file_thread_number(state->files.thread);
	*ret = threads;
	*ret_nr = nr;
	return COMMON_OK;
}

static int set_up_target(struct state *state)
{
	pid_t *threads = NULL;
	size_t nr = 0;
	int status = list_threads(state, &threads, &nr);

	if (status != COMMON_OK)
		return status;
	status = target_set_up(state->recorder.target, &state->config, &state->cpus,
			       threads, nr);
	free(threads);
	return status;
}

static bool compresses(const struct config *config)
{
	if (config->compression)
		return strcmp(config->compression, "none");
	return config->file_version != 6 && !config->direct;
}

/*
 * First of all: they are to be had by the time that the rings are there. Not with -B,
 * where tracing may be on already.
 */
static void start_symbols(struct state *state)
{
	const struct config *config = &state->config;

	if (config->format == FORMAT_DAT && !config->flight && !config->instance)
		state->symbols = symbols_start(compresses(config));
}

static void free_symbols(struct state *state)
{
	symbols_free(state->symbols);
	state->symbols = NULL;
}

static int set_up(struct state *state)
{
	struct recorder *recorder = &state->recorder;
	struct target *target;
	int status;

	start_symbols(state);
	status = target_open(&recorder->target, state->config.instance);
	if (status != COMMON_OK)
		return status;
	target = recorder->target;
	/* An instance that was just made has rings for the CPUs that are online. */
	status = common_cpus_choose(&state->cpus, state->config.cpus,
				    COMMON_OFFLINE_REFUSE);
	if (status == COMMON_OK)
		status = selection_find(&state->selection, target_instance(target),
					&state->config.events);
	if (status == COMMON_OK)
		status = start_threads(state);
	if (status == COMMON_OK)
		status = set_up_target(state);
	if (status == COMMON_OK)
		status = selection_enable(&state->selection, target_instance(target),
					  target_undo(target));
	if (status == COMMON_OK)
		target_settle(target);
	if (status == COMMON_OK)
		status = open_session(state);
	if (status == COMMON_OK && state->config.dump_on.nr)
		status = watch_open(&recorder->watch, &state->config, target,
				    &state->cpus);
	return status;
}

/*
 * What is left lets it put tracing files back whoever owns them, and signal a command
 * that runs as another user. A file that is begun later has the addresses of kernel
 * functions as well, which the kernel shows to nobody else.
 */
static int drop_privileges(const struct config *config)
{
	static const int keep[] = { CAP_DAC_OVERRIDE, CAP_KILL, CAP_SYSLOG };
	size_t nr = sizeof(keep) / sizeof(keep[0]);

	if (!config->flight && !config_rotates(config))
		nr--;
	return common_drop_privileges(keep, nr);
}

static int begin_recording(struct state *state)
{
	struct recorder *recorder = &state->recorder;
	struct sink_source source = {
		.config = &state->config,
		.selection = &state->selection,
		.session = recorder->session,
		.cpus = state->cpus.cpus,
		.nr_cpus = state->cpus.nr,
		.instance = target_instance(recorder->target),
		.stop_fd = workers_stop_fd(recorder->workers),
		.symbols = state->symbols,
		.write_outs = state->write_outs,
	};
	int status;

	status = tally_open(&recorder->tally, recorder->session, source.instance);
	source.layout = &recorder->tally.layout;
	if (status == COMMON_OK)
		status = output_protect(&state->summary);
	if (status == COMMON_OK)
		status = files_begin(&state->files, &source);
	/* As many bytes as a small ring. */
	free_symbols(state);
	return status;
}

static int begin(struct state *state)
{
	int status = COMMON_OK;

	if (!state->config.flight)
		status = begin_recording(state);
	return status == COMMON_OK ? drop_privileges(&state->config) : status;
}

static int report(struct state *state)
{
	struct recorder *recorder = &state->recorder;
	int status;

	summary_print(recorder);
	status = summary_judge(recorder);
	if (state->config.summary && summary_write(recorder, &state->summary))
		status = COMMON_FAILURE;
	return status;
}

static int record(struct state *state, bool *began)
{
	struct recorder *recorder = &state->recorder;
	int status;

	status = set_up(state);
	if (status == COMMON_OK)
		status = begin(state);
	if (status != COMMON_OK)
		return status;
	status = run_recording(recorder);
	*began = recorder->started &&
		 !(recorder->command && command_never_ran(recorder->command));
	return status;
}

/* The rings first, since an instance that is mapped cannot be removed. */
static void put_back(struct state *state)
{
	workers_free(state->recorder.workers);
	state->recorder.workers = NULL;
	free_symbols(state);
	files_close_sinks(&state->files);
	/* A thread that the disk holds up is not waited for. */
	if (!state->files.given_up)
		write_outs_free(state->write_outs);
	watch_close(state->recorder.watch);
	state->recorder.watch = NULL;
	rbmap_session_close(state->recorder.session);
	state->recorder.session = NULL;
	target_close(state->recorder.target);
	state->recorder.target = NULL;
}

static int close_files(struct state *state, bool began)
{
	int status = COMMON_OK;

	status = files_close(&state->files, began);
	if (!began) {
		output_discard(&state->summary);
		return status;
	}
	if (output_close(&state->summary))
		status = COMMON_FAILURE;
	return status;
}

static int run(struct state *state)
{
	struct recorder *recorder = &state->recorder;
	bool began = false;
	int status;
	sigset_t mask;

	status = take_signals(recorder, &mask);
	if (status == COMMON_OK)
		status = sizes_queue(&state->config.queue_bytes, &state->config);
	if (status == COMMON_OK)
		status = open_files(state);
	if (status == COMMON_OK && *state->config.command)
		status = command_fork(&recorder->command, &state->config, &mask);
	/* After the fork: the command keeps its own limit. */
	common_raise_file_limit();
	if (status == COMMON_OK)
		status = record(state, &began);
	put_back(state);
	if (began && !state->config.flight)
		status = common_worse(status, report(state));
	status = common_worse(status, close_files(state, began));
	if (recorder->started && recorder->command) {
		int command = run_wait_for_command(recorder);

		/* What went wrong here goes before, but for the loss: the command's. */
		if (status == COMMON_OK || (status == COMMON_LOST && command))
			status = command;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct state state = {
		.summary = { .fd = -1 },
		.recorder = { .signal_fd = -1, .flushed_fd = -1 },
	};
	bool done = false;
	int status;

	common_init("rbmap-record");
	status = config_parse(&state.config, argc, argv, &done);
	state.recorder.config = &state.config;
	state.recorder.selection = &state.selection;
	state.recorder.files = &state.files;
	state.recorder.name =
		state.config.output ? state.config.output : "standard output";
	if (status == COMMON_OK && !done)
		status = run(&state);
	/* Threads that the disk holds up use all that follows. */
	if (state.files.given_up)
		_exit(common_close_stdout(status));
	free(state.recorder.result.engine_reason);
	free(state.recorder.result.clock);
	command_free(state.recorder.command);
	tally_close(&state.recorder.tally);
	settings_free(&state.recorder.settings);
	series_free(&state.recorder.dumped);
	selection_free(&state.selection);
	common_cpus_free(&state.cpus);
	config_free(&state.config);
	if (state.recorder.signal_fd >= 0)
		close(state.recorder.signal_fd);
	return common_close_stdout(status);
}
