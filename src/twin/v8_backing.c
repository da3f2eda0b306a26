/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Large ArrayBuffers and Buffers. Their memory comes from malloc; of large blocks glibc
 * maps each for itself: it begins with a chunk's header (0, and its size with the bit
 * IS_MMAPPED). Such a block is an ArrayBuffer's where a v8::BackingStore, itself in memory
 * of malloc, holds its address, followed by a length that fits the chunk and, a few words
 * on, by the allocator of an isolate's ArrayBuffers: seen in Node.js 18 to 26.
 *
 * Blocks come and go, backing stores are anywhere in the heap: so the heap is searched only
 * while there are blocks of which it is not known what they are, a part of it in each look.
 * What a search has found is verified by reading one word; what it has not found once is
 * none.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "twin/v8.h"

#define KERNEL_PAGE  4096
#define RUN_PAGES    32 /* that are read at a time */
#define PAGE_WORDS   (KERNEL_PAGE / sizeof(uint64_t))
#define ARENA_BYTES  (UINT64_C(64) << 20)
#define HEADER_BYTES 16
#define IS_MMAPPED   2
#define CHUNK_FLAGS  7

/* What glibc maps at least in place of brk (its MMAP_AS_MORECORE_SIZE). */
#define MIN_EXTENSION_BYTES (UINT64_C(1) << 20)

/* glibc maps nothing smaller for itself, unless it is told to. */
#define MIN_MAPPING_BYTES (UINT64_C(128) << 10)

/* Pages of a mapping that are looked at for a first chunk. */
#define MAX_MISSES 8
#define MAX_BLOCKS 65536

/* Pages of the heap that are searched in a look: in the first one, and later. Such as are
 * not in memory count little. */
#define FIRST_PAGES 16384
#define LATER_PAGES 512
#define ABSENT_PART 4

/* Words of a backing store that are looked at. */
#define STORE_WORDS 12

/* Every how many looks a block is verified; and when it is asked anew what was found to be none:
 * malloc may have given the same place to something else, or it was not in memory. */
#define VERIFY_PERIOD	  8
#define OTHER_BLOCK_LOOKS 256
#define DULL_LOOKS	  64

enum block_kind {
	BLOCK_UNKNOWN,
	BLOCK_BUFFER,
	BLOCK_OTHER,
};

/* A chunk that malloc mapped for itself. */
struct block {
	uint64_t start, end;
	uint64_t place; /* of the word that holds its address, of a buffer */
	uint64_t search;
	uint64_t other_look; /* the look in which it was found to be none */
	enum block_kind kind;
};

/* A mapping without a chunk. */
struct range {
	uint64_t start, end;
	uint64_t look; /* that found none */
};

struct v8_backing {
	struct block *blocks; /* in the order of addresses */
	size_t count;
	struct range *dull; /* in the order of addresses */
	size_t dull_count;
	uint64_t search;   /* number of the search under way */
	uint64_t position; /* where it goes on; 0: none is under way */
	bool searched;
};

/* One look. */
struct backing_look {
	struct v8_backing *backing;
	struct evaluation *evaluation;
	const struct v8_isolate *isolates;
	size_t isolate_count;
	const struct v8_pages *pages;
	struct block *blocks;
	size_t count, capacity;
	struct range *dull;
	size_t dull_count, dull_capacity;
	size_t known, known_dull; /* positions in what was known before */
};

struct v8_backing *v8_backing__new(void)
{
	return xcalloc(1, sizeof(struct v8_backing));
}

void v8_backing__free(struct v8_backing *backing)
{
	if (!backing)
		return;
	free(backing->blocks);
	free(backing->dull);
	free(backing);
}

/* ---- blocks --------------------------------------------------------------------------- */

static bool may_hold_chunks(const struct mapping *mapping)
{
	return mapping->readable && mapping->writable && !mapping->executable && !mapping->shared &&
	       !mapping->has_file && !mapping->hugetlb && !mapping->device &&
	       !mapping->grows_down && mapping->name[0] == '\0' &&
	       mapping->end - mapping->start >= MIN_MAPPING_BYTES;
}

