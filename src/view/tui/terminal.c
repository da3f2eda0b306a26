/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/tui/terminal.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/memory.h"
#include "view/tui/grid.h"
#include "view/tui/held_output.h"
#include "view/tui/keys.h"

#define ESCAPE_DELAY_MS 25
#define RUN_SIZE	4096

struct terminal {
	SCREEN *screen;
	bool colours;
	struct grid shown; /* what is on the screen */
	struct held_output held;
	struct termios modes; /* before */
	mbstate_t partial;    /* the beginning of a character that was typed */
	char restore[256];    /* what a fatal signal writes */
	size_t restore_length;
};

/* exit() from deep down and fatal signals must find the open terminal: there is one. */
static struct terminal *open_terminal;

/* --- ways out --- */

static void close_at_exit(void)
{
	terminal__close(open_terminal);
}

/* Only calls that a signal handler may make. The handler is gone by now (SA_RESETHAND):
 * the same signal then ends the program as it would have. */
static void restore_in_signal(int signal_number)
{
	struct terminal *terminal = open_terminal;

	if (terminal) {
		ssize_t written = write(STDOUT_FILENO, terminal->restore, terminal->restore_length);

		(void)written; /* there is nothing left to do about it */
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal->modes);
	}
	raise(signal_number);
}

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT, SIGSYS};

static void catch_fatal_signals(void)
{
	struct sigaction action = {.sa_handler = restore_in_signal, .sa_flags = SA_RESETHAND};

	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		sigaction(fatal_signals[i], &action, NULL);
}

static void leave_fatal_signals(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		signal(fatal_signals[i], SIG_DFL);
}

static void add_restore(struct terminal *terminal, const char *name)
{
	const char *text = tigetstr((char *)name);
	size_t length;

	if (!text || text == (char *)-1)
		return;
	length = strlen(text);
	if (terminal->restore_length + length > sizeof terminal->restore)
		return;
	memcpy(terminal->restore + terminal->restore_length, text, length);
	terminal->restore_length += length;
}

/* --- looks --- */

#define NO_COLOUR -1

/* Colours of a terminal with 256 of them, then of one with 8. */
static const struct look {
	short fore, back, fore8, back8;
	attr_t attributes;	 /* with colours */
	attr_t plain_attributes; /* without */
} looks[STYLE_COUNT] = {
	[STYLE_NORMAL] = {NO_COLOUR, NO_COLOUR, NO_COLOUR, NO_COLOUR, 0, 0},
	[STYLE_DIM] = {245, NO_COLOUR, NO_COLOUR, NO_COLOUR, 0, 0},
	[STYLE_BOLD] = {NO_COLOUR, NO_COLOUR, NO_COLOUR, NO_COLOUR, A_BOLD, A_BOLD},
	[STYLE_TITLE] = {81, NO_COLOUR, COLOR_CYAN, NO_COLOUR, A_BOLD, A_BOLD},
	[STYLE_TAB_ACTIVE] = {81, NO_COLOUR, COLOR_CYAN, NO_COLOUR, A_BOLD, A_BOLD},
	[STYLE_TAB] = {245, NO_COLOUR, NO_COLOUR, NO_COLOUR, 0, 0},
	[STYLE_HEADING] = {16, 71, COLOR_BLACK, COLOR_GREEN, 0, A_REVERSE},
	[STYLE_HEADING_SORTED] = {16, 80, COLOR_BLACK, COLOR_CYAN, 0, A_REVERSE | A_BOLD},
	[STYLE_SELECTED] = {16, 80, COLOR_BLACK, COLOR_CYAN, 0, A_REVERSE},
	[STYLE_TAGGED] = {221, NO_COLOUR, COLOR_YELLOW, NO_COLOUR, A_BOLD, A_BOLD},
	[STYLE_SELECTED_TAGGED] = {16, 221, COLOR_BLACK, COLOR_YELLOW, 0, A_REVERSE | A_BOLD},
	[STYLE_NUMBER] = {NO_COLOUR, NO_COLOUR, NO_COLOUR, NO_COLOUR, A_BOLD, A_BOLD},
	[STYLE_UP] = {209, NO_COLOUR, COLOR_RED, NO_COLOUR, 0, 0},
	[STYLE_DOWN] = {114, NO_COLOUR, COLOR_GREEN, NO_COLOUR, 0, 0},
	[STYLE_SPARK] = {74, NO_COLOUR, COLOR_CYAN, NO_COLOUR, 0, 0},
	[STYLE_METER] = {71, NO_COLOUR, COLOR_GREEN, NO_COLOUR, 0, 0},
	[STYLE_METER_HIGH] = {203, NO_COLOUR, COLOR_RED, NO_COLOUR, A_BOLD, A_BOLD},
	[STYLE_MARK] = {221, NO_COLOUR, COLOR_YELLOW, NO_COLOUR, 0, A_BOLD},
	[STYLE_WARNING] = {231, 124, COLOR_WHITE, COLOR_RED, A_BOLD, A_REVERSE | A_BOLD},
	[STYLE_BAR_KEY] = {NO_COLOUR, NO_COLOUR, NO_COLOUR, NO_COLOUR, 0, A_BOLD},
	[STYLE_BAR_LABEL] = {16, 80, COLOR_BLACK, COLOR_CYAN, 0, A_REVERSE},
	[STYLE_PROMPT] = {16, 80, COLOR_BLACK, COLOR_CYAN, 0, A_REVERSE},
/* A class: the colour of its fill, and that of the text on it. */
#define CLASS_LOOKS(index, colour, colour8)                                                        \
	[STYLE_CLASS_FIRST + index] = {colour, NO_COLOUR, colour8, NO_COLOUR, 0, 0},               \
			     [STYLE_CLASS_TEXT_FIRST +                                             \
				     index] = {16, colour, COLOR_BLACK, colour8, 0, A_BOLD}
	CLASS_LOOKS(0, 220, COLOR_YELLOW),  /* v8_heap */
	CLASS_LOOKS(1, 178, COLOR_YELLOW),  /* v8_code */
	CLASS_LOOKS(2, 215, COLOR_RED),	    /* array_buffers */
	CLASS_LOOKS(3, 77, COLOR_GREEN),    /* malloc */
	CLASS_LOOKS(4, 176, COLOR_MAGENTA), /* stack */
	CLASS_LOOKS(5, 69, COLOR_BLUE),	    /* code */
	CLASS_LOOKS(6, 110, COLOR_CYAN),    /* file */
	CLASS_LOOKS(7, 187, COLOR_YELLOW),  /* shmem */
	CLASS_LOOKS(8, 173, COLOR_RED),	    /* anon */
	CLASS_LOOKS(9, 250, COLOR_WHITE),   /* unaccounted */
};

