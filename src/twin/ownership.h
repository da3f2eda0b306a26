/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_OWNERSHIP_H
#define MEMSONDE_TWIN_OWNERSHIP_H

#include "twin/figure_source.h"

/*
 * Which mappings of a process belong to an allocator: asked of its own function that says
 * whether an address is its, for some pages of each private anonymous writable mapping.
 * Answers are kept, so that a later look asks about new mappings only.
 *
 * An allocator knows the first and the last page of each of its extents, but mostly not
 * those between: so a mapping is its own when one of the pages asked about is. Memory of
 * others that the kernel merged into the same mapping counts with it.
 */
struct ownership;

struct ownership_rule {
	/* Writes the question about an address into a call; `index` tells the calls of one
	 * batch apart, for what they need in the scratch area. */
	void (*ask)(const struct evaluation *evaluation, uint64_t address, size_t index,
		    struct twin_call *call);
	/* Whether the answer to that call is yes. */
	bool (*is_owned)(const struct evaluation *evaluation, size_t index,
			 const struct twin_call *call);
	/* A function that may fault when nothing of the allocator is in the address's part of
	 * the address space: how large these parts are (a power of two); 0: it never does. */
	uint64_t part_bytes;
};

/*
 * Claims the allocator's mappings as malloc. *ownership is made at the first call. When a
 * question fails, the round was begun anew, and nothing of it is left but the process.
 */
void ownership__claim(struct ownership **ownership, struct evaluation *evaluation,
		      const struct ownership_rule *rule);
void ownership__free(struct ownership *ownership);

/* Whether a mapping may be an allocator's: private anonymous memory, the brk heap too. */
bool ownership__is_candidate(const struct mapping *mapping);

/* The pages to ask about in a mapping: the first, the last, and where each MiB begins, from
 * both ends. Returns how many. */
#define OWNERSHIP_PAGES 64
size_t ownership__pages(uint64_t start, uint64_t end, uint64_t pages[OWNERSHIP_PAGES]);

#endif
