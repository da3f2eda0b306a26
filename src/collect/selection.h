/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COLLECT_SELECTION_H
#define MEMSONDE_COLLECT_SELECTION_H

#include <stdbool.h>
#include <sys/types.h>

#include "collect/collector.h"
#include "collect/groups.h"
#include "memsonde/records.h"

/* Which processes the user asked for. */
struct selection;

/* settings and mounts are borrowed. */
struct selection *selection__new(const struct collector_settings *settings,
				 const struct cgroup_mounts *mounts);
void selection__free(struct selection *selection);

void selection__begin_look(struct selection *selection);

/* Whether a process of the census belongs to the target; group may be NULL. */
bool selection__has(struct selection *selection, const struct process_record *record,
		    const struct group *group);

/* Whether a process that was never seen alive belongs to it. */
bool selection__has_ended(struct selection *selection, const struct exit_record *record);

/* Pids of this look that belong to the target but are not counted by BPF; 0 at the end. */
pid_t selection__next_uncounted(struct selection *selection);

/* After the first census: 0, or -ENOENT after a line that names what does not exist. */
int selection__check(const struct selection *selection, const struct groups *groups);

/* Whether no further look can show anything: the last look saw none of the pids. */
bool selection__is_over(const struct selection *selection);

#endif
