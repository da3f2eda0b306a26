/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_BASE_HASH_TABLE_H
#define MEMSONDE_BASE_HASH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Finds items by hash: open addressing with linear probing. The items belong to the
 * caller, who also knows their keys. All zero is an empty table.
 */
struct hash_table {
	struct hash_slot *slots;
	size_t count, capacity; /* capacity: a power of two, or 0 */
};

/* Adds an item; the caller has made sure that its key is not there. */
void hash_table__add(struct hash_table *table, uint64_t hash, void *item);

/* The item of that hash for which matches() is true, or NULL. */
void *hash_table__find(const struct hash_table *table, uint64_t hash,
		       bool (*matches)(const void *item, const void *wanted), const void *wanted);

/* Takes an item out. False if it was not there. */
bool hash_table__remove(struct hash_table *table, uint64_t hash, const void *item);

/* Takes all items out and keeps the memory. */
void hash_table__clear(struct hash_table *table);
void hash_table__release(struct hash_table *table);

/* Spreads the bits of a number over all of the hash. */
static inline uint64_t hash_number(uint64_t number)
{
	number = (number ^ number >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	number = (number ^ number >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
	return number ^ number >> 32;
}

/* Continues a hash by a text, eight bytes a step. */
static inline uint64_t hash_text(uint64_t hash, const char *text)
{
	size_t left = strlen(text);

	hash = hash_number(hash + left);
	while (left) {
		size_t length = left < sizeof(uint64_t) ? left : sizeof(uint64_t);
		uint64_t part = 0;

		memcpy(&part, text, length);
		hash = hash_number(hash ^ part);
		text += length;
		left -= length;
	}
	return hash;
}

#endif
