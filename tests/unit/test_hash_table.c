/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash_table.h"
#include "base/memory.h"

static bool is_number(const void *item, const void *wanted)
{
	return *(const int *)item == *(const int *)wanted;
}

static int *find(const struct hash_table *table, uint64_t hash, int wanted)
{
	return hash_table__find(table, hash, is_number, &wanted);
}

static void test_hash_table__empty(void **state)
{
	struct hash_table table = {0};
	int number = 1;

	(void)state;
	assert_null(find(&table, 5, 1));
	assert_false(hash_table__remove(&table, 5, &number));
	hash_table__clear(&table);
	hash_table__release(&table);
}

/* The same hash, and hashes that share a slot at the end of the array, so that probes
 * pass its end. */
static void test_hash_table__collisions(void **state)
{
	static const uint64_t hashes[] = {63, 63, 127, 0, 62, 63, 64, 191};
	int numbers[ARRAY_SIZE(hashes)];
	struct hash_table table = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		numbers[i] = (int)i;
		hash_table__add(&table, hashes[i], &numbers[i]);
	}
	for (size_t gone = 0; gone < ARRAY_SIZE(hashes); gone++) {
		assert_true(hash_table__remove(&table, hashes[gone], &numbers[gone]));
		assert_false(hash_table__remove(&table, hashes[gone], &numbers[gone]));
		for (size_t i = 0; i < ARRAY_SIZE(hashes); i++)
			assert_ptr_equal(find(&table, hashes[i], (int)i),
					 i > gone ? &numbers[i] : NULL);
	}
	assert_int_equal(table.count, 0);
	hash_table__release(&table);
}

/* Against a plain array of flags; 64 different hashes only, so that most collide. */
static void test_hash_table__follows_many(void **state)
{
	enum { COUNT = 400 };
	static int numbers[COUNT];
	bool is_there[COUNT] = {false};
	struct hash_table table = {0};
	uint32_t seed = 1;

	(void)state;
	for (int step = 0; step < 20000; step++) {
		int i;

		seed = seed * 1664525 + 1013904223;
		i = (int)((seed >> 8) % COUNT);
		numbers[i] = i;
		if (is_there[i])
			assert_true(hash_table__remove(&table, hash_number(i % 64), &numbers[i]));
		else
			hash_table__add(&table, hash_number(i % 64), &numbers[i]);
		is_there[i] = !is_there[i];
		i = (int)((seed >> 20) % COUNT);
		assert_ptr_equal(find(&table, hash_number(i % 64), i),
				 is_there[i] ? &numbers[i] : NULL);
	}
	hash_table__clear(&table);
	for (int i = 0; i < COUNT; i++)
		assert_null(find(&table, hash_number(i % 64), i));
	hash_table__release(&table);
}

/* The text may end anywhere: only its bytes count, and all of them. */
static void test_hash_table__hash_of_text(void **state)
{
	static const char text[] = "0123456789abcdefghij";

	(void)state;
	for (size_t length = 0; length < sizeof(text); length++) {
		char *copy = xcalloc(length + 1, 1);

		for (size_t i = 0; i < length; i++)
			copy[i] = text[i];
		assert_true(hash_text(0, copy) == hash_text(0, copy));
		for (size_t i = 0; i < length; i++) {
			uint64_t hash = hash_text(0, copy);

			copy[i]++;
			assert_true(hash != hash_text(0, copy));
			copy[i]--;
			assert_true(hash == hash_text(0, copy));
		}
		free(copy);
	}
	assert_true(hash_text(hash_text(0, "ab"), "c") != hash_text(hash_text(0, "a"), "bc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_table__empty),
		cmocka_unit_test(test_hash_table__collisions),
		cmocka_unit_test(test_hash_table__follows_many),
		cmocka_unit_test(test_hash_table__hash_of_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
