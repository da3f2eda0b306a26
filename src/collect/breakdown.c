/* SPDX-License-Identifier: GPL-2.0-only */
#include "collect/breakdown.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "collect/census.h"
#include "collect/stacks.h"
#include "collect/target_memory.h"
#include "model/classify.h"
#include "system/machine.h"
#include "system/open_files.h"
#include "system/page_runs.h"

#define ATTEMPTS 3

/* A process that changes is good enough when no more than 1/256 is unaccounted. */
#define TOLERATED_SHARE 256

#ifdef __x86_64__
#define CONTROL_BLOCK_HAS_ADDRESS true
#else
#define CONTROL_BLOCK_HAS_ADDRESS false
#endif

/* VM_... of the kernel. */
#define VMA_READ      0x1
#define VMA_WRITE     0x2
#define VMA_EXEC      0x4
#define VMA_SHARED    0x8
#define VMA_GROWSDOWN 0x100
#define VMA_PFNMAP    0x400
#define VMA_IO	      0x4000
#define VMA_HUGETLB   0x400000

/* The process as the kernel describes it at one moment. */
struct one_process {
	struct process_record record;
	int64_t held_pages[RSS_KIND_COUNT]; /* by its further threads */
	bool found;
};

struct breakdown {
	struct programs *programs;
	struct evaluator *evaluator; /* NULL: the target's own functions are not asked */
	struct source_thread *source_threads;
	size_t source_thread_count, source_thread_capacity;
	struct regions known; /* by the evaluator's word */
	bool runtime_known;   /* V8's pages are among them, if it has any */
	struct one_process before, after;
	struct thread_registers *threads;
	size_t thread_count, thread_capacity;
	struct mapping *mappings;
	size_t mapping_count, mapping_capacity;
	struct page_runs runs;
	struct regions regions;
	struct frame_set *frames;
	bool frames_incomplete;
	uint64_t page_bytes;
	struct target_memory *memory;
	struct process_key key; /* under way */
	pid_t pid;
	pid_t tid; /* of a thread that lives: what /proc knows the memory by */
};

/* Pages of one class. */
struct class_pages {
	int64_t resident_bytes[MEMORY_CLASS_COUNT];
	int64_t swapped_bytes[MEMORY_CLASS_COUNT];
	int64_t huge_bytes;
	/* of CLASS_MALLOC, but for blocks that were mapped for themselves */
	int64_t shared_resident_bytes, shared_swapped_bytes;
};

struct breakdown *breakdown__new(struct programs *programs, struct evaluator *evaluator)
{
	struct breakdown *self = xcalloc(1, sizeof(*self));

	self->programs = programs;
	self->evaluator = evaluator;
	self->frames = frame_set__new();
	self->memory = target_memory__new();
	self->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	return self;
}

void breakdown__free(struct breakdown *self)
{
	if (!self)
		return;
	free(self->threads);
	free(self->source_threads);
	free(self->mappings);
	regions__release(&self->known);
	page_runs__release(&self->runs);
	regions__release(&self->regions);
	frame_set__free(self->frames);
	target_memory__free(self->memory);
	free(self);
}

static void add_thread(struct breakdown *self, const struct source_thread *thread, const char *comm)
{
	ARRAY_GROW(self->threads, self->thread_count, self->thread_capacity);
	self->threads[self->thread_count++] = (struct thread_registers){
		.stack_pointer = thread->stack_pointer, .thread_pointer = thread->thread_pointer};
	ARRAY_GROW(self->source_threads, self->source_thread_count, self->source_thread_capacity);
	self->source_threads[self->source_thread_count] = *thread;
	memcpy(self->source_threads[self->source_thread_count++].name, comm, RECORD_COMM_LENGTH);
}

static void take_thread(struct breakdown *self, struct one_process *one,
			const struct thread_record *thread)
{
	for (int kind = 0; kind < RSS_KIND_COUNT; kind++)
		one->held_pages[kind] += thread->held_rss_pages[kind];
	if (one == &self->before)
		add_thread(self,
			   &(struct source_thread){.tid = thread->tid,
						   .stack_pointer = thread->stack_pointer,
						   .thread_pointer = thread->thread_pointer},
			   thread->comm);
}

static void take_record(struct breakdown *self, struct one_process *one, const void *data,
			enum record_type type)
{
	if (type == RECORD_THREAD) {
		take_thread(self, one, data);
	} else if (type == RECORD_PROCESS) {
		const struct process_record *record = data;

		if (!one->found)
			one->record = *record;
		one->found = true;
		if (one == &self->before)
			add_thread(
				self,
				&(struct source_thread){.tid = record->tid,
							.stack_pointer = record->stack_pointer,
							.thread_pointer = record->thread_pointer},
				record->comm);
	}
}

