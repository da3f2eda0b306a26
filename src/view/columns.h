/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_COLUMNS_H
#define MEMSONDE_VIEW_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/account.h"

/*
 * What the views can show of a process or container, a column each: what it is, every
 * figure, and every figure's change per second. The columns of figures come from the
 * rows of process_figures.def and container_figures.def.
 *
 * Keys: an identity ("pid", "comm", "container"); a figure's JSON path ("rss",
 * "classes.malloc"); with "+" the growth per second of a gauge ("rss+"), with "/s" the
 * rate of a counter ("faults.minor/s"); and some that are worked out ("faults/s").
 */

/* Enough for any cell: a longer text is cut between characters. */
#define COLUMN_TEXT_SIZE 256

struct user_names;

/* What cells are read in. */
struct column_context {
	const struct account *account;
	struct user_names *users; /* NULL: users are shown as numbers */
};

enum column_group {
	COLUMN_IDENTITY,
	COLUMN_FIGURE,
	COLUMN_RATE,	/* change per second; unknown at the first look */
	COLUMN_DERIVED, /* worked out from several figures */
};

/* subject is the struct process or struct container of the table that the column is in. */
struct column {
	const char *key;
	const char *title;	/* heading for people */
	const char *help;	/* one sentence, no full stop */
	unsigned int width;	/* terminal columns that nearly every cell fits in */
	unsigned int max_width; /* useful width where there is room; >= width */
	bool left;		/* aligned to the left; numbers are to the right */
	enum column_group group;
	int figure;	       /* of a figure or its rate: its row; else -1 */
	enum figure_unit unit; /* of number() */
	/* Numbers: FIGURE_UNKNOWN where not known. NULL in a column of text. */
	figure_value (*number)(const struct column *column, const struct column_context *context,
			       const void *subject);
	/* Text, NULL where not known; it may be written to buffer. NULL in a column of
	 * numbers. */
	const char *(*text)(const struct column *column, const struct column_context *context,
			    const void *subject, char buffer[COLUMN_TEXT_SIZE]);
};

extern const struct column process_columns[];
extern const unsigned int process_column_count;
extern const struct column container_columns[];
extern const unsigned int container_column_count;

/* Finds a column by its key; NULL if there is none. */
const struct column *process_column__find(const char *key);
const struct column *container_column__find(const char *key);

/* Writes the cell for people: "37.2 MiB", "-" where not known. Returns its length in
 * bytes. */
size_t column__render(const struct column *column, const struct column_context *context,
		      const void *subject, char buffer[COLUMN_TEXT_SIZE]);

/* Writes a value of a unit as people read it: "37.2 MiB", "12:31:07", "81.3%", "-".
 * Returns buffer. */
char *column__format(char *buffer, size_t size, enum figure_unit unit, figure_value value);

/* < 0, 0, > 0 as strcmp(): unknown comes before everything known. */
int column__compare(const struct column *column, const struct column_context *context,
		    const void *a, const void *b);

/* Sorts pointers to subjects of one table (struct process ** or struct container **)
 * by a column. Equal ones are in order of the table's first column, ascending, so that
 * rows do not jump from look to look. */
void column__sort(const struct column *column, const struct column_context *context,
		  bool descending, void *subjects, size_t count);

#endif
