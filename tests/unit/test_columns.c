/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "unit/sample_account.h"
#include "view/columns.h"
#include "view/user_names.h"

static struct account account;
static struct column_context context;

static int set_up(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	sample_account__init(&account);
	context = (struct column_context){.account = &account};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	account__release(&account);
	return 0;
}

static void assert_cell(const char *key, const void *subject, const char *expected)
{
	char buffer[COLUMN_TEXT_SIZE];
	const struct column *column = process_column__find(key);

	assert_non_null(column);
	assert_int_equal(column__render(column, &context, subject, buffer), strlen(expected));
	assert_string_equal(buffer, expected);
}

static void check_keys(const struct column *columns, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		assert_true((columns[i].number != NULL) != (columns[i].text != NULL));
		assert_true(columns[i].width > 0 && columns[i].max_width >= columns[i].width);
		assert_true(strlen(columns[i].title) <= columns[i].width);
		assert_true(*columns[i].help != '\0');
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(columns[i].key, columns[j].key);
	}
}

static void test_columns__keys_differ_and_rows_are_whole(void **state)
{
	(void)state;
	check_keys(process_columns, process_column_count);
	check_keys(container_columns, container_column_count);
}

static void test_columns__every_figure_has_a_column_and_a_rate(void **state)
{
	(void)state;
	for (int i = 0; i < PROCESS_FIGURE_COUNT; i++) {
		const struct column *column = process_column__find(process_figures[i].path);
		char key[64];

		assert_non_null(column);
		assert_int_equal(column->figure, i);
		snprintf(key, sizeof(key), "%s%s", process_figures[i].path,
			 process_figures[i].kind == FIGURE_COUNTER ? "/s" : "+");
		column = process_column__find(key);
		assert_non_null(column);
		assert_int_equal(column->figure, i);
		assert_int_equal(column->group, COLUMN_RATE);
	}
	for (int i = 0; i < CONTAINER_FIGURE_COUNT; i++)
		assert_int_equal(container_column__find(container_figures[i].path)->figure, i);
	assert_null(process_column__find("no such column"));
}

static void test_columns__cells_are_for_people(void **state)
{
	struct process *node = account__find_pid(&account, 4242);

	(void)state;
	assert_cell("pid", node, "4242");
	assert_cell("user", node, "1000");
	assert_cell("comm", node, "node");
	assert_cell("container", node, "web");
	assert_cell("rss", node, "512 MiB");
	assert_cell("rss+", node, "+10.0 MiB");
	assert_cell("faults.minor/s", node, "2560");
	assert_cell("faults/s", node, "2560");
	assert_cell("rss%", node, "6.3%"); /* 512 MiB of 8 GiB: 6.25 */
	assert_cell("age", node, "3h02m");
	assert_cell("start_time", node, "08:58:00");
	assert_cell("vsize", node, "-");
	assert_cell("vsize+", node, "-");
	assert_cell("exit", node, "-");
	assert_cell("container", account__find_pid(&account, 700), "-");
}

static void test_columns__shrinking_has_its_sign(void **state)
{
	struct process *node = account__find_pid(&account, 4242);

	(void)state;
	node->figures[FIG_RSS] = node->previous[FIG_RSS] - 6 * MIB;
	assert_cell("rss+", node, "-3.0 MiB");
}

static void test_columns__says_how_a_process_ended(void **state)
{
	struct process *worker = account.exited[0];

	(void)state;
	assert_cell("exit", worker, "OOM-killed");
	assert_cell("age", worker, "1.5 s");
	worker->oom_killed = false;
	assert_cell("exit", worker, "SIGKILL");
	worker->exit_status = SIGSEGV | 0x80; /* with a core dump */
	assert_cell("exit", worker, "SIGSEGV");
	worker->exit_status = 3 << 8;
	assert_cell("exit", worker, "3");
	worker->exit_status = 0;
	assert_cell("exit", worker, "0");
	worker->exit_status = -1;
	assert_cell("exit", worker, "-");
}

static void assert_format(enum figure_unit unit, figure_value value, const char *expected)
{
	char buffer[32];

	assert_string_equal(column__format(buffer, sizeof(buffer), unit, value), expected);
}

static void test_columns__values_keep_to_their_width(void **state)
{
	static const int64_t second = 1000000000;

	(void)state;
	assert_format(UNIT_COUNT, 0, "0");
	assert_format(UNIT_COUNT, 99999999, "99999999");
	assert_format(UNIT_COUNT, 100000000, "100.0M");
	assert_format(UNIT_COUNT, -10000000, "-10.0M");
	assert_format(UNIT_COUNT, 12345678901234, "12.3T");
	assert_format(UNIT_COUNT, INT64_MAX, "9223.4P");
	assert_format(UNIT_NS, 20000000, "20 ms");
	assert_format(UNIT_NS, 59 * second, "59.0 s");
	assert_format(UNIT_NS, 61 * second, "1m01s");
	assert_format(UNIT_NS, 90061 * second, "1d01h");
	assert_format(UNIT_PERCENT_100, 8137, "81.4%");
	assert_format(UNIT_UNIX_NS, 1769860800 * second, "12:00:00");
	for (int unit = UNIT_BYTES; unit <= UNIT_PERCENT_100; unit++)
		assert_format((enum figure_unit)unit, FIGURE_UNKNOWN, "-");
}

static void test_columns__sorts_with_unknown_last_when_descending(void **state)
{
	struct process *a = account__find_pid(&account, 700);
	struct process *b = account__find_pid(&account, 4242);
	struct process *c = account__find_pid(&account, 900);
	struct process *processes[] = {a, b, c};

	(void)state;
	column__sort(process_column__find("classes.malloc"), &context, true, processes, 3);
	assert_ptr_equal(processes[0], b);
	/* the two that do not know it are in order of pid */
	assert_ptr_equal(processes[1], a);
	assert_ptr_equal(processes[2], c);
	column__sort(process_column__find("rss"), &context, false, processes, 3);
	assert_ptr_equal(processes[0], c);
	column__sort(process_column__find("comm"), &context, false, processes, 3);
	assert_ptr_equal(processes[0], c);
	assert_ptr_equal(processes[1], b);
	column__sort(process_column__find("container"), &context, true, processes, 3);
	assert_ptr_equal(processes[0], b);
}

static void test_columns__users_have_names(void **state)
{
	struct user_names *users = user_names__new();

	(void)state;
	assert_string_equal(user_names__find(users, 0), "root");
	assert_string_equal(user_names__find(users, 4000000123), "4000000123");
	assert_string_equal(user_names__find(users, 0), "root");
	for (uint32_t uid = 0; uid < 300; uid++)
		user_names__find(users, 4000000000 + uid * 7919 % 300);
	assert_string_equal(user_names__find(users, 4000000299), "4000000299");
	user_names__free(users);
}

#define COLUMN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COLUMN_TEST(test_columns__keys_differ_and_rows_are_whole),
		COLUMN_TEST(test_columns__every_figure_has_a_column_and_a_rate),
		COLUMN_TEST(test_columns__cells_are_for_people),
		COLUMN_TEST(test_columns__shrinking_has_its_sign),
		COLUMN_TEST(test_columns__says_how_a_process_ended),
		COLUMN_TEST(test_columns__values_keep_to_their_width),
		COLUMN_TEST(test_columns__sorts_with_unknown_last_when_descending),
		COLUMN_TEST(test_columns__users_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
