/* SPDX-License-Identifier: GPL-2.0-only */
/* The tab of all processes; its rows are those of a container's list, too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view/tui/screen.h"

static struct list_id process_id(const void *row)
{
	const struct process *process = row;

	return (struct list_id){process->key.start_ns, process->key.pid};
}

static bool process_matches(const void *row, const struct column_context *context, const char *text)
{
	static const char *const keys[] = {"comm", "container", "exe", "user"};
	const struct process *process = row;
	char pid[16];

	snprintf(pid, sizeof pid, "%u", process->key.pid);
	if (strcmp(pid, text) == 0)
		return true;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const struct column *column = process_column__find(keys[i]);
		char buffer[COLUMN_TEXT_SIZE];

		if (text_holds(column->text(column, context, row, buffer), text))
			return true;
	}
	return false;
}

const struct list_kind process_kind = {.id = process_id, .matches = process_matches};

/* By what made it resident; ranks say what goes first where room is short. */
static const struct table_row kind_rows[] = {
	{"pid", NULL, 0},
	{"rss", NULL, 0},
	{TABLE_HISTORY, NULL, 4},
	{"rss+", "GROWTH/s", 1},
	{"faults/s", NULL, 2},
	{"rss_anon", NULL, 6},
	{"rss_file", NULL, 7},
	{"rss_shmem", NULL, 8},
	{"swap", NULL, 5},
	{"rss_peak", NULL, 9},
	{"rss_high_water", NULL, 14},
	{"page_tables", NULL, 13},
	{"vsize", NULL, 15},
	{"faults.major/s", NULL, 16},
	{"mapped.mmap_bytes/s", NULL, 17},
	{"mapped.munmap_bytes/s", NULL, 18},
	{"threads", NULL, 11},
	{"age", NULL, 12},
	{"user", NULL, 10},
	{"container", NULL, 3},
	{"comm", NULL, 0},
	{"exe", NULL, 19},
	{NULL, NULL, 0},
};

/* By what it is used for. */
static const struct table_row class_rows[] = {
	{"pid", NULL, 0},
	{"rss", NULL, 0},
	{"classes.malloc", NULL, 1},
	{"classes.anon", NULL, 4},
	{"classes.stack", NULL, 6},
	{"classes.code", NULL, 8},
	{"classes.file", NULL, 5},
	{"classes.shmem", NULL, 7},
	{"classes.v8_heap", NULL, 2},
	{"classes.v8_code", NULL, 10},
	{"classes.array_buffers", NULL, 3},
	{"classes.unaccounted", NULL, 9},
	{"heap.live_bytes", NULL, 14},
	{"heap.slack_bytes", NULL, 13},
	{"v8.heap_used", NULL, 12},
	{"huge_pages", NULL, 17},
	{"swap", NULL, 16},
	{TABLE_HISTORY, NULL, 15},
	{"container", NULL, 11},
	{"comm", NULL, 0},
	{"exe", NULL, 18},
	{NULL, NULL, 0},
};

static const struct history *process_history(const void *row)
{
	return &((const struct process *)row)->history;
}

void draw_process_table(struct tui *tui, struct list *list, struct grid *grid, int y, int height)
{
	struct table table = {.history = process_history};

	table__lay_out(&table, tui->shows_classes ? class_rows : kind_rows, process_column__find,
		       list->sort, list->descending, grid->width);
	table__draw(&table, list, grid, y, height, &tui->context);
}

void want_shown(const struct list *list)
{
	size_t end = list->top + list->page;

	for (size_t i = list->top; i < end && i < list->count; i++)
		((struct process *)list->rows[i])->wants_breakdown = true;
}

static void draw(struct tui *tui, struct grid *grid)
{
	int y = draw_header(tui, grid);

	draw_process_table(tui, &tui->processes, grid, y, grid->height - 1 - y);
	if (tui->processes.count == 0)
		draw_why_empty(tui, grid, y + 2, "no processes", "no process matches the filter");
}

