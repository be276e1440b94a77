// SPDX-License-Identifier: GPL-2.0-only
#include <json-c/json.h>
#include <stdio.h>
#include <time.h>

#include <rbmap/error.h>

#include "stat.h"

static void add(struct json_object *object, const char *name, uint64_t number)
{
	json_object_object_add(object, name, json_object_new_uint64(number));
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
	json_object_object_add(object, name,
			       text ? json_object_new_string(text) : NULL);
}

/* The names of the kernel's struct trace_buffer_meta. */
static struct json_object *meta_object(const struct rbmap_meta *meta)
{
	struct json_object *object = json_object_new_object();
	struct json_object *reader = json_object_new_object();

	add(object, "meta_page_size", meta->meta_page_size);
	add(object, "meta_struct_len", meta->meta_struct_len);
	add(object, "subbuf_size", meta->subbuf_size);
	add(object, "nr_subbufs", meta->nr_subbufs);
	add(reader, "lost_events", meta->reader_lost_events);
	add(reader, "id", meta->reader_id);
	add(reader, "read", meta->reader_read);
	json_object_object_add(object, "reader", reader);
	add(object, "flags", meta->flags);
	add(object, "entries", meta->entries);
	add(object, "overrun", meta->overrun);
	add(object, "read", meta->read);
	add(object, "pages_lost", meta->pages_lost);
	add(object, "pages_touched", meta->pages_touched);
	return object;
}

static struct json_object *counters_object(const struct rbmap_counters *counters)
{
	struct json_object *object = json_object_new_object();

	add(object, "unread", counters->unread);
	add(object, "overrun", counters->overrun);
	add(object, "commit_overrun", counters->commit_overrun);
	add(object, "bytes", counters->bytes);
	add(object, "dropped", counters->dropped);
	add(object, "read", counters->read);
	return object;
}

static void add_times(struct json_object *object, const struct stat_look *look,
		      const struct rbmap_counters *counters)
{
	add(object, "oldest", counters->oldest_ns);
	add(object, "now", counters->now_ns);
	add_text(object, "time_unit", look->clock_is_time ? "ns" : "ticks");
}

static struct json_object *cpu_object(const struct stat_look *look,
				      const struct stat_cpu *cpu)
{
	struct json_object *object = json_object_new_object();
	struct json_object *counters = counters_object(&cpu->counters);

	add(object, "cpu", cpu->cpu);
	json_object_object_add(object, "online", json_object_new_boolean(cpu->online));
	json_object_object_add(object, "meta",
			       cpu->meta_error ? NULL : meta_object(&cpu->meta));
	add_text(object, "meta_error",
		 cpu->meta_error ? rbmap_strerror(cpu->meta_error) : NULL);
	add_times(counters, look, &cpu->counters);
	json_object_object_add(object, "counters", counters);
	add(object, "unread", cpu->counters.unread);
	add(object, "lost", stat_lost(&cpu->counters));
	add(object, "capacity_bytes", stat_capacity(cpu));
	add(object, "reach", stat_reach(&cpu->counters));
	return object;
}

static struct json_object *total_object(const struct stat_look *look)
{
	struct rbmap_counters sum = { .unread = 0 };
	struct json_object *object;

	for (size_t i = 0; i < look->nr; i++) {
		const struct rbmap_counters *counters = &look->cpus[i].counters;

		sum.unread += counters->unread;
		sum.overrun += counters->overrun;
		sum.commit_overrun += counters->commit_overrun;
		sum.bytes += counters->bytes;
		sum.dropped += counters->dropped;
		sum.read += counters->read;
	}
	object = counters_object(&sum);
	add(object, "lost", stat_lost(&sum));
	return object;
}

int stat_print_json(const struct stat_look *look)
{
	struct json_object *document = json_object_new_object();
	struct json_object *cpus = json_object_new_array();
	const char *text;

	add(document, "time", time(NULL));
	add_text(document, "instance", look->name);
	add_text(document, "path", look->path);
	add_text(document, "clock", look->clock);
	for (size_t i = 0; i < look->nr; i++)
		json_object_array_add(cpus, cpu_object(look, &look->cpus[i]));
	json_object_object_add(document, "cpus", cpus);
	json_object_object_add(document, "total", total_object(look));
	text = json_object_to_json_string_ext(document,
					      JSON_C_TO_STRING_PLAIN |
						      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		puts(text);
	json_object_put(document);
	return text ? COMMON_OK : common_fail("JSON: not enough memory");
}
