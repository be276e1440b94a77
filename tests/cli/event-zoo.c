// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does a little of much, so that as many of the kernel's events as can be are fired.
 * What this machine refuses is passed over. Works in a directory of its own, its first
 * argument; on memory and files that are smaller by its second, on a slow machine.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define MB (1024 * 1024)
/* Linux 6.1 has it, older headers lack it. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define PAGE 4096

/* What there is to work on, in bytes; whole pages. */
static size_t amount = MB;

/* For results that nothing is to be done about. */
static void passed_over(long result)
{
	(void)result;
}

static void on_signal(int number)
{
}

static void files(void)
{
	static char bytes[MB];
	int fd = open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int other = open("other", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	memset(bytes, 'x', sizeof(bytes));
	passed_over(write(fd, bytes, amount));
	passed_over(fsync(fd));
	passed_over(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	passed_over(pread(fd, bytes, amount, 0));
	passed_over(copy_file_range(fd, NULL, other, NULL, amount, 0));
	passed_over(sendfile(other, fd, NULL, amount));
	passed_over(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096,
			      65536));
	passed_over(ftruncate(fd, 100));
	passed_over(flock(fd, LOCK_EX));
	passed_over(fcntl(fd, F_SETLK, &(struct flock){ .l_type = F_WRLCK }));
	passed_over(fcntl(fd, F_SETLEASE, F_RDLCK));
	passed_over(fsetxattr(fd, "user.zoo", "x", 1, 0));
	passed_over(symlink("file", "link"));
	passed_over(link("file", "hard"));
	passed_over(rename("other", "renamed"));
	passed_over(unlink("renamed"));
	passed_over(mkdir("dir", 0700));
	passed_over(rmdir("dir"));
	close(fd);
	close(other);
	sync();
}

static void memory(void)
{
	char *map = mmap(NULL, 8 * amount, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return;
	passed_over(madvise(map, 8 * amount, MADV_HUGEPAGE));
	memset(map, 1, 8 * amount);
	passed_over(mprotect(map, 4 * amount, PROT_READ));
	passed_over(mlock(map, amount));
	passed_over(madvise(map, amount, MADV_COLD));
	passed_over(madvise(map + 4 * amount, amount, MADV_PAGEOUT));
	map[4 * amount] = 2;
	passed_over(madvise(map, 8 * amount, MADV_COLLAPSE));
	munmap(map, 8 * amount);
}

static void pair(int from, int to)
{
	char bytes[100] = "zoo";

	passed_over(send(from, bytes, sizeof(bytes), MSG_NOSIGNAL));
	passed_over(recv(to, bytes, sizeof(bytes), MSG_DONTWAIT));
}

static void connection(int family, int type, const void *address, socklen_t size)
{
	int server = socket(family, type | SOCK_CLOEXEC, 0);
	int client = socket(family, type | SOCK_CLOEXEC, 0);
	struct sockaddr_storage bound;
	socklen_t bound_size = sizeof(bound);
	bool connected;
	int peer = -1;

	passed_over(bind(server, address, size));
	passed_over(getsockname(server, (struct sockaddr *)&bound, &bound_size));
	passed_over(listen(server, 1));
	/* Without an interface that is up nobody comes. */
	connected = connect(client, (struct sockaddr *)&bound, bound_size) == 0;
	if (connected && type == SOCK_STREAM)
		peer = accept4(server, NULL, NULL, SOCK_NONBLOCK);
	pair(client, peer >= 0 ? peer : server);
	passed_over(shutdown(client, SHUT_RDWR));
	close(client);
	close(server);
	if (peer >= 0)
		close(peer);
}

static void sockets(void)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_un local = { AF_UNIX, "socket" };
	int fds[2];

	connection(AF_INET, SOCK_STREAM, &v4, sizeof(v4));
	connection(AF_INET, SOCK_DGRAM, &v4, sizeof(v4));
	connection(AF_INET6, SOCK_STREAM, &v6, sizeof(v6));
	connection(AF_INET6, SOCK_DGRAM, &v6, sizeof(v6));
	connection(AF_UNIX, SOCK_STREAM, &local, sizeof(local));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0)
		pair(fds[0], fds[1]);
	/* Nobody listens there. */
	v4.sin_port = htons(1);
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	passed_over(connect(fds[0], (struct sockaddr *)&v4, sizeof(v4)));
	close(fds[0]);
}

