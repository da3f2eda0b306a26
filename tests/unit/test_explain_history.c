/* SPDX-License-Identifier: GPL-2.0-only */
/* What must not be told, and over which time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "unit/explain_case.h"

/* ---- nothing ---- */

static struct moment rest(int second)
{
	struct moment now = at_rest;

	now.rss += second % 2 ? 0.2 : 0;
	now.malloc += second % 2 ? 0.2 : 0;
	return now;
}

/* A step of 40 MiB in the fifth second, and nothing since. */
static struct moment step(int second)
{
	struct moment now = at_rest;

	now.rss += second >= 5 ? 40 : 0;
	now.malloc += second >= 5 ? 40 : 0;
	return now;
}

/* A sawtooth of 30 MiB with a period of 8 s, and V8's pages with it. */
static struct moment sawtooth(int second)
{
	struct moment now = node_at_rest();
	double garbage = (double)(second % 8) * 30 / 8;

	now.heap_used += garbage;
	now.v8_heap += garbage;
	now.rss += garbage;
	return now;
}

/* The same with a period longer than the watch: no collection is seen. */
static struct moment slow_sawtooth(int second)
{
	struct moment now = node_at_rest();

	now.heap_used += (double)second * 0.6;
	now.v8_heap += (double)second * 0.6;
	now.rss += (double)second * 0.6;
	return now;
}

static void test_explain_history__what_came_to_rest(void **state)
{
	struct account account;
	struct process *process;
	figure_value first, last;

	(void)state;
	process = watch(&account, 30, step);
	expect(process, "");
	assert_true(explain__rss_changed(process, &first, &last));
	assert_int_equal(first, 100 * MIB);
	assert_int_equal(last, 140 * MIB);
	account__release(&account);
	process = watch(&account, 30, rest);
	assert_false(explain__rss_changed(process, &first, &last));
	account__release(&account);
}

static void test_explain_history__nothing(void **state)
{
	(void)state;
	expect_watch(60, rest, "");
	expect_watch(120, step, "");
	for (int seconds = 0; seconds <= 70; seconds++) {
		if (seconds > 16) /* two periods: less is no ground for a verdict */
			expect_watch(seconds, sawtooth, "");
		expect_watch(seconds, slow_sawtooth, "");
	}
	expect_watch(45, buffer_garbage, "");
	expect_watch(300, buffer_garbage, "");
	expect_watch(1500, sawtooth, "");
}

static void test_explain_history__sawtooth_from_the_first_look(void **state)
{
	(void)state;
	for (int seconds = 0; seconds <= 16; seconds++)
		expect_watch(seconds, sawtooth, "");
}

/* ---- the history ---- */

static struct moment leak_native(int second)
{
	struct moment now = at_rest;

	now.live = 60 + (double)second * 0.5;
	now.slack = 20;
	now.held = now.malloc = now.live + now.slack;
	now.rss += (double)second * 0.5;
	return now;
}

/* At rest for two hours, then a leak of 1 MiB a second. */
static struct moment late(int second)
{
	struct moment now = at_rest;
	double leaked = second > 7200 ? second - 7200 : 0;

	now.live = 60 + leaked;
	now.slack = 20;
	now.held = now.malloc = 80 + leaked;
	now.rss = 100 + leaked;
	return now;
}

static void test_explain_history__growth_after_long_rest(void **state)
{
	struct account account;
	struct process *process;

	(void)state;
	process = watch(&account, 7199, late);
	expect(process, "");
	account__release(&account);
	process = watch(&account, 7260, late);
	expect(process, "native_held");
	expect_words(process, "from 61.0 MiB to 120 MiB in 59 s");
	account__release(&account);
}

/* 10 KiB a second: seen only from far. */
static struct moment slowly(int second)
{
	struct moment now = leak_native(0);

	now.live += (double)second / 100;
	now.held += (double)second / 100;
	now.malloc += (double)second / 100;
	now.rss += (double)second / 100;
	return now;
}

static void test_explain_history__slow_growth(void **state)
{
	struct account account;
	struct process *process;

	(void)state;
	expect_watch(60, slowly, "");
	process = watch(&account, 4000, slowly);
	expect(process, "native_held");
	expect_words(process, "in 66.7 min");
	assert_int_equal(explain__watched_ns(process), 4000 * SECOND);
	account__release(&account);
}

static void test_explain_history__exec_starts_anew(void **state)
{
	struct account account;
	struct process *process;
	struct moment now = leak_native(31);

	(void)state;
	process = watch(&account, 30, leak_native);
	process->image++;
	look_at(&account, 31, &now);
	expect(process, "");
	assert_int_equal(explain__watched_ns(process), 0);
	account__release(&account);
}

static void test_explain_history__clock_set_back(void **state)
{
	struct account account;
	struct process *process;
	struct moment now = leak_native(31);

	(void)state;
	process = watch(&account, 30, leak_native);
	look_at(&account, -3600, &now);
	expect(process, "");
	account__release(&account);
}

static void test_explain_history__without_classes(void **state)
{
	struct account account;
	struct process *process;
	struct moment now = leak_native(0);

	(void)state;
	account__init(&account);
	for (int second = 0; second < 20; second++) {
		process = look_at(&account, second, &now);
		now.rss += 10;
		now.v8_heap = now.malloc = now.stack = now.file = now.anon = UNKNOWN;
	}
	expect(process, "");
	account__release(&account);
}

/* ---- classes that are known later ---- */

