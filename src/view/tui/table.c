/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/tui/table.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/tui/grid.h"
#include "view/tui/list.h"
#include "view/tui/spark.h"

#define GAP 1
/* Where a column that is only there because it is sorted by stands: behind these. */
#define LEADING_COLUMNS 2

struct candidate {
	struct table_place place;
	int rank, max_width;
	bool chosen;
};

static void draw_history(const struct table *table, struct grid *grid, int y, int x, int width,
			 const void *row, enum style style)
{
	draw_sparkline(grid, y, x, width, style == STYLE_NORMAL ? STYLE_SPARK : style,
		       table->history(row));
}

static void draw_share(const struct table *table, struct grid *grid, int y, int x, int width,
		       const void *row, enum style style)
{
	figure_value share = table->share(row);
	char text[32];

	if (!figure_known(share)) {
		grid__put_padded(grid, y, x, width, style == STYLE_NORMAL ? STYLE_DIM : style,
				 "no limit");
		return;
	}
	draw_meter(grid, y, x, width, share, 10000,
		   column__format(text, sizeof text, UNIT_PERCENT_100, share));
	if (style != STYLE_NORMAL)
		grid__restyle(grid, y, x, width, style);
}

static const struct picture {
	const char *key, *title;
	int width, max_width;
	table_draw_picture draw;
} pictures[] = {
	{TABLE_HISTORY, "HISTORY", 8, 40, draw_history},
	{TABLE_METER, "%LIMIT", 12, 30, draw_share},
};

static const struct picture *find_picture(const char *key)
{
	for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++) {
		if (strcmp(pictures[i].key, key) == 0)
			return &pictures[i];
	}
	return NULL;
}

static struct candidate of_column(const struct column *column, const char *title, int rank)
{
	struct candidate candidate = {
		.place = {.column = column,
			  .title = title ? title : column->title,
			  .width = (int)column->width},
		.rank = rank,
		.max_width = (int)column->max_width,
	};
	int title_width = (int)text__columns(candidate.place.title);

	if (title_width > candidate.place.width)
		candidate.place.width = title_width;
	return candidate;
}

static struct candidate of_picture(const struct picture *picture, int rank)
{
	return (struct candidate){
		.place = {.picture = picture->draw,
			  .title = picture->title,
			  .width = picture->width},
		.rank = rank,
		.max_width = picture->max_width,
	};
}

static bool is_listed(const struct table_row *rows, const char *key)
{
	for (; rows->key; rows++) {
		if (strcmp(rows->key, key) == 0)
			return true;
	}
	return false;
}

static int gather(struct candidate *candidates, const struct table_row *rows,
		  const struct column *(*find)(const char *key), const struct column *sort)
{
	bool add_sort = sort && !is_listed(rows, sort->key);
	int count = 0;

	for (; rows->key && count < TABLE_MAX_COLUMNS - 1; rows++) {
		const struct picture *picture = find_picture(rows->key);
		const struct column *column = picture ? NULL : find(rows->key);

		if (add_sort && count == LEADING_COLUMNS) {
			candidates[count++] = of_column(sort, NULL, 0);
			add_sort = false;
		}
		if (picture)
			candidates[count++] = of_picture(picture, rows->rank);
		else if (column)
			candidates[count++] =
				of_column(column, rows->title, column == sort ? 0 : rows->rank);
	}
	return count;
}

static struct candidate *lowest_rank(struct candidate *candidates, int count)
{
	struct candidate *lowest = NULL;

	for (int i = 0; i < count; i++) {
		if (!candidates[i].chosen && (!lowest || candidates[i].rank < lowest->rank))
			lowest = &candidates[i];
	}
	return lowest;
}

/* Marks the columns that fit; returns the room they leave. */
static int choose(struct candidate *candidates, int count, int width)
{
	struct candidate *next;

	while ((next = lowest_rank(candidates, count)) && next->place.width + GAP <= width) {
		next->chosen = true;
		width -= next->place.width + GAP;
	}
	return width;
}

