/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Iterators: one pass over all tasks (the census) or over the mappings of one. Each
 * read of an iterator's file runs them and returns the records they wrote. A record
 * that no longer fits into the file's buffer is no loss: the kernel drops it and runs
 * the program for the same object again at the next read.
 */
#include "counters.bpf.h"
#include "process.bpf.h"
#include "rss.bpf.h"

#ifndef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif

#define RLIMIT_STACK  3
#define RLIMIT_NOFILE 7
#define RLIMIT_AS     9

#define TMPFS_SUPER_MAGIC 0x01021994

/* Whose copies' addresses are compared below; nothing is stored in it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} yardstick SEC(".maps");

/*
 * Run once, before anything sums a counter; only where counters are per CPU. The
 * distance of a CPU's copy is where a map's value lies for that CPU, less the per-CPU
 * pointer that the map keeps. So no kernel symbol is needed: many kernels list none of
 * their variables.
 */
SEC("syscall")
int find_cpu_offsets(void *context)
{
	volatile __u64 *offsets = cpu_offsets;
	struct bpf_array *array;
	__u64 per_cpu_pointer = 0;
	__u32 zero = 0;
	__u32 cpu;

	/* A pointer that went through memory is a number to the verifier. */
	offsets[0] = (__u64)&yardstick;
	array = (struct bpf_array *)offsets[0];
	bpf_core_read(&per_cpu_pointer, sizeof(per_cpu_pointer), &array->pptrs[0]);
	for (cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (cpu >= settings.cpu_count)
			break;
		offsets[cpu] = (__u64)bpf_map_lookup_percpu_elem(&yardstick, &zero, cpu);
		if (offsets[cpu])
			offsets[cpu] -= per_cpu_pointer;
	}
	return per_cpu_pointer == 0;
}

/* Run once by memsonde itself. */
SEC("syscall")
int find_own_level(void *context)
{
	own_level = bpf_get_current_task_btf()->thread_pid->level;
	return 0;
}

static __always_inline void fill_memory(struct process_record *record, struct mm_struct *mm)
{
	read_rss(mm, record->rss_pages);
	record->high_water_rss_pages = mm->hiwater_rss;
	record->total_vm_pages = mm->total_vm;
	record->data_vm_pages = mm->data_vm;
	record->stack_vm_pages = mm->stack_vm;
	record->exec_vm_pages = mm->exec_vm;
	record->page_table_bytes = mm->pgtables_bytes.counter;
	record->hugetlb_pages = 0;
	if (bpf_core_field_exists(mm->hugetlb_usage))
		record->hugetlb_pages = mm->hugetlb_usage.counter;
	record->start_brk = mm->start_brk;
	record->brk = mm->brk;
	record->start_stack = mm->start_stack;
	record->vdso = (__u64)mm->context.vdso;
}

/* Up to 6.1: what this thread counted and its mm does not know yet. */
static __always_inline __s64 held_back_pages(struct task_struct *task, int kind)
{
	struct task_struct___array *old = (void *)task;

	if (rss_is_per_cpu() || !bpf_core_field_exists(old->rss_stat.count))
		return 0;
	return BPF_CORE_READ(old, rss_stat.count[kind]);
}

static __always_inline __u64 user_stack_pointer(struct task_struct *task)
{
	struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);

	return registers ? USER_STACK_POINTER(registers) : 0;
}

static __always_inline void fill_identity(struct process_record *record, struct task_struct *leader)
{
	record->pid = visible_pid(leader);
	record->start_ns = leader->start_boottime;
	record->image = leader->self_exec_id;
	record->unified_cgroup_id = unified_cgroup_id(leader);
	record->memory_cgroup_id = memory_cgroup_id(leader);
	record->namespace_pid = namespace_pid(leader);
	record->parent_pid = visible_pid(leader->real_parent->group_leader);
	record->uid = leader->cred->uid.val;
	record->threads = leader->signal->nr_threads;
	record->minor_faults = leader->signal->min_flt + leader->min_flt;
	record->major_faults = leader->signal->maj_flt + leader->maj_flt;
	record->stack_limit_bytes = leader->signal->rlim[RLIMIT_STACK].rlim_cur;
	record->address_space_limit_bytes = leader->signal->rlim[RLIMIT_AS].rlim_cur;
	record->open_files_limit = leader->signal->rlim[RLIMIT_NOFILE].rlim_cur;
	__builtin_memcpy(record->comm, leader->comm, sizeof(record->comm));
}

/* The one record under construction: too large for the stack, and per CPU, as two
 * readers may run iterators at once. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct process_record);
} scratch SEC(".maps");

/* task has an mm and stands for the process: its leader, or, when that has ended
 * before its threads, one of them. */
static __always_inline void write_process(struct seq_file *out, struct task_struct *task,
					  struct task_struct *leader)
{
	struct process_counters *counted;
	struct process_record *record;
	int kind;
	__u32 zero = 0;

