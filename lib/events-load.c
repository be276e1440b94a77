// SPDX-License-Identifier: LGPL-2.1-only
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <rbmap/error.h>

#include "events.h"
#include "internal.h"
#include "tracefs.h"

#define READ_SIZE 16384

struct loader {
	struct rbmap_events *events;
	bool had_events;
	char *text;
	size_t size;
};

/* Files of tracefs tell no size. */
static int read_more(int fd, char **text, size_t *size, size_t *used)
{
	ssize_t got;
	char *more;

	if (*used + 1 >= *size) {
		more = realloc(*text, *size ? *size * 2 : READ_SIZE);
		if (!more)
			return -ENOMEM;
		*text = more;
		*size = *size ? *size * 2 : READ_SIZE;
	}
	got = read(fd, *text + *used, *size - *used - 1);
	if (got < 0)
		return errno == EINTR ? 1 : -errno;
	*used += got;
	return got > 0;
}

static int read_into(int fd, char **text, size_t *size, size_t *used)
{
	int more;

	*used = 0;
	do
		more = read_more(fd, text, size, used);
	while (more > 0);
	if (!more)
		(*text)[*used] = '\0';
	return more;
}

int rbmap_events_read_fd(int fd, char **ret)
{
	char *text = NULL;
	size_t room = 0, used;
	int error = read_into(fd, &text, &room, &used);

	if (error) {
		free(text);
		return error;
	}
	*ret = text;
	return 0;
}

static int read_at(struct loader *loader, int dir, const char *name, size_t *used)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return -errno;
	error = read_into(fd, &loader->text, &loader->size, used);
	close(fd);
	return error;
}

static int load_format(struct loader *loader, int dir, const char *system,
		       const char *name)
{
	struct tep_handle *tep = loader->events->tep;
	enum tep_errno parsed;
	char path[NAME_MAX + sizeof("/format")];
	size_t used;
	int error;

	if (loader->had_events && tep_find_event_by_name(tep, system, name))
		return 0;
	if ((size_t)snprintf(path, sizeof(path), "%s/format", name) >= sizeof(path))
		return 0;
	error = read_at(loader, dir, path, &used);
	/* Files beside the events, and events whose module went away meanwhile. */
	if (error == -ENOENT || error == -ENOTDIR || error == -ENODEV)
		return 0;
	if (error)
		return error;
	parsed = tep_parse_event(tep, loader->text, used, system);
	if (parsed == TEP_ERRNO__MEM_ALLOC_FAILED)
		return -ENOMEM;
	if (parsed)
		log_debug(&loader->events->log,
			  "%s:%s: libtraceevent cannot parse the format", system, name);
	return 0;
}

static int load_system(struct loader *loader, int events_dir, const char *system)
{
	struct dirent *entry;
	int fd, error = 0;
	DIR *dir;

	fd = openat(events_dir, system, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		error = -errno;
		close(fd);
		return error;
	}
	while (!error && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && entry->d_type != DT_REG)
			error = load_format(loader, fd, system, entry->d_name);
	closedir(dir);
	return error;
}

static int load_named(struct loader *loader, int events_dir, const char *const *systems)
{
	int error = 0;

	for (; !error && *systems; systems++) {
		if (!**systems || **systems == '.' || strchr(*systems, '/'))
			error = -ENOENT;
		else if (strcmp(*systems, "ftrace"))
			error = load_system(loader, events_dir, *systems);
		if (error)
			log_info(&loader->events->log, "event system %s: %s", *systems,
				 rbmap_strerror(error));
	}
	return error;
}

static int load_all(struct loader *loader, int events_dir)
{
	struct dirent *entry;
	int fd, error = 0;
	DIR *dir;

	fd = openat(events_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		error = -errno;
		close(fd);
		return error;
	}
	while (!error && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || entry->d_type == DT_REG ||
		    !strcmp(entry->d_name, "ftrace"))
			continue;
		error = load_system(loader, events_dir, entry->d_name);
		/* Files beside the systems, and systems that went away meanwhile. */
		if (error == -ENOENT || error == -ENOTDIR)
			error = 0;
	}
	closedir(dir);
	return error;
}

static int load_header(struct loader *loader, int events_dir)
{
	struct tep_handle *tep = loader->events->tep;
	size_t used;
	int error = read_at(loader, events_dir, "header_page", &used);

	if (error)
		return error;
	if (tep_parse_header_page(tep, loader->text, used, sizeof(long)))
		return -EBADMSG;
	/* The commit word is a long of the kernel, which need not be this program's. */
	tep_set_long_size(tep, tep_get_header_page_size(tep));
	tep_set_page_size(tep, sysconf(_SC_PAGESIZE));
	return 0;
}

static void load_printk_formats(struct loader *loader)
{
	char *text;
	int error = rbmap_tracefs_read(NULL, "printk_formats", &text, NULL);

	if (error) {
		log_info(&loader->events->log,
			 "printk_formats cannot be read (%s): no trace_printk() text",
			 rbmap_strerror(error));
		return;
	}
	tep_parse_printk_formats(loader->events->tep, text);
	free(text);
}

int rbmap_events_load(struct rbmap_events *events, struct tracefs_instance *instance,
		      const char *const *systems)
{
	struct loader loader = { .events = events };
	int fd = rbmap_tracefs_open(instance, "events", O_RDONLY | O_DIRECTORY);
	int error;

	if (fd < 0)
		return fd;
	loader.had_events = tep_get_events_count(events->tep) > 0;
	error = load_header(&loader, fd);
	if (!error)
		error = load_system(&loader, fd, "ftrace");
	if (!error)
		error = systems ? load_named(&loader, fd, systems) :
				  load_all(&loader, fd);
	if (!error)
		load_printk_formats(&loader);
	close(fd);
	free(loader.text);
	return error;
}
