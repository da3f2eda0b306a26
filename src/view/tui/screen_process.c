/* SPDX-License-Identifier: GPL-2.0-only */
/* One process: what its RSS is made of, what made it so, how it was over time. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/text.h"
#include "view/tui/process_sections.h"
#include "view/tui/screen.h"
#include "view/tui/spark.h"

#define COLUMN_WIDTH	  74 /* a section uses no more */
#define MAX_COLUMNS	  4
#define SECTION_LINES	  200 /* of all sections but the lists in them */
#define ISOLATE_LINES	  48  /* of one isolate, its spaces included */
#define EXPLANATION_LINES 20
#define MAX_LINES	  4000
#define MIN_HISTORY_LINES 3
#define MAX_HISTORY_LINES 12
#define ROOMY_HEIGHT	  40 /* from here on the history is drawn higher */

/* "  LABEL value": returns the x behind it. */
static int put_fact(struct grid *grid, int y, int x, const char *label, const char *value)
{
	if (!value || !value[0])
		return x;
	x += grid__printf(grid, y, x, STYLE_DIM, "%s ", label);
	return x + grid__put(grid, y, x, grid->width - x, STYLE_NORMAL, value) + 2;
}

static int put_column(struct tui *tui, struct grid *grid, int y, int x, const char *label,
		      const char *key)
{
	char text[COLUMN_TEXT_SIZE];
	const struct column *column = process_column__find(key);

	column__render(column, &tui->context, &tui->process.process, text);
	return strcmp(text, "-") == 0 ? x : put_fact(grid, y, x, label, text);
}

static void draw_exit(struct tui *tui, struct grid *grid, int y, int x)
{
	const struct process *process = &tui->process.process;
	char text[COLUMN_TEXT_SIZE], clock[32];
	const char *how = "";

	column__render(process_column__find("exit"), &tui->context, process, text);
	column__format(clock, sizeof clock, UNIT_UNIX_NS, process->exit_time_unix_ns);
	if (strcmp(text, "-") == 0)
		how = ", status not known";
	else if (process->exit_status != -1 && WIFEXITED(process->exit_status) &&
		 !process->oom_killed)
		how = ", status ";
	else
		how = ", ";
	grid__printf(grid, y, x, STYLE_WARNING, " exited at %s%s%s ", clock, how,
		     strcmp(text, "-") == 0 ? "" : text);
}

static void draw_title(struct tui *tui, struct grid *grid)
{
	const struct process *process = &tui->process.process;
	int x = grid__printf(grid, 0, 0, STYLE_TITLE, "%s", process->comm);

	x += grid__printf(grid, 0, x, STYLE_TITLE, " %u", process->key.pid) + 2;
	if (process->exited)
		draw_exit(tui, grid, 0, x);
	else
		grid__put(grid, 0, x, grid->width - x, STYLE_NORMAL,
			  process->exe ? process->exe : "");
	if (tui->paused || tui->ended) {
		const char *text = tui->ended ? tui->ended : "PAUSED";

		grid__put(grid, 0, grid->width - (int)text__columns(text), grid->width,
			  STYLE_WARNING, text);
	}
}

static void draw_facts(struct tui *tui, struct grid *grid)
{
	const struct process_copy *copy = &tui->process;
	int x = 0;

	if (copy->container_name) {
		char name[160];

		snprintf(name, sizeof name, "%s%s%s%s", copy->container_name,
			 copy->container_runtime ? " (" : "",
			 copy->container_runtime ? copy->container_runtime : "",
			 copy->container_runtime ? ")" : "");
		x = put_fact(grid, 1, x, "container", name);
	}
	if (copy->process.uid != UINT32_MAX) /* a recording need not say */
		x = put_column(tui, grid, 1, x, "user", "user");
	x = put_column(tui, grid, 1, x, "parent", "ppid");
	x = put_column(tui, grid, 1, x, "threads", "threads");
	x = put_column(tui, grid, 1, x, "started", "start_time");
	x = put_column(tui, grid, 1, x, "age", "age");
	put_column(tui, grid, 1, x, "cgroup", "cgroup");
}

static void draw_rss(struct tui *tui, struct grid *grid)
{
	const struct process_copy *copy = &tui->process;
	figure_value rate = copy->rates[FIG_RSS];
	char text[32];
	int x = 0;

	x += grid__put(grid, 2, x, grid->width, STYLE_BOLD, "RSS ");
	x += grid__put(grid, 2, x, grid->width, STYLE_NUMBER,
		       column__format(text, sizeof text, UNIT_BYTES,
				      copy->process.figures[FIG_RSS])) +
	     2;
	if (figure_known(rate))
		x += grid__printf(grid, 2, x, style_of_growth(rate), "%s/s",
				  format_growth(text, sizeof text, UNIT_BYTES, rate)) +
		     2;
	x = put_column(tui, grid, 2, x, "peak", "rss_peak");
	x = put_column(tui, grid, 2, x, "at", "rss_peak_time");
	x = put_column(tui, grid, 2, x, "highest", "rss_high_water");
	put_column(tui, grid, 2, x, "swap", "swap");
}

