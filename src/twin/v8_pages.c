/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which memory is V8's heap. V8 takes it in pages that begin at multiples of 256 KiB, with
 * a record in front of them or, in newer versions, with a pointer to a record elsewhere. A
 * record holds the address of the heap, which lies in the isolate, and side by side the
 * address and the size of the page. At which places differs from version to version; they
 * are the ones on which most pages agree:
 *
 *	Node.js 18, 20	words 2, 10 and 11 of the page
 *	22		words 3, 1 and 2 of the page
 *	24, 26		words 8, 1 and 2 of the record that word 1 of the page points to
 *
 * Large objects have a page of their own, with the same record. Pages of no heap (the
 * read-only ones, which all isolates share) have 0 for its address. Code lies in a range
 * which V8 tells; where it does not, its pages are told by being executable.
 *
 * What was found is remembered and looked at again from time to time, or at once when it
 * does not make up what the isolates commit.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "twin/v8.h"

#define PAGE_ALIGNMENT (UINT64_C(256) << 10)
#define ISOLATE_BYTES  (UINT64_C(128) << 10)
#define MAX_PAGE_BYTES (UINT64_C(1) << 40)
#define KERNEL_PAGE    4096

/* Words of a page and of a record that are looked at; how many of the first of a page may
 * point to a record. */
#define RECORD_WORDS  16
#define POINTER_WORDS 4

/* Pages that must agree on a layout, and how many are enough. */
#define MIN_AGREEING	3
#define ENOUGH_AGREEING 12

/* Per look: places that are read to learn the layout, and then. */
#define MAX_LEARNED  16384
#define MAX_READ     16384
#define READ_AT_ONCE 64
/* Places that are remembered: 64 GiB. */
#define MAX_PLACES 262144

/* Every how many looks a page is read again, and a place where there was none. */
#define PAGE_PERIOD  32
#define OTHER_PERIOD 64

/* All are read at once when more than this part of what is committed comes or goes
 * missing. */
#define MISSING_PART 32

/* Not worth a note. */
#define TOLERATED_BYTES (8 << 20)

/* Where things stand. */
struct layout {
	int pointer; /* word of the page that points to the record; -1: it is the record */
	unsigned int heap, self;
	uint64_t heap_offset; /* of the heap in the isolate */
	unsigned int votes;
};

/* A multiple of PAGE_ALIGNMENT in memory that may be V8's. */
struct place {
	uint64_t address;
	uint64_t page_bytes;	       /* 0: no page begins here */
	uint64_t read_look, next_look; /* when it was read, and will be again */
	bool read_only;
};

struct v8_pages {
	struct layout layout;	/* known if it has votes */
	uint64_t learned_up_to; /* where the search for it goes on */
	struct place *places;	/* in the order of addresses */
	size_t count;
	int64_t missing_bytes; /* committed less found, when all places were read last */
};

/* One look. */
struct page_search {
	struct v8_pages *pages;
	struct evaluation *evaluation;
	const struct v8_isolate *isolates;
	size_t isolate_count;
	struct place *places; /* being made */
	size_t count, capacity;
	size_t budget; /* of places to be read */
};

struct v8_pages *v8_pages__new(void)
{
	return xcalloc(1, sizeof(struct v8_pages));
}

void v8_pages__free(struct v8_pages *pages)
{
	if (!pages)
		return;
	free(pages->places);
	free(pages);
}

static bool is_candidate(const struct mapping *mapping)
{
	return !mapping->has_file && !mapping->shared && !mapping->hugetlb && !mapping->device &&
	       !mapping->grows_down && mapping->readable;
}

/* Reads words, at least up to the end of the kernel's page; how many there are. */
static size_t read_words(const struct page_search *search, uint64_t address, uint64_t *words)
{
	struct twin *twin = search->evaluation->twin;
	size_t room = (KERNEL_PAGE - address % KERNEL_PAGE) / sizeof(uint64_t);

	if (twin__peek(twin, address, words, RECORD_WORDS * sizeof(uint64_t)) == 0)
		return RECORD_WORDS;
	if (room < RECORD_WORDS && twin__peek(twin, address, words, room * sizeof(uint64_t)) == 0)
		return room;
	return 0;
}

