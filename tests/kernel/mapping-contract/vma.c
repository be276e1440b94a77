// SPDX-License-Identifier: GPL-2.0-only
/* What may be done to a mapping afterwards, and that it is counted right. */
#define _GNU_SOURCE
#include "ring.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ANYWHERE MAP_PRIVATE | MAP_ANONYMOUS

static char *base(const struct ring *ring)
{
	return (char *)ring->meta;
}

/* Maps, does what the table says to it, and sees that the mapping is whole. */
static int on_mapping(struct ring *ring, const struct contract *contract)
{
	int error = map_ring(ring), outcome;
	struct tally tally = { .events = 0 };

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	outcome = contract->act(ring);
	error = mark(ring, 1, 10);
	if (!error)
		error = take_all(ring, &tally);
	REQUIRE(!error, "GET_READER afterwards: %s", outcome_name(error));
	REQUIRE(tally.last == 10, "afterwards %lu of 10 markers", tally.events);
	error = unmap_ring(ring);
	REQUIRE(!error, "munmap: %s", outcome_name(error));
	return outcome;
}

static int protect(char *address, size_t size, int protection)
{
	return mprotect(address, size, protection) < 0 ? errno : 0;
}

static int act_exec(struct ring *ring)
{
	int outcome = protect(base(ring), ring->size, PROT_READ | PROT_EXEC);

	protect(base(ring), ring->size, PROT_READ);
	return outcome;
}

static int act_write(struct ring *ring)
{
	return protect(base(ring), ring->size, PROT_READ | PROT_WRITE);
}

static int act_none_and_back(struct ring *ring)
{
	int error = protect(base(ring), ring->size, PROT_NONE);

	return error ? error : protect(base(ring), ring->size, PROT_READ);
}

static int act_protect_part(struct ring *ring)
{
	return protect(base(ring) + ring->page, ring->page, PROT_NONE);
}

static int unmap_part(struct ring *ring, size_t from, size_t size)
{
	return munmap(base(ring) + from, size) < 0 ? errno : 0;
}

static int act_unmap_head(struct ring *ring)
{
	return unmap_part(ring, 0, ring->page);
}

static int act_unmap_middle(struct ring *ring)
{
	return unmap_part(ring, 2 * ring->page, ring->page);
}

static int act_unmap_tail(struct ring *ring)
{
	return unmap_part(ring, ring->size - ring->page, ring->page);
}

static int act_fixed_part(struct ring *ring)
{
	void *map = mmap(base(ring) + ring->page, ring->page, PROT_READ,
			 ANYWHERE | MAP_FIXED, -1, 0);

	if (map != MAP_FAILED)
		return 0;
	/* mmap() of 6.1 says so whatever kept it from unmapping what was there. */
	return errno == ENOMEM ? EINVAL : errno;
}

static int resize(struct ring *ring, size_t old, size_t new)
{
	void *map = mremap(base(ring), old, new, MREMAP_MAYMOVE);

	return map == MAP_FAILED ? errno : 0;
}

static int act_grow(struct ring *ring)
{
	return resize(ring, ring->size, ring->size + ring->page);
}

static int act_shrink(struct ring *ring)
{
	return resize(ring, ring->size, ring->size - ring->page);
}

/* An old size of 0 asks for a second mapping of the same. */
static int act_duplicate(struct ring *ring)
{
	return resize(ring, 0, ring->size);
}

static int act_move_part(struct ring *ring)
{
	char *place = mmap(NULL, ring->page, PROT_NONE, ANYWHERE, -1, 0);
	void *map = mremap(base(ring) + ring->page, ring->page, ring->page,
			   MREMAP_MAYMOVE | MREMAP_FIXED, place);

	return map == MAP_FAILED ? errno : 0;
}

static int act_move(struct ring *ring)
{
	char *place = mmap(NULL, ring->size, PROT_NONE, ANYWHERE, -1, 0);
	void *map = mremap(base(ring), ring->size, ring->size,
			   MREMAP_MAYMOVE | MREMAP_FIXED, place);

	/* Refused is as good as counted. */
	if (map == MAP_FAILED)
		return errno == EINVAL || errno == EFAULT ? 0 : errno;
	ring->meta = map;
	return 0;
}

static int advise(struct ring *ring, size_t from, size_t size, int advice)
{
	return madvise(base(ring) + from, size, advice) < 0 ? errno : 0;
}

static int act_wipe_on_fork(struct ring *ring)
{
	return advise(ring, 0, ring->size, MADV_WIPEONFORK);
}

static int act_advise_part(struct ring *ring)
{
	return advise(ring, ring->page, ring->page, MADV_DODUMP);
}

