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

static __always_inline void read_cpu_part(__s32 *part, const void *parts, __u32 cpu)
{
	bpf_probe_read_kernel(part, sizeof(*part), (const char *)parts + cpu_offsets[cpu]);
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

/* The parts of all four counters of one CPU. Since 6.6 they lie side by side: one read
 * gets all. */
static __always_inline void add_cpu_parts(struct mm_struct *mm, __u32 cpu,
					  __s64 pages[RSS_KIND_COUNT])
{
	const char *first = (const char *)mm->rss_stat[0].counters;
	const char *last = (const char *)mm->rss_stat[RSS_KIND_COUNT - 1].counters;
	__s32 parts[RSS_KIND_COUNT] = {};

	if (cpu >= MAX_CPUS || !cpu_offsets[cpu])
		return;
	if (last - first == (RSS_KIND_COUNT - 1) * sizeof(__s32)) {
		bpf_probe_read_kernel(parts, sizeof(parts), first + cpu_offsets[cpu]);
	} else {
		read_cpu_part(&parts[RSS_FILE], mm->rss_stat[RSS_FILE].counters, cpu);
		read_cpu_part(&parts[RSS_ANON], mm->rss_stat[RSS_ANON].counters, cpu);
		read_cpu_part(&parts[RSS_SWAP], mm->rss_stat[RSS_SWAP].counters, cpu);
		read_cpu_part(&parts[RSS_SHMEM], mm->rss_stat[RSS_SHMEM].counters, cpu);
	}
	pages[RSS_FILE] += parts[RSS_FILE];
	pages[RSS_ANON] += parts[RSS_ANON];
	pages[RSS_SWAP] += parts[RSS_SWAP];
	pages[RSS_SHMEM] += parts[RSS_SHMEM];
}

/* All counters, exactly; what a racing update leaves negative is 0. */
static __always_inline void read_rss(struct mm_struct *mm, __s64 pages[RSS_KIND_COUNT])
{
	__u32 cpu;
	int kind;

	pages[RSS_FILE] = rss_folded(mm, RSS_FILE);
	pages[RSS_ANON] = rss_folded(mm, RSS_ANON);
	pages[RSS_SWAP] = rss_folded(mm, RSS_SWAP);
	pages[RSS_SHMEM] = rss_folded(mm, RSS_SHMEM);
	if (rss_is_per_cpu()) {
		for (cpu = 0; cpu < MAX_CPUS; cpu++) {
			if (cpu >= settings.cpu_count)
				break;
			add_cpu_parts(mm, cpu, pages);
		}
	}
	for (kind = 0; kind < RSS_KIND_COUNT; kind++)
		if (pages[kind] < 0)
			pages[kind] = 0;
}

#endif