#define DRILLED_IN 6

/* A heap that grows by 10 MiB a second; before the runtime is asked its pages are among
 * others. */
static struct moment asked_later(int second)
{
	struct moment now = node_at_rest();
	double grown = (double)second * 10;

	now.rss += grown;
	now.v8_heap += grown;
	now.heap_used += grown;
	now.used_after = 12 + grown;
	if (second >= DRILLED_IN)
		return now;
	now.anon += now.v8_heap + now.array_buffers_class;
	now.v8_heap = now.array_buffers_class = UNKNOWN;
	now.heap_used = now.used_after = now.live = now.slack = UNKNOWN;
	now.external = now.array_buffers = UNKNOWN;
	return now;
}

/* In its first look the runtime had no answer for its heap, and its pages were not found. */
static struct moment found_one_look_later(int second)
{
	struct moment now = asked_later(second);

	if (second != DRILLED_IN)
		return now;
	now.anon += now.v8_heap;
	now.v8_heap = 0;
	now.heap_used = now.used_after = UNKNOWN;
	return now;
}

static void check_watched_from(moment_of *moment_of, int first_second)
{
	struct account account;
	struct process *process;

	for (int seconds = DRILLED_IN; seconds < first_second + 2; seconds++)
		expect_watch(seconds, moment_of, "");
	process = watch(&account, 30, moment_of);
	assert_int_equal(explain__watched_ns(process), (30 - first_second) * SECOND);
	expect(process, "objects_held");
	expect_class(process, FIG_CLASS_V8_HEAP);
	/* after the first third of the watch it is known what collections leave */
	assert_in_range(process->explanations[0].grew_bytes, 10 * MIB,
			(30 - first_second) * 10 * MIB);
	account__release(&account);
}

static void test_explain_history__classes_come_later(void **state)
{
	(void)state;
	check_watched_from(asked_later, DRILLED_IN);
	check_watched_from(found_one_look_later, DRILLED_IN + 1);
}

/* The runtime has no answer in each fourth look. */
static struct moment answers_fail(int second)
{
	struct moment now = asked_later(second + DRILLED_IN);

	return second % 4 == 3 ? asked_later(DRILLED_IN - 1) : now;
}

/* Nobody asks any more. */
static struct moment asked_no_longer(int second)
{
	struct moment now = at_rest;

	if (second < 20)
		return asked_later(second + DRILLED_IN);
	now.rss = now.anon = 300;
	return now;
}

static void test_explain_history__classes_are_missing(void **state)
{
	struct account account;
	struct process *process;

	(void)state;
	process = watch(&account, 30, answers_fail);
	expect(process, "objects_held");
	assert_int_equal(explain__watched_ns(process), 30 * SECOND);
	account__release(&account);
	process = watch(&account, 40, asked_no_longer);
	expect(process, "");
	assert_in_range(explain__watched_ns(process), 10 * SECOND, 19 * SECOND);
	account__release(&account);
}

/* Growth of two classes alike is that of neither. */
static struct moment two_classes(int second)
{
	struct moment now = at_rest;

	now.anon += (double)second * 3;
	now.v8_heap = (double)second * 2;
	now.rss += (double)second * 5;
	return now;
}

static void test_explain_history__no_class_grew_by_all(void **state)
{
	struct account account;
	struct process *process;

	(void)state;
	process = watch(&account, 30, two_classes);
	expect(process, "unexplained");
	assert_int_equal(process->explanations[0].class, -1);
	expect_words(process, "classes.anon grew most, from 10.0 MiB to 100 MiB");
	account__release(&account);
}

/* Numbers that only a recording can hold. */
static void test_explain_history__hostile_figures(void **state)
{
	static const figure_value extremes[] = {INT64_MAX, INT64_MIN + 1, 0, -1, INT64_MAX - 1};
	struct account account;
	struct moment now = node_at_rest();
	struct process *process;

	(void)state;
	account__init(&account);
	for (int second = 0; second < 300; second++) {
		process = look_at(&account, second, &now);
		for (int i = 0; i < PROCESS_FIGURE_COUNT; i++)
			process->figures[i] = extremes[(second + i) % ARRAY_SIZE(extremes)];
		for (int i = 0; i < ISOLATE_FIGURE_COUNT; i++)
			process->isolates[0].figures[i] =
				extremes[(second * 3 + i) % ARRAY_SIZE(extremes)];
		explain__look(&account);
		account.time_unix_ns = second % 7 ? account.time_unix_ns : INT64_MAX;
		explain__look(&account);
		account.time_unix_ns = second % 5 ? account.time_unix_ns : INT64_MIN;
		explain__look(&account);
	}
	account__release(&account);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_explain_history__nothing),
		cmocka_unit_test(test_explain_history__what_came_to_rest),
		cmocka_unit_test(test_explain_history__sawtooth_from_the_first_look),
		cmocka_unit_test(test_explain_history__growth_after_long_rest),
		cmocka_unit_test(test_explain_history__slow_growth),
		cmocka_unit_test(test_explain_history__exec_starts_anew),
		cmocka_unit_test(test_explain_history__clock_set_back),
		cmocka_unit_test(test_explain_history__without_classes),
		cmocka_unit_test(test_explain_history__classes_come_later),
		cmocka_unit_test(test_explain_history__classes_are_missing),
		cmocka_unit_test(test_explain_history__no_class_grew_by_all),
		cmocka_unit_test(test_explain_history__hostile_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
