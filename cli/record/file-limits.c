// SPDX-License-Identifier: GPL-2.0-only
#include "file-limits.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common.h"

#define NS_PER_SECOND UINT64_C(1000000000)
/* Unless --min-free says otherwise: the less of the two. */
#define DEFAULT_MIN_FREE (UINT64_C(1) << 30)
#define DEFAULT_MIN_FREE_PART 20
/* Sooner than this nothing is looked at again, however fast a file grows. */
#define SOONEST_NS UINT64_C(10000000)
#define UNKNOWN UINT64_MAX
/* However fast a file grows: it is looked at so often until it has its size. */
#define STEPS 16
#define MOST_STEP (UINT64_C(16) << 20)
/* As much as is taken at once. */
#define LEAST_STEP (UINT64_C(512) << 10)

/* What a user without privileges could still write; root's reserve is left alone. */
static uint64_t free_bytes(const struct statvfs *fs)
{
	return (uint64_t)fs->f_bavail * fs->f_frsize;
}

/* Where blocks are not counted there are none at all. */
static bool has_blocks(int fd, struct statvfs *fs)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && fstatvfs(fd, fs) == 0 &&
	       fs->f_blocks > 0;
}

static uint64_t least_free(const struct config *config, const struct statvfs *fs)
{
	uint64_t part = (uint64_t)fs->f_blocks * fs->f_frsize / DEFAULT_MIN_FREE_PART;

	if (config->min_free != CONFIG_MIN_FREE_DEFAULT)
		return config->min_free;
	return part < DEFAULT_MIN_FREE ? part : DEFAULT_MIN_FREE;
}

int limits_open(struct limits *limits, const struct config *config, int fd,
		const char *path)
{
	char left[COMMON_FORMAT_SIZE], least[COMMON_FORMAT_SIZE];
	struct statvfs fs;

	*limits = (struct limits){ .config = config };
	if (!has_blocks(fd, &fs))
		return COMMON_OK;
	limits->min_free = least_free(config, &fs);
	if (free_bytes(&fs) >= limits->min_free)
		return COMMON_OK;
	return common_fail("%s: only %s are free on its file system, and %s are to "
			   "stay free; make room, or choose another --min-free",
			   path, common_format_bytes(left, free_bytes(&fs)),
			   common_format_bytes(least, limits->min_free));
}

uint64_t limits_step(const struct config *config)
{
	uint64_t step = MOST_STEP;

	if (config->max_bytes && config->max_bytes / STEPS < step)
		step = config->max_bytes / STEPS;
	if (config->rotate_bytes && config->rotate_bytes / STEPS < step)
		step = config->rotate_bytes / STEPS;
	return step < LEAST_STEP ? LEAST_STEP : step;
}

uint64_t limits_file_bytes(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
}

void limits_begin(struct limits *limits, int fd, uint64_t now)
{
	limits->begun_ns = now;
	limits->at_ns = now;
	limits->head = limits_file_bytes(fd);
	limits->bytes = limits->head;
}

/* Without the head, which a new file would have as well. */
static uint64_t data_bytes(const struct limits *limits)
{
	return limits->bytes > limits->head ? limits->bytes - limits->head : 0;
}

/* What may still be written before there is something to do. */
static uint64_t room_left(const struct limits *limits, uint64_t kept, uint64_t free)
{
	const struct config *config = limits->config;
	uint64_t room = UNKNOWN, left;

	if (free != UNKNOWN)
		room = free > limits->min_free ? free - limits->min_free : 0;
	if (config->max_bytes) {
		left = config->max_bytes;
		left -= left < kept + limits->bytes ? left : kept + limits->bytes;
		room = left < room ? left : room;
	}
	if (config->rotate_bytes) {
		left = config->rotate_bytes;
		left -= left < data_bytes(limits) ? left : data_bytes(limits);
		room = left < room ? left : room;
	}
	return room;
}

/* Half of the time that it takes to fill the room at the speed of late. */
static uint64_t time_to_fill(uint64_t room, uint64_t grown, uint64_t in_ns)
{
	double wanted = (double)room / grown * in_ns / 2;

	if (room == UNKNOWN || wanted > NS_PER_SECOND)
		return NS_PER_SECOND;
	return wanted < SOONEST_NS ? SOONEST_NS : (uint64_t)wanted;
}

static uint64_t next_look(const struct limits *limits, uint64_t room, uint64_t grown,
			  uint64_t in_ns, uint64_t now)
{
	uint64_t due = UINT64_MAX, rotate = limits->config->rotate_ns;

	if (grown)
		due = now + time_to_fill(room, grown, in_ns);
	if (rotate && limits->begun_ns + rotate < due)
		due = limits->begun_ns + rotate;
	return due;
}

static enum limit judge(const struct limits *limits, uint64_t kept, uint64_t free,
			uint64_t now)
{
	const struct config *config = limits->config;

	if (free < limits->min_free)
		return LIMIT_MIN_FREE;
	if (config->rotate_bytes && data_bytes(limits) >= config->rotate_bytes)
		return LIMIT_ROTATE;
	if (config->rotate_ns && now - limits->begun_ns >= config->rotate_ns)
		return LIMIT_ROTATE;
	if (config->max_bytes && kept + limits->bytes >= config->max_bytes)
		return LIMIT_MAX_SIZE;
	return LIMIT_NONE;
}

enum limit limits_check(struct limits *limits, int fd, uint64_t data, uint64_t kept,
			uint64_t now, uint64_t *ret_due)
{
	uint64_t bytes = limits_file_bytes(fd), free = UNKNOWN, grown, in_ns;
	struct statvfs fs;

	if (limits->min_free && has_blocks(fd, &fs))
		free = free_bytes(&fs);
	if (bytes < limits->head + data)
		bytes = limits->head + data;
	grown = bytes > limits->bytes ? bytes - limits->bytes : 0;
	in_ns = now - limits->at_ns;
	limits->bytes = bytes;
	limits->at_ns = now;
	*ret_due = next_look(limits, room_left(limits, kept, free), grown, in_ns, now);
	return judge(limits, kept, free, now);
}
