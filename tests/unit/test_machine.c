/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "system/machine.h"
#include "system/tracefs.h"

static void test_machine__memory(void **state)
{
	int64_t total = 0, available = 0;
	struct sysinfo info;

	(void)state;
	assert_int_equal(machine__read_memory(&total, &available), 0);
	assert_int_equal(sysinfo(&info), 0);
	assert_int_equal(total, (int64_t)info.totalram * info.mem_unit);
	assert_in_range(available, 1, total);
}

static void test_machine__exe(void **state)
{
	char *exe = process_exe__read(getpid());
	char *real = realpath("/proc/self/exe", NULL);
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (!child)
		_exit(0);
	assert_non_null(exe);
	assert_string_equal(exe, real);
	free(exe);
	free(real);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_null(process_exe__read(child));
}

static void test_machine__clocks(void **state)
{
	int64_t before = (int64_t)time(NULL) * 1000000000;
	int64_t now = clock_ns(CLOCK_REALTIME);
	int64_t first = clock_ns(CLOCK_MONOTONIC);

	(void)state;
	assert_true(now >= before && now < before + 60 * INT64_C(1000000000));
	assert_true(clock_ns(CLOCK_MONOTONIC) >= first);
}

static void test_machine__process_stat(void **state)
{
#define NUMBERS "1 2 3 0 -1 4194304 5 6 7 8 9 10 11 12 20 0"
	static const struct {
		const char *text;
		bool is_ending;
	} cases[] = {
		{"7 (node) S " NUMBERS " 11 0 4242 8192 2 18446744073709551615", false},
		{"7 (node) R " NUMBERS " 1 0 4242 0 0 18446744073709551615", true},
		{"7 (a) Z 1 2) D " NUMBERS " 1 0 4242 0 0 18446744073709551615", true},
		{"7 (node) Z " NUMBERS " 1 0 4242 0 0 18446744073709551615", false},
		{"7 (node) X " NUMBERS " 1 0 4242 0 0 18446744073709551615", false},
		/* the leader has ended, another thread gives the memory back */
		{"7 (node) Z " NUMBERS " 2 0 4242 0 0 18446744073709551615", true},
	};
	/* the last lacks its number of threads and all behind it */
	static const char cut_off[] = "7 (node) S " NUMBERS;
	static const char *const no_stats[] = {"", "7 (node", "7 (node) S 1 2", cut_off};
	struct process_stat stat;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(process_stat__parse(&stat, cases[i].text), 0);
		assert_int_equal(stat.start_ticks, 4242);
		assert_int_equal(process_stat__is_ending(&stat), cases[i].is_ending);
	}
	for (size_t i = 0; i < sizeof(no_stats) / sizeof(no_stats[0]); i++)
		assert_int_equal(process_stat__parse(&stat, no_stats[i]), -EINVAL);
	assert_int_equal(process_stat__read(&stat, getpid()), 0);
	assert_int_equal(stat.state, 'R');
	assert_true(stat.address_bytes > 0 && stat.start_ticks > 0);
	assert_int_equal(stat.parent, getppid());
	assert_true(process_descends_from(getpid(), getpid()));
	assert_true(process_descends_from(getpid(), getppid()));
	assert_false(process_descends_from(getppid(), getpid()));
	assert_false(process_descends_from(5000020, getpid()));
	assert_false(process_is_ending(getpid(), 0));
	assert_int_equal(process_stat__read(&stat, 5000020), -ESRCH);
}

/* Without privileges it cannot be told at all: that is another answer than "no such". */
static void test_machine__tracepoints(void **state)
{
	int page_fault = tracepoint_id("exceptions", "page_fault_user");
	int first = tracepoint_id("sched", "sched_process_exec");

	(void)state;
	if (first == -EACCES || first == -EPERM) {
		print_message("tracefs cannot be read without privileges\n");
		skip();
	}
	assert_true(first > 0);
	assert_int_equal(tracepoint_id("sched", "sched_process_exec"), first);
	assert_int_not_equal(page_fault, first);
	assert_int_equal(tracepoint_id("sched", "no_such_tracepoint"), -ENOENT);
	assert_int_equal(tracepoint_id("no_such_category", "sched_process_exec"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machine__memory),
		cmocka_unit_test(test_machine__exe),
		cmocka_unit_test(test_machine__clocks),
		cmocka_unit_test(test_machine__process_stat),
		cmocka_unit_test(test_machine__tracepoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
