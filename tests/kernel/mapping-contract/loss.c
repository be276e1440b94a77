// SPDX-License-Identifier: GPL-2.0-only
/* Every event is either delivered or told as lost, and the counters add up to it. */
#include "ring.h"
#include <errno.h>
#include <unistd.h>

#define FEW 10UL
#define MANY 5000UL

static int adds_up(const struct ring *ring, const struct tally *tally,
		   unsigned long written)
{
	const struct trace_buffer_meta *meta = ring->meta;

	REQUIRE(!tally->out_of_order && !tally->untold_gaps,
		"%u markers out of order, %u gaps that no sub-buffer tells of",
		tally->out_of_order, tally->untold_gaps);
	REQUIRE(meta->entries == written, "entries %llu of %lu",
		(unsigned long long)meta->entries, written);
	REQUIRE(meta->read == tally->events, "read %llu of %lu",
		(unsigned long long)meta->read, tally->events);
	REQUIRE(meta->entries == meta->overrun + meta->read,
		"all is taken, but entries %llu, overrun %llu, read %llu",
		(unsigned long long)meta->entries, (unsigned long long)meta->overrun,
		(unsigned long long)meta->read);
	REQUIRE(!tally->without_count && tally->lost == meta->overrun,
		"told lost %lu (%u without a count), overrun %llu", tally->lost,
		tally->without_count, (unsigned long long)meta->overrun);
	REQUIRE(read_stat(ring, "overrun") == (long)meta->overrun &&
			read_stat(ring, "read events") == (long)meta->read,
		"the meta-page and stats differ");
	return 0;
}

static int growing(struct ring *ring, const struct contract *contract)
{
	struct tally tally = { .events = 0 };
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	for (unsigned long number = 1; number <= 300; number++) {
		error = mark(ring, number, number);
		REQUIRE(!error, "trace_marker: %s", outcome_name(error));
		error = take_all(ring, &tally);
		REQUIRE(!error && tally.last == number, "marker %lu: %s, last %lu",
			number, outcome_name(error), tally.last);
	}
	REQUIRE(!tally.losses, "%u losses told where nothing was lost", tally.losses);
	return adds_up(ring, &tally, 300);
}

static int lost_before(struct ring *ring, const struct contract *contract)
{
	struct tally tally = { .events = 0 };
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	error = mark(ring, 1, MANY);
	if (!error)
		error = take_all(ring, &tally);
	REQUIRE(!error, "GET_READER: %s", outcome_name(error));
	REQUIRE(tally.losses == 1, "%u losses told, not one", tally.losses);
	return adds_up(ring, &tally, MANY);
}

/* Filled before it was mapped: what was lost then counts too. */
static int lost_before_mapped(struct ring *ring, const struct contract *contract)
{
	struct tally tally = { .events = 0 };
	int error = mark(ring, 1, MANY);

	if (!error)
		error = map_ring(ring);
	REQUIRE(!error, "mmap: %s", outcome_name(error));
	REQUIRE(ring->meta->entries == MANY && ring->meta->overrun,
		"the first mapping shows entries %llu, overrun %llu",
		(unsigned long long)ring->meta->entries,
		(unsigned long long)ring->meta->overrun);
	error = take_all(ring, &tally);
	REQUIRE(!error, "GET_READER: %s", outcome_name(error));
	return adds_up(ring, &tally, MANY);
}

static int lost_between(struct ring *ring, const struct contract *contract)
{
	struct tally tally = { .events = 0 };
	unsigned long written = 0;
	int error = map_ring(ring);

	for (int round = 0; round < 4 && !error; round++) {
		error = mark(ring, written + 1, written + MANY + round * 77);
		written += MANY + round * 77;
		if (!error)
			error = take(ring, &tally);
	}
	if (!error)
		error = take_all(ring, &tally);
	REQUIRE(!error, "GET_READER: %s", outcome_name(error));
	REQUIRE(tally.losses == 4, "%u losses told, not 4", tally.losses);
	return adds_up(ring, &tally, written);
}

/*
 * Markers of 40 bytes leave no room for a count in a sub-buffer of 4080 bytes of data:
 * that there was a loss is told all the same, and no marker is harmed.
 */
static int lost_without_room(struct ring *ring, const struct contract *contract)
{
	struct tally tally = { .events = 0 };
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	error = mark_wide(ring, 17, 1, MANY);
	if (!error)
		error = take_all(ring, &tally);
	REQUIRE(!error, "GET_READER: %s", outcome_name(error));
	REQUIRE(tally.losses == 1 && !tally.untold_gaps && !tally.out_of_order,
		"%u losses told, %u untold, %u markers out of order", tally.losses,
		tally.untold_gaps, tally.out_of_order);
	REQUIRE(tally.without_count || tally.lost == ring->meta->overrun,
		"told lost %lu, overrun %llu", tally.lost,
		(unsigned long long)ring->meta->overrun);
	REQUIRE(tally.last == MANY && tally.events + ring->meta->overrun == MANY,
		"%lu of %lu markers, overrun %llu", tally.events, MANY,
		(unsigned long long)ring->meta->overrun);
	return 0;
}

