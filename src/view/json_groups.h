/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_JSON_GROUPS_H
#define MEMSONDE_VIEW_JSON_GROUPS_H

#include "view/json_write.h"

/* What the object of a process says beyond plain figures. */

/* Of the stacks, only so many of those nearest to their limits are written;
 * "threads_left_out" counts the others. */
#define JSON_STACKS_MAX 100

/* The figures of a process with all that stands in their objects: the allocator's name in
 * "heap", the isolates in "v8", the threads in "stacks". */
extern const struct json_figures json_process_figures;

/* "explain", where explanations were worked out; else the name is not there. */
void json__add_explanations(struct output *output, const struct process *process);

#endif
