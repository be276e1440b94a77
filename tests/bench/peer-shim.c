// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into trace-cmd where the kernel refuses the files of function tracing: it
 * gives up on them, though events need none of them. They are /dev/null then.
 */
#define _GNU_SOURCE
/* With it open() below would be a second open64(). */
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/types.h>

typedef int (*open_function)(const char *path, int flags, ...);

int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);

static const char *instead_of(const char *path)
{
	static const char *const refused[] = { "/set_ftrace_", "/set_graph_",
					       "/ftrace_enabled" };

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (strstr(path, refused[i]))
			return "/dev/null";
	return path;
}

static int forward(const char *name, const char *path, int flags, va_list arguments)
{
	open_function real = (open_function)dlsym(RTLD_NEXT, name);
	mode_t mode = 0;

	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)
		mode = va_arg(arguments, mode_t);
	return real(instead_of(path), flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list arguments;
	int fd;

	va_start(arguments, flags);
	fd = forward("open", path, flags, arguments);
	va_end(arguments);
	return fd;
}

int open64(const char *path, int flags, ...)
{
	va_list arguments;
	int fd;

	va_start(arguments, flags);
	fd = forward("open64", path, flags, arguments);
	va_end(arguments);
	return fd;
}
