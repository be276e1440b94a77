// SPDX-License-Identifier: GPL-2.0-only
/* stress: what must hold after a phase, one line of TAP each. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stress.h"

#define COMPETING (TURNS | TOGETHER)

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

static const char *const consumer_names[] = { "mapping", "read(2)", "splice(2)" };

static bool takes_part(const struct stress *stress, int kind)
{
	static const unsigned int with[] = { ~0u, WITH_READ, WITH_SPLICE };

	return stress->phase->with & with[kind];
}

static bool check_once(struct stress *stress)
{
	bool right = true;

	for (int i = 0; i < NR_CONSUMERS; i++) {
		const struct consumer_result *result = &stress->shared->consumers[i];

		if (!takes_part(stress, i))
			continue;
		tell("# %s: %" PRIu64 " events, %" PRIu64 " twice, %" PRIu64
		     " out of order",
		     consumer_names[i], result->records, result->twice,
		     result->disorder);
		if (i == BY_MAPPING && stress->phase->with & COMPETING)
			tell("; %" PRIu64 " of them %s", result->others,
			     stress->phase->with & TURNS ?
				     "are others', as they told" :
				     "perhaps others', which it cannot know");
		tell("\n");
		right &= !result->twice && !result->disorder;
	}
	return right;
}

static bool check_intact(struct stress *stress)
{
	bool right = true;

	for (int i = 0; i < NR_CONSUMERS; i++) {
		const struct consumer_result *result = &stress->shared->consumers[i];

		if (!takes_part(stress, i))
			continue;
		tell("# %s: %" PRIu64 " corrupt, %" PRIu64
		     " sub-buffers withdrawn by a reset or another consumer\n",
		     consumer_names[i], result->corrupt, result->withdrawn);
		right &= !result->corrupt;
		/* On a mapped ring splice(2) gets nothing from Linux 6.12. */
		if (!result->records && (i != BY_SPLICE || stress->patched)) {
			tell("# %s: got no event\n", consumer_names[i]);
			right = false;
		}
	}
	return right;
}

static bool add_up(const struct stress *stress, int index, struct counters *sum)
{
	const struct ring *ring = &stress->shared->rings[index];
	int cpu = stress->cpus[index];
	struct counters now;

	if (read_counters(stress, cpu, &now) < 0) {
		tell("# cpu%d: no stats\n", cpu);
		return false;
	}
	sum->entries += now.entries;
	sum->overrun += now.overrun;
	sum->commit_overrun += now.commit_overrun;
	sum->dropped += now.dropped;
	sum->read += now.read;
	if (now.read == ring->read && now.overrun == ring->overrun &&
	    ring->entries - ring->overrun - ring->read == now.entries)
		return true;
	tell("# cpu%d: meta-page: entries %" PRIu64 ", overrun %" PRIu64
	     ", read %" PRIu64 "; stats: unread %" PRIu64 ", overrun %" PRIu64
	     ", read %" PRIu64 "\n",
	     cpu, ring->entries, ring->overrun, ring->read, now.entries, now.overrun,
	     now.read);
	return false;
}

/* What one CPU's writer wrote is in its ring, unless CPUs went offline under it. */
static bool adds_up(const struct stress *stress, const char *name, uint64_t written,
		    uint64_t refused, uint64_t delivered, const struct counters *kernel)
{
	bool full = stress->phase->with & REFUSING;

	tell("# %s: written %" PRIu64 " = delivered %" PRIu64 " + overrun %" PRIu64
	     " + commit overrun %" PRIu64 " + unread %" PRIu64 "; refused %" PRIu64
	     ", dropped %" PRIu64 "\n",
	     name, written, delivered, kernel->overrun, kernel->commit_overrun,
	     kernel->entries, refused, kernel->dropped);
	return written == delivered + kernel->overrun + kernel->commit_overrun +
				  kernel->entries &&
	       kernel->read == delivered && kernel->dropped == (full ? refused : 0);
}

static bool check_sums(struct stress *stress)
{
	bool each = !(stress->phase->with & WITH_HOTPLUG), right = true;
	uint64_t written = 0, refused = 0;
	struct counters all = { .entries = 0 };

	for (int i = 0; i < stress->nr_cpus; i++) {
		const struct writer *writer = &stress->shared->writers[i];
		struct counters one = { .entries = 0 };
		char name[16];

		right &= add_up(stress, i, each ? &one : &all);
		written += writer->accepted;
		refused += writer->refused;
		if (!each)
			continue;
		snprintf(name, sizeof(name), "cpu%d", stress->cpus[i]);
		right &= adds_up(stress, name, writer->accepted, writer->refused,
				 stress->shared->rings[i].records, &one);
	}
	if (!each)
		right &= adds_up(stress, "all CPUs", written, refused,
				 stress->shared->consumers[BY_MAPPING].records, &all);
	if (stress->phase->with & (REFUSING | WITH_TOGGLES) && !refused) {
		tell("# nothing was refused: that shows nothing\n");
		right = false;
	}
	return right;
}

