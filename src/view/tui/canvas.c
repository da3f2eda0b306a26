/* SPDX-License-Identifier: GPL-2.0-only */
/* Bodies of screens that are higher than the screen. */
#include "view/tui/screen.h"

struct grid *canvas__start(struct tui *tui, int width, int height)
{
	tui->canvas.ascii = tui->settings.ascii;
	grid__resize(&tui->canvas, width, height);
	return &tui->canvas;
}

void canvas__show(struct tui *tui, struct grid *grid, int y, int height, int used)
{
	int last = used > height ? used - height : 0;

	tui->canvas_height = height;
	tui->scroll = tui->scroll > last ? last : tui->scroll;
	grid__copy_rows(grid, y, &tui->canvas, tui->scroll, height);
	if (tui->scroll > 0)
		grid__put(grid, y, grid->width - 1, 1, STYLE_TITLE, grid->ascii ? "^" : "▲");
	if (tui->scroll < last)
		grid__put(grid, y + height - 1, grid->width - 1, 1, STYLE_TITLE,
			  grid->ascii ? "v" : "▼");
}

/* Too far a scroll is cut at the next drawing, where the height is known. */
static void scroll_by(struct tui *tui, int lines)
{
	tui->scroll = tui->scroll + lines > 0 ? tui->scroll + lines : 0;
}

static int page_of(const struct tui *tui)
{
	return tui->canvas_height > 1 ? tui->canvas_height - 1 : 1;
}

static void scroll_up(struct tui *tui)
{
	scroll_by(tui, -1);
}

static void scroll_down(struct tui *tui)
{
	scroll_by(tui, 1);
}

static void page_up(struct tui *tui)
{
	scroll_by(tui, -page_of(tui));
}

static void page_down(struct tui *tui)
{
	scroll_by(tui, page_of(tui));
}

static void scroll_home(struct tui *tui)
{
	tui->scroll = 0;
}

static void scroll_end(struct tui *tui)
{
	tui->scroll = tui->canvas.height;
}

const struct key_binding scroll_keys[] = {
	{KEY_CODE_UP, scroll_up, NULL, "a line up"},
	{KEY_CODE_DOWN, scroll_down, NULL, "a line down"},
	{KEY_CODE_PAGE_UP, page_up, NULL, "a page up"},
	{KEY_CODE_PAGE_DOWN, page_down, NULL, "a page down"},
	{KEY_CODE_HOME, scroll_home, NULL, "to the top"},
	{KEY_CODE_END, scroll_end, NULL, "to the end"},
	{KEY_CODE_NONE, NULL, NULL, NULL},
};
