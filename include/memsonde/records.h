/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_RECORDS_H
#define MEMSONDE_RECORDS_H

/*
 * What BPF and user space exchange. Both sides include this file; BPF has the
 * fixed-width types from vmlinux.h, user space from linux/types.h.
 */
#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define RECORD_COMM_LENGTH 16 /* TASK_COMM_LEN */
#define RECORD_NAME_LENGTH 80 /* ANON_VMA_NAME_MAX_LEN */

/* The kernel's RSS counters, in the order of its enum. */
enum rss_kind {
	RSS_FILE = 0,
	RSS_ANON = 1,
	RSS_SWAP = 2,
	RSS_SHMEM = 3,
	RSS_KIND_COUNT = 4,
};

enum fault_cause {
	FAULT_READ = 0,
	FAULT_WRITE = 1,
	FAULT_PROTECTION = 2, /* the page was there: copy on write, or a wrong access */
	FAULT_INSTRUCTION = 3,
	FAULT_UNKNOWN = 4, /* the kernel does not tell (perf event) */
	FAULT_CAUSE_COUNT = 5,
};

enum map_call {
	CALL_MMAP = 0,
	CALL_MUNMAP = 1,
	CALL_MREMAP = 2,
	CALL_BRK = 3,
	CALL_MADVISE = 4,
	MAP_CALL_COUNT = 5,
};

struct map_call_counters {
	__u64 calls;
	__u64 failures;
	__u64 grown_bytes;  /* address space obtained; madvise: bytes named */
	__u64 shrunk_bytes; /* address space given back; madvise: pages given back */
};

/* The highest RSS during one interval between two looks. */
struct rss_peak {
	__u64 look; /* the interval: value of look_number while it lasted */
	__s64 pages;
	__u64 time_ns; /* CLOCK_MONOTONIC */
};

/* Value of the map `counters`: what BPF counts for one process. */
struct process_counters {
	__u64 faults[FAULT_CAUSE_COUNT];
	struct map_call_counters map_calls[MAP_CALL_COUNT];
	__u64 forks;
	__u64 threads_started;
	__u64 execs;
	__u64 brk_before;	  /* the break at the entry of a brk call */
	struct rss_peak peaks[2]; /* of even and of odd looks */
};

/* Every record begins with its type, so that one stream can carry several. */
enum record_type {
	RECORD_PROCESS = 1,
	RECORD_THREAD = 2,
	RECORD_VMA = 3,
	RECORD_EXIT = 4,
	RECORD_OOM_KILL = 5,
	RECORD_END = 6,
	RECORD_COLLECTION = 7,
};

/* One process in a census. Pages are of the machine's page size. Of a process that is not
 * counted (most are idle) only what stands before `counters` is sent. */
struct process_record {
	__u32 type;
	__u32 pid;		 /* in the pid namespace of the reader; 0: not visible there */
	__u64 start_ns;		 /* CLOCK_BOOTTIME */
	__u64 image;		 /* changes with every exec */
	__u64 unified_cgroup_id; /* inode number of its group in the v2 tree */
	__u64 memory_cgroup_id;	 /* the same for the memory controller's tree; 0: none */
	__s64 rss_pages[RSS_KIND_COUNT];
	__u64 high_water_rss_pages;
	__u64 total_vm_pages;
	__u64 data_vm_pages;
	__u64 stack_vm_pages;
	__u64 exec_vm_pages;
	__u64 page_table_bytes;
	__u64 hugetlb_pages; /* base pages */
	__u64 minor_faults;  /* of the leader and of threads that ended */
	__u64 major_faults;
	__u64 start_brk;
	__u64 brk;
	__u64 start_stack;
	__u64 vdso;
	__u64 stack_limit_bytes; /* ~0: none */
	__u64 address_space_limit_bytes;
	__u64 open_files_limit;
	__u64 stack_pointer; /* of the thread that stands for the process */
	__u64 thread_pointer;
	__u32 namespace_pid;
	__u32 parent_pid;
	__u32 uid;
	__u32 threads;
	__u32 tid;     /* of the thread that stands for it: the leader, or another if that ended */
	__u32 counted; /* 1: counters are there */
	char comm[RECORD_COMM_LENGTH];
	struct process_counters counters;
};

