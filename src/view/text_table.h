/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TEXT_TABLE_H
#define MEMSONDE_VIEW_TEXT_TABLE_H

#include "base/output.h"
#include "view/columns.h"

/* How text for people may look. */
struct text_style {
	unsigned int width; /* of the terminal; 0: no limit */
	size_t height;	    /* of the terminal; 0: no limit */
	size_t max_rows;    /* of a table; 0: all */
	bool colour;
	bool ascii; /* no character beyond ASCII of our own */
};

enum text_tone {
	TONE_PLAIN,
	TONE_TITLE,
	TONE_WARNING,
	TONE_FAINT,
};

/* One column of a table, in order of appearance. */
struct table_column {
	const char *key;
	int importance;	 /* where there is no room, the least important goes first */
	bool when_known; /* left out when no row knows it */
	bool when_set;	 /* left out when no row has anything but 0 */
};

struct table_layout {
	const struct table_column *columns;
	size_t column_count;
	const struct column *(*find)(const char *key); /* of processes or of containers */
};

/*
 * A line of titles, then a line for each of count subjects (struct process ** or
 * struct container **), at most max_rows. Lines are never longer than the style's width:
 * columns go, then texts are cut. Returns how many subjects were shown.
 */
size_t text_table__print(struct output *output, const struct text_style *style,
			 const struct table_layout *layout, const struct column_context *context,
			 const void *subjects, size_t count);

/* Begins and ends a stretch of text in a tone: nothing without colour. */
void text_tone__begin(struct output *output, const struct text_style *style, enum text_tone tone);
void text_tone__end(struct output *output, const struct text_style *style, enum text_tone tone);

/* Text cut to a number of terminal columns, with a mark where something is missing.
 * Returns the columns taken. */
size_t text_table__add_cut(struct output *output, const struct text_style *style, const char *text,
			   size_t columns);

/* A whole line in a tone, cut to the style's width. */
void text_table__add_line(struct output *output, const struct text_style *style,
			  enum text_tone tone, const char *text);

#endif
