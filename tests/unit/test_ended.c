/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "collect/ended.h"

static int make_ended(void **state)
{
	*state = ended__new();
	return 0;
}

static int free_ended(void **state)
{
	ended__free(*state);
	return 0;
}

static void end_process(struct ended *ended, uint32_t pid, uint64_t start_ns)
{
	const struct exit_record record = {.type = RECORD_EXIT, .pid = pid, .start_ns = start_ns};

	ended__add(ended, &record, RECORD_EXIT);
}

static void kill_process(struct ended *ended, uint32_t pid)
{
	const struct oom_kill_record record = {.type = RECORD_OOM_KILL, .pid = pid};

	ended__add(ended, &record, RECORD_OOM_KILL);
}

static void expect_next(struct ended *ended, uint32_t pid, uint64_t start_ns)
{
	const struct exit_record *record = ended__next(ended);

	assert_non_null(record);
	assert_int_equal(record->pid, pid);
	assert_int_equal(record->start_ns, start_ns);
}

static void test_ended__nothing(void **state)
{
	assert_null(ended__next(*state));
	assert_null(ended__next(*state));
	assert_false(ended__has(*state, (struct process_key){.pid = 1, .start_ns = 1}));
	assert_false(ended__was_oom_killed(*state, 0));
	ended__free(NULL);
}

static void test_ended__hands_each_on_once(void **state)
{
	end_process(*state, 10, 100);
	end_process(*state, 11, 100);
	end_process(*state, 10, 100); /* two threads that both looked like the last */
	expect_next(*state, 10, 100);
	expect_next(*state, 11, 100);
	assert_null(ended__next(*state));
	end_process(*state, 10, 100); /* also after it was handed on */
	assert_null(ended__next(*state));
}

static void test_ended__pid_used_again_is_another(void **state)
{
	end_process(*state, 10, 100);
	end_process(*state, 10, 200);
	expect_next(*state, 10, 100);
	expect_next(*state, 10, 200);
	assert_null(ended__next(*state));
}

static void test_ended__is_remembered(void **state)
{
	end_process(*state, 10, 100);
	assert_true(ended__has(*state, (struct process_key){.pid = 10, .start_ns = 100}));
	expect_next(*state, 10, 100);
	assert_null(ended__next(*state));
	assert_true(ended__has(*state, (struct process_key){.pid = 10, .start_ns = 100}));
	assert_false(ended__has(*state, (struct process_key){.pid = 10, .start_ns = 101}));
	assert_false(ended__has(*state, (struct process_key){.pid = 11, .start_ns = 100}));
}

/* Of another pid namespace. */
static void test_ended__invisible_pid_is_passed_over(void **state)
{
	end_process(*state, 0, 100);
	assert_null(ended__next(*state));
}

static void test_ended__thousands(void **state)
{
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 5000; i++)
			end_process(*state, 1 + i, round);
		for (uint32_t i = 0; i < 5000; i++)
			expect_next(*state, 1 + i, round);
		assert_null(ended__next(*state));
	}
}

static void test_ended__oom_kill_is_told_with_its_end(void **state)
{
	kill_process(*state, 10);
	kill_process(*state, 12);
	end_process(*state, 10, 100);
	end_process(*state, 11, 100);
	expect_next(*state, 10, 100);
	assert_true(ended__was_oom_killed(*state, 10));
	assert_false(ended__was_oom_killed(*state, 12));
	expect_next(*state, 11, 100);
	assert_false(ended__was_oom_killed(*state, 11));
	assert_null(ended__next(*state));
	end_process(*state, 12, 100); /* some looks later */
	expect_next(*state, 12, 100);
	assert_true(ended__was_oom_killed(*state, 12));
}

static void test_ended__oom_kill_is_not_of_a_later_process(void **state)
{
	kill_process(*state, 10);
	kill_process(*state, 10); /* it is chosen again while it has not ended */
	end_process(*state, 10, 100);
	end_process(*state, 10, 200);
	expect_next(*state, 10, 100);
	assert_true(ended__was_oom_killed(*state, 10));
	expect_next(*state, 10, 200);
	assert_false(ended__was_oom_killed(*state, 10));
}

static void test_ended__newest_oom_kills_are_kept(void **state)
{
	for (uint32_t pid = 1; pid <= 100; pid++)
		kill_process(*state, pid);
	end_process(*state, 1, 100);
	end_process(*state, 100, 100);
	expect_next(*state, 1, 100);
	assert_false(ended__was_oom_killed(*state, 1));
	expect_next(*state, 100, 100);
	assert_true(ended__was_oom_killed(*state, 100));
}

#define WITH_ENDED(test) cmocka_unit_test_setup_teardown(test, make_ended, free_ended)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ENDED(test_ended__nothing),
		WITH_ENDED(test_ended__hands_each_on_once),
		WITH_ENDED(test_ended__pid_used_again_is_another),
		WITH_ENDED(test_ended__is_remembered),
		WITH_ENDED(test_ended__invisible_pid_is_passed_over),
		WITH_ENDED(test_ended__thousands),
		WITH_ENDED(test_ended__oom_kill_is_told_with_its_end),
		WITH_ENDED(test_ended__oom_kill_is_not_of_a_later_process),
		WITH_ENDED(test_ended__newest_oom_kills_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
