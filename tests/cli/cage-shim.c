// SPDX-License-Identifier: GPL-2.0-only
/*
 * As a plugin of libtraceevent it leaves a file where it is loaded. Preloaded, it does
 * at the first format what a malicious one might make libtraceevent do: the deed that
 * the environment names. With RBMAP_NO_SECCOMP the kernel has no seccomp.
 */
#define _GNU_SOURCE
#include <asm/termbits.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct tep_handle;

typedef int (*parse_function)(struct tep_handle *tep, const char *text,
			      unsigned long size, const char *system);

int tep_plugin_loader(struct tep_handle *tep);
int tep_parse_event(struct tep_handle *tep, const char *text, unsigned long size,
		    const char *system);

static volatile int zero, depth;
static volatile char *nowhere;

int tep_plugin_loader(struct tep_handle *tep)
{
	close(open("plugin-was-loaded", O_CREAT | O_WRONLY, 0666));
	return 0;
}

static int recurse(int number)
{
	volatile char room[1024] = { 0 };

	return number < depth ? recurse(number + 1) + room[zero] : 0;
}

/* Reads it to standard error. */
static void open_file(const char *name)
{
	int fd = open(name, O_RDONLY);
	char text[64];
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (size > 0)
		fprintf(stderr, "%.*s\n", (int)size, text);
}

static void take_memory(void)
{
	unsigned int gigabytes = 0;

	while (gigabytes < 64 &&
	       mmap(NULL, 1 << 30, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED)
		gigabytes++;
	fprintf(stderr, "%u GB\n", gigabytes);
}

static void commit(const char *deed)
{
	char *const none[] = { NULL };

	if (!strcmp(deed, "segv")) {
		*nowhere = 1;
	} else if (!strcmp(deed, "divide")) {
		zero = 1000 / zero;
	} else if (!strcmp(deed, "abort")) {
		abort();
	} else if (!strcmp(deed, "recurse")) {
		depth = 1 << 30;
		recurse(0);
	} else if (!strcmp(deed, "socket")) {
		socket(AF_INET, SOCK_STREAM, 0);
	} else if (!strcmp(deed, "exec")) {
		execve("/bin/true", none, none);
	} else if (!strcmp(deed, "terminal")) {
		ioctl(STDOUT_FILENO, TCGETS2, &(struct termios2){ 0 });
	} else if (!strcmp(deed, "wait")) {
		poll(NULL, 0, -1);
	} else if (!strcmp(deed, "memory")) {
		take_memory();
		/* That is not what the parser is to have met. */
		errno = 0;
	} else {
		open_file(deed);
	}
}

int prctl(int option, ...)
{
	unsigned long arguments[4];
	va_list list;

	va_start(list, option);
	for (int i = 0; i < 4; i++)
		arguments[i] = va_arg(list, unsigned long);
	va_end(list);
	if (option == PR_GET_SECCOMP && getenv("RBMAP_NO_SECCOMP")) {
		errno = EINVAL;
		return -1;
	}
	return syscall(SYS_prctl, option, arguments[0], arguments[1], arguments[2],
		       arguments[3]);
}

int tep_parse_event(struct tep_handle *tep, const char *text, unsigned long size,
		    const char *system)
{
	parse_function parse = (parse_function)dlsym(RTLD_NEXT, "tep_parse_event");
	const char *deed = getenv("RBMAP_CAGE_DEED");
	static int done;

	if (deed && !done++)
		commit(deed);
	return parse(tep, text, size, system);
}
