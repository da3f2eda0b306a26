/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"

#define BAD "\xef\xbf\xbd"

/* ---- sanitise ---- */

static void check_sanitised(const char *src, size_t length, const char *expected)
{
	char buffer[256];

	assert_int_equal(text__sanitise(buffer, sizeof(buffer), src, length), strlen(expected));
	assert_string_equal(buffer, expected);
}

#define CHECK_SANITISED(src, expected) check_sanitised(src, sizeof(src) - 1, expected)

static void test_text__keeps_good_text(void **state)
{
	(void)state;
	CHECK_SANITISED("", "");
	CHECK_SANITISED("node \"x\" \\n", "node \"x\" \\n");
	/* umlaut, euro, emoji with zero-width joiner, the last code point */
	CHECK_SANITISED("\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac");
	CHECK_SANITISED("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
			"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb");
	CHECK_SANITISED("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf");
	/* the neighbours of what is replaced */
	CHECK_SANITISED("\x20\x7e\xc2\xa0", "\x20\x7e\xc2\xa0");
	CHECK_SANITISED("\xe2\x80\xa7\xe2\x80\xaf", "\xe2\x80\xa7\xe2\x80\xaf");
	CHECK_SANITISED("\xe2\x81\xa5\xe2\x81\xaa", "\xe2\x81\xa5\xe2\x81\xaa");
	CHECK_SANITISED("\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80");
}

static void test_text__replaces_controls(void **state)
{
	(void)state;
	CHECK_SANITISED("a\0b\nc\x1b[31md\x7f", "a" BAD "b" BAD "c" BAD "[31md" BAD);
	CHECK_SANITISED("\x01\x1f", BAD BAD);
	CHECK_SANITISED("\xc2\x80\xc2\x9b\xc2\x9f", BAD BAD BAD); /* C1: 9b starts a sequence */
	CHECK_SANITISED("\xe2\x80\xa8\xe2\x80\xa9", BAD BAD);	  /* line, paragraph separator */
	CHECK_SANITISED("\xe2\x80\xaa\xe2\x80\xae", BAD BAD);	  /* U+202A, U+202E */
	CHECK_SANITISED("\xe2\x81\xa6\xe2\x81\xa9", BAD BAD);	  /* U+2066, U+2069 */
}

static void test_text__replaces_what_is_no_utf8(void **state)
{
	(void)state;
	CHECK_SANITISED("\x80", BAD);
	CHECK_SANITISED("\xff\xfe", BAD BAD);
	CHECK_SANITISED("\x9b"
			"31m",
			BAD "31m");
	CHECK_SANITISED("\xc0\xaf", BAD); /* overlong '/' */
	CHECK_SANITISED("\xe0\x80\xaf", BAD);
	CHECK_SANITISED("\xf0\x80\x80\xaf", BAD);
	CHECK_SANITISED("\xc1\x9b", BAD);     /* overlong '[' */
	CHECK_SANITISED("\xed\xa0\x80", BAD); /* surrogates */
	CHECK_SANITISED("\xed\xbf\xbf", BAD);
	CHECK_SANITISED("\xf4\x90\x80\x80", BAD); /* U+110000 */
	CHECK_SANITISED("\xf8\x88\x80\x80\x80", BAD BAD BAD BAD BAD);
	/* what follows a broken sequence is kept */
	CHECK_SANITISED("\xe2\x82z", BAD BAD "z");
	CHECK_SANITISED("\xc3\xc3\xa4", BAD "\xc3\xa4");
}

/* A sequence that the length cuts must not be read on: the last bytes are on the heap,
 * so that a sanitizer sees a read behind them. */
static void test_text__does_not_read_behind_the_length(void **state)
{
	static const char tail[] = {(char)0xf0, (char)0x9f, (char)0x91};

	(void)state;
	for (size_t length = 1; length <= sizeof(tail); length++) {
		char buffer[32];
		char *heap = xcalloc(length, 1);

		memcpy(heap, tail, length);
		assert_int_equal(text__sanitise(buffer, sizeof(buffer), heap, length), 3 * length);
		free(heap);
	}
}

