/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One isolate's figures. The results are arrays of numbers that grew from version to
 * version; what a version does not write keeps the pattern that was there before.
 */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "twin/v8.h"

#define UNWRITTEN UINT64_C(0xa5c3a5c3a5c3a5c3)
/* No address space holds more; and no call reaches further. */
#define SANE_BYTES	     (UINT64_C(1) << 47)
#define CODE_RANGE_BYTES_MAX (UINT64_C(4) << 30)

/* The scratch area: the heap's statistics, two words for the code range, the statistics
 * with a lowered limit, and then the spaces. More than V8 has ever written is left free for
 * each. */
#define HEAP_WORDS     64
#define HEAP_OFFSET    0
#define CODE_OFFSET    (HEAP_OFFSET + HEAP_WORDS * sizeof(uint64_t))
#define SPACE_WORDS    16
#define LOWERED_OFFSET 1024
#define SPACES_OFFSET  2048
#define SCRATCH_WORDS  (SPACES_OFFSET / sizeof(uint64_t) + ISOLATE_SPACES_MAX * SPACE_WORDS)

/* What V8 gives to profilers: from registers, here with a stack pointer behind all stacks, so
 * that there is no frame to be looked at, a sample. A word of that is the state of the isolate, of
 * less than 8 bytes: the rest of the word stays as it was. */
#define REGISTER_WORDS	 24
#define SAMPLE_WORDS	 12
#define REGISTERS_OFFSET (SCRATCH_WORDS * sizeof(uint64_t))
#define SAMPLE_OFFSET	 (REGISTERS_OFFSET + REGISTER_WORDS * sizeof(uint64_t))
#define STACK_POINTER	 1
#define NO_STACK	 UINT64_C(0xfffffffffffffff0)
#define STATE_GC	 1
#define STATE_MAX	 16
/* It is not asked any more when it has ended so many rounds. */
#define SAMPLE_FAILURES_MAX 3

/* What a program allocates between two answers, at the most. */
#define NEAR_BYTES (UINT64_C(2) << 20)
#define NEAR_SHARE 8

/* V8's physical size counts pages that its total does not: read-only ones, and those that
 * it keeps for later. */
#define UNCOMMITTED_BYTES (UINT64_C(64) << 20)

/* How often a total must differ from the sum of its spaces by the very same amount to be
 * taken for what this V8 means by it. */
#define UNLISTED_TIMES 3

#define YOUNG_LIMIT_FAILURES_MOST 3

/* What does not count in the old generation's limit. */
static const char *const other_generations[] = {
	"new_",
	"read_only_",
	"shared_",
};

/* v8::HeapStatistics. */
enum heap_word {
	TOTAL,
	EXECUTABLE,
	PHYSICAL,
	AVAILABLE,
	USED,
	LIMIT,
	MALLOCED,
	EXTERNAL,
	MALLOCED_PEAK,
	ZAPS_GARBAGE,
	NATIVE_CONTEXTS,
	DETACHED_CONTEXTS,
	GLOBAL_HANDLES,
	GLOBAL_HANDLES_USED,
	HEAP_WORDS_USED,
};

/* v8::HeapSpaceStatistics. */
enum space_word {
	SPACE_NAME,
	SPACE_SIZE,
	SPACE_USED,
	SPACE_AVAILABLE,
	SPACE_PHYSICAL,
};

static const struct {
	enum isolate_figure figure;
	enum heap_word word;
} heap_figures[] = {
	{IFIG_HEAP_TOTAL, TOTAL},
	{IFIG_HEAP_EXECUTABLE, EXECUTABLE},
	{IFIG_HEAP_PHYSICAL, PHYSICAL},
	{IFIG_HEAP_AVAILABLE, AVAILABLE},
	{IFIG_HEAP_USED, USED},
	{IFIG_HEAP_LIMIT, LIMIT},
	{IFIG_MALLOCED, MALLOCED},
	{IFIG_EXTERNAL, EXTERNAL},
	{IFIG_MALLOCED_PEAK, MALLOCED_PEAK},
	{IFIG_NATIVE_CONTEXTS, NATIVE_CONTEXTS},
	{IFIG_DETACHED_CONTEXTS, DETACHED_CONTEXTS},
	{IFIG_GLOBAL_HANDLES, GLOBAL_HANDLES},
	{IFIG_GLOBAL_HANDLES_USED, GLOBAL_HANDLES_USED},
};

