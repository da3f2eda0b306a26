/* SPDX-License-Identifier: GPL-2.0-only */
/* Parts of the page about one process: limits, the heaps in it, stacks, why it grew. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "view/section_limits.h"
#include "view/tui/process_sections.h"
#include "view/tui/screen.h"

#define NEAR_LIMIT   8000 /* from here on, in hundredths of a percent, it is a warning */
#define STACKS_SHOWN 5

static void put_share(struct grid *grid, int y, int x, int width, figure_value share)
{
	char text[32];

	grid__put_right(grid, y, x, width,
			!figure_known(share)  ? STYLE_DIM
			: share >= NEAR_LIMIT ? STYLE_WARNING
					      : STYLE_NORMAL,
			column__format(text, sizeof text, UNIT_PERCENT_100, share));
}

/* --- why it grew --- */

/* Text in as many lines as it needs; returns their number. */
static int put_paragraph(struct grid *grid, int y, int x, int width, const char *text)
{
	int first = y;

	while (*text) {
		size_t length = text__line_length(text, width > 0 ? (size_t)width : 1);
		char *line = xasprintf("%.*s", (int)length, text);

		grid__put(grid, y++, x, width, STYLE_NORMAL, line);
		free(line);
		text += length;
		text += strspn(text, " ");
	}
	return y - first;
}

char *format_explanation(char *buffer, size_t size, const struct explanation *explanation)
{
	const char *class = explanation__class_name(explanation);
	char grew[32], minute[32];

	if (!explanation->grew_bytes) {
		snprintf(buffer, size, "%s%s%s", explain_cause_names[explanation->cause],
			 class ? ": " : "", class ? class : "");
		return buffer;
	}
	snprintf(buffer, size, "%s%s%s %s, %s/min", explain_cause_names[explanation->cause],
		 class ? ": " : "", class ? class : "",
		 format_growth(grew, sizeof grew, UNIT_BYTES, explanation->grew_bytes),
		 format_growth(minute, sizeof minute, UNIT_BYTES, explanation->per_minute_bytes));
	return buffer;
}

int section_explain(SECTION_PARAMETERS)
{
	const struct process *process = &view->copy->process;
	char line[160];
	int first = y;

	if (!process->explanation_count)
		return 0;
	grid__put(grid, y++, x, width, STYLE_HEADING,
		  process->explanations[0].grew_bytes ? "  WHY IT GREW" : "  WHAT STANDS OUT");
	for (size_t i = 0; i < process->explanation_count; i++) {
		format_explanation(line, sizeof line, &process->explanations[i]);
		grid__put(grid, y++, x + 2, width - 2, STYLE_BOLD, line);
		y += put_paragraph(grid, y, x + 4, width - 4, process->explanations[i].evidence);
	}
	return y - first;
}

/* --- sections and limits --- */

static int draw_section_limits(struct grid *grid, int y, int x, int width,
			       const struct section_view *view)
{
	struct section_limit rows[SECTION_ID_COUNT];

	if (!section_limits__work_out(view->account, &view->copy->process, rows))
		return 0;
	grid__printf(grid, y++, x, STYLE_HEADING, "  %-14s %9s %9s %7s", "SECTION", "BYTES",
		     "LIMIT", "%LIMIT");
	for (int i = 0; i < SECTION_ID_COUNT; i++, y++) {
		grid__put(grid, y, x + 2, 14, STYLE_NORMAL, rows[i].name);
		section__put_value(grid, y, x + 17, 9, UNIT_BYTES, rows[i].bytes);
		section__put_value(grid, y, x + 27, 9, UNIT_BYTES, rows[i].limit_bytes);
		put_share(grid, y, x + 37, 7, rows[i].used);
		grid__put(grid, y, x + 46, width - 46, STYLE_DIM, rows[i].remark);
	}
	return 1 + SECTION_ID_COUNT;
}

