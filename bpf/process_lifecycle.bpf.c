/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of processes: fork, exec, exit, and the OOM killer's choice. What a process
 * was at its end is streamed, as nothing of it is left to look at.
 */
#include "counters.bpf.h"
#include "process.bpf.h"
#include "rss.bpf.h"

/* ended: exit_record and oom_kill_record, in the order they happened. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, EXIT_RING_BYTES_DEFAULT);
} ended SEC(".maps");

/* The reader comes by at each look anyway; between looks it is woken only when the
 * ring fills, not for every process. */
static __always_inline __u64 wakeup_flags(void)
{
	if (bpf_ringbuf_query(&ended, BPF_RB_AVAIL_DATA) >= settings.exit_wakeup_bytes)
		return BPF_RB_FORCE_WAKEUP;
	return BPF_RB_NO_WAKEUP;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct process_counters *counted = counters_of(parent->group_leader);

	if (!counted)
		return 0;
	if (child->pid != child->tgid) {
		count(&counted->threads_started, 1);
		return 0;
	}
	count(&counted->forks, 1);
	if (settings.follow_forks && !settings.count_everything &&
	    !bpf_task_storage_get(&counters, child, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE))
		count(&lost_counters, 1);
	return 0;
}

static __always_inline struct heir_key heir_key_of(struct task_struct *leader)
{
	struct heir_key key = {
		.start_ns = leader->start_boottime,
		.pid = leader->tgid,
	};

	return key;
}

/* A thread that executes a program ends all others and gets pid and start time of the
 * leader; the kernel has replaced the leader when this runs. */
static __always_inline void inherit_counters(struct task_struct *task)
{
	struct heir_key key = heir_key_of(task);
	struct process_counters *inherited = bpf_map_lookup_elem(&heirs, &key);

	if (!inherited)
		return;
	if (!bpf_task_storage_get(&counters, task, inherited, BPF_LOCAL_STORAGE_GET_F_CREATE))
		count(&lost_counters, 1);
	bpf_map_delete_elem(&heirs, &key);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid)
{
	struct process_counters *counted;

	if (old_pid != task->pid)
		inherit_counters(task);
	counted = counters_of(task->group_leader);
	if (!counted)
		return 0;
	count(&counted->execs, 1);
	/* The new program begins with memory of its own. */
	counted->peaks[look_number & 1].pages = 0;
	return 0;
}

static __always_inline void fill_exit_memory(struct exit_record *record, struct task_struct *task)
{
	struct mm_struct *mm = task->mm;
	__u64 rss;

	record->has_memory = mm != NULL;
	record->peak_rss_pages = task->signal->maxrss;
	if (!mm) {
		__builtin_memset(record->rss_pages, 0, sizeof(record->rss_pages));
		return;
	}
	read_rss(mm, record->rss_pages);
	rss = record->rss_pages[RSS_FILE] + record->rss_pages[RSS_ANON] +
	      record->rss_pages[RSS_SHMEM];
	record->peak_rss_pages = mm->hiwater_rss > rss ? mm->hiwater_rss : rss;
}

static __always_inline void fill_exit(struct exit_record *record, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;

	record->type = RECORD_EXIT;
	record->pid = visible_pid(leader);
	record->start_ns = leader->start_boottime;
	record->exit_ns = bpf_ktime_get_boot_ns();
	record->image = leader->self_exec_id;
	record->unified_cgroup_id = unified_cgroup_id(task);
	record->memory_cgroup_id = memory_cgroup_id(task);
	fill_exit_memory(record, task);
	record->minor_faults = task->signal->min_flt + task->min_flt;
	record->major_faults = task->signal->maj_flt + task->maj_flt;
	if (leader != task) {
		record->minor_faults += leader->min_flt;
		record->major_faults += leader->maj_flt;
	}
	record->namespace_pid = namespace_pid(leader);
	record->parent_pid = leader->real_parent->tgid;
	record->uid = leader->cred->uid.val;
	record->exit_code = exit_code(task);
	__builtin_memcpy(record->comm, leader->comm, sizeof(record->comm));
}

/* The leader ends before its threads: see heirs. */
static __always_inline void leave_counters(struct task_struct *task)
{
	struct process_counters *counted;
	struct heir_key key;

	if (task != task->group_leader)
		return;
	counted = bpf_task_storage_get(&counters, task, NULL, 0);
	key = heir_key_of(task);
	if (counted && bpf_map_update_elem(&heirs, &key, counted, BPF_ANY))
		count(&lost_counters, 1);
}

static __always_inline void forget_heir(struct task_struct *task)
{
	struct heir_key key;

	if (task == task->group_leader)
		return;
	key = heir_key_of(task->group_leader);
	bpf_map_delete_elem(&heirs, &key);
}

/* Fires for each thread; the last one's end is the process's. Two threads that end at
 * once can both look like the last: user space drops the second record. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct process_counters *counted;
	struct exit_record *record;

	if (task->flags & PROCESS_FLAG_KTHREAD)
		return 0;
	if (task->signal->live.counter != 0) {
		leave_counters(task);
		return 0;
	}
	forget_heir(task);
	counted = bpf_task_storage_get(&counters, task->group_leader, NULL, 0);
	if (!counted && !settings.count_everything)
		return 0;
	record = bpf_ringbuf_reserve(&ended, sizeof(*record), 0);
	if (!record) {
		count(&lost_exits, 1);
		return 0;
	}
	fill_exit(record, task);
	record->counted = counted != NULL;
	if (counted)
		__builtin_memcpy(&record->counters, counted, sizeof(record->counters));
	else
		__builtin_memset(&record->counters, 0, sizeof(record->counters));
	bpf_ringbuf_submit(record, wakeup_flags());
	return 0;
}

/* A tracepoint, not tp_btf: its raw argument changed from a pid to a task in 6.8. */
SEC("tracepoint/oom/mark_victim")
int on_oom_kill(struct trace_event_raw_mark_victim *context)
{
	struct oom_kill_record record = {
		.type = RECORD_OOM_KILL,
		.pid = context->pid,
	};

	if (bpf_ringbuf_output(&ended, &record, sizeof(record), wakeup_flags()))
		count(&lost_exits, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