struct space {
	char name[64];
	uint64_t size_bytes, used_bytes;
};

/* What one isolate answered. */
struct answer {
	uint64_t heap[HEAP_WORDS_USED];
	struct space spaces[ISOLATE_SPACES_MAX];
	size_t space_count;
	uint64_t code[2];
	figure_value array_buffers;
};

static void prepare_scratch(struct twin *twin)
{
	uint64_t words[SCRATCH_WORDS];

	for (size_t i = 0; i < SCRATCH_WORDS; i++)
		words[i] = UNWRITTEN;
	twin__write_scratch(twin, 0, words, sizeof(words));
}

/* The functions to be called for an isolate, in one batch. */
struct questions {
	struct twin_call calls[TWIN_BATCH];
	size_t count;
	const struct evaluation *evaluation;
	const struct v8_isolate *isolate;
};

/* Index of the call, or -1 where there is no such function. */
static int ask(struct questions *questions, enum v8_symbol symbol, uint64_t first, uint64_t second)
{
	uint64_t function = questions->evaluation->symbols[symbol];

	if (!function)
		return -1;
	questions->calls[questions->count] =
		(struct twin_call){.function = function,
				   .thread_pointer = questions->isolate->thread_pointer,
				   .arguments = {questions->isolate->address, first, second}};
	return (int)questions->count++;
}

static uint64_t space_offset(unsigned int index)
{
	return SPACES_OFFSET + index * SPACE_WORDS * sizeof(uint64_t);
}

/* How many spaces there are is a number of the program's own: it is asked once. */
static int count_spaces(struct v8_state *state, struct evaluation *evaluation,
			const struct v8_isolate *isolate)
{
	struct questions questions = {.evaluation = evaluation, .isolate = isolate};
	int err;

	if (state->space_count || !evaluation->symbols[V8_GET_HEAP_SPACE_STATISTICS] ||
	    ask(&questions, V8_NUMBER_OF_HEAP_SPACES, 0, 0) < 0)
		return 0;
	err = twin__call(evaluation->twin, questions.calls, 1);
	if (err)
		return err;
	if (questions.calls[0].result <= ISOLATE_SPACES_MAX)
		state->space_count = (unsigned int)questions.calls[0].result;
	return 0;
}

static bool is_name(const char *name)
{
	if (!name[0])
		return false;
	for (; *name; name++)
		if (!(*name >= 'a' && *name <= 'z') && !(*name >= '0' && *name <= '9') &&
		    *name != '_')
			return false;
	return true;
}

static bool read_space(struct twin *twin, unsigned int index, struct space *space)
{
	uint64_t words[SPACE_PHYSICAL + 1];

	twin__read_scratch(twin, space_offset(index), words, sizeof(words));
	space->size_bytes = words[SPACE_SIZE];
	space->used_bytes = words[SPACE_USED];
	return twin__read_text(twin, words[SPACE_NAME], space->name, sizeof(space->name)) == 0 &&
	       is_name(space->name) && words[SPACE_SIZE] < SANE_BYTES &&
	       words[SPACE_USED] <= words[SPACE_SIZE];
}

/* V8 holds the sum of its spaces for its total. Should another version hold a part of it
 * in none, that part stays the same from answer to answer. */