static void timers(void)
{
	/* Once: what comes again may come faster than a slow machine handles it. */
	struct itimerval once = { .it_value = { 0, 500 } };
	struct itimerspec soon = { { 0, 0 }, { 0, 100000 } };
	struct timespec nap = { 0, 1000000 };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	uint64_t expired;
	timer_t timer;

	signal(SIGALRM, on_signal);
	signal(SIGPROF, on_signal);
	signal(SIGUSR1, on_signal);
	for (int i = 0; i < 5; i++) {
		setitimer(ITIMER_REAL, &once, NULL);
		nanosleep(&nap, NULL);
	}
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
	setitimer(ITIMER_PROF, &once, NULL);
	setitimer(ITIMER_PROF, &(struct itimerval){ 0 }, NULL);
	timerfd_settime(fd, 0, &soon, NULL);
	passed_over(read(fd, &expired, sizeof(expired)));
	close(fd);
	if (timer_create(CLOCK_MONOTONIC,
			 &(struct sigevent){ .sigev_notify = SIGEV_SIGNAL,
					     .sigev_signo = SIGUSR1 },
			 &timer) == 0) {
		timer_settime(timer, 0, &soon, NULL);
		nanosleep(&nap, NULL);
		timer_delete(timer);
	}
}

static void waiting(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC), counter = eventfd(1, EFD_CLOEXEC);
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), fds[2];
	char bytes[512];

	epoll_ctl(epoll, EPOLL_CTL_ADD, counter, &event);
	passed_over(epoll_wait(epoll, &event, 1, 1));
	passed_over(inotify_add_watch(watch, ".", IN_ALL_EVENTS));
	close(open("watched", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	passed_over(read(watch, bytes, sizeof(bytes)));
	if (pipe2(fds, O_CLOEXEC) == 0) {
		passed_over(write(fds[1], bytes, sizeof(bytes)));
		passed_over(splice(fds[0], NULL,
				   open("pipe", O_CREAT | O_RDWR | O_CLOEXEC, 0600),
				   NULL, 256, 0));
		close(fds[0]);
		close(fds[1]);
	}
	close(epoll);
	close(counter);
	close(watch);
}

static void *thread(void *word)
{
	struct timespec nap = { 0, 1000000 };

	passed_over(prctl(PR_SET_NAME, "zoo thread"));
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, &nap, NULL, 0);
	return NULL;
}

static void processes(void)
{
	struct sched_param real_time = { .sched_priority = 1 };
	int word = 0, status;
	pthread_t other;
	cpu_set_t set;
	pid_t child;

	if (pthread_create(&other, NULL, thread, &word) == 0)
		pthread_join(other, NULL);
	child = fork();
	if (child == 0) {
		CPU_ZERO(&set);
		CPU_SET(0, &set);
		passed_over(sched_setaffinity(0, sizeof(set), &set));
		passed_over(setpriority(PRIO_PROCESS, 0, 5));
		passed_over(sched_setscheduler(0, SCHED_FIFO, &real_time));
		sched_yield();
		execl("/bin/sh", "sh", "-c", "kill -USR1 $$", (char *)NULL);
		_exit(1);
	}
	waitpid(child, &status, 0);
	child = fork();
	if (child == 0) {
		passed_over(unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC));
		passed_over(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
		passed_over(mkdir("mount", 0700));
		passed_over(mount("zoo", "mount", "tmpfs", 0, NULL));
		passed_over(umount("mount"));
		raise(SIGSEGV);
	}
	waitpid(child, &status, 0);
}

/* A ring that does nothing, once. */
static void uring(void)
{
	struct io_uring_params params = { 0 };
	int fd = syscall(SYS_io_uring_setup, 4, &params);
	struct io_uring_sqe *entries;
	unsigned char *ring;

	if (fd < 0)
		return;
	ring = mmap(NULL, params.sq_off.array + 4 * sizeof(unsigned int),
		    PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	entries = mmap(NULL, 4 * sizeof(*entries), PROT_READ | PROT_WRITE, MAP_SHARED,
		       fd, IORING_OFF_SQES);
	if (ring != MAP_FAILED && entries != MAP_FAILED) {
		unsigned int *tail = (unsigned int *)(ring + params.sq_off.tail);

		entries[0].opcode = IORING_OP_NOP;
		__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
		syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	}
	close(fd);
}

/* A group of its own for a moment, where there are any. */
static void cgroups(void)
{
	static const char dir[] = "/sys/fs/cgroup/rbmap-event-zoo";

	if (mkdir(dir, 0700) == 0)
		passed_over(rmdir(dir));
}

int main(int argc, char **argv)
{
	int slowdown = argc == 3 ? atoi(argv[2]) : 0;

	if (slowdown < 1 || chdir(argv[1])) {
		fprintf(stderr, "usage: event-zoo DIRECTORY SLOWDOWN\n");
		return 2;
	}
	amount = (MB / slowdown + PAGE - 1) / PAGE * PAGE;
	files();
	memory();
	sockets();
	timers();
	waiting();
	processes();
	uring();
	cgroups();
	return 0;
}
