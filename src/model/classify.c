/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How regions are told apart. Files, shared memory and the main stack are marked by
 * the kernel. Private anonymous memory is not, so:
 *
 * malloc, main arena: from the start of brk to brk.
 *
 * malloc, further arenas of glibc: blocks of 64 MiB, aligned to their size, of which
 * a writable part is followed by an inaccessible rest (glibc's HEAP_MAX_SIZE; seen in
 * 2.31 to 2.41). Neighbouring arenas can share a mapping when one is full.
 *
 * malloc, large chunks: memory that begins with the header of a chunk that was mapped
 * for itself: previous size 0, size a multiple of the page with the bit IS_MMAPPED and
 * no other. The kernel merges neighbouring mappings, so they are looked for at each
 * page that no other chunk covers. Blocks of aligned_alloc() lie at an offset in their
 * mapping and have a previous size; they are not recognised.
 *
 * Threads' stacks: the mapping that holds a thread's stack pointer, from the guard
 * below to the thread's control block, which C libraries put at its upper end. Where
 * neither is found (runtimes that make their own stacks) only what lies between the
 * stack pointer and the end of its page is certain.
 */
#include "model/classify.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define ARENA_BYTES		  (64ULL << 20)
#define CHUNK_IS_MMAPPED	  2ULL
#define CHUNK_FLAGS		  7ULL
#define MAX_GUARDLESS_STACK_BYTES (16ULL << 20)

/* Pages that may be looked into for chunks, per process: 64 MiB of memory that is
 * none, some milliseconds. */
#define MAX_PROBES	    16384
#define PROBES_PER_READ	    256
#define SMALL_MAPPING_BYTES (4ULL << 20)

/* Ranges of one class inside private anonymous mappings, collected before the regions
 * are laid out. Earlier ones win where they overlap. */
struct claims {
	struct region *items;
	size_t count, capacity;
};

static void claim(struct claims *claims, uint64_t start, uint64_t end, enum memory_class class)
{
	if (start >= end)
		return;
	ARRAY_GROW(claims->items, claims->count, claims->capacity);
	claims->items[claims->count++] =
		(struct region){.start = start, .end = end, .class = class};
}

static uint64_t round_down(uint64_t address, uint64_t unit)
{
	return address & ~(unit - 1);
}

static uint64_t round_up(uint64_t address, uint64_t unit)
{
	return round_down(address + unit - 1, unit);
}

static bool is_private_anonymous(const struct mapping *mapping)
{
	return !mapping->has_file && !mapping->shared && !mapping->hugetlb && !mapping->device;
}

static bool is_inaccessible(const struct mapping *mapping)
{
	return !mapping->readable && !mapping->writable && !mapping->executable;
}

