/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffers that can grow: for the memory of a WebAssembly module V8 reserves several GiB of
 * address space, of which the beginning is accessible, so that no access needs a check.
 * Nothing else in a process with V8 looks so, other than its code range, which it tells.
 */
#include "twin/v8.h"

/* More than any guard, or the inaccessible rest of malloc's arenas. */
#define MIN_RESERVED_BYTES (UINT64_C(1) << 30)

static bool is_inaccessible(const struct mapping *mapping)
{
	return !mapping->readable && !mapping->writable && !mapping->executable;
}

static bool is_plain(const struct mapping *mapping)
{
	return !mapping->has_file && !mapping->shared && !mapping->hugetlb && !mapping->device &&
	       !mapping->grows_down;
}

static bool is_code(uint64_t address, const struct v8_isolate *isolates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (address >= isolates[i].code_start && address < isolates[i].code_end)
			return true;
	return false;
}

void v8_reservations__claim(struct evaluation *evaluation, const struct v8_isolate *isolates,
			    size_t count)
{
	const struct twin_target *target = evaluation->target;

	for (size_t i = 0; i + 1 < target->mapping_count; i++) {
		const struct mapping *mapping = &target->mappings[i];
		const struct mapping *rest = mapping + 1;

		if (is_plain(mapping) && is_plain(rest) && mapping->readable && mapping->writable &&
		    !mapping->executable && is_inaccessible(rest) && rest->start == mapping->end &&
		    rest->end - rest->start >= MIN_RESERVED_BYTES &&
		    !is_code(mapping->start, isolates, count))
			evaluation__claim(evaluation, mapping->start, mapping->end,
					  CLASS_ARRAY_BUFFERS);
	}
}
