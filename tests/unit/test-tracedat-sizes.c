/* SPDX-License-Identifier: GPL-2.0-only */
/* What the trace.dat writer accepts, the reader reads. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <check.h>

#include "base/internal.h"
#include "dat-file.h"
#include "dat-read.h"
#include "run.h"
#include "tracedat/write/writer.h"

#define LARGEST (UINT32_C(1) << 28)
#define RECORDS 400

static struct dat_found found;
static char tree[TREE_PATH];

static int try_size(unsigned int version, uint32_t size, const char *path, int fd)
{
	static const int cpu = 0;
	struct rbmap_layout layout = { size, 16, 8, 8, false };
	struct rbmap_tracedat_options options = {
		.size = sizeof(options),
		.layout = &layout,
		.cpus = &cpu,
		.nr_cpus = 1,
		.version = version,
	};
	struct tracedat_source source = { .instance_dir = strdup(tree),
					  .top_dir = strdup(tree),
					  .kallsyms = strdup("/nowhere") };
	struct rbmap_tracedat_writer *writer;
	struct rbmap_span span;
	unsigned char *subbuf;
	int r;

	r = rbmap_tracedat_open(&writer, fd, &options, &source);
	if (r < 0)
		return r;
	subbuf = calloc(1, size);
	ck_assert_ptr_nonnull(subbuf);
	dat_fill(&layout, subbuf, RECORDS, 1000);
	span = dat_span(&layout, subbuf, cpu, 1, RECORDS);
	ck_assert_int_eq(rbmap_tracedat_writer_put(writer, &span, 1), 1);
	ck_assert_int_eq(rbmap_tracedat_writer_finish(writer), 0);
	rbmap_tracedat_writer_close(writer);
	free(subbuf);
	dat_read_cpu(path, &layout, cpu, &found);
	dat_check_numbers(&found, 0, 1000, RECORDS / 8);
	return 0;
}

START_TEST(each_size_of_a_subbuf)
{
	char path[] = "/tmp/rbmap-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC), r = 0;
	uint32_t size = 4096;

	ck_assert_int_ge(fd, 0);
	dat_make_tree(tree);
	while (r == 0 && size < LARGEST) {
		r = try_size(_i, size, path, fd);
		size *= 2;
	}
	ck_assert_int_eq(r, -EINVAL);
	/* What the kernel allows. */
	ck_assert_uint_gt(size / 2, UINT32_C(1) << 20);
	close(fd);
	unlink(path);
	dat_remove_tree(tree);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("tracedat-sizes");
	Suite *suite = suite_create("tracedat-sizes");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tests, each_size_of_a_subbuf, 6, 8);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
