/* SPDX-License-Identifier: GPL-2.0-only */
#include "twin/ownership.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Of one look; what is left over is asked at the next. */
#define QUESTIONS_MAX 4096
/* Of one look, and while answers last: each costs a new twin. */
#define LOOK_FAULTS_MAX 8
#define FAULTS_MAX	64
/* An address range can get another owner without a change of its bounds: after so many
 * looks all is asked again. */
#define ANSWERS_LAST_LOOKS 64

/* The least page of any machine. */
#define PAGE_BYTES 4096
/* Allocators obtain memory in pieces that begin at round addresses. */
#define STEP_BYTES (UINT64_C(1) << 20)

/* Of a round that is begun anew because a question ended the one before. */
static const struct twin_limits new_round_limits = {
	.pages = 4096,
	.deadline_ns = 100 * 1000000,
};

enum owner { OWNER_UNKNOWN, OWNER_ALLOCATOR, OWNER_OTHER };

struct answer {
	uint64_t start, end;
	enum owner owner;
	bool open; /* a question about it could not be asked, or had no answer */
};

struct ownership {
	struct answer *answers; /* in the order of addresses */
	size_t count;
	unsigned int looks, faults;
};

/* What other sources have claimed before: in the order of addresses. */
struct taken {
	struct region *items;
	size_t count;
};

/* Questions on their way to a batch. */
struct inquiry {
	struct ownership *ownership;
	struct evaluation *evaluation;
	const struct ownership_rule *rule;
	const struct taken *taken;
	struct twin_call calls[TWIN_BATCH];
	struct answer *about[TWIN_BATCH];
	size_t count;
	uint64_t part; /* that the batch is about */
	uint64_t foreign_parts[LOOK_FAULTS_MAX];
	unsigned int asked, faults;
	bool over;
};

size_t ownership__pages(uint64_t start, uint64_t end, uint64_t pages[OWNERSHIP_PAGES])
{
	uint64_t low = (start / STEP_BYTES + 1) * STEP_BYTES;
	uint64_t high = (end - 1) / STEP_BYTES * STEP_BYTES;
	size_t count = 0;

	pages[count++] = start;
	if (end - start > PAGE_BYTES)
		pages[count++] = end - PAGE_BYTES;
	while (low <= high && count < OWNERSHIP_PAGES) {
		pages[count++] = low;
		if (high > low && count < OWNERSHIP_PAGES)
			pages[count++] = high;
		low += STEP_BYTES;
		high -= STEP_BYTES;
	}
	return count;
}

bool ownership__is_candidate(const struct mapping *mapping)
{
	return mapping->readable && mapping->writable && !mapping->shared && !mapping->has_file &&
	       !mapping->shmem && !mapping->device && !mapping->hugetlb && !mapping->grows_down;
}

/* What is known already of a mapping; *old moves on in the order of addresses. A mapping
 * of the allocator that grew is still the allocator's. */
static enum owner old_owner(const struct ownership *ownership, size_t *old,
			    const struct mapping *mapping)
{
	enum owner owner = OWNER_UNKNOWN;

	while (*old < ownership->count && ownership->answers[*old].end <= mapping->start)
		(*old)++;
	for (size_t i = *old; i < ownership->count; i++) {
		const struct answer *answer = &ownership->answers[i];

		if (answer->start >= mapping->end)
			break;
		if (answer->start < mapping->start || answer->end > mapping->end)
			continue;
		if (answer->owner == OWNER_ALLOCATOR)
			return OWNER_ALLOCATOR;
		if (answer->start == mapping->start && answer->end == mapping->end)
			owner = answer->owner;
	}
	return owner;
}

static void update_answers(struct ownership *ownership, const struct twin_target *target)
{
	struct answer *answers = NULL;
	size_t count = 0, capacity = 0, old = 0;

	if (ownership->looks++ % ANSWERS_LAST_LOOKS == 0)
		ownership->count = ownership->faults = 0;
	for (size_t i = 0; i < target->mapping_count; i++) {
		const struct mapping *mapping = &target->mappings[i];

		if (!ownership__is_candidate(mapping))
			continue;
		ARRAY_GROW(answers, count, capacity);
		answers[count++] = (struct answer){
			.start = mapping->start,
			.end = mapping->end,
			.owner = old_owner(ownership, &old, mapping),
		};
	}
	free(ownership->answers);
	ownership->answers = answers;
	ownership->count = count;
}

/* --- what is taken already --- */

