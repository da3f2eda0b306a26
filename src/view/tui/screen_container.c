/* SPDX-License-Identifier: GPL-2.0-only */
/* One container: its figures, its classes, its processes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "view/tui/screen.h"
#include "view/tui/spark.h"

#define FIGURE_WIDTH 20
#define CLASS_WIDTH  26

static const struct figure_row {
	enum container_figure figure;
	const char *label;
} figure_rows[] = {
	{CFIG_MEMORY_CURRENT, "current"}, {CFIG_WORKING_SET, "workset"},
	{CFIG_RSS_UNIQUE, "RSS"},	  {CFIG_MEMORY_PEAK, "peak"},
	{CFIG_MEMORY_ANON, "anon"},	  {CFIG_MEMORY_FILE, "file"},
	{CFIG_MEMORY_SHMEM, "shmem"},	  {CFIG_MEMORY_KERNEL, "kernel"},
	{CFIG_SWAP_CURRENT, "swap"},	  {CFIG_OOM_KILLS, "OOM kills"},
	{CFIG_LIMIT_HITS, "hits"},	  {CFIG_RSS_SUM, "RSS sum"},
	{CFIG_PRESSURE_SOME, "pressure"}, {CFIG_PRESSURE_FULL, "stalled"},
	{CFIG_PROCESSES, "procs"},
};

static void draw_title(struct tui *tui, struct grid *grid)
{
	const struct container_copy *copy = &tui->container;
	const struct container *container = &copy->container;
	char label[16];
	int x = grid__printf(grid, 0, 0, STYLE_TITLE, "%s", container__label(container, label));

	x += grid__printf(grid, 0, x, STYLE_NORMAL, "  %s  %.12s  ",
			  container->runtime ? container->runtime : "",
			  container->id ? container->id : "");
	if (copy->gone)
		x += grid__put(grid, 0, x, grid->width - x, STYLE_WARNING,
			       " gone: its last figures ") +
		     1;
	if (tui->paused || tui->ended)
		x += grid__put(grid, 0, x, grid->width - x, STYLE_WARNING,
			       tui->ended ? tui->ended : "PAUSED") +
		     1;
	if (container->pod)
		x += grid__printf(grid, 0, x, STYLE_DIM, "pod %s  ", container->pod);
	if (container->image)
		grid__printf(grid, 0, x, STYLE_DIM, "image %s", container->image);
}

static void draw_limit(struct tui *tui, struct grid *grid)
{
	const figure_value *figures = tui->container.container.figures;
	figure_value current = figures[CFIG_MEMORY_CURRENT], limit = figures[CFIG_MEMORY_LIMIT];
	figure_value counted = figures[CFIG_MEMORY_LIMIT_CURRENT];
	figure_value rate = tui->container.rates[CFIG_MEMORY_CURRENT];
	char a[32], b[32], c[32], text[128];
	int width = grid->width / 2, x;

	column__format(a, sizeof a, UNIT_BYTES, current);
	column__format(b, sizeof b, UNIT_BYTES, limit);
	column__format(c, sizeof c, UNIT_PERCENT_100, figures[CFIG_MEMORY_LIMIT_USED]);
	if (!figure_known(limit))
		snprintf(text, sizeof text, "%s, no limit", a);
	else if (figure_known(counted) && figure_known(current) && counted > current)
		/* by others, too, that are below the group which has the limit */
		snprintf(text, sizeof text, "%s; with others %s of %s", a, c, b);
	else
		snprintf(text, sizeof text, "%s of %s, %s", a, b, c);
	if (!figure_known(counted))
		counted = current;
	x = grid__put(grid, 1, 0, grid->width, STYLE_DIM, "Memory ");
	draw_meter(grid, 1, x, width - x, counted, limit, text);
	x = width + 1;
	if (figure_known(rate))
		x += grid__printf(grid, 1, x, style_of_growth(rate), "%s/s",
				  format_growth(a, sizeof a, UNIT_BYTES, rate)) +
		     1;
	draw_sparkline(grid, 1, x, grid->width - x, STYLE_SPARK, &tui->container.container.history);
}

/* Figures side by side, as many a line as fit; returns the lines. */
static int draw_figures(struct tui *tui, struct grid *grid, int y)
{
	int columns = grid->width / FIGURE_WIDTH;
	int count = ARRAY_SIZE(figure_rows);

	columns = columns > count ? count : columns;
	for (int i = 0; i < count; i++) {
		const struct figure_row *row = &figure_rows[i];
		figure_value value = tui->container.container.figures[row->figure];
		int x = i % columns * FIGURE_WIDTH;
		char text[32];

		column__format(text, sizeof text, container_figures[row->figure].unit, value);
		grid__put(grid, y + i / columns, x, FIGURE_WIDTH - 9, STYLE_DIM, row->label);
		grid__put_right(grid, y + i / columns, x + FIGURE_WIDTH - 11, 9,
				figure_known(value) && value ? STYLE_NORMAL : STYLE_DIM, text);
	}
	return (count + columns - 1) / columns;
}

