/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/memory.h"

#define BAD "\xef\xbf\xbd"

/* Runs say() in a child and reads what it writes to standard error. Returns the
 * status of wait(2). */
static int run(void (*say)(void), char *output, size_t size)
{
	int status, ends[2];
	size_t length = 0;
	ssize_t got;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		say();
		fflush(stderr);
		_exit(42);
	}
	close(ends[1]);
	while (length < size - 1 && (got = read(ends[0], output + length, size - 1 - length)) > 0)
		length += (size_t)got;
	output[length] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void check(void (*say)(void), int exit_status, const char *expected)
{
	char output[8192];
	int status = run(say, output, sizeof(output));

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), exit_status);
	assert_string_equal(output, expected);
}

static void say_plain(void)
{
	log_error("cannot open '%s': %d", "x", 5);
}

static void say_hostile(void)
{
	log_error("no such container: %s", "\x1b[2J\nmemsonde: all is well\r\xff");
}

static void say_verbose_off(void)
{
	log_verbose("not heard");
}

static void say_verbose_on(void)
{
	log_set_verbose(true);
	log_verbose("heard %d", 1);
	log_set_verbose(false);
	log_verbose("not heard");
}

static void say_errno(void)
{
	errno = ENOENT;
	log_error("cannot do it: %m");
	if (errno != ENOENT)
		_exit(1);
}

static void test_error__prints_one_line(void **state)
{
	(void)state;
	check(say_plain, 42, "memsonde: cannot open 'x': 5\n");
	check(say_errno, 42, "memsonde: cannot do it: No such file or directory\n");
}

static void test_error__makes_arguments_harmless(void **state)
{
	(void)state;
	check(say_hostile, 42,
	      "memsonde: no such container: " BAD "[2J" BAD "memsonde: all is well" BAD BAD "\n");
}

static void test_error__verbose_only_when_asked(void **state)
{
	(void)state;
	assert_false(log_is_verbose());
	check(say_verbose_off, 42, "");
	check(say_verbose_on, 42, "memsonde: heard 1\n");
}

static void say_much(void)
{
	char *much = xcalloc(1 << 20, 1);

	memset(much, '\x01', (1 << 20) - 1);
	log_error("%s", much);
	free(much);
}

static void test_error__bounds_its_lines(void **state)
{
	char output[16384];

	(void)state;
	run(say_much, output, sizeof(output));
	assert_true(strlen(output) < 8192);
	assert_string_equal(output + strlen(output) - 7, BAD "...\n");
}

/* ---- memory ---- */

static void ask_too_much(void)
{
	free(xcalloc(SIZE_MAX / 2, 3));
}

static void grow_too_much(void)
{
	free(xreallocarray(NULL, SIZE_MAX / 2, 3));
}

static void test_memory__overflow_ends_the_program(void **state)
{
	(void)state;
	check(ask_too_much, EXIT_STATUS_FAILED, "memsonde: out of memory\n");
	check(grow_too_much, EXIT_STATUS_FAILED, "memsonde: out of memory\n");
}

static void test_memory__nothing_is_an_amount(void **state)
{
	void *memory = xcalloc(0, 8);

	(void)state;
	assert_non_null(memory);
	memory = xreallocarray(memory, 0, 8);
	assert_non_null(memory);
	free(memory);
}

static void test_memory__array_grows(void **state)
{
	size_t count = 0, capacity = 0;
	int *numbers = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		ARRAY_GROW(numbers, count, capacity);
		numbers[count++] = i;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(numbers[i], i);
	assert_true(capacity >= count && capacity <= 2 * count);
	free(numbers);
}

static void test_memory__texts(void **state)
{
	char *copy = xstrdup("abc"), *text = xasprintf("%s-%d", copy, 7);

	(void)state;
	assert_string_equal(text, "abc-7");
	free(copy);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error__prints_one_line),
		cmocka_unit_test(test_error__makes_arguments_harmless),
		cmocka_unit_test(test_error__verbose_only_when_asked),
		cmocka_unit_test(test_error__bounds_its_lines),
		cmocka_unit_test(test_memory__overflow_ends_the_program),
		cmocka_unit_test(test_memory__nothing_is_an_amount),
		cmocka_unit_test(test_memory__array_grows),
		cmocka_unit_test(test_memory__texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
