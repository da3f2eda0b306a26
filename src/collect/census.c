/* SPDX-License-Identifier: GPL-2.0-only */
#include "collect/census.h"

#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define NO_LIMIT UINT64_MAX

static int64_t pages_to_bytes(int64_t pages)
{
	static int64_t page_bytes;

	if (!page_bytes)
		page_bytes = sysconf(_SC_PAGESIZE);
	return pages * page_bytes;
}

static int64_t larger(int64_t left, int64_t right)
{
	return left > right ? left : right;
}

/* The rows of each system call in process_figures.def. */
static const struct {
	int calls, failures, grown_bytes, shrunk_bytes; /* -1: no such figure */
} map_call_figures[MAP_CALL_COUNT] = {
	[CALL_MMAP] = {FIG_MMAP_CALLS, FIG_MMAP_FAILURES, FIG_MMAP_BYTES, -1},
	[CALL_MUNMAP] = {FIG_MUNMAP_CALLS, FIG_MUNMAP_FAILURES, -1, FIG_MUNMAP_BYTES},
	[CALL_MREMAP] = {FIG_MREMAP_CALLS, FIG_MREMAP_FAILURES, FIG_MREMAP_GROWN_BYTES,
			 FIG_MREMAP_SHRUNK_BYTES},
	[CALL_BRK] = {FIG_BRK_CALLS, FIG_BRK_FAILURES, FIG_BRK_BYTES, FIG_BRK_SHRUNK_BYTES},
	[CALL_MADVISE] = {FIG_MADVISE_CALLS, FIG_MADVISE_FAILURES, FIG_MADVISE_BYTES,
			  FIG_MADVISE_FREED_BYTES},
};

static void set_if(struct process *process, int figure, uint64_t value)
{
	if (figure >= 0)
		process->figures[figure] = (figure_value)value;
}

static void fill_map_calls(struct process *process, const struct process_counters *counters)
{
	for (int i = 0; i < MAP_CALL_COUNT; i++) {
		const struct map_call_counters *call = &counters->map_calls[i];

		set_if(process, map_call_figures[i].calls, call->calls);
		set_if(process, map_call_figures[i].failures, call->failures);
		set_if(process, map_call_figures[i].grown_bytes, call->grown_bytes);
		set_if(process, map_call_figures[i].shrunk_bytes, call->shrunk_bytes);
	}
}

static void fill_faults(struct process *process, const struct process_counters *counters,
			const struct programs_missing *missing)
{
	uint64_t sum = 0;

	if (missing->faults)
		return;
	for (int i = 0; i < FAULT_CAUSE_COUNT; i++)
		sum += counters->faults[i];
	set_if(process, FIG_FAULTS_USER, sum);
	if (missing->fault_causes) {
		process__add_note(process, "faults: this kernel does not tell their causes");
		return;
	}
	set_if(process, FIG_FAULTS_READ, counters->faults[FAULT_READ]);
	set_if(process, FIG_FAULTS_WRITE, counters->faults[FAULT_WRITE]);
	set_if(process, FIG_FAULTS_PROTECTION, counters->faults[FAULT_PROTECTION]);
	set_if(process, FIG_FAULTS_INSTRUCTION, counters->faults[FAULT_INSTRUCTION]);
}

/* Counters are made at the first event: a process without them did nothing since the
 * attach, and its counts are known to be 0. */
static void fill_counters(struct process *process, const struct process_counters *counters,
			  const struct programs_missing *missing)
{
	if (missing->events) {
		process__add_note(process,
				  "faults by cause, mapped, lifecycle: counted from look to "
				  "look, and this is a single one (-i)");
		return;
	}
	fill_faults(process, counters, missing);
	if (missing->map_calls)
		process__add_note(process,
				  "mapped: this kernel has no tracepoints of system calls");
	else
		fill_map_calls(process, counters);
	set_if(process, FIG_FORKS, counters->forks);
	set_if(process, FIG_THREADS_STARTED, counters->threads_started);
	set_if(process, FIG_EXECS, counters->execs);
}

static const struct rss_peak *peak_of_look(const struct process_counters *counters, uint64_t look)
{
	const struct rss_peak *peak = &counters->peaks[look & 1];

	return peak->look == look && peak->pages > 0 ? peak : NULL;
}

/*
 * The highest of what BPF saw, of the RSS at both ends of the interval, and, when it
 * rose during the interval, of the kernel's own high-water mark.
 */
