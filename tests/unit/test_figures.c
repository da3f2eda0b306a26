/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/figures.h"

/* The names that scripts rely on. */
static const char *const contract[] = {
	"rss",
	"rss_anon",
	"rss_file",
	"rss_shmem",
	"swap",
	"rss_peak",
	"vsize",
	"page_tables",
	"faults.minor",
	"faults.major",
	"mapped.mmap_bytes",
	"mapped.munmap_bytes",
	"mapped.brk_bytes",
	"classes.v8_heap",
	"classes.v8_code",
	"classes.array_buffers",
	"classes.malloc",
	"classes.stack",
	"classes.code",
	"classes.file",
	"classes.shmem",
	"classes.anon",
	"classes.unaccounted",
	"limits.stack",
	"limits.container",
	"limits.address_space",
	"limits.available",
	"lost.events",
};

static void test_figures__keep_the_contract(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(contract) / sizeof(contract[0]); i++) {
		int found = figures__find(process_figures, PROCESS_FIGURE_COUNT, contract[i]);

		assert_true(found >= 0);
		assert_string_equal(process_figures[found].path, contract[i]);
	}
}

static void test_figures__find(void **state)
{
	(void)state;
	assert_int_equal(figures__find(process_figures, PROCESS_FIGURE_COUNT, "rss"), FIG_RSS);
	assert_int_equal(figures__find(container_figures, CONTAINER_FIGURE_COUNT, "memory_current"),
			 CFIG_MEMORY_CURRENT);
	assert_int_equal(figures__find(process_figures, PROCESS_FIGURE_COUNT, "rss_"), -1);
	assert_int_equal(figures__find(process_figures, PROCESS_FIGURE_COUNT, ""), -1);
	assert_int_equal(figures__find(process_figures, 0, "rss"), -1);
}

static size_t length_of_group(const char *path)
{
	const char *dot = strchr(path, '.');

	return dot ? (size_t)(dot - path) : 0;
}

/* Writers open one JSON object a group, so its figures must stand together. */
static void check_table(const struct figure *table, int count)
{
	for (int i = 0; i < count; i++) {
		size_t group = length_of_group(table[i].path);

		assert_true(strlen(table[i].title) <= 10);
		assert_true(*table[i].help && table[i].help[strlen(table[i].help) - 1] != '.');
		assert_int_equal(figures__find(table, count, table[i].path), i);
		for (int k = i + 1; group && k < count; k++) {
			if (strncmp(table[k].path, table[i].path, group + 1) != 0)
				continue;
			assert_memory_equal(table[k - 1].path, table[i].path, group + 1);
		}
	}
}

static void test_figures__tables_are_sound(void **state)
{
	(void)state;
	check_table(process_figures, PROCESS_FIGURE_COUNT);
	check_table(container_figures, CONTAINER_FIGURE_COUNT);
}

static void test_figures__classes_are_the_same_for_both(void **state)
{
	(void)state;
	assert_int_equal(CLASS_COUNT, 10);
	for (int i = 0; i < CLASS_COUNT; i++)
		assert_string_equal(process_figures[FIG_CLASS_FIRST + i].path,
				    container_figures[CFIG_CLASS_FIRST + i].path);
}

static void test_figures__clear(void **state)
{
	figure_value values[3] = {0, 1, 2};

	(void)state;
	figures__clear(values, 2);
	assert_false(figure_known(values[0]));
	assert_false(figure_known(values[1]));
	assert_int_equal(values[2], 2);
	assert_true(figure_known(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures__keep_the_contract),
		cmocka_unit_test(test_figures__find),
		cmocka_unit_test(test_figures__tables_are_sound),
		cmocka_unit_test(test_figures__classes_are_the_same_for_both),
		cmocka_unit_test(test_figures__clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
