/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_MODEL_GC_SUMMARY_H
#define MEMSONDE_MODEL_GC_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

#include "model/account.h"

/*
 * What V8's collections of a time came to, per isolate: how many, their pauses, and what
 * the used bytes before and after them tell of allocation. Of very many threads those that
 * ended long ago are told together.
 */

/* Percentiles are of the last pauses only, where there were more. */
#define PAUSES_KEPT 65536

struct pause_statistics {
	int64_t count;
	int64_t total_ns, longest_ns;
	int64_t *kept; /* known pauses */
	size_t kept_count, kept_capacity, next;
};

/* Isolates that are told each for itself. */
#define GC_ISOLATES_MAX 1000

struct gc_isolate {
	struct process_key key; /* pid 0: of several */
	uint32_t tid;
	uint32_t id; /* of the isolate in its process; 0: not known */
	uint64_t seen_look;
	bool by_looks; /* pauses cannot be known, only falls of its heap from look to look */
	char comm[64];
	char thread[ISOLATE_NAME_LENGTH];
	int64_t begin_unix_ns, end_unix_ns; /* for how long it was watched */
	struct pause_statistics kinds[COLLECTION_KIND_COUNT];
	struct pause_statistics all;
	/* Growth of used bytes from the end of a collection to the begin of the next, the
	 * time between those that it is of, and what collections freed. */
	figure_value allocated_bytes, freed_bytes;
	int64_t allocated_ns;
	/* Net growth of used bytes from collection to scavenge: what survived scavenges. */
	int64_t survived_bytes;
	figure_value last_used_bytes; /* after the last collection */
	int64_t last_end_unix_ns;
	/* As of the last look that saw it. */
	figure_value heap_total_bytes, heap_used_bytes, heap_limit_bytes;
	struct isolate_space spaces[ISOLATE_SPACES_MAX];
	size_t space_count;
};

struct gc_summary {
	struct gc_isolate **isolates; /* by process and thread */
	size_t count, capacity;
	struct gc_isolate *ended; /* sums of those that gave way; NULL: none did */
	int64_t ended_count;
};

void gc_summary__init(struct gc_summary *summary);
void gc_summary__release(struct gc_summary *summary);

/* After a look: takes in the isolates that are there, their names and spaces. */
void gc_summary__look(struct gc_summary *summary, const struct account *account);

/* Takes in a collection; those of one isolate come in the order of time. */
void gc_summary__add(struct gc_summary *summary, const struct account *account,
		     const struct collection *collection);

/* The isolate of a collection, or NULL. */
const struct gc_isolate *gc_summary__find(const struct gc_summary *summary, struct process_key key,
					  uint32_t tid);

/* The smallest kept pause that so many hundredths of them do not exceed (nearest rank);
 * FIGURE_UNKNOWN where there is none. */
figure_value pause_statistics__percentile(const struct pause_statistics *statistics, int percent);

/* The sum of the pauses. */
figure_value gc_isolate__pauses_ns(const struct gc_isolate *isolate,
				   const struct pause_statistics *statistics);

/* FIGURE_UNKNOWN where the time is too short to tell. */
figure_value gc_isolate__allocation_rate(const struct gc_isolate *isolate); /* bytes a second */
figure_value gc_isolate__promotion_rate(const struct gc_isolate *isolate);  /* the same */
figure_value gc_isolate__pause_share(const struct gc_isolate *isolate);	    /* UNIT_PERCENT_100 */

#endif
