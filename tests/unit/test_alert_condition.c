/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/alert_condition.h"

#define MIB ((int64_t)1 << 20)
#define GIB ((int64_t)1 << 30)

static void accept(struct alert_condition *condition, const char *text)
{
	char message[ALERT_MESSAGE_SIZE] = "";

	if (alert_condition__parse(condition, text, message))
		fail_msg("'%s' was refused: %s", text, message);
	assert_string_equal(condition->text, text);
}

static void test_alert_condition__amounts(void **state)
{
	static const struct {
		const char *text, *figure;
		enum alert_scope scope;
		enum alert_comparison comparison;
		figure_value amount;
	} cases[] = {
		{"rss>1.5GiB", "rss", ALERT_OF_PROCESS, ALERT_ABOVE, 3 * GIB / 2},
		{"rss>200MB", "rss", ALERT_OF_PROCESS, ALERT_ABOVE, 200 * MIB},
		{"rss>=64K", "rss", ALERT_OF_PROCESS, ALERT_AT_LEAST, 65536},
		{"rss<1G", "rss", ALERT_OF_PROCESS, ALERT_BELOW, GIB},
		{"rss<=0", "rss", ALERT_OF_PROCESS, ALERT_AT_MOST, 0},
		{"rss > 2 GiB", "rss", ALERT_OF_PROCESS, ALERT_ABOVE, 2 * GIB},
		{"  heap.slack_bytes >= 1TiB ", "heap.slack_bytes", ALERT_OF_PROCESS,
		 ALERT_AT_LEAST, 1024 * GIB},
		{"threads>500", "threads", ALERT_OF_PROCESS, ALERT_ABOVE, 500},
		{"v8.heap_used>1GiB", "heap_used", ALERT_OF_ISOLATE, ALERT_ABOVE, GIB},
		{"v8.gc.pause_ns_max>50ms", "gc.pause_ns_max", ALERT_OF_ISOLATE, ALERT_ABOVE,
		 50000000},
		{"v8.gc.pause_ns_max>1.5s", "gc.pause_ns_max", ALERT_OF_ISOLATE, ALERT_ABOVE,
		 1500000000},
		{"v8.collections>7", "v8.collections", ALERT_OF_PROCESS, ALERT_ABOVE, 7},
		{"container.memory_limit_used>90%", "memory_limit_used", ALERT_OF_CONTAINER,
		 ALERT_ABOVE, 9000},
		{"container.pressure.some_avg10>0.5", "pressure.some_avg10", ALERT_OF_CONTAINER,
		 ALERT_ABOVE, 50},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct alert_condition condition;

		accept(&condition, cases[i].text);
		assert_int_equal(condition.left.scope, cases[i].scope);
		assert_string_equal(condition.left.figure->path, cases[i].figure);
		assert_int_equal(condition.comparison, cases[i].comparison);
		assert_int_equal(condition.amount, cases[i].amount);
		assert_false(condition.is_share || condition.is_growth);
		alert_condition__release(&condition);
	}
}

static void test_alert_condition__shares(void **state)
{
	struct alert_condition condition;
	char name[96];

	(void)state;
	accept(&condition, "v8.heap_used>85%v8.heap_limit");
	assert_true(condition.is_share);
	assert_true(condition.share == 0.85);
	assert_string_equal(alert_figure__name(&condition.of, name, sizeof(name)), "v8.heap_limit");
	alert_condition__release(&condition);

	accept(&condition, "rss > 12.5%limits.container");
	assert_true(condition.share == 0.125);
	assert_int_equal(condition.of.scope, ALERT_OF_PROCESS);
	alert_condition__release(&condition);

	accept(&condition, "rss>50%container.memory_limit");
	assert_int_equal(condition.of.scope, ALERT_OF_CONTAINER);
	assert_string_equal(alert_figure__name(&condition.of, name, sizeof(name)),
			    "container.memory_limit");
	alert_condition__release(&condition);
}

