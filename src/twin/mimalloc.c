/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mimalloc exports no figure of what is live (mi_process_info() and the printing of
 * statistics call the kernel). But every thread's heap shows its areas, with the number of
 * used blocks in each: mi_heap_visit_blocks(), called in the name of each thread, with a
 * visitor that lives in the twin.
 *
 *	live_bytes    used blocks by their usable size, of the heaps of all living threads
 *	live_blocks   used blocks; what another thread has freed counts until the owner
 *		      takes it back, at its next allocations of that size
 *	active_bytes  areas in use, as far as their blocks were ever needed
 *
 * What threads left behind when they ended is in nobody's heap until another thread takes
 * it over. It is found out by elimination: mi_is_in_heap_region() says which segments of
 * 32 MiB there are; if one that was used holds no area of a living thread, live bytes are
 * unknown. Blocks of further heaps that the program itself makes (mi_heap_new()) lie in
 * segments of their thread and are not seen: they are missing in the figures.
 *
 * Cost: one or two pages a segment (64 KiB pages share their descriptors) and a call a
 * segment and thread; no page of the blocks is touched.
 *
 * Seen with 2.0.9. The areas have this form since 2.0.7; 3.0 and later share heaps between
 * threads in another way, of which nothing is known here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "twin/area_sums.h"
#include "twin/ownership.h"
#include "twin/sources.h"

enum { HEAP_VISIT_BLOCKS, HEAP_GET_BACKING, IS_IN_HEAP_REGION, VERSION };

#define OLDEST_VERSION 207
#define NEWEST_VERSION 299

/* With more threads, or more address space, it is not asked. */
#define THREADS_MAX  4096
#define SEGMENTS_MAX AREA_SEGMENTS

/* What is known of threads without a heap lasts so many looks. */
#define HEAPLESS_LAST_LOOKS 16

#define SUMS_OFFSET 0
_Static_assert(sizeof(struct area_sums) <= TWIN_SCRATCH_BYTES, "the sums fit");

/*
 * A thread that never allocated has no heap, and asking for it would make one, which calls
 * the kernel and ends the round. Which one that was shows when they are asked one by one.
 */
struct state {
	uint32_t *heapless; /* thread ids */
	size_t heapless_count, heapless_capacity;
	bool one_by_one;
	unsigned int looks;
};

/* Part of a mapping that lies in one segment. */
struct part {
	uint64_t start, end;
};

static struct state *take_state(struct evaluation *evaluation)
{
	struct state *state = *evaluation->state;

	if (!state)
		*evaluation->state = state = xcalloc(1, sizeof(*state));
	return state;
}

static void free_state(void *opaque)
{
	struct state *state = opaque;

	if (!state)
		return;
	free(state->heapless);
	free(state);
}

static bool is_heapless(const struct state *state, uint32_t tid)
{
	for (size_t i = 0; i < state->heapless_count; i++)
		if (state->heapless[i] == tid)
			return true;
	return false;
}

static struct twin_call call_of(const struct evaluation *evaluation, int symbol,
				const struct source_thread *thread)
{
	return (struct twin_call){
		.function = evaluation->symbols[symbol],
		.thread_pointer = thread->thread_pointer,
	};
}

/* --- the heaps of the threads --- */

/* Calls that find the heap of each thread that may have one; returns how many. */
static size_t prepare_heaps(const struct evaluation *evaluation, const struct state *state,
			    struct twin_call *calls, uint32_t *tids)
{
	size_t count = 0;

	for (size_t i = 0; i < evaluation->thread_count; i++) {
		const struct source_thread *thread = &evaluation->threads[i];

		if (is_heapless(state, thread->tid))
			continue;
		tids[count] = thread->tid;
		calls[count++] = call_of(evaluation, HEAP_GET_BACKING, thread);
	}
	return count;
}

