/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TEXT_V8_H
#define MEMSONDE_VIEW_TEXT_V8_H

#include "view/columns.h"
#include "view/text_table.h"

/* The isolates of a process: heaps in the words of Node.js, spaces, collections. Nothing
 * where it has none. */
void text_v8__print(struct output *output, const struct text_style *style,
		    const struct column_context *context, const struct process *process);

#endif
