/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/account.h"

#define MIB    ((int64_t)1 << 20)
#define SECOND INT64_C(1000000000)

static struct account account;
static struct process *process;

static void begin(void)
{
	account__begin_look(&account, (int64_t)(account.look + 1) * SECOND);
	process = account__process(&account, (struct process_key){.start_ns = 1, .pid = 10});
}

static int start(void **state)
{
	(void)state;
	account__init(&account);
	begin();
	return 0;
}

static int finish(void **state)
{
	(void)state;
	account__release(&account);
	return 0;
}

static struct isolate *see(uint32_t tid)
{
	return process__isolate(process, account.look, tid);
}

static void test_isolate__ids_are_given_in_order(void **state)
{
	(void)state;
	assert_int_equal(see(10)->id, 1);
	assert_int_equal(see(12)->id, 2);
	assert_int_equal(see(10)->id, 1);
	assert_int_equal(process->isolate_count, 2);
	assert_int_equal(process__find_isolate(process, 12)->id, 2);
	assert_null(process__find_isolate(process, 13));
}

static void test_isolate__keeps_what_was_before(void **state)
{
	struct isolate *isolate = see(10);

	(void)state;
	assert_false(figure_known(isolate->figures[IFIG_HEAP_USED]));
	isolate->figures[IFIG_HEAP_USED] = 5 * MIB;
	isolate__add_space(isolate, "new_space", MIB, 0);
	account__end_look(&account);
	begin();
	isolate = see(10);
	assert_true(isolate->has_previous);
	assert_int_equal(isolate->previous[IFIG_HEAP_USED], 5 * MIB);
	assert_false(figure_known(isolate->figures[IFIG_HEAP_USED]));
	assert_int_equal(isolate->space_count, 0);
	/* a second call in one look changes nothing */
	isolate->figures[IFIG_HEAP_USED] = 6 * MIB;
	assert_int_equal(see(10)->figures[IFIG_HEAP_USED], 6 * MIB);
	assert_int_equal(see(10)->previous[IFIG_HEAP_USED], 5 * MIB);
}

static void test_isolate__goes_with_the_look_that_does_not_see_it(void **state)
{
	(void)state;
	see(10)->figures[IFIG_HEAP_USED] = 0;
	see(11)->figures[IFIG_HEAP_USED] = MIB;
	see(12)->figures[IFIG_HEAP_USED] = 2 * MIB;
	account__end_look(&account);
	assert_int_equal(process->figures[FIG_V8_HEAP_USED], 3 * MIB);
	begin();
	see(12)->figures[IFIG_HEAP_USED] = 2 * MIB;
	account__end_look(&account);
	assert_int_equal(process->isolate_count, 1);
	assert_int_equal(process->isolates[0].tid, 12);
	assert_int_equal(process->isolates[0].id, 3);
	assert_int_equal(process->figures[FIG_V8_HEAP_USED], 2 * MIB);
	begin();
	account__end_look(&account);
	assert_int_equal(process->isolate_count, 0);
	assert_false(figure_known(process->figures[FIG_V8_HEAP_USED]));
	begin();
	/* it had no answer */
	assert_int_equal(see(12)->id, 3);
	assert_int_equal(see(14)->id, 4);
}

static void test_isolate__goes_with_its_program(void **state)
{
	(void)state;
	process__set_image(process, 1);
	see(10)->figures[IFIG_GC_SCAVENGES] = 5;
	see(11)->figures[IFIG_GC_SCAVENGES] = 3;
	account__end_look(&account);
	begin();
	process__set_image(process, 1);
	see(10)->figures[IFIG_GC_SCAVENGES] = 5;
	account__end_look(&account);
	assert_int_equal(process->figures[FIG_V8_COLLECTIONS], 8);
	begin();
	process__set_image(process, 2);
	see(10)->figures[IFIG_GC_SCAVENGES] = 1;
	assert_false(process->isolates[0].has_previous);
	account__end_look(&account);
	assert_int_equal(process->figures[FIG_V8_COLLECTIONS], 1);
	begin();
	process__set_image(process, 3);
	account__end_look(&account);
	assert_int_equal(process->isolate_count, 0);
	assert_false(figure_known(process->figures[FIG_V8_COLLECTIONS]));
}

