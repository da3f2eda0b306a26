/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/text_v8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "view/heap_columns.h"
#include "view/text_rows.h"

/* --- tables of isolates --- */

static const struct table_column heap_columns[] = {
	{.key = "id", .importance = 100},
	{.key = "thread", .importance = 99},
	{.key = "tid", .importance = 60},
	{.key = "heap_total", .importance = 98},
	{.key = "heap_used", .importance = 97},
	{.key = "external", .importance = 95},
	{.key = "array_buffers", .importance = 94},
	{.key = "heap_limit", .importance = 96},
	{.key = "heap_limit_used", .importance = 93},
	{.key = "old_used", .importance = 56, .when_known = true},
	{.key = "old_limit", .importance = 55, .when_known = true},
	{.key = "heap_physical", .importance = 52, .when_known = true},
	{.key = "heap_executable", .importance = 51, .when_known = true},
	{.key = "heap_available", .importance = 50, .when_known = true},
};

static const struct table_column context_columns[] = {
	{.key = "id", .importance = 100},
	{.key = "thread", .importance = 99},
	{.key = "native_contexts", .importance = 98},
	{.key = "detached_contexts", .importance = 97},
	{.key = "malloced", .importance = 96},
	{.key = "malloced_peak", .importance = 70},
	{.key = "global_handles", .importance = 60},
	{.key = "global_handles_used", .importance = 59},
};

static const struct table_column collection_columns[] = {
	{.key = "id", .importance = 100},
	{.key = "thread", .importance = 99},
	{.key = "gc.scavenges", .importance = 98},
	{.key = "gc.mark_compacts", .importance = 97},
	{.key = "gc.others", .importance = 60, .when_set = true},
	{.key = "gc.pause_ns_total", .importance = 96},
	{.key = "gc.pause_ns_max", .importance = 95},
	{.key = "gc.heap_used_after", .importance = 90, .when_known = true},
};

static const struct isolate_table {
	const char *title;
	enum isolate_figure first, last; /* one of them is to be known */
	const struct table_column *columns;
	size_t column_count;
} tables[] = {
	{"V8: HEAPS", IFIG_HEAP_TOTAL, IFIG_HEAP_AVAILABLE, heap_columns, ARRAY_SIZE(heap_columns)},
	{"V8: CONTEXTS AND NATIVE MEMORY", IFIG_MALLOCED, IFIG_GLOBAL_HANDLES_USED, context_columns,
	 ARRAY_SIZE(context_columns)},
	{"V8: COLLECTIONS SINCE MEMSONDE WATCHES IT", IFIG_GC_SCAVENGES, IFIG_GC_USED_AFTER,
	 collection_columns, ARRAY_SIZE(collection_columns)},
};

static bool any_known(const struct process *process, int first, int last)
{
	for (size_t i = 0; i < process->isolate_count; i++)
		for (int f = first; f <= last; f++)
			if (figure_known(process->isolates[i].figures[f]))
				return true;
	return false;
}

static void print_table(struct output *output, const struct text_style *style,
			const struct column_context *context, const struct process *process,
			const struct isolate_table *table)
{
	const struct table_layout layout = {
		.columns = table->columns,
		.column_count = table->column_count,
		.find = isolate_column__find,
	};
	const struct isolate **subjects;

	if (!any_known(process, (int)table->first, (int)table->last))
		return;
	subjects = xcalloc(process->isolate_count, sizeof(*subjects));
	for (size_t i = 0; i < process->isolate_count; i++)
		subjects[i] = &process->isolates[i];
	text_rows__print_title(output, style, table->title);
	text_table__print(output, style, &layout, context, subjects, process->isolate_count);
	free(subjects);
}

/* --- spaces --- */

#define NAME_COLUMNS  20  /* at least */
#define SPACE_COLUMNS 20  /* of one isolate: committed and used */
#define NAMES_MAX     64  /* of spaces, all isolates together */
#define DEFAULT_WIDTH 100 /* where there is no limit */

static const struct isolate_space *find_space(const struct isolate *isolate, const char *name)
{
	for (size_t i = 0; i < isolate->space_count; i++)
		if (!strcmp(isolate->spaces[i].name, name))
			return &isolate->spaces[i];
	return NULL;
}

/* The names that any of the isolates has, in the order in which they come. */
static size_t collect_names(const struct process *process, const char *names[NAMES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < process->isolate_count; i++) {
		const struct isolate *isolate = &process->isolates[i];

		for (size_t s = 0; s < isolate->space_count; s++) {
			size_t n = 0;

			while (n < count && strcmp(names[n], isolate->spaces[s].name) != 0)
				n++;
			if (n == count && count < NAMES_MAX)
				names[count++] = isolate->spaces[s].name;
		}
	}
	return count;
}