static const struct block *known_block(struct backing_look *look, uint64_t address)
{
	const struct v8_backing *backing = look->backing;

	while (look->known < backing->count && backing->blocks[look->known].start < address)
		look->known++;
	if (look->known < backing->count && backing->blocks[look->known].start == address)
		return &backing->blocks[look->known];
	return NULL;
}

/* What is known of a mapping that had no chunk, for as long as that holds. */
static const struct range *known_dull(struct backing_look *look, const struct mapping *mapping)
{
	const struct v8_backing *backing = look->backing;
	const struct range *range;

	while (look->known_dull < backing->dull_count &&
	       backing->dull[look->known_dull].start < mapping->start)
		look->known_dull++;
	range = &backing->dull[look->known_dull];
	if (look->known_dull == backing->dull_count || range->start != mapping->start ||
	    range->end != mapping->end || look->evaluation->look - range->look >= DULL_LOOKS)
		return NULL;
	return range;
}

static void add_dull(struct backing_look *look, const struct range *range)
{
	ARRAY_GROW(look->dull, look->dull_count, look->dull_capacity);
	look->dull[look->dull_count++] = *range;
}

/* Where the chunk ends that has this header, 0 if it is none. */
static uint64_t chunk_end(uint64_t address, const uint64_t *header, uint64_t end)
{
	uint64_t bytes = header[1] & ~(uint64_t)CHUNK_FLAGS;

	if (header[0] != 0 || (header[1] & CHUNK_FLAGS) != IS_MMAPPED || bytes == 0 ||
	    bytes % KERNEL_PAGE != 0 || bytes > end - address)
		return 0;
	return address + bytes;
}

/* The first chunk that begins at one of the next pages; false if none does. */
static bool find_chunk(const struct backing_look *look, uint64_t address, uint64_t end,
		       struct block *block)
{
	uint64_t addresses[MAX_MISSES], headers[MAX_MISSES][2];
	bool got[MAX_MISSES];
	size_t count = 0;

	for (; count < MAX_MISSES && address + count * KERNEL_PAGE < end; count++)
		addresses[count] = address + count * KERNEL_PAGE;
	twin__peek_all(look->evaluation->twin, addresses, count, sizeof(headers[0]), headers, got);
	for (size_t i = 0; i < count; i++) {
		block->start = addresses[i];
		block->end = got[i] ? chunk_end(addresses[i], headers[i], end) : 0;
		if (block->end)
			return true;
	}
	return false;
}

static void find_blocks_in(struct backing_look *look, const struct mapping *mapping)
{
	uint64_t address = mapping->start;
	size_t before = look->count;

	while (address < mapping->end && look->count < MAX_BLOCKS) {
		struct block block = {.start = address, .search = look->backing->search + 1};
		const struct block *known = known_block(look, address);

		if (!known || known->end > mapping->end) {
			if (!find_chunk(look, address, mapping->end, &block))
				break;
			known = known_block(look, block.start);
		}
		if (known && known->end <= mapping->end)
			block = *known;
		ARRAY_GROW(look->blocks, look->count, look->capacity);
		look->blocks[look->count++] = block;
		address = block.end;
	}
	if (look->count == before && look->count < MAX_BLOCKS)
		add_dull(look,
			 &(struct range){mapping->start, mapping->end, look->evaluation->look});
}

static void find_blocks(struct backing_look *look)
{
	const struct twin_target *target = look->evaluation->target;

	for (size_t i = 0; i < target->mapping_count; i++) {
		const struct mapping *mapping = &target->mappings[i];
		const struct range *dull;

		if (!may_hold_chunks(mapping) || v8_pages__is_page(look->pages, mapping->start))
			continue;
		dull = known_dull(look, mapping);
		if (dull)
			add_dull(look, dull);
		else
			find_blocks_in(look, mapping);
	}
}

/* ---- backing stores ------------------------------------------------------------------- */

static bool is_allocator(const struct backing_look *look, uint64_t word)
{
	for (size_t i = 0; i < look->isolate_count; i++)
		if (word && look->isolates[i].allocator == word)
			return true;
	return false;
}

