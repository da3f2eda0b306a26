/* SPDX-License-Identifier: GPL-2.0-only */
#include "recording/json_heaps.h"

#include <string.h>

#include "base/text.h"
#include "recording/json_figures.h"

/* More than any of ours writes. */
#define STACKS_MAX	 1000
#define EXPLANATIONS_MAX 64

static const char *text_at(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void copy_text(char *buffer, size_t size, const json_t *object, const char *name)
{
	const char *text = text_at(object, name);

	text__sanitise(buffer, size, text ? text : "", text ? strlen(text) : 0);
}

/* ---- isolates ---- */

static void read_spaces(struct isolate *isolate, const json_t *spaces)
{
	const char *name;
	json_t *space;

	json_object_foreach((json_t *)spaces, name, space)
		isolate__add_space(isolate, name, json_figures__get(space, "committed", UNIT_BYTES),
				   json_figures__get(space, "used", UNIT_BYTES));
}

static void read_isolate(struct account *account, struct process *process, const json_t *object)
{
	int64_t id = json_figures__integer(object, "id", INT32_MAX);
	int64_t tid = json_figures__integer(object, "tid", INT32_MAX);
	struct isolate *isolate = process__recorded_isolate(
		process, account->look, id < 0 ? 0 : (uint32_t)id, tid < 0 ? 0 : (uint32_t)tid);

	if (!isolate)
		return;
	copy_text(isolate->thread, sizeof(isolate->thread), object, "thread");
	json_figures__read(isolate->figures, isolate_figures, ISOLATE_FIGURE_COUNT, object,
			   process);
	read_spaces(isolate, json_object_get(object, "spaces"));
}

static void read_isolates(struct account *account, struct process *process, const json_t *list)
{
	size_t i;
	json_t *item;

	json_array_foreach((json_t *)list, i, item)
	{
		if (json_is_object(item))
			read_isolate(account, process, item);
	}
	/* of one that exited, the end of the look does not do it */
	process__drop_unseen_isolates(process, account->look);
}

/* ---- stacks ---- */

static void read_stack(struct process *process, const json_t *object)
{
	int64_t tid = json_figures__integer(object, "tid", INT32_MAX);
	struct thread_stack stack = {
		.tid = tid < 0 ? 0 : (uint32_t)tid,
		.mapped_bytes = json_figures__get(object, "mapped", UNIT_BYTES),
		.limit_bytes = json_figures__get(object, "limit", UNIT_BYTES),
		.touched_bytes = json_figures__get(object, "touched", UNIT_BYTES),
		.deepest_bytes = json_figures__get(object, "deepest", UNIT_BYTES),
	};

	copy_text(stack.name, sizeof(stack.name), object, "name");
	process__add_stack(process, &stack);
}

static void read_stacks(struct process *process, const json_t *stacks)
{
	const json_t *list = json_object_get(stacks, "threads");
	int64_t left_out = json_figures__integer(stacks, "threads_left_out", INT32_MAX);
	size_t i;
	json_t *item;

	process->stacks_left_out = left_out < 0 ? 0 : left_out;
	json_array_foreach((json_t *)list, i, item)
	{
		if (!json_is_object(item))
			continue;
		if (process->stack_count < STACKS_MAX)
			read_stack(process, item);
		else
			process->stacks_left_out++;
	}
}

/* ---- explanations ---- */

static void read_explanation(struct process *process, const json_t *object)
{
	const char *cause = text_at(object, "cause"), *class = text_at(object, "class");
	const char *evidence = text_at(object, "evidence");
	struct explanation explanation = {
		.class = class ? explain_class__find(class) : -1,
		.grew_bytes = json_figures__get(object, "grew_bytes", UNIT_BYTES),
		.per_minute_bytes = json_figures__get(object, "per_minute_bytes", UNIT_BYTES),
		.evidence = (char *)(evidence ? evidence : ""),
	};
	int found = cause ? explain_cause__find(cause) : -1;

	if (found < 0)
		return;
	explanation.cause = (enum explain_cause)found;
	process__add_explanation(process, &explanation);
}

static void read_explanations(struct process *process, const json_t *list)
{
	size_t i;
	json_t *item;

	process->explained = json_is_array(list);
	json_array_foreach((json_t *)list, i, item)
	{
		if (process->explanation_count < EXPLANATIONS_MAX)
			read_explanation(process, item);
	}
}

/* ---- the process ---- */

static enum native_limit find_native_limit(const char *name)
{
	for (int i = NATIVE_LIMIT_UNKNOWN + 1; name && i < NATIVE_LIMIT_COUNT; i++)
		if (!strcmp(native_limit_names[i], name))
			return (enum native_limit)i;
	return NATIVE_LIMIT_UNKNOWN;
}

void json_heaps__read(struct account *account, struct process *process, const json_t *object)
{
	const json_t *heap = json_object_get(object, "heap");

	account__set_text(&process->allocator, text_at(heap, "allocator"));
	account__set_text(&process->heap_source, text_at(heap, "source"));
	process->native_limit =
		find_native_limit(text_at(json_object_get(object, "limits"), "native_limited_by"));
	read_isolates(account, process, json_object_get(json_object_get(object, "v8"), "isolates"));
	read_stacks(process, json_object_get(object, "stacks"));
	read_explanations(process, json_object_get(object, "explain"));
}
