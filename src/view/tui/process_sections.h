/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TUI_PROCESS_SECTIONS_H
#define MEMSONDE_VIEW_TUI_PROCESS_SECTIONS_H

#include <stdbool.h>

struct grid;
struct process_copy;

/* The parts of the page about one process. */

struct section_view {
	const struct process_copy *copy;
	bool plain; /* without colours */
	int history_lines;
};

struct section {
	/* Draws at a place, in at least SECTION_MIN_WIDTH columns; returns the lines taken,
	 * 0 if there is nothing to say. */
	int (*draw)(struct grid *grid, int y, int x, int width, const struct section_view *view);
};

#define SECTION_MIN_WIDTH 60

extern const struct section process_sections[];
extern const unsigned int process_section_count;

#endif
