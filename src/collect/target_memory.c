/* SPDX-License-Identifier: GPL-2.0-only */
#include "collect/target_memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "system/machine.h"

/* How long a mapping is taken for what it was. A block of malloc that takes the place of
 * other memory at the very same addresses is seen as late as that. */
#define REMEMBERED_NS INT64_C(10000000000)

/* Processes remembered; beyond that all are forgotten. */
#define MAX_PROCESSES 256

struct range {
	uint64_t start, end;
};

/* Mappings of one process that hold nothing to find. */
struct dull {
	struct process_key key;
	int64_t since_ns;
	struct range *ranges; /* in the order of addresses */
	size_t count;
};

struct target_memory {
	struct dull processes[MAX_PROCESSES];
	size_t process_count;
	struct dull *current; /* of the process under way; NULL: nothing is remembered */
	struct process_key key;
	const struct address_space *space;
	const struct page_runs *runs;
	int memory_fd, pagemap_fd;
};

struct target_memory *target_memory__new(void)
{
	return xcalloc(1, sizeof(struct target_memory));
}

static void forget_all(struct target_memory *self)
{
	for (size_t i = 0; i < self->process_count; i++)
		free(self->processes[i].ranges);
	self->process_count = 0;
}

void target_memory__free(struct target_memory *self)
{
	if (!self)
		return;
	forget_all(self);
	free(self);
}

static bool same_key(struct process_key left, struct process_key right)
{
	return left.pid == right.pid && left.start_ns == right.start_ns;
}

static struct dull *find_dull(struct target_memory *self)
{
	for (size_t i = 0; i < self->process_count; i++)
		if (same_key(self->processes[i].key, self->key))
			return &self->processes[i];
	return NULL;
}

/* Ranges that are no longer mappings just as they were say nothing any more. */
static void keep_unchanged(struct dull *dull, const struct address_space *space)
{
	size_t kept = 0, mapping = 0;

	for (size_t i = 0; i < dull->count; i++) {
		while (mapping < space->mapping_count &&
		       space->mappings[mapping].start < dull->ranges[i].start)
			mapping++;
		if (mapping < space->mapping_count &&
		    space->mappings[mapping].start == dull->ranges[i].start &&
		    space->mappings[mapping].end == dull->ranges[i].end)
			dull->ranges[kept++] = dull->ranges[i];
	}
	dull->count = kept;
}

static int open_memory(pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", tid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

void target_memory__open(struct target_memory *self, struct process_key key, pid_t tid,
			 const struct address_space *space, const struct page_runs *runs)
{
	self->key = key;
	self->space = space;
	self->runs = runs;
	self->memory_fd = open_memory(tid);
	self->pagemap_fd = pagemap__open(tid);
	self->current = find_dull(self);
	if (!self->current)
		return;
	if (clock_ns(CLOCK_MONOTONIC) - self->current->since_ns > REMEMBERED_NS)
		self->current->count = 0;
	keep_unchanged(self->current, space);
}

static bool is_dull(const struct target_memory *self, uint64_t address)
{
	size_t low = 0, high = self->current ? self->current->count : 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (self->current->ranges[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return self->current && low < self->current->count &&
	       self->current->ranges[low].start <= address;
}

/*
 * Not by process_vm_readv(), which gives the process copies of pages that a fork shares.
 * That a page was resident milliseconds ago is not enough: it is asked right before.
 */
static struct page_words read_page(const struct target_memory *self, uint64_t address)
{
	const struct page_run *run = page_runs__find(self->runs, address);
	uint64_t pair[2] = {0};

	if (!run || !(run->flags & PAGE_RUN_PRESENT))
		return (struct page_words){0};
	if (run->flags & PAGE_RUN_ZERO)
		return (struct page_words){.known = true};
	if (!pagemap__is_present(self->pagemap_fd, address) ||
	    pread(self->memory_fd, pair, sizeof(pair), (off_t)address) != (ssize_t)sizeof(pair))
		return (struct page_words){0};
	return (struct page_words){.first = pair[0], .second = pair[1], .known = true};
}

void target_memory__read_pages(void *memory, const uint64_t *addresses, size_t count,
			       struct page_words *words)
{
	const struct target_memory *self = memory;

	for (size_t i = 0; i < count; i++) {
		words[i] = (struct page_words){.known = true};
		if (!is_dull(self, addresses[i]))
			words[i] = read_page(self, addresses[i]);
	}
}

static bool is_dull_region(const struct target_memory *self, const struct region *region)
{
	const struct mapping *mapping = &self->space->mappings[region->mapping];

	return region->class == CLASS_ANON && region->start == mapping->start &&
	       region->end == mapping->end && mapping->writable;
}

static void remember(struct target_memory *self, const struct regions *regions)
{
	struct dull *dull = self->current;

	if (!dull) {
		if (self->process_count == MAX_PROCESSES)
			forget_all(self);
		dull = &self->processes[self->process_count++];
		*dull = (struct dull){.key = self->key};
	}
	/* Only what was read anew makes it younger. */
	if (dull->count == 0)
		dull->since_ns = clock_ns(CLOCK_MONOTONIC);
	dull->ranges = xreallocarray(dull->ranges, regions->count + 1, sizeof(*dull->ranges));
	dull->count = 0;
	for (size_t i = 0; i < regions->count; i++)
		if (is_dull_region(self, &regions->items[i]))
			dull->ranges[dull->count++] =
				(struct range){regions->items[i].start, regions->items[i].end};
}

void target_memory__close(struct target_memory *self, const struct regions *regions)
{
	remember(self, regions);
	if (self->memory_fd >= 0)
		close(self->memory_fd);
	if (self->pagemap_fd >= 0)
		close(self->pagemap_fd);
	self->current = NULL;
}
