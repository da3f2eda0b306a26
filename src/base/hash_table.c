/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/hash_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define CAPACITY_FIRST 64

struct hash_slot {
	uint64_t hash;
	void *item; /* NULL: free */
};

static size_t next_slot(const struct hash_table *table, size_t slot)
{
	return (slot + 1) & (table->capacity - 1);
}

static size_t home_slot(const struct hash_table *table, uint64_t hash)
{
	return hash & (table->capacity - 1);
}

static void place(struct hash_table *table, uint64_t hash, void *item)
{
	size_t slot = home_slot(table, hash);

	while (table->slots[slot].item)
		slot = next_slot(table, slot);
	table->slots[slot] = (struct hash_slot){hash, item};
}

static void grow(struct hash_table *table)
{
	struct hash_table larger = {
		.count = table->count,
		.capacity = table->capacity ? 2 * table->capacity : CAPACITY_FIRST,
	};

	larger.slots = xcalloc(larger.capacity, sizeof(*larger.slots));
	for (size_t i = 0; i < table->capacity; i++)
		if (table->slots[i].item)
			place(&larger, table->slots[i].hash, table->slots[i].item);
	free(table->slots);
	*table = larger;
}

void hash_table__add(struct hash_table *table, uint64_t hash, void *item)
{
	/* half full at most: a probe is one or two steps long */
	if (2 * (table->count + 1) > table->capacity)
		grow(table);
	place(table, hash, item);
	table->count++;
}

void *hash_table__find(const struct hash_table *table, uint64_t hash,
		       bool (*matches)(const void *item, const void *wanted), const void *wanted)
{
	if (!table->count)
		return NULL;
	for (size_t i = home_slot(table, hash); table->slots[i].item; i = next_slot(table, i))
		if (table->slots[i].hash == hash && matches(table->slots[i].item, wanted))
			return table->slots[i].item;
	return NULL;
}

/* Moves items into the hole as long as that brings them nearer to where a probe for
 * them starts, so that no probe ends too early. */
static void close_hole(struct hash_table *table, size_t hole)
{
	size_t mask = table->capacity - 1;

	for (size_t i = next_slot(table, hole); table->slots[i].item; i = next_slot(table, i)) {
		size_t home = home_slot(table, table->slots[i].hash);

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			table->slots[hole] = table->slots[i];
			hole = i;
		}
	}
	table->slots[hole].item = NULL;
}

bool hash_table__remove(struct hash_table *table, uint64_t hash, const void *item)
{
	if (!table->count)
		return false;
	for (size_t i = home_slot(table, hash); table->slots[i].item; i = next_slot(table, i)) {
		if (table->slots[i].item != item)
			continue;
		close_hole(table, i);
		table->count--;
		return true;
	}
	return false;
}

void hash_table__clear(struct hash_table *table)
{
	if (table->count)
		memset(table->slots, 0, table->capacity * sizeof(*table->slots));
	table->count = 0;
}

void hash_table__release(struct hash_table *table)
{
	free(table->slots);
	*table = (struct hash_table){0};
}
