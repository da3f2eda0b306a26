/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "view/tui/grid.h"
#include "view/tui/keys.h"
#include "view/tui/spark.h"

static int set_utf8(void **state)
{
	(void)state;
	return setlocale(LC_ALL, "C.UTF-8") ? 0 : -1;
}

/* The text of a grid of one size after one put. */
#define assert_dump(grid, expected)                                                                \
	do {                                                                                       \
		char *dump_ = grid__dump(grid);                                                    \
		assert_string_equal(dump_, expected);                                              \
		free(dump_);                                                                       \
		grid__release(grid);                                                               \
	} while (0)

static void test_tui_grid__clips_on_all_sides(void **state)
{
	struct grid grid;

	(void)state;
	grid__init(&grid, 5, 3);
	grid__put(&grid, 0, -2, 10, STYLE_NORMAL, "abcd");
	grid__put(&grid, 1, 3, 10, STYLE_NORMAL, "abcd");
	grid__put(&grid, -1, 0, 10, STYLE_NORMAL, "above");
	grid__put(&grid, 3, 0, 10, STYLE_NORMAL, "below");
	grid__fill(&grid, 2, -5, 100, STYLE_NORMAL, "#");
	grid__restyle(&grid, 2, -5, 100, STYLE_BOLD);
	assert_int_equal(grid__cell(&grid, 2, 4)->style, STYLE_BOLD);
	assert_null(grid__cell(&grid, 2, 5));
	assert_dump(&grid, "cd\n   ab\n#####\n");
}

static void test_tui_grid__cuts_to_width_between_characters(void **state)
{
	struct grid grid;

	(void)state;
	grid__init(&grid, 10, 3);
	assert_int_equal(grid__put(&grid, 0, 0, 3, STYLE_NORMAL, "数据"), 2);
	assert_int_equal(grid__put(&grid, 1, 0, 4, STYLE_NORMAL, "数据"), 4);
	assert_int_equal(grid__put(&grid, 2, 9, 4, STYLE_NORMAL, "数"), 2);
	assert_dump(&grid, "数\n数据\n\n");
}

static void test_tui_grid__combining_characters_take_no_column(void **state)
{
	struct grid grid;

	(void)state;
	grid__init(&grid, 4, 2);
	assert_int_equal(grid__put(&grid, 0, 0, 4, STYLE_NORMAL, "e\u0301x"), 2);
	assert_string_equal(grid__cell(&grid, 0, 0)->text, "e\u0301");
	/* more than a cell can hold: the rest is dropped, the cell stays valid */
	assert_int_equal(grid__put(&grid, 1, 0, 4, STYLE_NORMAL,
				   "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301b"),
			 2);
	assert_string_equal(grid__cell(&grid, 1, 1)->text, "b");
	grid__release(&grid);
}

static void test_tui_grid__overwriting_half_a_wide_character(void **state)
{
	struct grid grid;

	(void)state;
	grid__init(&grid, 6, 2);
	grid__put(&grid, 0, 0, 6, STYLE_NORMAL, "数据x");
	grid__put(&grid, 0, 1, 1, STYLE_NORMAL, "a");
	grid__put(&grid, 0, 2, 1, STYLE_NORMAL, "b");
	grid__put(&grid, 1, 0, 6, STYLE_NORMAL, "a数x");
	grid__put(&grid, 1, 0, 6, STYLE_NORMAL, "据");
	assert_dump(&grid, " ab x\n据 x\n");
}

static void test_tui_grid__ascii_and_hostile_bytes(void **state)
{
	struct grid grid;

	(void)state;
	grid__init(&grid, 12, 2);
	grid.ascii = true;
	grid__put(&grid, 0, 0, 12, STYLE_NORMAL, "é数e\u0301\x1b[31m");
	grid.ascii = false;
	grid__put(&grid, 1, 0, 12, STYLE_NORMAL, "\xff\xc3(\x1b[\xe6\x95");
	assert_dump(&grid, "\?\?e?[31m\n\uFFFD\uFFFD(\uFFFD[\uFFFD\n");
}

static void test_tui_grid__alignment(void **state)
{
	struct grid grid;

	(void)state;
	grid__init(&grid, 12, 2);
	grid__fill(&grid, 0, 0, 12, STYLE_NORMAL, ".");
	grid__put_right(&grid, 0, 1, 6, STYLE_NORMAL, "12 é");
	grid__fill(&grid, 1, 0, 12, STYLE_NORMAL, ".");
	grid__put_padded(&grid, 1, 1, 6, STYLE_NORMAL, "12 é");
	assert_dump(&grid, ".  12 é.....\n.12 é  .....\n");
}