int section_limits(SECTION_PARAMETERS)
{
	static const struct figure_row rows[] = {
		{FIG_LIMIT_CONTAINER, "container or cgroup"},
		{FIG_LIMIT_ADDRESS_SPACE, "address space"},
		{FIG_LIMIT_STACK, "stack"},
		{FIG_LIMIT_AVAILABLE, "left on the machine"},
		{FIG_FDS_OPEN, "open file descriptors"},
		{FIG_FDS_LIMIT, "their limit"},
	};
	const figure_value *figures = view->copy->process.figures;
	int first = y;

	y += draw_section_limits(grid, y, x, width, view);
	grid__printf(grid, y++, x, STYLE_HEADING, "  %-24s %10s", "LIMITS", "BYTES");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum figure_unit unit = process_figures[rows[i].figure].unit;

		if (unit != UNIT_BYTES && !figure_known(figures[rows[i].figure]))
			continue;
		grid__put(grid, y, x + 2, 24, STYLE_NORMAL, rows[i].label);
		section__put_value(grid, y++, x + 27, 10, unit, figures[rows[i].figure]);
	}
	return y - first;
}

/* --- V8 --- */

static void put_amount(struct grid *grid, int y, int *x, const char *label, enum figure_unit unit,
		       figure_value value)
{
	char text[32];

	if (!figure_known(value))
		return;
	*x += grid__printf(grid, y, *x, STYLE_DIM, "%s ", label);
	*x += grid__put(grid, y, *x, grid->width, STYLE_NORMAL,
			column__format(text, sizeof text, unit, value)) +
	      2;
}

/* What an isolate holds beside its heap, and its collections: a line each, where any of
 * it is known. */
static int draw_more(struct grid *grid, int y, int x, const struct isolate *isolate)
{
	static const struct {
		int line;
		enum isolate_figure figure;
		const char *label;
		bool when_set;
	} amounts[] = {
		{0, IFIG_EXTERNAL, "external", false},
		{0, IFIG_ARRAY_BUFFERS, "arrayBuffers", false},
		{0, IFIG_DETACHED_CONTEXTS, "DETACHED", true},
		{0, IFIG_NATIVE_CONTEXTS, "contexts", false},
		{1, IFIG_GC_SCAVENGES, "scavenges", false},
		{1, IFIG_GC_MARK_COMPACTS, "mark-compacts", false},
		{1, IFIG_GC_PAUSE, "paused", false},
		{1, IFIG_GC_PAUSE_MAX, "longest", false},
	};
	int first = y, at = x;

	for (size_t i = 0; i < ARRAY_SIZE(amounts); i++) {
		figure_value value = isolate->figures[amounts[i].figure];

		if (i && amounts[i].line != amounts[i - 1].line && at > x) {
			y++;
			at = x;
		}
		if (value || !amounts[i].when_set)
			put_amount(grid, y, &at, amounts[i].label,
				   isolate_figures[amounts[i].figure].unit, value);
	}
	return y - first + (at > x);
}

static void put_isolate_name(struct grid *grid, int y, int x, int width, enum style style,
			     const struct isolate *isolate)
{
	char name[ISOLATE_NAME_LENGTH + 16];

	snprintf(name, sizeof name, "%" PRIu32 " %s", isolate->id, isolate->thread);
	grid__put(grid, y, x, width, style, name);
}

int section_v8(SECTION_PARAMETERS)
{
	const struct process *process = &view->copy->process;
	int first = y;

	if (!process->isolate_count)
		return 0;
	grid__printf(grid, y++, x, STYLE_HEADING, "  %-14s %9s %9s %9s %7s", "V8 ISOLATE",
		     "heapUsed", "heapTotal", "LIMIT", "USED");
	for (size_t i = 0; i < process->isolate_count; i++) {
		const struct isolate *isolate = &process->isolates[i];
		const figure_value *figures = isolate->figures;

		put_isolate_name(grid, y, x + 2, 14, STYLE_BOLD, isolate);
		section__put_value(grid, y, x + 17, 9, UNIT_BYTES, figures[IFIG_HEAP_USED]);
		section__put_value(grid, y, x + 27, 9, UNIT_BYTES, figures[IFIG_HEAP_TOTAL]);
		section__put_value(grid, y, x + 37, 9, UNIT_BYTES, figures[IFIG_HEAP_LIMIT]);
		put_share(grid, y, x + 47, 7,
			  share_of(figures[IFIG_HEAP_USED], figures[IFIG_HEAP_LIMIT]));
		y++;
		y += draw_more(grid, y, x + 4, isolate);
	}
	return y - first;
}

