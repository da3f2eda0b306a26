/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/account.h"

#define SECOND INT64_C(1000000000)

static struct account account;
static struct process *process;

static int start(void **state)
{
	(void)state;
	account__init(&account);
	account__begin_look(&account, SECOND);
	process = account__process(&account, (struct process_key){.start_ns = 1, .pid = 10});
	return 0;
}

static int finish(void **state)
{
	(void)state;
	account__release(&account);
	return 0;
}

/* Every class a power of two of its own: a sum tells what is in it. */
static void set_classes(void)
{
	process->figures[FIG_RSS] = 0;
	for (int i = FIG_CLASS_FIRST; i <= FIG_CLASS_LAST; i++) {
		process->figures[i] = INT64_C(1) << (i - FIG_CLASS_FIRST);
		process->figures[FIG_RSS] += process->figures[i];
	}
}

static figure_value section_sum(void)
{
	return process->figures[FIG_SECTION_STACK] + process->figures[FIG_SECTION_HEAP] +
	       process->figures[FIG_SECTION_NATIVE] + process->figures[FIG_SECTION_CODE_AND_FILES];
}

static void test_sections__sum_to_rss_less_unaccounted(void **state)
{
	const figure_value *figures = process->figures;

	(void)state;
	set_classes();
	account__end_look(&account);
	assert_int_equal(figures[FIG_SECTION_STACK], figures[FIG_CLASS_STACK]);
	assert_int_equal(figures[FIG_SECTION_HEAP],
			 figures[FIG_CLASS_V8_HEAP] + figures[FIG_CLASS_V8_CODE]);
	assert_int_equal(figures[FIG_SECTION_NATIVE],
			 figures[FIG_CLASS_MALLOC] + figures[FIG_CLASS_ARRAY_BUFFERS] +
				 figures[FIG_CLASS_ANON] + figures[FIG_CLASS_SHMEM]);
	assert_int_equal(figures[FIG_SECTION_CODE_AND_FILES],
			 figures[FIG_CLASS_CODE] + figures[FIG_CLASS_FILE]);
	assert_int_equal(section_sum(), figures[FIG_RSS] - figures[FIG_CLASS_UNACCOUNTED]);
}

static void test_sections__unknown_beside_known_counts_as_nothing(void **state)
{
	const figure_value *figures = process->figures;

	(void)state;
	set_classes();
	process->figures[FIG_CLASS_V8_HEAP] = FIGURE_UNKNOWN;
	process->figures[FIG_CLASS_V8_CODE] = FIGURE_UNKNOWN;
	process->figures[FIG_CLASS_ARRAY_BUFFERS] = FIGURE_UNKNOWN;
	account__end_look(&account);
	assert_false(figure_known(figures[FIG_SECTION_HEAP]));
	assert_int_equal(figures[FIG_SECTION_NATIVE], figures[FIG_CLASS_MALLOC] +
							      figures[FIG_CLASS_ANON] +
							      figures[FIG_CLASS_SHMEM]);
}

static void test_sections__without_classes_nothing_is_known(void **state)
{
	(void)state;
	process->figures[FIG_RSS] = 100;
	process->figures[FIG_LIMIT_AVAILABLE] = 1000;
	account__end_look(&account);
	for (int i = FIG_SECTION_STACK; i <= FIG_SECTION_CODE_AND_FILES; i++)
		assert_false(figure_known(process->figures[i]));
	assert_false(figure_known(process->figures[FIG_LIMIT_NATIVE_LEFT]));
	assert_int_equal(process__native_limit(process), NATIVE_LIMIT_UNKNOWN);
}

static void test_sections__what_is_known_stays(void **state)
{
	(void)state;
	set_classes();
	process->figures[FIG_SECTION_STACK] = 77;
	process->figures[FIG_LIMIT_AVAILABLE] = 1000;
	process->figures[FIG_LIMIT_NATIVE_LEFT] = 5;
	process->native_limit = NATIVE_LIMIT_CONTAINER;
	account__end_look(&account);
	assert_int_equal(process->figures[FIG_SECTION_STACK], 77);
	assert_int_equal(process->figures[FIG_LIMIT_NATIVE_LEFT], 5);
	assert_int_equal(process__native_limit(process), NATIVE_LIMIT_CONTAINER);
}

static void test_sections__no_sum_overflows(void **state)
{
	(void)state;
	for (int i = FIG_CLASS_FIRST; i <= FIG_CLASS_LAST; i++)
		process->figures[i] = INT64_MAX;
	process->figures[FIG_LIMIT_ADDRESS_SPACE] = INT64_MAX;
	process->figures[FIG_VSIZE] = -INT64_MAX;
	account__end_look(&account);
	assert_int_equal(process->figures[FIG_SECTION_NATIVE], INT64_MAX);
	assert_int_equal(process->figures[FIG_LIMIT_NATIVE_LEFT], INT64_MAX);
}

