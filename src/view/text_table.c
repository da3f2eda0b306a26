/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/text_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define GAP 2 /* blanks between columns */

/* A table while it is laid out: every cell as text, with its terminal columns. */
struct cell {
	size_t offset; /* in the arena */
	size_t columns;
};

struct table {
	const struct column **columns;
	const struct table_column **wishes;
	size_t *widths; /* natural ones first, then what they get */
	size_t column_count;
	struct cell *cells; /* row by row */
	size_t row_count;
	struct output arena; /* NUL-terminated texts */
};

/* --- pieces of text --- */

static const char *const tone_codes[] = {
	[TONE_PLAIN] = "",
	[TONE_TITLE] = "\033[1m",
	[TONE_WARNING] = "\033[31m",
	[TONE_FAINT] = "\033[2m",
};

void text_tone__begin(struct output *output, const struct text_style *style, enum text_tone tone)
{
	if (style->colour)
		output__add_text(output, tone_codes[tone]);
}

void text_tone__end(struct output *output, const struct text_style *style, enum text_tone tone)
{
	if (style->colour && tone != TONE_PLAIN)
		output__add_text(output, "\033[0m");
}

static size_t character_length(const char *text)
{
	size_t length = 1;

	while (((unsigned char)text[length] & 0xc0) == 0x80)
		length++;
	return length;
}

static size_t character_columns(const char *text, size_t length)
{
	char character[8] = "";

	if (length >= sizeof(character))
		return 1;
	memcpy(character, text, length);
	return text__columns(character);
}

size_t text_table__add_cut(struct output *output, const struct text_style *style, const char *text,
			   size_t columns)
{
	size_t all = text__columns(text), used = 0;

	if (all <= columns) {
		output__add_text(output, text);
		return all;
	}
	if (!columns)
		return 0;
	while (*text) {
		size_t length = character_length(text);
		size_t wide = character_columns(text, length);

		if (used + wide > columns - 1)
			break;
		output__add(output, text, length);
		used += wide;
		text += length;
	}
	output__add_text(output, style->ascii ? "~" : "…");
	return used + 1;
}

void text_table__add_line(struct output *output, const struct text_style *style,
			  enum text_tone tone, const char *text)
{
	text_tone__begin(output, style, tone);
	text_table__add_cut(output, style, text, style->width ? style->width : SIZE_MAX);
	text_tone__end(output, style, tone);
	output__add_char(output, '\n');
}

/* --- layout --- */

static void render_cells(struct table *table, const struct column_context *context,
			 void *const *subjects)
{
	char buffer[COLUMN_TEXT_SIZE];
	struct cell *cell = table->cells;

	for (size_t row = 0; row < table->row_count; row++) {
		for (size_t i = 0; i < table->column_count; i++, cell++) {
			size_t length =
				column__render(table->columns[i], context, subjects[row], buffer);

			cell->offset = table->arena.length;
			cell->columns = text__columns(buffer);
			output__add(&table->arena, buffer, length + 1);
			if (table->arena.error) /* full: say again what stands first */
				cell->offset = 0;
		}
	}
}

static const char *cell_text(const struct table *table, size_t row, size_t column)
{
	const struct cell *cell = &table->cells[row * table->column_count + column];

	return table->arena.data + cell->offset;
}

static void remove_column(struct table *table, size_t at)
{
	size_t old_count = table->column_count--;
	size_t behind = old_count - at - 1;

	memmove(&table->columns[at], &table->columns[at + 1], behind * sizeof(*table->columns));
	memmove(&table->wishes[at], &table->wishes[at + 1], behind * sizeof(*table->wishes));
	memmove(&table->widths[at], &table->widths[at + 1], behind * sizeof(*table->widths));
	for (size_t row = 0, to = 0; row < table->row_count; row++) {
		for (size_t i = 0; i < old_count; i++) {
			if (i != at)
				table->cells[to++] = table->cells[row * old_count + i];
		}
	}
}

/* True where no row has anything to say in the column. */
static bool is_idle(const struct table *table, size_t column)
{
	const struct table_column *wish = table->wishes[column];

	if (!wish->when_known && !wish->when_set)
		return false;
	for (size_t row = 0; row < table->row_count; row++) {
		const char *text = cell_text(table, row, column);

		if (strcmp(text, "-") != 0 && !(wish->when_set && strcmp(text, "0") == 0))
			return false;
	}
	return true;
}

static void remove_idle_columns(struct table *table)
{
	for (size_t i = table->column_count; i-- > 0;) {
		if (is_idle(table, i))
			remove_column(table, i);
	}
}

