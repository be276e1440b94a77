// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stat.h"

enum column {
	META_ENTRIES,
	META_OVERRUN,
	META_READ,
	META_UNREAD,
	READER_ID,
	READER_READ,
	READER_LOST,
	PAGES_LOST,
	PAGES_TOUCHED,
	LIVE_UNREAD,
	LIVE_OVERRUN,
	LIVE_READ,
	LIVE_DROPPED,
	LIVE_COMMIT_OVERRUN,
	LIVE_BYTES,
	ALL_FILL,
	ALL_AGE,
	ALL_REACH,
	ALL_LOST,
	COLUMNS
};

/* How a number is shown, and whether a sum over the CPUs means anything. */
enum kind {
	SUM,
	SUM_HIDE_ZERO,
	SINGLE,
	PERMILLE,
	TIME
};

struct heading {
	const char *name;
	const char *unit;
	enum kind kind;
};

static const struct heading headings[COLUMNS] = {
	[META_ENTRIES] = { "entries", "events", SUM },
	[META_OVERRUN] = { "overrun", "events", SUM },
	[META_READ] = { "read", "events", SUM },
	[META_UNREAD] = { "unread", "events", SUM },
	[READER_ID] = { "id", "", SINGLE },
	[READER_READ] = { "read", "bytes", SINGLE },
	[READER_LOST] = { "lost", "events", SUM_HIDE_ZERO },
	[PAGES_LOST] = { "lost", "pages", SUM_HIDE_ZERO },
	[PAGES_TOUCHED] = { "touched", "pages", SUM_HIDE_ZERO },
	[LIVE_UNREAD] = { "unread", "events", SUM },
	[LIVE_OVERRUN] = { "overrun", "events", SUM },
	[LIVE_READ] = { "read", "events", SUM },
	[LIVE_DROPPED] = { "dropped", "events", SUM },
	[LIVE_COMMIT_OVERRUN] = { "c.overrun", "events", SUM },
	[LIVE_BYTES] = { "unread", "bytes", SUM },
	[ALL_FILL] = { "fill", "%", PERMILLE },
	[ALL_AGE] = { "oldest", "s", TIME },
	[ALL_REACH] = { "reach", "s", TIME },
	[ALL_LOST] = { "lost", "events", SUM },
};

/* Columns that stay together on one line. */
static const struct group {
	const char *name;
	enum column first;
	enum column last;
} groups[] = {
	{ "META-PAGE", META_ENTRIES, META_UNREAD },
	{ "READER", READER_ID, READER_LOST },
	{ "PAGES", PAGES_LOST, PAGES_TOUCHED },
	{ "LIVE COUNTERS", LIVE_UNREAD, LIVE_BYTES },
	{ "DERIVED", ALL_FILL, ALL_LOST },
};

#define GROUPS (sizeof(groups) / sizeof(*groups))
#define CELL_SIZE 24

struct row {
	char label[CELL_SIZE];
	char cells[COLUMNS][CELL_SIZE];
};

/* The last row is the total, where there is more than one CPU. */
struct table {
	const struct stat_sample *sample;
	struct row *rows;
	size_t nr;
	int label_width;
	int widths[COLUMNS];
};

/* False where there is no such number. */
static bool meta_value(const struct rbmap_meta *meta, enum column column, uint64_t *ret)
{
	switch (column) {
	case META_ENTRIES:
		*ret = meta->entries;
		return true;
	case META_OVERRUN:
		*ret = meta->overrun;
		return true;
	case META_READ:
		*ret = meta->read;
		return true;
	case META_UNREAD:
		*ret = stat_meta_unread(meta);
		return true;
	case READER_ID:
		*ret = meta->reader_id;
		return true;
	case READER_READ:
		*ret = meta->reader_read;
		return true;
	case READER_LOST:
		*ret = meta->reader_lost_events;
		return true;
	case PAGES_LOST:
		*ret = meta->pages_lost;
		return true;
	case PAGES_TOUCHED:
		*ret = meta->pages_touched;
		return true;
	default:
		return false;
	}
}

static uint64_t live_value(const struct rbmap_counters *counters, enum column column)
{
	switch (column) {
	case LIVE_UNREAD:
		return counters->unread;
	case LIVE_OVERRUN:
		return counters->overrun;
	case LIVE_READ:
		return counters->read;
	case LIVE_DROPPED:
		return counters->dropped;
	case LIVE_COMMIT_OVERRUN:
		return counters->commit_overrun;
	case LIVE_BYTES:
		return counters->bytes;
	default:
		return stat_lost(counters);
	}
}

static bool fill_value(const struct stat_cpu *cpu, uint64_t *ret)
{
	uint64_t capacity = stat_capacity(cpu);

	if (!capacity)
		return false;
	*ret = 1000.0 * cpu->extent.bytes / capacity + 0.5;
	return true;
}

static bool value(const struct stat_cpu *cpu, enum column column, uint64_t *ret)
{
	if (column < LIVE_UNREAD)
		return !cpu->meta_error && meta_value(&cpu->meta, column, ret);
	if (column == ALL_FILL)
		return fill_value(cpu, ret);
	if (column == ALL_AGE)
		return stat_age(cpu, ret);
	if (column == ALL_REACH)
		return stat_reach(cpu, ret);
	*ret = live_value(&cpu->counters, column);
	return true;
}

