/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * V8's collections. GCTracer is V8's own bookkeeper: each pause of a collection begins with
 * StartObservablePause() and ends with StopObservablePause(); StartCycle() says which
 * collector runs and why. A scavenge is a cycle within its pause. A mark-compact's cycle may
 * have begun long before it, with incremental marking; scavenges come in between.
 * UpdateCurrentEvent() then gives the reason of the pause.
 *
 * All probes are plain ones, no return probes: since Linux 6.11 a return probe makes the
 * target call the kernel, which the filters of containers forbid on some kernels, and the
 * target dies. What V8's heap holds is the result of SizeOfObjects(), which GCTracer calls
 * when the collection starts and when it ends; it is read behind these calls.
 */
#include "counters.bpf.h"
#include "process.bpf.h"

#define COLLECTOR_MARK_COMPACT 1

/* Collections in collections: V8 up to 11 allows callbacks that collect. */
#define PAUSES_NESTED_MAX 4

struct pause {
	__u64 tracer;
	__u64 stack_pointer;
	__u64 begin_ns;
	__u64 used_before_bytes;
	__u64 used_after_bytes;
};

/* pauses: thread -> the pauses that it is in. */
struct thread_pauses {
	struct pause items[PAUSES_NESTED_MAX];
	__u32 depth;
	__u32 padding;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread_pauses);
} pauses SEC(".maps");

/* cycles: GCTracer of a process -> what was begun and has not had its pause. Tracers go
 * without a word, so the least recently used gives way. */
struct tracer_key {
	__u64 tracer;
	__u64 pid;
};

struct cycle {
	__u32 is_pending;
	__s32 collector;
	__s32 reason;
};

struct tracer_cycles {
	struct cycle full;
	struct cycle young;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct tracer_key);
	__type(value, struct tracer_cycles);
} cycles SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, COLLECTION_RING_BYTES);
} collections SEC(".maps");

__u64 lost_collections = 0;

/* The target is still in its pause: the reader is not woken for each collection, as it
 * could take the CPU from it right here and make the pause longer. It comes by itself. */
static __always_inline __u64 collection_wakeup_flags(void)
{
	if (bpf_ringbuf_query(&collections, BPF_RB_AVAIL_DATA) >= COLLECTION_WAKEUP_BYTES)
		return BPF_RB_FORCE_WAKEUP;
	return BPF_RB_NO_WAKEUP;
}

static __always_inline struct tracer_key key_of(__u64 tracer)
{
	struct tracer_key key = {
		.tracer = tracer,
		.pid = bpf_get_current_pid_tgid() >> 32,
	};

	return key;
}

/* The innermost pause of the thread, or NULL. */
static __always_inline struct pause *current_pause(struct thread_pauses *of_thread)
{
	__u32 last = of_thread->depth - 1;

	return last < PAUSES_NESTED_MAX ? &of_thread->items[last] : NULL;
}

