/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recorder FILE: a recorder of one's own. Stores the scheduler's events in a trace.dat
 * until Ctrl-C; rbmap-report, trace-cmd and KernelShark read it.
 */
#include <errno.h>
#include <fcntl.h>
#include <rbmap/rbmap.h>
#include <signal.h>
#include <stdio.h>
#include <tracefs.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* Stores what is in the rings. Returns 1 if there was something, 0, or an error. */
static int store(struct rbmap_session *session, struct rbmap_tracedat_writer *writer)
{
	struct rbmap_span spans[64];
	int stored = 0, nr, r;

	while ((nr = rbmap_session_take(session, spans, 64)) > 0) {
		r = rbmap_tracedat_writer_put(writer, spans, nr);
		if (r < nr) /* The first that is left gives the reason. */
			return r < 0 ? r :
				       rbmap_tracedat_writer_put(writer, spans + r,
								 nr - r);
		/* What was overwritten meanwhile must not become part of the file. */
		rbmap_session_settle(session, spans, nr);
		r = rbmap_tracedat_writer_discard(writer, spans, nr);
		if (r < 0)
			return r;
		stored = 1;
	}
	/* From here on the file has these events, even after kill -9. */
	r = nr < 0 ? nr : rbmap_tracedat_writer_flush(writer);
	return r < 0 ? r : stored;
}

static int record(struct tracefs_instance *instance, int fd)
{
	struct rbmap_session_options options = { .size = sizeof(options),
						 .instance = instance };
	struct rbmap_tracedat_options file = { .size = sizeof(file),
					       .instance = instance };
	struct rbmap_tracedat_writer *writer = NULL;
	struct rbmap_session *session = NULL;
	int r = rbmap_session_open(&session, &options);

	if (r == 0) {
		file.layout = rbmap_session_layout(session);
		file.nr_cpus = rbmap_session_cpus(session, &file.cpus);
		r = rbmap_tracedat_writer_open(&writer, fd, &file);
	}
	if (r == 0 && tracefs_event_enable(instance, "sched", NULL) < 0)
		r = errno ? -errno : -EINVAL;
	while (r >= 0 && !stop) {
		r = rbmap_session_wait(session, 1000);
		if (r >= 0 || r == -EINTR)
			r = store(session, writer);
	}
	tracefs_trace_off(instance); /* Otherwise the last rounds would never end. */
	if (r >= 0)
		do {
			rbmap_session_wake_all(session);
			r = store(session, writer);
		} while (r > 0);
	if (r == 0)
		r = rbmap_tracedat_writer_finish(writer);
	rbmap_tracedat_writer_close(writer);
	rbmap_session_close(session);
	return r;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal }; /* It ends a wait. */
	struct tracefs_instance *instance;
	char pid[16];
	int fd, r;

	if (argc != 2)
		return fprintf(stderr, "usage: recorder FILE\n"), 2;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return perror(argv[1]), 1;
	instance = tracefs_instance_create("rbmap-recorder");
	if (!instance)
		return perror("instances/rbmap-recorder"), 1;
	/* A recorder that records its own writing never comes to an end. */
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	tracefs_instance_file_write(instance, "set_event_notrace_pid", pid);
	r = record(instance, fd);
	tracefs_instance_destroy(instance);
	tracefs_instance_free(instance);
	close(fd);
	if (r < 0)
		return fprintf(stderr, "recorder: %s\n", rbmap_strerror(r)), 1;
	return 0;
}
