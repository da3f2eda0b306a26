/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/tui/spark.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "view/tui/grid.h"

#define LEVEL_COUNT 8

static const char *const block_levels[LEVEL_COUNT] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const ascii_levels[LEVEL_COUNT] = {"_", ".", ":", "-", "=", "+", "*", "#"};

/* The value `back` looks ago. */
static figure_value value_ago(const struct history *history, uint64_t back)
{
	if (back >= history->count || back >= HISTORY_LENGTH)
		return FIGURE_UNKNOWN;
	return history->values[(history->count - 1 - back) % HISTORY_LENGTH];
}

void history__add(struct history *history, figure_value value)
{
	history->values[history->count++ % HISTORY_LENGTH] = value;
}

bool history__range(const struct history *history, int length, figure_value *least,
		    figure_value *greatest)
{
	bool any = false;

	for (int back = 0; back < length; back++) {
		figure_value value = value_ago(history, back);

		if (!figure_known(value))
			continue;
		if (!any || value < *least)
			*least = value;
		if (!any || value > *greatest)
			*greatest = value;
		any = true;
	}
	return any;
}

struct scale {
	double base, span;
	int levels;
};

static bool find_scale(struct scale *scale, const struct history *history, int width, int levels)
{
	figure_value least = 0, greatest = 0;

	if (!history__range(history, width, &least, &greatest))
		return false;
	double span = (double)greatest - (double)least;
	double floor = (double)greatest / 8;

	*scale = (struct scale){least, span > floor ? span : floor, levels};
	return true;
}

/* 0 .. levels - 1, -1 where unknown. */
static int level_of(const struct scale *scale, figure_value value)
{
	if (!figure_known(value))
		return -1;
	if (scale->span <= 0)
		return 0;
	return (int)(((double)value - scale->base) / scale->span * (scale->levels - 1) + 0.5);
}

void draw_sparkline(struct grid *grid, int y, int x, int width, enum style style,
		    const struct history *history)
{
	draw_area(grid, y, x, width, 1, style, history);
}

void draw_area(struct grid *grid, int y, int x, int width, int height, enum style style,
	       const struct history *history)
{
	const char *const *levels = grid->ascii ? ascii_levels : block_levels;
	struct scale scale;

	for (int line = 0; line < height; line++)
		grid__fill(grid, y + line, x, width, style, " ");
	if (!find_scale(&scale, history, width, LEVEL_COUNT * height))
		return;
	for (int column = 0; column < width; column++) {
		int level = level_of(&scale, value_ago(history, width - 1 - column));

		for (int line = height - 1; line >= 0 && level >= 0; line--, level -= LEVEL_COUNT) {
			int at = level < LEVEL_COUNT ? level : LEVEL_COUNT - 1;

			grid__put(grid, y + line, x + column, 1, style, levels[at]);
		}
	}
}

void draw_meter(struct grid *grid, int y, int x, int width, figure_value part, figure_value whole,
		const char *text)
{
	int inner = width - 2, length = (int)strlen(text);
	int filled = 0;
	enum style style = STYLE_METER;

	if (inner < 1)
		return;
	if (figure_known(part) && figure_known(whole) && whole > 0) {
		double share = (double)part / (double)whole;

		filled = share >= 1 ? inner : share <= 0 ? 0 : (int)(share * inner + 0.5);
		style = share > 0.9 ? STYLE_METER_HIGH : STYLE_METER;
	}
	grid__put(grid, y, x, 1, STYLE_BOLD, "[");
	grid__put(grid, y, x + width - 1, 1, STYLE_BOLD, "]");
	grid__fill(grid, y, x + 1, inner, STYLE_NORMAL, " ");
	grid__fill(grid, y, x + 1, filled, style, "|");
	if (length <= inner)
		grid__put(grid, y, x + 1 + inner - length, length, STYLE_NORMAL, text);
}

const char *class_name(int class_index)
{
	const char *path = process_figures[FIG_CLASS_FIRST + class_index].path;
	const char *dot = strchr(path, '.');

	return dot ? dot + 1 : path;
}

const char *class_fill(int class_index, bool plain)
{
	static const char *const fills[CLASS_COUNT] = {"V", "v", "B", "m", "s",
						       "x", "f", "h", "a", "?"};

	return plain ? fills[class_index] : "█";
}

static double known_sum(const figure_value *classes)
{
	double sum = 0;

	for (int i = 0; i < CLASS_COUNT; i++)
		sum += figure_known(classes[i]) && classes[i] > 0 ? (double)classes[i] : 0;
	return sum;
}

/* Columns for each class: at least one for what is there, the rest by share; the
 * largest takes what rounding leaves. */
static void segment_widths(const figure_value *classes, int width, int widths[CLASS_COUNT])
{
	double sum = known_sum(classes);
	int left = width, largest = 0;

	for (int i = 0; i < CLASS_COUNT; i++) {
		bool shown = figure_known(classes[i]) && classes[i] > 0;

		widths[i] = shown ? (int)((double)classes[i] / sum * width + 0.5) : 0;
		if (shown && !widths[i])
			widths[i] = 1;
		left -= widths[i];
		if (widths[i] > widths[largest])
			largest = i;
	}
	if (sum > 0)
		widths[largest] = widths[largest] + left > 0 ? widths[largest] + left : 0;
}

static void put_segment_label(struct grid *grid, int y, int x, int width, int class_index,
			      double share)
{
	char label[48];
	int length =
		snprintf(label, sizeof label, " %s %.0f%% ", class_name(class_index), share * 100);

	if (length > width)
		length = snprintf(label, sizeof label, " %s ", class_name(class_index));
	if (length <= width)
		grid__put(grid, y, x + (width - length) / 2, length,
			  STYLE_CLASS_TEXT_FIRST + class_index, label);
}

void draw_class_bar(struct grid *grid, int y, int x, int width, const figure_value *classes,
		    bool plain)
{
	int widths[CLASS_COUNT];
	double sum = known_sum(classes);

	if (width < 1)
		return;
	segment_widths(classes, width, widths);
	for (int i = 0; i < CLASS_COUNT; i++) {
		grid__fill(grid, y, x, widths[i], STYLE_CLASS_FIRST + i, class_fill(i, plain));
		put_segment_label(grid, y, x, widths[i], i, (double)classes[i] / sum);
		x += widths[i];
	}
}