/* Index of the mapping that holds an address, or mapping_count. */
static size_t find_mapping(const struct address_space *space, uint64_t address)
{
	size_t low = 0, high = space->mapping_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (space->mappings[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < space->mapping_count && space->mappings[low].start <= address)
		return low;
	return space->mapping_count;
}

/* Whether private anonymous mappings cover [start, end) without a gap, writable ones
 * first, then inaccessible ones. *writable_end tells where the latter begin. */
static bool has_arena_shape(const struct address_space *space, size_t first, uint64_t start,
			    uint64_t end, uint64_t *writable_end)
{
	uint64_t reached = start;
	bool rest = false;

	*writable_end = start;
	for (size_t i = first; i < space->mapping_count && reached < end; i++) {
		const struct mapping *mapping = &space->mappings[i];

		if (mapping->start > reached || !is_private_anonymous(mapping))
			return false;
		if (is_inaccessible(mapping))
			rest = true;
		else if (rest || !mapping->writable)
			return false;
		reached = mapping->end;
		if (!rest)
			*writable_end = reached < end ? reached : end;
	}
	return reached >= end && *writable_end > start;
}

/* A block that is writable to its end has no inaccessible rest to know it by: it is
 * taken for an arena only next to one that has. */
static void claim_arenas(const struct address_space *space, struct claims *claims)
{
	uint64_t last_arena_end = 0;

	for (size_t i = 0; i < space->mapping_count; i++) {
		const struct mapping *mapping = &space->mappings[i];
		uint64_t block = round_up(mapping->start, ARENA_BYTES);

		if (!is_private_anonymous(mapping) || !mapping->writable)
			continue;
		for (; block < mapping->end; block += ARENA_BYTES) {
			uint64_t end = block + ARENA_BYTES, writable_end;

			if (!has_arena_shape(space, i, block, end, &writable_end))
				continue;
			if (writable_end == end && last_arena_end != block)
				continue;
			claim(claims, block, writable_end, CLASS_MALLOC);
			last_arena_end = end;
		}
	}
}

/* Pages whose first words were read in one go. */
struct probe_window {
	uint64_t start; /* of the first page */
	size_t page_count;
	struct page_words words[PROBES_PER_READ];
};

/* Makes the window hold the page; false when the budget of the process is used up. */
static bool look_at_page(const struct address_space *space, struct probe_window *window,
			 uint64_t address, uint64_t end, size_t *budget)
{
	uint64_t addresses[PROBES_PER_READ];
	size_t count = 0;

	if (address >= window->start &&
	    address - window->start < window->page_count * space->page_bytes)
		return true;
	while (count < PROBES_PER_READ && count < *budget &&
	       address + count * space->page_bytes < end) {
		addresses[count] = address + count * space->page_bytes;
		count++;
	}
	if (count == 0)
		return false;
	space->read_pages(space->read_context, addresses, count, window->words);
	window->start = address;
	window->page_count = count;
	*budget -= count;
	return true;
}

/* The length of the mmapped chunk that begins with these words, 0 if none does. */
static uint64_t chunk_bytes(const struct page_words *words, uint64_t page_bytes, uint64_t room)
{
	uint64_t bytes = words->second & ~CHUNK_FLAGS;

	if (words->first != 0 || (words->second & CHUNK_FLAGS) != CHUNK_IS_MMAPPED || bytes == 0 ||
	    bytes % page_bytes != 0 || bytes > room)
		return 0;
	return bytes;
}

/* A chunk can begin at any page, as the kernel merges it with what lies below. */
static void claim_chunks_of(const struct address_space *space, uint64_t address, uint64_t end,
			    size_t *budget, struct claims *claims)
{
	struct probe_window window = {0};

	while (address < end && look_at_page(space, &window, address, end, budget)) {
		size_t index = (address - window.start) / space->page_bytes;
		uint64_t bytes =
			chunk_bytes(&window.words[index], space->page_bytes, end - address);

		claim(claims, address, address + bytes, CLASS_MALLOC);
		address += bytes ? bytes : space->page_bytes;
	}
}

static bool may_hold_chunks(const struct mapping *mapping)
{
	return is_private_anonymous(mapping) && mapping->writable && mapping->readable &&
	       !mapping->executable && !mapping->grows_down && mapping->name[0] == '\0';
}

/* Small mappings first, as the budget may not do for all: a chunk in a large one then
 * stays with `anon`. */
static void claim_chunks(const struct address_space *space, struct claims *claims)
{
	size_t budget = MAX_PROBES;
	uint64_t limit_bytes = SMALL_MAPPING_BYTES, done_bytes = 0;

	if (!space->read_pages)
		return;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < space->mapping_count; i++) {
			const struct mapping *mapping = &space->mappings[i];
			uint64_t bytes = mapping->end - mapping->start;

			if (may_hold_chunks(mapping) && bytes > done_bytes && bytes <= limit_bytes)
				claim_chunks_of(space, mapping->start, mapping->end, &budget,
						claims);
		}
		done_bytes = limit_bytes;
		limit_bytes = UINT64_MAX;
	}
}

static int compare_threads(const void *left, const void *right)
{
	const struct thread_registers *a = left, *b = right;

	return (a->stack_pointer > b->stack_pointer) - (a->stack_pointer < b->stack_pointer);
}

/* Where the stack of a thread begins: the mapping's start if a guard lies below or it
 * is small, above another thread's stack in the same mapping (guards need no mapping
 * of their own since glibc 2.42), else at the stack pointer. */
static uint64_t stack_start(const struct address_space *space, size_t index, uint64_t pointer,
			    uint64_t lower_end)
{
	const struct mapping *mapping = &space->mappings[index];
	const struct mapping *below = index > 0 ? mapping - 1 : NULL;

	if (lower_end > mapping->start)
		return lower_end;
	if (below && below->end == mapping->start && is_inaccessible(below))
		return mapping->start;
	if (mapping->end - mapping->start <= MAX_GUARDLESS_STACK_BYTES)
		return mapping->start;
	return round_down(pointer, space->page_bytes);
}

