/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TUI_PROMPT_H
#define MEMSONDE_VIEW_TUI_PROMPT_H

#include <stdbool.h>

#include "view/tui/list.h"

struct grid;
struct tui;
struct prompt_kind;

/* A line of text that the user types in place of the last line. */
struct prompt {
	const struct prompt_kind *kind; /* NULL: none is open */
	char text[LIST_TEXT_SIZE];
	bool failed; /* the text found nothing, or is not what was asked for */
};

/* Open the prompts: what is typed acts on the list of the screen at each key. */
void prompt__open_filter(struct tui *tui);
void prompt__open_search(struct tui *tui);
void prompt__open_interval(struct tui *tui);

/* True if the prompt is open and the key was for it. */
bool prompt__key(struct tui *tui, int key);

void prompt__draw(const struct prompt *prompt, struct grid *grid, int y);

#endif
