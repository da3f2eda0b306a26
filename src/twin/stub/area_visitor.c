/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A visitor for functions of the target that show what they have, one area after the
 * other: it must be where they run. What it is given is the word of hostile code, and only
 * the twin can be harmed by what it does with it.
 */
#include "twin/area_sums.h"

static int is_odd(const struct heap_area *area)
{
	/* a block is never larger than its area: no overflow */
	return area->block_bytes > area->full_block_bytes ||
	       (area->used_blocks &&
		area->full_block_bytes > area->committed_bytes / area->used_blocks) ||
	       area->committed_bytes > area->reserved_bytes;
}

static void note_segments(struct area_sums *sums, const struct heap_area *area)
{
	uint64_t first = area->blocks / AREA_SEGMENT_BYTES;
	uint64_t last = (area->blocks + area->reserved_bytes - 1) / AREA_SEGMENT_BYTES;

	for (uint64_t segment = first; segment <= last; segment++) {
		uint64_t slot = area_sums__slot(sums, segment);

		if (slot == AREA_SEGMENTS) {
			sums->odd_areas++;
			return;
		}
		if (sums->segments[slot] == 0)
			sums->segment_count++;
		sums->segments[slot] = segment;
	}
}

/* Nonzero: go on. */
uint64_t __attribute__((used, section(".text.area_visitor")))
twin_area_visitor(const void *heap, const struct heap_area *area, const void *block,
		  uint64_t block_bytes, struct area_sums *sums)
{
	(void)heap;
	(void)block;
	(void)block_bytes;
	sums->areas++;
	if (is_odd(area)) {
		sums->odd_areas++;
		return 1;
	}
	sums->used_blocks += area->used_blocks;
	sums->used_bytes += area->used_blocks * area->block_bytes;
	sums->committed_bytes += area->committed_bytes;
	if (area->reserved_bytes)
		note_segments(sums, area);
	return 1;
}
