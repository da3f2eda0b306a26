/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tcmalloc of gperftools tells its figures by name, through the C function
 * MallocExtension_GetNumericProperty().
 *
 *	live_bytes     generic.current_allocated_bytes: what was handed out, rounded up to
 *		       classes of sizes; blocks in the caches of threads are not live
 *	free_bytes     in the page heap, the central and transfer caches and those of threads
 *	retained_bytes tcmalloc.pageheap_unmapped_bytes: given back to the kernel
 *	active_bytes   generic.heap_size less what is free in the page heap or given back
 *	resident_bytes, metadata_bytes: from generic.total_physical_bytes (2.3 and later)
 *
 * How many blocks are live it does not know. The figures equal what the process itself
 * would read at that moment. Each walks the caches of all threads and the central lists:
 * some 80 pages, and one or two more a thread; the heap's size does not matter.
 *
 * Caches of threads change without a lock: live bytes are worked out as a difference, and
 * can be wrong by what a busy thread moved meanwhile, in the process itself just as here.
 * Parts that do not add up to the heap are asked again.
 *
 * Whose memory: MallocExtension_GetOwnership(), which is safe for any address. tcmalloc
 * takes brk first, and maps when that is exhausted or forbidden.
 *
 * Seen with 2.10, its minimal and its debugging build.
 */
#include <errno.h>

#include "base/memory.h"
#include "twin/ownership.h"
#include "twin/sources.h"

enum { GET_NUMERIC_PROPERTY, GET_OWNERSHIP, DEBUG_GET_NUMERIC_PROPERTY };

enum property {
	ALLOCATED,
	HEAP_SIZE,
	PHYSICAL,
	CENTRAL_FREE,
	TRANSFER_FREE,
	THREADS_FREE,
	PAGEHEAP_FREE,
	PAGEHEAP_UNMAPPED,
	PROPERTY_COUNT,
};

static const char property_names[PROPERTY_COUNT][48] = {
	[ALLOCATED] = "generic.current_allocated_bytes",
	[HEAP_SIZE] = "generic.heap_size",
	[PHYSICAL] = "generic.total_physical_bytes",
	[CENTRAL_FREE] = "tcmalloc.central_cache_free_bytes",
	[TRANSFER_FREE] = "tcmalloc.transfer_cache_free_bytes",
	[THREADS_FREE] = "tcmalloc.current_total_thread_cache_bytes",
	[PAGEHEAP_FREE] = "tcmalloc.pageheap_free_bytes",
	[PAGEHEAP_UNMAPPED] = "tcmalloc.pageheap_unmapped_bytes",
};

/* Places in the scratch area: names, then a value per call. */
#define NAME_OFFSET(property)  ((size_t)(property) * sizeof(property_names[0]))
#define VALUE_OFFSET(property) (4096 + (size_t)(property) * sizeof(uint64_t))

static figure_value answer(struct evaluation *evaluation, enum property property,
			   const struct twin_call *call)
{
	uint64_t value;

	twin__read_scratch(evaluation->twin, VALUE_OFFSET(property), &value, sizeof(value));
	/* an int: whether it knows the name */
	return (int32_t)call->result != 0 && value <= INT64_MAX ? (figure_value)value
								: FIGURE_UNKNOWN;
}

static int ask_properties(struct evaluation *evaluation, figure_value values[PROPERTY_COUNT])
{
	struct twin *twin = evaluation->twin;
	struct twin_call calls[PROPERTY_COUNT];
	int error;

	twin__write_scratch(twin, 0, property_names, sizeof(property_names));
	for (int i = 0; i < PROPERTY_COUNT; i++)
		calls[i] = (struct twin_call){
			.function = evaluation->symbols[GET_NUMERIC_PROPERTY],
			.thread_pointer = evaluation->threads[0].thread_pointer,
			.arguments = {twin__scratch(twin, NAME_OFFSET(i)),
				      twin__scratch(twin, VALUE_OFFSET(i))},
		};
	error = twin__call(twin, calls, PROPERTY_COUNT);
	if (error < 0)
		return error;
	for (int i = 0; i < PROPERTY_COUNT; i++)
		values[i] = answer(evaluation, (enum property)i, &calls[i]);
	return 0;
}