static void make_pairs(void)
{
	bool many = COLORS >= 256;

	for (int style = 0; style < STYLE_COUNT; style++) {
		const struct look *look = &looks[style];

		init_pair((short)(style + 1), many ? look->fore : look->fore8,
			  many ? look->back : look->back8);
	}
}

static void set_style(const struct terminal *terminal, int style)
{
	if (terminal->colours)
		attr_set(looks[style].attributes, style + 1, NULL);
	else
		attr_set(looks[style].plain_attributes, 0, NULL);
}

/* --- opening and closing --- */

static bool can_move_cursor(void)
{
	char *text = tigetstr("cup");

	return text && text != (char *)-1;
}

static void set_up(struct terminal *terminal, bool colours)
{
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_DELAY_MS);
	curs_set(0);
	terminal->colours = colours && has_colors() && start_color() == OK &&
			    use_default_colors() == OK && COLOR_PAIRS > STYLE_COUNT;
	if (terminal->colours)
		make_pairs();
	add_restore(terminal, "sgr0");
	add_restore(terminal, "rmkx");
	add_restore(terminal, "cnorm");
	add_restore(terminal, "rmcup");
}

int terminal__open(struct terminal **terminal, bool colours)
{
	struct terminal *new_terminal;
	SCREEN *screen;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return -ENOTTY;
	new_terminal = xcalloc(1, sizeof *new_terminal);
	tcgetattr(STDIN_FILENO, &new_terminal->modes);
	use_tioctl(TRUE);
	screen = newterm(NULL, stdout, stdin);
	if (!screen || !can_move_cursor()) {
		if (screen) {
			endwin();
			delscreen(screen);
		}
		free(new_terminal);
		return -EINVAL;
	}
	new_terminal->screen = screen;
	grid__init(&new_terminal->shown, 0, 0);
	set_up(new_terminal, colours);
	held_output__begin(&new_terminal->held);
	open_terminal = new_terminal;
	atexit(close_at_exit);
	catch_fatal_signals();
	*terminal = new_terminal;
	return 0;
}

void terminal__close(struct terminal *terminal)
{
	if (!terminal)
		return;
	leave_fatal_signals();
	open_terminal = NULL;
	endwin();
	delscreen(terminal->screen);
	held_output__end(&terminal->held);
	grid__release(&terminal->shown);
	free(terminal);
}

void terminal__size(const struct terminal *terminal __attribute__((unused)), int *width,
		    int *height)
{
	getmaxyx(stdscr, *height, *width);
}

bool terminal__has_colours(const struct terminal *terminal)
{
	return terminal->colours;
}

/* --- keys --- */

static const struct {
	wint_t code;
	int key;
} named_keys[] = {
	{KEY_UP, KEY_CODE_UP},	       {KEY_DOWN, KEY_CODE_DOWN},
	{KEY_LEFT, KEY_CODE_LEFT},     {KEY_RIGHT, KEY_CODE_RIGHT},
	{KEY_PPAGE, KEY_CODE_PAGE_UP}, {KEY_NPAGE, KEY_CODE_PAGE_DOWN},
	{KEY_HOME, KEY_CODE_HOME},     {KEY_END, KEY_CODE_END},
	{KEY_DC, KEY_CODE_DELETE},     {KEY_BTAB, KEY_CODE_BACK_TAB},
	{KEY_ENTER, KEY_CODE_ENTER},   {KEY_BACKSPACE, KEY_CODE_BACKSPACE},
	{KEY_RESIZE, KEY_CODE_RESIZE},
};