/* Blanks up to the right-hand end of a cell, then the text, cut where it is too long. */
static void add_cell(struct output *line, const struct text_style *style, const char *text,
		     size_t width)
{
	size_t columns = text__columns(text);

	output__add_repeated(line, ' ', columns < width ? width - columns : 1);
	text_table__add_cut(line, style, text, width - 1);
}

static void begin_row(struct output *line, const struct text_style *style, const char *name,
		      size_t name_columns)
{
	size_t columns;

	output__init(line, -1);
	output__add_text(line, "  ");
	columns = text_table__add_cut(line, style, name, name_columns - 2);
	output__add_repeated(line, ' ', name_columns - 2 - columns);
}

static void end_row(struct output *output, const struct text_style *style, struct output *line)
{
	output__add_char(line, '\0');
	text_table__add_line(output, style, TONE_PLAIN, line->data);
	output__release(line);
}

static void print_space_titles(struct output *output, const struct text_style *style,
			       const struct isolate *isolates, size_t count, size_t name_columns)
{
	struct output line;

	begin_row(&line, style, "", name_columns);
	for (size_t i = 0; i < count; i++) {
		char title[ISOLATE_NAME_LENGTH + 16];

		snprintf(title, sizeof(title), "%u %s", isolates[i].id, isolates[i].thread);
		add_cell(&line, style, title, SPACE_COLUMNS);
	}
	end_row(output, style, &line);
	begin_row(&line, style, "SPACE", name_columns);
	for (size_t i = 0; i < count; i++)
		output__printf(&line, "%*s%*s", SPACE_COLUMNS / 2, "COMMITTED", SPACE_COLUMNS / 2,
			       "USED");
	end_row(output, style, &line);
}

static void print_space(struct output *output, const struct text_style *style,
			const struct isolate *isolates, size_t count, const char *name,
			size_t name_columns)
{
	struct output line;

	begin_row(&line, style, name, name_columns);
	for (size_t i = 0; i < count; i++) {
		const struct isolate_space *space = find_space(&isolates[i], name);
		char text[16];

		column__format(text, sizeof(text), UNIT_BYTES,
			       space ? space->committed_bytes : FIGURE_UNKNOWN);
		add_cell(&line, style, text, SPACE_COLUMNS / 2);
		column__format(text, sizeof(text), UNIT_BYTES,
			       space ? space->used_bytes : FIGURE_UNKNOWN);
		add_cell(&line, style, text, SPACE_COLUMNS / 2);
	}
	end_row(output, style, &line);
}

/* As wide as the longest name, where one isolate still fits beside it. */
static size_t columns_of_names(const char *const *names, size_t count, size_t width)
{
	size_t columns = NAME_COLUMNS;

	for (size_t i = 0; i < count; i++) {
		size_t needed = text__columns(names[i]) + 2;

		columns = needed > columns ? needed : columns;
	}
	return columns + SPACE_COLUMNS <= width ? columns : width - SPACE_COLUMNS;
}

/* A row a space; beside each other as many isolates as there is room for. */
static void print_spaces(struct output *output, const struct text_style *style,
			 const struct process *process)
{
	const char *names[NAMES_MAX];
	size_t name_count = collect_names(process, names);
	size_t width = style->width > NAME_COLUMNS + SPACE_COLUMNS ? style->width : DEFAULT_WIDTH;
	size_t name_columns = columns_of_names(names, name_count, width);
	size_t beside = (width - name_columns) / SPACE_COLUMNS;

	if (!name_count)
		return;
	text_rows__print_title(output, style, "V8: SPACES");
	for (size_t i = 0; i < process->isolate_count; i += beside) {
		size_t left = process->isolate_count - i;
		size_t count = left < beside ? left : beside;

		print_space_titles(output, style, &process->isolates[i], count, name_columns);
		for (size_t n = 0; n < name_count; n++)
			print_space(output, style, &process->isolates[i], count, names[n],
				    name_columns);
	}
}

/* --- all isolates together --- */

static void print_sums(struct output *output, const struct text_style *style,
		       const struct process *process)
{
	char label[LABEL_SIZE], text[32];
	bool titled = false;

	/* of one, its own row says it */
	if (process->isolate_count == 1)
		return;
	for (int i = FIG_V8_FIRST; i <= FIG_V8_LAST; i++) {
		if (!figure_known(process->figures[i]))
			continue;
		if (!titled)
			text_rows__print_title(output, style, "V8: ALL ISOLATES");
		titled = true;
		column__format(text, sizeof(text), process_figures[i].unit, process->figures[i]);
		text_rows__print(output, style,
				 text_rows__label(process_figures[i].path, "v8.", label), text,
				 process_figures[i].help);
	}
}

void text_v8__print(struct output *output, const struct text_style *style,
		    const struct column_context *context, const struct process *process)
{
	print_table(output, style, context, process, &tables[0]);
	print_sums(output, style, process);
	print_spaces(output, style, process);
	for (size_t i = 1; i < ARRAY_SIZE(tables); i++)
		print_table(output, style, context, process, &tables[i]);
}