static struct history make_history(const figure_value *values, int count)
{
	struct history history = {0};

	for (int i = 0; i < count; i++)
		history__add(&history, values[i]);
	return history;
}

static void test_tui_grid__sparkline(void **state)
{
	static const figure_value rising[] = {0, 100, 200, 300, 400, 500, 600, 700};
	static const figure_value gap[] = {100, FIGURE_UNKNOWN, 800};
	static const figure_value flat[] = {1000, 1001, 1000};
	struct history a = make_history(rising, 8), b = make_history(gap, 3);
	struct history c = make_history(flat, 3), none = {0};
	struct grid grid;

	(void)state;
	grid__init(&grid, 8, 5);
	draw_sparkline(&grid, 0, 0, 8, STYLE_NORMAL, &a);
	draw_sparkline(&grid, 1, 0, 8, STYLE_NORMAL, &b);
	draw_sparkline(&grid, 2, 0, 8, STYLE_NORMAL, &c);
	draw_sparkline(&grid, 3, 0, 8, STYLE_NORMAL, &none);
	grid.ascii = true;
	draw_sparkline(&grid, 4, 0, 8, STYLE_NORMAL, &a);
	assert_dump(&grid, "▁▂▃▄▅▆▇█\n     ▁ █\n     ▁▁▁\n\n_.:-=+*#\n");
}

static void test_tui_grid__class_bar_fills_its_width(void **state)
{
	figure_value classes[CLASS_COUNT];
	struct grid grid;

	(void)state;
	grid__init(&grid, 200, 1);
	for (int i = 0; i < CLASS_COUNT; i++)
		classes[i] = i % 3 ? (figure_value)1 << (4 * i) : FIGURE_UNKNOWN;
	for (int width = CLASS_COUNT; width <= 200; width++) {
		grid__clear(&grid);
		draw_class_bar(&grid, 0, 0, width, classes, true);
		for (int x = 0; x < width; x++)
			assert_int_not_equal(grid__cell(&grid, 0, x)->style, STYLE_NORMAL);
		if (width < 200)
			assert_int_equal(grid__cell(&grid, 0, width)->style, STYLE_NORMAL);
	}
	grid__release(&grid);
}

static void test_tui_grid__class_bar_shows_shares(void **state)
{
	figure_value classes[CLASS_COUNT] = {0};
	struct grid grid;

	(void)state;
	classes[FIG_CLASS_MALLOC - FIG_CLASS_FIRST] = 600;
	classes[FIG_CLASS_STACK - FIG_CLASS_FIRST] = 1;
	classes[FIG_CLASS_FILE - FIG_CLASS_FIRST] = 300;
	classes[FIG_CLASS_UNACCOUNTED - FIG_CLASS_FIRST] = -5;
	grid__init(&grid, 30, 1);
	draw_class_bar(&grid, 0, 0, 30, classes, true);
	/* 20, 1 and 10 columns of 30 by rounding: the largest gives one back */
	assert_dump(&grid, "mmm malloc 67% mmmms file 33%\n");
}

static void test_tui_grid__key_names(void **state)
{
	static const int keys[] = {'a', '<', ' ', KEY_CODE_ENTER, KEY_CODE_F12, KEY_CODE_PAGE_UP};
	char name[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_int_equal(key__from_name(key__name(keys[i], name, sizeof name)), keys[i]);
	assert_int_equal(key__from_name("F13"), KEY_CODE_NONE);
	assert_int_equal(key__from_name(""), KEY_CODE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tui_grid__clips_on_all_sides),
		cmocka_unit_test(test_tui_grid__cuts_to_width_between_characters),
		cmocka_unit_test(test_tui_grid__combining_characters_take_no_column),
		cmocka_unit_test(test_tui_grid__overwriting_half_a_wide_character),
		cmocka_unit_test(test_tui_grid__ascii_and_hostile_bytes),
		cmocka_unit_test(test_tui_grid__alignment),
		cmocka_unit_test(test_tui_grid__sparkline),
		cmocka_unit_test(test_tui_grid__class_bar_fills_its_width),
		cmocka_unit_test(test_tui_grid__class_bar_shows_shares),
		cmocka_unit_test(test_tui_grid__key_names),
	};

	return cmocka_run_group_tests(tests, set_utf8, NULL);
}