static void format_cell(char *text, const struct stat_sample *sample, enum kind kind,
			uint64_t number)
{
	if (kind == PERMILLE)
		snprintf(text, CELL_SIZE, "%" PRIu64 ".%" PRIu64, number / 10,
			 number % 10);
	else if (kind == TIME && sample->clock_is_time)
		snprintf(text, CELL_SIZE, "%.3f", number / 1e9);
	else
		snprintf(text, CELL_SIZE, "%" PRIu64, number);
}

static void fill_column(struct table *table, enum column column)
{
	const struct stat_sample *sample = table->sample;
	enum kind kind = headings[column].kind;
	bool any = false;
	uint64_t sum = 0;

	for (size_t i = 0; i < table->nr; i++) {
		char *text = table->rows[i].cells[column];
		uint64_t number = sum;
		bool has = i < sample->nr ? value(&sample->cpus[i], column, &number) :
					    any && kind <= SUM_HIDE_ZERO;

		snprintf(text, CELL_SIZE, i < sample->nr ? "-" : "");
		if (!has)
			continue;
		format_cell(text, sample, kind, number);
		any = true;
		if (i < sample->nr)
			sum += number;
	}
	/* What is 0 on every CPU is said once, above the table. */
	if (kind == SUM_HIDE_ZERO && !sum)
		return;
	table->widths[column] = strlen(headings[column].name);
	for (size_t i = 0; i < table->nr; i++) {
		int width = strlen(table->rows[i].cells[column]);

		if (width > table->widths[column])
			table->widths[column] = width;
	}
}

static void fill_labels(struct table *table)
{
	for (size_t i = 0; i < table->nr; i++) {
		char *label = table->rows[i].label;
		int width;

		if (i < table->sample->nr)
			width = snprintf(label, CELL_SIZE, "%d%s",
					 table->sample->cpus[i].cpu,
					 table->sample->cpus[i].online ? "" : " off");
		else
			width = snprintf(label, CELL_SIZE, "all");
		if (width > table->label_width)
			table->label_width = width;
	}
}

/* 0 for a group that has nothing to show; else with the separator before it. */
static int group_width(const struct table *table, const struct group *group)
{
	int width = 0;

	for (int column = group->first; column <= (int)group->last; column++) {
		if (table->widths[column])
			width += table->widths[column] + 1;
	}
	if (width && width < (int)strlen(group->name) + 1)
		width = strlen(group->name) + 1;
	return width ? width + 2 : 0;
}

static const char *unit(const struct table *table, enum column column)
{
	if (headings[column].kind == TIME && !table->sample->clock_is_time)
		return "ticks";
	return headings[column].unit;
}

static void print_group_names(const struct table *table, size_t from, size_t to)
{
	printf("%*s", table->label_width, "");
	for (size_t i = from; i < to; i++) {
		int width = group_width(table, &groups[i]);

		if (width)
			printf(" | %-*s", i + 1 < to ? width - 3 : 0, groups[i].name);
	}
	putchar('\n');
}

/* @row NULL prints the names of the columns, or their units. */
static void print_row(const struct table *table, size_t from, size_t to,
		      const char *label, const struct row *row, bool units)
{
	printf("%*s", table->label_width, label);
	for (size_t i = from; i < to; i++) {
		int width = group_width(table, &groups[i]);

		if (!width)
			continue;
		width -= 2;
		printf(" |");
		for (int c = groups[i].first; c <= (int)groups[i].last; c++) {
			const char *text = row ? row->cells[c] : headings[c].name;

			if (!table->widths[c])
				continue;
			if (!row && units)
				text = unit(table, c);
			printf(" %*s", table->widths[c], text);
			width -= table->widths[c] + 1;
		}
		if (i + 1 < to)
			printf("%*s", width, "");
	}
	putchar('\n');
}

static void print_panel(const struct table *table, size_t from, size_t to)
{
	putchar('\n');
	print_group_names(table, from, to);
	print_row(table, from, to, "CPU", NULL, false);
	print_row(table, from, to, "", NULL, true);
	for (size_t i = 0; i < table->nr; i++)
		print_row(table, from, to, table->rows[i].label, &table->rows[i],
			  false);
}

/* As many groups side by side as fit; a row of each CPU for the rest below. */
static void print_panels(const struct table *table, int width)
{
	size_t from = 0;

	while (from < GROUPS) {
		int used = table->label_width + group_width(table, &groups[from]);
		size_t to = from + 1;

		while (to < GROUPS && used + group_width(table, &groups[to]) <= width)
			used += group_width(table, &groups[to++]);
		print_panel(table, from, to);
		from = to;
	}
}

bool stat_print_table(const struct stat_sample *sample, int width)
{
	struct table table = {
		.sample = sample,
		.nr = sample->nr + (sample->nr > 1),
		.label_width = strlen("CPU"),
	};

	table.rows = calloc(table.nr, sizeof(*table.rows));
	if (!table.rows)
		return false;
	fill_labels(&table);
	for (int column = 0; column < COLUMNS; column++)
		fill_column(&table, column);
	print_panels(&table, width);
	free(table.rows);
	return true;
}