/* More threads had one than are remembered. */
static void test_isolate__ids_of_many(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3 * ISOLATES_MAX; i++) {
		assert_int_equal(see(1000 + i)->id, i + 1);
		account__end_look(&account);
		begin();
		account__end_look(&account);
		begin();
	}
	assert_int_equal(see(1000 + 3 * ISOLATES_MAX - 1)->id, 3 * ISOLATES_MAX);
	assert_int_equal(see(1000)->id, 3 * ISOLATES_MAX + 1);
}

static void test_isolate__stays_with_a_process_that_exited(void **state)
{
	struct process *exited;

	(void)state;
	see(10)->figures[IFIG_HEAP_USED] = MIB;
	account__end_look(&account);
	account__begin_look(&account, 9 * SECOND);
	account__end_look(&account);
	assert_int_equal(account.exited_count, 1);
	exited = account.exited[0];
	assert_int_equal(exited->isolate_count, 1);
	assert_int_equal(exited->figures[FIG_V8_HEAP_USED], MIB);
}

static void test_isolate__is_one_of_a_bounded_number(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ISOLATES_MAX; i++)
		assert_non_null(see(100 + i));
	assert_null(see(99));
	assert_non_null(see(100));
	assert_null(process__recorded_isolate(process, account.look, 5000, 7));
}

static void test_isolate__of_a_recording_keeps_its_id(void **state)
{
	struct isolate *isolate = process__recorded_isolate(process, account.look, 7, 70);

	(void)state;
	assert_int_equal(isolate->id, 7);
	assert_int_equal(isolate->tid, 70);
	assert_int_equal(process__recorded_isolate(process, account.look, 3, 30)->id, 3);
	/* without id: by the thread; without both: a new one */
	assert_int_equal(process__recorded_isolate(process, account.look, 0, 70)->id, 7);
	assert_int_equal(process__recorded_isolate(process, account.look, 0, 80)->id, 8);
	assert_int_equal(process__recorded_isolate(process, account.look, 0, 0)->id, 9);
	assert_int_equal(process__recorded_isolate(process, account.look, 0, 0)->id, 10);
	assert_int_equal(process->isolate_count, 5);
}

