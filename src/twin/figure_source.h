/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_FIGURE_SOURCE_H
#define MEMSONDE_TWIN_FIGURE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/account.h"
#include "model/classify.h"
#include "twin/twin.h"

/*
 * Where figures come from: a library or runtime of the target whose own functions tell
 * them. One file each, one row each in figure_sources.c.
 */

struct source_thread {
	uint32_t tid;
	uint64_t thread_pointer;
	uint64_t stack_pointer;
	char name[16];
};

/* The process under evaluation: what every source may use. */
struct evaluation {
	struct twin *twin; /* a round has begun */
	struct process *process;
	uint64_t look;
	const struct twin_target *target;
	uint64_t start_brk, brk;	     /* the brk heap; equal where there is none */
	const struct source_thread *threads; /* the first stands for the process */
	size_t thread_count;
	void **state; /* of this source for this process; NULL at first */
	/* Addresses in the target of the source's symbols, in the order of its names; 0 where
	 * there is none. All are of one file. */
	const uint64_t *symbols;
	/* Regions that the source found out to be of a class (V8's pages, an allocator's
	 * memory); the classifier takes them where no thread's stack lies. */
	struct regions *regions;
	char reason[160]; /* a source that fails may say why, where the twin does not */
};

/* What a source says that is no isolate's; FIGURE_UNKNOWN where it does not. */
struct source_figures {
	figure_value live_bytes, live_blocks;
	figure_value free_bytes;    /* resident or not */
	figure_value mmapped_bytes; /* part of live_bytes */
	figure_value active_bytes, resident_bytes, retained_bytes, metadata_bytes;
	figure_value python_blocks; /* CPython's; all others are an allocator's */
};

enum source_kind {
	SOURCE_ALLOCATOR, /* serves malloc */
	SOURCE_RUNTIME,
};

struct figure_source {
	const char *name; /* "glibc", as it stands in heap.allocator */
	enum source_kind kind;
	bool tells_classes; /* without its answer the classes of V8 are unknown */
	/* Symbols, NULL-terminated; see elf_symbols__new() for patterns. */
	const char *const *symbols;
	size_t required; /* so many of the first ones must be there for the source to be tried */
	/*
	 * 0; -ENOENT: it is there, but not in use; -EAGAIN: the answers contradict each other,
	 * as the process changed meanwhile: it is asked again; another -errno, where
	 * twin__reason() or evaluation->reason tells why. *figures comes with everything
	 * unknown; isolates go to the process.
	 */
	int (*evaluate)(struct evaluation *evaluation, struct source_figures *figures);
	/* Claims what is the source's, after it has answered; NULL where evaluate() does that.
	 * What is asked for it may end the round, and begin another. False: which memory that is
	 * could not be told, and a note says so. */
	bool (*claim)(struct evaluation *evaluation);
	/* Frees *state; may be NULL where there is none. */
	void (*free_state)(void *state);
};

extern const struct figure_source *const figure_sources[];
extern const size_t figure_source_count;

/* Adds a region found by a source. */
void evaluation__claim(struct evaluation *evaluation, uint64_t start, uint64_t end,
		       enum memory_class class);

#endif
