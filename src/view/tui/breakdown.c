/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of the classes, beside the bar that they make up. */
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "view/tui/screen.h"
#include "view/tui/spark.h"

#define NAME_WIDTH  14
#define CLASS_WIDTH 48 /* without the sparkline */

char *format_growth(char *buffer, size_t size, enum figure_unit unit, figure_value rate)
{
	char *at = buffer;

	if (figure_known(rate) && rate > 0 && size > 1) {
		*at++ = '+';
		size--;
	}
	column__format(at, size, unit, rate);
	return buffer;
}

enum style style_of_growth(figure_value rate)
{
	if (!figure_known(rate) || rate == 0)
		return STYLE_DIM;
	return rate > 0 ? STYLE_UP : STYLE_DOWN;
}

static void put_share(struct grid *grid, int y, int x, figure_value bytes, figure_value whole)
{
	char text[32] = "-";

	if (figure_known(bytes) && figure_known(whole) && whole > 0)
		snprintf(text, sizeof text, "%.1f%%", (double)bytes * 100 / (double)whole);
	grid__put_right(grid, y, x, 7, STYLE_NORMAL, text);
}

static void draw_class(struct grid *grid, int y, int x, int index, figure_value bytes,
		       figure_value rate, figure_value rss, bool plain)
{
	char text[32];
	enum style style = bytes ? STYLE_NORMAL : STYLE_DIM;

	grid__put(grid, y, x, 1, STYLE_CLASS_FIRST + index, class_fill(index, plain));
	grid__put(grid, y, x + 2, NAME_WIDTH, style, class_name(index));
	grid__put_right(grid, y, x + 17, 9, style,
			column__format(text, sizeof text, UNIT_BYTES, bytes));
	put_share(grid, y, x + 27, bytes, rss);
	grid__put_right(grid, y, x + 36, 10, style_of_growth(rate),
			format_growth(text, sizeof text, UNIT_BYTES, rate));
}

/* A class that no layer works out would only take a line. */
static bool is_shown(figure_value bytes, int index)
{
	return index == CLASS_COUNT - 1 || (figure_known(bytes) && bytes != 0);
}

static void draw_sum(struct grid *grid, int y, int x, const struct class_table *table)
{
	char text[32];
	figure_value sum = 0;

	for (int i = 0; i < CLASS_COUNT; i++)
		figures__add(&sum, table->classes[i]);
	grid__put(grid, y, x + 2, NAME_WIDTH, STYLE_BOLD, "RSS");
	grid__put_right(grid, y, x + 17, 9, STYLE_BOLD,
			column__format(text, sizeof text, UNIT_BYTES, sum));
	put_share(grid, y, x + 27, sum, table->rss);
}

/* --- what of a class is used --- */

static const struct split_row {
	enum process_figure class, figure;
	const char *label;
	bool of_allocator; /* whose name stands before the label */
	bool is_rest;	   /* what of the class is not in the figure */
} split_rows[] = {
	{FIG_CLASS_V8_HEAP, FIG_V8_HEAP_USED, "heapUsed", false, false},
	/* heap.live_bytes is no part of it: not all of that is resident, or of this class */
	{FIG_CLASS_MALLOC, FIG_HEAP_SLACK, "live", true, true},
	{FIG_CLASS_MALLOC, FIG_HEAP_SLACK, "slack", true, false},
};

static figure_value part_of(const figure_value *figures, const struct split_row *row)
{
	figure_value part = figures[row->figure], whole = figures[row->class];

	if (!row->is_rest)
		return part;
	return figure_known(part) && figure_known(whole) ? whole - part : FIGURE_UNKNOWN;
}

static int draw_split(struct grid *grid, int y, int x, const struct split_row *row,
		      const struct class_table *table)
{
	const struct process *process = &table->split->process;
	figure_value bytes = part_of(process->figures, row);
	figure_value rate = part_of(table->split->rates, row);
	const char *allocator = row->of_allocator ? process->allocator : NULL;
	char text[32];

	if (!figure_known(bytes))
		return 0;
	snprintf(text, sizeof text, " %.8s%s%s", allocator ? allocator : "", allocator ? " " : "",
		 row->label);
	grid__put(grid, y, x + 2, NAME_WIDTH + 1, STYLE_DIM, text);
	grid__put_right(grid, y, x + 17, 9, STYLE_DIM,
			column__format(text, sizeof text, UNIT_BYTES, bytes));
	put_share(grid, y, x + 27, bytes, table->rss);
	grid__put_right(grid, y, x + 36, 10, style_of_growth(rate),
			format_growth(text, sizeof text, UNIT_BYTES, rate));
	return 1;
}

static int draw_splits(struct grid *grid, int y, int x, int class, const struct class_table *table)
{
	int first = y;

	for (size_t i = 0; table->split && i < ARRAY_SIZE(split_rows); i++)
		if ((int)split_rows[i].class == FIG_CLASS_FIRST + class)
			y += draw_split(grid, y, x, &split_rows[i], table);
	return y - first;
}

int draw_classes(struct grid *grid, int y, int x, int width, const struct class_table *table)
{
	int first = y, room = width - CLASS_WIDTH;
	bool history = table->histories && room > 7;

	grid__printf(grid, y++, x, STYLE_HEADING, "  %-14s %9s %8s %10s  %-*s", "CLASS", "BYTES",
		     "SHARE", "GROWTH/s", history ? room : 0, history ? "HISTORY" : "");
	for (int i = 0; i < CLASS_COUNT; i++) {
		if (!is_shown(table->classes[i], i))
			continue;
		draw_class(grid, y, x, i, table->classes[i], table->rates[i], table->rss,
			   table->plain);
		if (history)
			draw_sparkline(grid, y, x + CLASS_WIDTH, room, STYLE_SPARK,
				       &table->histories[i]);
		y++;
		y += draw_splits(grid, y, x, i, table);
	}
	draw_sum(grid, y++, x, table);
	return y - first;
}
