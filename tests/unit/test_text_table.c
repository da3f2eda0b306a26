/* SPDX-License-Identifier: GPL-2.0-only */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "unit/sample_account.h"
#include "view/text_breakdown.h"
#include "view/text_look.h"

static struct account account;

static int set_up(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	setlocale(LC_CTYPE, "C.UTF-8");
	sample_account__init(&account);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	account__release(&account);
	return 0;
}

/* A look as text; the caller releases output, whose data ends with a NUL. */
static const char *print_look(struct output *output, const struct text_style *style,
			      const char *sort)
{
	struct look look;

	output__init(output, -1);
	look__init(&look, &account, sort ? process_column__find(sort) : NULL, NULL);
	text_look__print(output, style, &look);
	look__release(&look);
	output__add_char(output, '\0');
	return output->data;
}

static const char *print_breakdown(struct output *output, const struct text_style *style,
				   const struct process *process)
{
	struct column_context context = {.account = &account};

	output__init(output, -1);
	text_breakdown__print(output, style, &context, process);
	output__add_char(output, '\0');
	return output->data;
}

/* GENERATE=1 rewrites the files: read what it wrote. */
static void assert_file(const char *path, const char *text)
{
	char expected[16384];
	FILE *file = fopen(path, getenv("GENERATE") ? "w+" : "r");
	size_t length;

	assert_non_null(file);
	if (getenv("GENERATE")) {
		assert_true(fputs(text, file) >= 0);
		rewind(file);
	}
	length = fread(expected, 1, sizeof(expected) - 1, file);
	expected[length] = '\0';
	fclose(file);
	assert_string_equal(text, expected);
}

static void assert_fits(const char *text, size_t width)
{
	char line[2048];

	for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
		size_t length = (size_t)(end - text);

		assert_true(length < sizeof(line));
		memcpy(line, text, length);
		line[length] = '\0';
		if (text__columns(line) > width)
			fail_msg("wider than %zu: %s", width, line);
		if (length)
			assert_int_not_equal(line[length - 1], ' ');
	}
}

static void test_text_table__exact_at_80_100_200(void **state)
{
	static const unsigned int widths[] = {80, 100, 200};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct text_style style = {.width = widths[i]};
		struct output output;
		char path[64];

		snprintf(path, sizeof(path), "tests/data/view/look_%u.txt", widths[i]);
		assert_file(path, print_look(&output, &style, NULL));
		output__release(&output);
	}
}

static void test_text_table__breakdown_exact(void **state)
{
	struct text_style style = {.width = 80};
	struct output output;

	(void)state;
	assert_file("tests/data/view/breakdown_80.txt",
		    print_breakdown(&output, &style, account__find_pid(&account, 4242)));
	output__release(&output);
}

static void test_text_table__breakdown_of_heaps(void **state)
{
	static const struct {
		uint32_t pid;
		unsigned int width;
		const char *path;
	} cases[] = {
		{4242, 80, "tests/data/view/heaps_node_80.txt"},
		{4242, 160, "tests/data/view/heaps_node_160.txt"},
		{800, 80, "tests/data/view/heaps_cruncher_80.txt"},
	};

	(void)state;
	account__release(&account);
	account__init(&account);
	sample_account__look_at_heaps(&account);
	sample_account__look_at_heaps(&account);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text_style style = {.width = cases[i].width};
		const struct process *process = account__find_pid(&account, cases[i].pid);
		struct output output;
		const char *text = print_breakdown(&output, &style, process);

		assert_fits(text, cases[i].width);
		assert_file(cases[i].path, text);
		output__release(&output);
	}
}

static void test_text_table__never_wraps(void **state)
{
	struct process *node = account__find_pid(&account, 4242);

	(void)state;
	/* wide and many characters wherever there is text */
	snprintf(node->comm, sizeof(node->comm), "%s", "名前名前名前名前名前名前名前名前名前");
	account__set_text(&node->container->name,
			  "a-container-with-a-very-long-name-that-goes-on-and-on");
	account__set_text(&node->exe, "/a/very/long/path/名前/that/goes/on/and/on/and/on/and/on"
				      "/and/on/and/on/and/on/and/on/and/on/and/on/and/on/and/on");
	process__add_note(node, "a note of more than eighty characters, which is longer than the "
				"screen is wide, and must be cut");
	for (unsigned int width = 80; width <= 220; width++) {
		struct text_style style = {.width = width, .ascii = width % 2};
		struct output output;

		assert_fits(print_look(&output, &style, NULL), width);
		output__release(&output);
		assert_fits(print_breakdown(&output, &style, node), width);
		output__release(&output);
	}
}

