/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel does with a process's memory: changes of its RSS, page faults, and
 * the system calls that map and unmap. Counted per process, nothing is streamed.
 */
#include "counters.bpf.h"
#include "rss.bpf.h"

#define ERRNO_MAX		4095
#define MADVISE_DONTNEED	4
#define MADVISE_FREE		8
#define MADVISE_REMOVE		9
#define MADVISE_DONTNEED_LOCKED 24

/* x86's error code of a page fault. */
#define FAULT_CODE_PRESENT     1
#define FAULT_CODE_WRITE       2
#define FAULT_CODE_INSTRUCTION 16

static __always_inline void raise_peak(struct process_counters *counted, __s64 rss)
{
	__u64 look = look_number;
	struct rss_peak *peak = &counted->peaks[look & 1];

	if (peak->look != look) {
		peak->look = look;
		peak->pages = 0;
	}
	if (rss > peak->pages) {
		peak->pages = rss;
		peak->time_ns = bpf_ktime_get_ns();
	}
}

/* The shared parts of the counters that a CPU has seen last, and whose they were. Each in
 * a cache line of its own. */
static struct seen_parts {
	__u64 mm;
	__s64 folded[RSS_KIND_COUNT];
	__u64 padding[3];
} seen_parts[MAX_CPUS] __attribute__((aligned(64))) = {};

/* A shared part has changed since this CPU looked last: that is the only sign of a change
 * which costs nothing to look for. */
static __always_inline bool folded_anew(struct mm_struct *mm, int kind)
{
	struct seen_parts *seen = &seen_parts[bpf_get_smp_processor_id() & (MAX_CPUS - 1)];
	__s64 folded = rss_folded(mm, kind);

	if (seen->mm == (__u64)mm && seen->folded[kind] == folded)
		return false;
	if (seen->mm != (__u64)mm) {
		__builtin_memset(seen->folded, 0, sizeof(seen->folded));
		seen->mm = (__u64)mm;
	}
	seen->folded[kind] = folded;
	return true;
}

/*
 * Fires at every change of an RSS counter (up to 6.1: once per 64 pages a thread).
 * Summing the parts of all CPUs each time would cost more than the fault itself, so
 * they are summed when one was folded into the shared part, or when the CPU has seen
 * another process meanwhile. A peak can be missed by less than a batch (32 pages, or
 * twice the number of CPUs) for each CPU that the process runs on; what a look itself
 * sees is exact.
 *
 * Changes of another process's memory (reclaim, mostly) only lower RSS: left out.
 */
SEC("tp_btf/rss_stat")
int BPF_PROG(on_rss_stat, struct mm_struct *mm, int member)
{
	struct process_counters *counted;
	__s64 pages[RSS_KIND_COUNT];
	struct task_struct *task;
	bool changed = false;

	if (member == RSS_ANON)
		changed = folded_anew(mm, RSS_ANON);
	else if (member == RSS_FILE)
		changed = folded_anew(mm, RSS_FILE);
	else if (member == RSS_SHMEM)
		changed = folded_anew(mm, RSS_SHMEM);
	if (!changed)
		return 0;
	task = bpf_get_current_task_btf();
	if (task->mm != mm)
		return 0;
	counted = counters_of(task->group_leader);
	if (!counted)
		return 0;
	read_rss(mm, pages);
	raise_peak(counted, pages[RSS_ANON] + pages[RSS_FILE] + pages[RSS_SHMEM]);
	return 0;
}

static __always_inline void count_fault(enum fault_cause cause)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process_counters *counted = counters_of(task->group_leader);

	if (counted)
		count(&counted->faults[cause], 1);
}

/* x86 only: the other architectures have on_page_fault. */
SEC("tp_btf/page_fault_user")
int BPF_PROG(on_page_fault_user, unsigned long address, struct pt_regs *regs, unsigned long code)
{
	if (code & FAULT_CODE_INSTRUCTION)
		count_fault(FAULT_INSTRUCTION);
	else if (code & FAULT_CODE_PRESENT)
		count_fault(FAULT_PROTECTION);
	else if (code & FAULT_CODE_WRITE)
		count_fault(FAULT_WRITE);
	else
		count_fault(FAULT_READ);
	return 0;
}

