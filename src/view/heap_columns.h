/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_HEAP_COLUMNS_H
#define MEMSONDE_VIEW_HEAP_COLUMNS_H

#include "view/columns.h"

/*
 * Columns of what one process has several of: its isolates (subject: struct isolate; every
 * row of isolate_figures.def among them) and its threads' stacks (struct thread_stack).
 */
extern const struct column isolate_columns[];
extern const unsigned int isolate_column_count;
extern const struct column stack_columns[];
extern const unsigned int stack_column_count;

/* Finds a column by its key; NULL if there is none. */
const struct column *isolate_column__find(const char *key);
const struct column *stack_column__find(const char *key);

#endif