static void test_text_table__ascii_is_ascii(void **state)
{
	struct text_style style = {.width = 80, .ascii = true};
	struct output output;
	const char *text;

	(void)state;
	text = print_breakdown(&output, &style, account__find_pid(&account, 4242));
	assert_non_null(strstr(text, "####"));
	for (; *text; text++)
		assert_true((unsigned char)*text < 0x80);
	output__release(&output);
}

static void test_text_table__says_what_it_leaves_out(void **state)
{
	struct text_style style = {.max_rows = 1};
	struct output output;
	const char *text;

	(void)state;
	text = print_look(&output, &style, NULL);
	assert_non_null(strstr(text, "... 2 more processes, 72.0 MiB\n"));
	assert_null(strstr(text, "postgres"));
	output__release(&output);
}

static void test_text_table__colours_only_when_told(void **state)
{
	struct text_style style = {.width = 80};
	struct output output;

	(void)state;
	assert_null(strchr(print_look(&output, &style, NULL), '\033'));
	output__release(&output);
	style.colour = true;
	assert_non_null(strstr(print_look(&output, &style, NULL), "\033[1m"));
	output__release(&output);
}

static void test_text_table__the_sorted_column_is_shown(void **state)
{
	struct text_style style = {.width = 80};
	struct output output;
	const char *text;

	(void)state;
	account__find_pid(&account, 700)->figures[FIG_THREADS] = 9;
	text = print_look(&output, &style, "threads");
	assert_non_null(strstr(text, "THR"));
	assert_true(strstr(text, "postgres") < strstr(text, "node"));
	output__release(&output);
}

static void test_text_table__losses_are_said(void **state)
{
	struct text_style style = {.width = 80};
	struct output output;
	const char *text;

	(void)state;
	account.lost_events = 3;
	account.exited_left_out = 17;
	account__find_pid(&account, 700)->figures[FIG_LOST_EVENTS] = 4;
	text = print_look(&output, &style, NULL);
	assert_non_null(strstr(text, "LOST: 7 events"));
	assert_non_null(strstr(text, "LEFT OUT: 17 more"));
	output__release(&output);
}

static void test_text_table__unknown_rss_is_not_0(void **state)
{
	struct text_style style = {.width = 80};
	struct output output;

	(void)state;
	account__find_pid(&account, 700)->figures[FIG_RSS] = FIGURE_UNKNOWN;
	assert_non_null(strstr(print_look(&output, &style, NULL), "MiB (1 unknown)"));
	output__release(&output);
	for (size_t i = 0; i < account.process_count; i++)
		account.processes[i]->figures[FIG_RSS] = FIGURE_UNKNOWN;
	style.max_rows = 1;
	assert_non_null(strstr(print_look(&output, &style, NULL), " processes, RSS -"));
	assert_non_null(strstr(output.data, "more processes, -"));
	output__release(&output);
}

static void test_text_table__breakdown_of_one_that_exited(void **state)
{
	struct text_style style = {.width = 80};
	struct output output;

	(void)state;
	assert_non_null(strstr(print_breakdown(&output, &style, account.exited[0]),
			       "lived 1.5 s, EXITED: OOM-killed"));
	output__release(&output);
}

#define TABLE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(test_text_table__exact_at_80_100_200),
		TABLE_TEST(test_text_table__breakdown_exact),
		TABLE_TEST(test_text_table__breakdown_of_heaps),
		TABLE_TEST(test_text_table__never_wraps),
		TABLE_TEST(test_text_table__ascii_is_ascii),
		TABLE_TEST(test_text_table__says_what_it_leaves_out),
		TABLE_TEST(test_text_table__colours_only_when_told),
		TABLE_TEST(test_text_table__the_sorted_column_is_shown),
		TABLE_TEST(test_text_table__losses_are_said),
		TABLE_TEST(test_text_table__unknown_rss_is_not_0),
		TABLE_TEST(test_text_table__breakdown_of_one_that_exited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
