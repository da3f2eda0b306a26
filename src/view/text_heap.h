/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TEXT_HEAP_H
#define MEMSONDE_VIEW_TEXT_HEAP_H

#include "view/columns.h"
#include "view/text_table.h"

/* Parts of the breakdown of one process; nothing is printed where nothing is known. */

#define HEAP_PARAMETERS                                                                            \
	struct output *output, const struct text_style *style,                                     \
		const struct column_context *context, const struct process *process

/* The classes with bars, malloc and V8's heap split into what is used and what is not. */
void text_heap__print_classes(HEAP_PARAMETERS);

/* Stack, heap, native memory, code and files, each with its limit. */
void text_heap__print_sections(HEAP_PARAMETERS);

/* What the allocator says of itself. */
void text_heap__print_allocator(HEAP_PARAMETERS);

/* The stacks that are nearest to their limits. */
void text_heap__print_stacks(HEAP_PARAMETERS);

#endif
