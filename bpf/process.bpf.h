/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_PROCESS_BPF_H
#define MEMSONDE_PROCESS_BPF_H

#include "kernel_types.bpf.h"

#define PROCESS_FLAG_KTHREAD 0x00200000 /* PF_KTHREAD */
#define SIGNAL_GROUP_EXIT    0x00000004

/* How deep the pid namespace of memsonde lies: 0 on a host. Set by find_own_level before
 * anything else runs. */
__u32 own_level __weak = 0;

/* The pid of a task in the pid namespace `level` deep; 0 where it has none. */
static __always_inline __u32 pid_at_level(struct task_struct *task, __u32 level)
{
	struct pid *pid = task->thread_pid;
	struct upid upid = {};
	__u32 number = task->pid;

	/* Kept apart from the load of upid.nr, or the compiler merges both into one, which
	 * the verifier refuses. */
	barrier_var(number);
	if (level == 0)
		return number;
	if (!pid || level > pid->level)
		return 0;
	bpf_core_read(&upid, bpf_core_type_size(struct upid), &pid->numbers[level]);
	return upid.nr;
}

/* As memsonde sees it in /proc. */
static __always_inline __u32 visible_pid(struct task_struct *leader)
{
	return pid_at_level(leader, own_level);
}

/* As the process sees it. */
static __always_inline __u32 namespace_pid(struct task_struct *leader)
{
	struct pid *pid = leader->thread_pid;

	return pid ? pid_at_level(leader, pid->level) : 0;
}

/* Ids of control groups are the inode numbers of their directories. */
static __always_inline __u64 unified_cgroup_id(struct task_struct *task)
{
	return task->cgroups->dfl_cgrp->kn->id;
}

#define CGROUP_CONTROLLERS 16 /* more than any kernel has */

/* The controller's number depends on the kernel's options. The loop is unrolled, so that
 * all but one of its rounds are dead code, and that one a plain load. */
static __always_inline __u64 memory_cgroup_id(struct task_struct *task)
{
	struct css_set *set = task->cgroups;
	int memory = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	int i;

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return 0;
#pragma unroll
	for (i = 0; i < CGROUP_CONTROLLERS; i++)
		if (i == memory)
			return set->subsys[i]->cgroup->kn->id;
	return 0;
}

/* As wait(2) will report it. */
static __always_inline int exit_code(struct task_struct *task)
{
	if (task->signal->flags & SIGNAL_GROUP_EXIT)
		return task->signal->group_exit_code;
	return task->group_leader->exit_code;
}

#endif
