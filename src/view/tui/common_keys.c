/* SPDX-License-Identifier: GPL-2.0-only */
/* Keys that mean the same on every screen, on every screen with a list, on both tabs. */
#include <stdio.h>

#include "base/memory.h"
#include "view/tui/screen.h"

#define MS 1000000LL

static struct list *list_of(struct tui *tui)
{
	return tui__screen(tui)->list(tui);
}

static void move_up(struct tui *tui)
{
	list__move(list_of(tui), -1);
}

static void move_down(struct tui *tui)
{
	list__move(list_of(tui), 1);
}

static void page_up(struct tui *tui)
{
	list__move_pages(list_of(tui), -1);
}

static void page_down(struct tui *tui)
{
	list__move_pages(list_of(tui), 1);
}

static void move_home(struct tui *tui)
{
	list__select(list_of(tui), 0);
}

static void move_end(struct tui *tui)
{
	list__select(list_of(tui), SIZE_MAX);
}

static void open_sort(struct tui *tui)
{
	if (tui__screen(tui)->sort_columns)
		tui__push(tui, &screen_sort);
}

static void invert(struct tui *tui)
{
	list_of(tui)->descending = !list_of(tui)->descending;
	tui__refresh(tui);
}

static void toggle_tag(struct tui *tui)
{
	struct list *list = list_of(tui);

	if (!list__selected(list))
		return;
	list__toggle_tag(list, list__selected(list));
	list__move(list, 1);
}

static void untag_all(struct tui *tui)
{
	list__untag_all(list_of(tui));
}

const struct key_binding list_keys[] = {
	{KEY_CODE_UP, move_up, NULL, "select the row above"},
	{KEY_CODE_DOWN, move_down, NULL, "select the row below"},
	{KEY_CODE_PAGE_UP, page_up, NULL, "a page up"},
	{KEY_CODE_PAGE_DOWN, page_down, NULL, "a page down"},
	{KEY_CODE_HOME, move_home, NULL, "first row"},
	{KEY_CODE_END, move_end, NULL, "last row"},
	{KEY_CODE_F0 + 3, prompt__open_search, NULL, "search as you type; F3 again: the next"},
	{KEY_CODE_F0 + 4, prompt__open_filter, NULL, "show only rows that match; Esc: all"},
	{'/', prompt__open_filter, NULL, NULL},
	{'\\', prompt__open_filter, NULL, NULL},
	{KEY_CODE_F0 + 6, open_sort, NULL, "choose the column to sort by"},
	{'>', open_sort, NULL, NULL},
	{'<', open_sort, NULL, NULL},
	{'I', invert, NULL, "turn the order round"},
	{' ', toggle_tag, NULL, "tag or untag the row"},
	{'U', untag_all, NULL, "untag all rows"},
	{KEY_CODE_NONE, NULL, NULL, NULL},
};

static void open_help(struct tui *tui)
{
	tui->scroll = 0;
	tui__push(tui, &screen_help);
}

void quit_top(struct tui *tui)
{
	tui->quit = true;
}

static void pause(struct tui *tui)
{
	tui->paused = !tui->paused;
}

static void repaint(struct tui *tui)
{
	tui->repaint = true;
}

static const int64_t intervals[] = {100 * MS,  200 * MS,   500 * MS,   1000 * MS, 2000 * MS,
				    5000 * MS, 10000 * MS, 30000 * MS, 60000 * MS};

static void slower(struct tui *tui)
{
	for (size_t i = 0; i < ARRAY_SIZE(intervals); i++) {
		if (intervals[i] > tui->settings.interval_ns) {
			tui->settings.interval_ns = intervals[i];
			return;
		}
	}
}

static void faster(struct tui *tui)
{
	for (size_t i = ARRAY_SIZE(intervals); i-- > 0;) {
		if (intervals[i] < tui->settings.interval_ns) {
			tui->settings.interval_ns = intervals[i];
			return;
		}
	}
}

const struct key_binding common_keys[] = {
	{KEY_CODE_F0 + 1, open_help, NULL, "this help"},
	{'h', open_help, NULL, NULL},
	{'?', open_help, NULL, NULL},
	{'p', pause, NULL, "pause, and go on"},
	{'Z', pause, NULL, NULL},
	{'+', slower, NULL, "a longer interval"},
	{'-', faster, NULL, "a shorter interval"},
	{'d', prompt__open_interval, NULL, "type the interval in seconds"},
	{KEY_CODE_CTRL_L, repaint, NULL, "paint the screen anew"},
	{'r', repaint, NULL, NULL},
	{KEY_CODE_F0 + 10, quit_top, NULL, "quit"},
	{KEY_CODE_NONE, NULL, NULL, NULL},
};

void switch_tab(struct tui *tui)
{
	tui->stack[0] = tui->stack[0] == &screen_processes ? &screen_containers : &screen_processes;
}

void show_all_rows(struct tui *tui)
{
	list_of(tui)->filter[0] = '\0';
	tui__refresh(tui);
}