static void test_alert_condition__growth(void **state)
{
	static const struct {
		const char *text;
		figure_value amount;
		int64_t seconds;
	} cases[] = {
		{"rss+>50MiB/min", 50 * MIB, 60},
		{"rss +>= 1GiB/h", GIB, 3600},
		{"rss+>64K/s", 65536, 1},
		{"faults.major+>100/s", 100, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct alert_condition condition;

		accept(&condition, cases[i].text);
		assert_true(condition.is_growth);
		assert_int_equal(condition.amount, cases[i].amount);
		assert_int_equal(condition.period_ns, cases[i].seconds * 1000000000);
		alert_condition__release(&condition);
	}
}

static void test_alert_condition__refused(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "'' compares nothing: >, >=, < or <= is missing"},
		{"rss", "'rss' compares nothing: >, >=, < or <= is missing"},
		{"rss=5", "'rss=5' compares nothing: >, >=, < or <= is missing"},
		{">5", "the figure is missing"},
		{"+>5/s", "the figure is missing"},
		{"rss>", "nothing to compare 'rss' with"},
		{"rss> ", "nothing to compare 'rss' with"},
		{"rs>1", "'rs' is not a figure; did you mean rss?"},
		{"v8.heapused>1", "'v8.heapused' is not a figure; did you mean v8.heap_used?"},
		{"container.memory_curent>1",
		 "'container.memory_curent' is not a figure; did you mean "
		 "container.memory_current?"},
		{"zzzzzz>1", "'zzzzzz' is not a figure"},
		{"container.rss>1", "'container.rss' is not a figure; did you mean "
				    "container.rss_sum or container.rss_unique?"},
		{"rss_peak_time>1", "'rss_peak_time' is a moment, nothing to compare"},
		{"rss>x", "'x' is neither an amount such as 1.5GiB nor a share such as 80%rss"},
		{"rss>1.GiB",
		 "'1.GiB' is neither an amount such as 1.5GiB nor a share such as 80%rss"},
		{"rss>-1", "'-1' is neither an amount such as 1.5GiB nor a share such as 80%rss"},
		{"rss>>1", "'>1' is neither an amount such as 1.5GiB nor a share such as 80%rss"},
		{"rss>5%", "'5%' is neither an amount such as 1.5GiB nor a share such as 80%rss"},
		{"threads>5K",
		 "'5K' is neither an amount such as 500 nor a share such as 80%threads"},
		{"rss>9223372036854775808", "'9223372036854775808' is too much"},
		{"rss>8EiB", "'8EiB' is too much"},
		{"threads>99999999999999999999999999", "'99999999999999999999999999' is too much"},
		{"rss>x%swap", "'x%' is not a share"},
		{"rss>%swap", "'%' is not a share"},
		{"rss>1e9%swap", "'1e9%' is not a share"},
		{"rss>99999999%swap", "a share of more than 1000000 % is too much"},
		{"rss>5%swop", "'swop' is not a figure; did you mean swap?"},
		{"rss>5%threads", "'rss' and 'threads' are not of one kind"},
		{"rss>5%5%swap", "'5%swap' is not a figure"},
		{"rss+>5MiB", "growth is an amount in a time: /s, /min or /h, as in +>50MiB/min"},
		{"rss+>5MiB/day",
		 "growth is an amount in a time: /s, /min or /h, as in +>50MiB/min"},
		{"rss+>/s", "'' is neither an amount such as 1.5GiB nor a share such as 80%rss"},
		{"rss+<5MiB/s", "growth can be more than something (+> or +>=), not less"},
		{"rss+>5%swap", "growth is compared with an amount, as in +>50MiB/min"},
		{"rss>5MiB/s",
		 "'5MiB/s' is neither an amount such as 1.5GiB nor a share such as 80%rss"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char message[ALERT_MESSAGE_SIZE] = "";
		struct alert_condition condition;

		if (!alert_condition__parse(&condition, cases[i].text, message))
			fail_msg("'%s' was accepted", cases[i].text);
		if (strcmp(message, cases[i].message) != 0)
			fail_msg("'%s' said '%s' and not '%s'", cases[i].text, message,
				 cases[i].message);
		alert_condition__release(&condition);
	}
}

/* Every beginning of it, and every byte in every place. */
static void test_alert_condition__hostile(void **state)
{
	static const char *const texts[] = {"v8.heap_used>85%v8.heap_limit", "rss+>=50.5MiB/min",
					    "container.memory_limit_used<=90%"};
	char message[ALERT_MESSAGE_SIZE], long_text[4096];
	struct alert_condition condition;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		size_t length = strlen(texts[i]);

		for (size_t at = 0; at < length; at++) {
			char text[64];

			for (int byte = 0; byte < 256; byte++) {
				snprintf(text, sizeof(text), "%s", texts[i]);
				text[at] = (char)byte;
				alert_condition__parse(&condition, text, message);
				alert_condition__release(&condition);
			}
		}
	}
	memset(long_text, '9', sizeof(long_text));
	memcpy(long_text, "rss>", 4);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_int_not_equal(alert_condition__parse(&condition, long_text, message), 0);
	assert_string_equal(message, "a condition has at most 255 bytes");
	long_text[255] = '\0';
	assert_int_not_equal(alert_condition__parse(&condition, long_text, message), 0);
	memcpy(long_text, "v8.gc.pause_ns_max>", strlen("v8.gc.pause_ns_max>"));
	assert_int_not_equal(alert_condition__parse(&condition, long_text, message), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alert_condition__amounts),
		cmocka_unit_test(test_alert_condition__shares),
		cmocka_unit_test(test_alert_condition__growth),
		cmocka_unit_test(test_alert_condition__refused),
		cmocka_unit_test(test_alert_condition__hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
