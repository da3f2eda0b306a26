/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TUI_STYLE_H
#define MEMSONDE_VIEW_TUI_STYLE_H

/*
 * What a cell means; the terminal decides how that looks, with or without colours.
 */
enum style {
	STYLE_NORMAL,
	STYLE_DIM, /* captions, things of no interest now */
	STYLE_BOLD,
	STYLE_TITLE, /* name of the program, of the thing drilled into */
	STYLE_TAB_ACTIVE,
	STYLE_TAB,
	STYLE_HEADING,	      /* of a table */
	STYLE_HEADING_SORTED, /* of the column that it is sorted by */
	STYLE_SELECTED,
	STYLE_TAGGED,
	STYLE_SELECTED_TAGGED,
	STYLE_NUMBER, /* a figure of weight */
	STYLE_UP,     /* grows */
	STYLE_DOWN,   /* shrinks */
	STYLE_SPARK,
	STYLE_METER,	  /* the filled part of a meter */
	STYLE_METER_HIGH, /* the same, near its limit */
	STYLE_MARK,	  /* the part of a text that a search or filter found */
	STYLE_WARNING,	  /* lost events, exited, recording ended */
	STYLE_BAR_KEY,	  /* last line: the key */
	STYLE_BAR_LABEL,  /* last line: what it does */
	STYLE_PROMPT,
	/* One a class of the breakdown, in the order of the figures: the fill of its
	 * segment, then the text inside it. */
	STYLE_CLASS_FIRST,
	STYLE_CLASS_LAST = STYLE_CLASS_FIRST + 9,
	STYLE_CLASS_TEXT_FIRST,
	STYLE_CLASS_TEXT_LAST = STYLE_CLASS_TEXT_FIRST + 9,
	STYLE_COUNT
};

#endif
