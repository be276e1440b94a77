// SPDX-License-Identifier: LGPL-2.1-only
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <rbmap/error.h>

#include "base/internal.h"
#include "events/events.h"
#include "names/strings.h"
#include "tracefs/tracefs.h"

struct loader {
	struct rbmap_events *events;
	bool had_events;
};

static int open_directory_at(int dir, const char *name, DIR **ret)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return rbmap_fd_directory(fd < 0 ? -errno : fd, ret);
}

static int load_format(struct loader *loader, int dir, const char *system,
		       const char *name)
{
	struct tep_handle *tep = loader->events->tep;
	enum tep_errno parsed;
	char path[NAME_MAX + sizeof("/format")];
	char *text;
	size_t size;
	int r;

	if (loader->had_events && tep_find_event_by_name(tep, system, name))
		return 0;
	if ((size_t)snprintf(path, sizeof(path), "%s/format", name) >= sizeof(path))
		return 0;
	r = rbmap_file_read(dir, path, &text, &size);
	/* Files beside the events, and events whose module went away meanwhile. */
	if (r == -ENOENT || r == -ENOTDIR || r == -ENODEV)
		return 0;
	if (r)
		return r;
	memory_watch();
	parsed =
		rbmap_events_parse(tep, &loader->events->names.log, text, size, system);
	if (memory_is_short())
		r = -ENOMEM;
	free(text);
	if (r)
		return r;
	if (parsed)
		log_debug(&loader->events->names.log,
			  "%s:%s: libtraceevent cannot parse the format", system, name);
	return 0;
}

static int load_system(struct loader *loader, int events_dir, const char *system)
{
	struct dirent *entry;
	DIR *dir;
	int r;

	r = open_directory_at(events_dir, system, &dir);
	if (r)
		return r;
	while (!r && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && entry->d_type != DT_REG)
			r = load_format(loader, dirfd(dir), system, entry->d_name);
	closedir(dir);
	return r;
}

static int load_named(struct loader *loader, int events_dir, const char *const *systems)
{
	int r = 0;

	for (; !r && *systems; systems++) {
		if (!**systems || **systems == '.' || strchr(*systems, '/'))
			r = -ENOENT;
		else if (strcmp(*systems, "ftrace"))
			r = load_system(loader, events_dir, *systems);
		if (r)
			log_info(&loader->events->names.log, "event system %s: %s",
				 *systems, rbmap_strerror(r));
	}
	return r;
}

static int load_all(struct loader *loader, int events_dir)
{
	struct dirent *entry;
	DIR *dir;
	int r;

	r = open_directory_at(events_dir, ".", &dir);
	if (r)
		return r;
	while (!r && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || entry->d_type == DT_REG ||
		    !strcmp(entry->d_name, "ftrace"))
			continue;
		r = load_system(loader, events_dir, entry->d_name);
		/* Files beside the systems, and systems that went away meanwhile. */
		if (r == -ENOENT || r == -ENOTDIR)
			r = 0;
	}
	closedir(dir);
	return r;
}

static int load_header(struct loader *loader, int events_dir)
{
	struct tep_handle *tep = loader->events->tep;
	size_t size;
	char *text;
	int r = rbmap_file_read(events_dir, "header_page", &text, &size);

	if (r)
		return r;
	memory_watch();
	if (tep_parse_header_page(tep, text, size, sizeof(long)))
		r = memory_is_short() ? -ENOMEM : -EBADMSG;
	free(text);
	if (r)
		return r;
	/* The commit word is a long of the kernel, which need not be this program's. */
	tep_set_long_size(tep, tep_get_header_page_size(tep));
	tep_set_page_size(tep, sysconf(_SC_PAGESIZE));
	return 0;
}

static int load_printk_formats(struct loader *loader)
{
	char *text;
	int r = rbmap_tracefs_read(NULL, "printk_formats", &text, NULL);

	if (r == -ENOMEM)
		return r;
	if (r) {
		log_info(
			&loader->events->names.log,
			"printk_formats cannot be read (%s): trace_printk() text is not available",
			rbmap_strerror(r));
		return 0;
	}
	memory_watch();
	tep_parse_printk_formats(loader->events->tep, text);
	r = memory_is_short() ? -ENOMEM : 0;
	/* Of a caller's handle, that are those that it has got here. */
	if (!r)
		r = rbmap_strings_parse(&loader->events->names.strings, text);
	free(text);
	return r;
}

int rbmap_events_load(struct rbmap_events *events, struct tracefs_instance *instance,
		      const char *const *systems)
{
	struct loader loader = { .events = events };
	int fd = rbmap_tracefs_open(instance, "events", O_RDONLY | O_DIRECTORY);
	int r;

	if (fd < 0)
		return fd;
	loader.had_events = tep_get_events_count(events->tep) > 0;
	r = load_header(&loader, fd);
	if (!r)
		r = load_system(&loader, fd, "ftrace");
	if (!r)
		r = systems ? load_named(&loader, fd, systems) : load_all(&loader, fd);
	if (!r)
		r = load_printk_formats(&loader);
	close(fd);
	return r;
}
