/* SPDX-License-Identifier: GPL-2.0-only */
#include "parse/symbol_names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash_table.h"
#include "base/memory.h"

#define NO_ITEM UINT32_MAX

/* The key is the end of the text: mangled names begin alike. */
struct wanted_name {
	const char *text;
	uint32_t length; /* without the '*' */
	uint32_t next;	 /* in the bucket, or among the patterns */
	uint64_t key;
};

/* A name is known by as many of its first bytes as one of these lengths allows. */
enum head_class { HEAD_OF_0, HEAD_OF_4, HEAD_OF_8, HEAD_OF_16, HEAD_OF_24, HEAD_CLASSES };

static const uint32_t head_lengths[] = {
	[HEAD_OF_0] = 0,
	[HEAD_OF_4] = 4,
	[HEAD_OF_8] = 8,
	[HEAD_OF_16] = 16,
	[HEAD_OF_24] = SYMBOL_HEAD_BYTES,
};

#define HEAD_SLOTS 1024
#define HEAD_SHIFT 54 /* the highest bits of a hash */

struct symbol_names {
	struct wanted_name *items;
	size_t count;
	uint32_t patterns; /* the first */
	uint32_t bucket_mask;
	uint32_t *buckets; /* of exact names */
	bool heads[HEAD_CLASSES][HEAD_SLOTS];
};

static uint64_t key_of(const char *text, size_t length)
{
	uint64_t key = 0;

	if (length >= sizeof(key))
		memcpy(&key, text + length - sizeof(key), sizeof(key));
	else
		memcpy(&key, text, length);
	return key;
}

static uint32_t *bucket_of(const struct symbol_names *names, uint64_t key, size_t length)
{
	return &names->buckets[hash_number(key ^ length) & names->bucket_mask];
}

static uint64_t mix(uint64_t number)
{
	return number * UINT64_C(0x9e3779b97f4a7c15);
}

/* The slot of each length, all in one go: this runs for every symbol. */
static void find_slots(const char *head, uint32_t slots[HEAD_CLASSES])
{
	uint64_t words[SYMBOL_HEAD_BYTES / sizeof(uint64_t)], hash;

	memcpy(words, head, sizeof(words));
	slots[HEAD_OF_0] = 0;
	slots[HEAD_OF_4] = mix((uint32_t)words[0]) >> HEAD_SHIFT;
	hash = mix(words[0]);
	slots[HEAD_OF_8] = hash >> HEAD_SHIFT;
	hash = mix(hash ^ words[1]);
	slots[HEAD_OF_16] = hash >> HEAD_SHIFT;
	hash = mix(hash ^ words[2]);
	slots[HEAD_OF_24] = hash >> HEAD_SHIFT;
}

static void add_head(struct symbol_names *names, const struct wanted_name *item)
{
	char head[SYMBOL_HEAD_BYTES] = {0};
	uint32_t slots[HEAD_CLASSES];
	size_t kind = HEAD_CLASSES - 1;

	while (head_lengths[kind] > item->length)
		kind--;
	memcpy(head, item->text, head_lengths[kind]);
	find_slots(head, slots);
	names->heads[kind][slots[kind]] = true;
}

bool symbol_names__may_match(const struct symbol_names *names, const char *head)
{
	uint32_t slots[HEAD_CLASSES];
	bool found = false;

	find_slots(head, slots);
	for (size_t i = 0; i < HEAD_CLASSES; i++)
		found |= names->heads[i][slots[i]];
	return found;
}

static void add_name(struct symbol_names *names, uint32_t index, const char *text)
{
	struct wanted_name *item = &names->items[index];
	size_t length = strlen(text);
	bool pattern = length && text[length - 1] == '*';
	uint32_t *head;

	item->text = text;
	item->length = (uint32_t)(length - pattern);
	item->key = key_of(text, item->length);
	head = pattern ? &names->patterns : bucket_of(names, item->key, item->length);
	item->next = *head;
	*head = index;
	add_head(names, item);
}

struct symbol_names *symbol_names__new(const char *const *list, size_t count)
{
	struct symbol_names *names = xcalloc(1, sizeof(*names));
	size_t buckets = 64;

	while (buckets < 8 * count)
		buckets *= 2;
	names->items = xcalloc(count ? count : 1, sizeof(*names->items));
	names->count = count;
	names->buckets = xcalloc(buckets, sizeof(*names->buckets));
	names->bucket_mask = (uint32_t)buckets - 1;
	memset(names->buckets, 0xff, buckets * sizeof(*names->buckets)); /* NO_ITEM */
	names->patterns = NO_ITEM;
	for (size_t i = 0; i < count; i++)
		add_name(names, (uint32_t)i, list[i]);
	return names;
}

void symbol_names__free(struct symbol_names *names)
{
	if (!names)
		return;
	free(names->items);
	free(names->buckets);
	free(names);
}

size_t symbol_names__count(const struct symbol_names *names)
{
	return names->count;
}

static bool is_number(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isdigit((unsigned char)text[i]))
			return false;
	return length > 0;
}

/* Suffixes of functions that are whole. */
static bool is_clone_suffix(const char *text, size_t length)
{
	static const char *const suffixes[] = {"isra", "constprop", "lto_priv", "llvm"};

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (strlen(suffixes[i]) == length && memcmp(text, suffixes[i], length) == 0)
			return true;
	return is_number(text, length);
}

enum name_match symbol_names__rest(const char *rest, size_t length)
{
	const char *end = rest + length;
	const char *dot = memchr(rest, '.', length);

	if (!dot)
		return NAME_WHOLE;
	while (dot) {
		const char *part = dot + 1;

		dot = memchr(part, '.', (size_t)(end - part));
		if (!is_clone_suffix(part, (size_t)((dot ? dot : end) - part)))
			return NAME_NONE;
	}
	return NAME_CLONE;
}

static size_t match_exactly(const struct symbol_names *names, const char *name, size_t length,
			    struct name_hit *hits)
{
	uint64_t key = key_of(name, length);
	uint32_t index = *bucket_of(names, key, length);
	size_t found = 0;

	for (; index != NO_ITEM; index = names->items[index].next) {
		const struct wanted_name *item = &names->items[index];

		if (item->key == key && item->length == length &&
		    memcmp(item->text, name, length) == 0)
			hits[found++] = (struct name_hit){.index = index, .match = NAME_WHOLE};
	}
	return found;
}

static bool begins_with(const struct wanted_name *item, const char *name, size_t length)
{
	return length >= item->length && key_of(name, item->length) == item->key &&
	       memcmp(item->text, name, item->length) == 0;
}

static size_t match_patterns(const struct symbol_names *names, const char *name, size_t length,
			     struct name_hit *hits)
{
	size_t found = 0;

	for (uint32_t i = names->patterns; i != NO_ITEM; i = names->items[i].next) {
		const struct wanted_name *item = &names->items[i];
		struct name_hit hit = {.index = i};

		if (!begins_with(item, name, length))
			continue;
		hit.rest_length = (uint32_t)length - item->length;
		hit.match = symbol_names__rest(name + item->length, hit.rest_length);
		if (hit.match != NAME_NONE)
			hits[found++] = hit;
	}
	return found;
}

size_t symbol_names__match(const struct symbol_names *names, const char *name, size_t length,
			   struct name_hit *hits)
{
	size_t found = match_exactly(names, name, length, hits);

	return found + match_patterns(names, name, length, hits + found);
}
