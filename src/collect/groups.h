/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COLLECT_GROUPS_H
#define MEMSONDE_COLLECT_GROUPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/account.h"
#include "system/cgroup.h"
#include "system/container.h"

/*
 * The control groups that processes are in, and the containers these belong to. A
 * census names groups by number; each is looked up once, by the first process seen in
 * it, and again now and then, as containers can be renamed.
 */
struct groups;

struct group {
	uint64_t unified_id, memory_id;
	struct cgroup_paths paths;    /* as the kernel names them */
	char *path;		      /* the one to show, sanitised; NULL if unknown */
	char *memory_path;	      /* whose figures are the container's; NULL if unknown */
	struct container_label label; /* id NULL: in no container */
	struct container *container;  /* in the account, of the look that is under way */
	figure_value limit_bytes;     /* nearest memory limit */
	int64_t checked_ns;
	uint64_t seen_look;
};

struct groups *groups__new(void);

/* The same below a directory that stands for "/": for tests. */
struct groups *groups__new_at(const char *root);

void groups__free(struct groups *groups);

/* The group of a process. NULL when it was never seen and the process is gone. */
struct group *groups__find(struct groups *groups, uint64_t unified_id, uint64_t memory_id,
			   pid_t pid, uint64_t look);

/* The group if it was looked up before, else NULL. */
struct group *groups__known(struct groups *groups, uint64_t unified_id, uint64_t memory_id);

/* The labels of the containers known, services left out, as "web, db, 4f6a0c1d2e3b":
 * owned by the caller; NULL if there is none. */
char *groups__container_names(const struct groups *groups);

/* Puts the group's container, if it has one, with its figures into the account. */
void groups__fill_container(struct groups *groups, struct group *group, struct account *account);

/* Forgets groups that the last looks did not see. */
void groups__forget_unseen(struct groups *groups, uint64_t look);

const struct cgroup_mounts *groups__mounts(const struct groups *groups);

#endif
