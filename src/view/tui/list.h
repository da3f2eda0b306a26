/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TUI_LIST_H
#define MEMSONDE_VIEW_TUI_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view/columns.h"

struct grid;

/*
 * The one list widget: rows with a selection, scrolling, sort order, filter, search and
 * tags. Rows are borrowed pointers that are replaced at each refresh; what the user did
 * to a row is kept by its identity, so the selection stays on a process while rows move
 * around it.
 */

struct list_id {
	uint64_t high, low;
};

/* What the rows are. */
struct list_kind {
	struct list_id (*id)(const void *row);
	/* Whether the row is meant by what the user typed (never empty). */
	bool (*matches)(const void *row, const struct column_context *context, const char *text);
};

#define LIST_TEXT_SIZE 64

struct list {
	const struct list_kind *kind;
	const struct column *sort; /* NULL: in the order given */
	bool descending;
	char filter[LIST_TEXT_SIZE]; /* "": all rows */
	/* Private from here on, but may be read. */
	const void **rows; /* those that pass the filter, sorted */
	size_t count, capacity;
	size_t unfiltered_count;
	size_t selected; /* meaningful if count > 0 */
	struct list_id selected_id;
	bool has_selected_id;
	size_t top;	      /* first row shown */
	size_t page;	      /* rows shown at the last drawing */
	struct list_id *tags; /* in no order */
	size_t tag_count, tag_capacity;
};

void list__init(struct list *list, const struct list_kind *kind, const struct column *sort,
		bool descending);
void list__release(struct list *list);

/* Replaces the rows: filters, sorts, finds the selected row again. Where that one is
 * gone, the row in its place is selected. Tags of rows that are gone are forgotten. */
void list__set_rows(struct list *list, const void *const *rows, size_t count,
		    const struct column_context *context);

/* The selected row or NULL. */
const void *list__selected(const struct list *list);

/* Moves the selection, within bounds. */
void list__move(struct list *list, long rows);
void list__move_pages(struct list *list, long pages);
void list__select(struct list *list, size_t index);

/* Selects the next row that matches, from the selected one on (or from the one behind
 * it), going round; false if there is none. */
bool list__search(struct list *list, const struct column_context *context, const char *text,
		  bool from_next);

/* Tags. */
void list__toggle_tag(struct list *list, const void *row);
void list__untag_all(struct list *list);
bool list__is_tagged(const struct list *list, const void *row);

typedef void (*list_draw_row)(void *argument, struct grid *grid, int y, const void *row,
			      bool selected, bool tagged);

/* Draws the rows that fit into height lines from y on, scrolled so that the selected
 * one is among them. Only those are rendered. */
void list__draw(struct list *list, struct grid *grid, int y, int height, list_draw_row draw_row,
		void *argument);

/* For kinds: whether haystack holds needle, in whatever case. NULL holds nothing. */
bool text_holds(const char *haystack, const char *needle);

#endif
