/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_LOOK_H
#define MEMSONDE_VIEW_LOOK_H

#include <stddef.h>

#include "view/columns.h"

/* The account after one look, in the order in which it is shown. The arrays are the
 * look's own, what they point to is the account's. */
struct look {
	struct column_context context;
	const struct column *sort; /* of processes; never NULL */
	struct process **processes;
	size_t process_count;
	struct process **exited;
	size_t exited_count;
	struct container **containers;
	size_t container_count;
};

/* Orders processes by a column, largest first (texts: smallest first), containers by
 * the memory charged to them. sort is NULL for RSS; users may be NULL. */
void look__init(struct look *look, const struct account *account, const struct column *sort,
		struct user_names *users);
void look__release(struct look *look);

/* What machine-readable output says in every process' notes: names of its contract that
 * nobody measures. */
extern const char look_unmeasured_note[];

/* The process' notes but for that one, which a recording brings along, and the one that
 * every process of a single look has. */
size_t process__own_note_count(const struct process *process);
bool process__note_is_own(const char *note);

#endif
