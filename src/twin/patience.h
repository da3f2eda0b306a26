/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_PATIENCE_H
#define MEMSONDE_TWIN_PATIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * How long a twin may compute before it must need another page or be done. Who walks lists
 * that changed while they were fetched may walk in circles. All zero: nothing is known yet.
 */
struct patience {
	int64_t least_ns;
	int64_t walk_ns;      /* the longest from page to page in calls that came back; 0: none */
	int64_t this_walk_ns; /* of the calls under way */
	unsigned int circles; /* since a call came back */
	/* What the twin had computed when there had been so many faults. */
	int64_t cpu_ns;
	uint64_t cpu_faults;
};

/* The twin of that pid has started, and took what it has computed for it. */
void patience__begin(struct patience *patience, pid_t pid);

/* Calls begin and come back. */
void patience__call(struct patience *patience, pid_t pid, uint64_t faults);
void patience__came_back(struct patience *patience);

/* A wait for a page took so long. */
void patience__waited(struct patience *patience, int64_t wait_ns);

/* How long to wait when so many pages are there. */
int64_t patience__ns(const struct patience *patience, size_t known_pages);

/* Whether the twin has computed for most of the time, after half of it passed without a fault;
 * then it walks in circles. Also: notes what it has computed, for the other half. */
bool patience__is_over(struct patience *patience, pid_t pid, uint64_t faults, int64_t patience_ns);

#endif
