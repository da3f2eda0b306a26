/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/tui/keys.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "view/tui/grid.h"

static const struct key_name {
	int key;
	const char *name;
} key_names[] = {
	{KEY_CODE_ENTER, "Enter"},
	{KEY_CODE_ESCAPE, "Esc"},
	{KEY_CODE_TAB, "Tab"},
	{KEY_CODE_BACKSPACE, "Backspace"},
	{' ', "Space"},
	{KEY_CODE_UP, "Up"},
	{KEY_CODE_DOWN, "Down"},
	{KEY_CODE_LEFT, "Left"},
	{KEY_CODE_RIGHT, "Right"},
	{KEY_CODE_PAGE_UP, "PgUp"},
	{KEY_CODE_PAGE_DOWN, "PgDn"},
	{KEY_CODE_HOME, "Home"},
	{KEY_CODE_END, "End"},
	{KEY_CODE_DELETE, "Del"},
	{KEY_CODE_BACK_TAB, "S-Tab"},
	{KEY_CODE_CTRL_L, "C-l"},
	{KEY_CODE_F0 + 1, "F1"},
	{KEY_CODE_F0 + 2, "F2"},
	{KEY_CODE_F0 + 3, "F3"},
	{KEY_CODE_F0 + 4, "F4"},
	{KEY_CODE_F0 + 5, "F5"},
	{KEY_CODE_F0 + 6, "F6"},
	{KEY_CODE_F0 + 7, "F7"},
	{KEY_CODE_F0 + 8, "F8"},
	{KEY_CODE_F0 + 9, "F9"},
	{KEY_CODE_F0 + 10, "F10"},
	{KEY_CODE_F0 + 11, "F11"},
	{KEY_CODE_F0 + 12, "F12"},
};

int key__from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(key_names); i++) {
		if (strcmp(name, key_names[i].name) == 0)
			return key_names[i].key;
	}
	if (name[0] > 0x20 && name[0] < 0x7F && !name[1])
		return name[0];
	return KEY_CODE_NONE;
}

char *key__name(int key, char *buffer, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(key_names); i++) {
		if (key == key_names[i].key) {
			snprintf(buffer, size, "%s", key_names[i].name);
			return buffer;
		}
	}
	if (key > 0x20 && key < 0x7F)
		snprintf(buffer, size, "%c", key);
	else
		snprintf(buffer, size, "U+%04X", (unsigned int)key);
	return buffer;
}

const struct key_binding *key_bindings__find(const struct key_binding *bindings, int key)
{
	for (; bindings->key != KEY_CODE_NONE; bindings++) {
		if (bindings->key == key && bindings->action)
			return bindings;
	}
	return NULL;
}

void key_bindings__draw_bar(const struct key_binding *bindings, struct grid *grid, int y)
{
	int x = 0;

	for (; bindings->key != KEY_CODE_NONE; bindings++) {
		char name[16];

		if (!bindings->label)
			continue;
		key__name(bindings->key, name, sizeof name);
		if (x + (int)(strlen(name) + strlen(bindings->label)) > grid->width)
			break;
		x += grid__put(grid, y, x, grid->width - x, STYLE_BAR_KEY, name);
		grid__put_padded(grid, y, x, 7, STYLE_BAR_LABEL, bindings->label);
		x += 7;
	}
	grid__fill(grid, y, x, grid->width - x, STYLE_BAR_LABEL, " ");
}
