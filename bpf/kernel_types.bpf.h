/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_KERNEL_TYPES_BPF_H
#define MEMSONDE_KERNEL_TYPES_BPF_H

/* Included first by every program: kernel types, helpers, and the shapes that
 * kernel types had in releases other than vmlinux.h's. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "memsonde/records.h"
#include "memsonde/settings.h"

/* Before 6.2: one atomic per counter, and up to 64 pages held back per thread. */
struct mm_rss_stat___array {
	atomic_long_t count[RSS_KIND_COUNT];
} __attribute__((preserve_access_index));

struct mm_struct___array {
	struct mm_rss_stat___array rss_stat;
} __attribute__((preserve_access_index));

struct task_rss_stat___array {
	int count[RSS_KIND_COUNT];
} __attribute__((preserve_access_index));

struct task_struct___array {
	struct task_rss_stat___array rss_stat;
} __attribute__((preserve_access_index));

/* Names of anonymous mappings, a kernel option. */
struct anon_vma_name___option {
	char name[0];
} __attribute__((preserve_access_index));

struct vm_area_struct___option {
	struct anon_vma_name___option *anon_name;
} __attribute__((preserve_access_index));

/* Registers at the entry of a system call; they still hold the arguments when it
 * returns (on arm64 the first one under another name). */
#if defined(__TARGET_ARCH_x86)
#define SYSCALL_ARGUMENT_1(registers) ((registers)->di)
#define SYSCALL_ARGUMENT_2(registers) ((registers)->si)
#define SYSCALL_ARGUMENT_3(registers) ((registers)->dx)
#define USER_STACK_POINTER(registers) ((registers)->sp)
#define TASK_THREAD_POINTER(task)     ((task)->thread.fsbase)
#elif defined(__TARGET_ARCH_arm64)
#define SYSCALL_ARGUMENT_1(registers) ((registers)->orig_x0)
#define SYSCALL_ARGUMENT_2(registers) ((registers)->regs[1])
#define SYSCALL_ARGUMENT_3(registers) ((registers)->regs[2])
#define USER_STACK_POINTER(registers) ((registers)->sp)
#define TASK_THREAD_POINTER(task)     ((task)->thread.uw.tp_value)
#else
#error "no such architecture"
#endif

/* What several programs share (this, maps, counters) is defined weak in a header:
 * the linker keeps one. */
const volatile struct settings settings __weak = {};

#endif
