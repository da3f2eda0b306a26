/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/json_groups.h"

#include <string.h>

#include "base/memory.h"

static bool any_known(const struct process *process, int first, int last)
{
	for (int i = first; i <= last; i++)
		if (figure_known(process->figures[i]))
			return true;
	return false;
}

/* --- limits, lost --- */

static void end_limits(struct output *output, const struct process *process)
{
	json__add_text(output, "native_limited_by",
		       native_limit_names[process__native_limit(process)]);
}

/* Names of the contract that belong to a layer that is not measured. */
static void end_lost(struct output *output, const struct process *process)
{
	(void)process;
	output__add_text(output, ",\"stacks\":null,\"live_blocks\":null");
}

/* --- stacks --- */

static bool knows_stacks(const struct process *process)
{
	return process->stack_count || any_known(process, FIG_STACKS_FIRST, FIG_STACKS_LAST);
}

static void add_stack(struct output *output, const struct thread_stack *stack)
{
	output__add_char(output, '{');
	json__add_number(output, "tid", stack->tid);
	json__add_text(output, "name", stack->name);
	json__add_number(output, "mapped", stack->mapped_bytes);
	json__add_number(output, "limit", stack->limit_bytes);
	json__add_number(output, "touched", stack->touched_bytes);
	json__add_number(output, "deepest", stack->deepest_bytes);
	json__close(output);
}

static void end_stacks(struct output *output, const struct process *process)
{
	size_t count =
		process->stack_count < JSON_STACKS_MAX ? process->stack_count : JSON_STACKS_MAX;

	json__add_name(output, "threads");
	output__add_char(output, '[');
	for (size_t i = 0; i < count; i++) {
		if (i)
			output__add_char(output, ',');
		add_stack(output, &process->stacks[i]);
	}
	output__add_char(output, ']');
	json__add_number(output, "threads_left_out",
			 process->stacks_left_out + (int64_t)(process->stack_count - count));
}

/* --- heap, python --- */

static bool knows_heap(const struct process *process)
{
	return process->allocator || process->heap_source ||
	       any_known(process, FIG_HEAP_FIRST, FIG_HEAP_LAST);
}

static void begin_heap(struct output *output, const struct process *process)
{
	json__add_text(output, "allocator", process->allocator);
	json__add_text(output, "source", process->heap_source);
}

/* What would count the calls of the allocator is not measured. */
static void end_heap(struct output *output, const struct process *process)
{
	(void)process;
	output__add_text(output, ",\"allocated_bytes\":null,\"allocated_blocks\":null,"
				 "\"freed_bytes\":null,\"freed_blocks\":null,"
				 "\"untracked_frees\":null,\"sampled_every\":null");
}

static bool knows_python(const struct process *process)
{
	return figure_known(process->figures[FIG_PYTHON_BLOCKS]);
}

/* --- v8 --- */

static bool knows_v8(const struct process *process)
{
	return process->isolate_count || any_known(process, FIG_V8_FIRST, FIG_V8_LAST);
}

/* Their names are V8's, of which the model keeps no two alike. */
static void add_spaces(struct output *output, const struct isolate *isolate)
{
	json__open(output, "spaces");
	for (size_t i = 0; i < isolate->space_count; i++) {
		const struct isolate_space *space = &isolate->spaces[i];

		if (i)
			output__add_char(output, ',');
		json__add_string(output, space->name);
		output__add(output, ":{", 2);
		json__add_number(output, "committed", space->committed_bytes);
		json__add_number(output, "used", space->used_bytes);
		json__close(output);
	}
	json__close(output);
}

/* Figures of the heap, its spaces, then those of collections. */
static void add_isolate(struct output *output, const struct isolate *isolate)
{
	static const struct json_figures of_heap = {
		.figures = isolate_figures,
		.count = IFIG_GC_SCAVENGES,
	};
	static const struct json_figures of_collections = {
		.figures = isolate_figures + IFIG_GC_SCAVENGES,
		.count = ISOLATE_FIGURE_COUNT - IFIG_GC_SCAVENGES,
	};

	output__add_char(output, '{');
	json__add_number(output, "id", isolate->id);
	json__add_number(output, "tid", isolate->tid ? isolate->tid : FIGURE_UNKNOWN);
	json__add_text(output, "thread", isolate->thread);
	json__add_figures(output, &of_heap, isolate->figures, NULL);
	add_spaces(output, isolate);
	json__add_figures(output, &of_collections, isolate->figures + IFIG_GC_SCAVENGES, NULL);
	json__close(output);
}

static void end_v8(struct output *output, const struct process *process)
{
	json__add_name(output, "isolates");
	output__add_char(output, '[');
	for (size_t i = 0; i < process->isolate_count; i++) {
		if (i)
			output__add_char(output, ',');
		add_isolate(output, &process->isolates[i]);
	}
	output__add_char(output, ']');
}

/* --- the process --- */

static const struct json_group limits = {.end = end_limits};
static const struct json_group stacks = {.is_known = knows_stacks, .end = end_stacks};
static const struct json_group heap = {
	.is_known = knows_heap,
	.begin = begin_heap,
	.end = end_heap,
};
static const struct json_group python = {.is_known = knows_python};
static const struct json_group v8 = {.is_known = knows_v8, .end = end_v8};
static const struct json_group lost = {.end = end_lost};

static const struct json_group *const groups[PROCESS_FIGURE_COUNT] = {
	[FIG_LIMIT_STACK] = &limits,   [FIG_STACKS_FIRST] = &stacks, [FIG_HEAP_FIRST] = &heap,
	[FIG_PYTHON_BLOCKS] = &python, [FIG_V8_FIRST] = &v8,	     [FIG_LOST_EVENTS] = &lost,
};

const struct json_figures json_process_figures = {
	.figures = process_figures,
	.count = PROCESS_FIGURE_COUNT,
	.groups = groups,
};

/* --- explain --- */

static void add_explanation(struct output *output, const struct explanation *explanation)
{
	output__add_char(output, '{');
	json__add_text(output, "cause", explain_cause_names[explanation->cause]);
	json__add_text(output, "class", explanation__class_name(explanation));
	json__add_number(output, "grew_bytes", explanation->grew_bytes);
	json__add_number(output, "per_minute_bytes", explanation->per_minute_bytes);
	json__add_text(output, "evidence", explanation->evidence);
	json__close(output);
}

void json__add_explanations(struct output *output, const struct process *process)
{
	if (!process->explained)
		return;
	json__add_name(output, "explain");
	output__add_char(output, '[');
	for (size_t i = 0; i < process->explanation_count; i++) {
		if (i)
			output__add_char(output, ',');
		add_explanation(output, &process->explanations[i]);
	}
	output__add_char(output, ']');
}
