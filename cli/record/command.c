// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "common.h"

#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND 127

struct command {
	const char *name;
	pid_t pid;
	/* A byte lets the child run; once the end is closed, it goes away. */
	int go;
	/* The child's errno where it could not run; closed by exec(3). */
	int error;
	bool running;
	bool never_ran;
};

static int cannot_run(const char *name, int error)
{
	if (error == ENOENT)
		common_error("%s: command not found", name);
	else
		common_error("%s: cannot be run: %s", name, strerror(error));
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

static int check_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	return S_ISREG(st.st_mode) && (st.st_mode & 0111) ? 0 : EACCES;
}

/* As execvp(3) will look for it; so that a wrong name costs no recording. */
static int find_command(const char *name)
{
	const char *path = getenv("PATH");
	char *copy, *rest, *directory, full[PATH_MAX];
	int error = ENOENT, r;

	if (strchr(name, '/'))
		return check_file(name);
	if (!path)
		return 0;
	copy = strdup(path);
	if (!copy)
		return ENOMEM;
	rest = copy;
	while (error && (directory = strsep(&rest, ":"))) {
		snprintf(full, sizeof(full), "%s/%s", *directory ? directory : ".",
			 name);
		r = check_file(full);
		if (r == 0 || r == EACCES)
			error = r;
	}
	free(copy);
	return error;
}

static int become(const struct passwd *user)
{
	if (initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
	    setuid(user->pw_uid) < 0)
		return errno;
	setenv("USER", user->pw_name, 1);
	setenv("LOGNAME", user->pw_name, 1);
	setenv("HOME", user->pw_dir, 1);
	return 0;
}

/*
 * The user who called sudo and the like, unless that is root. An error if that is not
 * known: the command must not run as root by mistake.
 */
static int find_invoking_user(const struct passwd **ret)
{
	struct common_caller caller;

	*ret = NULL;
	common_find_caller(&caller);
	if (geteuid() != 0 || !caller.variable || (!caller.problem && caller.uid == 0))
		return COMMON_OK;
	if (!caller.problem)
		*ret = getpwuid(caller.uid);
	if (!*ret)
		return common_fail("%s %s: %s; name the user to run the command as "
				   "with --user",
				   caller.variable, caller.text,
				   caller.problem ? caller.problem : "no such user");
	return COMMON_OK;
}

static int choose_user(const struct passwd **ret, const struct config *config)
{
	if (!config->user)
		return find_invoking_user(ret);
	*ret = getpwnam(config->user);
	if (!*ret)
		return common_usage_error("--user '%s': no such user", config->user);
	if (geteuid() != 0)
		return common_fail("--user %s: only root can run a command as another "
				   "user",
				   config->user);
	return COMMON_OK;
}

static _Noreturn void child(const struct config *config, const struct passwd *user,
			    const sigset_t *mask, int go, int report)
{
	char byte;
	int error = 0;

	if (read(go, &byte, 1) != 1)
		_exit(0);
	close(go);
	common_restore_signals();
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (user)
		error = become(user);
	if (!error) {
		execvp(config->command[0], config->command);
		error = errno;
	}
	if (write(report, &error, sizeof(error)) < 0)
		_exit(EXIT_CANNOT_RUN);
	_exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
}

static int fork_child(struct command *command, const struct config *config,
		      const struct passwd *user, const sigset_t *mask)
{
	int go[2], report[2];

	if (pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(report, O_CLOEXEC) < 0) {
		close(go[0]);
		close(go[1]);
		return -errno;
	}
	fflush(NULL);
	command->pid = fork();
	if (command->pid == 0) {
		close(go[1]);
		close(report[0]);
		child(config, user, mask, go[0], report[1]);
	}
	command->go = go[1];
	command->error = report[0];
	close(go[0]);
	close(report[1]);
	return command->pid < 0 ? -errno : 0;
}

int command_fork(struct command **ret, const struct config *config,
		 const sigset_t *mask)
{
	const struct passwd *user;
	struct command *command;
	int r, status;

	status = choose_user(&user, config);
	if (status != COMMON_OK)
		return status;
	r = find_command(config->command[0]);
	if (r == ENOMEM)
		return common_fail("%s: %s", config->command[0], strerror(r));
	if (r)
		return cannot_run(config->command[0], r);
	command = calloc(1, sizeof(*command));
	if (!command)
		return common_fail("%s", strerror(ENOMEM));
	*command = (struct command){
		.name = config->command[0],
		.pid = -1,
		.go = -1,
		.error = -1,
	};
	r = fork_child(command, config, user, mask);
	if (r < 0) {
		command_free(command);
		return common_fail("%s: %s", config->command[0], strerror(-r));
	}
	*ret = command;
	return COMMON_OK;
}

void command_go(struct command *command)
{
	/* A child that is gone already shows in command_is_over(). */
	(void)!write(command->go, "", 1);
	close(command->go);
	command->go = -1;
	command->running = true;
}

bool command_is_over(struct command *command, int *status)
{
	int waited, error;

	if (!command->running ||
	    waitpid(command->pid, &waited, WNOHANG) != command->pid)
		return false;
	command->running = false;
	if (read(command->error, &error, sizeof(error)) == sizeof(error)) {
		command->never_ran = true;
		*status = cannot_run(command->name, error);
	} else if (WIFSIGNALED(waited)) {
		common_error("%s: ended by signal %d (%s)", command->name,
			     WTERMSIG(waited), strsignal(WTERMSIG(waited)));
		*status = 128 + WTERMSIG(waited);
	} else {
		*status = WEXITSTATUS(waited);
	}
	return true;
}

bool command_never_ran(const struct command *command)
{
	return command->never_ran;
}

void command_signal(const struct command *command, int signal_number)
{
	if (command->running)
		kill(command->pid, signal_number);
}

static void close_end(int fd)
{
	if (fd >= 0)
		close(fd);
}

void command_free(struct command *command)
{
	if (!command)
		return;
	close_end(command->go);
	close_end(command->error);
	if (command->pid > 0 && !command->running)
		waitpid(command->pid, NULL, 0);
	free(command);
}
