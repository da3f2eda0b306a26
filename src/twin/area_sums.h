/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_AREA_SUMS_H
#define MEMSONDE_TWIN_AREA_SUMS_H

#include <stdint.h>

/*
 * What the visitor that lives in a twin (stub/area_visitor.c) makes of the areas that
 * mi_heap_visit_blocks() shows to it: sums, and which parts of the address space they lie
 * in. The visitor gets the structure, in the scratch area, as its last argument.
 */

/* As mimalloc gives it, since 2.0.7. */
struct heap_area {
	uint64_t blocks; /* address */
	uint64_t reserved_bytes, committed_bytes;
	uint64_t used_blocks;
	uint64_t block_bytes;	   /* as handed out */
	uint64_t full_block_bytes; /* with what is needed for itself */
};

/* mimalloc 2 obtains memory in segments, aligned to their size. */
#define AREA_SEGMENT_BYTES (UINT64_C(32) << 20)

/* A table with open addressing; as many segments can be told apart. */
#define AREA_SEGMENTS 4096

struct area_sums {
	uint64_t areas;
	uint64_t used_blocks, used_bytes, committed_bytes;
	uint64_t odd_areas; /* whose numbers contradict each other */
	uint64_t segment_count;
	uint64_t segments[AREA_SEGMENTS]; /* addresses divided by AREA_SEGMENT_BYTES; 0: none */
};

/* The place of a segment in the table, or of the free entry for it; AREA_SEGMENTS if the
 * table is full. */
static inline uint64_t area_sums__slot(const struct area_sums *sums, uint64_t segment)
{
	for (uint64_t i = 0; i < AREA_SEGMENTS; i++) {
		uint64_t slot = (segment + i) % AREA_SEGMENTS;

		if (sums->segments[slot] == segment || sums->segments[slot] == 0)
			return slot;
	}
	return AREA_SEGMENTS;
}

#endif
