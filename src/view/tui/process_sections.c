/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/tui/process_sections.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "view/look.h"
#include "view/tui/screen.h"
#include "view/tui/spark.h"

#define LOOKS_TO_WAIT 3

/* They come with the look after the one at which the page was opened. */
static const char *why_no_classes(const struct process_copy *copy)
{
	if (!copy->process.exited && !copy->is_final && copy->looks <= LOOKS_TO_WAIT)
		return "working out the classes...";
	if (copy->process.note_count)
		return "the classes are not known: see the notes below";
	return "the classes are not known";
}

static int section_classes(SECTION_PARAMETERS)
{
	const figure_value *figures = view->copy->process.figures;

	if (!figure_known(figures[FIG_CLASS_LAST])) {
		grid__put(grid, y, x, width, STYLE_HEADING, "  CLASS");
		grid__put(grid, y + 1, x + 2, width - 2, STYLE_DIM, why_no_classes(view->copy));
		return 2;
	}
	return draw_classes(grid, y, x, width,
			    &(struct class_table){
				    .classes = &figures[FIG_CLASS_FIRST],
				    .rates = &view->copy->rates[FIG_CLASS_FIRST],
				    .histories = view->copy->classes,
				    .rss = figures[FIG_RSS],
				    .plain = view->plain,
				    .split = view->copy,
			    });
}

static int section_history(SECTION_PARAMETERS)
{
	const struct history *history = &view->copy->process.history;
	figure_value least, greatest;
	char a[32], b[32];
	int columns = width < HISTORY_LENGTH ? width - 2 : HISTORY_LENGTH;
	int looks = history->count < (uint64_t)columns ? (int)history->count : columns;

	if (!history__range(history, columns, &least, &greatest))
		return 0;
	grid__printf(grid, y, x, STYLE_HEADING, "  RSS over the last %d looks: %s to %s", looks,
		     text__bytes(a, sizeof a, least), text__bytes(b, sizeof b, greatest));
	draw_area(grid, y + 1, x + 2, columns, view->history_lines, STYLE_SPARK, history);
	return view->history_lines + 1;
}

/* --- figures in rows of label, value and change --- */

void section__put_value(struct grid *grid, int y, int x, int width, enum figure_unit unit,
			figure_value value)
{
	char text[32];

	grid__put_right(grid, y, x, width, figure_known(value) && value ? STYLE_NORMAL : STYLE_DIM,
			column__format(text, sizeof text, unit, value));
}

static void put_rate(struct grid *grid, int y, int x, int width, enum process_figure figure,
		     figure_value rate)
{
	const struct figure *row = &process_figures[figure];
	char text[32];

	if (row->kind == FIGURE_GAUGE)
		grid__put_right(grid, y, x, width, style_of_growth(rate),
				format_growth(text, sizeof text, row->unit, rate));
	else
		section__put_value(grid, y, x, width, row->unit, rate);
}

int section__draw_figures(struct grid *grid, int y, int x, const struct process_copy *copy,
			  const struct figure_row *rows, int count)
{
	int first = y;

	for (int i = 0; i < count; i++) {
		enum process_figure figure = rows[i].figure;
		figure_value value = copy->process.figures[figure];

		grid__put(grid, y, x + 2, 24, STYLE_NORMAL, rows[i].label);
		section__put_value(grid, y, x + 27, 10, process_figures[figure].unit, value);
		put_rate(grid, y, x + 39, 10, figure, copy->rates[figure]);
		y++;
	}
	return y - first;
}

static int draw_faults(struct grid *grid, int y, int x, const struct process_copy *copy,
		       const char *heading, const struct figure_row *rows, int count)
{
	grid__printf(grid, y, x, STYLE_HEADING, "  %-24s %10s  %10s", heading, "COUNT",
		     "PER SECOND");
	return 1 + section__draw_figures(grid, y + 1, x, copy, rows, count);
}

/* The kernel counts from the start of the process, the causes are counted here: their
 * sums differ, and each must say what it is. */
static int section_faults(SECTION_PARAMETERS)
{
	static const struct figure_row of_kernel[] = {
		{FIG_FAULTS_MINOR, "minor, without input"},
		{FIG_FAULTS_MAJOR, "major, with input"},
	};
	static const struct figure_row of_ours[] = {
		{FIG_FAULTS_READ, "by reading"},
		{FIG_FAULTS_WRITE, "by writing"},
		{FIG_FAULTS_PROTECTION, "copy on write, access"},
		{FIG_FAULTS_INSTRUCTION, "by executing"},
	};
	int first = y;

	y += draw_faults(grid, y, x, view->copy, "FAULTS SINCE IT STARTED", of_kernel,
			 ARRAY_SIZE(of_kernel));
	y += draw_faults(grid, y, x, view->copy, "FAULTS SINCE WATCHED", of_ours,
			 ARRAY_SIZE(of_ours));
	return y - first;
}

static int section_kinds(SECTION_PARAMETERS)
{
	static const struct figure_row rows[] = {
		{FIG_RSS_ANON, "anonymous"},	  {FIG_RSS_FILE, "file"},
		{FIG_RSS_SHMEM, "shared memory"}, {FIG_HUGE_PAGES, "in huge pages"},
		{FIG_SWAP, "swapped out"},	  {FIG_PAGE_TABLES, "page tables"},
		{FIG_HUGETLB, "hugetlbfs"},	  {FIG_PSS, "proportional (PSS)"},
		{FIG_VSIZE, "address space"},
	};

	grid__printf(grid, y, x, STYLE_HEADING, "  %-24s %10s  %10s", "KINDS OF PAGES", "BYTES",
		     "GROWTH/s");
	return 1 + section__draw_figures(grid, y + 1, x, view->copy, rows, ARRAY_SIZE(rows));
}

