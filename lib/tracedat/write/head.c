// SPDX-License-Identifier: LGPL-2.1-only
/* The fixed head of a trace.dat, version 6. Source: trace-cmd.dat.v6(5). */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/internal.h"
#include "tracedat/write/symbols.h"
#include "tracedat/write/writer.h"

#define OUT_ROOM (256 * 1024)

/* @base: where in the file the bytes not yet written belong. */
struct out {
	struct tracedat_file *file;
	uint64_t base;
	size_t used;
	unsigned char *bytes;
};

static uint64_t out_offset(const struct out *out)
{
	return out->base + out->used;
}

static int out_flush(struct out *out)
{
	int r = rbmap_tracedat_write(out->file, out->bytes, out->used, out->base);

	if (r == 0) {
		out->base += out->used;
		out->used = 0;
	}
	return r;
}

/* Nothing that is added in one piece is larger than OUT_ROOM. */
static int out_add(struct out *out, const void *bytes, size_t size)
{
	int r = out->used + size > OUT_ROOM ? out_flush(out) : 0;

	if (r < 0)
		return r;
	memcpy(out->bytes + out->used, bytes, size);
	out->used += size;
	return 0;
}

static int out_patch(struct out *out, uint64_t offset, const void *bytes, size_t size)
{
	if (offset < out->base)
		return rbmap_tracedat_write(out->file, bytes, size, offset);
	memcpy(out->bytes + (offset - out->base), bytes, size);
	return 0;
}

/* A number that is known only later. */
static int out_reserve(struct out *out, size_t size, uint64_t *ret_offset)
{
	static const unsigned char zeros[8];
	int r = out_add(out, zeros, size);

	if (r == 0)
		*ret_offset = out_offset(out) - size;
	return r;
}

static int out_number(struct out *out, uint64_t offset, size_t size, uint64_t number)
{
	uint32_t narrow = number;

	if (size == sizeof(narrow))
		return out_patch(out, offset, &narrow, size);
	return out_patch(out, offset, &number, size);
}

