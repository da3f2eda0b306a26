/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TUI_TUI_H
#define MEMSONDE_VIEW_TUI_TUI_H

#include <stdbool.h>
#include <stdint.h>

struct account;
struct column;
struct grid;
struct user_names;

/*
 * The state of the terminal interface: an account, keys and the size of a grid go in,
 * the text in the grid comes out. It knows no terminal, so tests need none.
 *
 * The account is the caller's and must outlive the tui. After each look, and before
 * anything else is asked of the tui, tui__looked() is called: rows point into the account.
 */
struct tui_settings {
	bool ascii; /* no characters outside of ASCII */
	int64_t interval_ns;
	const struct column *sort; /* of the processes; NULL: by RSS */
	struct user_names *users;  /* NULL: users are shown as numbers */
};

struct tui *tui__new(const struct tui_settings *settings, struct account *account);
void tui__free(struct tui *tui);

/* Without colours (the state at first), what they tell is told by characters. */
void tui__set_colours(struct tui *tui, bool colours);

/* The account has taken another look. */
void tui__looked(struct tui *tui);

/* Something that must not be overlooked: the last line shows it for some looks. */
void tui__alert(struct tui *tui, const char *text);

/* There is no further look. text says why: "recording ended". */
void tui__ended(struct tui *tui, const char *text);

/* A key of keys.h was typed. */
void tui__key(struct tui *tui, int key);

/* Draws the screen into the whole grid. */
void tui__draw(struct tui *tui, struct grid *grid);

/* What the user asked of the loop around it. */
bool tui__wants_quit(const struct tui *tui);
bool tui__is_paused(const struct tui *tui);
int64_t tui__interval_ns(const struct tui *tui);

/* Whether everything must be painted anew, as after another program wrote to the
 * terminal. True once for each time that it was asked for. */
bool tui__take_repaint(struct tui *tui);

#endif