static void test_text__cuts_between_characters(void **state)
{
	static const char text[] = "a\xe2\x82\xac\x01z"; /* 1 + 3 + 3 + 1 bytes */
	static const size_t expected[] = {0, 0, 1, 1, 1, 4, 4, 4, 7, 8, 8};

	(void)state;
	for (size_t size = 0; size < ARRAY_SIZE(expected); size++) {
		char *buffer = xcalloc(size ? size : 1, 1);

		buffer[0] = '?';
		assert_int_equal(text__sanitise(buffer, size, text, strlen(text)), expected[size]);
		if (size)
			assert_int_equal(strlen(buffer), expected[size]);
		else
			assert_int_equal(buffer[0], '?');
		free(buffer);
	}
}

/* Every pair and many triples of bytes: the result is clean and stays as it is. */
static void test_text__result_is_clean(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 65536 * 3; i++) {
		char src[3] = {(char)(i >> 8), (char)i, (char)(i * 2654435761u >> 24)};
		char once[16], twice[32];
		size_t length = text__sanitise(once, sizeof(once), src, sizeof(src));

		assert_int_equal(strlen(once), length);
		for (size_t k = 0; k < length; k++)
			assert_true((unsigned char)once[k] >= 0x20 && once[k] != 0x7f);
		text__sanitise(twice, sizeof(twice), once, length);
		assert_string_equal(twice, once);
		/* the C library's decoder, which is not ours, takes it too */
		assert_int_not_equal(mbstowcs(NULL, once, 0), (size_t)-1);
	}
}

static void test_text__sanitised_is_a_copy(void **state)
{
	char *text = text__sanitised("a\x1b\xff");

	(void)state;
	assert_string_equal(text, "a" BAD BAD);
	free(text);
	text = text__sanitised("");
	assert_string_equal(text, "");
	free(text);
}

static void test_text__columns(void **state)
{
	(void)state;
	assert_int_equal(text__columns(""), 0);
	assert_int_equal(text__columns("abc"), 3);
	assert_int_equal(text__columns("\xc3\xa4\xe2\x82\xac"), 2);
	assert_int_equal(text__columns("\xe6\xbc\xa2\xe5\xad\x97"), 4); /* Han: two each */
	assert_int_equal(text__columns("e\xcc\x81"), 1);		/* combining acute */
	assert_int_equal(text__columns(BAD), 1);
	assert_int_equal(text__columns("\xff\xfe"), 2);
}

/* ---- sizes ---- */

#define KIB INT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

static void test_text__bytes(void **state)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0"},
		{1, "1 B"},
		{512, "512 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{1536, "1.5 KiB"},
		{640 * KIB, "640 KiB"},
		{1023 * KIB, "1023 KiB"},
		{1024 * KIB - 1, "1.0 MiB"},
		{99 * MIB + 900 * KIB, "99.9 MiB"},
		{100 * MIB - 1, "100 MiB"},
		{39007027, "37.2 MiB"},
		{999 * MIB, "999 MiB"},
		{3 * GIB / 2, "1.5 GiB"},
		{INT64_MAX, "8.0 EiB"},
		{-1, "-1 B"},
		{-1023, "-1023 B"},
		{-1536, "-1.5 KiB"},
		{-39007027, "-37 MiB"},
		{-999 * MIB, "-999 MiB"},
		{-1010 * MIB, "-1.0 GiB"},
		{INT64_MIN, "-8.0 EiB"},
	};
	char buffer[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(text__bytes(buffer, sizeof(buffer), cases[i].bytes),
				    cases[i].text);
}

/* At most 8 columns, and within 5 % of the truth when read back. */
static void test_text__bytes_are_short_and_true(void **state)
{
	(void)state;
	for (int64_t bytes = 1; bytes < INT64_MAX / 9 * 8; bytes += bytes / 97 + 1) {
		char buffer[32];
		int64_t back;

		text__bytes(buffer, sizeof(buffer), bytes);
		assert_true(strlen(buffer) <= 8);
		assert_int_equal(text__parse_bytes(buffer, &back), 0);
		assert_true(llabs(back - bytes) <= bytes / 20);
		text__bytes(buffer, sizeof(buffer), -bytes);
		assert_true(strlen(buffer) <= 8);
		assert_int_equal(text__parse_bytes(buffer + 1, &back), 0);
		assert_true(llabs(back - bytes) <= bytes / 20);
	}
}

