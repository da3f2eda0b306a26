/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TUI_SPARK_H
#define MEMSONDE_VIEW_TUI_SPARK_H

#include <stdbool.h>

#include "model/account.h"
#include "view/tui/style.h"

struct grid;

/* Figures as pictures: histories, shares of a whole, the breakdown. */

/* The least and the greatest known value among the last `length` of a history. False
 * if none is known. */
bool history__range(const struct history *history, int length, figure_value *least,
		    figure_value *greatest);

/* Appends one value, as the account does for its own histories. */
void history__add(struct history *history, figure_value value);

/* The last values, the newest at the right edge, one column each. Heights go from the
 * least value to the greatest, but small changes are not blown up: the full height is
 * at least an eighth of the greatest. */
void draw_sparkline(struct grid *grid, int y, int x, int width, enum style style,
		    const struct history *history);

/* The same over several lines: 8 * height levels. */
void draw_area(struct grid *grid, int y, int x, int width, int height, enum style style,
	       const struct history *history);

/* "[||||||     text]": part of whole; unknown or no whole leaves it empty. */
void draw_meter(struct grid *grid, int y, int x, int width, figure_value part, figure_value whole,
		const char *text);

/* The character that fills the segment of a class where colours do not tell them apart. */
const char *class_fill(int class_index, bool plain);

/* One bar whose segments are the classes (of CLASS_COUNT values); unknown and negative
 * ones have none. plain: without colours. Every class that is not zero gets a column as
 * long as there is room, so widths are right to a column. */
void draw_class_bar(struct grid *grid, int y, int x, int width, const figure_value *classes,
		    bool plain);

/* "malloc", "v8_heap": as in the JSON object. */
const char *class_name(int class_index);

#endif
