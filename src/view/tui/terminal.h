/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TUI_TERMINAL_H
#define MEMSONDE_VIEW_TUI_TERMINAL_H

#include <stdbool.h>

struct grid;

/*
 * The terminal of standard input and output: the only part that knows curses. While it
 * is open, standard error is held back, as nothing may write over the screen; what was
 * written to it appears when the terminal is closed. That happens in every case: also at
 * exit() from anywhere, and at a fatal signal.
 */
struct terminal;

/* 0; -ENOTTY: standard input or output is no terminal; -EINVAL: $TERM is not known or
 * cannot do what a screen needs; another -errno. At most one can be open. */
int terminal__open(struct terminal **terminal, bool colours);

/* NULL is allowed. */
void terminal__close(struct terminal *terminal);

void terminal__size(const struct terminal *terminal, int *width, int *height);

/* Whether styles are told apart by colours here. */
bool terminal__has_colours(const struct terminal *terminal);

/* The next key typed, KEY_CODE_NONE if there is none now. What has no meaning is passed
 * over. */
int terminal__read_key(struct terminal *terminal);

/* True when there will be no further key: the other side has hung up. To be asked before
 * the keys are read: input that is ready, but empty, is the end. */
bool terminal__is_gone(const struct terminal *terminal);

/* Puts the grid on the screen: what has changed, or everything. */
void terminal__show(struct terminal *terminal, const struct grid *grid, bool repaint);

#endif
