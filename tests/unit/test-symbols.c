// SPDX-License-Identifier: GPL-2.0-only
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traceevent/event-parse.h>

#include "names/symbols.h"
#include "random.h"
#include "run.h"

static struct rbmap_symbols *parse(const char *text)
{
	struct rbmap_symbols *symbols;
	bool cut;

	ck_assert_int_eq(rbmap_symbols_parse(&symbols, strdup(text), &cut), 0);
	ck_assert(!cut);
	return symbols;
}

static void expect(const struct rbmap_symbols *symbols, uint64_t address,
		   const char *wanted, uint64_t wanted_start)
{
	uint64_t start = 0;
	const char *name = rbmap_symbols_find(symbols, address, &start);

	if (!wanted) {
		ck_assert_ptr_null(name);
		return;
	}
	ck_assert_ptr_nonnull(name);
	ck_assert_str_eq(name, wanted);
	ck_assert_uint_eq(start, wanted_start);
}

START_TEST(an_address_is_in_the_function_before_it)
{
	struct rbmap_symbols *symbols = parse("00000000000001f0 A a_variable\n"
					      "ffffffff81000200 T second\n"
					      "ffffffff81000100 t first\n"
					      "ffffffffc0000000 t third\t[module]\n"
					      "ffffffffc0000080 t $x\n"
					      "ffffffffc0000100 d last [module]");

	expect(symbols, 0x1f0, NULL, 0);
	expect(symbols, 0xffffffff810000ff, NULL, 0);
	expect(symbols, 0xffffffff81000100, "first", 0xffffffff81000100);
	expect(symbols, 0xffffffff810001ff, "first", 0xffffffff81000100);
	expect(symbols, 0xffffffff81000200, "second", 0xffffffff81000200);
	expect(symbols, 0xffffffffbfffffff, "second", 0xffffffff81000200);
	expect(symbols, 0xffffffffc0000090, "third", 0xffffffffc0000000);
	expect(symbols, 0xffffffffc0000100, "last", 0xffffffffc0000100);
	expect(symbols, 0xffffffffc0000101, NULL, 0);
	rbmap_symbols_free(symbols);
}
END_TEST

START_TEST(a_line_of_another_kind_ends_it)
{
	static const char *const lines[] = {
		"what is this\n", "1000\n",  "1000 t\n",       "1000 t \n",
		" t name\n",	  "1000 \n", "1000 tt name\n", "g000 t name\n",
	};
	struct rbmap_symbols *symbols;
	char text[128];
	bool cut;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		snprintf(text, sizeof(text),
			 "100 t first\n\n200 t second\n%s300 t third\n", lines[i]);
		ck_assert_int_eq(rbmap_symbols_parse(&symbols, strdup(text), &cut), 0);
		ck_assert(cut);
		expect(symbols, 0x150, "first", 0x100);
		expect(symbols, 0x200, "second", 0x200);
		expect(symbols, 0x300, NULL, 0);
		rbmap_symbols_free(symbols);
	}
	symbols = parse("");
	expect(symbols, 0, NULL, 0);
	rbmap_symbols_free(symbols);
}
END_TEST

static void expect_same(const struct rbmap_symbols *symbols, struct tep_handle *tep,
			uint64_t address)
{
	expect(symbols, address, tep_find_function(tep, address),
	       tep_find_function_address(tep, address));
}

/* Many lines of few addresses: each has several names. */
START_TEST(names_are_those_that_libtraceevent_finds)
{
	struct random random = { .state = 1 };
	char text[64 * 40];

	for (int i = 0; i < 300; i++) {
		struct tep_handle *tep = tep_alloc();
		unsigned int nr = random_below(&random, 64);
		struct rbmap_symbols *symbols;
		size_t used = 0;

		*text = '\0';
		for (unsigned int line = 0; line < nr; line++)
			used += sprintf(text + used, "%016x %c name%u%s\n",
					0x100 + 4 * random_below(&random, 40),
					"tTdA"[random_below(&random, 4)], line,
					random_below(&random, 2) ? "" : "\t[module]");
		symbols = parse(text);
		ck_assert_int_eq(tep_parse_kallsyms(tep, text), 0);
		for (uint64_t address = 0; address < 0x300; address++)
			expect_same(symbols, tep, address);
		rbmap_symbols_free(symbols);
		tep_free(tep);
	}
}
END_TEST

static char *read_kallsyms(void)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	ck_assert_int_ge(getdelim(&text, &size, '\0', file), 0);
	fclose(file);
	return text;
}

START_TEST(functions_of_this_kernel)
{
	struct tep_handle *tep = tep_alloc();
	struct rbmap_symbols *symbols;
	char *text = read_kallsyms(), *line, *next;
	unsigned int nr = 0;

	if (text) {
		symbols = parse(text);
		ck_assert_int_eq(tep_parse_kallsyms(tep, text), 0);
		for (line = text; *line; line = next) {
			uint64_t address = strtoull(line, NULL, 16);

			next = line + strcspn(line, "\n");
			next += *next == '\n';
			/* All of them are parsed; to look up each takes long. */
			if (nr++ % 8)
				continue;
			expect_same(symbols, tep, address - 1);
			expect_same(symbols, tep, address);
			expect_same(symbols, tep, address + 1);
		}
		rbmap_symbols_free(symbols);
	}
	free(text);
	tep_free(tep);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		an_address_is_in_the_function_before_it,
		a_line_of_another_kind_ends_it,
		names_are_those_that_libtraceevent_finds,
		functions_of_this_kernel,
	};

	return RUN_TESTS("symbols", tests);
}