/* Whether a buffer of that length has a block like this. */
static bool is_length(const struct block *block, uint64_t bytes)
{
	uint64_t room = block->end - block->start - HEADER_BYTES;

	return bytes <= room && room - bytes <= KERNEL_PAGE + HEADER_BYTES;
}

/* Whether a backing store that begins at the place is the block's. */
static bool is_store(const struct backing_look *look, uint64_t place, const struct block *block)
{
	uint64_t words[STORE_WORDS];

	if (twin__peek(look->evaluation->twin, place, words, sizeof(words)) ||
	    words[0] != block->start + HEADER_BYTES || !is_length(block, words[1]))
		return false;
	for (size_t i = 2; i < STORE_WORDS; i++)
		if (is_allocator(look, words[i]))
			return true;
	return false;
}

/* The block that holds an address, or NULL. */
static struct block *block_at(const struct backing_look *look, uint64_t address)
{
	size_t low = 0, high = look->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (look->blocks[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < look->count && look->blocks[low].start <= address ? &look->blocks[low] : NULL;
}

/* Who means ill could have such words everywhere: each is paid for. */
static void search_page(const struct backing_look *look, uint64_t page, const uint64_t *words,
			size_t *left)
{
	for (size_t i = 0; i < PAGE_WORDS && *left; i++) {
		struct block *block;

		if (words[i] % KERNEL_PAGE != HEADER_BYTES)
			continue;
		block = block_at(look, words[i] - HEADER_BYTES);
		if (!block || block->start != words[i] - HEADER_BYTES ||
		    block->kind != BLOCK_UNKNOWN ||
		    (i + 1 < PAGE_WORDS && !is_length(block, words[i + 1])))
			continue;
		--*left;
		if (!is_store(look, page + i * sizeof(uint64_t), block))
			continue;
		block->kind = BLOCK_BUFFER;
		block->place = page + i * sizeof(uint64_t);
	}
}

static bool has_stack(const struct evaluation *evaluation, const struct mapping *mapping)
{
	for (size_t i = 0; i < evaluation->thread_count; i++)
		if (evaluation->threads[i].stack_pointer >= mapping->start &&
		    evaluation->threads[i].stack_pointer < mapping->end)
			return true;
	return mapping->grows_down;
}

/* Where brk cannot grow, as something lies behind it, malloc maps more for its main heap. */
static bool may_extend_heap(const struct backing_look *look, const struct mapping *mapping)
{
	return mapping->end - mapping->start >= MIN_EXTENSION_BYTES && mapping->name[0] == '\0' &&
	       !has_stack(look->evaluation, mapping) &&
	       !v8_pages__is_page(look->pages, mapping->start);
}

/* The mappings that malloc takes small blocks from: where brk grows, and the arenas. */
static bool is_heap(const struct backing_look *look, const struct mapping *mapping)
{
	const struct evaluation *evaluation = look->evaluation;

	if (!mapping->readable || !mapping->writable || mapping->executable || mapping->has_file ||
	    mapping->shared)
		return false;
	return (mapping->end > evaluation->start_brk && mapping->start < evaluation->brk) ||
	       mapping->start % ARENA_BYTES == 0 || may_extend_heap(look, mapping);
}

/* Searches some pages of the heap, and pays for them; returns how many it has passed. */
static size_t search_run(const struct backing_look *look, uint64_t page, uint64_t end, size_t *left)
{
	uint64_t words[RUN_PAGES * PAGE_WORDS];
	size_t max_pages = (end - page) / KERNEL_PAGE, absent = 0;
	ssize_t pages =
		twin__peek_run(look->evaluation->twin, page,
			       max_pages < RUN_PAGES ? max_pages : RUN_PAGES, words, &absent);

	for (ssize_t i = 0; i < pages; i++)
		search_page(look, page + (size_t)i * KERNEL_PAGE, words + (size_t)i * PAGE_WORDS,
			    left);
	if (pages <= 0) {
		absent += absent == 0;
		*left -= absent < *left ? absent : *left;
		return absent;
	}
	*left -= (size_t)pages * ABSENT_PART < *left ? (size_t)pages * ABSENT_PART : *left;
	return (size_t)pages;
}

/* Searches the heap from the position on. True when it has reached its end. */
static bool search_heap(const struct backing_look *look, size_t budget)
{
	const struct twin_target *target = look->evaluation->target;
	struct v8_backing *backing = look->backing;
	size_t left = budget * ABSENT_PART;

	for (size_t i = 0; i < target->mapping_count; i++) {
		const struct mapping *mapping = &target->mappings[i];
		uint64_t page = mapping->start;

		if (mapping->end <= backing->position || !is_heap(look, mapping))
			continue;
		if (page < backing->position)
			page = backing->position;
		while (page < mapping->end) {
			const struct block *block = block_at(look, page);

			backing->position = page;
			if (left < ABSENT_PART)
				return false;
			if (block) {
				page = block->end;
				continue;
			}
			page += search_run(look, page, mapping->end, &left) * KERNEL_PAGE;
		}
	}
	return true;
}

/* What was there when a search began and was not found by its end is no buffer. */
static void reject_others(struct backing_look *look)
{
	for (size_t i = 0; i < look->count; i++)
		if (look->blocks[i].kind == BLOCK_UNKNOWN &&
		    look->blocks[i].search <= look->backing->search) {
			look->blocks[i].kind = BLOCK_OTHER;
			look->blocks[i].other_look = look->evaluation->look;
		}
}

static bool has_unknown(const struct backing_look *look)
{
	for (size_t i = 0; i < look->count; i++)
		if (look->blocks[i].kind == BLOCK_UNKNOWN)
			return true;
	return false;
}

static void search(struct backing_look *look)
{
	struct v8_backing *backing = look->backing;

	if (!backing->position && !has_unknown(look))
		return;
	if (!backing->position) {
		backing->search++;
		backing->position = KERNEL_PAGE;
	}
	if (search_heap(look, backing->searched ? LATER_PAGES : FIRST_PAGES)) {
		reject_others(look);
		backing->position = 0;
	}
	backing->searched = true;
}

static bool is_chunk(const struct backing_look *look, const struct block *block)
{
	uint64_t header[2];

	return !twin__peek(look->evaluation->twin, block->start, header, sizeof(header)) &&
	       chunk_end(block->start, header, block->end) == block->end;
}

static bool is_old_verdict(const struct backing_look *look, const struct block *block)
{
	return look->evaluation->look - block->other_look >= OTHER_BLOCK_LOOKS;
}

static void verify(struct backing_look *look)
{
	for (size_t i = 0; i < look->count; i++) {
		struct block *block = &look->blocks[i];
		bool due =
			(block->start / KERNEL_PAGE + look->evaluation->look) % VERIFY_PERIOD == 0;

		if (block->kind == BLOCK_UNKNOWN || !due)
			continue;
		if (is_chunk(look, block) &&
		    (block->kind == BLOCK_OTHER ? !is_old_verdict(look, block)
						: is_store(look, block->place, block)))
			continue;
		block->kind = BLOCK_UNKNOWN;
		block->search = look->backing->search + 1;
	}
}

void v8_backing__claim(struct v8_backing *backing, struct evaluation *evaluation,
		       const struct v8_isolate *isolates, size_t count,
		       const struct v8_pages *pages)
{
	struct backing_look look = {.backing = backing,
				    .evaluation = evaluation,
				    .isolates = isolates,
				    .isolate_count = count,
				    .pages = pages};

	find_blocks(&look);
	verify(&look);
	search(&look);
	for (size_t i = 0; i < look.count; i++)
		if (look.blocks[i].kind == BLOCK_BUFFER)
			evaluation__claim(evaluation, look.blocks[i].start, look.blocks[i].end,
					  CLASS_ARRAY_BUFFERS);
	free(backing->blocks);
	free(backing->dull);
	backing->blocks = look.blocks;
	backing->count = look.count;
	backing->dull = look.dull;
	backing->dull_count = look.dull_count;
}