static bool adds_up(struct v8_isolate *isolate, const struct answer *answer)
{
	int64_t unlisted = (int64_t)answer->heap[TOTAL];

	if (answer->space_count == 0)
		return true;
	for (size_t i = 0; i < answer->space_count; i++)
		unlisted -= (int64_t)answer->spaces[i].size_bytes;
	if (unlisted == 0)
		return true;
	if (unlisted != isolate->unlisted_bytes)
		isolate->unlisted_times = 0;
	isolate->unlisted_bytes = unlisted;
	return ++isolate->unlisted_times > UNLISTED_TIMES;
}

static bool is_sane(struct v8_isolate *isolate, const struct answer *answer)
{
	const uint64_t *heap = answer->heap;

	for (size_t i = 0; i < HEAP_WORDS_USED; i++)
		if (i != ZAPS_GARBAGE && heap[i] != UNWRITTEN && heap[i] >= SANE_BYTES)
			return false;
	if (heap[TOTAL] == 0 || heap[TOTAL] == UNWRITTEN || heap[USED] == UNWRITTEN ||
	    heap[LIMIT] == UNWRITTEN)
		return false;
	return heap[USED] <= heap[TOTAL] && heap[PHYSICAL] <= heap[TOTAL] + UNCOMMITTED_BYTES &&
	       heap[EXECUTABLE] <= heap[TOTAL] && heap[TOTAL] / 2 <= heap[LIMIT] &&
	       (heap[GLOBAL_HANDLES] == UNWRITTEN ||
		heap[GLOBAL_HANDLES_USED] <= heap[GLOBAL_HANDLES]) &&
	       adds_up(isolate, answer);
}

static int call_all(struct v8_state *state, struct evaluation *evaluation,
		    struct v8_isolate *isolate, struct answer *answer)
{
	struct twin *twin = evaluation->twin;
	struct questions questions = {.evaluation = evaluation, .isolate = isolate};
	int allocator, spaces[ISOLATE_SPACES_MAX], err;

	prepare_scratch(twin);
	ask(&questions, V8_GET_HEAP_STATISTICS, twin__scratch(twin, HEAP_OFFSET), 0);
	allocator = ask(&questions, V8_GET_ARRAY_BUFFER_ALLOCATOR, 0, 0);
	ask(&questions, V8_GET_CODE_RANGE, twin__scratch(twin, CODE_OFFSET),
	    twin__scratch(twin, CODE_OFFSET + sizeof(uint64_t)));
	for (unsigned int i = 0; i < state->space_count; i++)
		spaces[i] = ask(&questions, V8_GET_HEAP_SPACE_STATISTICS,
				twin__scratch(twin, space_offset(i)), i);
	err = twin__call(twin, questions.calls, questions.count);
	if (err)
		return err;
	isolate->allocator = allocator < 0 ? 0 : questions.calls[allocator].result;
	twin__read_scratch(twin, HEAP_OFFSET, answer->heap, sizeof(answer->heap));
	twin__read_scratch(twin, CODE_OFFSET, answer->code, sizeof(answer->code));
	for (unsigned int i = 0; i < state->space_count; i++) {
		if (!(questions.calls[spaces[i]].result & 0xff))
			continue;
		if (!read_space(twin, i, &answer->spaces[answer->space_count++]))
			return V8_CONTRADICTION;
	}
	return 0;
}

/* The state in a sample, by the word of which only the first bytes were written. */
static int state_in(const uint64_t *sample)
{
	for (size_t i = 0; i < SAMPLE_WORDS; i++)
		if (sample[i] != UNWRITTEN && sample[i] >> 56 == UNWRITTEN >> 56 &&
		    (sample[i] & 0xff) < STATE_MAX)
			return (int)(sample[i] & 0xff);
	return -1;
}

/* While it collects, V8's figures are those of no moment of the program: what was not looked
 * at yet counts as if it were gone. 0 also where V8 does not tell. */
