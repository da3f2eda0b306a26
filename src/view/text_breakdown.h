/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TEXT_BREAKDOWN_H
#define MEMSONDE_VIEW_TEXT_BREAKDOWN_H

#include "view/look.h"
#include "view/text_table.h"

/* One process for people, a figure a line: what its RSS consists of, with bars, then
 * everything else that is known of it. */
void text_breakdown__print(struct output *output, const struct text_style *style,
			   const struct column_context *context, const struct process *process);

#endif
