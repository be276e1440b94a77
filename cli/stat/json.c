// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <time.h>

#include <rbmap/error.h>

#include "common-json.h"
#include "stat.h"

/* The names of the kernel's struct trace_buffer_meta. */
static struct json_object *meta_object(const struct rbmap_meta *meta)
{
	struct json_object *object = common_json_object();
	struct json_object *reader = common_json_object();

	common_json_number(object, "meta_page_size", meta->meta_page_size);
	common_json_number(object, "meta_struct_len", meta->meta_struct_len);
	common_json_number(object, "subbuf_size", meta->subbuf_size);
	common_json_number(object, "nr_subbufs", meta->nr_subbufs);
	common_json_number(reader, "lost_events", meta->reader_lost_events);
	common_json_number(reader, "id", meta->reader_id);
	common_json_number(reader, "read", meta->reader_read);
	common_json_add(object, "reader", reader);
	common_json_number(object, "flags", meta->flags);
	common_json_number(object, "entries", meta->entries);
	common_json_number(object, "overrun", meta->overrun);
	common_json_number(object, "read", meta->read);
	common_json_number(object, "pages_lost", meta->pages_lost);
	common_json_number(object, "pages_touched", meta->pages_touched);
	return object;
}

static struct json_object *counters_object(const struct rbmap_counters *counters)
{
	struct json_object *object = common_json_object();

	common_json_number(object, "unread", counters->unread);
	common_json_number(object, "overrun", counters->overrun);
	common_json_number(object, "commit_overrun", counters->commit_overrun);
	common_json_number(object, "bytes", counters->bytes);
	common_json_number(object, "dropped", counters->dropped);
	common_json_number(object, "read", counters->read);
	return object;
}

static void add_times(struct json_object *object, const struct stat_sample *sample,
		      const struct rbmap_counters *counters)
{
	common_json_number(object, "oldest", counters->oldest_ns);
	common_json_number(object, "now", counters->now_ns);
	common_json_text(object, "time_unit", sample->clock_is_time ? "ns" : "ticks");
}

static struct json_object *extent_object(const struct stat_cpu *cpu)
{
	const struct rbmap_extent *extent = &cpu->extent;
	struct json_object *object = common_json_object();
	bool any = extent->bytes > 0;

	common_json_text(object, "source", cpu->extent_error ? "counters" : "mapping");
	common_json_number(object, "bytes", extent->bytes);
	common_json_number_if(object, "oldest", any, extent->oldest);
	common_json_number_if(object, "newest", any && !cpu->extent_error,
			      extent->newest);
	return object;
}

static struct json_object *cpu_object(const struct stat_sample *sample,
				      const struct stat_cpu *cpu)
{
	struct json_object *object = common_json_object();
	struct json_object *counters = counters_object(&cpu->counters);
	uint64_t time = 0;
	bool known;

	common_json_number(object, "cpu", cpu->cpu);
	common_json_bool(object, "online", cpu->online);
	if (cpu->meta_error)
		common_json_null(object, "meta");
	else
		common_json_add(object, "meta", meta_object(&cpu->meta));
	common_json_text(object, "meta_error",
			 cpu->meta_error ? rbmap_strerror(cpu->meta_error) : NULL);
	add_times(counters, sample, &cpu->counters);
	common_json_add(object, "counters", counters);
	common_json_number(object, "unread", cpu->counters.unread);
	common_json_number(object, "lost", stat_lost(&cpu->counters));
	common_json_add(object, "extent", extent_object(cpu));
	common_json_text(object, "extent_error",
			 cpu->extent_error ? rbmap_strerror(cpu->extent_error) : NULL);
	common_json_number_if(object, "capacity_bytes", !cpu->meta_error,
			      stat_capacity(cpu));
	known = stat_age(cpu, &time);
	common_json_number_if(object, "age", known, time);
	known = stat_reach(cpu, &time);
	common_json_number_if(object, "reach", known, time);
	return object;
}

static struct json_object *total_object(const struct stat_sample *sample)
{
	struct rbmap_counters sum = { .unread = 0 };
	struct json_object *object;

	for (size_t i = 0; i < sample->nr; i++) {
		const struct rbmap_counters *counters = &sample->cpus[i].counters;

		sum.unread += counters->unread;
		sum.overrun += counters->overrun;
		sum.commit_overrun += counters->commit_overrun;
		sum.bytes += counters->bytes;
		sum.dropped += counters->dropped;
		sum.read += counters->read;
	}
	object = counters_object(&sum);
	common_json_number(object, "lost", stat_lost(&sum));
	return object;
}

int stat_print_json(const struct stat_sample *sample)
{
	struct json_object *document = common_json_object();
	struct json_object *cpus = common_json_array();

	common_json_number(document, "time", time(NULL));
	common_json_text(document, "instance", sample->name);
	common_json_text(document, "path", sample->path);
	common_json_text(document, "clock", sample->clock);
	for (size_t i = 0; i < sample->nr; i++)
		common_json_append(cpus, cpu_object(sample, &sample->cpus[i]));
	common_json_add(document, "cpus", cpus);
	common_json_add(document, "total", total_object(sample));
	return common_json_print(document);
}