static int compare_regions(const void *left, const void *right)
{
	const struct region *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

static struct taken list_taken(const struct regions *regions)
{
	struct taken taken = {.count = regions->count};

	taken.items = xcalloc(taken.count + 1, sizeof(*taken.items));
	if (taken.count > 0) {
		memcpy(taken.items, regions->items, taken.count * sizeof(*taken.items));
		qsort(taken.items, taken.count, sizeof(*taken.items), compare_regions);
	}
	return taken;
}

/* Index of the first that ends behind an address. */
static size_t find_taken(const struct taken *taken, uint64_t address)
{
	size_t low = 0, high = taken->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (taken->items[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_taken(const struct taken *taken, uint64_t address)
{
	size_t index = find_taken(taken, address);

	return index < taken->count && taken->items[index].start <= address;
}

/* Claims what nobody has taken of a mapping. */
static void claim_rest(struct evaluation *evaluation, const struct taken *taken, uint64_t start,
		       uint64_t end)
{
	for (size_t i = find_taken(taken, start); i < taken->count && taken->items[i].start < end;
	     i++) {
		if (taken->items[i].start > start)
			evaluation__claim(evaluation, start, taken->items[i].start, CLASS_MALLOC);
		start = taken->items[i].end;
	}
	if (start < end)
		evaluation__claim(evaluation, start, end, CLASS_MALLOC);
}

/* --- asking --- */

/* A fault says that nothing in that part is the allocator's; any other failure, a lock that
 * was held, say, says nothing. */
static void question_failed(struct inquiry *inquiry, int error)
{
	struct evaluation *evaluation = inquiry->evaluation;

	if (error == -EFAULT) {
		inquiry->foreign_parts[inquiry->faults++] = inquiry->part;
		inquiry->ownership->faults++;
	}
	inquiry->over = error != -EFAULT || inquiry->faults >= LOOK_FAULTS_MAX ||
			inquiry->ownership->faults >= FAULTS_MAX;
	if (twin__begin_round(evaluation->twin, evaluation->target, &new_round_limits) < 0)
		inquiry->over = true;
}

static void send_questions(struct inquiry *inquiry)
{
	int error = 0;

	if (inquiry->count == 0)
		return;
	if (!inquiry->over)
		error = twin__call(inquiry->evaluation->twin, inquiry->calls, inquiry->count);
	for (size_t i = 0; i < inquiry->count; i++) {
		struct answer *about = inquiry->about[i];

		if (inquiry->over || (error < 0 && error != -EFAULT))
			about->open = true;
		else if (!error &&
			 inquiry->rule->is_owned(inquiry->evaluation, i, &inquiry->calls[i]))
			about->owner = OWNER_ALLOCATOR;
	}
	inquiry->count = 0;
	if (error < 0)
		question_failed(inquiry, error);
}

static bool is_foreign(const struct inquiry *inquiry, uint64_t part)
{
	for (unsigned int i = 0; i < inquiry->faults; i++)
		if (inquiry->foreign_parts[i] == part)
			return true;
	return false;
}

static void add_question(struct inquiry *inquiry, struct answer *about, uint64_t address)
{
	uint64_t part_bytes = inquiry->rule->part_bytes;
	uint64_t part = part_bytes ? address / part_bytes : 0;
	struct twin_call *call;

	if (inquiry->count == TWIN_BATCH || part != inquiry->part)
		send_questions(inquiry);
	if (is_foreign(inquiry, part))
		return;
	if (inquiry->over) {
		about->open = true;
		return;
	}
	inquiry->part = part;
	inquiry->about[inquiry->count] = about;
	call = &inquiry->calls[inquiry->count];
	*call = (struct twin_call){
		.thread_pointer = inquiry->evaluation->threads[0].thread_pointer,
	};
	inquiry->rule->ask(inquiry->evaluation, address, inquiry->count++, call);
	inquiry->asked++;
}

static void ask_about(struct inquiry *inquiry, struct answer *answer)
{
	uint64_t pages[OWNERSHIP_PAGES];
	size_t count = ownership__pages(answer->start, answer->end, pages);

	answer->open = false;
	for (size_t i = 0; i < count && answer->owner == OWNER_UNKNOWN; i++)
		if (!is_taken(inquiry->taken, pages[i]))
			add_question(inquiry, answer, pages[i]);
}

/* Asks about each mapping whose owner is unknown, as far as the questions reach; from the
 * highest addresses down, as that is how the kernel hands them out. */
static void ask(struct ownership *ownership, struct evaluation *evaluation,
		const struct ownership_rule *rule, const struct taken *taken)
{
	struct inquiry inquiry = {
		.ownership = ownership,
		.evaluation = evaluation,
		.rule = rule,
		.taken = taken,
		.over = ownership->faults >= FAULTS_MAX,
	};
	size_t reached = ownership->count;

	while (reached > 0 && !inquiry.over && inquiry.asked < QUESTIONS_MAX) {
		struct answer *answer = &ownership->answers[--reached];

		if (answer->owner == OWNER_UNKNOWN)
			ask_about(&inquiry, answer);
	}
	send_questions(&inquiry);
	for (size_t i = reached; i < ownership->count; i++)
		if (ownership->answers[i].owner == OWNER_UNKNOWN && !ownership->answers[i].open)
			ownership->answers[i].owner = OWNER_OTHER;
}

void ownership__claim(struct ownership **ownership, struct evaluation *evaluation,
		      const struct ownership_rule *rule)
{
	struct taken taken = list_taken(evaluation->regions);

	if (!*ownership)
		*ownership = xcalloc(1, sizeof(**ownership));
	update_answers(*ownership, evaluation->target);
	if (evaluation->thread_count > 0)
		ask(*ownership, evaluation, rule, &taken);
	for (size_t i = 0; i < (*ownership)->count; i++) {
		const struct answer *answer = &(*ownership)->answers[i];

		if (answer->owner == OWNER_ALLOCATOR)
			claim_rest(evaluation, &taken, answer->start, answer->end);
	}
	free(taken.items);
}

void ownership__free(struct ownership *ownership)
{
	if (!ownership)
		return;
	free(ownership->answers);
	free(ownership);
}