static void draw_bar(struct tui *tui, struct grid *grid)
{
	const struct process *process = &tui->process.process;

	if (figure_known(process->figures[FIG_CLASS_LAST]))
		draw_class_bar(grid, 3, 0, grid->width, &process->figures[FIG_CLASS_FIRST],
			       !tui->colours || grid->ascii);
	else
		grid__fill(grid, 3, 0, grid->width, STYLE_DIM, grid->ascii ? "." : "░");
}

/* Sections go one below the other, into the column that is the shortest; at least the
 * first two stand on top of each other. */
static int draw_sections(struct grid *canvas, const struct section_view *view)
{
	int columns = canvas->width / SECTION_MIN_WIDTH, tops[MAX_COLUMNS] = {0}, used = 0;

	columns = columns < 1 ? 1 : columns > MAX_COLUMNS ? MAX_COLUMNS : columns;
	int width = canvas->width / columns;
	for (unsigned int i = 0; i < process_section_count; i++) {
		int best = 0;

		for (int column = 1; column < columns && i > 1; column++)
			best = tops[column] < tops[best] ? column : best;
		int lines = process_sections[i].draw(
			canvas, tops[best], best * width,
			width - 2 < COLUMN_WIDTH ? width - 2 : COLUMN_WIDTH, view);
		tops[best] += lines ? lines + 1 : 0;
		used = tops[best] > used ? tops[best] : used;
	}
	return used - 1;
}

/* The explanation that weighs most, in the line below the bar. */
static void draw_explanation(struct tui *tui, struct grid *grid)
{
	const struct process *process = &tui->process.process;
	char line[160];
	int x;

	if (!process->explanation_count)
		return;
	x = grid__put(grid, 4, 0, grid->width, STYLE_DIM,
		      process->explanations[0].grew_bytes ? "why " : "note ");
	grid__put(grid, 4, x, grid->width - x, STYLE_BOLD,
		  format_explanation(line, sizeof line, &process->explanations[0]));
}

static int most_lines(const struct process *process)
{
	size_t lines = SECTION_LINES + process->isolate_count * ISOLATE_LINES +
		       process->explanation_count * EXPLANATION_LINES;

	return lines < MAX_LINES ? (int)lines : MAX_LINES;
}

static void draw(struct tui *tui, struct grid *grid)
{
	struct grid *canvas = canvas__start(tui, grid->width, most_lines(&tui->process.process));
	struct section_view view = {
		.copy = &tui->process,
		.account = tui->account,
		.plain = !tui->colours || grid->ascii,
		.history_lines = MIN_HISTORY_LINES,
	};
	int used;

	if (grid->height > ROOMY_HEIGHT)
		view.history_lines += (grid->height - ROOMY_HEIGHT) / 4;
	if (view.history_lines > MAX_HISTORY_LINES)
		view.history_lines = MAX_HISTORY_LINES;
	used = draw_sections(canvas, &view);

	draw_title(tui, grid);
	draw_facts(tui, grid);
	draw_rss(tui, grid);
	draw_bar(tui, grid);
	draw_explanation(tui, grid);
	canvas__show(tui, grid, 5, grid->height - 6, used);
}

static void want(struct tui *tui)
{
	struct process *process = account__find(tui->account, tui->process.process.key);

	if (process)
		process->wants_breakdown = true;
}

static void leave(struct tui *tui)
{
	process_copy__release(&tui->process);
	tui->scroll = 0;
}

static const struct key_binding keys[] = {
	{KEY_CODE_ESCAPE, tui__pop, "Back", "back"},
	{'q', tui__pop, NULL, NULL},
	{KEY_CODE_LEFT, tui__pop, NULL, NULL},
	{KEY_CODE_BACKSPACE, tui__pop, NULL, NULL},
	{KEY_CODE_F0 + 1, NULL, "Help", NULL},
	{KEY_CODE_PAGE_DOWN, NULL, "Scroll", NULL},
	{'p', NULL, "Pause", NULL},
	{KEY_CODE_F0 + 10, NULL, "Quit", NULL},
	{KEY_CODE_NONE, NULL, NULL, NULL},
};

const struct screen screen_process = {
	.name = "A process",
	.keys = keys,
	.draw = draw,
	.want = want,
	.leave = leave,
};