/* ---- the native limit ---- */

static void test_sections__native_left_is_the_least(void **state)
{
	static const struct {
		figure_value container, charged, address_space, vsize, available, left;
		enum native_limit by;
	} cases[] = {
		{1000, 700, FIGURE_UNKNOWN, 50, 400, 300, NATIVE_LIMIT_CONTAINER},
		{1000, 700, 90, 50, 400, 40, NATIVE_LIMIT_ADDRESS_SPACE},
		{1000, 700, 9000, 50, 200, 200, NATIVE_LIMIT_AVAILABLE},
		{FIGURE_UNKNOWN, 700, FIGURE_UNKNOWN, 50, 400, 400, NATIVE_LIMIT_AVAILABLE},
		/* of a container without figures, at least the process itself is charged */
		{1000, FIGURE_UNKNOWN, FIGURE_UNKNOWN, 50, 5000, 900, NATIVE_LIMIT_CONTAINER},
		/* one that is beyond its limit has nothing left */
		{1000, 1001, FIGURE_UNKNOWN, 50, 400, 0, NATIVE_LIMIT_CONTAINER},
		/* what is charged and what is mapped must both be known */
		{FIGURE_UNKNOWN, 700, 90, FIGURE_UNKNOWN, FIGURE_UNKNOWN, FIGURE_UNKNOWN,
		 NATIVE_LIMIT_UNKNOWN},
	};

	finish(state);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(state);
		process->container = account__container(&account, "docker", "abc");
		process->container->figures[CFIG_MEMORY_CURRENT] = cases[i].charged;
		process->figures[FIG_RSS] = 100;
		process->figures[FIG_CLASS_MALLOC] = 100;
		process->figures[FIG_LIMIT_CONTAINER] = cases[i].container;
		process->figures[FIG_LIMIT_ADDRESS_SPACE] = cases[i].address_space;
		process->figures[FIG_VSIZE] = cases[i].vsize;
		process->figures[FIG_LIMIT_AVAILABLE] = cases[i].available;
		account__end_look(&account);
		assert_int_equal(process->figures[FIG_LIMIT_NATIVE_LEFT], cases[i].left);
		assert_int_equal(process__native_limit(process), cases[i].by);
		finish(state);
	}
	assert_null(native_limit_names[NATIVE_LIMIT_UNKNOWN]);
	start(state);
}

/* ---- stacks ---- */

static void add_stack(uint32_t tid, figure_value limit, figure_value deepest)
{
	struct thread_stack stack = {
		.tid = tid,
		.name = "a\tthread",
		.mapped_bytes = 1000,
		.limit_bytes = limit,
		.touched_bytes = FIGURE_UNKNOWN,
		.deepest_bytes = deepest,
	};

	process__add_stack(process, &stack);
}

static void test_sections__stacks_nearest_first(void **state)
{
	/* 2 and 6 are equally near: the deeper one first; last, of which no limit is known */
	static const uint32_t order[] = {4, 1, 6, 2, 5, 3};

	(void)state;
	add_stack(1, 100, 50);
	add_stack(2, 1000, 400);
	add_stack(3, FIGURE_UNKNOWN, 100);
	add_stack(4, 10, 9);
	add_stack(5, FIGURE_UNKNOWN, 5000);
	add_stack(6, 5000, 2000);
	account__end_look(&account);
	assert_int_equal(process->stack_count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(process->stacks[i].tid, order[i]);
	assert_string_equal(process->stacks[0].name, "a\xef\xbf\xbdthread");
	assert_int_equal(process->figures[FIG_STACKS_MAPPED], 6000);
	assert_int_equal(process->figures[FIG_STACKS_DEEPEST], 9);
	assert_int_equal(process->figures[FIG_STACKS_DEEPEST_LIMIT], 10);
}

#define SECTIONS_TEST(function) cmocka_unit_test_setup_teardown(function, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SECTIONS_TEST(test_sections__sum_to_rss_less_unaccounted),
		SECTIONS_TEST(test_sections__unknown_beside_known_counts_as_nothing),
		SECTIONS_TEST(test_sections__without_classes_nothing_is_known),
		SECTIONS_TEST(test_sections__what_is_known_stays),
		SECTIONS_TEST(test_sections__no_sum_overflows),
		SECTIONS_TEST(test_sections__native_left_is_the_least),
		SECTIONS_TEST(test_sections__stacks_nearest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