static void take_before(void *context, const void *record, enum record_type type)
{
	struct breakdown *self = context;

	take_record(self, &self->before, record, type);
}

static void take_after(void *context, const void *record, enum record_type type)
{
	struct breakdown *self = context;

	take_record(self, &self->after, record, type);
}

static void take_mapping(void *context, const void *data, enum record_type type)
{
	struct breakdown *self = context;
	const struct vma_record *record = data;
	struct mapping *mapping;

	if (type != RECORD_VMA ||
	    (self->mapping_count && record->start < self->mappings[self->mapping_count - 1].end))
		return;
	ARRAY_GROW(self->mappings, self->mapping_count, self->mapping_capacity);
	mapping = &self->mappings[self->mapping_count++];
	*mapping = (struct mapping){
		.start = record->start,
		.end = record->end,
		.file_offset = record->file_offset,
		.readable = record->flags & VMA_READ,
		.writable = record->flags & VMA_WRITE,
		.executable = record->flags & VMA_EXEC,
		.shared = record->flags & VMA_SHARED,
		.grows_down = record->flags & VMA_GROWSDOWN,
		.hugetlb = record->flags & VMA_HUGETLB,
		.device = record->flags & (VMA_PFNMAP | VMA_IO),
		.has_file = record->kind & VMA_HAS_FILE,
		.shmem = record->kind & VMA_IS_SHMEM,
		.unlinked = record->kind & VMA_IS_UNLINKED,
		.may_block = record->kind & VMA_MAY_BLOCK,
	};
	memcpy(mapping->name, record->name, sizeof(mapping->name));
	mapping->name[sizeof(mapping->name) - 1] = '\0';
}

/* Calls on each run of resident or swapped pages of one class. */
static void for_each_part(const struct breakdown *self,
			  void (*callback)(void *context, const struct region *region,
					   uint64_t start, uint64_t end, uint32_t flags),
			  void *context)
{
	size_t run_index = 0;

	for (size_t i = 0; i < self->regions.count; i++) {
		const struct region *region = &self->regions.items[i];

		while (run_index < self->runs.count &&
		       self->runs.items[run_index].end <= region->start)
			run_index++;
		for (size_t j = run_index; j < self->runs.count; j++) {
			const struct page_run *run = &self->runs.items[j];
			uint64_t start = run->start > region->start ? run->start : region->start;
			uint64_t end = run->end < region->end ? run->end : region->end;

			if (run->start >= region->end)
				break;
			if (end > start)
				callback(context, region, start, end, run->flags);
		}
	}
}

static bool in_rss(uint32_t flags)
{
	return (flags & PAGE_RUN_PRESENT) && !(flags & PAGE_RUN_ZERO);
}

static void add_to_class(void *context, const struct region *region, uint64_t start, uint64_t end,
			 uint32_t flags)
{
	struct class_pages *pages = context;
	int64_t bytes = (int64_t)(end - start);

	bool shared = region->class == CLASS_MALLOC && !region->single_block;

	if (in_rss(flags)) {
		pages->resident_bytes[region->class] += bytes;
		pages->shared_resident_bytes += shared ? bytes : 0;
	}
	if (flags & PAGE_RUN_SWAPPED) {
		pages->swapped_bytes[region->class] += bytes;
		pages->shared_swapped_bytes += shared ? bytes : 0;
	}
	if (in_rss(flags) && (flags & PAGE_RUN_HUGE) && region->class != CLASS_NOT_IN_RSS)
		pages->huge_bytes += bytes;
}

static int64_t rss_sum(const struct class_pages *pages)
{
	int64_t sum = 0;

	for (int i = 0; i < CLASS_NOT_IN_RSS; i++)
		sum += pages->resident_bytes[i];
	return sum;
}

static int64_t rss_bytes(const struct breakdown *self, const struct one_process *one)
{
	int64_t pages = 0;

	for (int kind = 0; kind < RSS_KIND_COUNT; kind++)
		if (kind != RSS_SWAP)
			pages += one->record.rss_pages[kind] + one->held_pages[kind];
	return pages * (int64_t)self->page_bytes;
}

/* What the process is made of, but for its pages. */
static int read_space(struct breakdown *self)
{
	int error;

	memset(&self->before, 0, sizeof(self->before));
	self->thread_count = 0;
	self->source_thread_count = 0;
	self->mapping_count = 0;
	error = programs__read_census(self->programs, self->pid, take_before, self);
	if (!error && !self->before.found)
		error = -ESRCH;
	self->tid = (pid_t)self->before.record.tid;
	if (!error)
		error = programs__read_mappings(self->programs, self->pid, self->tid == self->pid,
						take_mapping, self);
	if (!error && self->mapping_count == 0)
		error = -ESRCH;
	return error;
}

