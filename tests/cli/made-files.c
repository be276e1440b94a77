// SPDX-License-Identifier: GPL-2.0-only
/* Writes hand-made trace.dat files into the directory that is its argument. */
#include <stdio.h>

#include "dat-make.h"

static const struct {
	const char *name;
	struct made_kind kind;
} files[] = {
	{ "6-little-64", { 6, false, 8, NULL } },
	{ "6-little-32", { 6, false, 4, NULL } },
	{ "6-big-64", { 6, true, 8, NULL } },
	{ "6-big-32", { 6, true, 4, NULL } },
	{ "7-little-64", { 7, false, 8, NULL } },
	{ "7-little-64-zlib", { 7, false, 8, "zlib" } },
	{ "7-little-64-zstd", { 7, false, 8, "zstd" } },
	{ "7-big-32-zlib", { 7, true, 4, "zlib" } },
	{ "7-big-32-zstd", { 7, true, 4, "zstd" } },
};

static int write_file(const char *dir, const char *name, const struct made_kind *kind)
{
	struct made made;
	char path[4096];
	size_t written;
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s.dat", dir, name);
	out = fopen(path, "we");
	if (!out)
		return -1;
	made_build(&made, kind);
	written = fwrite(made.bytes, 1, made.size, out);
	made_free(&made);
	return fclose(out) || written != made.size ? -1 : 0;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: made-files DIRECTORY\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (write_file(argv[1], files[i].name, &files[i].kind)) {
			perror(files[i].name);
			return 1;
		}
	}
	return 0;
}