static int check_state(struct v8_state *state, struct evaluation *evaluation,
		       const struct v8_isolate *isolate)
{
	uint64_t words[REGISTER_WORDS + SAMPLE_WORDS] = {0};
	struct twin *twin = evaluation->twin;
	struct twin_call call = {
		.function = evaluation->symbols[V8_GET_STACK_SAMPLE],
		.thread_pointer = isolate->thread_pointer,
		.arguments = {isolate->address, twin__scratch(twin, REGISTERS_OFFSET), 0, 0,
			      twin__scratch(twin, SAMPLE_OFFSET)},
	};
	int err;

	if (!call.function || state->sample_failures >= SAMPLE_FAILURES_MAX)
		return 0;
	words[STACK_POINTER] = NO_STACK;
	for (size_t i = REGISTER_WORDS; i < ARRAY_SIZE(words); i++)
		words[i] = UNWRITTEN;
	twin__write_scratch(twin, REGISTERS_OFFSET, words, sizeof(words));
	err = twin__call(twin, &call, 1);
	if (err) {
		state->sample_failures++;
		return err;
	}
	twin__read_scratch(twin, REGISTERS_OFFSET, words, sizeof(words));
	return state_in(words + REGISTER_WORDS) == STATE_GC ? V8_UNSETTLED : 0;
}

static void take_code_range(struct v8_isolate *isolate, const uint64_t code[2])
{
	isolate->code_start = isolate->code_end = 0;
	if (code[0] == UNWRITTEN || code[0] >= SANE_BYTES || code[1] > CODE_RANGE_BYTES_MAX)
		return;
	isolate->code_start = code[0];
	isolate->code_end = code[0] + code[1];
}

/*
 * V8 tells its limit as a sum of what is set aside for new spaces and of the old
 * generation's limit, at which it ends the process. It tells the one from the other when it
 * is asked, in the twin, to lower the latter as far as it goes: that is five quarters of
 * what is used. Where that is no lower nothing can be told. A process's own callbacks may
 * set the old generation's limit anew at any time, the other part stays as it is.
 */
static int find_young_limit(struct evaluation *evaluation, struct v8_isolate *isolate,
			    const struct answer *answer)
{
	struct twin *twin = evaluation->twin;
	struct questions questions = {.evaluation = evaluation, .isolate = isolate};
	/* to be known by; V8 does not call it */
	uint64_t callback = twin__scratch(twin, LOWERED_OFFSET), lowered[HEAP_WORDS_USED], least;
	int err;

	if (isolate->young_limit_bytes ||
	    isolate->young_limit_failures >= YOUNG_LIMIT_FAILURES_MOST ||
	    ask(&questions, V8_ADD_NEAR_HEAP_LIMIT_CALLBACK, callback, 0) < 0 ||
	    ask(&questions, V8_REMOVE_NEAR_HEAP_LIMIT_CALLBACK, callback, 1) < 0)
		return 0;
	ask(&questions, V8_GET_HEAP_STATISTICS, twin__scratch(twin, LOWERED_OFFSET), 0);
	err = twin__call(twin, questions.calls, questions.count);
	if (err) {
		isolate->young_limit_failures++;
		return err;
	}
	twin__read_scratch(twin, LOWERED_OFFSET, lowered, sizeof(lowered));
	if (lowered[USED] >= SANE_BYTES || lowered[LIMIT] >= answer->heap[LIMIT])
		return 0;
	least = lowered[USED] + lowered[USED] / 4;
	if (lowered[LIMIT] > least)
		isolate->young_limit_bytes = lowered[LIMIT] - least;
	return 0;
}

static bool is_old(const struct space *space)
{
	for (size_t i = 0; i < ARRAY_SIZE(other_generations); i++)
		if (strncmp(space->name, other_generations[i], strlen(other_generations[i])) == 0)
			return false;
	return true;
}

static void put_old_generation(struct isolate *isolate, const struct v8_isolate *from,
			       const struct answer *answer)
{
	uint64_t used = 0;

	for (size_t i = 0; i < answer->space_count; i++)
		if (is_old(&answer->spaces[i]))
			used += answer->spaces[i].used_bytes;
	if (answer->space_count)
		isolate->figures[IFIG_OLD_USED] = (figure_value)used;
	if (from->young_limit_bytes && from->young_limit_bytes < answer->heap[LIMIT])
		isolate->figures[IFIG_OLD_LIMIT] =
			(figure_value)(answer->heap[LIMIT] - from->young_limit_bytes);
}

