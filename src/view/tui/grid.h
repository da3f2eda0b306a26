/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TUI_GRID_H
#define MEMSONDE_VIEW_TUI_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "view/tui/style.h"

/*
 * A rectangle of character cells. Screens draw into it, a terminal shows it, tests
 * read it. Everything outside is clipped, so drawing code needs no checks of its own.
 * Widths of characters come from wcwidth(): LC_CTYPE must be set.
 */

#define CELL_TEXT_SIZE 15

struct cell {
	/* One character in UTF-8 with its combining ones; empty for the right half of a
	 * wide one. */
	char text[CELL_TEXT_SIZE];
	uint8_t style;
};

struct grid {
	int width, height;
	bool ascii; /* whatever is not ASCII becomes '?' */
	struct cell *cells;
};

void grid__init(struct grid *grid, int width, int height);
void grid__release(struct grid *grid);

/* Changes the size; the content is cleared. Sizes below 0 count as 0. */
void grid__resize(struct grid *grid, int width, int height);

/* Spaces in STYLE_NORMAL everywhere. */
void grid__clear(struct grid *grid);

/* Puts text at a place, cut to width columns (no wide character is halved). Returns
 * the columns taken, also where they fell outside of the grid. */
int grid__put(struct grid *grid, int y, int x, int width, enum style style, const char *text);

/* The same, filled up with spaces to width. */
void grid__put_padded(struct grid *grid, int y, int x, int width, enum style style,
		      const char *text);

/* The same, against the right edge; a text that is too long loses its end. */
void grid__put_right(struct grid *grid, int y, int x, int width, enum style style,
		     const char *text);

/* Formats and puts, cut at the grid's edge. Returns the columns taken. */
int grid__printf(struct grid *grid, int y, int x, enum style style, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Repeats one character of one column over width cells. */
void grid__fill(struct grid *grid, int y, int x, int width, enum style style,
		const char *character);

/* Changes the style of cells and leaves their text. */
void grid__restyle(struct grid *grid, int y, int x, int width, enum style style);

/* Copies rows from_y .. from_y + height - 1 of source to row y of grid. */
void grid__copy_rows(struct grid *grid, int y, const struct grid *source, int from_y, int height);

/* The cell of a place, NULL outside. */
const struct cell *grid__cell(const struct grid *grid, int y, int x);

/* All rows as text, trailing spaces cut, a newline after each. The caller frees it. */
char *grid__dump(const struct grid *grid);

#endif
