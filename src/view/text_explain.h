/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TEXT_EXPLAIN_H
#define MEMSONDE_VIEW_TEXT_EXPLAIN_H

#include "view/look.h"
#include "view/text_table.h"

/* Why a process grew, for people: a heading, then a line and the evidence for each cause,
 * or a line that says why there is none. */
void text_explain__print(struct output *output, const struct text_style *style,
			 const struct process *process);

/* The same of every process of a look that there is something to say of; one line for
 * all others. */
void text_explain__print_all(struct output *output, const struct text_style *style,
			     const struct look *look);

#endif