static int find_heaps(struct evaluation *evaluation, struct state *state, struct twin_call *calls,
		      const uint32_t *tids, size_t count)
{
	int error = 0;

	if (!state->one_by_one) {
		error = twin__call(evaluation->twin, calls, count);
		state->one_by_one = error < 0;
		return error;
	}
	for (size_t i = 0; i < count && !error; i++) {
		error = twin__call(evaluation->twin, &calls[i], 1);
		if (error != -EAGAIN)
			continue;
		ARRAY_GROW(state->heapless, state->heapless_count, state->heapless_capacity);
		state->heapless[state->heapless_count++] = tids[i];
	}
	state->one_by_one = error < 0;
	return error;
}

static int visit_heaps(struct evaluation *evaluation, struct twin_call *calls, size_t count,
		       struct area_sums *sums)
{
	struct twin *twin = evaluation->twin;
	int error;

	twin__write_scratch(twin, SUMS_OFFSET, sums, sizeof(*sums));
	for (size_t i = 0; i < count; i++) {
		uint64_t heap = calls[i].result;

		calls[i].function = evaluation->symbols[HEAP_VISIT_BLOCKS];
		calls[i].arguments[0] = heap;
		calls[i].arguments[1] = false; /* areas only */
		calls[i].arguments[2] = twin__area_visitor(twin);
		calls[i].arguments[3] = twin__scratch(twin, SUMS_OFFSET);
	}
	error = twin__call(twin, calls, count);
	if (error < 0)
		return error;
	twin__read_scratch(twin, SUMS_OFFSET, sums, sizeof(*sums));
	return sums->odd_areas || sums->used_bytes > INT64_MAX || sums->committed_bytes > INT64_MAX
		       ? -EAGAIN
		       : 0;
}

static int sum_areas(struct evaluation *evaluation, struct area_sums *sums)
{
	struct state *state = take_state(evaluation);
	struct twin_call *calls = xcalloc(evaluation->thread_count, sizeof(*calls));
	uint32_t *tids = xcalloc(evaluation->thread_count, sizeof(*tids));
	size_t count;
	int error;

	if (state->looks++ % HEAPLESS_LAST_LOOKS == 0)
		state->heapless_count = 0;
	count = prepare_heaps(evaluation, state, calls, tids);
	error = find_heaps(evaluation, state, calls, tids, count);
	if (error == 0)
		error = visit_heaps(evaluation, calls, count, sums);
	free(calls);
	free(tids);
	return error;
}

/* --- the segments --- */

/* Parts of mappings that may be segments; SEGMENTS_MAX + 1 if there are more. */
static size_t list_parts(const struct twin_target *target, struct part *parts)
{
	size_t count = 0;

	for (size_t i = 0; i < target->mapping_count; i++) {
		const struct mapping *mapping = &target->mappings[i];
		uint64_t start = mapping->start;

		while (ownership__is_candidate(mapping) && start < mapping->end) {
			uint64_t next = (start / AREA_SEGMENT_BYTES + 1) * AREA_SEGMENT_BYTES;

			if (count == SEGMENTS_MAX)
				return SEGMENTS_MAX + 1;
			parts[count++] =
				(struct part){start, next < mapping->end ? next : mapping->end};
			start = next;
		}
	}
	return count;
}

/* A segment begins with its descriptors: one whose first page is empty is not used. */
static bool is_used(struct evaluation *evaluation, const struct part *part)
{
	uint64_t words[512] = {0};
	uint64_t any = 0;

	if (part->start % AREA_SEGMENT_BYTES != 0)
		return false;
	if (twin__read(evaluation->twin, part->start, words, sizeof(words)) < 0)
		return true; /* swapped out, say */
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		any |= words[i];
	return any != 0;
}

/* Claims the parts that are mimalloc's; sets *left_over when one of them is in use without
 * an area of a living thread. */