	record = bpf_map_lookup_elem(&scratch, &zero);
	if (!record)
		return;
	record->type = RECORD_PROCESS;
	fill_identity(record, leader);
	fill_memory(record, task->mm);
	for (kind = 0; kind < RSS_KIND_COUNT; kind++)
		record->rss_pages[kind] += held_back_pages(task, kind);
	record->tid = pid_at_level(task, own_level);
	record->stack_pointer = user_stack_pointer(task);
	record->thread_pointer = TASK_THREAD_POINTER(task);
	if (task != leader) {
		record->minor_faults += task->min_flt;
		record->major_faults += task->maj_flt;
	}
	counted = bpf_task_storage_get(&counters, leader, NULL, 0);
	record->counted = counted != NULL;
	if (!counted) {
		bpf_seq_write(out, record, offsetof(struct process_record, counters));
		return;
	}
	__builtin_memcpy(&record->counters, counted, sizeof(record->counters));
	bpf_seq_write(out, record, sizeof(*record));
}

static __always_inline void write_thread(struct seq_file *out, struct task_struct *task,
					 struct task_struct *leader)
{
	struct thread_record record = {
		.type = RECORD_THREAD,
		.pid = visible_pid(leader),
		.start_ns = leader->start_boottime,
		.tid = pid_at_level(task, own_level),
		.minor_faults = task->min_flt,
		.major_faults = task->maj_flt,
		.stack_pointer = user_stack_pointer(task),
		.thread_pointer = TASK_THREAD_POINTER(task),
	};
	int kind;

	__builtin_memcpy(record.comm, task->comm, sizeof(record.comm));
	for (kind = 0; kind < RSS_KIND_COUNT; kind++)
		record.held_rss_pages[kind] = held_back_pages(task, kind);
	bpf_seq_write(out, &record, sizeof(record));
}

/*
 * iter/task: a process_record for each process, a thread_record for each further
 * thread. Kernel threads and zombies have no memory and give none. Of a process whose
 * leader has ended each thread gives a process_record; the reader takes the first.
 */
SEC("iter/task")
int take_census(struct bpf_iter__task *context)
{
	struct seq_file *out = context->meta->seq;
	struct task_struct *task = context->task;
	struct task_struct *leader;

	if (!task || !task->mm || (task->flags & PROCESS_FLAG_KTHREAD))
		return 0;
	leader = task->group_leader;
	if (task == leader || !leader->mm)
		write_process(out, task, leader);
	else
		write_thread(out, task, leader);
	return 0;
}

static __always_inline void read_name(struct vma_record *record, struct vm_area_struct *vma)
{
	struct vm_area_struct___option *named = (void *)vma;
	struct anon_vma_name___option *name;

	record->name[0] = 0;
	if (!bpf_core_field_exists(named->anon_name))
		return;
	name = BPF_CORE_READ(named, anon_name);
	if (name)
		bpf_core_read_str(record->name, sizeof(record->name), &name->name);
}

/* File systems whose reads wait for another process or machine: fuse, nfs, cifs, smb2, 9p,
 * ceph, afs, coda, lustre, gfs2, ocfs2. */
static const __u32 asking_file_systems[] = {
	0x65735546, 0x6969,	0xff534d42, 0xfe534d42, 0x01021997, 0x00c36400,
	0x5346414f, 0x73757245, 0x0bd00bd0, 0x01161970, 0x7461636f,
};

static __always_inline void read_file(struct vma_record *record, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u32 magic = BPF_CORE_READ(inode, i_sb, s_magic);

	record->kind |= VMA_HAS_FILE;
	if (magic == TMPFS_SUPER_MAGIC)
		record->kind |= VMA_IS_SHMEM;
	for (unsigned int i = 0; i < sizeof(asking_file_systems) / sizeof(__u32); i++)
		if (magic == asking_file_systems[i])
			record->kind |= VMA_MAY_BLOCK;
	if (BPF_CORE_READ(inode, i_nlink) == 0)
		record->kind |= VMA_IS_UNLINKED;
}

/*
 * iter/task_vma: a vma_record for each mapping, in the order of addresses, and an
 * end_record. Limited to one thread, the iterator of 6.18 starts anew, for ever, when
 * its output took more than one read: so the reader must know the end by itself, and
 * passes over mappings that it has already.
 */
SEC("iter/task_vma")
int list_mappings(struct bpf_iter__task_vma *context)
{
	struct vm_area_struct *vma = context->vma;
	struct vma_record record = {.type = RECORD_VMA};
	struct end_record end = {.type = RECORD_END};

	if (!context->task || !vma) {
		bpf_seq_write(context->meta->seq, &end, sizeof(end));
		return 0;
	}
	record.start = vma->vm_start;
	record.end = vma->vm_end;
	record.flags = vma->vm_flags;
	record.file_offset = vma->vm_pgoff * settings.page_bytes;
	if (vma->vm_file)
		read_file(&record, vma->vm_file);
	else
		read_name(&record, vma);
	bpf_seq_write(context->meta->seq, &record, sizeof(record));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
