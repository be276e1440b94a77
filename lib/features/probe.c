// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rbmap/error.h>
#include <rbmap/mapping.h>

#include "base/internal.h"
#include "features/list.h"
#include "tracefs/probe-instance.h"
#include "tracefs/tracefs.h"

#define NO RBMAP_FEATURE_NO
#define YES RBMAP_FEATURE_YES
#define UNKNOWN RBMAP_FEATURE_UNKNOWN

#define REMEDY_RIGHTS \
	"run as root, or give a group access: " \
	"mount -o remount,gid=GROUP,mode=750 /sys/kernel/tracing"

/*
 * All files are opened below @top, never through libtracefs, which would mount
 * tracefs where it is not. @own is the probe's own instance.
 */
struct probe {
	struct rbmap_features *features;
	char *dir;
	int top;
	struct probe_instance own;
};

static const char *why(int r)
{
	return strerrordesc_np(r < 0 ? -r : r);
}

static enum rbmap_feature_state found_state(const struct probe *probe, const char *name)
{
	const struct rbmap_feature *found = rbmap_features_find(probe->features, name);

	return found ? found->state : UNKNOWN;
}

/* 0 or a negative errno. Without O_TRUNC, so that opening changes nothing. */
static int try_open(int dir, const char *file, int flags)
{
	int fd = openat(dir, file, flags | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* The begin of a small file without its last newline. */
static int read_text(int dir, const char *file, char *text, size_t size)
{
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, text, size - 1);
	if (got < 0)
		got = -errno;
	close(fd);
	if (got < 0)
		return got;
	while (got && text[got - 1] == '\n')
		got--;
	text[got] = '\0';
	return 0;
}

static bool kernel_has_tracefs(void)
{
	bool has = true;
	char *text;

	if (rbmap_file_read(AT_FDCWD, "/proc/filesystems", &text, NULL))
		return has;
	has = strstr(text, "\ttracefs\n");
	free(text);
	return has;
}

static void try_tracefs(struct probe *probe)
{
	int r = rbmap_tracefs_find(&probe->dir);

	if (r == -ENOMEM) {
		rbmap_features_fail(probe->features, r);
		return;
	}
	if (!r) {
		rbmap_features_add(probe->features, "tracefs", YES, "", "mounted on %s",
				   probe->dir);
		probe->top = open(probe->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		return;
	}
	if (r != -ENOENT)
		rbmap_features_add(probe->features, "tracefs", UNKNOWN, "",
				   "/proc/self/mounts: %s", why(r));
	else if (kernel_has_tracefs())
		rbmap_features_add(
			probe->features, "tracefs", NO,
			"mount -t tracefs nodev /sys/kernel/tracing (for a container: "
			"bind-mount it from the host)",
			"not mounted");
	else
		rbmap_features_add(probe->features, "tracefs", NO,
				   "a kernel built with CONFIG_TRACING",
				   "this kernel has no tracefs");
}

static void try_rights(struct probe *probe)
{
	char text[512];
	int r = read_text(probe->top, "trace_clock", text, sizeof(text));

	if (r)
		rbmap_features_add(probe->features, "readable", NO, REMEDY_RIGHTS,
				   "%s: %s", probe->dir, why(r));
	else
		rbmap_features_add(probe->features, "readable", YES, "", "%s",
				   "the files can be read");
	r = try_open(probe->top, "tracing_on", O_WRONLY);
	if (r == -EROFS)
		rbmap_features_add(probe->features, "writable", NO,
				   "mount -o remount,rw /sys/kernel/tracing",
				   "%s is mounted read-only", probe->dir);
	else if (r)
		rbmap_features_add(probe->features, "writable", NO, REMEDY_RIGHTS,
				   "%s/tracing_on: %s", probe->dir, why(r));
	else
		rbmap_features_add(probe->features, "writable", YES, "", "%s",
				   "the files can be written");
}

static void try_lockdown(struct probe *probe)
{
	static const char file[] = "/sys/kernel/security/lockdown";
	char text[128];
	int r = read_text(AT_FDCWD, file, text, sizeof(text));

	if (!r && strstr(text, "[confidentiality]"))
		rbmap_features_add(probe->features, "not-locked-down", NO,
				   "boot without lockdown=confidentiality", "%s: %s",
				   file, text);
	else if (!r)
		rbmap_features_add(probe->features, "not-locked-down", YES, "",
				   "%s: %s", file, text);
	else if (found_state(probe, "readable") == YES)
		rbmap_features_add(
			probe->features, "not-locked-down", YES, "", "%s",
			"tracing files can be opened, and no lockdown is shown");
	else
		rbmap_features_add(
			probe->features, "not-locked-down", UNKNOWN,
			r == -ENOENT ?
				"mount -t securityfs nodev /sys/kernel/security" :
				"run as root",
			"%s: %s", file, why(r));
}

static void open_own_instance(struct probe *probe)
{
	int r = rbmap_probe_instance_open(&probe->own, probe->top);

	if (!r)
		rbmap_features_add(probe->features, "instances", YES, "", "%s",
				   "an instance can be created");
	else
		rbmap_features_add(probe->features, "instances", NO,
				   r == -ENOMEM ?
					   "free memory, or shrink other ring buffers" :
					   REMEDY_RIGHTS,
				   "%s/instances: %s", probe->dir, why(r));
}

static int open_own_ring(const struct probe *probe)
{
	/* The CPU that runs this is online, and so has a ring. */
	int cpu = sched_getcpu();

	return rbmap_probe_instance_ring(&probe->own, cpu < 0 ? 0 : cpu);
}

static void try_mapping(struct probe *probe)
{
	struct rbmap_mapping *mapping = NULL;
	struct rbmap_meta meta;
	int fd, r;

	if (probe->own.fd < 0) {
		rbmap_features_add(probe->features, "mapping", UNKNOWN, REMEDY_RIGHTS,
				   "%s",
				   "cannot be tested without an instance of its own");
		return;
	}
	fd = open_own_ring(probe);
	r = fd < 0 ? fd : rbmap_mapping_open(&mapping, fd);
	if (r) {
		rbmap_features_add(
			probe->features, "mapping",
			r == -ENOTTY || r == -ENODEV ? NO : UNKNOWN,
			r == -ENOTTY ? "Linux 6.10 or later; without it, ring buffers "
				       "are read with read(2)" :
				       "",
			"%s", rbmap_strerror(r));
	} else {
		rbmap_mapping_meta(mapping, &meta);
		rbmap_features_add(
			probe->features, "mapping", YES, "",
			"rings can be mapped: %u sub-buffers of %u bytes, meta-page %u bytes",
			meta.nr_subbufs, meta.subbuf_size, meta.meta_page_size);
	}
	rbmap_mapping_close(mapping);
	if (fd >= 0)
		close(fd);
}

/* A feature that is there when @file opens. */
static void try_file(struct probe *probe, const char *name, const char *file,
		     const char *yes, const char *version)
{
	int r = try_open(probe->own.fd >= 0 ? probe->own.fd : probe->top, file,
			 O_WRONLY);

	if (!r)
		rbmap_features_add(probe->features, name, YES, "", "%s: %s", file, yes);
	else
		rbmap_features_add(probe->features, name,
				   r == -ENOENT || r == -EACCES ? NO : UNKNOWN,
				   r == -ENOENT ? version : REMEDY_RIGHTS, "%s: %s",
				   file, why(r));
}

static void try_subbuf_sizes(struct probe *probe)
{
	char text[32];
	int r = read_text(probe->own.fd >= 0 ? probe->own.fd : probe->top,
			  "buffer_subbuf_size_kb", text, sizeof(text));

	if (!r)
		rbmap_features_add(
			probe->features, "sub-buffer-sizes", YES, "",
			"buffer_subbuf_size_kb: can be set, default is %s KB", text);
	else
		rbmap_features_add(probe->features, "sub-buffer-sizes",
				   r == -ENOENT ? NO : UNKNOWN,
				   r == -ENOENT ? "Linux 6.8 or later" : REMEDY_RIGHTS,
				   "buffer_subbuf_size_kb: %s", why(r));
}

static void try_clocks(struct probe *probe)
{
	char text[512];
	int r = read_text(probe->top, "trace_clock", text, sizeof(text));

	if (!r)
		rbmap_features_add(probe->features, "clocks", YES, "", "%s", text);
	else
		rbmap_features_add(probe->features, "clocks", UNKNOWN, REMEDY_RIGHTS,
				   "trace_clock: %s", why(r));
}

static bool has_function_tracer(const struct probe *probe)
{
	char text[512], *word, *rest = text;

	if (read_text(probe->top, "available_tracers", text, sizeof(text)))
		return false;
	while ((word = strsep(&rest, " \n"))) {
		if (!strcmp(word, "function"))
			return true;
	}
	return false;
}

static void try_function_tracing(struct probe *probe)
{
	static const char name[] = "function-tracing";
	char text[16] = "";
	int r;

	if (!has_function_tracer(probe)) {
		rbmap_features_add(probe->features, name, NO,
				   "a kernel built with CONFIG_FUNCTION_TRACER",
				   "available_tracers: no function tracer");
		return;
	}
	read_text(AT_FDCWD, "/proc/sys/kernel/ftrace_enabled", text, sizeof(text));
	if (!strcmp(text, "0")) {
		rbmap_features_add(probe->features, name, NO,
				   "echo 1 >/proc/sys/kernel/ftrace_enabled",
				   "/proc/sys/kernel/ftrace_enabled is 0");
		return;
	}
	/* Closing it after a write-only open sets the same filter again: no change. */
	r = try_open(probe->own.fd >= 0 ? probe->own.fd : probe->top,
		     "set_ftrace_filter", O_WRONLY);
	if (!r)
		rbmap_features_add(probe->features, name, YES, "",
				   "set_ftrace_filter: can be written");
	else
		rbmap_features_add(
			probe->features, name, NO,
			r == -EPERM ?
				"the kernel does not allow it; events can still be recorded" :
				REMEDY_RIGHTS,
			"set_ftrace_filter: %s", why(r));
}

/* The first symbols may be those of each CPU's data, which begin at 0. */
static int look_for_address(bool *shown)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	unsigned long long address;
	char type, line[512];

	if (!file)
		return -errno;
	while (!*shown && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx %c", &address, &type) != 2)
			continue;
		*shown = address != 0;
		/* Code is never at 0: all addresses are hidden. */
		if (!address && (type == 't' || type == 'T'))
			break;
	}
	fclose(file);
	return 0;
}

static void try_kernel_symbols(struct probe *probe)
{
	static const char restrict_file[] = "/proc/sys/kernel/kptr_restrict";
	char level[16] = "?";
	bool shown = false;
	int r = look_for_address(&shown);

	read_text(AT_FDCWD, restrict_file, level, sizeof(level));
	if (r)
		rbmap_features_add(
			probe->features, "kernel-symbols", NO,
			"a kernel built with CONFIG_KALLSYMS, and /proc mounted",
			"/proc/kallsyms: %s", why(r));
	else if (shown)
		rbmap_features_add(probe->features, "kernel-symbols", YES, "",
				   "/proc/kallsyms shows addresses (kptr_restrict %s)",
				   level);
	else
		rbmap_features_add(
			probe->features, "kernel-symbols", NO,
			"run as root with /proc/sys/kernel/kptr_restrict below 2",
			"/proc/kallsyms hides addresses (kptr_restrict %s)", level);
}

static void try_files(struct probe *probe)
{
	try_subbuf_sizes(probe);
	try_clocks(probe);
	try_file(probe, "notrace-pid", "set_event_notrace_pid",
		 "a recorder can exclude itself from the trace", "Linux 5.7 or later");
	try_file(probe, "event-fork", "options/event-fork", "children can be followed",
		 "Linux 4.7 or later");
	try_file(probe, "buffer-percent", "buffer_percent",
		 "the wake-up watermark can be set", "Linux 5.0 or later");
	try_file(probe, "trace-marker", "trace_marker", "programs can write markers",
		 "a kernel with trace_marker");
	try_function_tracing(probe);
}

/* So that the list has the same names everywhere, and one remedy is told once. */
static void try_nothing_more(struct probe *probe, const char *reason)
{
	static const char *const names[] = {
		"readable",	    "writable",	    "instances",	"mapping",
		"sub-buffer-sizes", "clocks",	    "notrace-pid",	"event-fork",
		"buffer-percent",   "trace-marker", "function-tracing",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!rbmap_features_find(probe->features, names[i]))
			rbmap_features_add(probe->features, names[i], UNKNOWN, "", "%s",
					   reason);
	}
}

static void try_inside(struct probe *probe)
{
	try_rights(probe);
	if (found_state(probe, "readable") != YES) {
		try_nothing_more(probe, "cannot be tested without access");
		return;
	}
	open_own_instance(probe);
	try_mapping(probe);
	try_files(probe);
	rbmap_probe_instance_close(&probe->own);
}

void rbmap_features_try(struct rbmap_features *features)
{
	struct probe probe = { .features = features, .top = -1, .own.fd = -1 };

	try_tracefs(&probe);
	if (probe.top >= 0) {
		try_inside(&probe);
		close(probe.top);
	} else {
		try_nothing_more(&probe, "cannot be tested without tracefs");
	}
	try_lockdown(&probe);
	try_kernel_symbols(&probe);
	free(probe.dir);
}
