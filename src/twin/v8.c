/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * V8 and Node.js tell what they hold by functions that every binary exports, as native
 * addons need them: seen in Node.js 18 to 26, stripped ones, too. What the functions
 * answer is what v8.getHeapStatistics() and process.memoryUsage() show.
 *
 * An isolate that answered in a look is not asked again in further rounds of that look:
 * one that allocates all the time does not keep the others from being known.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "twin/sources.h"
#include "twin/v8.h"

/* In one look, before isolates that do not answer are let go. In the last ones an answer of
 * the middle of a collection is better than none. */
#define ROUNDS	       8
#define LENIENT_ROUNDS 4
/* For the end of a collection it is waited, longer each time. */
#define PAUSE_NS      1000000L
#define DOUBLINGS_MAX 4

static const char *const v8_symbols[] = {
	[V8_TRY_GET_CURRENT] = "_ZN2v87Isolate13TryGetCurrentEv",
	[V8_GET_HEAP_STATISTICS] = "_ZN2v87Isolate17GetHeapStatisticsEPNS_14HeapStatisticsE",
	[V8_NUMBER_OF_HEAP_SPACES] = "_ZN2v87Isolate18NumberOfHeapSpacesEv",
	[V8_GET_HEAP_SPACE_STATISTICS] =
		"_ZN2v87Isolate22GetHeapSpaceStatisticsEPNS_19HeapSpaceStatisticsEm",
	[V8_GET_CODE_RANGE] = "_ZN2v87Isolate12GetCodeRangeEPPvPm",
	[V8_GET_ARRAY_BUFFER_ALLOCATOR] = "_ZN2v87Isolate23GetArrayBufferAllocatorEv",
	[V8_ADD_NEAR_HEAP_LIMIT_CALLBACK] = "_ZN2v87Isolate24AddNearHeapLimitCallbackEPFmPvmmES1_",
	[V8_REMOVE_NEAR_HEAP_LIMIT_CALLBACK] =
		"_ZN2v87Isolate27RemoveNearHeapLimitCallbackEPFmPvmmEm",
	[V8_REGISTER_POINTER] = "_ZN4node24NodeArrayBufferAllocator15RegisterPointerEPvm",
	[V8_GET_STACK_SAMPLE] =
		"_ZN2v87Isolate14GetStackSampleERKNS_13RegisterStateEPPvmPNS_10SampleInfoE",
	[V8_ALLOCATOR_VTABLE] = "_ZTVN4node24NodeArrayBufferAllocatorE",
	[V8_DEBUGGING_ALLOCATOR_VTABLE] = "_ZTVN4node29DebuggingArrayBufferAllocatorE",
	[V8_SYMBOL_COUNT] = NULL,
};

static struct v8_state *state_of(struct evaluation *evaluation)
{
	struct v8_state *state = *evaluation->state;

	if (!state) {
		state = xcalloc(1, sizeof(*state));
		state->pages = v8_pages__new();
		state->backing = v8_backing__new();
		*evaluation->state = state;
	}
	if (state->look != evaluation->look) {
		state->look = evaluation->look;
		state->failed_rounds = 0;
		for (size_t i = 0; i < state->isolate_count; i++) {
			state->isolates[i].failures = 0;
			state->isolates[i].unsettled = false;
		}
	}
	return state;
}

static void free_state(void *pointer)
{
	struct v8_state *state = pointer;

	if (!state)
		return;
	v8_pages__free(state->pages);
	v8_backing__free(state->backing);
	free(state->isolates);
	free(state->threads);
	free(state);
}

/* Those that failed least come first: what ends a round ends it for those behind. */
static struct v8_isolate *next_to_ask(struct v8_state *state)
{
	struct v8_isolate *next = NULL;

	for (size_t i = 0; i < state->isolate_count; i++) {
		struct v8_isolate *isolate = &state->isolates[i];

		if (isolate->answered_look == state->look || isolate->asked_round == state->round)
			continue;
		if (!next || isolate->failures < next->failures)
			next = isolate;
	}
	return next;
}

static int ask_isolates(struct v8_state *state, struct evaluation *evaluation)
{
	bool lenient = state->failed_rounds + LENIENT_ROUNDS >= ROUNDS;
	struct v8_isolate *isolate;
	int result = 0;

	for (size_t i = 0; i < state->isolate_count; i++)
		process__isolate(evaluation->process, evaluation->look, state->isolates[i].tid);
	while ((isolate = next_to_ask(state))) {
		int err = v8_statistics__ask(state, evaluation, isolate, lenient);

		isolate->asked_round = state->round;
		if (!err) {
			isolate->answered_look = state->look;
			continue;
		}
		isolate->failures++;
		isolate->unsettled = err == V8_UNSETTLED;
		if (err != V8_CONTRADICTION && err != V8_UNSETTLED)
			return err;
		result = -EAGAIN;
	}
	return result;
}

static bool is_unsettled(const struct v8_state *state)
{
	for (size_t i = 0; i < state->isolate_count; i++)
		if (state->isolates[i].answered_look != state->look && state->isolates[i].unsettled)
			return true;
	return false;
}

static void wait_for_collection(unsigned int rounds)
{
	struct timespec pause = {.tv_nsec = PAUSE_NS
					    << (rounds < DOUBLINGS_MAX ? rounds : DOUBLINGS_MAX)};

	nanosleep(&pause, NULL);
}

static void tell_missing(const struct v8_state *state, struct evaluation *evaluation)
{
	const char *reason = twin__reason(evaluation->twin);

	if (!reason[0])
		reason = "its answers contradict each other, as it changes meanwhile";
	for (size_t i = 0; i < state->isolate_count; i++)
		if (state->isolates[i].answered_look != state->look)
			process__add_note(evaluation->process, "v8: the heap of thread %u: %s",
					  state->isolates[i].tid, reason);
}

/* What does not answer for several rounds is let go, so that the rest is not lost. */
static int give_up(struct v8_state *state, struct evaluation *evaluation, int err)
{
	if (err == -ESRCH)
		return err;
	if (++state->failed_rounds < ROUNDS) {
		if (is_unsettled(state))
			wait_for_collection(state->failed_rounds - 1);
		return err;
	}
	tell_missing(state, evaluation);
	return 0;
}

static int evaluate(struct evaluation *evaluation, struct source_figures *figures)
{
	struct v8_state *state = state_of(evaluation);
	int err;

	(void)figures;
	state->round++;
	err = v8_isolates__find(state, evaluation);
	if (err)
		return err;
	if (state->isolate_count == 0)
		return -ENOENT;
	err = ask_isolates(state, evaluation);
	return err ? give_up(state, evaluation, err) : 0;
}

static bool claim(struct evaluation *evaluation)
{
	struct v8_state *state = *evaluation->state;
	bool found =
		v8_pages__claim(state->pages, evaluation, state->isolates, state->isolate_count);
	v8_backing__claim(state->backing, evaluation, state->isolates, state->isolate_count,
			  state->pages);
	v8_reservations__claim(evaluation, state->isolates, state->isolate_count);
	return found;
}

const struct figure_source v8_source = {
	.name = "v8",
	.kind = SOURCE_RUNTIME,
	.tells_classes = true,
	.symbols = v8_symbols,
	.required = V8_SYMBOLS_REQUIRED,
	.evaluate = evaluate,
	.claim = claim,
	.free_state = free_state,
};
