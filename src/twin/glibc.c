/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * glibc's malloc: mallinfo2() (2.33 and later; before, mallinfo() with 32-bit fields). It
 * walks the free chunks of every arena: its cost grows with fragmentation, some 3 us a page
 * with a free chunk on it. Blocks in a thread's cache (tcache) are not seen as free: they
 * count as live, at most some 400 KiB a thread, mostly far less.
 */
#include <errno.h>
#include <stdio.h>

#include "twin/sources.h"

/* malloc_info is what others that stand in for it do not export. */
static const char *const symbols[] = {"malloc_info", "mallinfo2", "mallinfo", NULL};
enum symbol { MALLOC_INFO, MALLINFO2, MALLINFO };

/* The fields of struct mallinfo and struct mallinfo2, in their order. */
enum field {
	ARENA,
	ORDBLKS,
	SMBLKS,
	HBLKS,
	HBLKHD,
	USMBLKS,
	FSMBLKS,
	UORDBLKS,
	FORDBLKS,
	KEEPCOST,
	FIELD_COUNT
};

static int check_fields(const uint64_t *fields, struct source_figures *figures)
{
	if (fields[ARENA] > INT64_MAX / 2 || fields[HBLKHD] > INT64_MAX / 2 ||
	    fields[UORDBLKS] > fields[ARENA] ||
	    fields[ARENA] - fields[UORDBLKS] != fields[FORDBLKS])
		return -EAGAIN;
	/* it is there, but another allocator serves the process */
	if (!fields[ARENA] && !fields[HBLKHD])
		return -ENOENT;
	figures->live_bytes = (figure_value)(fields[UORDBLKS] + fields[HBLKHD]);
	figures->free_bytes = (figure_value)fields[FORDBLKS];
	figures->mmapped_bytes = (figure_value)fields[HBLKHD];
	return 0;
}

/* Private memory that malloc could have at most: it tells whether 32 bits are enough. */
static uint64_t anonymous_bytes(const struct twin_target *target)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < target->mapping_count; i++)
		if (target->mappings[i].writable && !target->mappings[i].has_file)
			bytes += target->mappings[i].end - target->mappings[i].start;
	return bytes;
}

/* Both return a struct through a hidden first argument. */
static int call(struct evaluation *evaluation, uint64_t function)
{
	struct twin_call call = {
		.function = function,
		.thread_pointer = evaluation->threads[0].thread_pointer,
		.arguments = {twin__scratch(evaluation->twin, 0)},
	};

	return twin__call(evaluation->twin, &call, 1);
}

static int evaluate_old(struct evaluation *evaluation, struct source_figures *figures)
{
	uint32_t narrow[FIELD_COUNT];
	uint64_t fields[FIELD_COUNT];
	int error;

	if (anonymous_bytes(evaluation->target) > UINT32_MAX) {
		snprintf(evaluation->reason, sizeof(evaluation->reason),
			 "mallinfo() tells no more than 4 GiB, and there is no mallinfo2()");
		return -ERANGE;
	}
	error = call(evaluation, evaluation->symbols[MALLINFO]);
	if (error)
		return error;
	twin__read_scratch(evaluation->twin, 0, narrow, sizeof(narrow));
	for (int i = 0; i < FIELD_COUNT; i++)
		fields[i] = narrow[i];
	return check_fields(fields, figures);
}

static int evaluate(struct evaluation *evaluation, struct source_figures *figures)
{
	uint64_t fields[FIELD_COUNT];
	int error;

	if (!evaluation->symbols[MALLINFO2])
		return evaluation->symbols[MALLINFO] ? evaluate_old(evaluation, figures) : -ENOENT;
	error = call(evaluation, evaluation->symbols[MALLINFO2]);
	if (error)
		return error;
	twin__read_scratch(evaluation->twin, 0, fields, sizeof(fields));
	return check_fields(fields, figures);
}

const struct figure_source glibc_source = {
	.name = "glibc",
	.kind = SOURCE_ALLOCATOR,
	.symbols = symbols,
	.required = 1,
	.evaluate = evaluate,
};