static struct list *process_list(struct tui *tui)
{
	return &tui->processes;
}

static void refresh(struct tui *tui)
{
	list__set_rows(&tui->processes, (const void *const *)tui->account->processes,
		       tui->account->process_count, &tui->context);
}

static void want(struct tui *tui)
{
	if (tui->shows_classes && tui__looks_at(tui, &screen_processes))
		want_shown(&tui->processes);
}

static void open_process(struct tui *tui, const struct process *process)
{
	process_copy__start(&tui->process, process->key);
	process_copy__update(&tui->process, tui->account);
	tui->process.is_final = tui->ended != NULL;
	tui->scroll = 0;
	tui__push(tui, &screen_process);
}

void open_selected_process(struct tui *tui)
{
	const struct process *process = list__selected(tui__screen(tui)->list(tui));

	if (process)
		open_process(tui, process);
}

void sort_processes_by_rss(struct tui *tui)
{
	tui__sort_by(tui, process_column__find("rss"));
}

void sort_processes_by_growth(struct tui *tui)
{
	tui__sort_by(tui, process_column__find("rss+"));
}

void sort_processes_by_faults(struct tui *tui)
{
	tui__sort_by(tui, process_column__find("faults/s"));
}

void sort_processes_by_pid(struct tui *tui)
{
	tui__sort_by(tui, process_column__find("pid"));
}

void toggle_classes(struct tui *tui)
{
	tui->shows_classes = !tui->shows_classes;
}

static bool has_tagged_parent(const struct tui *tui, uint32_t pid)
{
	const struct process *parent = account__find_pid(tui->account, pid);

	return parent && list__is_tagged(&tui->processes, parent);
}

/* Down the generations until nothing is added. */
static void tag_with_children(struct tui *tui)
{
	struct list *list = &tui->processes;
	bool added = list__selected(list) != NULL;

	if (added && !list__is_tagged(list, list__selected(list)))
		list__toggle_tag(list, list__selected(list));
	while (added) {
		added = false;
		for (size_t i = 0; i < tui->account->process_count; i++) {
			const struct process *process = tui->account->processes[i];

			if (list__is_tagged(list, process) ||
			    !has_tagged_parent(tui, process->parent_pid))
				continue;
			list__toggle_tag(list, process);
			added = true;
		}
	}
}

static const struct key_binding keys[] = {
	{KEY_CODE_ENTER, open_selected_process, "Details", "what the process holds"},
	{KEY_CODE_TAB, switch_tab, "Switch", "processes, containers"},
	{KEY_CODE_BACK_TAB, switch_tab, NULL, NULL},
	{KEY_CODE_F0 + 1, NULL, "Help", NULL},
	{KEY_CODE_F0 + 3, NULL, "Search", NULL},
	{KEY_CODE_F0 + 4, NULL, "Filter", NULL},
	{KEY_CODE_F0 + 5, toggle_classes, "Classes", "columns by class, or by kind of page"},
	{KEY_CODE_F0 + 6, NULL, "SortBy", NULL},
	{'M', sort_processes_by_rss, NULL, "sort by RSS"},
	{'G', sort_processes_by_growth, NULL, "sort by growth"},
	{'F', sort_processes_by_faults, NULL, "sort by page faults"},
	{'N', sort_processes_by_pid, NULL, "sort by pid"},
	{'c', tag_with_children, NULL, "tag the process and its children"},
	{KEY_CODE_ESCAPE, show_all_rows, NULL, "show all rows again"},
	{KEY_CODE_F0 + 10, NULL, "Quit", NULL},
	{'q', quit_top, NULL, "quit"},
	{KEY_CODE_NONE, NULL, NULL, NULL},
};

const struct screen screen_processes = {
	.name = "Processes",
	.keys = keys,
	.list = process_list,
	.sort_columns = process_columns,
	.sort_column_count = &process_column_count,
	.refresh = refresh,
	.draw = draw,
	.want = want,
};
