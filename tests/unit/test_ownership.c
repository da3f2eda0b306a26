/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "twin/area_sums.h"
#include "twin/ownership.h"

#define PAGE UINT64_C(4096)
#define MIB  (UINT64_C(1) << 20)

static void test_ownership__one_page(void **state)
{
	uint64_t pages[OWNERSHIP_PAGES];

	(void)state;
	assert_int_equal(ownership__pages(16 * PAGE, 17 * PAGE, pages), 1);
	assert_int_equal(pages[0], 16 * PAGE);
}

static void test_ownership__ends_come_first(void **state)
{
	uint64_t pages[OWNERSHIP_PAGES];

	(void)state;
	assert_int_equal(ownership__pages(3 * PAGE, 9 * PAGE, pages), 2);
	assert_int_equal(pages[0], 3 * PAGE);
	assert_int_equal(pages[1], 8 * PAGE);
}

static void test_ownership__pages_where_pieces_begin(void **state)
{
	uint64_t pages[OWNERSHIP_PAGES];

	(void)state;
	assert_int_equal(ownership__pages(8 * MIB, 12 * MIB, pages), 5);
	assert_int_equal(pages[2], 9 * MIB);
	assert_int_equal(pages[3], 11 * MIB);
	assert_int_equal(pages[4], 10 * MIB);
}

static void test_ownership__pages_are_bounded_and_inside(void **state)
{
	uint64_t start = (UINT64_C(5) << 30) + PAGE, end = (UINT64_C(40) << 30) - PAGE;
	uint64_t pages[OWNERSHIP_PAGES];
	size_t count = ownership__pages(start, end, pages);

	(void)state;
	assert_int_equal(count, OWNERSHIP_PAGES);
	for (size_t i = 0; i < count; i++) {
		assert_in_range(pages[i], start, end - PAGE);
		assert_int_equal(pages[i] % PAGE, 0);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(pages[i], pages[j]);
	}
}

static void test_ownership__candidates(void **state)
{
	struct mapping heap = {.start = MIB, .end = 2 * MIB, .readable = true, .writable = true};
	struct mapping other = heap;

	(void)state;
	assert_true(ownership__is_candidate(&heap));
	other.has_file = true;
	assert_false(ownership__is_candidate(&other));
	other = heap;
	other.shared = true;
	assert_false(ownership__is_candidate(&other));
	other = heap;
	other.grows_down = true;
	assert_false(ownership__is_candidate(&other));
	other = heap;
	other.writable = false;
	assert_false(ownership__is_candidate(&other));
}

static void test_area_sums__slots(void **state)
{
	static struct area_sums sums;
	uint64_t first = 77, same_place = first + AREA_SEGMENTS, slot;

	(void)state;
	slot = area_sums__slot(&sums, first);
	assert_int_equal(sums.segments[slot], 0);
	sums.segments[slot] = first;
	assert_int_equal(area_sums__slot(&sums, first), slot);
	assert_int_not_equal(area_sums__slot(&sums, same_place), slot);
	for (uint64_t i = 0; i < AREA_SEGMENTS; i++)
		sums.segments[i] = first;
	assert_int_equal(area_sums__slot(&sums, same_place), AREA_SEGMENTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ownership__one_page),
		cmocka_unit_test(test_ownership__ends_come_first),
		cmocka_unit_test(test_ownership__pages_where_pieces_begin),
		cmocka_unit_test(test_ownership__pages_are_bounded_and_inside),
		cmocka_unit_test(test_ownership__candidates),
		cmocka_unit_test(test_area_sums__slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