static void test_isolate__spaces(void **state)
{
	struct isolate *isolate = see(10);
	char name[64];

	(void)state;
	isolate__add_space(isolate, "new_space", 4 * MIB, MIB);
	isolate__add_space(isolate, "old", FIGURE_UNKNOWN, 2 * MIB);
	isolate__add_space(isolate, "bad\nname\xff_space", 0, 0);
	isolate__add_space(isolate, "_space", 1, 1);
	isolate__add_space(isolate, "new", MIB, FIGURE_UNKNOWN);
	assert_int_equal(isolate->space_count, 4);
	assert_string_equal(isolate->spaces[0].name, "new");
	assert_int_equal(isolate->spaces[0].committed_bytes, 5 * MIB);
	assert_int_equal(isolate->spaces[0].used_bytes, MIB);
	assert_string_equal(isolate->spaces[1].name, "old");
	assert_false(figure_known(isolate->spaces[1].committed_bytes));
	assert_string_equal(isolate->spaces[2].name, "bad\xef\xbf\xbdname\xef\xbf\xbd");
	assert_string_equal(isolate->spaces[3].name, "_space");
	for (int i = 0; i < 2 * ISOLATE_SPACES_MAX; i++) {
		snprintf(name, sizeof(name), "a_space_of_a_rather_long_name_%d", i % 100);
		isolate__add_space(isolate, name, 1, 1);
	}
	for (int i = 0; i < 2 * ISOLATE_SPACES_MAX; i++) {
		snprintf(name, sizeof(name), "%d_space", i);
		isolate__add_space(isolate, name, 1, 1);
	}
	assert_int_equal(isolate->space_count, ISOLATE_SPACES_MAX);
	for (size_t i = 0; i < isolate->space_count; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(isolate->spaces[i].name, isolate->spaces[j].name);
}

static void test_isolate__sums(void **state)
{
	struct isolate *isolate = see(10);

	(void)state;
	isolate->figures[IFIG_HEAP_TOTAL] = 100;
	isolate->figures[IFIG_HEAP_USED] = 50;
	isolate->figures[IFIG_HEAP_LIMIT] = 1000;
	isolate->figures[IFIG_EXTERNAL] = 7;
	isolate->figures[IFIG_GC_SCAVENGES] = 5;
	isolate->figures[IFIG_GC_MARK_COMPACTS] = 2;
	isolate->figures[IFIG_GC_PAUSE] = 70;
	isolate = see(11);
	isolate->figures[IFIG_HEAP_TOTAL] = 40;
	isolate->figures[IFIG_HEAP_USED] = 30;
	isolate->figures[IFIG_HEAP_LIMIT] = 60;
	isolate->figures[IFIG_GC_OTHERS] = 1;
	account__end_look(&account);
	assert_int_equal(process->figures[FIG_V8_HEAP_TOTAL], 140);
	assert_int_equal(process->figures[FIG_V8_HEAP_USED], 80);
	/* a level that one of them does not tell is no sum */
	assert_false(figure_known(process->figures[FIG_V8_EXTERNAL]));
	assert_int_equal(process->figures[FIG_V8_COLLECTIONS], 8);
	assert_int_equal(process->figures[FIG_V8_GC_PAUSE], 70);
	assert_int_equal(process->figures[FIG_LIMIT_HEAP], 60);
	assert_int_equal(process__nearest_isolate(process)->tid, 11);
}

/* Collections are counted since the attach: a worker that ends does not take its own along. */
static void test_isolate__ended_collections(void **state)
{
	(void)state;
	see(10)->figures[IFIG_GC_SCAVENGES] = 5;
	see(10)->figures[IFIG_GC_PAUSE] = 50;
	see(11)->figures[IFIG_GC_SCAVENGES] = 3;
	see(11)->figures[IFIG_GC_MARK_COMPACTS] = 1;
	see(11)->figures[IFIG_GC_PAUSE] = 20;
	account__end_look(&account);
	assert_int_equal(process->figures[FIG_V8_COLLECTIONS], 9);
	for (int i = 0; i < 2; i++) {
		begin();
		see(10)->figures[IFIG_GC_SCAVENGES] = 6;
		see(10)->figures[IFIG_GC_PAUSE] = 60;
		account__end_look(&account);
		assert_int_equal(process->isolate_count, 1);
		assert_int_equal(process->figures[FIG_V8_COLLECTIONS], 10);
		assert_int_equal(process->figures[FIG_V8_GC_PAUSE], 80);
	}
}

static void test_isolate__no_sum_overflows(void **state)
{
	(void)state;
	see(10)->figures[IFIG_HEAP_TOTAL] = INT64_MAX;
	see(11)->figures[IFIG_HEAP_TOTAL] = INT64_MAX;
	see(10)->figures[IFIG_EXTERNAL] = -INT64_MAX;
	see(11)->figures[IFIG_EXTERNAL] = -INT64_MAX;
	see(10)->figures[IFIG_HEAP_LIMIT] = 0;
	see(10)->figures[IFIG_HEAP_USED] = 5;
	see(11)->figures[IFIG_HEAP_LIMIT] = -5;
	see(11)->figures[IFIG_HEAP_USED] = 5;
	account__end_look(&account);
	assert_int_equal(process->figures[FIG_V8_HEAP_TOTAL], INT64_MAX);
	assert_int_equal(process->figures[FIG_V8_EXTERNAL], -INT64_MAX);
	assert_false(figure_known(process->figures[FIG_LIMIT_HEAP]));
	assert_null(process__nearest_isolate(process));
}

#define ISOLATE_TEST(function) cmocka_unit_test_setup_teardown(function, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ISOLATE_TEST(test_isolate__ids_are_given_in_order),
		ISOLATE_TEST(test_isolate__keeps_what_was_before),
		ISOLATE_TEST(test_isolate__goes_with_the_look_that_does_not_see_it),
		ISOLATE_TEST(test_isolate__goes_with_its_program),
		ISOLATE_TEST(test_isolate__ids_of_many),
		ISOLATE_TEST(test_isolate__stays_with_a_process_that_exited),
		ISOLATE_TEST(test_isolate__is_one_of_a_bounded_number),
		ISOLATE_TEST(test_isolate__of_a_recording_keeps_its_id),
		ISOLATE_TEST(test_isolate__spaces),
		ISOLATE_TEST(test_isolate__sums),
		ISOLATE_TEST(test_isolate__ended_collections),
		ISOLATE_TEST(test_isolate__no_sum_overflows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
