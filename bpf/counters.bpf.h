/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COUNTERS_BPF_H
#define MEMSONDE_COUNTERS_BPF_H

#include "kernel_types.bpf.h"

/*
 * counters: process (its group leader's task) -> struct process_counters.
 *
 * Kept in task storage, not in a hash by pid: the entry goes with the process, so a
 * reused pid never meets old counts, the map cannot be full, and finding it costs a
 * pointer. The census reads it in passing.
 */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct process_counters);
} counters __weak SEC(".maps");

/*
 * heirs: (pid, start time) of a process whose leader has ended before its threads -> its
 * counters at that moment. When another thread then executes a program, its task takes
 * the leader's place, and must take over the counters.
 */
struct heir_key {
	__u64 start_ns;
	__u32 pid;
	__u32 padding;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct heir_key);
	__type(value, struct process_counters);
} heirs __weak SEC(".maps");

/* Number of the look that the current interval will end with; user space raises it at
 * each look, so that peaks of one interval never mix with those of the next. */
__u64 look_number __weak = 0;

/* Counts what could not be kept; read by user space. */
__u64 lost_counters __weak = 0; /* memory for an entry of `counters` was refused */
__u64 lost_exits __weak = 0;	/* the ring `ended` was full */

/* The counters of a process that is to be counted, else NULL. */
static __always_inline struct process_counters *counters_of(struct task_struct *leader)
{
	struct process_counters *found;

	if (!settings.count_everything)
		return bpf_task_storage_get(&counters, leader, NULL, 0);
	found = bpf_task_storage_get(&counters, leader, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!found)
		__sync_fetch_and_add(&lost_counters, 1);
	return found;
}

static __always_inline void count(__u64 *counter, __u64 amount)
{
	__sync_fetch_and_add(counter, amount);
}

#endif
