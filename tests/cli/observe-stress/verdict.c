// SPDX-License-Identifier: GPL-2.0-only
/* observe-stress: what must hold after a variant, one line of TAP each. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "observe.h"

static unsigned int numbered, failed;
static char details[8192];

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void tell(const char *format, ...)
{
	size_t used = strlen(details);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(details + used, sizeof(details) - used, format, arguments);
	va_end(arguments);
}

static struct found sum_of(const struct observe *observe)
{
	struct found sum = { .last = 0 };

	for (int i = 0; i < observe->stress.nr_cpus; i++) {
		const struct found *one = &observe->common->found[i];

		sum.delivered += one->delivered;
		sum.missing += one->missing;
		sum.holes += one->holes;
		sum.untold += one->untold;
		sum.in_vain += one->in_vain;
		sum.backwards += one->backwards;
		sum.time_backwards += one->time_backwards;
		sum.corrupt += one->corrupt;
		sum.misplaced += one->misplaced;
		sum.spans += one->spans;
		sum.torn += one->torn;
		sum.sessions += one->sessions;
		if (one->first_error[0])
			tell("# cpu%d, the first: %s\n", observe->stress.cpus[i],
			     one->first_error);
	}
	return sum;
}

static bool is_intact(struct observe *observe)
{
	struct found sum = sum_of(observe);

	tell("# %" PRIu64 " events in %" PRIu64 " spans; %" PRIu64 " corrupt\n",
	     sum.delivered, sum.spans, sum.corrupt);
	return !sum.corrupt && sum.delivered;
}

static bool is_in_order(struct observe *observe)
{
	struct found sum = sum_of(observe);

	tell("# %" PRIu64 " twice or out of order, %" PRIu64
	     " before the time of the one before, %" PRIu64 " spans out of place\n",
	     sum.backwards, sum.time_backwards, sum.misplaced);
	return !sum.backwards && !sum.time_backwards && !sum.misplaced;
}

static bool is_told(struct observe *observe)
{
	struct found sum = sum_of(observe);

	tell("# %" PRIu64 " holes, %" PRIu64 " of them untold; %" PRIu64
	     " told in vain\n",
	     sum.holes, sum.untold, sum.in_vain);
	return !sum.untold;
}

/* Delivered and missing is what was written, by the writer and by the kernel. */
static bool adds_up(struct observe *observe)
{
	bool right = true;

	for (int i = 0; i < observe->stress.nr_cpus; i++) {
		const struct found *found = &observe->common->found[i];
		const struct counters *kernel = &observe->counters[i];
		const struct writer *writer = &observe->common->writers[i];
		uint64_t counted = kernel->entries + kernel->overrun + kernel->read;

		tell("# cpu%d: written %" PRIu64 " (the kernel: %" PRIu64
		     ") = delivered %" PRIu64 " + missing %" PRIu64 "\n",
		     observe->stress.cpus[i], writer->accepted, counted,
		     found->delivered, found->missing);
		right &= writer->accepted && writer->accepted == counted &&
			 writer->accepted == found->delivered + found->missing &&
			 writer->accepted == found->last;
	}
	return right;
}

/* With others at the rings only some of that can be known. */
static bool got_to_the_end(struct observe *observe)
{
	unsigned int with = observe->variant->with;
	bool right = true;

	if (!(with & DISTURBED))
		return adds_up(observe);
	for (int i = 0; i < observe->stress.nr_cpus; i++) {
		uint64_t written = observe->common->writers[i].accepted;
		uint64_t last = observe->common->found[i].last;

		tell("# cpu%d: written %" PRIu64 ", the last delivered is %" PRIu64
		     "\n",
		     observe->stress.cpus[i], written, last);
		right &= written && last <= written;
		/* Who consumes has stopped before the writers, and so have resets. */
		right &= last == written;
	}
	return right;
}

bool has_been_tried(const struct observe *observe)
{
	unsigned int with = observe->variant->with;
	uint64_t missing = 0, holes = 0, torn = 0, sessions = 0;
	bool all = true;

	for (int i = 0; i < observe->stress.nr_cpus; i++) {
		const struct found *one = &observe->common->found[i];

		missing += one->missing;
		holes += one->holes;
		torn += one->torn;
		sessions += one->sessions;
	}
	if (with & TINY)
		all = missing && holes && (with & COPIES || torn);
	if (with & REOPENS)
		all &= sessions > 2u * observe->stress.nr_cpus;
	for (int i = 0; i < observe->stress.nr_roles; i++)
		all &= observe->common->roles[i].rounds > 0;
	return all;
}

static bool has_tried(struct observe *observe)
{
	struct found sum = sum_of(observe);

	tell("# %" PRIu64 " missing, %" PRIu64 " spans torn, %" PRIu64 " sessions\n",
	     sum.missing, sum.torn, sum.sessions);
	for (int i = 0; i < observe->stress.nr_roles; i++) {
		const struct role *role = &observe->common->roles[i];

		if (!role->rounds)
			tell("# %s %d did nothing\n", role->name, role->index);
	}
	if (observe->variant->with & ROOMY && (sum.missing || sum.torn || sum.in_vain))
		return false;
	return has_been_tried(observe);
}

static bool has_ended_well(struct observe *observe)
{
	bool right = observe->stress.removed;

	if (!right)
		tell("# %s\n", observe->stress.leftover);
	for (int i = 0; i < observe->stress.nr_roles; i++) {
		const struct role *role = &observe->common->roles[i];

		if (!role->errors)
			continue;
		tell("# %s %d: %" PRIu64 " errors, the first: %s\n", role->name,
		     role->index, role->errors, role->first_error);
		right = false;
	}
	return right;
}

struct check {
	const char *title;
	bool (*holds)(struct observe *observe);
};

static const struct check checks[] = {
	{ "each event is as it was written", is_intact },
	{ "none twice, none out of order", is_in_order },
	{ "each hole is told of", is_told },
	{ "all that was written is accounted for", got_to_the_end },
	{ "what was to be tried did happen", has_tried },
	{ "every process ended well, the instance is removed", has_ended_well },
};

#define NR_CHECKS (sizeof(checks) / sizeof(checks[0]))

unsigned int checks_of_variant(void)
{
	return NR_CHECKS;
}

void check_variant(struct observe *observe)
{
	for (size_t i = 0; i < NR_CHECKS; i++) {
		bool right;

		details[0] = '\0';
		right = checks[i].holds(observe);
		failed += !right;
		printf("%sok %u - %s: %s\n%s", right ? "" : "not ", ++numbered,
		       observe->variant->name, checks[i].title, details);
	}
	fflush(stdout);
}

void skip_variant(const struct variant *variant, const char *reason)
{
	for (size_t i = 0; i < NR_CHECKS; i++)
		printf("ok %u - %s: %s # skip %s\n", ++numbered, variant->name,
		       checks[i].title, reason);
}

unsigned int failed_so_far(void)
{
	return failed;
}
