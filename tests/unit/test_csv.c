/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "unit/sample_account.h"
#include "view/csv.h"

#define FIELD_MAX 256

/* A reader of RFC 4180, written from its grammar: fields of one record. Returns where the
 * next record begins. */
static const char *read_record(const char *text, char fields[FIELD_MAX][FIELD_MAX], size_t *count)
{
	bool quoted = false;
	size_t length = 0;

	*count = 0;
	for (;; text++) {
		char c = *text;

		assert_int_not_equal(c, '\0');
		if (quoted && c == '"' && text[1] == '"') {
			text++;
		} else if (c == '"') {
			quoted = !quoted;
			continue;
		} else if (!quoted && (c == ',' || c == '\r')) {
			fields[(*count)++][length] = '\0';
			length = 0;
			if (c == ',')
				continue;
			assert_int_equal(text[1], '\n');
			return text + 2;
		} else if (!quoted) {
			assert_int_not_equal(c, '\n');
		}
		assert_true(*count < FIELD_MAX && length < FIELD_MAX - 1);
		fields[*count][length++] = c;
	}
}

static char header[FIELD_MAX][FIELD_MAX], record[FIELD_MAX][FIELD_MAX];

static const char *field(const char *name, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(header[i], name) == 0)
			return record[i];
	}
	fail_msg("no column %s", name);
	return NULL;
}

/* Header and lines of an account, with a NUL behind. */
static void print(struct output *output, const struct account *account)
{
	struct look look;

	look__init(&look, account, NULL, NULL);
	output__init(output, -1);
	csv__header(output);
	csv__look(output, &look);
	output__add_char(output, '\0');
	look__release(&look);
}

static void test_csv__every_record_has_the_columns_of_the_header(void **state)
{
	struct account account;
	struct output output;
	const char *next;
	size_t count, columns, lines = 0;

	(void)state;
	sample_account__init(&account);
	print(&output, &account);
	next = read_record(output.data, header, &columns);
	while (*next) {
		next = read_record(next, record, &count);
		assert_int_equal(count, columns);
		lines++;
	}
	assert_int_equal(lines, 4);
	for (int i = 0; i < PROCESS_FIGURE_COUNT; i++)
		field(process_figures[i].path, columns);
	output__release(&output);
	account__release(&account);
}

static void test_csv__has_values_and_leaves_unknown_empty(void **state)
{
	struct account account;
	struct output output;
	const char *next;
	size_t count;

	(void)state;
	sample_account__init(&account);
	print(&output, &account);
	next = read_record(output.data, header, &count);
	read_record(next, record, &count); /* the largest comes first */
	assert_string_equal(field("time", count), "2026-01-31T12:00:02.000Z");
	assert_string_equal(field("pid", count), "4242");
	assert_string_equal(field("start_time", count), "2026-01-31T08:58:00.000000000Z");
	assert_string_equal(field("container", count), "web");
	assert_string_equal(field("rss", count), "536870912");
	assert_string_equal(field("rss_shmem", count), "0");
	assert_string_equal(field("vsize", count), "");
	assert_string_equal(field("classes.v8_heap", count), "");
	assert_string_equal(field("exited", count), "");
	assert_string_equal(field("oom_killed", count), "");
	output__release(&output);
	account__release(&account);
}

static void test_csv__quotes_what_needs_it(void **state)
{
	struct account account;
	struct output output;
	struct process *process;
	const char *next;
	size_t count;

	(void)state;
	sample_account__init(&account);
	process = account__find_pid(&account, 900);
	process->figures[FIG_RSS] = INT64_MAX; /* so that it comes first */
	process__add_note(process, "one, \"two\"");
	process__add_note(process, "three");
	print(&output, &account);
	next = read_record(output.data, header, &count);
	read_record(next, record, &count);
	assert_string_equal(field("comm", count), "evil \"a,b\"\\");
	assert_string_equal(field("notes", count), "one, \"two\"; three");
	output__release(&output);
	account__release(&account);
}

static void test_csv__shows_exited_processes(void **state)
{
	struct account account;
	struct output output;
	const char *next;
	size_t count;

	(void)state;
	sample_account__init(&account);
	print(&output, &account);
	next = read_record(output.data, header, &count);
	while (*next)
		next = read_record(next, record, &count);
	assert_string_equal(field("pid", count), "4300");
	assert_string_equal(field("exited", count), "2026-01-31T12:00:01.500000000Z");
	assert_string_equal(field("exit_status", count), "137");
	assert_string_equal(field("exit_signal", count), "9");
	assert_string_equal(field("oom_killed", count), "true");
	assert_string_equal(field("rss_peak", count), "104857600");
	output__release(&output);
	account__release(&account);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv__every_record_has_the_columns_of_the_header),
		cmocka_unit_test(test_csv__has_values_and_leaves_unknown_empty),
		cmocka_unit_test(test_csv__quotes_what_needs_it),
		cmocka_unit_test(test_csv__shows_exited_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