int section_spaces(SECTION_PARAMETERS)
{
	const struct process *process = &view->copy->process;
	int first = y;

	for (size_t i = 0; i < process->isolate_count; i++) {
		const struct isolate *isolate = &process->isolates[i];

		if (!isolate->space_count)
			continue;
		grid__printf(grid, y, x, STYLE_HEADING, "  %-24s %10s  %10s", "V8 SPACES OF",
			     "USED", "COMMITTED");
		put_isolate_name(grid, y++, x + 15, 12, STYLE_HEADING, isolate);
		for (size_t s = 0; s < isolate->space_count; s++, y++) {
			grid__put(grid, y, x + 2, 24, STYLE_NORMAL, isolate->spaces[s].name);
			section__put_value(grid, y, x + 27, 10, UNIT_BYTES,
					   isolate->spaces[s].used_bytes);
			section__put_value(grid, y, x + 39, 10, UNIT_BYTES,
					   isolate->spaces[s].committed_bytes);
		}
	}
	return y - first;
}

/* --- allocator --- */

int section_allocator(SECTION_PARAMETERS)
{
	static const struct figure_row rows[] = {
		{FIG_HEAP_HELD, "held"},
		{FIG_HEAP_LIVE, "live"},
		{FIG_HEAP_SLACK, "slack"},
		{FIG_HEAP_FREE, "free"},
		{FIG_HEAP_MMAPPED, "mmapped"},
		{FIG_HEAP_ACTIVE, "active"},
		{FIG_HEAP_RESIDENT, "resident"},
		{FIG_HEAP_RETAINED, "retained"},
		{FIG_HEAP_METADATA, "metadata"},
		{FIG_HEAP_LIVE_BLOCKS, "live blocks"},
		{FIG_PYTHON_BLOCKS, "blocks of Python"},
	};
	const struct process *process = &view->copy->process;
	char title[64];
	int first = y++;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (figure_known(process->figures[rows[i].figure]))
			y += section__draw_figures(grid, y, x, view->copy, &rows[i], 1);
	if (y == first + 1)
		return 0;
	snprintf(title, sizeof title, "ALLOCATOR %.14s",
		 process->allocator ? process->allocator : "");
	grid__printf(grid, first, x, STYLE_HEADING, "  %-24s %10s  %10s", title, "BYTES",
		     "GROWTH/s");
	return y - first;
}

/* --- stacks --- */

int section_stacks(SECTION_PARAMETERS)
{
	const struct process *process = &view->copy->process;
	int64_t more;
	int first = y;

	if (!process->stack_count)
		return 0;
	grid__printf(grid, y++, x, STYLE_HEADING, "  %-24s %9s %9s %7s", "STACK OF THREAD",
		     "DEEPEST", "LIMIT", "USED");
	for (size_t i = 0; i < process->stack_count && i < STACKS_SHOWN; i++, y++) {
		const struct thread_stack *stack = &process->stacks[i];

		grid__printf(grid, y, x + 2, STYLE_NORMAL, "%" PRIu32, stack->tid);
		grid__put(grid, y, x + 11, 15, STYLE_NORMAL, stack->name);
		section__put_value(grid, y, x + 27, 9, UNIT_BYTES, stack->deepest_bytes);
		section__put_value(grid, y, x + 37, 9, UNIT_BYTES, stack->limit_bytes);
		put_share(grid, y, x + 47, 7, share_of(stack->deepest_bytes, stack->limit_bytes));
	}
	more = (int64_t)process->stack_count - (y - first - 1) + process->stacks_left_out;
	if (more > 0)
		grid__printf(grid, y++, x + 2, STYLE_DIM, "and %" PRId64 " more", more);
	return y - first;
}
