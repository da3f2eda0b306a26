/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An isolate belongs to the thread that has entered it; the function that tells it reads a
 * variable of the thread. Threads that had none are asked again, as a worker gets its
 * isolate some time after its thread began, but less and less often. V8's own threads
 * enter the isolate for which they do a job: an isolate keeps the thread in which it was
 * seen first as long as that has it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "twin/v8.h"

/* A thread without an isolate is asked in this many looks running, then in every
 * RARE_LOOKS-th. */
#define EAGER_LOOKS 4
#define RARE_LOOKS  16

static int compare_threads(const void *left, const void *right)
{
	const struct v8_thread *a = left, *b = right;

	return (a->tid > b->tid) - (a->tid < b->tid);
}

static const struct source_thread *find_source_thread(const struct evaluation *evaluation,
						      uint32_t tid)
{
	for (size_t i = 0; i < evaluation->thread_count; i++)
		if (evaluation->threads[i].tid == tid)
			return &evaluation->threads[i];
	return NULL;
}

/* The threads that live, with what is known of them. */
static void take_threads(struct v8_state *state, const struct evaluation *evaluation)
{
	struct v8_thread *threads = xcalloc(evaluation->thread_count + 1, sizeof(*threads));

	for (size_t i = 0; i < evaluation->thread_count; i++) {
		const struct source_thread *from = &evaluation->threads[i];
		const struct v8_thread *known;

		threads[i] = (struct v8_thread){.tid = from->tid};
		known = state->thread_count
				? bsearch(&threads[i], state->threads, state->thread_count,
					  sizeof(*threads), compare_threads)
				: NULL;
		if (known && known->thread_pointer == from->thread_pointer)
			threads[i] = *known;
		threads[i].thread_pointer = from->thread_pointer;
	}
	qsort(threads, evaluation->thread_count, sizeof(*threads), compare_threads);
	free(state->threads);
	state->threads = threads;
	state->thread_count = evaluation->thread_count;
}

static bool is_due(const struct v8_state *state, const struct v8_thread *thread)
{
	return thread->thread_pointer && (thread->isolate || thread->next_look <= state->look);
}

static void note_answer(const struct v8_state *state, struct v8_thread *thread, uint64_t isolate)
{
	thread->isolate = isolate % sizeof(uint64_t) ? 0 : isolate;
	thread->asked = isolate ? 0 : thread->asked + 1;
	thread->next_look = state->look + (thread->asked < EAGER_LOOKS ? 1 : RARE_LOOKS);
}

static int ask_threads(struct v8_state *state, struct evaluation *evaluation)
{
	struct twin_call calls[TWIN_BATCH];
	struct v8_thread *asked[TWIN_BATCH];
	size_t count = 0;

	for (size_t i = 0; i < state->thread_count; i++) {
		if (is_due(state, &state->threads[i])) {
			asked[count] = &state->threads[i];
			calls[count++] = (struct twin_call){
				.function = evaluation->symbols[V8_TRY_GET_CURRENT],
				.thread_pointer = state->threads[i].thread_pointer};
		}
		if (count == TWIN_BATCH || (count && i + 1 == state->thread_count)) {
			int err = twin__call(evaluation->twin, calls, count);

			if (err)
				return err;
			for (size_t j = 0; j < count; j++)
				note_answer(state, asked[j], calls[j].result);
			count = 0;
		}
	}
	return 0;
}

static struct v8_thread *find_thread(struct v8_state *state, uint32_t tid)
{
	struct v8_thread key = {.tid = tid};

	return bsearch(&key, state->threads, state->thread_count, sizeof(key), compare_threads);
}

static bool is_listed(const struct v8_state *state, uint64_t address)
{
	for (size_t i = 0; i < state->isolate_count; i++)
		if (state->isolates[i].address == address)
			return true;
	return false;
}

static void drop_gone(struct v8_state *state)
{
	size_t kept = 0;

	for (size_t i = 0; i < state->isolate_count; i++) {
		const struct v8_isolate *isolate = &state->isolates[i];
		const struct v8_thread *thread = find_thread(state, isolate->tid);

		if (thread && thread->thread_pointer == isolate->thread_pointer &&
		    thread->isolate == isolate->address)
			state->isolates[kept++] = *isolate;
	}
	state->isolate_count = kept;
}

static void add_isolate(struct v8_state *state, const struct evaluation *evaluation,
			const struct v8_thread *thread)
{
	const struct source_thread *source = find_source_thread(evaluation, thread->tid);
	struct v8_isolate *isolate;

	if (!source || state->isolate_count == ISOLATES_MAX || is_listed(state, thread->isolate))
		return;
	state->isolates =
		xreallocarray(state->isolates, state->isolate_count + 1, sizeof(*state->isolates));
	isolate = &state->isolates[state->isolate_count++];
	*isolate = (struct v8_isolate){.address = thread->isolate,
				       .tid = thread->tid,
				       .thread_pointer = thread->thread_pointer};
	if (thread->tid == evaluation->process->key.pid)
		strcpy(isolate->thread, "main");
	else
		text__sanitise(isolate->thread, sizeof(isolate->thread), source->name,
			       strnlen(source->name, sizeof(source->name)));
}

int v8_isolates__find(struct v8_state *state, struct evaluation *evaluation)
{
	int err;

	take_threads(state, evaluation);
	err = ask_threads(state, evaluation);
	if (err)
		return err;
	drop_gone(state);
	for (size_t i = 0; i < state->thread_count; i++)
		if (state->threads[i].isolate)
			add_isolate(state, evaluation, &state->threads[i]);
	return 0;
}