/* Gives the room left to the columns that can use it, in turn. */
static void widen(struct candidate *candidates, int count, int room)
{
	bool any = true;

	while (room > 0 && any) {
		any = false;
		for (int i = count - 1; i >= 0 && room > 0; i--) {
			struct candidate *candidate = &candidates[i];

			if (!candidate->chosen || candidate->place.width >= candidate->max_width)
				continue;
			candidate->place.width++;
			room--;
			any = true;
		}
	}
}

void table__lay_out(struct table *table, const struct table_row *rows,
		    const struct column *(*find)(const char *key), const struct column *sort,
		    bool descending, int width)
{
	struct candidate candidates[TABLE_MAX_COLUMNS];
	int count = gather(candidates, rows, find, sort);
	int x = 0;

	widen(candidates, count, choose(candidates, count, width));
	table->count = 0;
	table->sort = sort;
	table->descending = descending;
	for (int i = 0; i < count; i++) {
		if (!candidates[i].chosen)
			continue;
		candidates[i].place.x = x;
		x += candidates[i].place.width + GAP;
		table->places[table->count++] = candidates[i].place;
	}
}

static bool is_left(const struct table_place *place)
{
	return !place->column || place->column->left;
}

static void draw_heading(const struct table *table, struct grid *grid, int y)
{
	const char *arrow = grid->ascii		? table->descending ? "v" : "^"
			    : table->descending ? "▼"
						: "▲";

	grid__fill(grid, y, 0, grid->width, STYLE_HEADING, " ");
	for (int i = 0; i < table->count; i++) {
		const struct table_place *place = &table->places[i];
		bool sorted = place->column && place->column == table->sort;
		enum style style = sorted ? STYLE_HEADING_SORTED : STYLE_HEADING;
		int title_width = (int)text__columns(place->title);
		int arrow_x = place->x + place->width - title_width - 1;

		if (is_left(place)) {
			grid__put_padded(grid, y, place->x, place->width, style, place->title);
			arrow_x = place->x + title_width;
		} else {
			grid__put_right(grid, y, place->x, place->width, style, place->title);
		}
		if (sorted)
			grid__put(grid, y, arrow_x, 1, style, arrow);
	}
}

/* How a number looks in a row that is neither selected nor tagged: weight where it
 * matters, colour where it moves. */
static enum style style_of(const struct column *column, const struct column_context *context,
			   const void *row)
{
	figure_value value;

	if (!column->number)
		return STYLE_NORMAL;
	value = column->number(column, context, row);
	if (!figure_known(value) || value == 0)
		return STYLE_DIM;
	if (column->group == COLUMN_RATE && strchr(column->key, '+'))
		return value > 0 ? STYLE_UP : STYLE_DOWN;
	return STYLE_NORMAL;
}

struct drawing {
	const struct table *table;
	const struct column_context *context;
};

static void draw_row(void *argument, struct grid *grid, int y, const void *row, bool selected,
		     bool tagged)
{
	const struct drawing *drawing = argument;
	const struct table *table = drawing->table;
	const struct column_context *context = drawing->context;
	bool plain = !selected && !tagged;
	enum style row_style = selected && tagged ? STYLE_SELECTED_TAGGED
			       : selected	  ? STYLE_SELECTED
			       : tagged		  ? STYLE_TAGGED
						  : STYLE_NORMAL;

	grid__fill(grid, y, 0, grid->width, row_style, " ");
	for (int i = 0; i < table->count; i++) {
		const struct table_place *place = &table->places[i];
		char text[COLUMN_TEXT_SIZE];
		enum style style = row_style;

		if (!place->column) {
			place->picture(table, grid, y, place->x, place->width, row, row_style);
			continue;
		}
		column__render(place->column, context, row, text);
		if (plain)
			style = style_of(place->column, context, row);
		if (place->column->left)
			grid__put_padded(grid, y, place->x, place->width, style, text);
		else
			grid__put_right(grid, y, place->x, place->width, style, text);
	}
}

void table__draw(const struct table *table, struct list *list, struct grid *grid, int y, int height,
		 const struct column_context *context)
{
	struct drawing drawing = {.table = table, .context = context};

	draw_heading(table, grid, y);
	list__draw(list, grid, y + 1, height - 1, draw_row, &drawing);
}
