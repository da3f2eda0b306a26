/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "view/tui/grid.h"
#include "view/tui/list.h"

/* Rows with a name and a number that is what they are known by. */
struct row {
	const char *name;
	unsigned int number;
};

static struct list_id row_id(const void *row)
{
	return (struct list_id){1, ((const struct row *)row)->number};
}

static bool row_matches(const void *row, const struct column_context *context, const char *text)
{
	(void)context;
	return text_holds(((const struct row *)row)->name, text);
}

static const struct list_kind kind = {row_id, row_matches};
static const struct column_context context;

static const struct row rows[] = {{"alpha", 1}, {"beta", 2},	{"Gamma", 3},
				  {"delta", 4}, {"epsilon", 5}, {"zeta", 6}};
#define ROWS 6

static int start(void **state)
{
	static struct list list;
	const void *pointers[ROWS];

	for (int i = 0; i < ROWS; i++)
		pointers[i] = &rows[i];
	list__init(&list, &kind, NULL, false);
	list__set_rows(&list, pointers, ROWS, &context);
	*state = &list;
	return 0;
}

static int stop(void **state)
{
	list__release(*state);
	return 0;
}

static const char *selected_name(const struct list *list)
{
	const struct row *row = list__selected(list);

	return row ? row->name : "none";
}

static void set(struct list *list, const char *order)
{
	const void *pointers[ROWS];
	size_t count = strlen(order);

	for (size_t i = 0; i < count; i++)
		pointers[i] = &rows[order[i] - '1'];
	list__set_rows(list, pointers, count, &context);
}

static void test_tui_list__moves_within_bounds(void **state)
{
	struct list *list = *state;

	list__move(list, -1);
	assert_string_equal(selected_name(list), "alpha");
	list__move(list, 100);
	assert_string_equal(selected_name(list), "zeta");
	list__move(list, -2);
	assert_string_equal(selected_name(list), "delta");
	list__select(list, SIZE_MAX);
	assert_string_equal(selected_name(list), "zeta");
}

static void test_tui_list__selection_follows_identity(void **state)
{
	struct list *list = *state;

	list__move(list, 2);
	set(list, "654321");
	assert_string_equal(selected_name(list), "Gamma");
	assert_int_equal(list->selected, 3);
}

static void test_tui_list__selected_row_goes_away(void **state)
{
	struct list *list = *state;

	list__move(list, 2);
	set(list, "12456");
	assert_string_equal(selected_name(list), "delta");
	set(list, "12");
	assert_string_equal(selected_name(list), "beta");
	set(list, "");
	assert_null(list__selected(list));
	list__move(list, 1);
	list__move_pages(list, -1);
	assert_false(list__search(list, &context, "a", true));
	set(list, "345");
	assert_string_equal(selected_name(list), "Gamma");
}

static void test_tui_list__filter_in_whatever_case(void **state)
{
	struct list *list = *state;

	strcpy(list->filter, "TA");
	set(list, "123456");
	assert_int_equal(list->count, 3);
	assert_int_equal(list->unfiltered_count, 6);
	assert_string_equal(selected_name(list), "beta");
	list->filter[0] = '\0';
	set(list, "123456");
	assert_int_equal(list->count, 6);
	assert_string_equal(selected_name(list), "beta");
}

static void test_tui_list__search_goes_round(void **state)
{
	struct list *list = *state;

	assert_true(list__search(list, &context, "ta", false));
	assert_string_equal(selected_name(list), "beta");
	assert_true(list__search(list, &context, "ta", false));
	assert_string_equal(selected_name(list), "beta");
	assert_true(list__search(list, &context, "ta", true));
	assert_string_equal(selected_name(list), "delta");
	list__search(list, &context, "ta", true);
	list__search(list, &context, "ta", true);
	assert_string_equal(selected_name(list), "beta");
	assert_false(list__search(list, &context, "nothing", true));
	assert_string_equal(selected_name(list), "beta");
}

static void test_tui_list__tags_live_as_long_as_their_rows(void **state)
{
	struct list *list = *state;

	list__toggle_tag(list, &rows[0]);
	list__toggle_tag(list, &rows[3]);
	list__toggle_tag(list, &rows[5]);
	list__toggle_tag(list, &rows[5]);
	set(list, "4321");
	assert_true(list__is_tagged(list, &rows[0]));
	assert_true(list__is_tagged(list, &rows[3]));
	assert_false(list__is_tagged(list, &rows[5]));
	strcpy(list->filter, "beta"); /* filtered out is not gone */
	set(list, "1236");
	assert_true(list__is_tagged(list, &rows[0]));
	assert_false(list__is_tagged(list, &rows[3]));
	list->filter[0] = '\0';
	set(list, "123456");
	assert_false(list__is_tagged(list, &rows[3]));
	list__untag_all(list);
	assert_false(list__is_tagged(list, &rows[0]));
}

static void draw_name(void *argument, struct grid *grid, int y, const void *row, bool selected,
		      bool tagged)
{
	int *drawn = argument;

	grid__printf(grid, y, 0, STYLE_NORMAL, "%c%c%s", selected ? '>' : ' ', tagged ? '*' : ' ',
		     ((const struct row *)row)->name);
	(*drawn)++;
}

static void assert_drawn(struct list *list, int height, const char *expected)
{
	struct grid grid;
	int drawn = 0;

	grid__init(&grid, 12, height);
	list__draw(list, &grid, 0, height, draw_name, &drawn);
	char *dump = grid__dump(&grid);
	assert_string_equal(dump, expected);
	assert_true(drawn <= height);
	free(dump);
	grid__release(&grid);
}

static void test_tui_list__scrolls_no_further_than_needed(void **state)
{
	struct list *list = *state;

	assert_drawn(list, 3, "> alpha\n  beta\n  Gamma\n");
	list__move(list, 3);
	list__toggle_tag(list, &rows[1]);
	assert_drawn(list, 3, " *beta\n  Gamma\n> delta\n");
	list__move(list, -1);
	assert_drawn(list, 3, " *beta\n> Gamma\n  delta\n");
	list__move_pages(list, 1);
	assert_drawn(list, 3, "  Gamma\n  delta\n> epsilon\n");
	/* more room: no line stays empty while there are rows */
	assert_drawn(list, 5, " *beta\n  Gamma\n  delta\n> epsilon\n  zeta\n");
	assert_drawn(list, 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tui_list__moves_within_bounds, start, stop),
		cmocka_unit_test_setup_teardown(test_tui_list__selection_follows_identity, start,
						stop),
		cmocka_unit_test_setup_teardown(test_tui_list__selected_row_goes_away, start, stop),
		cmocka_unit_test_setup_teardown(test_tui_list__filter_in_whatever_case, start,
						stop),
		cmocka_unit_test_setup_teardown(test_tui_list__search_goes_round, start, stop),
		cmocka_unit_test_setup_teardown(test_tui_list__tags_live_as_long_as_their_rows,
						start, stop),
		cmocka_unit_test_setup_teardown(test_tui_list__scrolls_no_further_than_needed,
						start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
