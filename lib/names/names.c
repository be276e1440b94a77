// SPDX-License-Identifier: LGPL-2.1-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <rbmap/error.h>

#include "base/internal.h"
#include "base/json.h"
#include "events/events.h"
#include "names/symbols.h"
#include "tracefs/tracefs.h"

/* Ten times a second, however many unknown pids come along. */
#define CMDLINES_INTERVAL_NS 100000000
/* A command may change its name. */
#define COMM_INTERVAL_NS 1000000000
#define NEVER UINT64_MAX
/* TASK_COMM_LEN of include/linux/sched.h, without the 0 at the end. */
#define TASK_COMM_LENGTH 15
/* A pid takes 11 more, and the '-'. */
#define COMM_CACHED_MAX (RBMAP_HEAD_SIZE - 13)

static uint64_t now_ns(void)
{
	struct timespec now;

	/* A few milliseconds do not matter here; what it costs at each event does. */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void learn_comm(struct rbmap_events *events, int pid, const char *comm)
{
	if (tep_is_pid_registered(events->tep, pid) &&
	    !strcmp(tep_data_comm_from_pid(events->tep, pid), comm))
		return;
	tep_override_comm(events->tep, comm, pid);
}

static void learn_line(struct rbmap_events *events, char *line)
{
	char *comm;
	long pid;

	pid = strtol(line, &comm, 10);
	if (comm == line || *comm != ' ' || pid <= 0 || pid > INT32_MAX)
		return;
	learn_comm(events, pid, comm + 1);
}

void rbmap_events_read_cmdlines(struct rbmap_events *events)
{
	char *text, *line, *rest;
	int error;

	events->cmdlines_due = now_ns() + CMDLINES_INTERVAL_NS;
	if (events->files.cmdlines < 0)
		return;
	if (lseek(events->files.cmdlines, 0, SEEK_SET) < 0)
		return;
	error = rbmap_fd_read(events->files.cmdlines, &text, NULL);
	if (error) {
		log_debug(&events->log, "saved_cmdlines: %s", rbmap_strerror(error));
		return;
	}
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		learn_line(events, line);
	free(text);
}

/*
 * For a worker /proc adds what it works on, behind '+' or '-', to the name that it has.
 * Source: wq_worker_comm() in kernel/workqueue.c. A rescuer is "kworker/R-NAME".
 */
static void strip_work(char *comm)
{
	static const char prefix[] = "kworker/";
	const size_t length = sizeof(prefix) - 1;

	if (!strncmp(comm, prefix, length))
		comm[strcspn(comm, comm[length] == 'R' ? "+" : "+-")] = '\0';
	if (strlen(comm) > TASK_COMM_LENGTH)
		comm[TASK_COMM_LENGTH] = '\0';
}

static bool read_comm(struct rbmap_events *events, int pid)
{
	char name[32], comm[64];
	ssize_t size = -1;
	int fd;

	if (events->files.proc < 0)
		return false;
	snprintf(name, sizeof(name), "%d/comm", pid);
	fd = openat(events->files.proc, name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		size = read(fd, comm, sizeof(comm) - 1);
		close(fd);
	}
	if (size <= 0)
		return false;
	comm[size - (comm[size - 1] == '\n')] = '\0';
	strip_work(comm);
	learn_comm(events, pid, comm);
	return true;
}

/*
 * saved_cmdlines may hold a thread of long ago that had the same pid, or the name that
 * a thread had before exec(2): who still lives is asked first, and now and then again.
 * Returns until when that will do.
 */
static uint64_t look_up(struct rbmap_events *events, int pid, uint64_t now)
{
	if (!read_comm(events, pid) && now >= events->cmdlines_due)
		rbmap_events_read_cmdlines(events);
	/* Who could not be found yet is looked for as often as that goes. */
	return tep_is_pid_registered(events->tep, pid) ? now + COMM_INTERVAL_NS :
							 events->cmdlines_due;
}

void rbmap_events_put_pid(struct text *text, const char *comm, int pid)
{
	text_string(text, ",\"comm\":");
	rbmap_json_string(text, comm, strlen(comm));
	text_string(text, ",\"pid\":");
	rbmap_text_signed(text, pid);
}

static void make_json(struct rbmap_seen_pid *seen, const char *comm)
{
	struct text text = { 0 };

	rbmap_events_put_pid(&text, comm, seen->pid);
	seen->json_length = 0;
	if (!text.failed && text.used <= sizeof(seen->json)) {
		memcpy(seen->json, text.buffer, text.used);
		seen->json_length = text.used;
	}
	free(text.buffer);
}

/* A plugin may learn of a command at any record: only a known one stays as it is. */
static void make_head(struct rbmap_events *events, struct rbmap_seen_pid *seen)
{
	const char *comm = tep_data_comm_from_pid(events->tep, seen->pid);
	size_t length = strlen(comm);

	seen->head_length = 0;
	seen->json_length = 0;
	if (length > COMM_CACHED_MAX ||
	    (seen->pid && !tep_is_pid_registered(events->tep, seen->pid)))
		return;
	seen->head_length =
		snprintf(seen->head, sizeof(seen->head), "%16s-%-5d", comm, seen->pid);
	make_json(seen, comm);
}

/* Those of a file are no newer later on. */
static bool has_live_names(const struct rbmap_events *events)
{
	return events->files.proc >= 0 || events->files.cmdlines >= 0;
}

static void see(struct rbmap_events *events, struct rbmap_seen_pid *seen, int pid)
{
	uint64_t now = now_ns();

	seen->pid = pid;
	if (!has_live_names(events))
		seen->due = NEVER;
	else if (pid > 0)
		seen->due = look_up(events, pid, now);
	else
		seen->due = now + COMM_INTERVAL_NS;
	make_head(events, seen);
}

const struct rbmap_seen_pid *rbmap_events_see(struct rbmap_events *events, int pid)
{
	struct rbmap_seen_pid *seen =
		&events->seen_pids[(unsigned int)pid % RBMAP_SEEN_PIDS];

	if (seen->pid != pid || (seen->due != NEVER && now_ns() >= seen->due))
		see(events, seen, pid);
	else if (!seen->head_length)
		make_head(events, seen);
	return seen;
}

void rbmap_events_learn(struct rbmap_events *events, int pid, const char *comm,
			size_t size)
{
	const struct rbmap_seen_pid *seen =
		&events->seen_pids[(unsigned int)pid % RBMAP_SEEN_PIDS];
	char name[64];

	if (!pid || (seen->pid == pid && seen->head_length) ||
	    tep_is_pid_registered(events->tep, pid))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)size, comm);
	tep_register_comm(events->tep, name, pid);
}

