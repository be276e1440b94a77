// SPDX-License-Identifier: LGPL-2.1-only
/* Chooses and opens the engine of a session: one for all rings. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/internal.h"
#include "ring/engine-observe.h"
#include "ring/observe-check.h"
#include "ring/reader-cost.h"
#include "ring/session.h"

static int open_engine(struct rbmap_session *session, size_t i)
{
	return session->ops->open(&session->rings[i].engine, session->rings[i].fd,
				  session->cpus[i], &session->layout, session->copies,
				  &session->work);
}

static void drop_ring(struct rbmap_session *session, size_t i)
{
	size_t behind = --session->nr_rings - i;

	close(session->rings[i].fd);
	memmove(&session->rings[i], &session->rings[i + 1],
		behind * sizeof(*session->rings));
	memmove(&session->cpus[i], &session->cpus[i + 1],
		behind * sizeof(*session->cpus));
}

static int open_engines(struct rbmap_session *session,
			const struct rbmap_engine_ops *ops)
{
	int r = 0;

	session->ops = ops;
	for (size_t i = 0; r == 0 && i < session->nr_rings;) {
		r = open_engine(session, i);
		if (r == -EINVAL && session->any_cpus && session->nr_rings > 1) {
			/* A CPU that was never online has no ring. */
			drop_ring(session, i);
			r = 0;
		} else {
			i++;
		}
	}
	return r;
}

void rbmap_session_close_engines(struct rbmap_session *session)
{
	for (size_t i = 0; session->rings && i < session->nr_rings; i++) {
		if (session->rings[i].engine)
			session->ops->close(session->rings[i].engine);
		session->rings[i].engine = NULL;
	}
}

static void set_reason(struct rbmap_session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void set_reason(struct rbmap_session *session, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(session->reason, sizeof(session->reason), format, arguments);
	va_end(arguments);
}

static bool means_no_mapping(int error)
{
	return error == -ENOTTY || error == -ENODEV || error == -EBUSY;
}

static void note_reason(void *context, enum rbmap_log_level level, const char *message)
{
	(void)level;
	set_reason(context, "%s", message);
}

static bool has_other_readers(const struct rbmap_session *session)
{
	for (size_t i = 0; i < session->nr_rings; i++)
		if (!rbmap_observe_is_alone(session->rings[i].engine))
			return true;
	return false;
}

/* -EOPNOTSUPP, with the reason, where a consuming engine is the better one. */
static int open_observing(struct rbmap_session *session)
{
	struct rbmap_log quiet = { note_reason, session };
	int r = rbmap_observe_check(session->instance, &quiet);

	if (r == -ENOMEM)
		return r;
	if (r < 0 && r != -EOPNOTSUPP)
		set_reason(session,
			   "whether the ring buffer can be observed is not "
			   "known: %s",
			   strerrordesc_np(-r));
	if (r < 0)
		return -EOPNOTSUPP;
	r = open_engines(session, rbmap_engine_find(RBMAP_ENGINE_OBSERVE));
	if (r == 0 && has_other_readers(session)) {
		rbmap_session_close_engines(session);
		set_reason(session, "somebody else reads the ring buffer");
		r = -EOPNOTSUPP;
	}
	if (r == 0)
		set_reason(session, "it consumes nothing, asks nothing of the kernel, "
				    "and its order of events is reliable here");
	return r;
}

static const char *describe_cost(int flat)
{
	if (flat > 0)
		return "GET_READER accounts for whole sub-buffers";
	return flat ? "what GET_READER costs could not be measured" :
		      "read(2) costs less than GET_READER, which walks all events";
}

/* The rings are mapped first: where they cannot be, there is nothing to measure. */
static int open_consuming(struct rbmap_session *session)
{
	char why_not_observed[sizeof(session->reason)];
	int flat, r;

	memcpy(why_not_observed, session->reason, sizeof(why_not_observed));
	r = open_engines(session, rbmap_engine_find(RBMAP_ENGINE_MAPPED));
	if (r < 0)
		return r;
	flat = rbmap_reader_cost_is_flat();
	if (flat <= 0) {
		rbmap_session_close_engines(session);
		r = open_engines(session, rbmap_engine_find(RBMAP_ENGINE_READ));
	}
	set_reason(session, "%s; %s", describe_cost(flat), why_not_observed);
	return r;
}

static int open_best(struct rbmap_session *session)
{
	int r = open_observing(session);

	if (r == -EOPNOTSUPP)
		r = open_consuming(session);
	if (!means_no_mapping(r))
		return r;
	set_reason(session, "the ring buffer cannot be mapped (%s)",
		   r == -ENOTTY ? "Linux 6.10 or later is required" :
				  strerrordesc_np(-r));
	log_warning(&session->log, "%s; using read(2)", session->reason);
	rbmap_session_close_engines(session);
	return open_engines(session, rbmap_engine_find(RBMAP_ENGINE_READ));
}

int rbmap_session_choose_engine(struct rbmap_session *session, enum rbmap_engine wanted)
{
	const struct rbmap_engine_ops *ops = rbmap_engine_find(wanted);
	int r = 0;

	if (wanted == RBMAP_ENGINE_AUTO)
		return open_best(session);
	set_reason(session, "chosen by the caller");
	if (ops->check)
		r = ops->check(session->instance, &session->log);
	return r < 0 ? r : open_engines(session, ops);
}

RBMAP_PUBLIC const char *
rbmap_session_engine_reason(const struct rbmap_session *session)
{
	return session->reason;
}
