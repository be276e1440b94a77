// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/internal.h"
#include "events/events.h"
#include "format/plan.h"
#include "format/plugins.h"
#include "tracefs/clock.h"
#include "tracefs/instance.h"

/*
 * Behind the data of a record: libtraceevent reads numbers of a trace_printk(), and
 * dynamic arrays wherever 16 bits of offset and 16 of size lead it, without looking
 * whether they still lie in the record. Pages that nobody looks at cost nothing.
 */
#define COPY_SLACK (4 * 65536)

int rbmap_events_new(struct rbmap_events **ret, struct tep_handle *tep,
		     const struct rbmap_names_files *files, const struct rbmap_log *log)
{
	struct rbmap_events *events = calloc(1, sizeof(*events));

	if (!events) {
		rbmap_names_close_files(files);
		return -ENOMEM;
	}
	tep_ref(tep);
	events->tep = tep;
	rbmap_names_init(&events->names, tep, files, log);
	events->usecs = true;
	events->style.time.seconds = true;
	events->swap = tep_is_file_bigendian(tep) != tep_is_local_bigendian(tep);
	*ret = events;
	return 0;
}

RBMAP_PUBLIC void rbmap_events_close(struct rbmap_events *events)
{
	if (!events)
		return;
	rbmap_names_close(&events->names);
	if (events->loaded_plugins)
		rbmap_plugins_unload(events->plugins, events->tep);
	tep_unref(events->tep);
	if (events->owns_plugins)
		rbmap_plugins_close(events->plugins);
	for (size_t i = 0; i < events->nr_plans; i++)
		rbmap_format_free(events->plans[i]);
	free(events->plans);
	free(events->copy);
	free(events);
}

void rbmap_events_set_clock(struct rbmap_events *events, const char *clock)
{
	events->usecs = rbmap_clock_in_usecs(clock);
	events->style.time.seconds = events->usecs;
}

RBMAP_PUBLIC int rbmap_events_set_time_format(struct rbmap_events *events,
					      unsigned int format)
{
	unsigned int kind = format & ~(unsigned int)RBMAP_TIME_NS;

	if (kind > RBMAP_TIME_DATE)
		return -EINVAL;
	events->style.time.seconds = kind == RBMAP_TIME_SECONDS ||
				     (kind == RBMAP_TIME_CLOCK && events->usecs);
	events->style.time.date = kind == RBMAP_TIME_DATE;
	events->style.time.nanos = format & RBMAP_TIME_NS;
	return 0;
}

RBMAP_PUBLIC int rbmap_events_set_text_format(struct rbmap_events *events,
					      unsigned int format)
{
	if (format & ~(unsigned int)(RBMAP_TEXT_LATENCY | RBMAP_TEXT_ESCAPE))
		return -EINVAL;
	events->style.latency = format & RBMAP_TEXT_LATENCY;
	events->style.escape = format & RBMAP_TEXT_ESCAPE;
	return 0;
}

/* Where no clock is chosen, times are printed as those of the default clock. */
static int read_clock(struct rbmap_events *events, struct tracefs_instance *instance)
{
	char *clock;
	int r = rbmap_clock_read(instance, &clock);

	if (r < 0)
		return r == -EBADMSG ? 0 : r;
	rbmap_events_set_clock(events, clock);
	free(clock);
	return 0;
}

static int load_plugins(struct rbmap_events *events)
{
	int r = rbmap_plugins_open(&events->plugins, &events->names.log);

	if (r)
		return r;
	events->owns_plugins = true;
	events->loaded_plugins = true;
	return rbmap_plugins_load(events->plugins, events->tep);
}

static int fill(struct rbmap_events *events, const struct rbmap_events_options *options)
{
	int r = 0;

	/* A handle of the caller's has the plugins and the resolver that they chose. */
	if (!options->tep)
		r = load_plugins(events);
	if (!r)
		r = rbmap_events_load(events, options->instance, options->systems);
	if (!r)
		r = read_clock(events, options->instance);
	if (!r && !options->tep)
		r = rbmap_names_resolve_functions(&events->names);
	/* What is known before the first record needs no reading at one. */
	if (!r)
		rbmap_names_read_cmdlines(&events->names);
	return r ? r : rbmap_names_state(&events->names);
}

static int open_events(struct rbmap_events **ret,
		       const struct rbmap_events_options *options)
{
	struct rbmap_names_files files;
	struct rbmap_events *events;
	struct tep_handle *tep;
	int r;

	tep = options->tep ? options->tep : tep_alloc();
	if (!tep)
		return -ENOMEM;
	rbmap_names_open_files(&files, &options->log);
	r = rbmap_events_new(&events, tep, &files, &options->log);
	if (!options->tep)
		tep_unref(tep);
	if (r)
		return r;
	r = fill(events, options);
	if (r) {
		rbmap_events_close(events);
		return r;
	}
	*ret = events;
	return 0;
}

RBMAP_PUBLIC int rbmap_events_open(struct rbmap_events **ret,
				   const struct rbmap_events_options *options)
{
	struct rbmap_events_options given;
	struct rbmap_instance *opened;
	int r;

	r = rbmap_options_copy(&given, sizeof(given), options);
	if (r == 0)
		r = rbmap_instance_select(&opened, &given.instance,
					  given.instance_name);
	if (r)
		return r;
	r = open_events(ret, &given);
	rbmap_instance_close(opened);
	return r;
}

RBMAP_PUBLIC int rbmap_events_from_tep(struct rbmap_events **ret,
				       struct tep_handle *tep, const char *clock)
{
	static const struct rbmap_names_files none = { -1, -1, -1 };
	static const struct rbmap_log silent;
	int r = rbmap_events_new(ret, tep, &none, &silent);

	if (r == 0 && clock)
		rbmap_events_set_clock(*ret, clock);
	return r;
}

RBMAP_PUBLIC struct tep_handle *rbmap_events_tep(const struct rbmap_events *events)
{
	return events->tep;
}

RBMAP_PUBLIC const char *rbmap_events_comm(struct rbmap_events *events, int pid)
{
	return rbmap_names_comm(&events->names, pid);
}

static int grow_copy(struct rbmap_events *events, size_t size)
{
	unsigned char *copy;

	if (size + COPY_SLACK <= events->copy_size)
		return 0;
	size = 2 * size + COPY_SLACK;
	copy = calloc(1, size);
	if (!copy)
		return -ENOMEM;
	free(events->copy);
	events->copy = copy;
	events->copy_size = size;
	events->copy_used = 0;
	return 0;
}

int rbmap_events_tep_record(struct rbmap_events *events,
			    const struct rbmap_record *record, struct tep_record *ret)
{
	int r = grow_copy(events, record->size);

	if (r)
		return r;
	memcpy(events->copy, record->data, record->size);
	if (events->copy_used > record->size)
		memset(events->copy + record->size, 0,
		       events->copy_used - record->size);
	events->copy_used = record->size;
	rbmap_record_tep(record, ret);
	ret->data = events->copy;
	return 0;
}
