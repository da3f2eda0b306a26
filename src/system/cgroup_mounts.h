/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_SYSTEM_CGROUP_MOUNTS_H
#define MEMSONDE_SYSTEM_CGROUP_MOUNTS_H

#include "system/cgroup.h"

/* What the files of src/system/cgroup*.c share; nobody else includes it. */

/* A directory of the group that path names, for the _beneath functions, or -ENOENT. */
int cgroup_mounts__open_group(const struct cgroup_mounts *mounts, enum cgroup_tree tree,
			      const char *path);

#endif
