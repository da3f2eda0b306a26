/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TUI_PROCESS_SECTIONS_H
#define MEMSONDE_VIEW_TUI_PROCESS_SECTIONS_H

#include <stdbool.h>

#include "model/figures.h"

struct account;
struct grid;
struct process_copy;

/* The parts of the page about one process. */

struct section_view {
	const struct process_copy *copy;
	const struct account *account;
	bool plain; /* without colours */
	int history_lines;
};

struct section {
	/* Draws at a place, in at least SECTION_MIN_WIDTH columns; returns the lines taken,
	 * 0 if there is nothing to say. */
	int (*draw)(struct grid *grid, int y, int x, int width, const struct section_view *view);
};

#define SECTION_MIN_WIDTH 60

#define SECTION_PARAMETERS                                                                         \
	struct grid *grid, int y, int x, int width __attribute__((unused)),                        \
		const struct section_view *view

/* Parts in files of their own. */
int section_explain(SECTION_PARAMETERS);
int section_limits(SECTION_PARAMETERS);
int section_v8(SECTION_PARAMETERS);
int section_spaces(SECTION_PARAMETERS);
int section_allocator(SECTION_PARAMETERS);
int section_stacks(SECTION_PARAMETERS);

/* A value against the right end of so many columns; dim where it is 0 or not known. */
void section__put_value(struct grid *grid, int y, int x, int width, enum figure_unit unit,
			figure_value value);

/* A figure with a label and its change per second. */
struct figure_row {
	enum process_figure figure;
	const char *label;
};
int section__draw_figures(struct grid *grid, int y, int x, const struct process_copy *copy,
			  const struct figure_row *rows, int count);

extern const struct section process_sections[];
extern const unsigned int process_section_count;

#endif
