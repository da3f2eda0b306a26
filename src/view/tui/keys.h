/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TUI_KEYS_H
#define MEMSONDE_VIEW_TUI_KEYS_H

#include <stddef.h>

struct grid;

/*
 * A key is a Unicode character or, above those, a key that has only a name. The
 * terminal translates what arrives into these; nothing else knows its codes.
 */
enum key {
	KEY_CODE_NONE = 0,
	KEY_CODE_CTRL_L = 0x0C,
	KEY_CODE_ENTER = '\n',
	KEY_CODE_ESCAPE = 0x1B,
	KEY_CODE_TAB = '\t',
	KEY_CODE_BACKSPACE = 0x7F,
	KEY_CODE_FIRST_NAMED = 0x110000,
	KEY_CODE_UP = KEY_CODE_FIRST_NAMED,
	KEY_CODE_DOWN,
	KEY_CODE_LEFT,
	KEY_CODE_RIGHT,
	KEY_CODE_PAGE_UP,
	KEY_CODE_PAGE_DOWN,
	KEY_CODE_HOME,
	KEY_CODE_END,
	KEY_CODE_DELETE,
	KEY_CODE_BACK_TAB,
	KEY_CODE_RESIZE, /* the terminal has another size: draw anew */
	KEY_CODE_F0,	 /* F1 is KEY_CODE_F0 + 1 */
	KEY_CODE_F12 = KEY_CODE_F0 + 12,
};

/* The key of a name ("Enter", "F3", "PgDn", "Space", "C-l", or the character itself);
 * KEY_CODE_NONE if there is none. */
int key__from_name(const char *name);

/* The name of a key as help shows it. Returns buffer. */
char *key__name(int key, char *buffer, size_t size);

struct tui;

/* What a screen does at a key. A row without a label is not in the last line; one
 * without help is another key of the row above; one without an action only puts the
 * label of a key that all screens have into the last line. */
struct key_binding {
	int key;
	void (*action)(struct tui *tui);
	const char *label; /* in the last line, at most 7 characters */
	const char *help;
};

/* The row of a key in a table that ends with key KEY_CODE_NONE, or NULL. Rows
 * without an action are passed over. */
const struct key_binding *key_bindings__find(const struct key_binding *bindings, int key);

/* Draws the last line of a screen: keys and labels, as many as fit. */
void key_bindings__draw_bar(const struct key_binding *bindings, struct grid *grid, int y);

#endif