RBMAP_PUBLIC const char *rbmap_events_comm(struct rbmap_events *events, int pid)
{
	rbmap_events_see(events, pid);
	return tep_data_comm_from_pid(events->tep, pid);
}

static int read_symbols_file(void *context, char **ret)
{
	struct rbmap_events *events = context;
	int error = rbmap_fd_read(events->files.kallsyms, ret, NULL);

	close(events->files.kallsyms);
	events->files.kallsyms = -1;
	return error;
}

void rbmap_events_read_symbols(struct rbmap_events *events,
			       int (*read)(void *context, char **ret), void *context)
{
	events->read_symbols = read;
	events->symbols_context = context;
}

/*
 * Reading and sorting the kernel's symbols takes longer than loading all formats, so
 * it waits until a name is asked for: most recorders never print one.
 */
static void load_symbols(struct rbmap_events *events)
{
	bool cut = false;
	char *text;
	int error;

	events->symbols_tried = true;
	if (!events->read_symbols)
		return;
	error = events->read_symbols(events->symbols_context, &text);
	if (!error)
		error = rbmap_symbols_parse(&events->symbols, text, &cut);
	if (error)
		log_warning(&events->log,
			    "kallsyms cannot be read (%s): no names of functions",
			    rbmap_strerror(error));
	if (cut)
		log_warning(&events->log, "kallsyms cannot be read to its end: some "
					  "functions have no name or another one's");
}

/* Every other address is in one: so both ways to print it are tried. */
static char *resolve_trial(unsigned long long *address)
{
	static const char name[] = "function";

	if (*address & 1)
		return NULL;
	*address &= ~UINT64_C(0xff);
	return (char *)name;
}

void rbmap_events_try_functions(struct rbmap_events *events, bool on)
{
	events->resolver->tries_functions = on;
	memset(events->symbol_cache, 0, sizeof(events->symbol_cache));
}

static char *resolve(void *context, unsigned long long *address, char **module)
{
	struct rbmap_events *events = context;
	const char *name;
	uint64_t start;

	*module = NULL;
	if (events->tries_functions)
		return resolve_trial(address);
	if (!events->symbols_tried)
		load_symbols(events);
	if (!events->symbols)
		return NULL;
	name = rbmap_symbols_find(events->symbols, *address, &start);
	if (!name)
		return NULL;
	*address = start;
	/* libtraceevent's type lacks the const; it only reads the name. */
	return (char *)name;
}

const struct rbmap_symbol *rbmap_events_symbol(struct rbmap_events *events,
					       uint64_t address)
{
	struct rbmap_symbol *symbol = &events->symbol_cache[address % RBMAP_SYMBOLS];

	if (!symbol->known || symbol->address != address) {
		symbol->name = tep_find_function(events->tep, address);
		symbol->start =
			symbol->name ? tep_find_function_address(events->tep, address) :
				       0;
		symbol->length = symbol->name ? strlen(symbol->name) : 0;
		symbol->address = address;
		symbol->known = true;
	}
	return symbol->name ? symbol : NULL;
}

int rbmap_events_resolve_functions(struct rbmap_events *events)
{
	if (!events->read_symbols && events->files.kallsyms >= 0)
		rbmap_events_read_symbols(events, read_symbols_file, events);
	/* A handle that knows functions already is not to be asked twice. */
	if (tep_get_function_count(events->tep) > 0)
		return 0;
	if (tep_set_function_resolver(events->tep, resolve, events))
		return -ENOMEM;
	events->resolves = true;
	return 0;
}

void rbmap_events_forget_functions(struct rbmap_events *events)
{
	if (events->resolves)
		tep_reset_function_resolver(events->tep);
	rbmap_symbols_free(events->symbols);
}