/* The classes that there are, side by side under their bar. */
static int draw_legend(struct grid *grid, int y, const figure_value *classes, bool plain)
{
	int columns = grid->width / CLASS_WIDTH, at = 0;

	columns = columns < 1 ? 1 : columns;
	for (int i = 0; i < CLASS_COUNT; i++) {
		int x = at % columns * CLASS_WIDTH, line = y + at / columns;
		char text[32];

		if (!figure_known(classes[i]) || (i < CLASS_COUNT - 1 && classes[i] == 0))
			continue;
		grid__put(grid, line, x, 1, STYLE_CLASS_FIRST + i, class_fill(i, plain));
		grid__put(grid, line, x + 2, 13, STYLE_NORMAL, class_name(i));
		grid__put_right(grid, line, x + 15, 9, STYLE_NORMAL,
				column__format(text, sizeof text, UNIT_BYTES, classes[i]));
		at++;
	}
	return (at + columns - 1) / columns;
}

static int draw_breakdown(struct tui *tui, struct grid *grid, int y)
{
	const figure_value *classes = &tui->container.container.figures[CFIG_CLASS_FIRST];
	bool plain = !tui->colours || grid->ascii;

	if (!figure_known(classes[CLASS_COUNT - 1])) {
		grid__put(grid, y, 0, grid->width, STYLE_DIM,
			  tui->container.gone || tui->ended ? "the classes are not known"
							    : "working out the classes...");
		return 1;
	}
	draw_class_bar(grid, y, 0, grid->width, classes, plain);
	return 1 + draw_legend(grid, y + 1, classes, plain);
}

static void draw(struct tui *tui, struct grid *grid)
{
	int y = 2, last = grid->height - 1;

	y += draw_figures(tui, grid, y);
	if (y < last)
		y += draw_breakdown(tui, grid, y);
	draw_title(tui, grid);
	draw_limit(tui, grid);
	if (y > last - 3) /* no room: the processes matter more than figures */
		y = 2;
	for (int line = y; line < last; line++)
		grid__fill(grid, line, 0, grid->width, STYLE_NORMAL, " ");
	draw_process_table(tui, &tui->members, grid, y, last - y);
}

static struct list *member_list(struct tui *tui)
{
	return &tui->members;
}

static void refresh(struct tui *tui)
{
	const struct account *account = tui->account;
	const struct container *original = container_copy__original(&tui->container, account);
	const void **rows = xcalloc(account->process_count + 1, sizeof *rows);
	size_t count = 0;

	for (size_t i = 0; original && i < account->process_count; i++) {
		if (account->processes[i]->container == original)
			rows[count++] = account->processes[i];
	}
	list__set_rows(&tui->members, rows, count, &tui->context);
	free(rows);
}

static void want(struct tui *tui)
{
	struct container *original = container_copy__original(&tui->container, tui->account);

	if (original)
		original->wants_breakdown = true;
	if (tui->shows_classes)
		want_shown(&tui->members);
}

void open_container(struct tui *tui, const struct container *container)
{
	container_copy__start(&tui->container, container);
	container_copy__update(&tui->container, tui->account);
	tui->members.filter[0] = '\0';
	list__select(&tui->members, 0);
	tui__push(tui, &screen_container);
}

/* Rows point into the account: none may be left behind. */
static void leave(struct tui *tui)
{
	container_copy__release(&tui->container);
	list__set_rows(&tui->members, NULL, 0, &tui->context);
}

static const struct key_binding keys[] = {
	{KEY_CODE_ENTER, open_selected_process, "Details", "what the process holds"},
	{KEY_CODE_ESCAPE, tui__pop, "Back", "back"},
	{'q', tui__pop, NULL, NULL},
	{KEY_CODE_LEFT, tui__pop, NULL, NULL},
	{KEY_CODE_BACKSPACE, tui__pop, NULL, NULL},
	{KEY_CODE_F0 + 1, NULL, "Help", NULL},
	{KEY_CODE_F0 + 4, NULL, "Filter", NULL},
	{KEY_CODE_F0 + 5, toggle_classes, "Classes", "columns by class, or by kind of page"},
	{KEY_CODE_F0 + 6, NULL, "SortBy", NULL},
	{'M', sort_processes_by_rss, NULL, "sort by RSS"},
	{'G', sort_processes_by_growth, NULL, "sort by growth"},
	{'F', sort_processes_by_faults, NULL, "sort by page faults"},
	{'N', sort_processes_by_pid, NULL, "sort by pid"},
	{KEY_CODE_F0 + 10, NULL, "Quit", NULL},
	{KEY_CODE_NONE, NULL, NULL, NULL},
};

const struct screen screen_container = {
	.name = "A container",
	.keys = keys,
	.list = member_list,
	.sort_columns = process_columns,
	.sort_column_count = &process_column_count,
	.refresh = refresh,
	.draw = draw,
	.want = want,
	.leave = leave,
};
