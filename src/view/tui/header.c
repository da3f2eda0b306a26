/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines above both tabs: the tabs, the machine, what is shown and how. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/tui/screen.h"
#include "view/tui/spark.h"

#define METER_MAX_WIDTH 50

static int draw_tab(struct grid *grid, int x, const char *name, size_t count, bool active)
{
	enum style style = active ? STYLE_TAB_ACTIVE : STYLE_TAB;
	char text[64];

	snprintf(text, sizeof text, active ? "[%s %zu]" : " %s %zu ", name, count);
	return x + grid__put(grid, 0, x, grid->width - x, style, text) + 1;
}

/* What must not be overlooked, from the right edge to the left. */
static void draw_status(const struct tui *tui, struct grid *grid, int left)
{
	char lost[64] = "", clock[32], text[192];
	bool warn = tui->paused || tui->ended || tui->totals.lost_events > 0;
	double seconds = (double)tui->settings.interval_ns / 1e9;

	if (tui->totals.lost_events > 0)
		snprintf(lost, sizeof lost, "%" PRId64 " events lost  ", tui->totals.lost_events);
	column__format(clock, sizeof clock, UNIT_UNIX_NS,
		       tui->account->look ? tui->account->time_unix_ns : FIGURE_UNKNOWN);
	snprintf(text, sizeof text, "%s%s%s", lost, tui->paused ? "PAUSED  " : "",
		 tui->ended ? tui->ended : "");
	int length = (int)text__columns(text);
	int x = grid->width - (int)strlen(clock);
	if (x > left)
		grid__put(grid, 0, x, grid->width - x, STYLE_BOLD, clock);
	if (warn && x - length - 2 < left)
		x = left + length + 2; /* a warning goes before the clock */
	if (warn)
		grid__put_padded(grid, 0, x - length - 2, length + 2, STYLE_WARNING, text);
	x -= warn ? length + 2 : 0;
	length = snprintf(text, sizeof text, "every %g s  ", seconds);
	if (!warn && x - length > left)
		grid__put(grid, 0, x - length, length, STYLE_DIM, text);
}

static void draw_machine(const struct tui *tui, struct grid *grid)
{
	const struct account *account = tui->account;
	int64_t total = account->memory_total_bytes;
	figure_value available = account->memory_available_bytes;
	figure_value used = figure_known(available) ? total - available : FIGURE_UNKNOWN;
	char a[32], b[32], text[96];
	int x = 0, width = grid->width / 2 - 7;

	if (total > 0) {
		width = width > METER_MAX_WIDTH ? METER_MAX_WIDTH : width;
		x += grid__put(grid, 1, x, grid->width, STYLE_DIM, "Memory ");
		snprintf(text, sizeof text, "%s of %s",
			 column__format(a, sizeof a, UNIT_BYTES, used),
			 text__bytes(b, sizeof b, total));
		draw_meter(grid, 1, x, width, used, total, text);
		x += width + 2;
	}
	x += grid__put(grid, 1, x, grid->width - x, STYLE_DIM, "RSS sum ");
	x += grid__put(grid, 1, x, grid->width - x, STYLE_NUMBER,
		       column__format(a, sizeof a, UNIT_BYTES, tui->totals.rss_bytes));
	if (figure_known(tui->totals.rss_bytes) && tui->totals.rss_unknown_count)
		x += grid__printf(grid, 1, x, STYLE_DIM, " (%zu unknown)",
				  tui->totals.rss_unknown_count);
	if (figure_known(tui->totals.growth)) {
		enum style style = tui->totals.growth > 0   ? STYLE_UP
				   : tui->totals.growth < 0 ? STYLE_DOWN
							    : STYLE_DIM;

		x += grid__printf(grid, 1, x, style, "  %s%s/s", tui->totals.growth > 0 ? "+" : "",
				  text__bytes(a, sizeof a, tui->totals.growth));
	}
	if (account->cpu_count > 0)
		grid__printf(grid, 1, x, STYLE_DIM, "  %" PRId64 " CPUs", account->cpu_count);
}

static int draw_tagged(const struct totals *totals, struct grid *grid, int x)
{
	char bytes[32], growth[32] = "";

	if (!totals->tagged_count)
		return x;
	if (figure_known(totals->tagged_growth))
		text__bytes(growth, sizeof growth, totals->tagged_growth);
	return x +
	       grid__printf(
		       grid, 2, x, STYLE_TAGGED, "tagged %zu: %s%s%s%s", totals->tagged_count,
		       column__format(bytes, sizeof bytes, UNIT_BYTES, totals->tagged_rss_bytes),
		       growth[0] ? totals->tagged_growth > 0 ? "  +" : "  " : "", growth,
		       growth[0] ? "/s" : "") +
	       2;
}

static void draw_choices(struct tui *tui, struct grid *grid)
{
	const struct list *list = tui->stack[0]->list(tui);
	const struct account *account = tui->account;
	int x = 0;

	x += grid__put(grid, 2, x, grid->width, STYLE_DIM, "Sorted by ");
	x += grid__put(grid, 2, x, grid->width - x, STYLE_NORMAL, list->sort->title);
	x += grid__put(grid, 2, x, grid->width - x, STYLE_DIM,
		       list->descending ? ", descending  " : ", ascending  ");
	if (list->filter[0])
		x += grid__printf(grid, 2, x, STYLE_MARK, "filter \"%s\": %zu of %zu", list->filter,
				  list->count, list->unfiltered_count) +
		     2;
	x = draw_tagged(&tui->totals, grid, x);
	if (account->exited_count)
		grid__printf(grid, 2, x, STYLE_DIM, "%" PRId64 " exited",
			     (int64_t)account->exited_count + account->exited_left_out);
}

int draw_header(struct tui *tui, struct grid *grid)
{
	const struct account *account = tui->account;
	bool containers = tui->stack[0] == &screen_containers;
	int x = 0;

	x = draw_tab(grid, x, "Processes", account->process_count, !containers);
	x = draw_tab(grid, x, "Containers", account->container_count, containers);
	draw_status(tui, grid, x);
	draw_machine(tui, grid);
	draw_choices(tui, grid);
	return 3;
}

void draw_why_empty(struct tui *tui, struct grid *grid, int y, const char *none,
		    const char *none_matches)
{
	const struct list *list = tui->stack[0]->list(tui);

	grid__put(grid, y, 2, grid->width - 2, STYLE_DIM,
		  !tui->account->look ? "taking the first look..."
		  : list->filter[0]   ? none_matches
				      : none);
}