/* The loss bits stay in the sub-buffer: they must not be taken for its size. */
static int lost_then_unmapped(struct ring *ring, const struct contract *contract)
{
	struct tally tally = { .events = 0 };
	struct trace_buffer_meta meta;
	struct ring unmapped = *ring;
	int error = map_ring(ring), end, outcome;

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	error = mark(ring, 1, MANY);
	if (!error)
		error = take(ring, &tally);
	REQUIRE(!error && tally.losses == 1, "%s, %u losses told", outcome_name(error),
		tally.losses);
	meta = *ring->meta;
	unmap_ring(ring);
	unmapped.meta = &meta;
	while (!(end = take_by_read(&unmapped, ring->fd, &tally)))
		if (tally.events > MANY)
			break;
	REQUIRE(end == EAGAIN || end == ENODATA, "read(2): %s", outcome_name(end));
	REQUIRE(tally.last == MANY && tally.losses == 1 && !tally.untold_gaps &&
			!tally.out_of_order && tally.events + tally.lost == MANY,
		"%lu markers, %u losses told of %lu, %u out of order", tally.events,
		tally.losses, tally.lost, tally.out_of_order);
	error = mark(ring, MANY + 1, MANY + FEW);
	if (!error)
		error = map_ring(ring);
	REQUIRE(!error, "mmap again: %s", outcome_name(error));
	error = take_all(ring, &tally);
	REQUIRE(!error && tally.last == MANY + FEW && tally.losses == 1,
		"mapped again: %s, the last is %lu, %u losses told",
		outcome_name(error), tally.last, tally.losses);
	outcome = adds_up(ring, &tally, MANY + FEW);
	return outcome == 0 && end == ENODATA ? end : outcome;
}

/* With overwrite off the oldest stay, and the writer is told. */
static int refused(struct ring *ring, const struct contract *contract)
{
	struct tally tally = { .events = 0 };
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	error = write_file(ring, "options/overwrite", "0");
	REQUIRE(!error, "options/overwrite: %s", outcome_name(error));
	error = mark(ring, 1, MANY);
	REQUIRE(error == EBADF, "trace_marker on a full ring: %s", outcome_name(error));
	error = take_all(ring, &tally);
	REQUIRE(!error, "GET_READER: %s", outcome_name(error));
	REQUIRE(!tally.losses && !ring->meta->overrun,
		"an overrun, with overwrite off");
	REQUIRE(tally.events == tally.last, "%lu events, the last is %lu", tally.events,
		tally.last);
	return adds_up(ring, &tally, tally.last);
}

static int switched(struct ring *ring, const struct contract *contract)
{
	struct tally tally = { .events = 0 };
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	mark(ring, 1, FEW);
	write_file(ring, "tracing_on", "0");
	error = mark(ring, FEW + 1, FEW + 1);
	REQUIRE(error == EBADF, "trace_marker while off: %s", outcome_name(error));
	error = take_all(ring, &tally);
	REQUIRE(!error && tally.last == FEW, "while off %lu of %lu markers",
		tally.events, FEW);
	write_file(ring, "tracing_on", "1");
	mark(ring, FEW + 1, 2 * FEW);
	error = take_all(ring, &tally);
	REQUIRE(!error && tally.last == 2 * FEW, "on again, %lu of %lu markers",
		tally.events, 2 * FEW);
	return adds_up(ring, &tally, 2 * FEW);
}

/* ENODATA: the kernel does not have these two counters. */
static int page_counters(struct ring *ring, const struct contract *contract)
{
	struct tally tally = { .events = 0 };
	const volatile struct trace_buffer_meta *meta;
	unsigned long lost;
	int error = map_ring(ring);

	REQUIRE(!error, "mmap: %s", outcome_name(error));
	meta = ring->meta;
	error = mark(ring, 1, MANY);
	if (!error)
		error = take_all(ring, &tally);
	REQUIRE(!error, "GET_READER: %s", outcome_name(error));
	if (!meta->pages_lost && !meta->pages_touched)
		return ENODATA;
	lost = meta->pages_lost;
	REQUIRE(meta->pages_touched >= lost + meta->nr_subbufs - 2,
		"pages_touched %llu, pages_lost %lu, %u sub-buffers",
		(unsigned long long)meta->pages_touched, lost, meta->nr_subbufs);
	/* A sub-buffer has from 100 to 200 of these markers. */
	REQUIRE(lost * 200 >= meta->overrun && lost * 100 <= meta->overrun,
		"pages_lost %lu, overrun %llu", lost,
		(unsigned long long)meta->overrun);
	return 0;
}

const struct contract loss_cases[] = {
	{ "each marker can be taken as soon as it is written", growing, .right = 0 },
	{ "overrun: told once, with its number", lost_before, .right = 0 },
	{ "overrun: before the ring was mapped", lost_before_mapped, .right = 0 },
	{ "overrun: four times, each told", lost_between, .right = 0 },
	{ "overrun: told where there is no room for its number", lost_without_room,
	  .right = 0 },
	{ "overrun: told, then unmapped, read(2), and mapped again", lost_then_unmapped,
	  .released = ENODATA, .why = READ_ENDS_WHY },
	{ "overwrite off: the oldest stay, nothing is told lost", refused, .right = 0 },
	{ "tracing_on: off and on while mapped", switched, .right = 0 },
	{ "pages_lost and pages_touched are counted", page_counters,
	  .released = ENODATA, .why = "before 7.1 these two are reserved" },
	{ .name = NULL },
};
