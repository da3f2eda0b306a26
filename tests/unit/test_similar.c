/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/similar.h"

static void test_similar__distance(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned int distance;
	} cases[] = {
		{"", "", 0},
		{"a", "", 1},
		{"", "abc", 3},
		{"stat", "stat", 0},
		{"stat", "sttat", 1},
		{"stat", "sta", 1},
		{"stat", "start", 1},
		{"stat", "tsat", 1},
		{"top", "pot", 2},
		{"ca", "abc", 3},
		{"kitten", "sitting", 3},
		{"abcd", "badc", 2},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(similar__distance(cases[i].a, cases[i].b, 9), cases[i].distance);
		assert_int_equal(similar__distance(cases[i].b, cases[i].a, 9), cases[i].distance);
	}
	assert_int_equal(similar__distance("kitten", "sitting", 1), 2);
}

static void test_similar__long_words_are_far(void **state)
{
	char word[200];

	(void)state;
	for (unsigned int i = 0; i < sizeof(word) - 1; i++)
		word[i] = 'a';
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(similar__distance(word, "aaaa", 3), 4);
	assert_int_equal(similar__distance(word + sizeof(word) - 65, word + sizeof(word) - 65, 3),
			 0);
}

static void test_similar__may_mean(void **state)
{
	(void)state;
	assert_true(similar__may_mean("malloc", "classes.malloc"));
	assert_true(similar__may_mean("sttat", "stat"));
	assert_true(similar__may_mean("intervall", "interval"));
	assert_false(similar__may_mean("", "stat"));
	assert_false(similar__may_mean("x", "p"));
	assert_false(similar__may_mean("xyzzy", "stat"));
	assert_true(similar__may_mean("tpo", "top"));
	assert_true(similar__may_mean("stta", "stat"));
	assert_false(similar__may_mean("foo", "top"));
	assert_false(similar__may_mean("start", "top"));
	assert_false(similar__may_mean("test", "top"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_similar__distance),
		cmocka_unit_test(test_similar__long_words_are_far),
		cmocka_unit_test(test_similar__may_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
