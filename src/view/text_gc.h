/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TEXT_GC_H
#define MEMSONDE_VIEW_TEXT_GC_H

#include "model/gc_summary.h"
#include "view/text_table.h"

/* V8's collections for people. */

/* The titles of what text_gc__collection() prints. */
void text_gc__header(struct output *output, const struct text_style *style);

/* A line for a collection; its isolate is looked up for the thread's name. */
void text_gc__collection(struct output *output, const struct text_style *style,
			 const struct gc_summary *summary, const struct collection *collection);

/* A section for each isolate: counts and pauses by kind, rates, spaces. */
void text_gc__summary(struct output *output, const struct text_style *style,
		      const struct gc_summary *summary, int64_t lost);

#endif