static bool is_pointer(uint64_t word)
{
	return word % sizeof(uint64_t) == 0 && word >= 65536 && word < UINT64_C(1) << 47;
}

static bool is_page_size(uint64_t bytes)
{
	return bytes > 0 && bytes % KERNEL_PAGE == 0 && bytes <= MAX_PAGE_BYTES;
}

/* ---- learning the layout -------------------------------------------------------------- */

#define MAX_LAYOUTS 64

struct ballot {
	struct layout layouts[MAX_LAYOUTS];
	size_t count;
};

static void vote(struct ballot *ballot, const struct layout *layout)
{
	for (size_t i = 0; i < ballot->count; i++) {
		struct layout *known = &ballot->layouts[i];

		if (known->pointer == layout->pointer && known->heap == layout->heap &&
		    known->self == layout->self && known->heap_offset == layout->heap_offset) {
			known->votes++;
			return;
		}
	}
	if (ballot->count == MAX_LAYOUTS)
		return;
	ballot->layouts[ballot->count] = *layout;
	ballot->layouts[ballot->count++].votes = 1;
}

/* The isolate in which the word points, or NULL. */
static const struct v8_isolate *isolate_of(const struct page_search *search, uint64_t word)
{
	for (size_t i = 0; i < search->isolate_count; i++)
		if (word - search->isolates[i].address < ISOLATE_BYTES)
			return &search->isolates[i];
	return NULL;
}

/* Votes for every way in which the record can be read as the page's. */
static void vote_record(const struct page_search *search, struct ballot *ballot, uint64_t page,
			int pointer, const uint64_t *record, size_t count)
{
	for (unsigned int heap = 0; heap < count; heap++) {
		const struct v8_isolate *isolate = isolate_of(search, record[heap]);

		if (!isolate)
			continue;
		for (unsigned int self = 0; self + 1 < count; self++) {
			struct layout layout = {.pointer = pointer,
						.heap = heap,
						.self = self,
						.heap_offset = record[heap] - isolate->address};

			if (record[self] == page && is_page_size(record[self + 1]))
				vote(ballot, &layout);
		}
	}
}

static bool is_decided(const struct ballot *ballot)
{
	return ballot->count && ballot->layouts[0].votes >= ENOUGH_AGREEING;
}

/* Words of pages that may point to a record, of as many as are read at once. */
struct pointers {
	uint64_t pages[READ_AT_ONCE];
	int words[READ_AT_ONCE];
	uint64_t addresses[READ_AT_ONCE];
	size_t count;
};

static void vote_pointers(const struct page_search *search, struct ballot *ballot,
			  struct pointers *pointers)
{
	uint64_t records[READ_AT_ONCE][RECORD_WORDS];
	bool got[READ_AT_ONCE];

	twin__peek_all(search->evaluation->twin, pointers->addresses, pointers->count,
		       sizeof(records[0]), records, got);
	for (size_t i = 0; i < pointers->count; i++)
		if (got[i])
			vote_record(search, ballot, pointers->pages[i], pointers->words[i],
				    records[i], RECORD_WORDS);
	pointers->count = 0;
}

/* Records across the end of a page of the kernel's do without a vote: there are others. */
static void add_pointers(const struct page_search *search, struct ballot *ballot,
			 struct pointers *pointers, uint64_t page, const uint64_t *words)
{
	for (int i = 0; i < POINTER_WORDS; i++) {
		if (!is_pointer(words[i]) || words[i] == page ||
		    words[i] % KERNEL_PAGE > KERNEL_PAGE - RECORD_WORDS * sizeof(uint64_t))
			continue;
		pointers->pages[pointers->count] = page;
		pointers->words[pointers->count] = i;
		pointers->addresses[pointers->count++] = words[i];
		if (pointers->count == READ_AT_ONCE)
			vote_pointers(search, ballot, pointers);
	}
}

static void vote_places(const struct page_search *search, struct ballot *ballot, size_t first,
			size_t count)
{
	uint64_t addresses[READ_AT_ONCE], words[READ_AT_ONCE][RECORD_WORDS];
	struct pointers pointers = {.count = 0};
	bool got[READ_AT_ONCE];

	for (size_t i = 0; i < count; i++)
		addresses[i] = search->places[first + i].address;
	twin__peek_all(search->evaluation->twin, addresses, count, sizeof(words[0]), words, got);
	for (size_t i = 0; i < count; i++) {
		if (!got[i])
			continue;
		vote_record(search, ballot, addresses[i], -1, words[i], RECORD_WORDS);
		add_pointers(search, ballot, &pointers, addresses[i], words[i]);
	}
	vote_pointers(search, ballot, &pointers);
}

