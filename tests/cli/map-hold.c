// SPDX-License-Identifier: GPL-2.0-only
/*
 * map-hold TRACE_PIPE_RAW: maps the ring buffer as another reader would, says "mapped",
 * and keeps it so until its standard input ends.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	void *address;
	char byte;
	int fd;

	if (argc != 2)
		return 2;
	fd = open(argv[1], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	address = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ, MAP_SHARED, fd, 0);
	if (address == MAP_FAILED) {
		perror(argv[1]);
		return 1;
	}
	puts("mapped");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
