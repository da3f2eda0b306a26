/* SPDX-License-Identifier: GPL-2.0-only */
#include "twin/known_pages.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "base/memory.h"

void known_pages__release(struct known_pages *known)
{
	free(known->items);
	*known = (struct known_pages){0};
}

void known_pages__set(struct known_pages *known, size_t index, size_t pages, const char *data,
		      size_t page_bytes)
{
	for (size_t i = 0; i < pages; i++)
		known->items[index + i].sum = XXH3_64bits(data + i * page_bytes, page_bytes);
}

void known_pages__add(struct known_pages *known, uint64_t address, size_t pages, const char *data,
		      size_t page_bytes, unsigned int asker)
{
	for (size_t i = 0; i < pages; i++) {
		ARRAY_GROW(known->items, known->count, known->capacity);
		known->items[known->count++] =
			(struct known_page){.address = address + i * page_bytes, .asker = asker};
	}
	known_pages__set(known, known->count - pages, pages, data, page_bytes);
}

bool known_pages__hold(const struct known_pages *known, size_t index, size_t pages,
		       const char *data, size_t page_bytes)
{
	for (size_t i = 0; i < pages; i++)
		if (known->items[index + i].sum != XXH3_64bits(data + i * page_bytes, page_bytes))
			return false;
	return true;
}

static int compare_addresses(const void *left, const void *right)
{
	const struct known_page *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

void known_pages__sort(struct known_pages *known)
{
	size_t kept = 0;

	if (known->count)
		qsort(known->items, known->count, sizeof(*known->items), compare_addresses);
	for (size_t i = 0; i < known->count; i++)
		if (!kept || known->items[kept - 1].address != known->items[i].address)
			known->items[kept++] = known->items[i];
	known->count = kept;
}

size_t known_pages__run(const struct known_pages *known, size_t index, size_t max_pages,
			size_t page_bytes)
{
	const struct known_page *items = known->items;
	size_t count = 1;

	while (count < max_pages && index + count < known->count &&
	       items[index + count].address == items[index].address + count * page_bytes)
		count++;
	return count;
}