static int act_lock(struct ring *ring)
{
	if (mlock(base(ring), ring->size) < 0)
		return errno;
	return munlock(base(ring), ring->size) < 0 ? errno : 0;
}

static int act_lock_part(struct ring *ring)
{
	return mlock(base(ring) + ring->page, ring->page) < 0 ? errno : 0;
}

static int act_write_memory(struct ring *ring)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC), error = 0;
	unsigned long word = 0;

	if (fd < 0)
		return errno;
	if (pwrite(fd, &word, sizeof(word), (off_t)base(ring) + ring->page) < 0)
		error = errno;
	close(fd);
	return error;
}

static int act_remap_pages(struct ring *ring)
{
	return syscall(SYS_remap_file_pages, base(ring), ring->page, 0, 2, 0) < 0 ?
		       errno :
		       0;
}

/* The pages are gone and nothing brings them back; only this mapping has the harm. */
static int act_drop_pages(struct ring *ring)
{
	char *other = mmap(NULL, ring->size, PROT_READ, MAP_SHARED, ring->fd, 0);
	int error;

	if (other == MAP_FAILED)
		return errno;
	error = madvise(other, ring->size, MADV_DONTNEED) < 0 ? errno : 0;
	munmap(other, ring->size);
	return error;
}

static int touch_dropped(struct ring *ring, const struct contract *contract)
{
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	if (madvise(base(ring), ring->size, MADV_DONTNEED) < 0)
		return errno;
	(void)*(volatile char *)base(ring);
	return 0;
}

static int with_exec(struct ring *ring, const struct contract *contract)
{
	int error = allow_exec(ring);

	if (error)
		return skipped("tracefs cannot be remounted without noexec: %s",
			       outcome_name(error));
	return on_mapping(ring, contract);
}

static int replace_whole(struct ring *ring, const struct contract *contract)
{
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	if (mmap(base(ring), ring->size, PROT_READ, ANYWHERE | MAP_FIXED, -1, 0) ==
	    MAP_FAILED)
		return errno;
	return get_reader(ring->fd);
}

const struct contract vma_cases[] = {
	{ "mprotect: PROT_EXEC", with_exec, .right = EACCES, .act = act_exec,
	  .released = 0,
	  .why = "VM_MAYEXEC is not cleared, so what mmap() refuses can be had later" },
	{ "mprotect: PROT_WRITE", on_mapping, .right = EACCES, .act = act_write },
	{ "mprotect: PROT_NONE and back", on_mapping, .act = act_none_and_back },
	{ "mprotect: a part", on_mapping, .right = EINVAL, .act = act_protect_part },

	{ "munmap: the first page", on_mapping, .right = EINVAL,
	  .act = act_unmap_head },
	{ "munmap: a page in the middle", on_mapping, .right = EINVAL,
	  .act = act_unmap_middle },
	{ "munmap: the last page", on_mapping, .right = EINVAL, .act = act_unmap_tail },
	{ "mmap: MAP_FIXED over a part of a mapping", on_mapping, .right = EINVAL,
	  .act = act_fixed_part },
	{ "mmap: MAP_FIXED over a whole mapping, then GET_READER", replace_whole,
	  .right = ENODEV },

	{ "mremap: grow", on_mapping, .right = EFAULT, .act = act_grow },
	{ "mremap: shrink", on_mapping, .right = EINVAL, .act = act_shrink },
	{ "mremap: duplicate", on_mapping, .right = EFAULT, .act = act_duplicate },
	{ "mremap: move a part", on_mapping, .right = EINVAL, .act = act_move_part },
	{ "mremap: move, or be refused, and stay balanced", on_mapping, .act = act_move,
	  .warns = "the snapshot count is dropped twice" },

	{ "mlock and munlock", on_mapping, .act = act_lock },
	{ "mlock: a part", on_mapping, .act = act_lock_part },
	{ "madvise: MADV_DONTNEED on a second mapping", on_mapping,
	  .act = act_drop_pages },
	{ "madvise: touch after MADV_DONTNEED", touch_dropped,
	  .right = SIGNALLED + SIGBUS },
	{ "madvise: MADV_WIPEONFORK", on_mapping, .right = EINVAL,
	  .act = act_wipe_on_fork },
	{ "madvise: MADV_DODUMP on a part", on_mapping, .right = EINVAL,
	  .act = act_advise_part },
	{ "remap_file_pages: a page", on_mapping, .right = EINVAL,
	  .act = act_remap_pages },
	{ "write through /proc/self/mem", on_mapping, .right = EIO,
	  .act = act_write_memory },
	{ .name = NULL },
};
