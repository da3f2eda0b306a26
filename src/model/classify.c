/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How regions are told apart. Files, shared memory and the main stack are marked by
 * the kernel. Private anonymous memory is not, so:
 *
 * malloc, main arena: from the start of brk to brk.
 *
 * malloc, further arenas of glibc: blocks of 64 MiB, aligned to their size, of which
 * a writable part is followed by an inaccessible rest, if it is not full (glibc's
 * HEAP_MAX_SIZE; seen in 2.31 to 2.41). A block begins with the address of its arena,
 * which lies in the first page of a block, and that of the block before: other heaps
 * have the same shape (Go's, some reserved cages). Where that page is not resident the
 * shape decides; a full block then needs an arena below it. Neighbouring arenas can
 * share a mapping when one is full.
 *
 * malloc, large chunks: memory that begins with the header of a chunk that was mapped
 * for itself: previous size 0, size a multiple of the page with the bit IS_MMAPPED and
 * no other. The kernel merges neighbouring mappings, so they are looked for at each
 * page that nothing else covers. Blocks of aligned_alloc() lie at an offset in their
 * mapping and have a previous size; they are not recognised.
 *
 * Threads' stacks: the mapping that holds a thread's stack pointer, from the guard
 * below to the thread's control block, which C libraries put at its upper end. Where
 * neither is found (runtimes that make their own stacks) only what lies between the
 * stack pointer and the end of its page is certain. A thread that is on another stack
 * than its own (a signal's, a coroutine's) still has its own below its control block,
 * if there is a guard to tell where that begins.
 *
 * Where these overlap, what is told by the kernel comes first, then stacks, as they can
 * lie in memory from malloc, then what the process's own libraries say of their memory,
 * then arenas, then chunks.
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
 * are laid out. */
struct claims {
	struct region *items;
	size_t count, capacity;
};

/* A range of the same kind as another. */
static void claim_like(struct claims *claims, uint64_t start, uint64_t end,
		       const struct region *kind)
{
	struct region *item;

	if (start >= end)
		return;
	ARRAY_GROW(claims->items, claims->count, claims->capacity);
	item = &claims->items[claims->count++];
	*item = *kind;
	item->start = start;
	item->end = end;
}

static void claim(struct claims *claims, uint64_t start, uint64_t end, enum memory_class class)
{
	claim_like(claims, start, end, &(struct region){.class = class});
}

static int compare_claims(const void *left, const void *right)
{
	const struct region *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

/*
 * Adds claims of one class and of lower rank, of which only what the claims left free
 * counts, and frees them. The claims stay in the order of addresses and disjoint.
 */
static void add_below(struct claims *claims, struct claims *lower)
{
	struct claims both = {0};
	uint64_t reached = 0;
	size_t next = 0;

	if (lower->count)
		qsort(lower->items, lower->count, sizeof(*lower->items), compare_claims);
	for (size_t i = 0; i < lower->count; i++) {
		const struct region *item = &lower->items[i];
		uint64_t at = item->start > reached ? item->start : reached;

		for (; next < claims->count && claims->items[next].start < item->end; next++) {
			const struct region *higher = &claims->items[next];

			claim_like(&both, at, higher->start, item);
			at = higher->end > at ? higher->end : at;
			if (higher->end > item->end)
				break;
			claim_like(&both, higher->start, higher->end, higher);
		}
		claim_like(&both, at, item->end, item);
		reached = item->end > reached ? item->end : reached;
	}
	for (; next < claims->count; next++)
		claim_like(&both, claims->items[next].start, claims->items[next].end,
			   &claims->items[next]);
	free(claims->items);
	free(lower->items);
	*claims = both;
	memset(lower, 0, sizeof(*lower));
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

size_t mappings__behind(const struct mapping *mappings, size_t count, uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mappings[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Index of the mapping that holds an address, or mapping_count. */
static size_t find_mapping(const struct address_space *space, uint64_t address)
{
	size_t index = mappings__behind(space->mappings, space->mapping_count, address);

	if (index < space->mapping_count && space->mappings[index].start <= address)
		return index;
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

static struct page_words words_at(const struct address_space *space, uint64_t address)
{
	struct page_words words = {0};

	if (space->read_pages)
		space->read_pages(space->read_context, &address, 1, &words);
	return words;
}

/* Whether a block can be one of an arena by what it begins with: the address of the
 * arena, in this block if it is the first of it, and that of the block before. */
static bool has_arena_header(const struct address_space *space, uint64_t block,
			     const struct page_words *words)
{
	uint64_t first_block = round_down(words->first, ARENA_BYTES);

	if (words->first <= first_block || words->first - first_block >= space->page_bytes)
		return false;
	if (words->second == 0)
		return first_block == block;
	return first_block != block && words->second != block && words->second % ARENA_BYTES == 0;
}

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
			struct page_words words;

			if (!has_arena_shape(space, i, block, end, &writable_end))
				continue;
			words = words_at(space, block);
			if (words.known ? !has_arena_header(space, block, &words)
					: writable_end == end && last_arena_end != block)
				continue;
			claim(claims, block, writable_end, CLASS_MALLOC);
			last_arena_end = end;
		}
	}
}

/* The search for chunks in one process. */
struct chunk_search {
	const struct address_space *space;
	const struct claims *taken;
	struct claims found;
	size_t budget; /* of pages */
	/* Pages whose first words were read in one go. */
	uint64_t window_start;
	size_t window_pages, pages_per_read;
	struct page_words words[PROBES_PER_READ];
};

/* Makes the window hold the page; false when the budget is used up. Reads more pages at
 * a time the longer there was no chunk: behind a chunk the next one is likely. */
static bool look_at_page(struct chunk_search *search, uint64_t address, uint64_t end)
{
	uint64_t page_bytes = search->space->page_bytes;
	uint64_t addresses[PROBES_PER_READ];
	size_t count = 0;

	if (address - search->window_start < search->window_pages * page_bytes)
		return true;
	while (count < search->pages_per_read && count < search->budget &&
	       address + count * page_bytes < end) {
		addresses[count] = address + count * page_bytes;
		count++;
	}
	if (count == 0)
		return false;
	search->space->read_pages(search->space->read_context, addresses, count, search->words);
	search->window_start = address;
	search->window_pages = count;
	search->budget -= count;
	if (search->pages_per_read < PROBES_PER_READ)
		search->pages_per_read *= 2;
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

/* The first address from here on that no claim covers; *end is where the next begins. */
static uint64_t pass_claims(const struct claims *claims, uint64_t address, uint64_t *end)
{
	size_t low = 0, high = claims->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (claims->items[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	while (low < claims->count && claims->items[low].start <= address)
		address = claims->items[low++].end;
	if (low < claims->count && claims->items[low].start < *end)
		*end = claims->items[low].start;
	return address;
}

/* A chunk can begin at any page, as the kernel merges it with what lies below. It may
 * go on behind a stack that lies in it. */
static void find_chunks_in(struct chunk_search *search, const struct mapping *mapping)
{
	uint64_t address = mapping->start, page_bytes = search->space->page_bytes;

	search->window_pages = 0;
	search->pages_per_read = 1;
	for (;;) {
		uint64_t end = mapping->end, bytes;

		address = pass_claims(search->taken, address, &end);
		if (address >= mapping->end || !look_at_page(search, address, end))
			return;
		bytes = chunk_bytes(&search->words[(address - search->window_start) / page_bytes],
				    page_bytes, mapping->end - address);
		claim_like(&search->found, address, address + bytes,
			   &(struct region){.class = CLASS_MALLOC, .single_block = true});
		if (bytes) {
			search->window_pages = 0;
			search->pages_per_read = 1;
		}
		address += bytes ? bytes : page_bytes;
	}
}

static bool may_hold_chunks(const struct mapping *mapping)
{
	return is_private_anonymous(mapping) && mapping->writable && mapping->readable &&
	       !mapping->executable && !mapping->grows_down && mapping->name[0] == '\0';
}

/* Small mappings first, as the budget may not do for all: a chunk in a large one then
 * stays with `anon`. */
static struct claims find_chunks(const struct address_space *space, const struct claims *taken)
{
	struct chunk_search search = {.space = space, .taken = taken, .budget = MAX_PROBES};

	if (!space->read_pages)
		return search.found;
	for (int large = 0; large < 2; large++) {
		for (size_t i = 0; i < space->mapping_count; i++) {
			const struct mapping *mapping = &space->mappings[i];
			bool is_large = mapping->end - mapping->start > SMALL_MAPPING_BYTES;

			if (may_hold_chunks(mapping) && is_large == large)
				find_chunks_in(&search, mapping);
		}
	}
	return search.found;
}

static int compare_threads(const void *left, const void *right)
{
	const struct thread_registers *a = left, *b = right;

	return (a->stack_pointer > b->stack_pointer) - (a->stack_pointer < b->stack_pointer);
}

static bool has_guard_below(const struct address_space *space, size_t index)
{
	const struct mapping *mapping = &space->mappings[index];

	return index > 0 && mapping[-1].end == mapping->start && is_inaccessible(&mapping[-1]);
}

static bool can_hold_stack(const struct address_space *space, size_t index)
{
	return index < space->mapping_count && is_private_anonymous(&space->mappings[index]) &&
	       !space->mappings[index].grows_down;
}

/* A thread pointer can point to anything, in runtimes that have no C library. */
static bool is_control_block(const struct address_space *space, uint64_t control)
{
	struct page_words words;

	if (!space->control_block_has_address)
		return true;
	words = words_at(space, control);
	return !words.known || words.first == control;
}

/* Where the stack of a thread begins: at the mapping's start if a guard lies below, else
 * there or above the next lower stack of the mapping, if that is not too far (guards need
 * no mapping of their own since glibc 2.42), else at the stack pointer. */
static uint64_t stack_start(const struct address_space *space, size_t index, uint64_t pointer,
			    uint64_t control, uint64_t lower_end)
{
	const struct mapping *mapping = &space->mappings[index];
	uint64_t start = lower_end > mapping->start ? lower_end : mapping->start;

	if (start == mapping->start && has_guard_below(space, index))
		return start;
	if (control - start <= MAX_GUARDLESS_STACK_BYTES)
		return start;
	return round_down(pointer, space->page_bytes);
}

/* The stack of a thread that is on another: it can be told by its guard alone. */
static void claim_left_stack(const struct address_space *space, uint64_t control,
			     struct claims *claims)
{
	size_t index = find_mapping(space, control);

	if (!control || !can_hold_stack(space, index) || !has_guard_below(space, index) ||
	    !space->control_block_has_address || !is_control_block(space, control))
		return;
	claim(claims, space->mappings[index].start, round_up(control + 1, space->page_bytes),
	      CLASS_STACK);
}

static void claim_stacks(const struct address_space *space, struct claims *claims)
{
	uint64_t lower_end = 0;

	if (space->thread_count)
		qsort(space->threads, space->thread_count, sizeof(*space->threads),
		      compare_threads);
	for (size_t i = 0; i < space->thread_count; i++) {
		uint64_t pointer = space->threads[i].stack_pointer;
		uint64_t control = space->threads[i].thread_pointer;
		uint64_t start = round_down(pointer, space->page_bytes);
		uint64_t end = start + space->page_bytes;
		size_t index = find_mapping(space, pointer);

		if (!can_hold_stack(space, index))
			continue;
		if (control > pointer && control < space->mappings[index].end &&
		    is_control_block(space, control)) {
			start = stack_start(space, index, pointer, control, lower_end);
			end = round_up(control + 1, space->page_bytes);
		} else {
			claim_left_stack(space, control, claims);
		}
		claim(claims, start, end, CLASS_STACK);
		lower_end = end;
	}
}

/* Names that C libraries give their mappings (PR_SET_VMA_ANON_NAME), by prefix: glibc's
 * with the tunable glibc.mem.decorate_maps, bionic's, Android's allocators. */
static const struct {
	const char *prefix;
	enum memory_class class;
} class_names[] = {
	{" glibc: malloc", CLASS_MALLOC}, {" glibc: pthread stack", CLASS_STACK},
	{"scudo:", CLASS_MALLOC},	  {"libc_malloc", CLASS_MALLOC},
	{"stack_and_tls:", CLASS_STACK},
};

static enum memory_class class_of_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(class_names); i++)
		if (strncmp(name, class_names[i].prefix, strlen(class_names[i].prefix)) == 0)
			return class_names[i].class;
	return CLASS_ANON;
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
	return class_of_name(mapping->name);
}

static void add_region(struct regions *regions, uint64_t start, uint64_t end,
		       const struct region *kind, size_t mapping)
{
	struct region *item;

	if (start >= end)
		return;
	ARRAY_GROW(regions->items, regions->count, regions->capacity);
	item = &regions->items[regions->count++];
	*item = *kind;
	item->start = start;
	item->end = end;
	item->mapping = mapping;
}

/* Cuts the mapping along the claims from *next on; those that reach beyond it stay for
 * the next mapping. */
static void cut_mapping(const struct address_space *space, size_t index,
			const struct claims *claims, size_t *next, struct regions *regions)
{
	static const struct region anonymous = {.class = CLASS_ANON};
	const struct mapping *mapping = &space->mappings[index];
	uint64_t at = mapping->start;

	while (*next < claims->count && claims->items[*next].start < mapping->end) {
		const struct region *item = &claims->items[*next];
		uint64_t start = item->start > at ? item->start : at;
		uint64_t end = item->end < mapping->end ? item->end : mapping->end;

		if (end > start) {
			add_region(regions, at, start, &anonymous, index);
			add_region(regions, start, end, item, index);
			at = end;
		}
		if (item->end > mapping->end)
			break;
		(*next)++;
	}
	add_region(regions, at, mapping->end, &anonymous, index);
}

static struct claims collect_claims(const struct address_space *space)
{
	struct claims claims = {0}, lower = {0};

	if (space->brk > space->start_brk)
		claim(&claims, round_down(space->start_brk, space->page_bytes),
		      round_up(space->brk, space->page_bytes), CLASS_MALLOC);
	claim_stacks(space, &lower);
	add_below(&claims, &lower);
	for (size_t i = 0; space->known && i < space->known->count; i++)
		claim_like(&lower, space->known->items[i].start, space->known->items[i].end,
			   &space->known->items[i]);
	add_below(&claims, &lower);
	claim_arenas(space, &lower);
	add_below(&claims, &lower);
	lower = find_chunks(space, &claims);
	add_below(&claims, &lower);
	return claims;
}

void classify(const struct address_space *space, struct regions *regions)
{
	struct claims claims = collect_claims(space);
	size_t next = 0;

	regions->count = 0;
	for (size_t i = 0; i < space->mapping_count; i++) {
		const struct mapping *mapping = &space->mappings[i];
		enum memory_class class = class_of_mapping(space, mapping);

		while (next < claims.count && claims.items[next].end <= mapping->start)
			next++;
		if (class == CLASS_ANON)
			cut_mapping(space, i, &claims, &next, regions);
		else
			add_region(regions, mapping->start, mapping->end,
				   &(struct region){.class = class}, i);
	}
	free(claims.items);
}

void regions__release(struct regions *regions)
{
	free(regions->items);
	memset(regions, 0, sizeof(*regions));
}