/* FIGURE_UNKNOWN if one of them is, or their sum is no number of bytes. */
static figure_value sum(const figure_value *values, const enum property *properties, size_t count)
{
	figure_value total = 0;

	for (size_t i = 0; i < count; i++) {
		figure_value value = values[properties[i]];

		if (!figure_known(value) || __builtin_add_overflow(total, value, &total))
			return FIGURE_UNKNOWN;
	}
	return total;
}

static const enum property free_parts[] = {CENTRAL_FREE, TRANSFER_FREE, THREADS_FREE,
					   PAGEHEAP_FREE};
static const enum property heap_parts[] = {ALLOCATED,	 CENTRAL_FREE,	TRANSFER_FREE,
					   THREADS_FREE, PAGEHEAP_FREE, PAGEHEAP_UNMAPPED};
static const enum property pageheap_parts[] = {PAGEHEAP_FREE, PAGEHEAP_UNMAPPED};

static void fill(struct source_figures *figures, const figure_value *values)
{
	figure_value heap = values[HEAP_SIZE], unmapped = values[PAGEHEAP_UNMAPPED];

	figures->live_bytes = values[ALLOCATED];
	figures->free_bytes = sum(values, free_parts, ARRAY_SIZE(free_parts));
	figures->retained_bytes = unmapped;
	figures->active_bytes = heap - sum(values, pageheap_parts, ARRAY_SIZE(pageheap_parts));
	figures->resident_bytes = values[PHYSICAL];
	if (figure_known(values[PHYSICAL]) && values[PHYSICAL] >= heap - unmapped)
		figures->metadata_bytes = values[PHYSICAL] - (heap - unmapped);
}

static void ask_ownership(const struct evaluation *evaluation, uint64_t address, size_t index,
			  struct twin_call *call)
{
	(void)index;
	call->function = evaluation->symbols[GET_OWNERSHIP];
	call->arguments[0] = address;
}

static bool is_owned(const struct evaluation *evaluation, size_t index,
		     const struct twin_call *call)
{
	(void)evaluation;
	(void)index;
	return (uint32_t)call->result == 1; /* MallocExtension_kOwned */
}

static const struct ownership_rule ownership_rule = {.ask = ask_ownership, .is_owned = is_owned};

/* The debugging build keeps freed blocks for a while, which are in no part. */
static bool fits(const struct evaluation *evaluation, const figure_value *values)
{
	figure_value parts = sum(values, heap_parts, ARRAY_SIZE(heap_parts));
	bool debugging = evaluation->symbols[DEBUG_GET_NUMERIC_PROPERTY] != 0;

	if (!figure_known(parts) || !figure_known(values[HEAP_SIZE]))
		return false;
	return debugging ? parts <= values[HEAP_SIZE] : parts == values[HEAP_SIZE];
}

static int evaluate(struct evaluation *evaluation, struct source_figures *figures)
{
	figure_value values[PROPERTY_COUNT];
	int error = ask_properties(evaluation, values);

	if (error < 0)
		return error;
	if (values[ALLOCATED] == 0 || values[HEAP_SIZE] == 0)
		return -ENOENT;
	if (!fits(evaluation, values))
		return -EAGAIN;
	fill(figures, values);
	return 0;
}

static bool claim(struct evaluation *evaluation)
{
	if (evaluation->symbols[GET_OWNERSHIP])
		ownership__claim((struct ownership **)evaluation->state, evaluation,
				 &ownership_rule);
	return true;
}

static void free_state(void *state)
{
	ownership__free(state);
}

const struct figure_source tcmalloc_source = {
	.name = "tcmalloc",
	.kind = SOURCE_ALLOCATOR,
	.symbols = (const char *const[]){"MallocExtension_GetNumericProperty",
					 "MallocExtension_GetOwnership",
					 "_ZN25DebugMallocImplementation18GetNumericPropertyEPKcPm",
					 NULL},
	.required = 1,
	.evaluate = evaluate,
	.claim = claim,
	.free_state = free_state,
};