static void test_text__parse_bytes(void **state)
{
	static const struct {
		const char *text;
		int result;
		int64_t bytes;
	} cases[] = {
		{"0", 0, 0},
		{"123", 0, 123},
		{"123B", 0, 123},
		{"64K", 0, 64 * KIB},
		{"64k", 0, 64 * KIB},
		{"64KB", 0, 64 * KIB},
		{"64KiB", 0, 64 * KIB},
		{"64 KiB", 0, 64 * KIB},
		{"1.5GiB", 0, 3 * GIB / 2},
		{"2m", 0, 2 * MIB},
		{"0.25k", 0, 256},
		{"9223372036854775807", 0, INT64_MAX},
		{"9223372036854775808", -ERANGE, 0},
		{"99999999999999999999999", -ERANGE, 0},
		{"8E", -ERANGE, 0},
		{"7E", 0, INT64_C(7) << 60},
		{"7.9999999999999999999E", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"K", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1.5", -EINVAL, 0},
		{"1.K", -EINVAL, 0},
		{".5K", -EINVAL, 0},
		{"1x", -EINVAL, 0},
		{"1Kx", -EINVAL, 0},
		{"1BB", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"1K ", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t bytes = 42;

		assert_int_equal(text__parse_bytes(cases[i].text, &bytes), cases[i].result);
		assert_int_equal(bytes, cases[i].result ? 42 : cases[i].bytes);
	}
}

/* ---- moments ---- */

static void test_text__time(void **state)
{
	/* seconds by date(1): date -u -d 2026-01-31T12:00:00Z +%s */
	static const struct {
		int64_t unix_ns;
		int digits;
		const char *text;
	} cases[] = {
		{INT64_C(1769860800000000000), 3, "2026-01-31T12:00:00.000Z"},
		{INT64_C(1769860800123456789), 9, "2026-01-31T12:00:00.123456789Z"},
		{INT64_C(1769860800999999999), 3, "2026-01-31T12:00:00.999Z"},
		{INT64_C(951782400000000001), 9, "2000-02-29T00:00:00.000000001Z"},
		{0, 3, "1970-01-01T00:00:00.000Z"},
		{-1, 9, "1969-12-31T23:59:59.999999999Z"},
		{INT64_MAX, 9, "2262-04-11T23:47:16.854775807Z"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char buffer[31];
		int64_t back;
		int64_t unit = cases[i].digits == 3 ? 1000000 : 1;

		assert_string_equal(
			text__time(buffer, sizeof(buffer), cases[i].unix_ns, cases[i].digits),
			cases[i].text);
		assert_int_equal(text__parse_time(buffer, &back), 0);
		assert_int_equal(back, cases[i].unix_ns / unit * unit);
	}
}

static void test_text__parse_time_refuses(void **state)
{
	static const char *const bad[] = {
		"",
		"now",
		"2026-01-31",
		"2026-01-31T12:00:00",
		"2026-01-31T12:00:00.Z",
		"2026-01-31T12:00:00.1234567890Z",
		"2026-01-31T12:00:00ZZ",
		"2026-01-31 12:00:00Z",
		"2026-02-30T12:00:00Z",
		"2025-02-29T12:00:00Z",
		"2026-13-01T12:00:00Z",
		"2026-00-01T12:00:00Z",
		"2026-01-31T24:00:00Z",
		"2026-01-31T12:60:00Z",
		"2026-01-31T12:00:61Z",
		"9999-01-31T12:00:00Z",
		"0000-01-31T12:00:00Z",
		"+026-01-31T12:00:00Z",
	};
	int64_t unix_ns = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(text__parse_time(bad[i], &unix_ns), -EINVAL);
	assert_int_equal(unix_ns, 42);
	assert_int_equal(text__parse_time("2026-01-31T12:00:00Z", &unix_ns), 0);
	assert_int_equal(unix_ns, INT64_C(1769860800000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text__keeps_good_text),
		cmocka_unit_test(test_text__replaces_controls),
		cmocka_unit_test(test_text__replaces_what_is_no_utf8),
		cmocka_unit_test(test_text__does_not_read_behind_the_length),
		cmocka_unit_test(test_text__cuts_between_characters),
		cmocka_unit_test(test_text__result_is_clean),
		cmocka_unit_test(test_text__sanitised_is_a_copy),
		cmocka_unit_test(test_text__columns),
		cmocka_unit_test(test_text__bytes),
		cmocka_unit_test(test_text__bytes_are_short_and_true),
		cmocka_unit_test(test_text__parse_bytes),
		cmocka_unit_test(test_text__time),
		cmocka_unit_test(test_text__parse_time_refuses),
	};

	if (!setlocale(LC_ALL, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
