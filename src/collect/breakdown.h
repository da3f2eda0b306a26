/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COLLECT_BREAKDOWN_H
#define MEMSONDE_COLLECT_BREAKDOWN_H

#include "collect/programs.h"
#include "model/account.h"
#include "twin/evaluator.h"

/*
 * The breakdown of one process by class: its mappings and threads from BPF, its pages
 * from the page tables, the classes from the classifier. Reads nothing that could bring
 * a page into the target.
 */
struct breakdown;

/* Without an evaluator the target's own functions are not asked. Both are borrowed. */
struct breakdown *breakdown__new(struct programs *programs, struct evaluator *evaluator);
void breakdown__free(struct breakdown *breakdown);

/*
 * Sets the classes of a process, and its RSS anew, so that they add up. Of a process
 * that changes while it is looked at the look is repeated; what remains is
 * `unaccounted`. On failure the classes stay unknown and a note says why.
 *
 * The heap's figures come from the target's own functions, within the limits.
 *
 * With unique_bytes (one per class) each page that is new to the current container is
 * added to its class: see breakdown__begin_container().
 */
void breakdown__process(struct breakdown *breakdown, struct process *process,
			const struct evaluator_limits *limits, int64_t *unique_bytes);

/* Only asks runtimes of the process (V8 and the like) for their figures: its pages are not
 * looked at, its allocator is not asked. */
void breakdown__runtimes(struct breakdown *breakdown, struct process *process,
			 const struct evaluator_limits *limits);

/* Forgets which pages were seen: the next processes are of another container. */
void breakdown__begin_container(struct breakdown *breakdown);

/* Whether unique_bytes of all processes since are right. */
bool breakdown__container_is_complete(const struct breakdown *breakdown);

#endif
