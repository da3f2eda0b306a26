/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TUI_TABLE_H
#define MEMSONDE_VIEW_TUI_TABLE_H

#include <stdbool.h>

#include "view/columns.h"
#include "view/tui/style.h"

struct grid;
struct list;

/*
 * Which columns a table shows in the width it has. A screen lists them in the order of
 * showing, each with a rank: as long as there is room the column of the lowest rank
 * left over is added. What then remains goes to the columns that can use it.
 */

/* Keys of pictures, which are no columns of figures. */
#define TABLE_HISTORY	  "history"
#define TABLE_METER	  "meter"
#define TABLE_MAX_COLUMNS 48

struct table_row {	   /* of a screen's list of columns */
	const char *key;   /* as in columns.h, or of a picture */
	const char *title; /* NULL: as in columns.h */
	int rank;
};

struct table;

/* What draws a picture into its place. */
typedef void (*table_draw_picture)(const struct table *table, struct grid *grid, int y, int x,
				   int width, const void *row, enum style style);

struct table_place {
	const struct column *column; /* NULL: a picture */
	table_draw_picture picture;
	const char *title;
	int x, width;
};

struct table {
	struct table_place places[TABLE_MAX_COLUMNS];
	int count;
	const struct column *sort;
	bool descending;
	/* Of a row, for the pictures. */
	const struct history *(*history)(const void *row);
	figure_value (*share)(const void *row); /* UNIT_PERCENT_100 */
};

/* Chooses the columns. rows ends with key NULL. The column that is sorted by is always
 * shown, also where it is not in rows. */
void table__lay_out(struct table *table, const struct table_row *rows,
		    const struct column *(*find)(const char *key), const struct column *sort,
		    bool descending, int width);

/* Draws the heading and, below it, the rows of the list: height lines in all. */
void table__draw(const struct table *table, struct list *list, struct grid *grid, int y, int height,
		 const struct column_context *context);

#endif
