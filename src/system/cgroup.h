/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_SYSTEM_CGROUP_H
#define MEMSONDE_SYSTEM_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/figures.h"

/*
 * Control groups of version 1, version 2 and both side by side (hybrid: memory
 * under v1, a v2 tree without the memory controller).
 */

struct cgroup_mounts; /* where the hierarchies are mounted and what they hold */

enum cgroup_layout {
	CGROUP_NONE,
	CGROUP_V1,
	CGROUP_V2,
	CGROUP_HYBRID,
};

enum cgroup_tree {
	TREE_MEMORY,  /* where memory is accounted: v1's memory hierarchy or the v2 tree */
	TREE_UNIFIED, /* the v2 tree */
	CGROUP_TREE_COUNT,
};

/* Reads ROOT/proc/self/mountinfo; root is "" or, in tests, a directory that stands
 * for "/". Never NULL: with no hierarchy mounted the layout is CGROUP_NONE. */
struct cgroup_mounts *cgroup_mounts__open(const char *root);
void cgroup_mounts__free(struct cgroup_mounts *mounts);
enum cgroup_layout cgroup_mounts__layout(const struct cgroup_mounts *mounts);
bool cgroup_mounts__memory_is_v1(const struct cgroup_mounts *mounts);

/* The paths of one process. Owned texts; NULL where it has none. */
struct cgroup_paths {
	char *unified; /* the line "0::" */
	char *memory;  /* the group that accounts its memory: v1's memory line or unified */
};

/* Reads ROOT/proc/PID/cgroup. 0, -ESRCH (no such process) or another -errno. */
int cgroup_paths__read(struct cgroup_paths *paths, const char *root, pid_t pid);
/* Parses the text of such a file (exported for tests and for recorded lines). */
int cgroup_paths__parse(struct cgroup_paths *paths, const char *text, size_t length,
			bool memory_is_v1);
void cgroup_paths__release(struct cgroup_paths *paths);

/* The best single path to show for the process and to look for containers in:
 * memory, or unified where that one is deeper. Borrowed; NULL if there is none. */
const char *cgroup_paths__best(const struct cgroup_paths *paths);

/*
 * Fills the figures of container_figures.def that the kernel's cgroup files give
 * (memory_current .. pressure.full_avg10), FIGURE_UNKNOWN for those they do not.
 * path is the group that accounts memory. memory_limit is the limit, of the group or of one
 * above it, of which least is left; v1's "no limit" (a huge number) and v2's "max" are
 * FIGURE_UNKNOWN. Returns 0 or -ENOENT when there is no such group.
 */
int cgroup__read_figures(const struct cgroup_mounts *mounts, const char *path,
			 figure_value figures[CONTAINER_FIGURE_COUNT]);

/* A group that the user named. Two trees may have groups of one path. */
struct cgroup_choice {
	char *path; /* normalised, as in /proc/PID/cgroup; owned */
	bool in_tree[CGROUP_TREE_COUNT];
};

/*
 * What the user gave to -g: "/docker/x", "docker/x", an absolute path below a cgroup
 * mount, or a relative path. A directory below a mount of the v2 tree or of v1's memory
 * hierarchy means the group in that tree alone. 0 or -ENOENT when neither tree has such
 * a group.
 */
int cgroup_choice__find(struct cgroup_choice *choice, const struct cgroup_mounts *mounts,
			const char *argument);
void cgroup_choice__release(struct cgroup_choice *choice);

/* Whether a process is in the group or below it, in a tree of the choice. */
bool cgroup_choice__has(const struct cgroup_choice *choice, const struct cgroup_paths *paths);

/* True if path is group or below it ("/a/b" is below "/a", "/ab" is not). */
bool cgroup__is_within(const char *path, const char *group);

#endif
