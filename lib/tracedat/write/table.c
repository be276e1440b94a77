// SPDX-License-Identifier: LGPL-2.1-only
/*
 * The table of a trace.dat: where the data of each CPU are, and how many. What it says
 * is in the file before it: first the data, then the table, then the count of chunks,
 * without which readers do not look at them.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/internal.h"
#include "tracedat/write/chunks.h"
#include "tracedat/write/writer.h"

/* What lies in one page is written in one piece, also when the writer is killed. */
#define ATOMIC_SIZE 4096
#define FIELD_SIZE 16
#define COUNT_SIZE 4

int rbmap_table_init(struct rbmap_tracedat_writer *writer)
{
	struct tracedat_table *table = &writer->table;
	bool for_all = writer->version == 6;

	/* Version 6 counts from 0, version 7 has the number of the CPU in each. */
	table->field = for_all ? 0 : sizeof(uint32_t);
	table->stride = table->field + FIELD_SIZE;
	table->nr = for_all ? writer->nr_cpus : writer->nr_regions;
	table->bytes = calloc(table->nr, table->stride);
	for (size_t i = 0; i < writer->nr_regions; i++)
		writer->regions[i].entry = for_all ? (size_t)writer->regions[i].cpu : i;
	return table->bytes ? 0 : -ENOMEM;
}

static void fill_field(const struct rbmap_tracedat_writer *writer,
		       const struct tracedat_region *region, uint64_t size,
		       unsigned char field[FIELD_SIZE])
{
	/* Readers check where even an empty one lies. */
	uint64_t numbers[2] = { writer->data, 0 };

	if (size) {
		numbers[0] = region->start;
		numbers[1] = size;
		/* The count of chunks is not part of what is counted. */
		if (writer->compressed)
			numbers[1] -= COUNT_SIZE;
	}
	memcpy(field, numbers, FIELD_SIZE);
}

void rbmap_table_fill(const struct rbmap_tracedat_writer *writer, unsigned char *bytes)
{
	const struct tracedat_table *table = &writer->table;

	for (size_t i = 0; i < table->nr; i++) {
		const struct tracedat_region *region =
			table->field ? &writer->regions[i] : writer->by_cpu[i];

		if (table->field) {
			uint32_t cpu = region->cpu;

			memcpy(bytes + i * table->stride, &cpu, sizeof(cpu));
		}
		fill_field(writer, region, region ? region->size : 0,
			   bytes + i * table->stride + table->field);
	}
}

int rbmap_table_write(struct rbmap_tracedat_writer *writer)
{
	struct tracedat_table *table = &writer->table;
	size_t size = table->nr * table->stride;
	unsigned char *bytes = malloc(size);
	int r = 0;

	if (!bytes)
		return -ENOMEM;
	rbmap_table_fill(writer, bytes);
	if (memcmp(bytes, table->bytes, size))
		r = rbmap_tracedat_write(&writer->file, bytes, size, table->offset);
	if (r == 0)
		memcpy(table->bytes, bytes, size);
	free(bytes);
	return r;
}

static int write_field(struct rbmap_tracedat_writer *writer,
		       const struct tracedat_region *region)
{
	struct tracedat_table *table = &writer->table;
	size_t at = region->entry * table->stride + table->field;
	unsigned char field[FIELD_SIZE];
	uint64_t at_disk;
	int r;

	fill_field(writer, region, region->size, field);
	if (!memcmp(field, table->bytes + at, FIELD_SIZE))
		return 0;
	at_disk = table->offset + at;
	/* Of chunks, the count says it. */
	if (writer->compressed)
		r = rbmap_tracedat_write(&writer->file, field, FIELD_SIZE, at_disk);
	else
		r = rbmap_tracedat_write_table(&writer->file,
					       tracedat_region_index(writer, region),
					       field, FIELD_SIZE, at_disk);
	if (r == 0)
		memcpy(table->bytes + at, field, FIELD_SIZE);
	return r;
}

void rbmap_table_set(struct rbmap_tracedat_writer *writer,
		     const struct tracedat_region *region, uint64_t size)
{
	struct tracedat_table *table = &writer->table;

	fill_field(writer, region, size,
		   table->bytes + region->entry * table->stride + table->field);
}

/* It is aligned, as the region is. */
static int write_count(struct rbmap_tracedat_writer *writer,
		       struct tracedat_region *region)
{
	uint32_t chunks = region->chunks;
	int r;

	if (chunks == region->told_chunks)
		return 0;
	r = rbmap_tracedat_write_table(&writer->file,
				       tracedat_region_index(writer, region), &chunks,
				       sizeof(chunks), region->start);
	if (r == 0)
		region->told_chunks = chunks;
	return r;
}

int rbmap_table_write_region(struct rbmap_tracedat_writer *writer,
			     struct tracedat_region *region)
{
	int r = writer->compressed ? rbmap_chunks_write(writer, region) : 0, failed;

	/* Of what could be written the file is told also where the rest could not. */
	failed = write_field(writer, region);
	if (failed == 0)
		failed = write_count(writer, region);
	return r < 0 ? r : failed;
}

static unsigned int count_split(const struct tracedat_table *table, uint64_t offset)
{
	unsigned int nr = 0;

	for (size_t i = 0; i < table->nr; i++) {
		uint64_t at = (offset + i * table->stride + table->field) % ATOMIC_SIZE;

		nr += at + FIELD_SIZE > ATOMIC_SIZE;
	}
	return nr;
}

/* A table of more than three pages has some that cannot be helped. */
uint64_t rbmap_table_padding(const struct rbmap_tracedat_writer *writer,
			     uint64_t offset)
{
	const struct tracedat_table *table = &writer->table;
	unsigned int fewest = count_split(table, offset);
	uint64_t best = 0;

	for (uint64_t i = 1; fewest && i < table->stride; i++) {
		unsigned int nr = count_split(table, offset + i);

		if (nr < fewest) {
			fewest = nr;
			best = i;
		}
	}
	return best;
}
