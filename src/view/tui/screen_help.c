/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of the screen below, as its tables say. */
#include <string.h>

#include "view/tui/screen.h"

#define HELP_LINES 200
#define KEYS_WIDTH 20

/* One line for a row that has help, with the keys of the rows behind it that have none. */
static int draw_binding(struct grid *grid, int y, const struct key_binding *binding)
{
	const struct key_binding *row = binding;
	int x = 2;

	do {
		char name[16];

		x += grid__put(grid, y, x, grid->width, STYLE_BOLD,
			       key__name(row->key, name, sizeof name)) +
		     1;
		row++;
	} while (row->key != KEY_CODE_NONE && !row->help && row->action == binding->action);
	if (x < KEYS_WIDTH)
		x = KEYS_WIDTH;
	grid__put(grid, y, x, grid->width - x, STYLE_NORMAL, binding->help);
	return y + 1;
}

static int draw_bindings(struct grid *grid, int y, const char *title,
			 const struct key_binding *bindings)
{
	grid__put(grid, y++, 0, grid->width, STYLE_TITLE, title);
	for (; bindings->key != KEY_CODE_NONE; bindings++) {
		if (bindings->help)
			y = draw_binding(grid, y, bindings);
	}
	return y + 1;
}

static int draw_words(struct grid *grid, int y)
{
	static const char *const words[] = {
		"RSS is what is resident in memory: anonymous, file and shared pages. GROWTH is",
		"its change per second, HISTORY its last values, a look each, the newest to the",
		"right. PEAK is the highest RSS since the look before. A dash is a figure that",
		"could not be had. Sizes are powers of 1024.",
	};

	grid__put(grid, y++, 0, grid->width, STYLE_TITLE, "Words");
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		grid__put(grid, y++, 2, grid->width - 2, STYLE_NORMAL, words[i]);
	return y + 1;
}

static void draw(struct tui *tui, struct grid *grid)
{
	const struct screen *below = tui__below(tui, &screen_help);
	struct grid *canvas = canvas__start(tui, grid->width, HELP_LINES);
	int y = 0;

	grid__printf(grid, 0, 0, STYLE_TITLE, "memsonde: keys");
	y = draw_bindings(canvas, y, below->name, below->keys);
	y = draw_bindings(canvas, y, below->list ? "In the list" : "In the text",
			  below->list ? list_keys : scroll_keys);
	y = draw_bindings(canvas, y, "Everywhere", common_keys);
	y = draw_words(canvas, y);
	canvas__show(tui, grid, 1, grid->height - 2, y - 1);
}

static const struct key_binding keys[] = {
	{KEY_CODE_ESCAPE, tui__pop, "Back", "back"},
	{'q', tui__pop, NULL, NULL},
	{KEY_CODE_LEFT, tui__pop, NULL, NULL},
	{KEY_CODE_BACKSPACE, tui__pop, NULL, NULL},
	{KEY_CODE_ENTER, tui__pop, NULL, NULL},
	{KEY_CODE_F0 + 1, tui__pop, NULL, NULL},
	{'h', tui__pop, NULL, NULL},
	{'?', tui__pop, NULL, NULL},
	{KEY_CODE_NONE, NULL, NULL, NULL},
};

const struct screen screen_help = {
	.is_overlay = true,
	.name = "Help",
	.keys = keys,
	.draw = draw,
};
