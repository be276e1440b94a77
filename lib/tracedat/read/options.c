// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include "tracedat/read/datfile.h"

#include <stdlib.h>

#include "base/internal.h"
#include "tracedat/anchor.h"
#include "tracedat/limits.h"
#include "tracefs/clock.h"

/* Source: trace-cmd.dat.v7(5); those of version 6 have the same numbers. */
enum {
	OPTION_DATE = 1,
	OPTION_CPUSTAT = 2,
	OPTION_TRACECLOCK = 4,
	OPTION_UNAME = 5,
	OPTION_OFFSET = 7,
	OPTION_CPUCOUNT = 8,
	OPTION_VERSION = 9,
	OPTION_TRACEID = 11,
	OPTION_TSC2NSEC = 14
};

/* What each costs besides its text: it is allocated by itself, and is listed. */
#define TEXT_COST 64
/* All that a kernel has, the chosen one in brackets. */
#define MOST_CLOCKS 4096

static char *text_of(const struct tracedat_in *option)
{
	return strndup((const char *)option->bytes, option->size);
}

/* It stays: -EBADMSG where there is no memory left for that. */
static int keep_text(struct rbmap_tracedat_reader *datfile,
		     const struct tracedat_in *option, char **ret)
{
	int r = rbmap_datfile_need(datfile, option->offset, option->size + TEXT_COST,
				   "options");

	if (r < 0)
		return r;
	*ret = text_of(option);
	return *ret ? 0 : -ENOMEM;
}

static int take_text(struct rbmap_tracedat_reader *datfile, char **place,
		     const struct tracedat_in *option)
{
	char *text;
	int r = keep_text(datfile, option, &text);

	if (r < 0)
		return r;
	free(*place);
	*place = text;
	return 0;
}

/* After a fault: the options that follow can be read. */
static int pass_over(int r)
{
	return r == -EBADMSG ? 0 : r;
}

/* Added to every time stamp; a date is told in microseconds, as hexadecimal. */
static int take_offset(struct rbmap_tracedat_reader *datfile,
		       const struct tracedat_in *option, uint64_t unit)
{
	char *text = text_of(option);
	uint64_t offset;

	if (!text)
		return -ENOMEM;
	offset = (uint64_t)strtoll(text, NULL, 0) * unit;
	free(text);
	datfile->info.offset = (int64_t)((uint64_t)datfile->info.offset + offset);
	return 0;
}

/* Takes over the text, also on failure. */
static int add_stats(struct rbmap_tracedat_reader *datfile, char *text)
{
	char **larger;

	/* The last one is NULL. */
	larger = reallocarray(datfile->cpu_stats, datfile->nr_cpu_stats + 2,
			      sizeof(*larger));
	if (!larger) {
		free(text);
		return -ENOMEM;
	}
	datfile->cpu_stats = larger;
	larger[datfile->nr_cpu_stats++] = text;
	larger[datfile->nr_cpu_stats] = NULL;
	return 0;
}

static int take_stats(struct rbmap_tracedat_reader *datfile,
		      const struct tracedat_in *option)
{
	char *text;
	int r = keep_text(datfile, option, &text);

	if (r < 0)
		return r;
	if (!rbmap_tracedat_anchor_is(text))
		return add_stats(datfile, text);
	r = rbmap_datfile_take_anchor(datfile, option, text);
	free(text);
	return r;
}

static int take_tsc(struct rbmap_tracedat_reader *datfile, struct tracedat_in *option)
{
	struct rbmap_tracedat_info *info = &datfile->info;
	uint32_t mult, shift;
	uint64_t offset;

	if (rbmap_in_u32(option, &mult) || rbmap_in_u32(option, &shift) ||
	    rbmap_in_u64(option, &offset))
		return rbmap_datfile_cut(datfile, option, "option TSC2NSEC");
	if (shift > 32)
		return rbmap_datfile_fault(datfile, option->offset,
					   "option TSC2NSEC: a shift of %u bits",
					   shift);
	info->tsc_mult = mult;
	info->tsc_shift = shift;
	info->tsc_offset = offset;
	return 0;
}

int rbmap_datfile_clock(struct rbmap_tracedat_reader *datfile,
			const struct tracedat_in *text, char **ret)
{
	const char *chosen;
	size_t length;
	char *clock;

	if (text->size > MOST_CLOCKS)
		return rbmap_datfile_fault(datfile, text->offset,
					   "the name of the clock is too long");
	clock = text_of(text);
	if (!clock)
		return -ENOMEM;
	chosen = rbmap_clock_chosen(clock, &length);
	if (chosen) {
		memmove(clock, chosen, length);
		clock[length] = '\0';
	}
	*ret = clock;
	return 0;
}

/* In version 6 the head has it as well, and what lies where is by that. */
static int take_cpu_count(struct rbmap_tracedat_reader *datfile,
			  struct tracedat_in *option)
{
	struct rbmap_tracedat_info *info = &datfile->info;
	uint32_t nr;

	if (rbmap_in_u32(option, &nr))
		return rbmap_datfile_cut(datfile, option, "option CPUCOUNT");
	if (datfile->has_nr_cpus && nr != info->nr_cpus)
		return pass_over(rbmap_datfile_fault(
			datfile, option->offset,
			"option CPUCOUNT: %u CPUs, but the file has %u", nr,
			info->nr_cpus));
	if (nr > TRACEDAT_MAX_CPUS)
		return pass_over(rbmap_datfile_fault(
			datfile, option->offset,
			"option CPUCOUNT: %u CPUs are too many", nr));
	info->nr_cpus = nr;
	return 0;
}

static int take_trace_id(struct rbmap_tracedat_reader *datfile,
			 struct tracedat_in *option)
{
	return rbmap_in_u64(option, &datfile->info.trace_id) ?
		       rbmap_datfile_cut(datfile, option, "option TRACEID") :
		       0;
}

int rbmap_datfile_option(struct rbmap_tracedat_reader *datfile, uint16_t id,
			 struct tracedat_in *option)
{
	switch (id) {
	case OPTION_DATE:
		datfile->dated = true;
		return take_offset(datfile, option, 1000);
	case OPTION_OFFSET:
		return take_offset(datfile, option, 1);
	case OPTION_CPUSTAT:
		return take_stats(datfile, option);
	case OPTION_TRACECLOCK:
		free(datfile->clock);
		datfile->clock = NULL;
		return rbmap_datfile_clock(datfile, option, &datfile->clock);
	case OPTION_UNAME:
		return take_text(datfile, &datfile->system, option);
	case OPTION_VERSION:
		return take_text(datfile, &datfile->writer, option);
	case OPTION_CPUCOUNT:
		return take_cpu_count(datfile, option);
	case OPTION_TRACEID:
		return take_trace_id(datfile, option);
	case OPTION_TSC2NSEC:
		return take_tsc(datfile, option);
	default:
		return 0;
	}
}
