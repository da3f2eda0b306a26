/* SPDX-License-Identifier: GPL-2.0-only */
/* The stack of screens, and what is the same on all of them. */
#include "view/tui/tui.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "view/tui/screen.h"

/* An alert stands for so many looks. */
#define ALERT_LOOKS 5

struct tui *tui__new(const struct tui_settings *settings, struct account *account)
{
	struct tui *tui = xcalloc(1, sizeof *tui);
	const struct column *sort = settings->sort;

	tui->settings = *settings;
	tui->account = account;
	tui->context = (struct column_context){.account = account, .users = settings->users};
	tui->stack[0] = &screen_processes;
	tui->depth = 1;
	list__init(&tui->processes, &process_kind, sort ? sort : process_column__find("rss"), true);
	list__init(&tui->containers, &container_kind, container_column__find("memory_current"),
		   true);
	list__init(&tui->members, &process_kind, process_column__find("rss"), true);
	grid__init(&tui->canvas, 0, 0);
	return tui;
}

void tui__free(struct tui *tui)
{
	if (!tui)
		return;
	list__release(&tui->processes);
	list__release(&tui->containers);
	list__release(&tui->members);
	list__release(&tui->sort_menu);
	grid__release(&tui->canvas);
	process_copy__release(&tui->process);
	container_copy__release(&tui->container);
	free(tui);
}

const struct screen *tui__screen(const struct tui *tui)
{
	return tui->stack[tui->depth - 1];
}

const struct screen *tui__below(const struct tui *tui, const struct screen *screen)
{
	int at = tui->depth - 1;

	while (at > 1 && tui->stack[at] != screen)
		at--;
	return tui->stack[at - 1];
}

bool tui__looks_at(const struct tui *tui, const struct screen *screen)
{
	int at = tui->depth - 1;

	while (at > 0 && tui->stack[at]->is_overlay)
		at--;
	return tui->stack[at] == screen;
}

/* Each process and container is asked for its classes only while they are shown. */
static void update_wants(struct tui *tui)
{
	struct account *account = tui->account;

	for (size_t i = 0; i < account->process_count; i++)
		account->processes[i]->wants_breakdown = false;
	for (size_t i = 0; i < account->container_count; i++)
		account->containers[i]->wants_breakdown = false;
	for (int i = 0; i < tui->depth; i++) {
		if (tui->stack[i]->want)
			tui->stack[i]->want(tui);
	}
}

void tui__push(struct tui *tui, const struct screen *screen)
{
	if (tui->depth == STACK_DEPTH || tui__screen(tui) == screen)
		return;
	tui->stack[tui->depth++] = screen;
	if (screen->refresh)
		screen->refresh(tui);
}

void tui__pop(struct tui *tui)
{
	const struct screen *screen = tui__screen(tui);

	if (tui->depth == 1)
		return;
	tui->depth--;
	if (screen->leave)
		screen->leave(tui);
}

void tui__set_colours(struct tui *tui, bool colours)
{
	tui->colours = colours;
}

/* --- looks --- */

static void update_totals(struct tui *tui)
{
	const struct account *account = tui->account;
	bool none = account->look && !account->process_count;
	struct totals totals = {.rss_bytes = none ? 0 : FIGURE_UNKNOWN,
				.growth = FIGURE_UNKNOWN,
				.tagged_rss_bytes = FIGURE_UNKNOWN,
				.tagged_growth = FIGURE_UNKNOWN,
				.lost_events = account->lost_events};

	for (size_t i = 0; i < account->process_count; i++) {
		const struct process *process = account->processes[i];
		figure_value rss = process->figures[FIG_RSS];
		figure_value rate = process__rate(account, process, FIG_RSS);
		figure_value lost = process->figures[FIG_LOST_EVENTS];

		figures__add(&totals.rss_bytes, rss);
		totals.rss_unknown_count += !figure_known(rss);
		totals.lost_events += figure_known(lost) ? lost : 0;
		figures__add(&totals.growth, rate);
		if (!list__is_tagged(&tui->processes, process))
			continue;
		totals.tagged_count++;
		figures__add(&totals.tagged_rss_bytes, rss);
		figures__add(&totals.tagged_growth, rate);
	}
	tui->totals = totals;
}

void tui__refresh(struct tui *tui)
{
	screen_processes.refresh(tui);
	screen_containers.refresh(tui);
	for (int i = 1; i < tui->depth; i++) {
		if (tui->stack[i]->refresh)
			tui->stack[i]->refresh(tui);
	}
	update_totals(tui);
	update_wants(tui);
}

void tui__looked(struct tui *tui)
{
	if (tui->alert_looks)
		tui->alert_looks--;
	if (tui->container.container.id)
		container_copy__update(&tui->container, tui->account);
	if (tui->process.process.key.pid)
		process_copy__update(&tui->process, tui->account);
	tui__refresh(tui);
}

void tui__alert(struct tui *tui, const char *text)
{
	text__sanitise(tui->alert, sizeof tui->alert, text, strlen(text));
	tui->alert_looks = ALERT_LOOKS;
}

void tui__ended(struct tui *tui, const char *text)
{
	tui->ended = text;
	tui->process.is_final = true;
}

/* --- keys --- */

static const struct key_binding *find_binding(const struct screen *screen, int key)
{
	const struct key_binding *found = key_bindings__find(screen->keys, key);

	if (!found)
		found = key_bindings__find(screen->list ? list_keys : scroll_keys, key);
	return found ? found : key_bindings__find(common_keys, key);
}

void tui__key(struct tui *tui, int key)
{
	tui->message[0] = '\0';
	if (!prompt__key(tui, key)) {
		const struct key_binding *binding = find_binding(tui__screen(tui), key);

		if (binding)
			binding->action(tui);
	}
	update_totals(tui);
	update_wants(tui);
}

void tui__sort_by(struct tui *tui, const struct column *column)
{
	struct list *list = tui__screen(tui)->list(tui);

	if (!column)
		return;
	list->sort = column;
	list->descending = column->number && strcmp(column->key, "pid") != 0 &&
			   strcmp(column->key, "ppid") != 0;
	tui__refresh(tui);
	list__select(list, 0);
}

/* --- drawing --- */

#define MIN_WIDTH  20
#define MIN_HEIGHT 6

void tui__draw(struct tui *tui, struct grid *grid)
{
	const struct screen *screen = tui__screen(tui);

	grid->ascii = tui->settings.ascii;
	grid__clear(grid);
	tui->height = grid->height;
	if (grid->width < MIN_WIDTH || grid->height < MIN_HEIGHT) {
		grid__put(grid, 0, 0, grid->width, STYLE_WARNING, "terminal too small");
		return;
	}
	screen->draw(tui, grid);
	if (tui->prompt.kind)
		prompt__draw(&tui->prompt, grid, grid->height - 1);
	else if (tui->message[0])
		grid__put_padded(grid, grid->height - 1, 0, grid->width, STYLE_WARNING,
				 tui->message);
	else if (tui->alert_looks)
		grid__put_padded(grid, grid->height - 1, 0, grid->width, STYLE_WARNING, tui->alert);
	else
		key_bindings__draw_bar(screen->keys, grid, grid->height - 1);
}

bool tui__wants_quit(const struct tui *tui)
{
	return tui->quit;
}

bool tui__is_paused(const struct tui *tui)
{
	return tui->paused;
}

int64_t tui__interval_ns(const struct tui *tui)
{
	return tui->settings.interval_ns;
}

bool tui__take_repaint(struct tui *tui)
{
	bool repaint = tui->repaint;

	tui->repaint = false;
	return repaint;
}