/* --- system calls that change the address space --- */

#define NO_FIGURE PROCESS_FIGURE_COUNT

static const struct call_row {
	const char *label;
	enum process_figure bytes, calls, failures;
} call_rows[] = {
	{"mmap", FIG_MMAP_BYTES, FIG_MMAP_CALLS, FIG_MMAP_FAILURES},
	{"munmap", FIG_MUNMAP_BYTES, FIG_MUNMAP_CALLS, FIG_MUNMAP_FAILURES},
	{"brk, grown", FIG_BRK_BYTES, FIG_BRK_CALLS, FIG_BRK_FAILURES},
	{"brk, shrunk", FIG_BRK_SHRUNK_BYTES, NO_FIGURE, NO_FIGURE},
	{"mremap, grown", FIG_MREMAP_GROWN_BYTES, FIG_MREMAP_CALLS, FIG_MREMAP_FAILURES},
	{"mremap, shrunk", FIG_MREMAP_SHRUNK_BYTES, NO_FIGURE, NO_FIGURE},
	{"madvise", FIG_MADVISE_BYTES, FIG_MADVISE_CALLS, FIG_MADVISE_FAILURES},
	{"madvise, freed", FIG_MADVISE_FREED_BYTES, NO_FIGURE, NO_FIGURE},
};

static int section_mapped(SECTION_PARAMETERS)
{
	const figure_value *figures = view->copy->process.figures;

	grid__printf(grid, y, x, STYLE_HEADING, "  %-14s %9s %10s %7s %6s %6s", "ADDRESS SPACE",
		     "BYTES", "BYTES/s", "CALLS", "/s", "FAILED");
	for (size_t i = 0; i < ARRAY_SIZE(call_rows); i++) {
		const struct call_row *row = &call_rows[i];

		y++;
		grid__put(grid, y, x + 2, 14, STYLE_NORMAL, row->label);
		section__put_value(grid, y, x + 17, 9, UNIT_BYTES, figures[row->bytes]);
		section__put_value(grid, y, x + 27, 10, UNIT_BYTES, view->copy->rates[row->bytes]);
		if (row->calls == NO_FIGURE)
			continue;
		section__put_value(grid, y, x + 38, 7, UNIT_COUNT, figures[row->calls]);
		section__put_value(grid, y, x + 46, 6, UNIT_COUNT, view->copy->rates[row->calls]);
		section__put_value(grid, y, x + 53, 6, UNIT_COUNT, figures[row->failures]);
	}
	return 1 + ARRAY_SIZE(call_rows);
}

/* --- what else is known --- */

static int section_identity(SECTION_PARAMETERS)
{
	const struct process *process = &view->copy->process;
	const struct {
		const char *label, *text;
	} rows[] = {{"executable", process->exe}, {"cgroup", process->cgroup}};
	int first = y;

	grid__put(grid, y++, x, width, STYLE_HEADING, "  IDENTITY");
	if (process->namespace_pid && process->namespace_pid != process->key.pid) {
		grid__put(grid, y, x + 2, width - 2, STYLE_NORMAL, "pid inside");
		grid__printf(grid, y++, x + 14, STYLE_NORMAL, "%u", process->namespace_pid);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!rows[i].text)
			continue;
		grid__put(grid, y, x + 2, 11, STYLE_NORMAL, rows[i].label);
		grid__put(grid, y++, x + 14, width - 14, STYLE_NORMAL, rows[i].text);
	}
	return y - first > 1 ? y - first : 0;
}

static int section_names(SECTION_PARAMETERS)
{
	const struct process *process = &view->copy->process;

	if (!process->anon_name_count)
		return 0;
	grid__printf(grid, y, x, STYLE_HEADING, "  %-24s %10s", "NAMED ANONYMOUS MEMORY", "BYTES");
	for (size_t i = 0; i < process->anon_name_count; i++) {
		y++;
		grid__put(grid, y, x + 2, 24, STYLE_NORMAL, process->anon_names[i].name);
		section__put_value(grid, y, x + 27, 10, UNIT_BYTES, process->anon_names[i].bytes);
	}
	return 1 + (int)process->anon_name_count;
}

static int section_notes(SECTION_PARAMETERS)
{
	const struct process *process = &view->copy->process;
	int first = y;

	if (!process__own_note_count(process))
		return 0;
	grid__put(grid, y, x, width, STYLE_HEADING, "  NOTES");
	for (size_t i = 0; i < process->note_count; i++)
		if (process__note_is_own(process->notes[i]))
			grid__put(grid, ++y, x + 2, width - 2, STYLE_NORMAL, process->notes[i]);
	return 1 + y - first;
}

const struct section process_sections[] = {
	{section_classes}, {section_history}, {section_explain},  {section_limits},
	{section_v8},	   {section_faults},  {section_kinds},	  {section_allocator},
	{section_mapped},  {section_stacks},  {section_identity}, {section_names},
	{section_notes},   {section_spaces},
};

const unsigned int process_section_count = ARRAY_SIZE(process_sections);
