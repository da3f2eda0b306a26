/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/heap_columns.h"

#include <string.h>

#include "base/memory.h"
#include "view/section_limits.h"

#define NUMBER_PARAMETERS                                                                          \
	__attribute__((unused)) const struct column *column,                                       \
		__attribute__((unused)) const struct column_context *context, const void *subject
#define TEXT_PARAMETERS NUMBER_PARAMETERS, __attribute__((unused)) char buffer[COLUMN_TEXT_SIZE]

/* --- isolates --- */

static figure_value isolate_figure(NUMBER_PARAMETERS)
{
	return ((const struct isolate *)subject)->figures[column->figure];
}

static figure_value isolate_id(NUMBER_PARAMETERS)
{
	return ((const struct isolate *)subject)->id;
}

static figure_value isolate_tid(NUMBER_PARAMETERS)
{
	uint32_t tid = ((const struct isolate *)subject)->tid;

	return tid ? tid : FIGURE_UNKNOWN;
}

static const char *isolate_thread(TEXT_PARAMETERS)
{
	return ((const struct isolate *)subject)->thread;
}

static figure_value isolate_limit_used(NUMBER_PARAMETERS)
{
	const struct isolate *isolate = subject;

	return share_of(isolate->figures[IFIG_HEAP_USED], isolate->figures[IFIG_HEAP_LIMIT]);
}

/* --- stacks --- */

static figure_value stack_tid(NUMBER_PARAMETERS)
{
	return ((const struct thread_stack *)subject)->tid;
}

static const char *stack_name(TEXT_PARAMETERS)
{
	return ((const struct thread_stack *)subject)->name;
}

static figure_value stack_mapped(NUMBER_PARAMETERS)
{
	return ((const struct thread_stack *)subject)->mapped_bytes;
}

static figure_value stack_limit(NUMBER_PARAMETERS)
{
	return ((const struct thread_stack *)subject)->limit_bytes;
}

static figure_value stack_touched(NUMBER_PARAMETERS)
{
	return ((const struct thread_stack *)subject)->touched_bytes;
}

static figure_value stack_deepest(NUMBER_PARAMETERS)
{
	return ((const struct thread_stack *)subject)->deepest_bytes;
}

static figure_value stack_limit_used(NUMBER_PARAMETERS)
{
	const struct thread_stack *stack = subject;

	return share_of(stack->deepest_bytes, stack->limit_bytes);
}

/* --- tables --- */

#define NUMBER(key_, title_, group_, figure_, unit_, function, help_)                              \
	{                                                                                          \
		.key = (key_), .title = (title_), .help = (help_), .width = 8, .max_width = 10,    \
		.group = (group_), .figure = (figure_), .unit = (unit_), .number = (function),     \
	}
#define TEXT(key_, title_, width_, max_width_, function, help_)                                    \
	{                                                                                          \
		.key = (key_), .title = (title_), .help = (help_), .width = (width_),              \
		.max_width = (max_width_), .left = true, .group = COLUMN_IDENTITY, .figure = -1,   \
		.text = (function),                                                                \
	}

const struct column isolate_columns[] = {
	NUMBER("id", "ID", COLUMN_IDENTITY, -1, UNIT_COUNT, isolate_id,
	       "number of the isolate, in the order in which they were seen"),
	TEXT("thread", "THREAD", 8, ISOLATE_NAME_LENGTH, isolate_thread,
	     "thread that the isolate belongs to"),
	NUMBER("tid", "TID", COLUMN_IDENTITY, -1, UNIT_COUNT, isolate_tid, "id of that thread"),
#define FIGURE(id, path, title, unit, kind, help)                                                  \
	NUMBER(path, title, COLUMN_FIGURE, IFIG_##id, unit, isolate_figure, help),
#include "model/isolate_figures.def"
#undef FIGURE
	NUMBER("heap_limit_used", "%LIMIT", COLUMN_DERIVED, -1, UNIT_PERCENT_100,
	       isolate_limit_used, "heap_used as a share of heap_limit"),
};

const unsigned int isolate_column_count = ARRAY_SIZE(isolate_columns);

const struct column stack_columns[] = {
	NUMBER("tid", "TID", COLUMN_IDENTITY, -1, UNIT_COUNT, stack_tid, "id of the thread"),
	TEXT("name", "THREAD", 8, 63, stack_name, "name of the thread"),
	NUMBER("deepest", "DEEPEST", COLUMN_FIGURE, -1, UNIT_BYTES, stack_deepest,
	       "from its upper end to the lowest page that was ever touched"),
	NUMBER("limit", "LIMIT", COLUMN_FIGURE, -1, UNIT_BYTES, stack_limit, "what it may grow to"),
	NUMBER("limit_used", "%LIMIT", COLUMN_DERIVED, -1, UNIT_PERCENT_100, stack_limit_used,
	       "deepest as a share of limit"),
	NUMBER("touched", "TOUCHED", COLUMN_FIGURE, -1, UNIT_BYTES, stack_touched,
	       "pages that are resident or swapped"),
	NUMBER("mapped", "MAPPED", COLUMN_FIGURE, -1, UNIT_BYTES, stack_mapped,
	       "address space from its guard to its upper end"),
};

const unsigned int stack_column_count = ARRAY_SIZE(stack_columns);

static const struct column *find(const struct column *columns, unsigned int count, const char *key)
{
	for (unsigned int i = 0; i < count; i++) {
		if (strcmp(columns[i].key, key) == 0)
			return &columns[i];
	}
	return NULL;
}

const struct column *isolate_column__find(const char *key)
{
	return find(isolate_columns, isolate_column_count, key);
}

const struct column *stack_column__find(const char *key)
{
	return find(stack_columns, stack_column_count, key);
}