static void fill_peak(struct process *process, const struct process_counters *counters,
		      const struct census_clock *clock)
{
	const struct rss_peak *seen = peak_of_look(counters, clock->ended_look);
	figure_value high_water = process->figures[FIG_RSS_HIGH_WATER];
	figure_value peak = process->figures[FIG_RSS];
	/* At the first look it may have been as high before. */
	figure_value time = process->has_previous ? clock->now_unix_ns : FIGURE_UNKNOWN;

	if (process->has_previous && figure_known(process->previous[FIG_RSS]) &&
	    process->previous[FIG_RSS] > peak) {
		peak = process->previous[FIG_RSS];
		time = clock->previous_unix_ns;
	}
	if (seen && pages_to_bytes(seen->pages) >= peak) {
		peak = pages_to_bytes(seen->pages);
		time = (int64_t)seen->time_ns + clock->monotonic_to_unix_ns;
	}
	if (figure_known(high_water) && high_water > peak &&
	    (!process->has_previous || high_water > process->previous[FIG_RSS_HIGH_WATER])) {
		/* The batch that BPF missed; the moment is that of the fold before it. */
		time = seen && process->has_previous
			       ? (int64_t)seen->time_ns + clock->monotonic_to_unix_ns
			       : FIGURE_UNKNOWN;
		peak = high_water;
	}
	process->figures[FIG_RSS_PEAK] = peak;
	process->figures[FIG_RSS_PEAK_TIME] = time;
}

static void set_rss_pages(struct process *process, const int64_t pages[RSS_KIND_COUNT])
{
	process->figures[FIG_RSS_FILE] = pages_to_bytes(pages[RSS_FILE]);
	process->figures[FIG_RSS_ANON] = pages_to_bytes(pages[RSS_ANON]);
	process->figures[FIG_RSS_SHMEM] = pages_to_bytes(pages[RSS_SHMEM]);
	process->figures[FIG_SWAP] = pages_to_bytes(pages[RSS_SWAP]);
	process->figures[FIG_RSS] =
		pages_to_bytes(pages[RSS_FILE] + pages[RSS_ANON] + pages[RSS_SHMEM]);
}

void census__set_rss(struct process *process, const struct process_record *record,
		     const int64_t held_pages[RSS_KIND_COUNT])
{
	int64_t pages[RSS_KIND_COUNT];

	for (int kind = 0; kind < RSS_KIND_COUNT; kind++)
		pages[kind] = larger(0, record->rss_pages[kind] + held_pages[kind]);
	set_rss_pages(process, pages);
}

void census__raise_peak(struct process *process, int64_t now_unix_ns)
{
	process->figures[FIG_RSS_HIGH_WATER] =
		larger(process->figures[FIG_RSS_HIGH_WATER], process->figures[FIG_RSS]);
	if (process->figures[FIG_RSS] <= process->figures[FIG_RSS_PEAK])
		return;
	process->figures[FIG_RSS_PEAK] = process->figures[FIG_RSS];
	process->figures[FIG_RSS_PEAK_TIME] = now_unix_ns;
}

static void set_limit(struct process *process, enum process_figure figure, uint64_t bytes)
{
	if (bytes != NO_LIMIT && bytes <= INT64_MAX)
		process->figures[figure] = (figure_value)bytes;
}

static void fill_address_space(struct process *process, const struct process_record *record)
{
	process->figures[FIG_RSS_HIGH_WATER] = larger(
		pages_to_bytes((int64_t)record->high_water_rss_pages), process->figures[FIG_RSS]);
	process->figures[FIG_VSIZE] = pages_to_bytes((int64_t)record->total_vm_pages);
	process->figures[FIG_VSIZE_DATA] = pages_to_bytes((int64_t)record->data_vm_pages);
	process->figures[FIG_VSIZE_STACK] = pages_to_bytes((int64_t)record->stack_vm_pages);
	process->figures[FIG_VSIZE_EXEC] = pages_to_bytes((int64_t)record->exec_vm_pages);
	process->figures[FIG_PAGE_TABLES] = (figure_value)record->page_table_bytes;
	process->figures[FIG_HUGETLB] = pages_to_bytes((int64_t)record->hugetlb_pages);
	set_limit(process, FIG_LIMIT_STACK, record->stack_limit_bytes);
	set_limit(process, FIG_LIMIT_ADDRESS_SPACE, record->address_space_limit_bytes);
	set_limit(process, FIG_FDS_LIMIT, record->open_files_limit);
}

static void set_comm(struct process *process, const char comm[RECORD_COMM_LENGTH])
{
	text__sanitise(process->comm, sizeof(process->comm), comm,
		       strnlen(comm, RECORD_COMM_LENGTH));
}