static void put_into_account(const struct evaluation *evaluation, const struct v8_isolate *from,
			     const struct answer *answer)
{
	struct isolate *isolate =
		process__isolate(evaluation->process, evaluation->look, from->tid);

	if (!isolate)
		return;
	memcpy(isolate->thread, from->thread, sizeof(isolate->thread));
	for (size_t i = 0; i < ARRAY_SIZE(heap_figures); i++) {
		uint64_t value = answer->heap[heap_figures[i].word];

		isolate->figures[heap_figures[i].figure] =
			value == UNWRITTEN ? FIGURE_UNKNOWN : (figure_value)value;
	}
	isolate->figures[IFIG_ARRAY_BUFFERS] = answer->array_buffers;
	put_old_generation(isolate, from, answer);
	isolate->space_count = 0;
	for (size_t i = 0; i < answer->space_count; i++)
		isolate__add_space(isolate, answer->spaces[i].name,
				   (figure_value)answer->spaces[i].size_bytes,
				   (figure_value)answer->spaces[i].used_bytes);
}

static int ask_once(struct v8_state *state, struct evaluation *evaluation,
		    struct v8_isolate *isolate, struct answer *answer)
{
	int err;

	*answer = (struct answer){.array_buffers = FIGURE_UNKNOWN};
	err = call_all(state, evaluation, isolate, answer);
	if (!err && !is_sane(isolate, answer))
		err = V8_CONTRADICTION;
	return err ? err : check_state(state, evaluation, isolate);
}

static bool is_near(uint64_t value, uint64_t before)
{
	uint64_t difference = value > before ? value - before : before - value;

	return difference <= NEAR_BYTES + before / NEAR_SHARE;
}

/* A collection may have begun or ended while the pages were fetched: what is from before and
 * from behind it makes figures that never were. Pages that have changed are fetched again,
 * and then the answer must be much the same. */
static int ask_twice(struct v8_state *state, struct evaluation *evaluation,
		     struct v8_isolate *isolate, struct answer *answer)
{
	struct answer before;
	int err;

	/* each isolate has its own pages: to look at those of all for each costs too much */
	twin__set_asker(evaluation->twin, isolate->tid);
	err = ask_once(state, evaluation, isolate, &before);

	*answer = before;
	if (err || twin__settle(evaluation->twin, 0))
		return err;
	err = ask_once(state, evaluation, isolate, answer);
	if (err)
		return err;
	return is_near(answer->heap[TOTAL], before.heap[TOTAL]) &&
			       is_near(answer->heap[USED], before.heap[USED])
		       ? 0
		       : V8_UNSETTLED;
}

int v8_statistics__ask(struct v8_state *state, struct evaluation *evaluation,
		       struct v8_isolate *isolate, bool settle_for_less)
{
	struct answer answer = {.array_buffers = FIGURE_UNKNOWN};
	int err = count_spaces(state, evaluation, isolate);

	if (!err)
		err = ask_twice(state, evaluation, isolate, &answer);
	if (err == V8_UNSETTLED && settle_for_less) {
		process__add_note(evaluation->process,
				  "v8: the heap of thread %u: it collected garbage whenever it was "
				  "asked: what it holds may be as of the middle of that",
				  isolate->tid);
		err = 0;
	}
	if (err)
		return err;
	err = find_young_limit(evaluation, isolate, &answer);
	if (err)
		return err;
	err = v8_buffers__total(&state->buffers, evaluation, isolate, &answer.array_buffers);
	if (err)
		return err;
	take_code_range(isolate, answer.code);
	isolate->committed_bytes = answer.heap[TOTAL] - answer.heap[EXECUTABLE];
	put_into_account(evaluation, isolate, &answer);
	return 0;
}
