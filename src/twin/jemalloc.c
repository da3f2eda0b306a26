/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jemalloc tells everything through mallctl(): writing to "epoch" gathers the statistics
 * of all arenas (in the twin's copy), then each figure is a name.
 *
 *	live_bytes     stats.allocated: what was handed out; blocks that threads keep in
 *		       their caches to hand them out again count as live
 *	live_blocks    blocks handed out less those that came back, the same caches as live
 *	active_bytes   stats.active: pages with live blocks in them
 *	free_bytes     active less live, and dirty and muzzy pages
 *	resident_bytes stats.resident: by jemalloc's own account, which does not know what is
 *		       swapped or was never touched
 *	retained_bytes, metadata_bytes: the statistics of these names
 *
 * They equal what the process itself would read at that moment. Cost: about a hundred
 * pages with a few arenas, more with more of them, never with the heap's size.
 *
 * It takes locks of every arena: of one that is held a process that allocates at that
 * moment makes the call fail, and it is asked again. Arenas that only the process has
 * initialised are seen; jemalloc initialises itself when it is loaded, so asking does not.
 *
 * Whose memory: "arenas.lookup" (5.1 and later; before, it is not asked). Up to 5.3.0 it
 * faults in a gigabyte of address space where jemalloc has nothing.
 *
 * Seen with 5.3.0 as a library, preloaded, linked statically, with a prefix. A build
 * without statistics knows none of the names.
 */
#include <errno.h>

#include "twin/ownership.h"
#include "twin/sources.h"

enum { MALLCTL };

/* What mallctl() is asked for. MALLCTL_ARENAS_ALL is 4096: the sum over all arenas. */
enum question {
	EPOCH,
	ALLOCATED,
	ACTIVE,
	METADATA,
	RESIDENT,
	RETAINED,
	PAGE_BYTES,
	DIRTY_PAGES,
	MUZZY_PAGES,
	SMALL_ALLOCATED,
	SMALL_FREED,
	LARGE_ALLOCATED,
	LARGE_FREED,
	QUESTION_COUNT,
};

static const char question_names[QUESTION_COUNT][40] = {
	[EPOCH] = "epoch",
	[ALLOCATED] = "stats.allocated",
	[ACTIVE] = "stats.active",
	[METADATA] = "stats.metadata",
	[RESIDENT] = "stats.resident",
	[RETAINED] = "stats.retained",
	[PAGE_BYTES] = "arenas.page",
	[DIRTY_PAGES] = "stats.arenas.4096.pdirty",
	[MUZZY_PAGES] = "stats.arenas.4096.pmuzzy",
	[SMALL_ALLOCATED] = "stats.arenas.4096.small.nmalloc",
	[SMALL_FREED] = "stats.arenas.4096.small.ndalloc",
	[LARGE_ALLOCATED] = "stats.arenas.4096.large.nmalloc",
	[LARGE_FREED] = "stats.arenas.4096.large.ndalloc",
};
static const char lookup_name[40] = "arenas.lookup";

/* Places in the scratch area: names, then a value with its length per call. */
#define NAME_OFFSET(index) ((size_t)(index) * sizeof(question_names[0]))
#define LOOKUP_NAME_OFFSET NAME_OFFSET(QUESTION_COUNT)
#define CELLS_OFFSET	   4096

struct cell {
	uint64_t value, length, address;
};

static size_t cell_offset(size_t index)
{
	return CELLS_OFFSET + index * sizeof(struct cell);
}

static void prepare(const struct evaluation *evaluation, enum question question,
		    struct twin_call *call)
{
	struct twin *twin = evaluation->twin;
	struct cell cell = {.value = 1, .length = sizeof(cell.value)};
	size_t at = cell_offset(question);
	uint64_t value = twin__scratch(twin, at + offsetof(struct cell, value));
	uint64_t length = twin__scratch(twin, at + offsetof(struct cell, length));
	/* An epoch is written, which gathers the statistics; all others are read. */
	bool write = question == EPOCH;

	twin__write_scratch(twin, at, &cell, sizeof(cell));
	*call = (struct twin_call){
		.function = evaluation->symbols[MALLCTL],
		.thread_pointer = evaluation->threads[0].thread_pointer,
		.arguments[0] = twin__scratch(twin, NAME_OFFSET(question)),
		.arguments[1] = write ? 0 : value,
		.arguments[2] = write ? 0 : length,
		.arguments[3] = write ? value : 0,
		.arguments[4] = write ? sizeof(cell.value) : 0,
	};
}

static bool has_succeeded(const struct twin_call *call)
{
	return (int32_t)call->result == 0; /* an int */
}

static figure_value answer(const struct evaluation *evaluation, enum question question,
			   const struct twin_call *call)
{
	struct cell cell;

	twin__read_scratch(evaluation->twin, cell_offset(question), &cell, sizeof(cell));
	if (!has_succeeded(call) || cell.length != sizeof(cell.value) || cell.value > INT64_MAX)
		return FIGURE_UNKNOWN;
	return (figure_value)cell.value;
}

/* Values are FIGURE_UNKNOWN where it does not know the name. */
static int ask_statistics(struct evaluation *evaluation, figure_value values[QUESTION_COUNT])
{
	struct twin_call calls[QUESTION_COUNT];
	int error;

	twin__write_scratch(evaluation->twin, 0, question_names, sizeof(question_names));
	for (int i = 0; i < QUESTION_COUNT; i++)
		prepare(evaluation, (enum question)i, &calls[i]);
	error = twin__call(evaluation->twin, calls, QUESTION_COUNT);
	if (error < 0)
		return error;
	if (!has_succeeded(&calls[EPOCH]))
		return -EAGAIN;
	for (int i = 0; i < QUESTION_COUNT; i++)
		values[i] = answer(evaluation, (enum question)i, &calls[i]);
	return 0;
}

/* a less b where both are known and a is not less */
static figure_value difference(figure_value a, figure_value b)
{
	return figure_known(a) && figure_known(b) && a >= b ? a - b : FIGURE_UNKNOWN;
}

static figure_value sum(figure_value a, figure_value b)
{
	return figure_known(a) && figure_known(b) ? a + b : FIGURE_UNKNOWN;
}

/* More than a machine has: a page count beyond it is no answer. */
#define PAGES_MAX (INT64_C(1) << 40)

static figure_value free_bytes(const figure_value *values)
{
	figure_value pages = sum(values[DIRTY_PAGES], values[MUZZY_PAGES]);

	if (!figure_known(pages) || pages > PAGES_MAX || !figure_known(values[PAGE_BYTES]) ||
	    values[PAGE_BYTES] > 1 << 20)
		return FIGURE_UNKNOWN;
	return sum(difference(values[ACTIVE], values[ALLOCATED]), pages * values[PAGE_BYTES]);
}

static void fill(struct source_figures *figures, const figure_value *values)
{
	figures->live_bytes = values[ALLOCATED];
	figures->live_blocks = sum(difference(values[SMALL_ALLOCATED], values[SMALL_FREED]),
				   difference(values[LARGE_ALLOCATED], values[LARGE_FREED]));
	figures->active_bytes = values[ACTIVE];
	figures->free_bytes = free_bytes(values);
	figures->resident_bytes = values[RESIDENT];
	figures->retained_bytes = values[RETAINED];
	figures->metadata_bytes = values[METADATA];
}

/* An arena's lock is let go between its parts, and between arenas. */
static bool contradict(const figure_value *values)
{
	return values[ALLOCATED] > values[ACTIVE] ||
	       (figure_known(values[RESIDENT]) && values[ACTIVE] > values[RESIDENT]) ||
	       (figure_known(values[SMALL_ALLOCATED]) && figure_known(values[SMALL_FREED]) &&
		values[SMALL_FREED] > values[SMALL_ALLOCATED]);
}

static void ask_lookup(const struct evaluation *evaluation, uint64_t address, size_t index,
		       struct twin_call *call)
{
	struct twin *twin = evaluation->twin;
	struct cell cell = {.length = sizeof(uint32_t), .address = address};
	size_t at = cell_offset(index);

	twin__write_scratch(twin, LOOKUP_NAME_OFFSET, lookup_name, sizeof(lookup_name));
	twin__write_scratch(twin, at, &cell, sizeof(cell));
	call->function = evaluation->symbols[MALLCTL];
	call->arguments[0] = twin__scratch(twin, LOOKUP_NAME_OFFSET);
	call->arguments[1] = twin__scratch(twin, at + offsetof(struct cell, value));
	call->arguments[2] = twin__scratch(twin, at + offsetof(struct cell, length));
	call->arguments[3] = twin__scratch(twin, at + offsetof(struct cell, address));
	call->arguments[4] = sizeof(cell.address);
}

static bool is_looked_up(const struct evaluation *evaluation, size_t index,
			 const struct twin_call *call)
{
	(void)evaluation;
	(void)index;
	return has_succeeded(call);
}

static const struct ownership_rule lookup_rule = {
	.ask = ask_lookup,
	.is_owned = is_looked_up,
	.part_bytes = UINT64_C(1) << 30,
};

static int evaluate(struct evaluation *evaluation, struct source_figures *figures)
{
	figure_value values[QUESTION_COUNT];
	int error = ask_statistics(evaluation, values);

	if (error < 0)
		return error;
	if (!figure_known(values[ALLOCATED]) || !figure_known(values[ACTIVE])) {
		process__add_note(evaluation->process, "jemalloc: it was built without statistics");
	} else {
		if (values[ALLOCATED] == 0)
			return -ENOENT;
		if (contradict(values))
			return -EAGAIN;
		fill(figures, values);
	}
	return 0;
}

static bool claim(struct evaluation *evaluation)
{
	ownership__claim((struct ownership **)evaluation->state, evaluation, &lookup_rule);
	return true;
}

static void free_state(void *state)
{
	ownership__free(state);
}

/* The same function by the names that it is built with: plain, the prefix of most builds
 * that serve beside another malloc, and that of Rust's. */
#define JEMALLOC(variable, symbol)                                                                 \
	const struct figure_source variable = {                                                    \
		.name = "jemalloc",                                                                \
		.kind = SOURCE_ALLOCATOR,                                                          \
		.symbols = (const char *const[]){symbol, NULL},                                    \
		.required = 1,                                                                     \
		.evaluate = evaluate,                                                              \
		.claim = claim,                                                                    \
		.free_state = free_state,                                                          \
	}

JEMALLOC(jemalloc_source, "mallctl");
JEMALLOC(jemalloc_je_source, "je_mallctl");
JEMALLOC(jemalloc_rust_source, "_rjem_mallctl");