/* The width with which nothing is cut, up to what is useful. */
static size_t natural_width(const struct table *table, size_t column)
{
	size_t width = 0, title = text__columns(table->columns[column]->title);

	for (size_t row = 0; row < table->row_count; row++) {
		size_t columns = table->cells[row * table->column_count + column].columns;

		if (columns > width)
			width = columns;
	}
	if (table->columns[column]->left && width > table->columns[column]->max_width)
		width = table->columns[column]->max_width;
	return width > title ? width : title;
}

/* Texts may be cut down to the column's width, numbers never. */
static size_t least_width(const struct table *table, size_t column)
{
	size_t width = table->widths[column];

	if (!table->columns[column]->left || width < table->columns[column]->width)
		return width;
	return table->columns[column]->width;
}

static size_t line_width(const struct table *table,
			 size_t (*width_of)(const struct table *table, size_t column))
{
	size_t sum = table->column_count ? (table->column_count - 1) * GAP : 0;

	for (size_t i = 0; i < table->column_count; i++)
		sum += width_of(table, i);
	return sum;
}

static size_t given_width(const struct table *table, size_t column)
{
	return table->widths[column];
}

static size_t least_important(const struct table *table)
{
	size_t least = 0;

	for (size_t i = 1; i < table->column_count; i++) {
		if (table->wishes[i]->importance <= table->wishes[least]->importance)
			least = i;
	}
	return least;
}

static void fit(struct table *table, size_t width)
{
	size_t line;

	while (table->column_count > 1 && line_width(table, least_width) > width)
		remove_column(table, least_important(table));
	line = line_width(table, given_width);
	for (size_t i = table->column_count; i-- > 0 && line > width;) {
		size_t spare = table->widths[i] - least_width(table, i);
		size_t cut = line - width < spare ? line - width : spare;

		table->widths[i] -= cut;
		line -= cut;
	}
}

/* --- printing --- */

static void print_cell(struct output *output, const struct text_style *style,
		       const struct table *table, size_t column, const char *text, size_t columns)
{
	size_t width = table->widths[column];
	size_t shown = columns < width ? columns : width;

	if (column)
		output__add_repeated(output, ' ', GAP);
	if (!table->columns[column]->left)
		output__add_repeated(output, ' ', width - shown);
	shown = text_table__add_cut(output, style, text, width);
	/* no blanks at the end of a line */
	if (table->columns[column]->left && column + 1 < table->column_count)
		output__add_repeated(output, ' ', width - shown);
}

static void print_titles(struct output *output, const struct text_style *style,
			 const struct table *table)
{
	text_tone__begin(output, style, TONE_TITLE);
	for (size_t i = 0; i < table->column_count; i++) {
		const char *title = table->columns[i]->title;

		print_cell(output, style, table, i, title, text__columns(title));
	}
	text_tone__end(output, style, TONE_TITLE);
	output__add_char(output, '\n');
}

static void print_rows(struct output *output, const struct text_style *style,
		       const struct table *table)
{
	for (size_t row = 0; row < table->row_count; row++) {
		for (size_t i = 0; i < table->column_count; i++)
			print_cell(output, style, table, i, cell_text(table, row, i),
				   table->cells[row * table->column_count + i].columns);
		output__add_char(output, '\n');
	}
}

static void table__init(struct table *table, const struct table_layout *layout, size_t row_count)
{
	size_t count = layout->column_count;

	*table = (struct table){
		.columns = xcalloc(count, sizeof(*table->columns)),
		.wishes = xcalloc(count, sizeof(*table->wishes)),
		.widths = xcalloc(count, sizeof(*table->widths)),
		.cells = xcalloc(row_count * count, sizeof(*table->cells)),
		.row_count = row_count,
	};
	output__init(&table->arena, -1);
	for (size_t i = 0; i < count; i++) {
		const struct column *column = layout->find(layout->columns[i].key);

		if (!column)
			continue;
		table->columns[table->column_count] = column;
		table->wishes[table->column_count++] = &layout->columns[i];
	}
}

static void table__release(struct table *table)
{
	free(table->columns);
	free(table->wishes);
	free(table->widths);
	free(table->cells);
	output__release(&table->arena);
}

size_t text_table__print(struct output *output, const struct text_style *style,
			 const struct table_layout *layout, const struct column_context *context,
			 const void *subjects, size_t count)
{
	size_t rows = style->max_rows && style->max_rows < count ? style->max_rows : count;
	struct table table;

	table__init(&table, layout, rows);
	render_cells(&table, context, subjects);
	remove_idle_columns(&table);
	for (size_t i = 0; i < table.column_count; i++)
		table.widths[i] = natural_width(&table, i);
	if (style->width)
		fit(&table, style->width);
	print_titles(output, style, &table);
	print_rows(output, style, &table);
	table__release(&table);
	return rows;
}