static int claim_segments(struct evaluation *evaluation, const struct area_sums *sums,
			  const struct part *parts, struct twin_call *calls, size_t count,
			  bool *left_over)
{
	int error;

	for (size_t i = 0; i < count; i++) {
		calls[i] = call_of(evaluation, IS_IN_HEAP_REGION, &evaluation->threads[0]);
		/* the address of a segment itself counts to the one before */
		calls[i].arguments[0] = parts[i].start + sizeof(uint64_t);
	}
	error = twin__call(evaluation->twin, calls, count);
	for (size_t i = 0; error == 0 && i < count; i++) {
		uint64_t segment = parts[i].start / AREA_SEGMENT_BYTES;
		uint64_t slot = area_sums__slot(sums, segment);
		bool has_area = slot < AREA_SEGMENTS && sums->segments[slot] == segment;

		/* a bool; in the inner of a huge block it can be wrong (2.0.9) */
		if ((uint8_t)calls[i].result == 0 && !has_area)
			continue;
		evaluation__claim(evaluation, parts[i].start, parts[i].end, CLASS_MALLOC);
		if (!has_area && is_used(evaluation, &parts[i]))
			*left_over = true;
	}
	return error;
}

static int find_segments(struct evaluation *evaluation, const struct area_sums *sums,
			 bool *left_over)
{
	struct part *parts = xcalloc(SEGMENTS_MAX, sizeof(*parts));
	struct twin_call *calls = xcalloc(SEGMENTS_MAX, sizeof(*calls));
	size_t count = list_parts(evaluation->target, parts);
	int error = 0;

	if (count > SEGMENTS_MAX || sums->segment_count == AREA_SEGMENTS)
		*left_over = true;
	else
		error = claim_segments(evaluation, sums, parts, calls, count, left_over);
	free(parts);
	free(calls);
	return error;
}

/* --- the source --- */

static int check_version(struct evaluation *evaluation)
{
	struct twin_call call = call_of(evaluation, VERSION, &evaluation->threads[0]);
	int error = twin__call(evaluation->twin, &call, 1);
	int version = (int32_t)call.result;

	if (error < 0)
		return error;
	return version >= OLDEST_VERSION && version <= NEWEST_VERSION ? 0 : -ENOTSUP;
}

static void fill(struct evaluation *evaluation, struct source_figures *figures,
		 const struct area_sums *sums, bool left_over)
{
	if (left_over) {
		process__add_note(evaluation->process,
				  "mimalloc: live bytes are unknown, as threads that ended left "
				  "some that are in no heap, or it has too many segments");
		return;
	}
	figures->live_bytes = (figure_value)sums->used_bytes;
	figures->live_blocks = (figure_value)sums->used_blocks;
	figures->active_bytes = (figure_value)sums->committed_bytes;
}

static int ask(struct evaluation *evaluation, struct source_figures *figures,
	       struct area_sums *sums)
{
	bool left_over = false;
	int error = sum_areas(evaluation, sums);

	if (error < 0)
		return error;
	if (sums->used_blocks == 0)
		return -ENOENT;
	error = find_segments(evaluation, sums, &left_over);
	if (error == 0)
		fill(evaluation, figures, sums, left_over);
	return error;
}

static int evaluate(struct evaluation *evaluation, struct source_figures *figures)
{
	struct area_sums *sums;
	int error = check_version(evaluation);

	if (error == -ENOTSUP || evaluation->thread_count > THREADS_MAX) {
		process__add_note(evaluation->process,
				  error ? "mimalloc: this version has no function that tells "
					  "what is live"
					: "mimalloc: too many threads");
		return 0;
	}
	if (error < 0)
		return error;
	sums = xcalloc(1, sizeof(*sums));
	error = ask(evaluation, figures, sums);
	free(sums);
	return error;
}

const struct figure_source mimalloc_source = {
	.name = "mimalloc",
	.kind = SOURCE_ALLOCATOR,
	.symbols = (const char *const[]){"mi_heap_visit_blocks", "mi_heap_get_backing",
					 "mi_is_in_heap_region", "mi_version", NULL},
	.required = 4,
	.evaluate = evaluate,
	.free_state = free_state,
};
