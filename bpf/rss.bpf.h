/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_RSS_BPF_H
#define MEMSONDE_RSS_BPF_H

#include "kernel_types.bpf.h"

/*
 * Reading the RSS counters of an mm, in both layouts.
 *
 * Since 6.2 each is a percpu_counter: a shared part and a part of every CPU, which is
 * folded into the shared one when it exceeds a batch (32 pages, or twice the number
 * of CPUs). The shared part alone can be off by a batch for every CPU, so all parts
 * are summed.
 *
 * Before, each is one atomic, to which threads hand over what they counted once per
 * 64 faults; what they hold back is read per thread by the census.
 */

/* Distance of each CPU's copy of per-CPU data from its address as linked. Filled by
 * find_cpu_offsets before anything else runs; all 0 where parts cannot be found. */
__u64 cpu_offsets[MAX_CPUS] __weak = {};

static __always_inline bool rss_is_per_cpu(void)
{
	return !bpf_core_field_exists(((struct mm_struct___array *)0)->rss_stat.count);
}

static __always_inline __s64 read_cpu_part(const void *parts, __u32 cpu)
{
	__s32 part = 0;

	if (cpu < MAX_CPUS && cpu_offsets[cpu])
		bpf_probe_read_kernel(&part, sizeof(part), (const char *)parts + cpu_offsets[cpu]);
	return part;
}

/* The shared part, or the whole in the layout without parts. kind is a constant, for
 * the verifier. */
static __always_inline __s64 rss_folded(struct mm_struct *mm, int kind)
{
	if (!rss_is_per_cpu()) {
		struct mm_struct___array *old = (void *)mm;

		return BPF_CORE_READ(old, rss_stat.count[kind].counter);
	}
	return mm->rss_stat[kind].count;
}

static __always_inline __s64 sum_cpu_parts(struct mm_struct *mm, int kind)
{
	const void *parts = (const void *)mm->rss_stat[kind].counters;
	__s64 sum = 0;
	__u32 cpu;

	for (cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (cpu >= settings.cpu_count)
			break;
		sum += read_cpu_part(parts, cpu);
	}
	return sum;
}

/* One counter, exactly; what a racing update leaves negative is 0. */
static __always_inline __s64 rss_pages(struct mm_struct *mm, int kind)
{
	__s64 pages = rss_folded(mm, kind);

	if (rss_is_per_cpu())
		pages += sum_cpu_parts(mm, kind);
	return pages < 0 ? 0 : pages;
}

#endif
