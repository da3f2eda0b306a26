/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_MODEL_SECTIONS_H
#define MEMSONDE_MODEL_SECTIONS_H

struct process;

/* The roll-up of the classes into stack, heap, native memory, code and files, and the
 * limits that they run into. */

/* What ends the growth of native memory first. */
enum native_limit {
	NATIVE_LIMIT_UNKNOWN,
	NATIVE_LIMIT_CONTAINER,
	NATIVE_LIMIT_ADDRESS_SPACE,
	NATIVE_LIMIT_AVAILABLE,
	NATIVE_LIMIT_COUNT,
};

/* "container", "address_space", "available" as in JSON; NULL for unknown. */
extern const char *const native_limit_names[NATIVE_LIMIT_COUNT];

/*
 * Works out sections.* and limits.native_left of a process that has classes, after its
 * container's figures were set. A section whose classes are all unknown is unknown; unknown
 * classes beside known ones count as nothing, so that the sections sum to RSS less
 * unaccounted. What is known already (from a recording) stays.
 */
void process__work_out_sections(struct process *process);

/* The limit that native_left is the distance to; by the same rule. */
enum native_limit process__native_limit(const struct process *process);

/* Orders the stacks, nearest to its limit first, and works out stacks.*; what is known
 * already stays. */
void process__work_out_stacks(struct process *process);

#endif
