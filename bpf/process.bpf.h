/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_PROCESS_BPF_H
#define MEMSONDE_PROCESS_BPF_H

#include "kernel_types.bpf.h"

#define PROCESS_FLAG_KTHREAD 0x00200000 /* PF_KTHREAD */
#define SIGNAL_GROUP_EXIT    0x00000004

/* The pid of a task in the pid namespace `level` deep; 0 where it has none. */
static __always_inline __u32 pid_at_level(struct task_struct *task, __u32 level)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct upid upid = {};

	if (!pid || level > BPF_CORE_READ(pid, level))
		return 0;
	bpf_core_read(&upid, bpf_core_type_size(struct upid), &pid->numbers[level]);
	return upid.nr;
}

/* As memsonde sees it in /proc. */
static __always_inline __u32 visible_pid(struct task_struct *leader)
{
	if (settings.pid_namespace_level == 0)
		return leader->tgid;
	return pid_at_level(leader, settings.pid_namespace_level);
}

/* As the process sees it. */
static __always_inline __u32 namespace_pid(struct task_struct *leader)
{
	struct pid *pid = BPF_CORE_READ(leader, thread_pid);

	return pid ? pid_at_level(leader, BPF_CORE_READ(pid, level)) : 0;
}

/* Ids of control groups are the inode numbers of their directories. */
static __always_inline __u64 unified_cgroup_id(struct task_struct *task)
{
	return BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
}

static __always_inline __u64 memory_cgroup_id(struct task_struct *task)
{
	struct cgroup_subsys_state *state = NULL;
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	int index = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);

	if (!set || !bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return 0;
	bpf_core_read(&state, sizeof(state), &set->subsys[index]);
	return state ? BPF_CORE_READ(state, cgroup, kn, id) : 0;
}

/* As wait(2) will report it. */
static __always_inline int exit_code(struct task_struct *task)
{
	if (task->signal->flags & SIGNAL_GROUP_EXIT)
		return task->signal->group_exit_code;
	return task->group_leader->exit_code;
}

#endif
