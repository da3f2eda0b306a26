/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TUI_SCREEN_H
#define MEMSONDE_VIEW_TUI_SCREEN_H

#include "view/columns.h"
#include "view/tui/copies.h"
#include "view/tui/grid.h"
#include "view/tui/keys.h"
#include "view/tui/list.h"
#include "view/tui/prompt.h"
#include "view/tui/table.h"
#include "view/tui/tui.h"

/*
 * What screens share; private to view/tui. A screen is a row of functions and a table
 * of keys. Screens lie on a stack: a tab at the bottom, what was drilled into above it,
 * help and menus on top.
 */

struct screen {
	const char *name; /* heading of the help */
	const struct key_binding *keys;
	/* What arrows, search, filter, sort and tags work on; NULL: there is none, and
	 * arrows scroll. */
	struct list *(*list)(struct tui *tui);
	/* The columns that it can be sorted by; NULL: it cannot. */
	const struct column *sort_columns;
	const unsigned int *sort_column_count;
	/* Takes a new look, or another filter or order. May be NULL. */
	void (*refresh)(struct tui *tui);
	/* Draws all lines but the last. */
	void (*draw)(struct tui *tui, struct grid *grid);
	/* Sets wants_breakdown where classes are shown. May be NULL. */
	void (*want)(struct tui *tui);
	/* Frees what the screen holds when it is left. May be NULL. */
	void (*leave)(struct tui *tui);
	bool is_overlay; /* the screen below is what is looked at */
};

extern const struct screen screen_processes;
extern const struct screen screen_containers;
extern const struct screen screen_process;
extern const struct screen screen_container;
extern const struct screen screen_sort;
extern const struct screen screen_help;

/* Keys that every screen with a list has, and that every screen has. */
extern const struct key_binding list_keys[];
extern const struct key_binding common_keys[];

/* What keys of both tabs do. */
void switch_tab(struct tui *tui);
void show_all_rows(struct tui *tui);
void quit_top(struct tui *tui);

/* What the header says of all processes. */
struct totals {
	figure_value rss_bytes; /* of those whose RSS is known */
	size_t rss_unknown_count;
	figure_value growth; /* per second */
	int64_t lost_events;
	size_t tagged_count;
	figure_value tagged_rss_bytes;
	figure_value tagged_growth;
};

#define STACK_DEPTH 6

struct tui {
	struct tui_settings settings;
	struct account *account;
	struct column_context context;
	const struct screen *stack[STACK_DEPTH];
	int depth;
	int height; /* of the last grid */
	struct prompt prompt;
	char message[96]; /* shown until the next key */
	char alert[256];  /* shown while alert_looks is not 0 */
	int alert_looks;
	const char *ended; /* why there is no further look, NULL: there is */
	bool colours, paused, quit, repaint;
	struct totals totals;
	struct list processes, containers;
	bool shows_classes;	     /* columns of classes in place of kinds */
	struct process_copy process; /* of screen_process */
	struct grid canvas;	     /* its part that scrolls */
	int canvas_height, scroll;
	struct container_copy container; /* of screen_container */
	struct list members;		 /* its processes */
	struct list sort_menu;
};

/* The screen on top. */
const struct screen *tui__screen(const struct tui *tui);
/* The one that a screen of the stack lies on. */
const struct screen *tui__below(const struct tui *tui, const struct screen *screen);
/* Whether it is the one that is looked at, be it behind an overlay. */
bool tui__looks_at(const struct tui *tui, const struct screen *screen);
void tui__push(struct tui *tui, const struct screen *screen);
void tui__pop(struct tui *tui);

/* The rows of lists are built anew, after a key that changed filter or order. */
void tui__refresh(struct tui *tui);

/* Sorts the list of the screen by a column: the largest figure, or the first text, first. */
void tui__sort_by(struct tui *tui, const struct column *column);

/* The lines above both tabs; returns their number. */
int draw_header(struct tui *tui, struct grid *grid);

/* The line in a tab that has no rows: none are known yet, none are there, none match. */
void draw_why_empty(struct tui *tui, struct grid *grid, int y, const char *none,
		    const char *none_matches);

extern const struct list_kind container_kind;

/* Rows of processes, for the lists that have them. */
extern const struct list_kind process_kind;
void draw_process_table(struct tui *tui, struct list *list, struct grid *grid, int y, int height);
void want_shown(const struct list *list);
void open_container(struct tui *tui, const struct container *container);
void open_selected_process(struct tui *tui);
void sort_processes_by_rss(struct tui *tui);
void sort_processes_by_growth(struct tui *tui);
void sort_processes_by_faults(struct tui *tui);
void sort_processes_by_pid(struct tui *tui);
void toggle_classes(struct tui *tui);

/* Bodies that are higher than the screen: drawn into tui->canvas, of which the lines from
 * tui->scroll on are shown. */
struct grid *canvas__start(struct tui *tui, int width, int height);
void canvas__show(struct tui *tui, struct grid *grid, int y, int height, int used);
extern const struct key_binding scroll_keys[];

/* "+1.2 MiB": growth with its sign. Returns buffer. */
char *format_growth(char *buffer, size_t size, enum figure_unit unit, figure_value rate);
/* "buffers_held: array_buffers +8.0 MiB, +240 MiB/min". Returns buffer. */
char *format_explanation(char *buffer, size_t size, const struct explanation *explanation);
enum style style_of_growth(figure_value rate);

/* The table of classes with its shares. Returns its lines. */
struct class_table {
	const figure_value *classes, *rates; /* of CLASS_COUNT values */
	const struct history *histories;     /* the same; NULL: no sparklines */
	figure_value rss;
	bool plain;
	const struct process_copy *split; /* whose malloc and V8 heap are split; or NULL */
};
int draw_classes(struct grid *grid, int y, int x, int width, const struct class_table *table);

#endif