void census__fill(struct process *process, const struct process_record *record,
		  const struct programs_missing *missing, const struct census_clock *clock)
{
	static const int64_t none_held[RSS_KIND_COUNT];
	static const struct process_counters nothing_counted;
	const struct process_counters *counters =
		record->counted ? &record->counters : &nothing_counted;

	set_comm(process, record->comm);
	process__set_image(process, record->image);
	process->parent_pid = record->parent_pid;
	process->namespace_pid = record->namespace_pid;
	process->uid = record->uid;
	process->start_time_unix_ns = (int64_t)record->start_ns + clock->boot_to_unix_ns;
	census__set_rss(process, record, none_held);
	fill_address_space(process, record);
	process->figures[FIG_THREADS] = record->threads;
	process->figures[FIG_FAULTS_MINOR] = (figure_value)record->minor_faults;
	process->figures[FIG_FAULTS_MAJOR] = (figure_value)record->major_faults;
	fill_counters(process, counters, missing);
	fill_peak(process, counters, clock);
	if (missing->cpu_parts)
		process__add_note(
			process,
			"rss: the parts of each CPU cannot be read, some pages may be missing");
}

void census__add_thread(struct process *process, const struct thread_record *record)
{
	static const int figures[RSS_KIND_COUNT] = {
		[RSS_FILE] = FIG_RSS_FILE,
		[RSS_ANON] = FIG_RSS_ANON,
		[RSS_SWAP] = FIG_SWAP,
		[RSS_SHMEM] = FIG_RSS_SHMEM,
	};

	process->figures[FIG_FAULTS_MINOR] += (figure_value)record->minor_faults;
	process->figures[FIG_FAULTS_MAJOR] += (figure_value)record->major_faults;
	for (int kind = 0; kind < RSS_KIND_COUNT; kind++) {
		int64_t bytes = pages_to_bytes(record->held_rss_pages[kind]);

		process->figures[figures[kind]] += bytes;
		if (kind != RSS_SWAP)
			process->figures[FIG_RSS] += bytes;
	}
	process->figures[FIG_RSS_PEAK] =
		larger(process->figures[FIG_RSS_PEAK], process->figures[FIG_RSS]);
	process->figures[FIG_RSS_HIGH_WATER] =
		larger(process->figures[FIG_RSS_HIGH_WATER], process->figures[FIG_RSS]);
}

/*
 * The interval began with the RSS of the look before, unless this look has seen the
 * process, too: then its peak is known up to now. BPF's peaks are asked for both
 * intervals, as the end may have come after this look began the next one.
 */
static void fill_exit_peak(struct process *process, const struct exit_record *record,
			   const struct census_clock *clock, figure_value rss_before)
{
	bool seen_alive = process->seen_look != 0;
	bool seen_now = seen_alive && process->seen_look == clock->look;
	figure_value high_water = pages_to_bytes((int64_t)record->peak_rss_pages);
	figure_value peak = seen_now ? process->figures[FIG_RSS_PEAK] : rss_before;
	figure_value time = seen_now ? process->figures[FIG_RSS_PEAK_TIME] : FIGURE_UNKNOWN;

	for (uint64_t look = clock->ended_look; look <= clock->ended_look + 1; look++) {
		const struct rss_peak *seen = peak_of_look(&record->counters, look);

		if (!seen || (figure_known(peak) && pages_to_bytes(seen->pages) <= peak))
			continue;
		peak = pages_to_bytes(seen->pages);
		time = (int64_t)seen->time_ns + clock->monotonic_to_unix_ns;
	}
	if (!seen_alive || !figure_known(peak) || high_water > process->figures[FIG_RSS_HIGH_WATER])
		peak = larger(peak, high_water);
	process->figures[FIG_RSS_PEAK] = peak;
	process->figures[FIG_RSS_PEAK_TIME] = time;
	process->figures[FIG_RSS_HIGH_WATER] =
		larger(process->figures[FIG_RSS_HIGH_WATER], high_water);
}

void census__fill_exit(struct process *process, const struct exit_record *record,
		       const struct programs_missing *missing, const struct census_clock *clock)
{
	int64_t pages[RSS_KIND_COUNT];
	figure_value rss_before = process->seen_look ? process->figures[FIG_RSS] : FIGURE_UNKNOWN;

	set_comm(process, record->comm);
	process__set_image(process, record->image);
	process->parent_pid = record->parent_pid;
	process->namespace_pid = record->namespace_pid;
	process->uid = record->uid;
	process->start_time_unix_ns = (int64_t)record->start_ns + clock->boot_to_unix_ns;
	process->exit_time_unix_ns = (int64_t)record->exit_ns + clock->boot_to_unix_ns;
	process->exit_status = record->exit_code;
	process->figures[FIG_FAULTS_MINOR] = (figure_value)record->minor_faults;
	process->figures[FIG_FAULTS_MAJOR] = (figure_value)record->major_faults;
	fill_counters(process, &record->counters, missing);
	fill_exit_peak(process, record, clock, rss_before);
	if (!record->has_memory || process->seen_look)
		return;
	for (int kind = 0; kind < RSS_KIND_COUNT; kind++)
		pages[kind] = record->rss_pages[kind];
	set_rss_pages(process, pages);
}
