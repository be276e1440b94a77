// SPDX-License-Identifier: LGPL-2.1-only
/*
 * The fixed head of a trace.dat. Source: trace-cmd.dat.v6(5), trace-cmd.dat.v7(5): both
 * versions have the same texts, the later one each in a section of its own.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <zstd.h>

#include "base/internal.h"
#include "tracedat/write/out.h"
#include "tracedat/write/section.h"
#include "tracedat/write/symbols.h"
#include "tracedat/write/writer.h"

/* Not every kernel and not every user has these. */
static int out_optional_file(struct tracedat_out *out, const char *path)
{
	size_t offset;
	int r = rbmap_out_file(out, path, 4);

	if (r == -ENOENT || r == -EACCES || r == -EPERM)
		r = rbmap_out_reserve(out, 4, &offset);
	return r;
}

static int join(char *path, const char *dir, const char *name)
{
	int size = snprintf(path, PATH_MAX, "%s/%s", dir, name);

	return size < 0 || size >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int out_header(struct tracedat_out *out, const struct tracedat_source *source,
		      const char *name)
{
	char path[PATH_MAX], file[64];
	int r;

	snprintf(file, sizeof(file), "events/%s", name);
	r = rbmap_out_add(out, name, strlen(name) + 1);
	if (r == 0)
		r = join(path, source->instance_dir, file);
	if (r == 0)
		r = rbmap_out_file(out, path, 8);
	if (r != -ENOENT)
		return r;
	r = join(path, source->top_dir, file);
	return r < 0 ? r : rbmap_out_file(out, path, 8);
}

/*
 * Where sub-buffers can be resized, some kernels tell the top-level buffer's size in
 * every instance, and readers believe it: so the true one is stored.
 */
static int out_header_page(struct tracedat_out *out, const struct rbmap_layout *layout)
{
	char text[512];
	size_t size, offset = 0;
	int r;

	size = snprintf(text, sizeof(text),
			"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
			"\tfield: local_t commit;\toffset:%u;\tsize:%u;\tsigned:1;\n"
			"\tfield: int overwrite;\toffset:%u;\tsize:1;\tsigned:1;\n"
			"\tfield: char data;\toffset:%u;\tsize:%u;\tsigned:0;\n",
			layout->commit_offset, layout->commit_size,
			layout->commit_offset, layout->data_offset,
			layout->subbuf_size - layout->data_offset);
	r = rbmap_out_add(out, "header_page", sizeof("header_page"));
	if (r == 0)
		r = rbmap_out_reserve(out, 8, &offset);
	if (r < 0)
		return r;
	rbmap_out_number(out, offset, 8, size);
	return rbmap_out_add(out, text, size);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void free_names(struct dirent **names, int nr)
{
	while (nr > 0)
		free(names[--nr]);
	free(names);
}

static int out_format(struct tracedat_out *out, const char *dir, const char *event)
{
	char path[PATH_MAX];
	int size = snprintf(path, sizeof(path), "%s/%s/format", dir, event);

	if (size < 0 || size >= PATH_MAX)
		return -ENAMETOOLONG;
	return rbmap_out_file(out, path, 8);
}

/* All events of one system, their number before them. */
static int out_system(struct tracedat_out *out, const char *dir)
{
	struct dirent **names;
	size_t offset = 0;
	uint64_t count = 0;
	int nr, r;

	r = rbmap_out_reserve(out, 4, &offset);
	if (r < 0)
		return r;
	nr = scandir(dir, &names, not_hidden, alphasort);
	/* A system that has just gone away has no events. */
	if (nr < 0)
		return errno == ENOENT ? 0 : -errno;
	for (int i = 0; i < nr && r == 0; i++) {
		r = out_format(out, dir, names[i]->d_name);
		if (r == 0)
			count++;
		/* A plain file such as enable, or an event that just went away. */
		else if (r == -ENOENT || r == -ENOTDIR || r == -ENODEV)
			r = 0;
	}
	free_names(names, nr);
	if (r == 0)
		rbmap_out_number(out, offset, 4, count);
	return r;
}

static bool is_directory(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int out_all_systems(struct tracedat_out *out, const char *events_dir)
{
	struct dirent **names;
	size_t offset = 0;
	uint64_t count = 0;
	char path[PATH_MAX];
	int nr, r;

	r = rbmap_out_reserve(out, 4, &offset);
	if (r < 0)
		return r;
	nr = scandir(events_dir, &names, not_hidden, alphasort);
	if (nr < 0)
		return -errno;
	for (int i = 0; i < nr && r == 0; i++) {
		const char *name = names[i]->d_name;

		if (!strcmp(name, "ftrace"))
			continue;
		r = join(path, events_dir, name);
		if (r < 0 || !is_directory(path))
			continue;
		r = rbmap_out_add(out, name, strlen(name) + 1);
		if (r == 0)
			r = out_system(out, path);
		count++;
	}
	free_names(names, nr);
	if (r == 0)
		rbmap_out_number(out, offset, 4, count);
	return r;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool valid_event(const char *event)
{
	const char *colon = strchr(event, ':');

	return colon && colon != event && colon[1] && strlen(event) < NAME_MAX &&
	       event[0] != '.' && colon[1] != '.' && !strchr(event, '/') &&
	       !strchr(colon + 1, ':');
}

/* Sorted, so that those of one system follow each other. */
static int sort_events(const char *const *events, const char ***ret, size_t *ret_nr)
{
	size_t nr = 0, used = 0;
	const char **sorted;

	while (events[nr])
		nr++;
	sorted = calloc(nr + 1, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		if (!valid_event(events[i])) {
			free(sorted);
			return -EINVAL;
		}
		if (strncmp(events[i], "ftrace:", 7))
			sorted[used++] = events[i];
	}
	qsort(sorted, used, sizeof(*sorted), compare_names);
	*ret = sorted;
	*ret_nr = used;
	return 0;
}

/* Those of @sorted that are of the first one's system; @ret_nr: how many that is. */
static int out_some_of_system(struct tracedat_out *out, const char *events_dir,
			      const char **sorted, size_t nr, size_t *ret_nr)
{
	int length = strchr(sorted[0], ':') - sorted[0];
	char system[NAME_MAX + 1], path[PATH_MAX];
	size_t offset = 0;
	uint64_t count = 0;
	size_t i;
	int r;

	snprintf(system, sizeof(system), "%.*s", length, sorted[0]);
	r = join(path, events_dir, system);
	if (r == 0)
		r = rbmap_out_add(out, system, length + 1);
	if (r == 0)
		r = rbmap_out_reserve(out, 4, &offset);
	for (i = 0; r == 0 && i < nr; i++) {
		if (strncmp(sorted[i], sorted[0], length + 1))
			break;
		if (i && !strcmp(sorted[i], sorted[i - 1]))
			continue;
		r = out_format(out, path, sorted[i] + length + 1);
		count++;
	}
	*ret_nr = i;
	if (r == 0)
		rbmap_out_number(out, offset, 4, count);
	return r;
}

static int out_some_systems(struct tracedat_out *out, const char *events_dir,
			    const char *const *events)
{
	size_t offset = 0;
	uint64_t count = 0;
	const char **sorted;
	size_t nr, part;
	int r;

	r = sort_events(events, &sorted, &nr);
	if (r < 0)
		return r;
	r = rbmap_out_reserve(out, 4, &offset);
	for (size_t i = 0; r == 0 && i < nr; i += part) {
		r = out_some_of_system(out, events_dir, sorted + i, nr - i, &part);
		count++;
	}
	free(sorted);
	if (r == 0)
		rbmap_out_number(out, offset, 4, count);
	return r;
}

/* What the texts are made from. */
struct texts {
	const struct tracedat_source *source;
	const struct rbmap_layout *layout;
	const char *const *events;
};

static int out_headers(struct tracedat_out *out, const struct texts *texts)
{
	int r = out_header_page(out, texts->layout);

	return r < 0 ? r : out_header(out, texts->source, "header_event");
}

static int out_ftrace(struct tracedat_out *out, const struct texts *texts)
{
	char path[PATH_MAX];
	int r = join(path, texts->source->instance_dir, "events/ftrace");

	return r < 0 ? r : out_system(out, path);
}

static int out_events(struct tracedat_out *out, const struct texts *texts)
{
	char path[PATH_MAX];
	int r = join(path, texts->source->instance_dir, "events");

	if (r < 0)
		return r;
	return texts->events ? out_some_systems(out, path, texts->events) :
			       out_all_systems(out, path);
}

/* Those that were read ahead, or what is to be read now. */
static int out_kallsyms(struct tracedat_out *out, const struct texts *texts)
{
	const struct rbmap_tracedat_symbols *symbols = texts->source->symbols;

	if (symbols)
		return rbmap_out_add(out, symbols->bytes, symbols->size);
	return out_optional_file(out, texts->source->kallsyms);
}

static int out_printk(struct tracedat_out *out, const struct texts *texts)
{
	char path[PATH_MAX];
	int r = join(path, texts->source->top_dir, "printk_formats");

	return r < 0 ? r : out_optional_file(out, path);
}

/* In the order of version 6. */
static int (*const parts[TRACEDAT_TEXTS])(struct tracedat_out *out,
					  const struct texts *texts) = {
	out_headers, out_ftrace, out_events, out_kallsyms, out_printk,
};

/* @ret_first: where the first section of options is told; version 7 only */
static int out_begin(struct tracedat_out *out,
		     const struct rbmap_tracedat_writer *writer, size_t *ret_first)
{
	static const unsigned char magic[] = "\027\010\104tracing";
	unsigned char machine[2] = { __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
				     sizeof(long) };
	uint32_t page_size = writer->layout.subbuf_size;
	const char *version = writer->version == 6 ? "6" : "7";
	const char *name = writer->compressed ? "zstd" : "none";
	const char *its_version = writer->compressed ? ZSTD_versionString() : "";
	int r;

	r = rbmap_out_add(out, magic, sizeof(magic) - 1);
	if (r == 0)
		r = rbmap_out_add(out, version, 2);
	if (r == 0)
		r = rbmap_out_add(out, machine, sizeof(machine));
	if (r == 0)
		r = rbmap_out_add(out, &page_size, sizeof(page_size));
	if (r < 0 || writer->version == 6)
		return r;
	r = rbmap_out_add(out, name, strlen(name) + 1);
	if (r == 0)
		r = rbmap_out_add(out, its_version, strlen(its_version) + 1);
	return r < 0 ? r : rbmap_out_reserve(out, sizeof(uint64_t), ret_first);
}

static int write_out(struct rbmap_tracedat_writer *writer, struct tracedat_out *out)
{
	int r = rbmap_tracedat_write(&writer->file, out->bytes, out->used,
				     writer->tail);

	writer->tail += out->used;
	out->used = 0;
	return r;
}

static int write_section(struct rbmap_tracedat_writer *writer, struct tracedat_out *out,
			 const struct texts *texts, int i)
{
	const struct rbmap_tracedat_symbols *symbols = texts->source->symbols;
	uint16_t id = TRACEDAT_HEADER_INFO + i;
	int r;

	if (id == TRACEDAT_KALLSYMS && symbols && symbols->frame &&
	    writer->compressed) {
		struct iovec frame = { .iov_base = symbols->frame,
				       .iov_len = symbols->frame_size };

		return rbmap_section_write_frame(writer, id, &frame, symbols->size,
						 &writer->tail);
	}
	out->used = 0;
	r = parts[i](out, texts);
	if (r < 0)
		return r;
	return rbmap_section_write(writer, id, out->bytes, out->used, &writer->tail);
}

static int write_sections(struct rbmap_tracedat_writer *writer,
			  struct tracedat_out *out, const struct texts *texts)
{
	int r = write_out(writer, out);

	for (int i = 0; r == 0 && i < TRACEDAT_TEXTS; i++) {
		writer->texts[i] = writer->tail;
		r = write_section(writer, out, texts, i);
	}
	return r < 0 ? r : rbmap_section_write_strings(writer, &writer->tail);
}

int rbmap_tracedat_write_head(struct rbmap_tracedat_writer *writer,
			      const char *const *events)
{
	const struct texts texts = { &writer->source, &writer->layout, events };
	struct tracedat_out out = { 0 };
	int r = out_begin(&out, writer, &writer->first_options);

	if (r == 0 && writer->version == 7)
		r = write_sections(writer, &out, &texts);
	for (int i = 0; r == 0 && writer->version == 6 && i < TRACEDAT_TEXTS; i++)
		r = parts[i](&out, &texts);
	if (r == 0 && writer->version == 6)
		r = write_out(writer, &out);
	rbmap_out_free(&out);
	return r;
}
