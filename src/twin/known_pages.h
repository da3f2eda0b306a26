/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_KNOWN_PAGES_H
#define MEMSONDE_TWIN_KNOWN_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The pages that functions in a twin touched, with a sum of what was in them when they were
 * fetched. All zero is an empty list.
 */
struct known_page {
	uint64_t address;
	uint64_t sum;
	unsigned int asker; /* for whom it was touched first */
};

struct known_pages {
	struct known_page *items;
	size_t count, capacity;
};

void known_pages__release(struct known_pages *known);

/* Adds pages that follow each other. */
void known_pages__add(struct known_pages *known, uint64_t address, size_t pages, const char *data,
		      size_t page_bytes, unsigned int asker);

/* Replaces what was in pages from an index on. */
void known_pages__set(struct known_pages *known, size_t index, size_t pages, const char *data,
		      size_t page_bytes);

/* Whether pages from an index on still hold the same. */
bool known_pages__hold(const struct known_pages *known, size_t index, size_t pages,
		       const char *data, size_t page_bytes);

/* By address, each once. */
void known_pages__sort(struct known_pages *known);

/* How many from an index on follow each other in memory, at most max_pages. */
size_t known_pages__run(const struct known_pages *known, size_t index, size_t max_pages,
			size_t page_bytes);

#endif