static int read_once(struct breakdown *self)
{
	int error = read_space(self);

	memset(&self->after, 0, sizeof(self->after));
	if (!error)
		error = page_runs__read(&self->runs, page_source(), self->tid,
					self->mappings[0].start,
					self->mappings[self->mapping_count - 1].end);
	if (!error)
		error = programs__read_census(self->programs, self->pid, take_after, self);
	if (!error && !self->after.found)
		error = -ESRCH;
	return error;
}

static void classify_pages(struct breakdown *self, struct class_pages *pages)
{
	const struct process_record *record = &self->before.record;
	struct address_space space = {
		.mappings = self->mappings,
		.mapping_count = self->mapping_count,
		.threads = self->threads,
		.thread_count = self->thread_count,
		.start_brk = record->start_brk,
		.brk = record->brk,
		.start_stack = record->start_stack,
		.vdso = record->vdso,
		.page_bytes = self->page_bytes,
		.known = &self->known,
		.control_block_has_address = CONTROL_BLOCK_HAS_ADDRESS,
		.read_pages = target_memory__read_pages,
		.read_context = self->memory,
	};

	memset(pages, 0, sizeof(*pages));
	target_memory__open(self->memory, self->key, self->tid, &space, &self->runs);
	classify(&space, &self->regions);
	target_memory__close(self->memory, &self->regions);
	for_each_part(self, add_to_class, pages);
}

/* Takes the one of the two moments that fits the pages better. Returns how far off it
 * is, or -errno. */
static int64_t attempt(struct breakdown *self, struct class_pages *pages,
		       const struct one_process **chosen)
{
	int error = read_once(self);
	int64_t sum, before, after;

	if (error)
		return error;
	classify_pages(self, pages);
	sum = rss_sum(pages);
	before = llabs(rss_bytes(self, &self->before) - sum);
	after = llabs(rss_bytes(self, &self->after) - sum);
	*chosen = before < after ? &self->before : &self->after;
	return before < after ? before : after;
}

static bool is_class_of_v8(enum memory_class class)
{
	return class == CLASS_V8_HEAP || class == CLASS_V8_CODE || class == CLASS_ARRAY_BUFFERS;
}

static void set_classes(const struct breakdown *self, struct process *process,
			const struct class_pages *pages)
{
	for (int class = 0; class < CLASS_NOT_IN_RSS; class ++)
		if (self->runtime_known || !is_class_of_v8((enum memory_class) class))
			process->figures[FIG_CLASS_FIRST + class] = pages->resident_bytes[class];
	process->figures[FIG_CLASS_UNACCOUNTED] = process->figures[FIG_RSS] - rss_sum(pages);
	process->figures[FIG_SWAP_MALLOC] = pages->swapped_bytes[CLASS_MALLOC];
	process->figures[FIG_SWAP_STACK] = pages->swapped_bytes[CLASS_STACK];
	process->figures[FIG_SWAP_FILE] =
		pages->swapped_bytes[CLASS_FILE] + pages->swapped_bytes[CLASS_CODE];
	process->figures[FIG_SWAP_ANON] = pages->swapped_bytes[CLASS_ANON];
	if (page_source() == PAGES_BY_SCAN)
		process->figures[FIG_HUGE_PAGES] = pages->huge_bytes;
}

/*
 * Slack: what is resident of the memory that blocks share, less the blocks in it. Of swapped
 * pages nobody knows whether they are slack: then it is the most that it can be.
 */
static void set_heap(struct process *process, const struct class_pages *pages)
{
	figure_value live = process->figures[FIG_HEAP_LIVE];
	figure_value mapped = process->figures[FIG_HEAP_MMAPPED];
	figure_value free_bytes = process->figures[FIG_HEAP_FREE];
	figure_value slack = pages->shared_resident_bytes + pages->shared_swapped_bytes;

	process->figures[FIG_HEAP_HELD] = pages->resident_bytes[CLASS_MALLOC];
	if (!figure_known(live))
		return;
	slack -= live - (figure_known(mapped) ? mapped : 0);
	if (figure_known(free_bytes) && slack > free_bytes)
		slack = free_bytes;
	if (slack > pages->shared_resident_bytes)
		slack = pages->shared_resident_bytes;
	process->figures[FIG_HEAP_SLACK] = slack < 0 ? 0 : slack;
}