static int copy_text(struct out *out, int fd, uint64_t *ret_size)
{
	uint64_t size = 0;

	for (;;) {
		ssize_t got;
		int r = out->used == OUT_ROOM ? out_flush(out) : 0;

		if (r < 0)
			return r;
		got = read(fd, out->bytes + out->used, OUT_ROOM - out->used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		out->used += got;
		size += got;
		if (size > TRACEDAT_MAX_TEXT)
			return -EFBIG;
	}
	*ret_size = size;
	return 0;
}

/* Forgets what was added since; what is in the file already is written over. */
static void out_rewind(struct out *out, uint64_t offset)
{
	if (offset >= out->base) {
		out->used = offset - out->base;
	} else {
		out->base = offset;
		out->used = 0;
	}
}

/* A file with its size before it; nothing is added where it cannot be read. */
static int out_text(struct out *out, const char *path, size_t width)
{
	uint64_t offset = 0, size = 0;
	int fd, r;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	offset = out_offset(out);
	r = out_reserve(out, width, &offset);
	if (r == 0)
		r = copy_text(out, fd, &size);
	if (r == 0)
		r = out_number(out, offset, width, size);
	else
		out_rewind(out, offset);
	close(fd);
	return r;
}

/* Not every kernel and not every user has these. */
static int out_optional_text(struct out *out, const char *path)
{
	uint64_t offset;
	int r = out_text(out, path, 4);

	if (r == -ENOENT || r == -EACCES || r == -EPERM)
		r = out_reserve(out, 4, &offset);
	return r;
}

/* Straight from where they are: they would fill the buffer twenty times. */
static int out_symbols(struct out *out, const struct rbmap_tracedat_symbols *symbols)
{
	uint32_t size = symbols->size;
	int r = out_add(out, &size, sizeof(size));

	if (r == 0)
		r = out_flush(out);
	if (r == 0)
		r = rbmap_tracedat_write(out->file, symbols->text, size, out->base);
	if (r == 0)
		out->base += size;
	return r;
}

static int join(char *path, const char *dir, const char *name)
{
	int size = snprintf(path, PATH_MAX, "%s/%s", dir, name);

	return size < 0 || size >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int out_header(struct out *out, const struct tracedat_source *source,
		      const char *name)
{
	char path[PATH_MAX], file[64];
	int r;

	snprintf(file, sizeof(file), "events/%s", name);
	r = out_add(out, name, strlen(name) + 1);
	if (r == 0)
		r = join(path, source->instance_dir, file);
	if (r == 0)
		r = out_text(out, path, 8);
	if (r != -ENOENT)
		return r;
	r = join(path, source->top_dir, file);
	return r < 0 ? r : out_text(out, path, 8);
}

/*
 * Where sub-buffers can be resized, some kernels tell the top-level buffer's size in
 * every instance, and readers believe it: so the true one is stored.
 */
static int out_header_page(struct out *out, const struct rbmap_layout *layout)
{
	char text[512];
	uint64_t size, offset = 0;
	int r;

	size = snprintf(text, sizeof(text),
			"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
			"\tfield: local_t commit;\toffset:%u;\tsize:%u;\tsigned:1;\n"
			"\tfield: int overwrite;\toffset:%u;\tsize:1;\tsigned:1;\n"
			"\tfield: char data;\toffset:%u;\tsize:%u;\tsigned:0;\n",
			layout->commit_offset, layout->commit_size,
			layout->commit_offset, layout->data_offset,
			layout->subbuf_size - layout->data_offset);
	r = out_add(out, "header_page", sizeof("header_page"));
	if (r == 0)
		r = out_reserve(out, 8, &offset);
	if (r == 0)
		r = out_number(out, offset, 8, size);
	return r < 0 ? r : out_add(out, text, size);
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

static int out_format(struct out *out, const char *dir, const char *event)
{
	char path[PATH_MAX];
	int size = snprintf(path, sizeof(path), "%s/%s/format", dir, event);

	if (size < 0 || size >= PATH_MAX)
		return -ENAMETOOLONG;
	return out_text(out, path, 8);
}

/* All events of one system, their number before them. */
static int out_system(struct out *out, const char *dir)
{
	struct dirent **names;
	uint64_t offset = 0, count = 0;
	int nr, r;

	r = out_reserve(out, 4, &offset);
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
	return r < 0 ? r : out_number(out, offset, 4, count);
}

static bool is_directory(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int out_all_systems(struct out *out, const char *events_dir)
{
	struct dirent **names;
	uint64_t offset = 0, count = 0;
	char path[PATH_MAX];
	int nr, r;

	r = out_reserve(out, 4, &offset);
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
		r = out_add(out, name, strlen(name) + 1);
		if (r == 0)
			r = out_system(out, path);
		count++;
	}
	free_names(names, nr);
	return r < 0 ? r : out_number(out, offset, 4, count);
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
static int out_some_of_system(struct out *out, const char *events_dir,
			      const char **sorted, size_t nr, size_t *ret_nr)
{
	int length = strchr(sorted[0], ':') - sorted[0];
	char system[NAME_MAX + 1], path[PATH_MAX];
	uint64_t offset = 0, count = 0;
	size_t i;
	int r;

	snprintf(system, sizeof(system), "%.*s", length, sorted[0]);
	r = join(path, events_dir, system);
	if (r == 0)
		r = out_add(out, system, length + 1);
	if (r == 0)
		r = out_reserve(out, 4, &offset);
	for (i = 0; r == 0 && i < nr; i++) {
		if (strncmp(sorted[i], sorted[0], length + 1))
			break;
		if (i && !strcmp(sorted[i], sorted[i - 1]))
			continue;
		r = out_format(out, path, sorted[i] + length + 1);
		count++;
	}
	*ret_nr = i;
	return r < 0 ? r : out_number(out, offset, 4, count);
}

static int out_some_systems(struct out *out, const char *events_dir,
			    const char *const *events)
{
	uint64_t offset = 0, count = 0;
	const char **sorted;
	size_t nr, part;
	int r;

	r = sort_events(events, &sorted, &nr);
	if (r < 0)
		return r;
	r = out_reserve(out, 4, &offset);
	for (size_t i = 0; r == 0 && i < nr; i += part) {
		r = out_some_of_system(out, events_dir, sorted + i, nr - i, &part);
		count++;
	}
	free(sorted);
	return r < 0 ? r : out_number(out, offset, 4, count);
}

static int out_events(struct out *out, const struct tracedat_source *source,
		      const char *const *events)
{
	char path[PATH_MAX];
	int r;

	r = join(path, source->instance_dir, "events/ftrace");
	if (r == 0)
		r = out_system(out, path);
	if (r == 0)
		r = join(path, source->instance_dir, "events");
	if (r < 0)
		return r;
	return events ? out_some_systems(out, path, events) :
			out_all_systems(out, path);
}

static int out_begin(struct out *out, const struct rbmap_layout *layout)
{
	static const unsigned char magic[] = "\027\010\104tracing6";
	unsigned char machine[2] = { __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
				     sizeof(long) };
	uint32_t page_size = layout->subbuf_size;
	int r;

	r = out_add(out, magic, sizeof(magic));
	if (r == 0)
		r = out_add(out, machine, sizeof(machine));
	return r < 0 ? r : out_add(out, &page_size, sizeof(page_size));
}

int rbmap_tracedat_write_head(struct tracedat_file *file,
			      const struct tracedat_source *source,
			      const struct rbmap_layout *layout,
			      const char *const *events, uint64_t *ret_size)
{
	struct out out = { .file = file, .bytes = malloc(OUT_ROOM) };
	char path[PATH_MAX];
	int r;

	if (!out.bytes)
		return -ENOMEM;
	r = out_begin(&out, layout);
	if (r == 0)
		r = out_header_page(&out, layout);
	if (r == 0)
		r = out_header(&out, source, "header_event");
	if (r == 0)
		r = out_events(&out, source, events);
	if (r == 0)
		r = source->symbols ? out_symbols(&out, source->symbols) :
				      out_optional_text(&out, source->kallsyms);
	if (r == 0)
		r = join(path, source->top_dir, "printk_formats");
	if (r == 0)
		r = out_optional_text(&out, path);
	if (r == 0)
		r = out_flush(&out);
	if (r == 0)
		*ret_size = out.base;
	free(out.bytes);
	return r;
}
