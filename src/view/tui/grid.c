/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/tui/grid.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/memory.h"

#define REPLACEMENT 0xFFFD

void grid__init(struct grid *grid, int width, int height)
{
	memset(grid, 0, sizeof *grid);
	grid__resize(grid, width, height);
}

void grid__release(struct grid *grid)
{
	free(grid->cells);
	grid->cells = NULL;
	grid->width = grid->height = 0;
}

void grid__resize(struct grid *grid, int width, int height)
{
	width = width < 0 ? 0 : width;
	height = height < 0 ? 0 : height;
	if (width != grid->width || height != grid->height || !grid->cells) {
		free(grid->cells);
		grid->cells = xcalloc((size_t)width * height + 1, sizeof *grid->cells);
		grid->width = width;
		grid->height = height;
	}
	grid__clear(grid);
}

void grid__clear(struct grid *grid)
{
	size_t count = (size_t)grid->width * grid->height;

	for (size_t i = 0; i < count; i++)
		grid->cells[i] = (struct cell){.text = " ", .style = STYLE_NORMAL};
}

static struct cell *cell_at(const struct grid *grid, int y, int x)
{
	if (y < 0 || y >= grid->height || x < 0 || x >= grid->width)
		return NULL;
	return &grid->cells[(size_t)y * grid->width + x];
}

const struct cell *grid__cell(const struct grid *grid, int y, int x)
{
	return cell_at(grid, y, x);
}

/* Takes one character off a text. Texts of the model are valid UTF-8; a stray byte
 * from elsewhere counts as one unknown character. Returns its bytes. */
static int next_character(const char *text, uint32_t *character)
{
	const unsigned char *p = (const unsigned char *)text;
	int length = p[0] < 0x80 ? 1 : p[0] < 0xC0 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;

	*character = REPLACEMENT;
	if (length == 1)
		*character = p[0];
	if (length <= 1)
		return 1;
	uint32_t value = p[0] & (0xFF >> (length + 1));
	for (int i = 1; i < length; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return i;
		value = value << 6 | (p[i] & 0x3F);
	}
	*character = value;
	return length;
}

/* The columns of a character as this grid shows it, and whether it must be replaced. */
static int columns_of(const struct grid *grid, uint32_t character, bool *replace)
{
	int columns = wcwidth((wchar_t)character);

	*replace = false;
	if (character >= 0x20 && character < 0x7F)
		return 1;
	if (grid->ascii && columns == 0)
		return 0;
	if (grid->ascii || columns < 0 || character == REPLACEMENT) {
		*replace = true;
		return 1;
	}
	return columns;
}

/* A combining character joins the cell before it as long as there is room. */
static void combine(struct grid *grid, int y, int x, const char *bytes, int length)
{
	struct cell *cell = cell_at(grid, y, x - 1);

	if (cell && !cell->text[0])
		cell = cell_at(grid, y, x - 2);
	if (!cell || grid->ascii)
		return;
	size_t used = strlen(cell->text);
	if (used + length < CELL_TEXT_SIZE) {
		memcpy(cell->text + used, bytes, length);
		cell->text[used + length] = '\0';
	}
}

/* Overwriting one half of a wide character leaves no other half behind. */
static void split_wide(struct grid *grid, int y, int x)
{
	struct cell *cell = cell_at(grid, y, x);
	struct cell *left = cell_at(grid, y, x - 1);
	struct cell *right = cell_at(grid, y, x + 1);

	if (cell && !cell->text[0] && left)
		strcpy(left->text, " ");
	if (cell && cell->text[0] && right && !right->text[0])
		strcpy(right->text, " ");
}

static void set_cell(struct grid *grid, int y, int x, int columns, enum style style,
		     const char *bytes, int length)
{
	struct cell *cell = cell_at(grid, y, x);
	struct cell *right = columns == 2 ? cell_at(grid, y, x + 1) : NULL;

	split_wide(grid, y, x);
	if (right)
		split_wide(grid, y, x + 1);
	if (columns == 2 && (!cell || !right)) { /* half outside */
		bytes = " ";
		length = 1;
	}
	if (cell) {
		memcpy(cell->text, bytes, length);
		cell->text[length] = '\0';
		cell->style = style;
	}
	if (right && !cell)
		strcpy(right->text, " ");
	else if (right)
		right->text[0] = '\0';
	if (right)
		right->style = style;
}

int grid__put(struct grid *grid, int y, int x, int width, enum style style, const char *text)
{
	int column = 0;

	while (*text) {
		uint32_t character;
		bool replace;
		int length = next_character(text, &character);
		int columns = columns_of(grid, character, &replace);

		if (column + columns > width)
			break;
		if (replace)
			set_cell(grid, y, x + column, 1, style, grid->ascii ? "?" : "\uFFFD",
				 grid->ascii ? 1 : 3);
		else if (columns == 0)
			combine(grid, y, x + column, text, length);
		else
			set_cell(grid, y, x + column, columns, style, text, length);
		column += columns;
		text += length;
	}
	return column;
}

void grid__put_padded(struct grid *grid, int y, int x, int width, enum style style,
		      const char *text)
{
	int taken = grid__put(grid, y, x, width, style, text);

	grid__fill(grid, y, x + taken, width - taken, style, " ");
}

/* The columns of a text as this grid shows it. */
static int columns_of_text(const struct grid *grid, const char *text)
{
	int columns = 0;

	while (*text) {
		uint32_t character;
		bool replace;

		text += next_character(text, &character);
		columns += columns_of(grid, character, &replace);
	}
	return columns;
}

void grid__put_right(struct grid *grid, int y, int x, int width, enum style style, const char *text)
{
	int columns = columns_of_text(grid, text);
	int pad = columns < width ? width - columns : 0;

	grid__fill(grid, y, x, pad, style, " ");
	grid__put_padded(grid, y, x + pad, width - pad, style, text);
}

int grid__printf(struct grid *grid, int y, int x, enum style style, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return grid__put(grid, y, x, grid->width - x, style, text);
}

void grid__fill(struct grid *grid, int y, int x, int width, enum style style, const char *character)
{
	int end = x + width < grid->width ? x + width : grid->width;

	if (y < 0 || y >= grid->height)
		return;
	for (int at = x < 0 ? 0 : x; at < end; at++)
		grid__put(grid, y, at, 1, style, character);
}

void grid__restyle(struct grid *grid, int y, int x, int width, enum style style)
{
	for (int at = x; at < x + width && at < grid->width; at++) {
		struct cell *cell = cell_at(grid, y, at);

		if (cell)
			cell->style = style;
	}
}

void grid__copy_rows(struct grid *grid, int y, const struct grid *source, int from_y, int height)
{
	int width = grid->width < source->width ? grid->width : source->width;

	for (int row = 0; row < height; row++) {
		struct cell *to = cell_at(grid, y + row, 0);
		const struct cell *from = cell_at(source, from_y + row, 0);

		if (to && from)
			memcpy(to, from, width * sizeof *to);
	}
}

char *grid__dump(const struct grid *grid)
{
	size_t size = (size_t)grid->height * ((size_t)grid->width * CELL_TEXT_SIZE + 1) + 1;
	char *text = xcalloc(size, 1), *end = text;

	for (int y = 0; y < grid->height; y++) {
		char *kept = end;

		for (int x = 0; x < grid->width; x++) {
			const struct cell *cell = cell_at(grid, y, x);

			end = stpcpy(end, cell->text);
			if (strcmp(cell->text, " ") != 0 && cell->text[0])
				kept = end;
		}
		*kept = '\n';
		end = kept + 1;
	}
	*end = '\0';
	return text;
}