static void set_open_files(const struct breakdown *self, struct process *process)
{
	int64_t count = open_files__count(self->tid);

	if (count >= 0)
		process->figures[FIG_FDS_OPEN] = count;
}

struct name_context {
	const struct breakdown *self;
	struct process *process;
};

static void add_name(void *context, const struct region *region, uint64_t start, uint64_t end,
		     uint32_t flags)
{
	const struct name_context *names = context;
	const struct mapping *mapping = &names->self->mappings[region->mapping];

	if (mapping->name[0] && in_rss(flags))
		process__add_anon_name(names->process, mapping->name, (int64_t)(end - start));
}

struct unique_context {
	struct breakdown *self;
	int64_t *bytes;
	int pagemap_fd;
};

static void add_unique(void *context, const struct region *region, uint64_t start, uint64_t end,
		       uint32_t flags)
{
	struct unique_context *unique = context;
	int64_t pages;

	if (!in_rss(flags) || region->class == CLASS_NOT_IN_RSS)
		return;
	pages = frame_set__add(unique->self->frames, unique->pagemap_fd, start, end);
	if (pages < 0)
		unique->self->frames_incomplete = true;
	else
		unique->bytes[region->class] += pages * (int64_t)unique->self->page_bytes;
}

static void count_unique(struct breakdown *self, int64_t *unique_bytes)
{
	struct unique_context unique = {
		.self = self,
		.bytes = unique_bytes,
		.pagemap_fd = pagemap__open(self->tid),
	};

	if (unique.pagemap_fd < 0) {
		/* One that has ended meanwhile holds no page any more. */
		self->frames_incomplete |= unique.pagemap_fd != -ESRCH;
		return;
	}
	for_each_part(self, add_unique, &unique);
	close(unique.pagemap_fd);
}

static bool read_for_figures(struct evaluator_request *request, void *context)
{
	struct breakdown *self = context;

	if (read_space(self) || self->before.record.start_ns != self->key.start_ns)
		return false;
	request->image = self->before.record.image;
	request->tid = self->tid;
	request->mappings = self->mappings;
	request->mapping_count = self->mapping_count;
	request->threads = self->source_threads;
	request->thread_count = self->source_thread_count;
	request->start_brk = self->before.record.start_brk;
	request->brk = self->before.record.brk;
	request->vdso = self->before.record.vdso;
	return true;
}

/* Before the pages are counted, as it takes longer than that. */
static void ask_for_figures(struct breakdown *self, struct process *process,
			    const struct evaluator_limits *limits, bool figures_only)
{
	struct evaluator_request request = {
		.process = process,
		.look = process->seen_look,
		.figures_only = figures_only,
		.read_anew = read_for_figures,
		.context = self,
	};

	self->key = process->key;
	self->pid = (pid_t)process->key.pid;
	self->known.count = 0;
	self->runtime_known = false;
	if (!self->evaluator || !limits || !read_for_figures(&request, self))
		return;
	request.limits = *limits;
	self->runtime_known = evaluator__process(self->evaluator, &request, &self->known);
}

void breakdown__process(struct breakdown *self, struct process *process,
			const struct evaluator_limits *limits, int64_t *unique_bytes)
{
	struct name_context names = {.self = self, .process = process};
	const struct one_process *chosen = &self->after;
	struct class_pages pages = {0};
	int64_t off = INT64_MAX;

	ask_for_figures(self, process, limits, false);
	for (int i = 0; i < ATTEMPTS; i++) {
		off = attempt(self, &pages, &chosen);
		if (off < 0 || off <= rss_bytes(self, chosen) / TOLERATED_SHARE)
			break;
	}
	if (off < 0 || chosen->record.start_ns != process->key.start_ns) {
		process__add_note(process, "classes: %s",
				  off < 0 && off != -ESRCH ? strerror((int)-off)
							   : "the process ended");
		return;
	}
	census__set_rss(process, &chosen->record, chosen->held_pages);
	census__raise_peak(process, clock_ns(CLOCK_REALTIME));
	set_classes(self, process, &pages);
	set_heap(process, &pages);
	set_open_files(self, process);
	stacks__add(process, &self->regions, &self->runs, self->source_threads,
		    self->source_thread_count);
	for_each_part(self, add_name, &names);
	if (unique_bytes)
		count_unique(self, unique_bytes);
}

void breakdown__runtimes(struct breakdown *self, struct process *process,
			 const struct evaluator_limits *limits)
{
	ask_for_figures(self, process, limits, true);
}

void breakdown__begin_container(struct breakdown *self)
{
	frame_set__clear(self->frames);
	self->frames_incomplete = false;
}

bool breakdown__container_is_complete(const struct breakdown *self)
{
	return !self->frames_incomplete;
}
