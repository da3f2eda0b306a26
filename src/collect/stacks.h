/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COLLECT_STACKS_H
#define MEMSONDE_COLLECT_STACKS_H

#include "model/account.h"
#include "model/classify.h"
#include "system/page_runs.h"
#include "twin/figure_source.h"

/* Adds the stack of every thread to the process: the region of CLASS_STACK that holds its
 * stack pointer, and what of it was touched. */
void stacks__add(struct process *process, const struct regions *regions,
		 const struct page_runs *runs, const struct source_thread *threads,
		 size_t thread_count);

#endif
