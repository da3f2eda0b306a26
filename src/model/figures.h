/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_MODEL_FIGURES_H
#define MEMSONDE_MODEL_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Every number that memsonde can show is one row of process_figures.def,
 * container_figures.def or isolate_figures.def. Outputs (JSON, CSV, tables, screens) and the reader
 * of recorded output are driven by the rows: a new figure is a row and the line that sets it.
 */

typedef int64_t figure_value;

/* A figure that could not be had: null in JSON, empty in CSV, "-" for people. */
#define FIGURE_UNKNOWN INT64_MIN

static inline bool figure_known(figure_value value)
{
	return value != FIGURE_UNKNOWN;
}

enum figure_unit {
	UNIT_BYTES,
	UNIT_COUNT,
	UNIT_NS,
	UNIT_UNIX_NS,	  /* a moment, shown as RFC 3339 */
	UNIT_PERCENT_100, /* hundredths of a percent */
};

enum figure_kind {
	FIGURE_GAUGE,	/* a level: its change is a growth */
	FIGURE_COUNTER, /* only rises while the process lives: its change is a rate */
};

struct figure {
	const char *path;  /* place in the JSON object: "faults.minor" */
	const char *title; /* column heading for people, at most 10 characters */
	enum figure_unit unit;
	enum figure_kind kind;
	const char *help; /* one sentence, no full stop */
};

enum process_figure {
#define FIGURE(id, path, title, unit, kind, help) FIG_##id,
#include "process_figures.def"
#undef FIGURE
	PROCESS_FIGURE_COUNT
};

enum container_figure {
#define FIGURE(id, path, title, unit, kind, help) CFIG_##id,
#include "container_figures.def"
#undef FIGURE
	CONTAINER_FIGURE_COUNT
};

/* Of one isolate of V8. */
enum isolate_figure {
#define FIGURE(id, path, title, unit, kind, help) IFIG_##id,
#include "isolate_figures.def"
#undef FIGURE
	ISOLATE_FIGURE_COUNT
};

extern const struct figure isolate_figures[ISOLATE_FIGURE_COUNT];
extern const struct figure process_figures[PROCESS_FIGURE_COUNT];
extern const struct figure container_figures[CONTAINER_FIGURE_COUNT];

/* The classes of the breakdown, in the order of process_figures.def: their
 * figures are FIG_CLASS_FIRST .. FIG_CLASS_LAST and sum to FIG_RSS, the last
 * being `unaccounted`. The container's are CFIG_CLASS_FIRST .. CFIG_CLASS_LAST,
 * in the same order. */
#define FIG_CLASS_FIRST	 FIG_CLASS_V8_HEAP
#define FIG_CLASS_LAST	 FIG_CLASS_UNACCOUNTED
#define CFIG_CLASS_FIRST CFIG_CLASS_V8_HEAP
#define CFIG_CLASS_LAST	 CFIG_CLASS_UNACCOUNTED
#define CLASS_COUNT	 (FIG_CLASS_LAST - FIG_CLASS_FIRST + 1)

/* Figures of a process that stand in one object. */
#define FIG_STACKS_FIRST FIG_STACKS_MAPPED
#define FIG_STACKS_LAST	 FIG_STACKS_DEEPEST_LIMIT
#define FIG_HEAP_FIRST	 FIG_HEAP_HELD
#define FIG_HEAP_LAST	 FIG_HEAP_METADATA
#define FIG_V8_FIRST	 FIG_V8_HEAP_TOTAL
#define FIG_V8_LAST	 FIG_V8_GC_PAUSE

/* Sets every value to FIGURE_UNKNOWN. */
void figures__clear(figure_value *values, int count);

/* Adds a value, where it is known, to a sum that is unknown until something was added. A sum
 * that would be too large stays at the largest value. */
void figures__add(figure_value *sum, figure_value value);

/* Finds a figure by path ("rss", "classes.malloc") in a table; -1 if there is none. */
int figures__find(const struct figure *table, int count, const char *path);

#endif
