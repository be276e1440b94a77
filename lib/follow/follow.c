// SPDX-License-Identifier: LGPL-2.1-only
/* Opens and closes a follow, and answers questions about its sources. */
#define _GNU_SOURCE
#include "follow/follow.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <traceevent/event-parse.h>

#include "base/internal.h"
#include "ring/engine.h"
#include "tracefs/instance.h"

static int copy_cpus(struct rbmap_follow *follow,
		     const struct rbmap_follow_options *options)
{
	size_t bytes = options->nr_cpus * sizeof(*follow->cpus);

	if (!options->cpus)
		return options->nr_cpus ? -EINVAL : 0;
	if (!options->nr_cpus || options->nr_cpus > UINT16_MAX)
		return -EINVAL;
	follow->cpus = malloc(bytes);
	if (!follow->cpus)
		return -ENOMEM;
	memcpy(follow->cpus, options->cpus, bytes);
	follow->nr_cpus = options->nr_cpus;
	return 0;
}

static int copy_systems(struct rbmap_follow *follow, const char *const *systems)
{
	size_t nr = 0;

	if (!systems)
		return 0;
	while (systems[nr])
		nr++;
	follow->systems = calloc(nr + 1, sizeof(*follow->systems));
	if (!follow->systems)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		follow->systems[i] = strdup(systems[i]);
		if (!follow->systems[i])
			return -ENOMEM;
	}
	return 0;
}

static void free_systems(struct rbmap_follow *follow)
{
	for (size_t i = 0; follow->systems && follow->systems[i]; i++)
		free(follow->systems[i]);
	free(follow->systems);
}

int rbmap_follow_watch(struct rbmap_follow *follow, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(follow->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_fds(struct rbmap_follow *follow)
{
	follow->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (follow->epoll_fd < 0)
		return -errno;
	follow->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (follow->wake_fd < 0)
		return -errno;
	return rbmap_follow_watch(follow, follow->wake_fd);
}

static int fill(struct rbmap_follow *follow, const struct rbmap_follow_options *options)
{
	int r;

	if (options->engine != RBMAP_ENGINE_AUTO && !rbmap_engine_find(options->engine))
		return -EINVAL;
	follow->log = options->log;
	follow->engine = options->engine;
	follow->latency_ms = options->latency_ms;
	r = copy_cpus(follow, options);
	if (r == 0)
		r = copy_systems(follow, options->systems);
	if (r == 0)
		r = rbmap_merge_open(&follow->merge);
	return r < 0 ? r : open_fds(follow);
}

RBMAP_PUBLIC int rbmap_follow_open(struct rbmap_follow **ret,
				   const struct rbmap_follow_options *given)
{
	struct rbmap_follow_options options = { .size = sizeof(options) };
	struct rbmap_follow *follow;
	int r = 0;

	if (given)
		r = rbmap_options_copy(&options, sizeof(options), given);
	if (r < 0)
		return r;
	follow = calloc(1, sizeof(*follow));
	if (!follow)
		return -ENOMEM;
	follow->epoll_fd = -1;
	follow->wake_fd = -1;
	r = fill(follow, &options);
	if (r < 0) {
		rbmap_follow_close(follow);
		return r;
	}
	*ret = follow;
	return 0;
}

void rbmap_follow_free_source(struct follow_source *source)
{
	free(source->name);
	free(source->handlers);
	if (source->owns_events)
		rbmap_events_close(source->events);
	rbmap_session_close(source->session);
	rbmap_instance_close(source->opened);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

RBMAP_PUBLIC void rbmap_follow_close(struct rbmap_follow *follow)
{
	if (!follow)
		return;
	for (size_t i = 0; i < follow->nr_sources; i++)
		rbmap_follow_free_source(&follow->sources[i]);
	free(follow->sources);
	rbmap_follow_free_files(follow);
	rbmap_follow_free_handlers(follow);
	rbmap_merge_close(follow->merge);
	free(follow->clock);
	free(follow->cpus);
	free_systems(follow);
	close_fd(follow->wake_fd);
	close_fd(follow->epoll_fd);
	free(follow);
}

int rbmap_follow_check_clock(struct rbmap_follow *follow, const char *clock)
{
	if (!clock)
		return 0;
	/* That of a source that could not be added. */
	if (!follow->nr_sources) {
		free(follow->clock);
		follow->clock = NULL;
	}
	if (!follow->clock) {
		follow->clock = strdup(clock);
		return follow->clock ? 0 : -ENOMEM;
	}
	if (!strcmp(follow->clock, clock))
		return 0;
	log_warning(&follow->log,
		    "a source with the trace clock %s has no common order with those "
		    "of the clock %s",
		    clock, follow->clock);
	return -EINVAL;
}

int rbmap_follow_add_source(struct rbmap_follow *follow, struct follow_source *source)
{
	struct tep_handle *tep = rbmap_events_tep(source->events);
	struct follow_source *larger;
	int r;

	source->swap = tep_is_file_bigendian(tep) != tep_is_local_bigendian(tep);
	r = rbmap_follow_set_handlers(follow, source);
	if (r < 0)
		return r;
	larger = reallocarray(follow->sources, follow->nr_sources + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	follow->sources = larger;
	follow->sources[follow->nr_sources] = *source;
	return follow->nr_sources++;
}

static const struct follow_source *find_source(const struct rbmap_follow *follow,
					       int source)
{
	if (source < 0 || (size_t)source >= follow->nr_sources)
		return NULL;
	return &follow->sources[source];
}

RBMAP_PUBLIC int rbmap_follow_sources(const struct rbmap_follow *follow)
{
	return follow->nr_sources;
}

RBMAP_PUBLIC const char *rbmap_follow_name(const struct rbmap_follow *follow,
					   int source)
{
	const struct follow_source *found = find_source(follow, source);

	return found ? found->name : NULL;
}

RBMAP_PUBLIC struct rbmap_events *rbmap_follow_events(const struct rbmap_follow *follow,
						      int source)
{
	const struct follow_source *found = find_source(follow, source);

	return found ? found->events : NULL;
}

RBMAP_PUBLIC struct rbmap_session *
rbmap_follow_session(const struct rbmap_follow *follow, int source)
{
	const struct follow_source *found = find_source(follow, source);

	return found ? found->session : NULL;
}

RBMAP_PUBLIC struct rbmap_tracedat_reader *
rbmap_follow_reader(const struct rbmap_follow *follow, int source)
{
	const struct follow_source *found = find_source(follow, source);

	return found ? found->reader : NULL;
}
