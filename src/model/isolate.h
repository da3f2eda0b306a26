/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_MODEL_ISOLATE_H
#define MEMSONDE_MODEL_ISOLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/figures.h"

struct process;

/*
 * V8's isolates: one heap each, of the main thread and of every worker. A process has
 * none, one, or many; its own v8.* figures are sums over them.
 */

/* More isolates, or spaces of one, than any process has: what says otherwise lies. */
#define ISOLATES_MAX	    1024
#define ISOLATE_SPACES_MAX  32
#define ISOLATE_NAME_LENGTH 64

/* One space of the heap, as V8 names it without "_space": new, old, large_object, ... */
struct isolate_space {
	char name[32];
	figure_value committed_bytes, used_bytes;
};

struct isolate {
	uint32_t id;			  /* 1, 2, ... in the order in which they were seen */
	uint32_t tid;			  /* of its thread; 0 where a recording does not say */
	char thread[ISOLATE_NAME_LENGTH]; /* "main", or the name of its thread; valid UTF-8 */
	bool has_previous;		  /* false at its first look: no rates */
	uint64_t seen_look;		  /* the look that set it last */
	figure_value figures[ISOLATE_FIGURE_COUNT];
	figure_value previous[ISOLATE_FIGURE_COUNT];
	struct isolate_space spaces[ISOLATE_SPACES_MAX];
	size_t space_count;
};

/*
 * The isolate of that thread, new if it was not there; marks it as seen in this look: what
 * was current becomes `previous`, every figure unknown, its spaces none. NULL when the
 * process has ISOLATES_MAX of them. The pointer is good until the next call for the
 * process. Isolates that a look does not see go away at its end; should the thread's come
 * again, as one look had no answer, it has the id that it had.
 */
struct isolate *process__isolate(struct process *process, uint64_t look, uint32_t tid);

/* The same for what a recording tells: by the id that it had (0: by its thread; where that
 * is 0, too, it is a new one). */
struct isolate *process__recorded_isolate(struct process *process, uint64_t look, uint32_t id,
					  uint32_t tid);

/* Lets go of those that the look did not see. */
void process__drop_unseen_isolates(struct process *process, uint64_t look);

/* The program that the process runs; with another than before all isolates are history. */
void process__set_image(struct process *process, uint64_t image);

/* The isolate of that thread or NULL. */
struct isolate *process__find_isolate(const struct process *process, uint32_t tid);

/* Adds a space by V8's name, with or without "_space"; beyond ISOLATE_SPACES_MAX none. Bytes
 * of the same name add up. */
void isolate__add_space(struct isolate *isolate, const char *name, figure_value committed_bytes,
			figure_value used_bytes);

/* The isolate whose heapUsed has come nearest to its limit; NULL where no limit is known. */
const struct isolate *process__nearest_isolate(const struct process *process);

/* Works out the process's v8.* figures from its isolates, and limits.heap: at the end of a
 * look, when those are gone that it did not see. */
void process__sum_isolates(struct process *process);

#endif
