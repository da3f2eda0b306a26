/* SPDX-License-Identifier: GPL-2.0-only */
/* The tab of all containers. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "view/tui/screen.h"

static uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; text && *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return hash;
}

static struct list_id container_id(const void *row)
{
	const struct container *container = row;

	return (struct list_id){hash_text(container->runtime), hash_text(container->id)};
}

static bool container_matches(const void *row,
			      const struct column_context *context __attribute__((unused)),
			      const char *text)
{
	const struct container *container = row;

	return text_holds(container->name, text) || text_holds(container->id, text) ||
	       text_holds(container->runtime, text) || text_holds(container->image, text) ||
	       text_holds(container->pod, text);
}

const struct list_kind container_kind = {.id = container_id, .matches = container_matches};

static const struct table_row rows[] = {
	{"name", NULL, 0},
	{"runtime", NULL, 5},
	{"processes", NULL, 4},
	{"memory_current", NULL, 0},
	{"memory_limit", NULL, 6},
	{TABLE_METER, NULL, 1},
	{"memory_current+", "GROWTH/s", 2},
	{TABLE_HISTORY, NULL, 9},
	{"working_set", NULL, 7},
	{"rss_unique", NULL, 3},
	{"oom_kills", "OOM", 8},
	{"pressure.some_avg10", "PRESSURE", 10},
	{"pressure.full_avg10", "STALLED", 14},
	{"memory_anon", NULL, 11},
	{"memory_file", NULL, 12},
	{"memory_kernel", NULL, 15},
	{"swap_current", NULL, 13},
	{"memory_peak", NULL, 16},
	{"limit_hits", NULL, 17},
	{"image", NULL, 18},
	{"pod", NULL, 19},
	{"id", NULL, 20},
	{NULL, NULL, 0},
};

static const struct history *container_history(const void *row)
{
	return &((const struct container *)row)->history;
}

static figure_value share_of_limit(const void *row)
{
	return ((const struct container *)row)->figures[CFIG_MEMORY_LIMIT_USED];
}

static void draw(struct tui *tui, struct grid *grid)
{
	struct table table = {.history = container_history, .share = share_of_limit};
	struct list *list = &tui->containers;
	int y = draw_header(tui, grid);

	table__lay_out(&table, rows, container_column__find, list->sort, list->descending,
		       grid->width);
	table__draw(&table, list, grid, y, grid->height - 1 - y, &tui->context);
	if (list->count == 0)
		draw_why_empty(tui, grid, y + 2, "no containers",
			       "no container matches the filter");
}

static struct list *container_list(struct tui *tui)
{
	return &tui->containers;
}

static void refresh(struct tui *tui)
{
	list__set_rows(&tui->containers, (const void *const *)tui->account->containers,
		       tui->account->container_count, &tui->context);
}

static void enter(struct tui *tui)
{
	const struct container *container = list__selected(&tui->containers);

	if (container)
		open_container(tui, container);
}

static void sort_by_current(struct tui *tui)
{
	tui__sort_by(tui, container_column__find("memory_current"));
}

static void sort_by_growth(struct tui *tui)
{
	tui__sort_by(tui, container_column__find("memory_current+"));
}

static void sort_by_share(struct tui *tui)
{
	tui__sort_by(tui, container_column__find("memory_limit_used"));
}

static void sort_by_name(struct tui *tui)
{
	tui__sort_by(tui, container_column__find("name"));
}

static const struct key_binding keys[] = {
	{KEY_CODE_ENTER, enter, "Details", "what the container holds, its processes"},
	{KEY_CODE_TAB, switch_tab, "Switch", "processes, containers"},
	{KEY_CODE_BACK_TAB, switch_tab, NULL, NULL},
	{KEY_CODE_F0 + 1, NULL, "Help", NULL},
	{KEY_CODE_F0 + 3, NULL, "Search", NULL},
	{KEY_CODE_F0 + 4, NULL, "Filter", NULL},
	{KEY_CODE_F0 + 6, NULL, "SortBy", NULL},
	{'M', sort_by_current, NULL, "sort by memory in use"},
	{'G', sort_by_growth, NULL, "sort by growth"},
	{'P', sort_by_share, NULL, "sort by share of the limit"},
	{'N', sort_by_name, NULL, "sort by name"},
	{KEY_CODE_ESCAPE, show_all_rows, NULL, "show all rows again"},
	{KEY_CODE_F0 + 10, NULL, "Quit", NULL},
	{'q', quit_top, NULL, "quit"},
	{KEY_CODE_NONE, NULL, NULL, NULL},
};

const struct screen screen_containers = {
	.name = "Containers",
	.keys = keys,
	.list = container_list,
	.sort_columns = container_columns,
	.sort_column_count = &container_column_count,
	.refresh = refresh,
	.draw = draw,
};