/* Any thread but the one that stands for its process. */
struct thread_record {
	__u32 type;
	__u32 pid;	/* of its process */
	__u64 start_ns; /* of its process */
	__u32 tid;
	__u32 padding;
	__u64 minor_faults;
	__u64 major_faults;
	__s64 held_rss_pages[RSS_KIND_COUNT]; /* counted by the thread, not yet by its mm */
	__u64 stack_pointer;
	__u64 thread_pointer;
	char comm[RECORD_COMM_LENGTH];
};

#define VMA_IS_SHMEM	1 /* tmpfs, shared anonymous, memfd, SysV */
#define VMA_HAS_FILE	2
#define VMA_MAY_BLOCK	8 /* its file system is of the network or of user space */
#define VMA_IS_UNLINKED 4 /* its file has no name: memfd, SysV, shared anonymous, deleted */

struct vma_record {
	__u32 type;
	__u32 kind; /* VMA_IS_... */
	__u64 start;
	__u64 end;
	__u64 flags; /* VM_... of the kernel */
	__u64 file_offset;
	char name[RECORD_NAME_LENGTH]; /* of an anonymous mapping; empty if it has none */
};

/* After the last mapping: reading on would begin again (see list_mappings). */
struct end_record {
	__u32 type;
	__u32 padding;
};

/* A process that ended. */
struct exit_record {
	__u32 type;
	__u32 pid;
	__u64 start_ns;
	__u64 exit_ns; /* CLOCK_BOOTTIME */
	__u64 image;
	__u64 unified_cgroup_id;
	__u64 memory_cgroup_id;
	__u64 peak_rss_pages;		 /* of its last program; of all, where has_memory is 0 */
	__s64 rss_pages[RSS_KIND_COUNT]; /* at its end; valid if has_memory */
	__u64 minor_faults;
	__u64 major_faults;
	__u32 namespace_pid;
	__u32 parent_pid;
	__u32 uid;
	__s32 exit_code; /* as of wait(2) */
	__u32 counted;
	__u32 has_memory; /* since 6.16 the kernel reports an end before it frees the memory */
	char comm[RECORD_COMM_LENGTH];
	struct process_counters counters;
};

/* The OOM killer chose a process. */
struct oom_kill_record {
	__u32 type;
	__u32 pid; /* in the initial pid namespace */
};

/* Where V8's collector is probed: at the entry of a function, or behind a call. */
enum collection_probe {
	PROBE_PAUSE_BEGIN = 0,
	PROBE_CYCLE = 1,
	PROBE_CYCLE_UPDATED = 2,
	PROBE_USED_BEFORE = 3, /* the result register holds the heap's used bytes */
	PROBE_USED_AFTER = 4,  /* the same, when the collection is done */
	PROBE_PAUSE_END = 5,
	COLLECTION_PROBE_COUNT = 6,
};

#define COLLECTION_UNKNOWN_NUMBER (-1)
#define COLLECTION_TRACER_WORDS	  32

/* One collection of V8, as its collector ended the pause. */
struct collection_record {
	__u32 type;
	__u32 pid; /* in the pid namespace of the reader; 0: not visible there */
	__u64 start_ns;
	__u32 tid;
	__s32 collector; /* as V8 numbers them, or COLLECTION_UNKNOWN_NUMBER */
	__s32 reason;	 /* the same */
	__u32 padding;
	__u64 begin_ns; /* CLOCK_MONOTONIC */
	__u64 end_ns;
	__u64 used_before_bytes; /* ~0: unknown */
	__u64 used_after_bytes;
	__u64 tracer[COLLECTION_TRACER_WORDS]; /* the first words of V8's GCTracer; 0: unreadable */
};

_Static_assert(sizeof(struct process_counters) % 8 == 0, "no hidden padding");
_Static_assert(sizeof(struct process_record) % 8 == 0, "no hidden padding");
_Static_assert(sizeof(struct collection_record) == 64 + 8 * COLLECTION_TRACER_WORDS,
	       "no hidden padding");
_Static_assert(sizeof(struct vma_record) == 40 + RECORD_NAME_LENGTH, "no hidden padding");

#endif
