/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/text_heap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "view/heap_columns.h"
#include "view/section_limits.h"
#include "view/text_rows.h"

#define STACKS_SHOWN 5

/* --- classes --- */

#define THE_REST PROCESS_FIGURE_COUNT /* of the class, without the other part */

/* The parts of a class: what is used of it, and what is not. heap.live_bytes is no part: blocks
 * are in it that are not resident or of another class, as array buffers are. */
static const struct split {
	enum process_figure class, used, unused;
	const char *used_label, *unused_label;
} splits[] = {
	{FIG_CLASS_V8_HEAP, FIG_V8_HEAP_USED, THE_REST, "  used", "  free"},
	{FIG_CLASS_MALLOC, THE_REST, FIG_HEAP_SLACK, "  live", "  slack"},
};

static figure_value part_of(const struct process *process, enum process_figure class,
			    enum process_figure part, enum process_figure other)
{
	figure_value whole = process->figures[class];

	if (part != THE_REST)
		return process->figures[part];
	if (!figure_known(whole) || !figure_known(process->figures[other]) ||
	    process->figures[other] < 0 || whole < process->figures[other])
		return FIGURE_UNKNOWN;
	return whole - process->figures[other];
}

static void print_split(struct output *output, const struct text_style *style,
			const struct process *process, const struct split *split)
{
	figure_value rss = process->figures[FIG_RSS];
	figure_value used = part_of(process, split->class, split->used, split->unused);
	figure_value unused = part_of(process, split->class, split->unused, split->used);

	if (figure_known(used))
		text_rows__print_part(output, style, split->used_label, used, rss);
	if (figure_known(unused))
		text_rows__print_part(output, style, split->unused_label, unused, rss);
}

static const char *class_label(const struct process *process, int class, char buffer[LABEL_SIZE])
{
	if (class != FIG_CLASS_MALLOC || !process->allocator)
		return text_rows__label(process_figures[class].path, "classes.", buffer);
	snprintf(buffer, LABEL_SIZE, "malloc (%.14s)", process->allocator);
	return buffer;
}

void text_heap__print_classes(HEAP_PARAMETERS)
{
	char label[LABEL_SIZE];
	bool any = false;

	(void)context;
	for (int i = FIG_CLASS_FIRST; i <= FIG_CLASS_LAST; i++)
		any |= figure_known(process->figures[i]);
	if (!any)
		return;
	text_rows__print_title(output, style, "RSS BY CLASS");
	for (int i = FIG_CLASS_FIRST; i <= FIG_CLASS_LAST; i++) {
		text_rows__print_part(output, style, class_label(process, i, label),
				      process->figures[i], process->figures[FIG_RSS]);
		for (size_t s = 0; s < ARRAY_SIZE(splits); s++)
			if ((int)splits[s].class == i)
				print_split(output, style, process, &splits[s]);
	}
}

/* --- sections --- */

void text_heap__print_sections(HEAP_PARAMETERS)
{
	struct section_limit rows[SECTION_ID_COUNT];
	char line[256], bytes[16], limit[16], used[16];

	if (!section_limits__work_out(context->account, process, rows))
		return;
	snprintf(line, sizeof(line), "%-16s%10s%10s%8s", "SECTIONS", "BYTES", "LIMIT", "%LIMIT");
	text_rows__print_title(output, style, line);
	for (int i = 0; i < SECTION_ID_COUNT; i++) {
		column__format(bytes, sizeof(bytes), UNIT_BYTES, rows[i].bytes);
		column__format(limit, sizeof(limit), UNIT_BYTES, rows[i].limit_bytes);
		column__format(used, sizeof(used), UNIT_PERCENT_100, rows[i].used);
		snprintf(line, sizeof(line), "  %-14s%10s%10s%8s%s%s", rows[i].name, bytes, limit,
			 used, rows[i].remark[0] ? "  " : "", rows[i].remark);
		text_table__add_line(output, style, TONE_PLAIN, line);
	}
}

/* --- allocator --- */

void text_heap__print_allocator(HEAP_PARAMETERS)
{
	char title[128], label[LABEL_SIZE], text[32];
	bool titled = false;

	(void)context;
	snprintf(title, sizeof(title), "ALLOCATOR: %.40s%s%.40s",
		 process->allocator ? process->allocator : "not known",
		 process->heap_source ? ", figures by " : "",
		 process->heap_source ? process->heap_source : "");
	for (int i = FIG_HEAP_FIRST; i <= FIG_HEAP_LAST; i++) {
		figure_value value = process->figures[i];

		if (!figure_known(value))
			continue;
		if (!titled)
			text_rows__print_title(output, style, title);
		titled = true;
		text_rows__print(output, style,
				 text_rows__label(process_figures[i].path, "heap.", label),
				 column__format(text, sizeof(text), process_figures[i].unit, value),
				 process_figures[i].help);
	}
}

/* --- stacks --- */

void text_heap__print_stacks(HEAP_PARAMETERS)
{
	static const struct table_column columns[] = {
		{.key = "tid", .importance = 90},	 {.key = "name", .importance = 100},
		{.key = "deepest", .importance = 99},	 {.key = "limit", .importance = 98},
		{.key = "limit_used", .importance = 97}, {.key = "touched", .importance = 80},
		{.key = "mapped", .importance = 70},
	};
	static const struct table_layout layout = {
		.columns = columns,
		.column_count = ARRAY_SIZE(columns),
		.find = stack_column__find,
	};
	const struct thread_stack *subjects[STACKS_SHOWN];
	char title[96], bytes[16];
	size_t count = 0;

	if (!process->stack_count)
		return;
	for (; count < STACKS_SHOWN && count < process->stack_count; count++)
		subjects[count] = &process->stacks[count];
	snprintf(title, sizeof(title),
		 "STACKS: %" PRId64 ", %s of address space, nearest to "
		 "their limits first",
		 (int64_t)process->stack_count + process->stacks_left_out,
		 column__format(bytes, sizeof(bytes), UNIT_BYTES,
				process->figures[FIG_STACKS_MAPPED]));
	text_rows__print_title(output, style, title);
	text_table__print(output, style, &layout, context, subjects, count);
}
