// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tracefs.h>

#include "common.h"

#define REMEDY_MOUNT "mount it: mount -t tracefs nodev /sys/kernel/tracing"

static int no_access(const char *path, int error)
{
	if (error == EACCES || error == EPERM)
		return common_fail(
			"%s: %s; run as root, or give a group access: "
			"mount -o remount,gid=GROUP,mode=750 /sys/kernel/tracing",
			path, strerror(error));
	return common_fail("%s: %s", path, strerror(error));
}

/* The first mount of @type, in @path. A negative errno; -ENOENT: there is none. */
static int find_mount(const char *type, char path[PATH_MAX])
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	int r = -ENOENT;

	if (!mounts)
		return -errno;
	errno = 0;
	while (r == -ENOENT && (entry = getmntent(mounts))) {
		if (strcmp(entry->mnt_type, type))
			continue;
		snprintf(path, PATH_MAX, "%s", entry->mnt_dir);
		r = 0;
	}
	/* For its line; it may be there all the same. */
	if (r < 0 && errno == ENOMEM)
		r = -ENOMEM;
	endmntent(mounts);
	return r;
}

/*
 * As libtracefs finds it, but without its ways to mount it: where only debugfs is
 * there, libtracefs has to be given its path, or it would mount tracefs all the same.
 */
static int find_tracing_dir(const char **ret)
{
	char path[PATH_MAX];
	int r = find_mount("tracefs", path);

	if (r == -ENOENT) {
		r = find_mount("debugfs", path);
		if (r < 0)
			return r;
		if (strlen(path) + sizeof("/tracing") > sizeof(path))
			return -ENOENT;
		strcat(path, "/tracing");
		if (access(path, F_OK) && errno == ENOENT)
			return -ENOENT;
		if (tracefs_set_tracing_dir(path))
			return -ENOMEM;
	}
	if (r < 0)
		return r;
	errno = 0;
	*ret = tracefs_tracing_dir();
	if (*ret)
		return 0;
	return errno == ENOMEM ? -ENOMEM : -ENOENT;
}

int common_tracefs_check(const char **ret_dir)
{
	const char *dir = NULL;
	int r = find_tracing_dir(&dir);

	if (r == -ENOENT)
		return common_fail("tracefs: not mounted; " REMEDY_MOUNT);
	if (r < 0)
		return common_fail("/proc/self/mounts: %s", strerror(-r));
	if (faccessat(AT_FDCWD, dir, R_OK | X_OK, AT_EACCESS))
		return no_access(dir, errno);
	*ret_dir = dir;
	return COMMON_OK;
}

bool common_instance_name_ok(const char *name)
{
	return *name && strlen(name) <= NAME_MAX && !strchr(name, '/') &&
	       strcmp(name, ".") && strcmp(name, "..");
}

/* "a, b, c", cut where there are many; to be freed. */
static char *list_instances(const char *path)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	DIR *dir = out ? opendir(path) : NULL;
	struct dirent *entry;
	int nr = 0;

	while (dir && (entry = readdir(dir)) && nr <= 16) {
		if (entry->d_name[0] == '.')
			continue;
		if (nr++ == 16)
			fprintf(out, ", ...");
		else
			fprintf(out, "%s%s", nr > 1 ? ", " : "", entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (out)
		fclose(out);
	return text;
}

static int no_instance(const char *dir, const char *path)
{
	char instances[PATH_MAX];
	char *names;
	int status;

	snprintf(instances, sizeof(instances), "%s/instances", dir);
	names = list_instances(instances);
	if (!names)
		status = common_fail("%s: no such instance", path);
	else if (*names)
		status = common_fail("%s: no such instance; choose from %s", path,
				     names);
	else
		status = common_fail(
			"%s: no such instance, and no other exists; create it with "
			"mkdir, or omit -B",
			path);
	free(names);
	return status;
}

static int check_instance(const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/instances/%s", dir, name) >=
	    (int)sizeof(path))
		return common_fail("%s: %s", name, strerror(ENAMETOOLONG));
	if (stat(path, &st))
		return errno == ENOENT ? no_instance(dir, path) :
					 no_access(path, errno);
	if (faccessat(AT_FDCWD, path, R_OK | X_OK, AT_EACCESS))
		return no_access(path, errno);
	return COMMON_OK;
}

int common_instance_open(struct tracefs_instance **ret, const char *name)
{
	struct tracefs_instance *instance;
	const char *dir;
	int status = common_tracefs_check(&dir);

	if (status != COMMON_OK)
		return status;
	if (!name) {
		*ret = NULL;
		return COMMON_OK;
	}
	if (!common_instance_name_ok(name))
		return common_usage_error("-B '%s': not a valid instance name", name);
	status = check_instance(dir, name);
	if (status != COMMON_OK)
		return status;
	instance = tracefs_instance_alloc(NULL, name);
	if (!instance)
		return common_fail("%s/instances/%s: %s", dir, name, strerror(errno));
	*ret = instance;
	return COMMON_OK;
}

/* To ask for each event of a new instance makes the kernel set up all their files. */
static bool is_directory(DIR *parent, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
		return entry->d_type == DT_DIR;
	return fstatat(dirfd(parent), entry->d_name, &st, 0) == 0 &&
	       S_ISDIR(st.st_mode);
}

char **common_directories(struct tracefs_instance *instance, const char *below)
{
	char *path = tracefs_instance_get_file(instance, below);
	DIR *directory = path ? opendir(path) : NULL;
	int error = directory ? 0 : errno;
	struct dirent *entry;
	char **list = NULL, **larger;

	while (directory && !error && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.' || !is_directory(directory, entry))
			continue;
		larger = tracefs_list_add(list, entry->d_name);
		if (larger)
			list = larger;
		else
			error = ENOMEM;
	}
	if (directory)
		closedir(directory);
	if (path)
		tracefs_put_tracing_file(path);
	if (error) {
		tracefs_list_free(list);
		list = NULL;
	}
	errno = error;
	return list;
}
