/* SPDX-License-Identifier: GPL-2.0-only */
#include "collect/stacks.h"

#include <stdio.h>

#define PAGES_OF_A_STACK (PAGE_RUN_PRESENT | PAGE_RUN_SWAPPED)

static const struct region *find_stack(const struct regions *regions, uint64_t pointer)
{
	size_t low = 0, high = regions->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (regions->items[middle].end <= pointer)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == regions->count || regions->items[low].start > pointer ||
	    regions->items[low].class != CLASS_STACK)
		return NULL;
	return &regions->items[low];
}

static void measure(struct thread_stack *stack, const struct region *region,
		    const struct page_runs *runs)
{
	stack->mapped_bytes = (figure_value)(region->end - region->start);
	stack->touched_bytes = 0;
	stack->deepest_bytes = 0;
	for (size_t i = page_runs__behind(runs, region->start);
	     i < runs->count && runs->items[i].start < region->end; i++) {
		const struct page_run *run = &runs->items[i];
		uint64_t start = run->start > region->start ? run->start : region->start;
		uint64_t end = run->end < region->end ? run->end : region->end;

		if (!(run->flags & PAGES_OF_A_STACK))
			continue;
		if (!stack->deepest_bytes)
			stack->deepest_bytes = (figure_value)(region->end - start);
		stack->touched_bytes += (figure_value)(end - start);
	}
}

void stacks__add(struct process *process, const struct regions *regions,
		 const struct page_runs *runs, const struct source_thread *threads,
		 size_t thread_count)
{
	for (size_t i = 0; i < thread_count; i++) {
		const struct region *region = find_stack(regions, threads[i].stack_pointer);
		struct thread_stack stack = {.tid = threads[i].tid};

		if (!region)
			continue;
		snprintf(stack.name, sizeof(stack.name), "%.*s", (int)sizeof(threads[i].name),
			 threads[i].name);
		measure(&stack, region, runs);
		stack.limit_bytes = threads[i].tid == process->key.pid
					    ? process->figures[FIG_LIMIT_STACK]
					    : stack.mapped_bytes;
		process__add_stack(process, &stack);
	}
}
