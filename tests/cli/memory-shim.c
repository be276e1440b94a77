// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into a command, memory that cannot be had. Each place in its code that
 * leads to an allocation, whether its own or of a library that it calls, has a number,
 * in the order in which they are come to. The allocation that first comes from place
 * number MEMORY_SHIM_AT fails; with MEMORY_SHIM_ON, all that follow fail as well. The
 * file MEMORY_SHIM_REPORT then has its stack.
 *
 * What counts is under main() or a thread's begin: neither what the loader does before
 * it nor what others do behind its back.
 */
#define _GNU_SOURCE
/* Both names are defined here, whatever the program is built with. */
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t nr, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size);
void *mmap64(void *address, size_t size, int protection, int flags, int fd,
	     off64_t offset);

#define MOST_FRAMES 128
#define PLACES (1 << 16)
#define NEAR_WORDS 96
#define RECENT 512

struct range {
	uintptr_t from, to;
};

/*
 * Of the command and of what it forks.
 * @places: open addressing; 0 is none
 */
static struct shared {
	atomic_flag lock;
	uint64_t places[PLACES];
	unsigned long nr_places;
	atomic_bool failed;
} * shared;

static unsigned long fail_at;
static bool fail_on;
/* Opened early: a process may give up to open files. */
static int report_fd = -1;
/* The command, librbmap, and this. */
static struct range ours[2], self;
static __thread bool inside;
/* Where allocations came from that need no second look. */
static __thread uint64_t recent[RECENT];
static bool armed;

static int find_ranges(struct dl_phdr_info *info, size_t size, void *context)
{
	struct range range = { UINTPTR_MAX, 0 };
	const char *name = strrchr(info->dlpi_name, '/');

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + part->p_vaddr;

		if (part->p_type != PT_LOAD)
			continue;
		if (from < range.from)
			range.from = from;
		if (from + part->p_memsz > range.to)
			range.to = from + part->p_memsz;
	}
	if (!*info->dlpi_name)
		ours[0] = range;
	else if (name && !strncmp(name, "/librbmap.so", 12))
		ours[1] = range;
	else if ((uintptr_t)find_ranges >= range.from &&
		 (uintptr_t)find_ranges < range.to)
		self = range;
	return 0;
}

static bool lies_in(const void *address, const struct range *range)
{
	return (uintptr_t)address >= range->from && (uintptr_t)address < range->to;
}

static bool is_ours(const void *address)
{
	return lies_in(address, &ours[0]) || lies_in(address, &ours[1]);
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15) >> 7 ^ hash << 9;
}

/*
 * The frames of ours, each once where one calls itself, and the one that allocates.
 * Addresses are the same in each run only within a module.
 */
static uint64_t place_of(void *const *frames, int nr)
{
	const void *before = NULL;
	uint64_t hash = 0;
	int at = 0;

	while (at < nr && lies_in(frames[at], &self))
		at++;
	if (at < nr)
		hash = mix(1, (uintptr_t)frames[at] & 0xfff);
	for (bool any = false; at < nr; at++) {
		if (!is_ours(frames[at])) {
			if (at == nr - 1 && !any)
				return 0;
			continue;
		}
		any = true;
		if (frames[at] != before)
			hash = mix(hash, (uintptr_t)frames[at]);
		before = frames[at];
	}
	return before ? hash | 1 : 0;
}

/* True the first time. */
static bool is_new(uint64_t place)
{
	size_t at = place % PLACES;

	while (shared->places[at] && shared->places[at] != place)
		at = (at + 1) % PLACES;
	if (shared->places[at])
		return false;
	shared->places[at] = place;
	shared->nr_places++;
	return true;
}

static void write_report(void *const *frames, int nr)
{
	Dl_info info;
	char line[512];

	for (int i = 0; report_fd >= 0 && i < nr; i++) {
		const char *name;

		if (lies_in(frames[i], &self) || !dladdr(frames[i], &info))
			continue;
		name = strrchr(info.dli_fname, '/');
		snprintf(line, sizeof(line), "%s %s 0x%lx\n",
			 name ? name + 1 : info.dli_fname,
			 info.dli_sname ? info.dli_sname : "?",
			 (unsigned long)((char *)frames[i] - (char *)info.dli_fbase));
		(void)!write(report_fd, line, strlen(line));
	}
}

/*
 * To walk the stack takes most of the time, and most allocations are of a loop: the
 * same caller, at the same depth, with the same addresses of ours near by.
 */
static bool is_recent(const void *caller, const uintptr_t *stack)
{
	uint64_t key = mix((uintptr_t)caller, (uintptr_t)stack);

	for (int i = 0; i < NEAR_WORDS; i++)
		if (is_ours((const void *)stack[i]))
			key = mix(key, stack[i]);
	if (recent[key % RECENT] == key)
		return true;
	recent[key % RECENT] = key;
	return false;
}

static __attribute__((noinline)) bool has_to_fail(const void *caller)
{
	void *frames[MOST_FRAMES];
	uint64_t place;
	bool fail = false;
	int nr;

	if (!armed || inside)
		return false;
	if (shared->failed ? !fail_on : is_recent(caller, __builtin_frame_address(0)))
		return false;
	inside = true;
	nr = backtrace(frames, MOST_FRAMES);
	place = place_of(frames, nr);
	if (place) {
		while (atomic_flag_test_and_set(&shared->lock))
			sched_yield();
		fail = shared->failed && fail_on;
		if (!shared->failed && is_new(place) && shared->nr_places == fail_at) {
			shared->failed = fail = true;
			write_report(frames, nr);
		}
		atomic_flag_clear(&shared->lock);
	}
	inside = false;
	if (fail)
		errno = ENOMEM;
	return fail;
}

void *malloc(size_t size)
{
	return has_to_fail(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t nr, size_t size)
{
	return has_to_fail(__builtin_return_address(0)) ? NULL :
							  __libc_calloc(nr, size);
}

void *realloc(void *old, size_t size)
{
	return has_to_fail(__builtin_return_address(0)) ? NULL :
							  __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
	return has_to_fail(__builtin_return_address(0)) ?
		       NULL :
		       __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	int error = errno;
	void *memory = memalign(alignment, size);

	errno = error;
	if (!memory)
		return ENOMEM;
	*ret = memory;
	return 0;
}

void *mmap64(void *address, size_t size, int protection, int flags, int fd,
	     off64_t offset)
{
	static void *(*next)(void *, size_t, int, int, int, off64_t);

	if (!next)
		next = (void *(*)(void *, size_t, int, int, int,
				  off64_t))dlsym(RTLD_NEXT, "mmap64");
	if (has_to_fail(__builtin_return_address(0)))
		return MAP_FAILED;
	return next(address, size, protection, flags, fd, offset);
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	return mmap64(address, size, protection, flags, fd, offset);
}

__attribute__((constructor)) static void begin(void)
{
	const char *at = getenv("MEMORY_SHIM_AT"), *path = getenv("MEMORY_SHIM_REPORT");
	void *frames[4];

	inside = true;
	/* The first time it loads what it needs. */
	backtrace(frames, 4);
	dl_iterate_phdr(find_ranges, NULL);
	shared = mmap64(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		_exit(125);
	if (path)
		report_fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
	fail_at = at ? strtoul(at, NULL, 10) : 0;
	fail_on = getenv("MEMORY_SHIM_ON");
	/* It is not for what the command starts. */
	unsetenv("LD_PRELOAD");
	armed = true;
	inside = false;
}
