/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_EVALUATOR_H
#define MEMSONDE_TWIN_EVALUATOR_H

#include "parse/elf_symbols.h"
#include "twin/figure_source.h"

/*
 * Asks every figure source that a process has, with retries, and puts the figures into
 * the account. Keeps the twins of processes that are looked at again.
 */
struct evaluator;

/* Symbols of files are asked of *symbols, which is borrowed; it must not have read any yet. */
struct evaluator *evaluator__new(struct elf_symbols *symbols);
void evaluator__free(struct evaluator *evaluator);

/* What asking a process may take. */
struct evaluator_limits {
	struct twin_limits usual;   /* each source */
	struct twin_limits patient; /* one source that needs more, of all processes of a look */
};

/* The process as of now. What it points to is the caller's, until read_anew(). */
struct evaluator_request {
	struct process *process;
	uint64_t image; /* changes with every exec: another image, another twin */
	uint64_t look;
	pid_t tid; /* of a thread that lives */
	const struct mapping *mappings;
	size_t mapping_count;
	const struct source_thread *threads; /* the first stands for the process */
	size_t thread_count;
	uint64_t start_brk, brk, vdso;
	struct evaluator_limits limits;
	bool figures_only; /* of runtimes: which memory is whose is not asked, nor allocators */
	/* Reads mappings and threads anew into the request: a process that runs on maps memory
	 * meanwhile. False if it is gone. */
	bool (*read_anew)(struct evaluator_request *request, void *context);
	void *context;
};

/*
 * Sets allocator, heap.* as far as the allocator tells, isolates, v8.*, python.* and notes
 * of what could not be had and why. regions (replaced) gets what belongs to a class by the
 * sources' word, in the order of addresses; the caller frees it.
 *
 * Returns whether every source that tells of classes has answered, or is not there.
 */
bool evaluator__process(struct evaluator *evaluator, struct evaluator_request *request,
			struct regions *regions);

/* After a look: lets go of twins of processes that it did not see. */
void evaluator__end_look(struct evaluator *evaluator, uint64_t look);

#endif
