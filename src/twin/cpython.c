/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPython counts the blocks that its object allocator has handed out: the figure of
 * sys.getallocatedblocks(), from the same function, so equal to it. It is a figure of the
 * runtime and no part of the account: pymalloc's arenas are private anonymous memory.
 *
 * The function only reads, so it needs no GIL. Up to 3.8 it reads a counter; since then it
 * walks the header of every pool: one page fetched for each 4 KiB (3.9) or 16 KiB of the
 * objects' memory, so that the page budget is the limit; beyond it the figure is unknown.
 *
 * In the process itself a call counts a few blocks for its own frame and result: a program
 * that prints the figure and then waits in a read differs by those few.
 *
 * _Py_GetAllocatedBlocks is exported from 3.4 to 3.11. Since 3.12 the sum over all
 * interpreters is local (_Py_GetGlobalAllocatedBlocks): known where symbols were kept.
 */
#include <errno.h>

#include "twin/sources.h"

enum { GET_ALLOCATED_BLOCKS };

static int evaluate(struct evaluation *evaluation, struct source_figures *figures)
{
	struct twin_call call = {
		.function = evaluation->symbols[GET_ALLOCATED_BLOCKS],
		.thread_pointer = evaluation->threads[0].thread_pointer,
	};
	int error = twin__call(evaluation->twin, &call, 1);

	if (error < 0)
		return error;
	if (call.result == 0)
		return -ENOENT; /* a library that nobody has initialised */
	if (call.result > INT64_MAX)
		return -EAGAIN;
	figures->python_blocks = (figure_value)call.result;
	return 0;
}

#define CPYTHON(variable, symbol)                                                                  \
	const struct figure_source variable = {                                                    \
		.name = "cpython",                                                                 \
		.kind = SOURCE_RUNTIME,                                                            \
		.symbols = (const char *const[]){symbol, NULL},                                    \
		.required = 1,                                                                     \
		.evaluate = evaluate,                                                              \
	}

CPYTHON(cpython_source, "_Py_GetAllocatedBlocks");
CPYTHON(cpython_global_source, "_Py_GetGlobalAllocatedBlocks");
