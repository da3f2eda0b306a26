/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/output.h"

static void test_output__numbers(void **state)
{
	static const char expected[] = "0 7 -7 9223372036854775807 -9223372036854775808";
	static const int64_t numbers[] = {0, 7, -7, INT64_MAX, INT64_MIN};
	struct output output;

	(void)state;
	output__init(&output, -1);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (i)
			output__add_char(&output, ' ');
		output__add_number(&output, numbers[i]);
	}
	assert_int_equal(output.length, strlen(expected));
	assert_memory_equal(output.data, expected, output.length);
	output__release(&output);
}

static void test_output__remembers_the_first_error(void **state)
{
	struct output output;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	if (fd < 0)
		skip();
	output__init(&output, fd);
	output__add_text(&output, "text");
	assert_int_equal(output__flush(&output), -ENOSPC);
	output__add_text(&output, "more");
	assert_int_equal(output.length, 0);
	assert_int_equal(output__flush(&output), -ENOSPC);
	output__release(&output);
	close(fd);
}

static void test_output__keeps_no_more_than_its_limit(void **state)
{
	struct output output;

	(void)state;
	output__init(&output, -1);
	output.limit = 10;
	output__add_repeated(&output, 'x', 10);
	assert_int_equal(output.error, 0);
	output__add_char(&output, 'y');
	assert_int_equal(output__flush(&output), -ENOBUFS);
	assert_int_equal(output.length, 10);
	output__release(&output);
}

static void test_output__writes_when_full(void **state)
{
	struct output output;
	char buffer[64];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	output__init(&output, fds[1]);
	output.limit = 10;
	output__add_text(&output, "12345678");
	output__add_text(&output, "abcdefgh");
	assert_int_equal(read(fds[0], buffer, sizeof(buffer)), 8);
	assert_memory_equal(buffer, "12345678", 8);
	assert_int_equal(output__flush(&output), 0);
	assert_int_equal(read(fds[0], buffer, sizeof(buffer)), 8);
	assert_memory_equal(buffer, "abcdefgh", 8);
	output__release(&output);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output__numbers),
		cmocka_unit_test(test_output__remembers_the_first_error),
		cmocka_unit_test(test_output__keeps_no_more_than_its_limit),
		cmocka_unit_test(test_output__writes_when_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
