/* SPDX-License-Identifier: GPL-2.0-only */
/* What is worked out around probes on V8's collector: places behind calls, totals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "collect/collections.h"
#include "collect/v8_places.h"

#define CALLER	 UINT64_C(0x401000)
#define FUNCTION UINT64_C(0x409000)

#if defined(__x86_64__)

/* Writes a call at an offset of a caller's text. */
static size_t put_call(uint8_t *text, size_t at, uint64_t caller, uint64_t function)
{
	int32_t distance = (int32_t)(function - (caller + at + 5));

	text[at] = 0xe8;
	memcpy(text + at + 1, &distance, sizeof(distance));
	return at + 5;
}

static void test_call_site__found(void **state)
{
	uint8_t text[64];
	size_t behind;

	(void)state;
	memset(text, 0x90, sizeof(text));
	put_call(text, 3, CALLER, FUNCTION + 16); /* of another function */
	behind = put_call(text, 21, CALLER, FUNCTION);
	put_call(text, 40, CALLER, FUNCTION); /* the first counts */
	assert_int_equal(call_site__find(text, sizeof(text), CALLER, FUNCTION), behind);
	assert_int_equal(call_site__find(text, sizeof(text), CALLER, FUNCTION + 16), 8);
	assert_int_equal(call_site__find(text, sizeof(text), CALLER, FUNCTION + 1), 0);
}

static void test_call_site__backward(void **state)
{
	uint8_t text[16];

	(void)state;
	memset(text, 0x90, sizeof(text));
	put_call(text, 0, FUNCTION, CALLER);
	assert_int_equal(call_site__find(text, sizeof(text), FUNCTION, CALLER), 5);
}

static void test_call_site__cut(void **state)
{
	uint8_t text[16];

	(void)state;
	memset(text, 0x90, sizeof(text));
	put_call(text, 11, CALLER, FUNCTION);
	assert_int_equal(call_site__find(text, 16, CALLER, FUNCTION), 16);
	for (size_t length = 0; length < 16; length++)
		assert_int_equal(call_site__find(text, length, CALLER, FUNCTION), 0);
}

#elif defined(__aarch64__)

static void test_call_site__found(void **state)
{
	uint32_t text[8] = {0xd503201f, 0xd503201f};

	(void)state;
	text[2] = 0x94000000 | (uint32_t)((FUNCTION - (CALLER + 8)) >> 2 & 0x3ffffff);
	assert_int_equal(call_site__find((const uint8_t *)text, sizeof(text), CALLER, FUNCTION),
			 12);
	assert_int_equal(call_site__find((const uint8_t *)text, sizeof(text), CALLER, FUNCTION + 4),
			 0);
}

#endif

static void check_totals(const __u64 *words, size_t count, figure_value before, figure_value after)
{
	figure_value total_before, total_after;

	collection__find_totals(words, count, 1000, 600, &total_before, &total_after);
	assert_int_equal(total_before, before);
	assert_int_equal(total_after, after);
}

static void test_find_totals__found(void **state)
{
	const __u64 words[] = {1, 600, 1000, 1000, 600, 4096, 2048, 0};

	(void)state;
	check_totals(words, ARRAY_SIZE(words), 4096, 2048);
}

static void test_find_totals__refused(void **state)
{
	const __u64 absent[] = {1, 600, 1000, 999, 600, 4096, 2048, 0};
	const __u64 twice[] = {1000, 600, 4096, 2048, 1000, 600, 4096, 2048};
	const __u64 too_small[] = {0, 1000, 600, 999, 2048};
	const __u64 after_too_small[] = {0, 1000, 600, 4096, 599};
	const __u64 negative[] = {0, 1000, 600, ~0ULL, 2048};
	const __u64 cut[] = {0, 0, 1000, 600, 4096};

	(void)state;
	check_totals(absent, ARRAY_SIZE(absent), FIGURE_UNKNOWN, FIGURE_UNKNOWN);
	check_totals(twice, ARRAY_SIZE(twice), FIGURE_UNKNOWN, FIGURE_UNKNOWN);
	check_totals(too_small, ARRAY_SIZE(too_small), FIGURE_UNKNOWN, FIGURE_UNKNOWN);
	check_totals(after_too_small, ARRAY_SIZE(after_too_small), FIGURE_UNKNOWN, FIGURE_UNKNOWN);
	check_totals(negative, ARRAY_SIZE(negative), FIGURE_UNKNOWN, FIGURE_UNKNOWN);
	check_totals(cut, ARRAY_SIZE(cut), FIGURE_UNKNOWN, FIGURE_UNKNOWN);
	check_totals(cut, 0, FIGURE_UNKNOWN, FIGURE_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_site__found),
#if defined(__x86_64__)
		cmocka_unit_test(test_call_site__backward),
		cmocka_unit_test(test_call_site__cut),
#endif
		cmocka_unit_test(test_find_totals__found),
		cmocka_unit_test(test_find_totals__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