/* On every CPU, for every fault in user mode, where there is no better event. */
SEC("perf_event")
int on_page_fault(void *context)
{
	count_fault(FAULT_UNKNOWN);
	return 0;
}

static __always_inline struct process_counters *current_counters(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return counters_of(task->group_leader);
}

static __always_inline struct pt_regs *syscall_registers(void)
{
	return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
}

static __always_inline bool failed(long result)
{
	return (unsigned long)result >= (unsigned long)-ERRNO_MAX;
}

static __always_inline __u64 whole_pages(__u64 bytes)
{
	return (bytes + settings.page_bytes - 1) & ~(settings.page_bytes - 1);
}

/* Counts the call; NULL when there is nothing more to count for it. */
static __always_inline struct map_call_counters *count_call(enum map_call call, long result)
{
	struct process_counters *counted = current_counters();

	if (!counted)
		return NULL;
	count(&counted->map_calls[call].calls, 1);
	if (!failed(result))
		return &counted->map_calls[call];
	count(&counted->map_calls[call].failures, 1);
	return NULL;
}

SEC("tracepoint/syscalls/sys_exit_mmap")
int on_mmap(struct trace_event_raw_sys_exit *context)
{
	struct map_call_counters *call = count_call(CALL_MMAP, context->ret);

	if (call)
		count(&call->grown_bytes, whole_pages(SYSCALL_ARGUMENT_2(syscall_registers())));
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_munmap")
int on_munmap(struct trace_event_raw_sys_exit *context)
{
	struct map_call_counters *call = count_call(CALL_MUNMAP, context->ret);

	if (call)
		count(&call->shrunk_bytes, whole_pages(SYSCALL_ARGUMENT_2(syscall_registers())));
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_mremap")
int on_mremap(struct trace_event_raw_sys_exit *context)
{
	struct map_call_counters *call = count_call(CALL_MREMAP, context->ret);
	struct pt_regs *registers;
	__u64 old_bytes, new_bytes;

	if (!call)
		return 0;
	registers = syscall_registers();
	old_bytes = whole_pages(SYSCALL_ARGUMENT_2(registers));
	new_bytes = whole_pages(SYSCALL_ARGUMENT_3(registers));
	if (new_bytes > old_bytes)
		count(&call->grown_bytes, new_bytes - old_bytes);
	else
		count(&call->shrunk_bytes, old_bytes - new_bytes);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_madvise")
int on_madvise(struct trace_event_raw_sys_exit *context)
{
	struct map_call_counters *call = count_call(CALL_MADVISE, context->ret);
	struct pt_regs *registers;
	__u64 bytes, advice;

	if (!call)
		return 0;
	registers = syscall_registers();
	bytes = whole_pages(SYSCALL_ARGUMENT_2(registers));
	advice = SYSCALL_ARGUMENT_3(registers);
	count(&call->grown_bytes, bytes);
	if (advice == MADVISE_DONTNEED || advice == MADVISE_FREE || advice == MADVISE_REMOVE ||
	    advice == MADVISE_DONTNEED_LOCKED)
		count(&call->shrunk_bytes, bytes);
	return 0;
}

/* brk tells nothing of what was before: the entry notes it. Two threads in brk at once
 * may credit a change to the wrong direction; the difference of both stays right. */
SEC("tracepoint/syscalls/sys_enter_brk")
int on_brk_entry(struct trace_event_raw_sys_enter *context)
{
	struct process_counters *counted = current_counters();
	struct task_struct *task = bpf_get_current_task_btf();

	if (counted && task->mm)
		counted->brk_before = task->mm->brk;
	return 0;
}

/* brk never returns an error: one that failed returns the old break. */
SEC("tracepoint/syscalls/sys_exit_brk")
int on_brk(struct trace_event_raw_sys_exit *context)
{
	struct process_counters *counted = current_counters();
	struct map_call_counters *call;
	__u64 before, after, wanted;

	if (!counted)
		return 0;
	call = &counted->map_calls[CALL_BRK];
	count(&call->calls, 1);
	before = whole_pages(counted->brk_before);
	after = whole_pages(context->ret);
	wanted = SYSCALL_ARGUMENT_1(syscall_registers());
	if (wanted && wanted != (__u64)context->ret)
		count(&call->failures, 1);
	else if (after > before)
		count(&call->grown_bytes, after - before);
	else
		count(&call->shrunk_bytes, before - after);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