static void claim_stacks(const struct address_space *space, struct claims *claims)
{
	uint64_t lower_end = 0;

	qsort(space->threads, space->thread_count, sizeof(*space->threads), compare_threads);
	for (size_t i = 0; i < space->thread_count; i++) {
		uint64_t pointer = space->threads[i].stack_pointer;
		uint64_t control = space->threads[i].thread_pointer;
		size_t index = find_mapping(space, pointer);
		const struct mapping *mapping = &space->mappings[index];
		uint64_t start, end;

		if (index == space->mapping_count || !is_private_anonymous(mapping) ||
		    mapping->grows_down)
			continue;
		if (control > pointer && control < mapping->end) {
			start = stack_start(space, index, pointer, lower_end);
			end = round_up(control + 1, space->page_bytes);
		} else {
			start = round_down(pointer, space->page_bytes);
			end = start + space->page_bytes;
		}
		claim(claims, start, end, CLASS_STACK);
		lower_end = end;
	}
}

/* The class of a mapping that is of one class as a whole. */
static enum memory_class class_of_mapping(const struct address_space *space,
					  const struct mapping *mapping)
{
	if (mapping->hugetlb || mapping->device)
		return CLASS_NOT_IN_RSS;
	if (mapping->has_file && mapping->executable && !(mapping->shmem && mapping->unlinked))
		return CLASS_CODE;
	if (mapping->has_file)
		return mapping->shmem ? CLASS_SHMEM : CLASS_FILE;
	if (mapping->shared)
		return CLASS_SHMEM;
	if (mapping->grows_down ||
	    (space->start_stack >= mapping->start && space->start_stack < mapping->end))
		return CLASS_STACK;
	if (space->vdso && mapping->start == space->vdso)
		return CLASS_CODE;
	return CLASS_ANON;
}

static int compare_claims(const void *left, const void *right)
{
	const struct region *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

static void add_region(struct regions *regions, uint64_t start, uint64_t end,
		       enum memory_class class, size_t mapping)
{
	if (start >= end)
		return;
	ARRAY_GROW(regions->items, regions->count, regions->capacity);
	regions->items[regions->count++] =
		(struct region){.start = start, .end = end, .class = class, .mapping = mapping};
}

/* Cuts the mapping along the claims from *next on; those that reach beyond it stay for
 * the next mapping. */
static void cut_mapping(const struct address_space *space, size_t index,
			const struct claims *claims, size_t *next, struct regions *regions)
{
	const struct mapping *mapping = &space->mappings[index];
	uint64_t at = mapping->start;

	while (*next < claims->count && claims->items[*next].start < mapping->end) {
		const struct region *item = &claims->items[*next];
		uint64_t start = item->start > at ? item->start : at;
		uint64_t end = item->end < mapping->end ? item->end : mapping->end;

		if (end > start) {
			add_region(regions, at, start, CLASS_ANON, index);
			add_region(regions, start, end, item->class, index);
			at = end;
		}
		if (item->end > mapping->end)
			break;
		(*next)++;
	}
	add_region(regions, at, mapping->end, CLASS_ANON, index);
}

void classify(const struct address_space *space, struct regions *regions)
{
	struct claims claims = {0};
	size_t next = 0;

	regions->count = 0;
	claim(&claims, round_down(space->start_brk, space->page_bytes),
	      round_up(space->brk, space->page_bytes), CLASS_MALLOC);
	claim_stacks(space, &claims);
	claim_arenas(space, &claims);
	claim_chunks(space, &claims);
	if (claims.count)
		qsort(claims.items, claims.count, sizeof(*claims.items), compare_claims);
	for (size_t i = 0; i < space->mapping_count; i++) {
		const struct mapping *mapping = &space->mappings[i];
		enum memory_class class = class_of_mapping(space, mapping);

		while (next < claims.count && claims.items[next].end <= mapping->start)
			next++;
		if (class == CLASS_ANON)
			cut_mapping(space, i, &claims, &next, regions);
		else
			add_region(regions, mapping->start, mapping->end, class, i);
	}
	free(claims.items);
}

void regions__release(struct regions *regions)
{
	free(regions->items);
	memset(regions, 0, sizeof(*regions));
}
