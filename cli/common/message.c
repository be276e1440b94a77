// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rbmap/version.h>

#include "common.h"
#include "escape.h"

static const char *program_name = "rbmap";
/* What would end a command before it has put things back; its write(2) fails instead.
 */
static const int ignored[] = { SIGPIPE, SIGXFSZ };
#define NR_IGNORED (sizeof(ignored) / sizeof(ignored[0]))
static struct sigaction inherited[NR_IGNORED];
static bool is_ignored[NR_IGNORED];
static int stdout_error;

/*
 * With fd 1 closed the next open() would become it, and what is printed would go
 * into that file. These stand-ins refuse what the stream is for (EBADF), and are
 * closed again for a traced command.
 */
static void fill_stream(int fd, int flags)
{
	if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
		(void)!open("/dev/null", flags | O_CLOEXEC);
}

void common_init(const char *name)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	program_name = name;
	fill_stream(STDIN_FILENO, O_WRONLY);
	fill_stream(STDOUT_FILENO, O_RDONLY);
	fill_stream(STDERR_FILENO, O_RDONLY);
	for (size_t i = 0; i < NR_IGNORED; i++)
		is_ignored[i] = !sigaction(ignored[i], &ignore, &inherited[i]);
}

void common_restore_signals(void)
{
	for (size_t i = 0; i < NR_IGNORED; i++)
		if (is_ignored[i])
			sigaction(ignored[i], &inherited[i], NULL);
}

const char *common_name(void)
{
	return program_name;
}

static void print_error(const char *format, va_list args)
{
	int saved_errno = errno;
	char message[1024];

	vsnprintf(message, sizeof(message), format, args);
	common_make_plain(message);
	fprintf(stderr, "%s: %s\n", program_name, message);
	errno = saved_errno;
}

void common_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_error(format, args);
	va_end(args);
}

int common_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_error(format, args);
	va_end(args);
	return COMMON_FAILURE;
}

int common_usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_error(format, args);
	va_end(args);
	fprintf(stderr, "Try '%s --help'.\n", program_name);
	return COMMON_USAGE;
}

static bool reader_went_away(void)
{
	struct pollfd pollfd = { .fd = STDOUT_FILENO };

	return poll(&pollfd, 1, 0) == 1 && pollfd.revents & POLLERR;
}

bool common_flush_stdout(void)
{
	if (fflush(stdout) && !stdout_error)
		stdout_error = errno;
	return !stdout_error && !ferror(stdout);
}

int common_close_stdout(int status)
{
	bool failed = ferror(stdout);
	int error;

	/* Tried again, since the errno of a printf() that failed is gone. */
	if (!common_flush_stdout())
		failed = true;
	error = stdout_error;
	if (failed && (error == EPIPE || reader_went_away()))
		return status;
	if (fclose(stdout) && !failed) {
		failed = true;
		error = errno;
	}
	if (!failed || status != COMMON_OK)
		return status;
	return common_fail("standard output: %s; the output is incomplete",
			   error ? strerror(error) : "write error");
}

static void write_log(void *context, enum rbmap_log_level level, const char *message)
{
	if ((intptr_t)level <= (intptr_t)context)
		common_error("%s", message);
}

struct rbmap_log common_log(int verbosity)
{
	struct rbmap_log log = { .write = NULL };

	if (verbosity < 0)
		return log;
	log.write = write_log;
	log.context = (void *)((intptr_t)RBMAP_LOG_WARNING + verbosity);
	return log;
}

void common_print_version(void)
{
	printf("%s (rbmap) %s\n", program_name, rbmap_version());
}