/*
 * Linux up to at least 6.18 may leave the reader sub-buffer before it was read, where
 * the reader is held up between a look at how much there is and one at whether the
 * writer is still there. What was left behind counts as unread for ever.
 */
static uint64_t left_behind(const struct stress *stress, const struct ring *ring)
{
	return stress->patched ? 0 : ring->entries - ring->overrun - ring->read;
}

static bool check_gaps(struct stress *stress)
{
	bool right = true;
	uint64_t all = 0;

	for (int i = 0; i < stress->nr_cpus; i++) {
		const struct ring *ring = &stress->shared->rings[i];

		tell("# cpu%d: %" PRIu64 " numbers missing, %" PRIu64
		     " told by %" PRIu64 " sub-buffers, %" PRIu64
		     " of them without a count; untold %" PRIu64 "\n",
		     stress->cpus[i], ring->missing, ring->told, ring->marks,
		     ring->marks_without_count, ring->untold);
		if (left_behind(stress, ring) && ring->untold)
			right &=
				ring->told + left_behind(stress, ring) == ring->missing;
		else
			right &= !ring->untold && (ring->marks_without_count ||
						   ring->told == ring->missing);
		all += ring->missing;
	}
	if (stress->phase->with & LAPS && !all) {
		tell("# no ring was lapped: that shows nothing\n");
		right = false;
	}
	return right;
}

static bool check_whole(struct stress *stress)
{
	bool right = true;

	for (int i = 0; i < stress->nr_cpus; i++) {
		const struct ring *ring = &stress->shared->rings[i];
		uint64_t written = stress->shared->writers[i].accepted;

		tell("# cpu%d: %" PRIu64 " written, %" PRIu64 " delivered, %" PRIu64
		     " missing\n",
		     stress->cpus[i], written, ring->records, ring->missing);
		right &= ring->missing == left_behind(stress, ring) &&
			 ring->records + ring->missing == written && written;
	}
	return right;
}

static bool check_roles(struct stress *stress)
{
	bool right = true;

	for (int i = 0; i < stress->nr_roles; i++) {
		const struct role *role = &stress->shared->roles[i];

		tell("# %s %d: %" PRIu64 " rounds", role->name, role->index,
		     role->rounds);
		if (role->errors)
			tell(", %" PRIu64 " errors, the first: %s", role->errors,
			     role->first_error);
		tell("\n");
		right &= role->rounds && !role->errors;
	}
	if (stress->phase->with & WITH_HOTPLUG && !stress->nr_removable)
		tell("# CPU hotplug: left out, for no CPU can be taken offline\n");
	return right;
}

static bool check_release(struct stress *stress)
{
	if (!stress->resized || !stress->removed)
		tell("# %s\n", stress->leftover);
	return stress->resized && stress->removed;
}

struct check {
	const char *name;
	bool (*holds)(struct stress *stress);
	unsigned int only_with;
	unsigned int not_with;
};

/* The last needs the instance gone, the others need it there. */
static const struct check checks[] = {
	{ "no event twice, none out of order", check_once, 0, 0 },
	{ "every record as it was written", check_intact, 0, 0 },
	{ "written = delivered + overrun + unread; the meta-page agrees", check_sums, 0,
	  COMPETING },
	{ "each gap is told, with its size, by the sub-buffer after it", check_gaps, 0,
	  COMPETING | WITH_HOTPLUG },
	{ "nothing is lost", check_whole, PACED | REFUSING, 0 },
	{ "all took part and found nothing wrong", check_roles, 0, 0 },
	{ "resize, snapshot and rmdir succeed once nothing is mapped", check_release, 0,
	  0 },
};

#define NR_CHECKS (sizeof(checks) / sizeof(checks[0]))

static bool applies(const struct check *check, const struct phase *phase)
{
	return !(phase->with & check->not_with) &&
	       (!check->only_with || phase->with & check->only_with);
}

unsigned int count_checks(const struct phase *phase)
{
	unsigned int count = 0;

	for (size_t i = 0; i < NR_CHECKS; i++)
		count += applies(&checks[i], phase);
	return count;
}

unsigned int failed_checks(void)
{
	return failed;
}

void check_phase(struct stress *stress)
{
	for (size_t i = 0; i < NR_CHECKS; i++) {
		const struct check *check = &checks[i];
		bool right;

		if (!applies(check, stress->phase))
			continue;
		details[0] = '\0';
		if (check->holds == check_release)
			end_phase(stress);
		right = check->holds(stress);
		failed += !right;
		printf("%s %u - stress, %s: %s\n%s", right ? "ok" : "not ok",
		       ++numbered, stress->phase->name, check->name, details);
		fflush(stdout);
	}
}

void skip_phase(const struct phase *phase, const char *reason)
{
	for (size_t i = 0; i < NR_CHECKS; i++)
		if (applies(&checks[i], phase))
			printf("ok %u - stress, %s: %s # SKIP %s\n", ++numbered,
			       phase->name, checks[i].name, reason);
	fflush(stdout);
}
