/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_MODEL_EXPLAIN_H
#define MEMSONDE_MODEL_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "model/figures.h"

struct account;
struct process;

/* Why a process grew: in words, from its figures over the looks so far. */

enum explain_cause {
	CAUSE_BUFFERS_HELD,
	CAUSE_OBJECTS_HELD,
	CAUSE_SLACK,
	CAUSE_NATIVE_HELD,
	CAUSE_STACKS,
	CAUSE_FILE_CACHE,
	CAUSE_NEAR_HEAP_LIMIT,
	CAUSE_NEAR_CONTAINER_LIMIT,
	CAUSE_UNEXPLAINED,
	EXPLAIN_CAUSE_COUNT,
};

/* "buffers_held", ... as in JSON. */
extern const char *const explain_cause_names[EXPLAIN_CAUSE_COUNT];

/* The cause of that name, -1 if there is none. */
int explain_cause__find(const char *name);

struct explanation {
	enum explain_cause cause;
	int class; /* figure of the class that grew: FIG_CLASS_...; -1: none in particular */
	int64_t grew_bytes;
	int64_t per_minute_bytes;
	char *evidence; /* a sentence with the numbers, what it usually means, what to try */
};

/* "malloc" of FIG_CLASS_MALLOC; NULL where no class in particular grew. */
const char *explanation__class_name(const struct explanation *explanation);

/* The figure of the class of that name, -1 if there is none. */
int explain_class__find(const char *name);

/* What explain keeps of one process from look to look; the process owns it. */
struct explain_history;
void explain_history__free(struct explain_history *history);

/*
 * After account__end_look(): notes the figures of every living process that has classes
 * and works out its explanations anew, heaviest first. Does nothing to others.
 */
void explain__look(struct account *account);

/* For how long the process was watched so: with none, nothing can be said yet. */
int64_t explain__watched_ns(const struct process *process);

/* Its RSS when the watch began and now; false where that is unknown, or about the same. */
bool explain__rss_changed(const struct process *process, figure_value *first, figure_value *last);

#endif
