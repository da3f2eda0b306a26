/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "command/stop_signals.h"

static void test_stop_signals__first_one_is_told(void **state)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct stop_signals signals;

		assert_int_equal(stop_signals__open(&signals), 0);
		assert_false(stop_signals__arrived(&signals));
		raise(numbers[i]);
		assert_true(stop_signals__arrived(&signals));
		assert_true(stop_signals__arrived(&signals));
		stop_signals__close(&signals);
	}
}

static void test_stop_signals__second_one_kills(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		struct stop_signals signals;

		if (stop_signals__open(&signals))
			_exit(1);
		raise(SIGTERM);
		if (!stop_signals__arrived(&signals))
			_exit(2);
		raise(SIGTERM);
		_exit(3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

static void test_stop_signals__ignored_stays_ignored(void **state)
{
	struct stop_signals signals;

	(void)state;
	signal(SIGHUP, SIG_IGN);
	assert_int_equal(stop_signals__open(&signals), 0);
	raise(SIGHUP);
	stop_signals__close(&signals);
	/* it must not have killed us */
	signal(SIGHUP, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stop_signals__first_one_is_told),
		cmocka_unit_test(test_stop_signals__second_one_kills),
		cmocka_unit_test(test_stop_signals__ignored_stays_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