static int named_key(wint_t code)
{
	if (code >= KEY_F(1) && code <= KEY_F(12))
		return KEY_CODE_F0 + (int)(code - KEY_F0);
	for (size_t i = 0; i < ARRAY_SIZE(named_keys); i++) {
		if (named_keys[i].code == code)
			return named_keys[i].key;
	}
	return KEY_CODE_NONE;
}

/*
 * What curses has next: a character, or a key that has only a name. False if there is
 * nothing now. Bytes that are part of no character are passed over; get_wch() would lose
 * what was typed behind them.
 */
static bool next_code(struct terminal *terminal, wint_t *code, bool *is_named)
{
	int got;

	while ((got = getch()) != ERR) {
		char byte = (char)got;
		wchar_t character;
		size_t length;

		*is_named = got >= KEY_MIN;
		*code = (wint_t)got;
		if (*is_named)
			return true;
		length = mbrtowc(&character, &byte, 1, &terminal->partial);
		if (length == (size_t)-1) { /* it may begin the next character */
			memset(&terminal->partial, 0, sizeof(terminal->partial));
			length = mbrtowc(&character, &byte, 1, &terminal->partial);
		}
		*code = (wint_t)character;
		if (length <= 1)
			return true;
		if (length == (size_t)-1)
			memset(&terminal->partial, 0, sizeof(terminal->partial));
	}
	return false;
}

/* Behind an Escape: the rest of a key that $TERM's description does not have, such as
 * "[1;2C" or "Ox", is taken away. False if it was the Escape key. */
static bool take_sequence(struct terminal *terminal)
{
	wint_t code;
	bool is_named;

	if (!next_code(terminal, &code, &is_named))
		return false;
	if (is_named || (code != '[' && code != 'O')) {
		if (is_named)
			ungetch((int)code);
		else
			unget_wch((wchar_t)code);
		return false;
	}
	if (code == 'O') {
		next_code(terminal, &code, &is_named);
		return true;
	}
	while (next_code(terminal, &code, &is_named)) {
		if (!is_named && code >= 0x40 && code <= 0x7E)
			break;
	}
	return true;
}

static int key_of(struct terminal *terminal, wint_t code, bool is_named)
{
	if (is_named)
		return named_key(code);
	if (code == KEY_CODE_ESCAPE)
		return take_sequence(terminal) ? KEY_CODE_NONE : KEY_CODE_ESCAPE;
	if (code == '\r')
		return KEY_CODE_ENTER;
	return code == '\b' ? KEY_CODE_BACKSPACE : (int)code;
}

int terminal__read_key(struct terminal *terminal)
{
	int key = KEY_CODE_NONE;
	bool is_named;
	wint_t code;

	while (key == KEY_CODE_NONE && next_code(terminal, &code, &is_named))
		key = key_of(terminal, code, is_named); /* none: it has no meaning here */
	return key;
}

bool terminal__is_gone(const struct terminal *terminal __attribute__((unused)))
{
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
	int waiting = 0;

	if (poll(&fd, 1, 0) <= 0)
		return false;
	if (fd.revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return ioctl(STDIN_FILENO, FIONREAD, &waiting) < 0 || waiting == 0;
}

/* --- showing --- */

/* Puts the cells from x on that have one style; returns the x behind them. */
static int show_run(const struct terminal *terminal, const struct grid *grid, int y, int x)
{
	const struct cell *first = grid__cell(grid, y, x);
	char text[RUN_SIZE], *end = text;
	int start = x;

	for (; x < grid->width && end + CELL_TEXT_SIZE < text + sizeof text; x++) {
		const struct cell *cell = grid__cell(grid, y, x);

		if (cell->style != first->style)
			break;
		end = stpcpy(end, cell->text);
	}
	*end = '\0';
	set_style(terminal, first->style);
	mvaddstr(y, start, text);
	return x;
}

static bool same_row(const struct grid *a, const struct grid *b, int y)
{
	return memcmp(grid__cell(a, y, 0), grid__cell(b, y, 0), a->width * sizeof(struct cell)) ==
	       0;
}

void terminal__show(struct terminal *terminal, const struct grid *grid, bool repaint)
{
	struct grid *shown = &terminal->shown;

	if (shown->width != grid->width || shown->height != grid->height) {
		grid__resize(shown, grid->width, grid->height);
		erase();
		repaint = true;
	}
	for (int y = 0; y < grid->height && grid->width; y++) {
		if (!repaint && same_row(shown, grid, y))
			continue;
		for (int x = 0; x < grid->width;)
			x = show_run(terminal, grid, y, x);
	}
	if (repaint)
		clearok(curscr, TRUE);
	grid__copy_rows(shown, 0, grid, 0, grid->height);
	refresh();
	held_output__trim(&terminal->held);
}