SEC("uprobe")
int on_pause_begin(struct pt_regs *context)
{
	struct thread_pauses *of_thread = bpf_task_storage_get(
		&pauses, bpf_get_current_task_btf(), NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	__u64 stack_pointer = PT_REGS_SP(context);
	struct pause *outer, *pause;
	__u32 depth;

	if (!of_thread) {
		count(&lost_collections, 1);
		return 0;
	}
	/* What is not deeper in the stack is not nested: the outer one's end was missed. */
	outer = current_pause(of_thread);
	if (outer && outer->stack_pointer <= stack_pointer) {
		count(&lost_collections, of_thread->depth);
		of_thread->depth = 0;
	}
	depth = of_thread->depth;
	if (depth >= PAUSES_NESTED_MAX) {
		count(&lost_collections, depth);
		depth = 0;
	}
	pause = &of_thread->items[depth];
	pause->tracer = PT_REGS_PARM1(context);
	pause->stack_pointer = stack_pointer;
	pause->used_before_bytes = ~0ULL;
	pause->used_after_bytes = ~0ULL;
	pause->begin_ns = bpf_ktime_get_ns();
	of_thread->depth = depth + 1;
	return 0;
}

static __always_inline void begin_cycle(struct cycle *cycle, __s32 collector, __s32 reason)
{
	cycle->is_pending = 1;
	cycle->collector = collector;
	cycle->reason = reason;
}

static __always_inline struct tracer_cycles *cycles_of(__u64 tracer)
{
	static const struct tracer_cycles none;
	struct tracer_key key = key_of(tracer);
	struct tracer_cycles *found = bpf_map_lookup_elem(&cycles, &key);

	if (found)
		return found;
	bpf_map_update_elem(&cycles, &key, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&cycles, &key);
}

/* StartCycle(this, collector, reason, ...). The kind of a collection whose cycle could not
 * be noted is unknown, which its record says. */
SEC("uprobe")
int on_cycle(struct pt_regs *context)
{
	__u64 tracer = PT_REGS_PARM1(context);
	__s32 collector = (__s32)PT_REGS_PARM2(context);
	__s32 reason = (__s32)PT_REGS_PARM3(context);
	struct tracer_cycles *of_tracer;

	/* Loaded here: the compiler must not move the loads into branches, where it works
	 * out the address first, which the verifier refuses. */
	barrier_var(collector);
	barrier_var(reason);
	of_tracer = cycles_of(tracer);
	if (!of_tracer)
		return 0;
	if (collector == COLLECTOR_MARK_COMPACT)
		begin_cycle(&of_tracer->full, collector, reason);
	else
		begin_cycle(&of_tracer->young, collector, reason);
	return 0;
}

/* UpdateCurrentEvent(this, reason, ...): a cycle that began earlier gets its pause. */
SEC("uprobe")
int on_cycle_updated(struct pt_regs *context)
{
	__u64 tracer = PT_REGS_PARM1(context);
	__s32 reason = (__s32)PT_REGS_PARM2(context);
	struct tracer_cycles *of_tracer;

	barrier_var(reason); /* as above */
	of_tracer = cycles_of(tracer);
	if (!of_tracer)
		return 0;
	if (of_tracer->young.is_pending)
		of_tracer->young.reason = reason;
	else
		begin_cycle(&of_tracer->full, COLLECTOR_MARK_COMPACT, reason);
	return 0;
}

SEC("uprobe")
int on_used_before(struct pt_regs *context)
{
	struct thread_pauses *of_thread =
		bpf_task_storage_get(&pauses, bpf_get_current_task_btf(), NULL, 0);
	struct pause *pause = of_thread ? current_pause(of_thread) : NULL;

	if (pause)
		pause->used_before_bytes = PT_REGS_RC(context);
	return 0;
}

SEC("uprobe")
int on_used_after(struct pt_regs *context)
{
	struct thread_pauses *of_thread =
		bpf_task_storage_get(&pauses, bpf_get_current_task_btf(), NULL, 0);
	struct pause *pause = of_thread ? current_pause(of_thread) : NULL;

	if (pause)
		pause->used_after_bytes = PT_REGS_RC(context);
	return 0;
}

/* Whose pause it is that ends: a young collection interrupts a full one, never the other
 * way round. */
static __always_inline void take_cycle(struct cycle *taken, __u64 tracer)
{
	struct tracer_key key = key_of(tracer);
	struct tracer_cycles *of_tracer = bpf_map_lookup_elem(&cycles, &key);
	struct cycle *cycle;

	taken->collector = COLLECTION_UNKNOWN_NUMBER;
	taken->reason = COLLECTION_UNKNOWN_NUMBER;
	if (!of_tracer)
		return;
	cycle = of_tracer->young.is_pending ? &of_tracer->young : &of_tracer->full;
	if (!cycle->is_pending)
		return;
	*taken = *cycle;
	cycle->is_pending = 0;
}

static __always_inline void fill_collection(struct collection_record *record,
					    const struct pause *pause)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *leader = task->group_leader;

	record->type = RECORD_COLLECTION;
	record->pid = visible_pid(leader);
	record->start_ns = leader->start_boottime;
	record->tid = pid_at_level(task, own_level);
	record->padding = 0;
	record->begin_ns = pause->begin_ns;
	record->used_before_bytes = pause->used_before_bytes;
	record->used_after_bytes = pause->used_after_bytes;
	/* Zeros where it fails. */
	bpf_probe_read_user(record->tracer, sizeof(record->tracer), (const void *)pause->tracer);
}

/* A pause whose begin was before the attach is left out. */
SEC("uprobe")
int on_pause_end(struct pt_regs *context)
{
	__u64 end_ns = bpf_ktime_get_ns();
	struct thread_pauses *of_thread =
		bpf_task_storage_get(&pauses, bpf_get_current_task_btf(), NULL, 0);
	struct pause *pause = of_thread ? current_pause(of_thread) : NULL;
	struct collection_record *record;
	struct cycle cycle;

	if (!pause)
		return 0;
	if (pause->tracer != PT_REGS_PARM1(context)) {
		count(&lost_collections, of_thread->depth);
		of_thread->depth = 0;
		return 0;
	}
	of_thread->depth--;
	take_cycle(&cycle, pause->tracer);
	record = bpf_ringbuf_reserve(&collections, sizeof(*record), 0);
	if (!record) {
		count(&lost_collections, 1);
		return 0;
	}
	record->end_ns = end_ns;
	record->collector = cycle.collector;
	record->reason = cycle.reason;
	fill_collection(record, pause);
	bpf_ringbuf_submit(record, collection_wakeup_flags());
	return 0;
}