/* Index of the first place at or behind an address. */
static size_t find_place(const struct place *places, size_t count, uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (places[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Of those with most votes the first wins: read from the page itself, where it can be. A large
 * heap of malloc's lies before V8's pages: each look begins where the one before has ended. */
static void learn_layout(struct page_search *search)
{
	size_t first = find_place(search->places, search->count, search->pages->learned_up_to);
	size_t left = MAX_LEARNED;
	struct layout *best = &search->pages->layout;
	struct ballot ballot = {.count = 0};

	memset(best, 0, sizeof(*best));
	first = first == search->count ? 0 : first;
	while (first < search->count && left && !is_decided(&ballot)) {
		size_t count = search->count - first;

		count = count < READ_AT_ONCE ? count : READ_AT_ONCE;
		count = count < left ? count : left;
		vote_places(search, &ballot, first, count);
		first += count;
		left -= count;
	}
	search->pages->learned_up_to = first < search->count ? search->places[first].address : 0;
	for (size_t i = 0; i < ballot.count; i++)
		if (ballot.layouts[i].votes >= MIN_AGREEING &&
		    ballot.layouts[i].votes > best->votes)
			*best = ballot.layouts[i];
}

/* ---- looking for pages ---------------------------------------------------------------- */

static bool is_heap(const struct page_search *search, uint64_t word)
{
	const struct v8_isolate *isolate;

	if (word == 0)
		return true;
	isolate = isolate_of(search, word);
	return isolate && word - isolate->address == search->pages->layout.heap_offset;
}

/* Read-only pages are cut off from the rest of V8: of what they were, only where their
 * objects begin and end is left. */
static uint64_t read_only_bytes(const struct page_search *search, uint64_t page,
				const uint64_t *words)
{
	if (words[search->pages->layout.heap] != 0)
		return 0;
	for (size_t i = 0; i < RECORD_WORDS; i++)
		if (words[i] > page && words[i] <= page + PAGE_ALIGNMENT &&
		    words[i] % KERNEL_PAGE == 0)
			return words[i] - page;
	return 0;
}

/* Places that are read together, with what was found there: the record, if there is one. */
struct reading {
	struct place *places[READ_AT_ONCE];
	uint64_t words[READ_AT_ONCE][RECORD_WORDS];
	bool got[READ_AT_ONCE];
	bool absent[READ_AT_ONCE]; /* what leads there is not in memory: it tells nothing */
	size_t count;
};

struct record {
	uint64_t address;
	size_t index; /* of the place */
};

static int compare_records(const void *left, const void *right)
{
	const struct record *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

static void read_pages(const struct page_search *search, struct reading *reading)
{
	uint64_t addresses[READ_AT_ONCE];

	for (size_t i = 0; i < reading->count; i++)
		addresses[i] = reading->places[i]->address;
	twin__peek_all(search->evaluation->twin, addresses, reading->count,
		       sizeof(reading->words[0]), reading->words, reading->got);
	for (size_t i = 0; i < reading->count; i++)
		reading->absent[i] = !reading->got[i];
}

/* Reads the records that the pages point to, in place of the pages. One across the end of a
 * page of the kernel's is read for itself. */
static void read_records(const struct page_search *search, struct reading *reading)
{
	struct record records[READ_AT_ONCE];
	uint64_t addresses[READ_AT_ONCE], words[READ_AT_ONCE][RECORD_WORDS];
	bool got[READ_AT_ONCE];
	size_t count = 0;

	for (size_t i = 0; i < reading->count; i++) {
		uint64_t address = reading->words[i][search->pages->layout.pointer];

		if (!reading->got[i])
			continue;
		reading->got[i] = false;
		if (!is_pointer(address))
			continue;
		if (address % KERNEL_PAGE <= KERNEL_PAGE - sizeof(words[0])) {
			records[count++] = (struct record){address, i};
			continue;
		}
		reading->got[i] = read_words(search, address, reading->words[i]) == RECORD_WORDS;
		reading->absent[i] = !reading->got[i];
	}
	if (!count)
		return;
	qsort(records, count, sizeof(records[0]), compare_records);
	for (size_t i = 0; i < count; i++)
		addresses[i] = records[i].address;
	twin__peek_all(search->evaluation->twin, addresses, count, sizeof(words[0]), words, got);
	for (size_t i = 0; i < count; i++) {
		reading->got[records[i].index] = got[i];
		reading->absent[records[i].index] = !got[i];
		memcpy(reading->words[records[i].index], words[i], sizeof(words[0]));
	}
}

static uint64_t page_bytes(const struct page_search *search, const struct place *place,
			   const uint64_t *words)
{
	const struct layout *layout = &search->pages->layout;

	if (words[layout->self] == place->address && is_page_size(words[layout->self + 1]) &&
	    is_heap(search, words[layout->heap]))
		return words[layout->self + 1];
	return place->read_only ? read_only_bytes(search, place->address, words) : 0;
}

static void note_place(const struct page_search *search, struct place *place, uint64_t bytes)
{
	uint64_t look = search->evaluation->look, period = bytes ? PAGE_PERIOD : OTHER_PERIOD;

	place->page_bytes = bytes;
	place->read_look = look;
	/* Not all of them at once. */
	place->next_look = look + 1 + (place->address / PAGE_ALIGNMENT + look) % period;
}

static void end_reading(const struct page_search *search, struct reading *reading)
{
	read_pages(search, reading);
	if (search->pages->layout.pointer >= 0)
		read_records(search, reading);
	for (size_t i = 0; i < reading->count; i++) {
		struct place *place = reading->places[i];

		if (reading->absent[i])
			note_place(search, place, place->page_bytes);
		else
			note_place(search, place,
				   reading->got[i] ? page_bytes(search, place, reading->words[i])
						   : 0);
	}
	reading->count = 0;
}

/* Reads the places that are due, or all that were not read in this look. */
static void read_places(struct page_search *search, bool all)
{
	uint64_t look = search->evaluation->look;
	struct reading reading = {.count = 0};

	for (size_t i = 0; i < search->count && search->budget; i++) {
		struct place *place = &search->places[i];

		if (place->read_look == look || (!all && place->next_look > look))
			continue;
		search->budget--;
		reading.places[reading.count++] = place;
		if (reading.count == READ_AT_ONCE)
			end_reading(search, &reading);
	}
	end_reading(search, &reading);
}

static bool is_code(const struct page_search *search, uint64_t address)
{
	for (size_t i = 0; i < search->isolate_count; i++)
		if (address >= search->isolates[i].code_start &&
		    address < search->isolates[i].code_end)
			return true;
	return false;
}

static void add_places(struct page_search *search, const struct mapping *mapping, size_t *known)
{
	const struct v8_pages *pages = search->pages;
	uint64_t address = (mapping->start + PAGE_ALIGNMENT - 1) & ~(PAGE_ALIGNMENT - 1);

	for (; address < mapping->end && search->count < MAX_PLACES; address += PAGE_ALIGNMENT) {
		while (*known < pages->count && pages->places[*known].address < address)
			++*known;
		if (is_code(search, address))
			continue;
		ARRAY_GROW(search->places, search->count, search->capacity);
		if (*known < pages->count && pages->places[*known].address == address)
			search->places[search->count++] = pages->places[*known];
		else
			search->places[search->count++] = (struct place){.address = address};
		search->places[search->count - 1].read_only = !mapping->writable;
	}
}

static void find_places(struct page_search *search)
{
	const struct twin_target *target = search->evaluation->target;
	size_t known = 0;

	for (size_t i = 0; i < target->mapping_count; i++)
		if (is_candidate(&target->mappings[i]))
			add_places(search, &target->mappings[i], &known);
}

/* What a large object holds may look like a page. */
static void drop_inner(struct page_search *search)
{
	uint64_t reached = 0;

	for (size_t i = 0; i < search->count; i++) {
		struct place *place = &search->places[i];

		if (place->address < reached)
			place->page_bytes = 0;
		else if (place->page_bytes)
			reached = place->address + place->page_bytes;
	}
}

static int64_t committed_bytes(const struct page_search *search)
{
	int64_t committed = 0;

	for (size_t i = 0; i < search->isolate_count; i++)
		committed += (int64_t)search->isolates[i].committed_bytes;
	return committed;
}

/* What the isolates commit less what the pages found hold. */
static int64_t missing_bytes(struct page_search *search)
{
	int64_t missing = committed_bytes(search);

	drop_inner(search);
	for (size_t i = 0; i < search->count; i++)
		if (!search->places[i].read_only)
			missing -= (int64_t)search->places[i].page_bytes;
	return missing;
}

static void read_all(struct page_search *search)
{
	read_places(search, true);
	search->pages->missing_bytes = missing_bytes(search);
}

static bool is_doubtful(struct page_search *search)
{
	int64_t change = missing_bytes(search) - search->pages->missing_bytes;

	return llabs(change) > committed_bytes(search) / MISSING_PART;
}

/* ---- claiming ------------------------------------------------------------------------- */

/* Of [start, end) what is private anonymous memory; executable parts are code. */
static void claim_memory(struct evaluation *evaluation, uint64_t start, uint64_t end, bool code)
{
	const struct twin_target *target = evaluation->target;

	for (size_t i = mappings__behind(target->mappings, target->mapping_count, start);
	     i < target->mapping_count; i++) {
		const struct mapping *mapping = &target->mappings[i];
		uint64_t from = mapping->start > start ? mapping->start : start;
		uint64_t to = mapping->end < end ? mapping->end : end;

		if (mapping->start >= end)
			return;
		if (is_candidate(mapping))
			evaluation__claim(evaluation, from, to,
					  code || mapping->executable ? CLASS_V8_CODE
								      : CLASS_V8_HEAP);
	}
}

/* Isolates share their range, or have one each: who tells otherwise lies. */
static void claim_code_ranges(const struct page_search *search)
{
	for (size_t i = 0; i < search->isolate_count; i++) {
		const struct v8_isolate *isolate = &search->isolates[i];
		bool overlaps = false;

		for (size_t j = 0; j < i; j++)
			overlaps |= search->isolates[j].code_start < isolate->code_end &&
				    search->isolates[j].code_end > isolate->code_start;
		if (!overlaps && isolate->code_start < isolate->code_end)
			claim_memory(search->evaluation, isolate->code_start, isolate->code_end,
				     true);
	}
}

static void claim_pages(const struct page_search *search)
{
	for (size_t i = 0; i < search->count; i++) {
		const struct place *place = &search->places[i];

		if (place->page_bytes)
			claim_memory(search->evaluation, place->address,
				     place->address + place->page_bytes, false);
	}
}

static void explain(struct page_search *search)
{
	struct process *process = search->evaluation->process;
	int64_t missing = missing_bytes(search);

	if (search->pages->layout.votes == 0)
		process__add_note(process, "v8: which memory is V8's heap could not be told: it is "
					   "in other classes");
	else if (missing > committed_bytes(search) / 4 + TOLERATED_BYTES)
		process__add_note(process,
				  "v8: %lld MiB of V8's heap were not found: they are in other "
				  "classes",
				  (long long)(missing >> 20));
}

bool v8_pages__claim(struct v8_pages *pages, struct evaluation *evaluation,
		     const struct v8_isolate *isolates, size_t count)
{
	struct page_search search = {.pages = pages,
				     .evaluation = evaluation,
				     .isolates = isolates,
				     .isolate_count = count,
				     .budget = MAX_READ};

	find_places(&search);
	if (pages->layout.votes == 0)
		learn_layout(&search);
	if (pages->layout.votes) {
		read_places(&search, false);
		if (is_doubtful(&search))
			read_all(&search);
		claim_pages(&search);
	}
	explain(&search);
	free(pages->places);
	pages->places = search.places;
	pages->count = search.count;
	claim_code_ranges(&search);
	return pages->layout.votes || !committed_bytes(&search);
}

bool v8_pages__is_page(const struct v8_pages *pages, uint64_t address)
{
	size_t index = find_place(pages->places, pages->count, address);

	return index < pages->count && pages->places[index].address == address &&
	       pages->places[index].page_bytes != 0;
}
