// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include "format/plugins.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/internal.h"
#include "names/names.h"

/* In $HOME; see tep_load_plugins_hook(). */
#define LOCAL_DIR ".local/lib/traceevent/plugins/"

struct rbmap_plugins {
	struct rbmap_log log;
	/* As dlopen() returned them. */
	void **libraries;
	size_t nr;
	struct tep_handle *own;
	bool no_memory;
	bool refused;
};

static bool is_privileged(void)
{
	return geteuid() == 0 || getauxval(AT_SECURE);
}

static bool is_in_home(const char *path)
{
	const char *home = getenv("HOME");
	size_t length = home ? strlen(home) : 0;

	return home && !strncmp(path, home, length) && path[length] == '/' &&
	       !strcmp(path + length + 1, LOCAL_DIR);
}

/* The variable may name the system's folder, too, which is then searched twice. */
static bool is_from_variable(const char *path)
{
	return path == getenv("TRACEEVENT_PLUGIN_DIR");
}

static bool is_trusted(const char *path)
{
	struct stat st;

	if (!is_privileged())
		return true;
	return !is_in_home(path) && !is_from_variable(path) && stat(path, &st) == 0 &&
	       st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

static bool add(struct rbmap_plugins *plugins, void *library)
{
	void **larger = reallocarray(plugins->libraries, plugins->nr + 1,
				     sizeof(*plugins->libraries));

	if (!larger)
		return false;
	plugins->libraries = larger;
	plugins->libraries[plugins->nr++] = library;
	return true;
}

static void open_one(struct tep_handle *tep, const char *path, const char *name,
		     void *context)
{
	struct rbmap_plugins *plugins = context;
	void *library = NULL;
	char *file;

	if (!is_trusted(path)) {
		if (!plugins->refused)
			log_info(&plugins->log,
				 "%s: plugins in this folder are not loaded as root",
				 path);
		plugins->refused = true;
		return;
	}
	if (asprintf(&file, "%s/%s", path, name) < 0) {
		plugins->no_memory = true;
		return;
	}
	memory_watch();
	library = dlopen(file, RTLD_NOW | RTLD_GLOBAL);
	if (!library && memory_is_short())
		plugins->no_memory = true;
	else if (!library)
		log_warning(&plugins->log, "%s: the plugin cannot be loaded: %s", file,
			    dlerror());
	else if (!dlsym(library, TEP_PLUGIN_LOADER_NAME))
		log_warning(&plugins->log, "%s: not a plugin of libtraceevent", file);
	else if (add(plugins, library))
		library = NULL;
	else
		plugins->no_memory = true;
	if (library)
		dlclose(library);
	free(file);
}

static char *resolve(void *context, unsigned long long *address, char **module)
{
	*module = NULL;
	return (char *)rbmap_names_trial_function(address);
}

static int open_all(struct rbmap_plugins *plugins)
{
	plugins->own = tep_alloc();
	if (!plugins->own || tep_set_function_resolver(plugins->own, resolve, NULL))
		return -ENOMEM;
	memory_watch();
	tep_load_plugins_hook(plugins->own, ".so", open_one, plugins);
	if (plugins->no_memory || memory_is_short())
		return -ENOMEM;
	return rbmap_plugins_load(plugins, plugins->own);
}

int rbmap_plugins_open(struct rbmap_plugins **ret, const struct rbmap_log *log)
{
	struct rbmap_plugins *plugins = calloc(1, sizeof(*plugins));
	int r;

	if (!plugins)
		return -ENOMEM;
	plugins->log = *log;
	r = open_all(plugins);
	if (r) {
		rbmap_plugins_close(plugins);
		return r;
	}
	*ret = plugins;
	return 0;
}

void rbmap_plugins_close(struct rbmap_plugins *plugins)
{
	if (!plugins)
		return;
	if (plugins->own) {
		rbmap_plugins_unload(plugins, plugins->own);
		tep_unref(plugins->own);
	}
	for (size_t i = 0; i < plugins->nr; i++)
		dlclose(plugins->libraries[i]);
	free(plugins->libraries);
	free(plugins);
}

int rbmap_plugins_load(struct rbmap_plugins *plugins, struct tep_handle *tep)
{
	bool no_memory = false;

	for (size_t i = 0; i < plugins->nr; i++) {
		tep_plugin_load_func load =
			(tep_plugin_load_func)dlsym(plugins->libraries[i],
						    TEP_PLUGIN_LOADER_NAME);

		/* It has no way to tell. */
		memory_watch();
		load(tep);
		no_memory |= memory_is_short();
	}
	return no_memory ? -ENOMEM : 0;
}

void rbmap_plugins_unload(struct rbmap_plugins *plugins, struct tep_handle *tep)
{
	for (size_t i = 0; i < plugins->nr; i++) {
		tep_plugin_unload_func unload =
			(tep_plugin_unload_func)dlsym(plugins->libraries[i],
						      TEP_PLUGIN_UNLOADER_NAME);

		if (unload)
			unload(tep);
	}
}

/* Parsed for its handler only, which libtraceevent gives to an event that it parses. */
static const struct tep_event *own_handler(struct tep_handle *own,
					   const struct tep_event *event)
{
	char *text;
	int size = asprintf(&text,
			    "name: %s\nID: %d\nformat:\n"
			    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;"
			    "\tsigned:0;\n\n\nprint fmt: \"\"\n",
			    event->name, event->id);

	if (size < 0)
		return NULL;
	if (!tep_find_event_by_name(own, event->system, event->name))
		tep_parse_event(own, text, size, event->system);
	free(text);
	return tep_find_event_by_name(own, event->system, event->name);
}

bool rbmap_plugins_own_event(struct rbmap_plugins *plugins,
			     const struct tep_event *event, struct tep_event *ret)
{
	const struct tep_event *own = own_handler(plugins->own, event);

	if (!own || !own->handler || own->handler != event->handler)
		return false;
	tep_set_file_bigendian(plugins->own, tep_is_file_bigendian(event->tep) ?
						     TEP_BIG_ENDIAN :
						     TEP_LITTLE_ENDIAN);
	tep_set_long_size(plugins->own, tep_get_long_size(event->tep));
	*ret = *event;
	ret->tep = plugins->own;
	ret->context = own->context;
	return true;
}
