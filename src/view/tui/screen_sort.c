/* SPDX-License-Identifier: GPL-2.0-only */
/* A menu over a list: the column to sort it by. */
#include <stdlib.h>

#include "base/memory.h"
#include "view/tui/screen.h"

#define MENU_WIDTH 26

static struct list_id column_id(const void *row)
{
	return (struct list_id){0, (uintptr_t)row};
}

static bool column_matches(const void *row,
			   const struct column_context *context __attribute__((unused)),
			   const char *text)
{
	const struct column *column = row;

	return text_holds(column->key, text) || text_holds(column->title, text) ||
	       text_holds(column->help, text);
}

static const struct list_kind column_kind = {.id = column_id, .matches = column_matches};

static const struct screen *screen_below(const struct tui *tui)
{
	return tui__below(tui, &screen_sort);
}

static struct list *menu_list(struct tui *tui)
{
	return &tui->sort_menu;
}

static void refresh(struct tui *tui)
{
	const struct screen *below = screen_below(tui);
	unsigned int count = *below->sort_column_count;
	const void **rows = xcalloc(count, sizeof *rows);

	for (unsigned int i = 0; i < count; i++)
		rows[i] = &below->sort_columns[i];
	if (!tui->sort_menu.kind) {
		list__init(&tui->sort_menu, &column_kind, NULL, false);
		tui->sort_menu.selected_id = column_id(below->list(tui)->sort);
		tui->sort_menu.has_selected_id = true;
	}
	list__set_rows(&tui->sort_menu, rows, count, &tui->context);
	free(rows);
}

static void leave(struct tui *tui)
{
	list__release(&tui->sort_menu);
	tui->sort_menu.kind = NULL;
}

static void draw_row(void *argument, struct grid *grid, int y, const void *row, bool selected,
		     bool tagged __attribute__((unused)))
{
	const struct column *column = row;
	const struct list *sorted = argument;
	enum style style = selected ? STYLE_SELECTED : STYLE_NORMAL;

	grid__fill(grid, y, 0, MENU_WIDTH, style, " ");
	grid__put(grid, y, 1, MENU_WIDTH - 2, style, column->key);
	if (column == sorted->sort)
		grid__put(grid, y, 0, 1, style, "*");
}

static void draw_frame(struct grid *grid, int top, int bottom)
{
	for (int y = top; y < bottom; y++) {
		grid__fill(grid, y, 0, MENU_WIDTH, STYLE_NORMAL, " ");
		grid__put(grid, y, MENU_WIDTH, 1, STYLE_DIM, grid->ascii ? "|" : "│");
	}
}

static void draw(struct tui *tui, struct grid *grid)
{
	const struct screen *below = screen_below(tui);
	const struct column *selected;
	int top = 3, bottom = grid->height - 2;

	below->draw(tui, grid);
	draw_frame(grid, top, bottom);
	grid__put_padded(grid, top, 0, MENU_WIDTH, STYLE_HEADING, " Sort by");
	list__draw(&tui->sort_menu, grid, top + 1, bottom - top - 1, draw_row, below->list(tui));
	selected = list__selected(&tui->sort_menu);
	grid__fill(grid, bottom, 0, grid->width, STYLE_NORMAL, " ");
	if (selected)
		grid__printf(grid, bottom, 0, STYLE_DIM, " %s: %s", selected->title,
			     selected->help);
}

static void choose(struct tui *tui)
{
	const struct column *column = list__selected(&tui->sort_menu);

	tui__pop(tui);
	tui__sort_by(tui, column);
}

static const struct key_binding keys[] = {
	{KEY_CODE_ENTER, choose, "Sort", "sort by this column"},
	{KEY_CODE_ESCAPE, tui__pop, "Cancel", "back"},
	{KEY_CODE_F0 + 3, NULL, "Search", NULL},
	{KEY_CODE_F0 + 4, NULL, "Filter", NULL},
	{'q', tui__pop, NULL, NULL},
	{KEY_CODE_LEFT, tui__pop, NULL, NULL},
	{KEY_CODE_BACKSPACE, tui__pop, NULL, NULL},
	{KEY_CODE_F0 + 6, tui__pop, NULL, NULL},
	{KEY_CODE_NONE, NULL, NULL, NULL},
};

const struct screen screen_sort = {
	.is_overlay = true,
	.name = "Sort",
	.keys = keys,
	.list = menu_list,
	.refresh = refresh,
	.draw = draw,
	.leave = leave,
};
