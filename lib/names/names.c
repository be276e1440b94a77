// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <traceevent/event-parse.h>

#include <rbmap/error.h>

#include "base/internal.h"
#include "base/json.h"
#include "names/names.h"
#include "names/strings.h"
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

/*
 * Events carry the pids of the first PID namespace: elsewhere /proc would name others.
 * A kernel without such namespaces (CONFIG_PID_NS) has no link for them.
 * Source: PROC_PID_INIT_INO in include/linux/proc_ns.h.
 */
static bool is_first_pid_namespace(void)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) == 0)
		return st.st_ino == UINT32_C(0xEFFFFFFC);
	return errno == ENOENT && stat("/proc/self/ns", &st) == 0;
}

static int open_proc(void)
{
	if (!is_first_pid_namespace())
		return -1;
	return open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void rbmap_names_open_files(struct rbmap_names_files *files,
			    const struct rbmap_log *log)
{
	files->cmdlines = rbmap_tracefs_open(NULL, "saved_cmdlines", O_RDONLY);
	if (files->cmdlines < 0)
		log_info(
			log,
			"saved_cmdlines cannot be read (%s): command names are not available",
			rbmap_strerror(files->cmdlines));
	files->proc = open_proc();
	files->kallsyms = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	if (files->kallsyms < 0)
		log_info(
			log,
			"/proc/kallsyms cannot be read (%s): function names are not available",
			rbmap_strerror(-errno));
}

static void close_file(int fd)
{
	if (fd >= 0)
		close(fd);
}

void rbmap_names_close_files(const struct rbmap_names_files *files)
{
	close_file(files->cmdlines);
	close_file(files->kallsyms);
	close_file(files->proc);
}

void rbmap_names_init(struct rbmap_names *names, struct tep_handle *tep,
		      const struct rbmap_names_files *files,
		      const struct rbmap_log *log)
{
	names->tep = tep;
	names->resolver = names;
	names->files = *files;
	names->log = *log;
	names->no_memory = files->cmdlines == -ENOMEM;
}

void rbmap_names_close(struct rbmap_names *names)
{
	rbmap_names_forget_functions(names);
	rbmap_strings_free(names->strings);
	rbmap_names_close_files(&names->files);
}

const char *rbmap_names_string(const struct rbmap_names *names, uint64_t address)
{
	return rbmap_strings_find(names->resolver->strings, address);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	/* A few milliseconds do not matter here; what it costs at each event does. */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void learn_comm(struct rbmap_names *names, int pid, const char *comm)
{
	memory_watch();
	if (!tep_is_pid_registered(names->tep, pid) ||
	    strcmp(tep_data_comm_from_pid(names->tep, pid), comm) != 0)
		tep_override_comm(names->tep, comm, pid);
	names->no_memory |= memory_is_short();
}

static void learn_line(struct rbmap_names *names, char *line)
{
	char *comm;
	long pid;

	pid = strtol(line, &comm, 10);
	if (comm == line || *comm != ' ' || pid <= 0 || pid > INT32_MAX)
		return;
	learn_comm(names, pid, comm + 1);
}

void rbmap_names_read_cmdlines(struct rbmap_names *names)
{
	char *text, *line, *rest;
	int r;

	names->cmdlines_due = now_ns() + CMDLINES_INTERVAL_NS;
	if (names->files.cmdlines < 0)
		return;
	if (lseek(names->files.cmdlines, 0, SEEK_SET) < 0)
		return;
	r = rbmap_fd_read(names->files.cmdlines, &text, NULL);
	if (r) {
		log_debug(&names->log, "saved_cmdlines: %s", rbmap_strerror(r));
		names->no_memory |= r == -ENOMEM;
		return;
	}
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		learn_line(names, line);
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

static bool read_comm(struct rbmap_names *names, int pid)
{
	char name[32], comm[64];
	ssize_t size = -1;
	int fd;

	if (names->files.proc < 0)
		return false;
	snprintf(name, sizeof(name), "%d/comm", pid);
	fd = openat(names->files.proc, name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		size = read(fd, comm, sizeof(comm) - 1);
		close(fd);
	}
	if (size <= 0)
		return false;
	comm[size - (comm[size - 1] == '\n')] = '\0';
	strip_work(comm);
	learn_comm(names, pid, comm);
	return true;
}

/*
 * saved_cmdlines may hold a thread of long ago that had the same pid, or the name that
 * a thread had before exec(2): who still lives is asked first, and now and then again.
 * Returns until when that will do.
 */
static uint64_t refresh_comm(struct rbmap_names *names, int pid, uint64_t now)
{
	if (!read_comm(names, pid) && now >= names->cmdlines_due)
		rbmap_names_read_cmdlines(names);
	/* Who could not be found yet is looked for as often as that goes. */
	return tep_is_pid_registered(names->tep, pid) ? now + COMM_INTERVAL_NS :
							names->cmdlines_due;
}

void rbmap_names_put_pid(struct text *text, const char *comm, int pid)
{
	text_string(text, ",\"comm\":");
	rbmap_json_string(text, comm, strlen(comm));
	text_string(text, ",\"pid\":");
	rbmap_text_signed(text, pid);
}

static void make_json(struct rbmap_pid_name *name, const char *comm)
{
	struct text text = { 0 };

	rbmap_names_put_pid(&text, comm, name->pid);
	name->json_length = 0;
	if (!text.failed && text.used <= sizeof(name->json)) {
		memcpy(name->json, text.buffer, text.used);
		name->json_length = text.used;
	}
	free(text.buffer);
}

/* A plugin may learn of a command at any record: only a known one stays as it is. */
static void make_head(struct rbmap_names *names, struct rbmap_pid_name *name)
{
	const char *comm;
	size_t length;

	memory_watch();
	comm = tep_data_comm_from_pid(names->tep, name->pid);
	names->no_memory |= memory_is_short();
	length = strlen(comm);
	name->head_length = 0;
	name->json_length = 0;
	if (length > COMM_CACHED_MAX ||
	    (name->pid && !tep_is_pid_registered(names->tep, name->pid)))
		return;
	name->head_length =
		snprintf(name->head, sizeof(name->head), "%16s-%-5d", comm, name->pid);
	make_json(name, comm);
}

static void look_up(struct rbmap_names *names, struct rbmap_pid_name *name, int pid)
{
	uint64_t now = now_ns();

	name->pid = pid;
	if (names->fixed)
		name->due = NEVER;
	else if (pid > 0)
		name->due = refresh_comm(names, pid, now);
	else
		name->due = now + COMM_INTERVAL_NS;
	make_head(names, name);
}

const struct rbmap_pid_name *rbmap_names_pid(struct rbmap_names *names, int pid)
{
	struct rbmap_pid_name *name = &names->pids[(unsigned int)pid % RBMAP_PID_NAMES];

	if (name->pid != pid || (name->due != NEVER && now_ns() >= name->due))
		look_up(names, name, pid);
	else if (!name->head_length)
		make_head(names, name);
	return name;
}

void rbmap_names_learn(struct rbmap_names *names, int pid, const char *comm,
		       size_t size)
{
	const struct rbmap_pid_name *name =
		&names->pids[(unsigned int)pid % RBMAP_PID_NAMES];
	char copy[64];

	if (!pid || (name->pid == pid && name->head_length) ||
	    tep_is_pid_registered(names->tep, pid))
		return;
	snprintf(copy, sizeof(copy), "%.*s", (int)size, comm);
	memory_watch();
	tep_register_comm(names->tep, copy, pid);
	names->no_memory |= memory_is_short();
}

const char *rbmap_names_comm(struct rbmap_names *names, int pid)
{
	rbmap_names_pid(names, pid);
	return tep_data_comm_from_pid(names->tep, pid);
}

int rbmap_names_state(struct rbmap_names *names)
{
	struct rbmap_names *of = names->resolver;

	if (!names->no_memory && !of->no_memory)
		return 0;
	/* What was not found may be there. */
	memset(names->functions, 0, sizeof(names->functions));
	memset(names->pids, 0, sizeof(names->pids));
	names->no_memory = of->no_memory = false;
	return -ENOMEM;
}
