/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/tui/prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view/tui/screen.h"

#define NS_PER_SECOND 1e9
#define MIN_INTERVAL  0.1
#define MAX_INTERVAL  3600

struct prompt_kind {
	const char *label;
	const char *help;
	/* After each change of the text. */
	void (*changed)(struct tui *tui, struct prompt *prompt);
	/* Enter; the prompt stays open where it sets failed. */
	void (*done)(struct tui *tui, struct prompt *prompt);
	/* Esc. */
	void (*cancelled)(struct tui *tui, struct prompt *prompt);
	/* F3 */
	void (*again)(struct tui *tui, struct prompt *prompt);
};

static struct list *list_of(struct tui *tui)
{
	return tui__screen(tui)->list(tui);
}

static void set_filter(struct tui *tui, struct prompt *prompt)
{
	struct list *list = list_of(tui);

	snprintf(list->filter, sizeof list->filter, "%s", prompt->text);
	tui__refresh(tui);
	prompt->failed = list->count == 0;
}

static void clear_filter(struct tui *tui, struct prompt *prompt)
{
	prompt->text[0] = '\0';
	set_filter(tui, prompt);
}

static void close_filter(struct tui *tui __attribute__((unused)), struct prompt *prompt)
{
	prompt->failed = false; /* no row is no error: others may come */
}

static void search(struct tui *tui, struct prompt *prompt)
{
	prompt->failed =
		prompt->text[0] && !list__search(list_of(tui), &tui->context, prompt->text, false);
}

static void search_again(struct tui *tui, struct prompt *prompt)
{
	prompt->failed = !list__search(list_of(tui), &tui->context, prompt->text, true);
}

static void close_search(struct tui *tui __attribute__((unused)), struct prompt *prompt)
{
	prompt->failed = false;
}

static void set_interval(struct tui *tui, struct prompt *prompt)
{
	char *end;
	double seconds = strtod(prompt->text, &end);

	prompt->failed = end == prompt->text || *end ||
			 !(seconds >= MIN_INTERVAL && seconds <= MAX_INTERVAL);
	if (!prompt->failed)
		tui->settings.interval_ns = (int64_t)(seconds * NS_PER_SECOND + 0.5);
}

static const struct prompt_kind filter_kind = {
	.label = "Filter: ",
	.help = "Enter keeps it, Esc shows all rows",
	.changed = set_filter,
	.done = close_filter,
	.cancelled = clear_filter,
};

static const struct prompt_kind search_kind = {
	.label = "Search: ",
	.help = "F3 next, Enter done",
	.changed = search,
	.done = close_search,
	.again = search_again,
};

static const struct prompt_kind interval_kind = {
	.label = "Seconds between looks: ",
	.help = "0.1 to 3600",
	.done = set_interval,
};

static void open_prompt(struct tui *tui, const struct prompt_kind *kind, const char *text)
{
	tui->prompt = (struct prompt){.kind = kind};
	snprintf(tui->prompt.text, sizeof tui->prompt.text, "%s", text);
}

void prompt__open_filter(struct tui *tui)
{
	open_prompt(tui, &filter_kind, list_of(tui)->filter);
}

void prompt__open_search(struct tui *tui)
{
	open_prompt(tui, &search_kind, "");
}

void prompt__open_interval(struct tui *tui)
{
	open_prompt(tui, &interval_kind, "");
}

static int encode_utf8(int character, char bytes[4])
{
	if (character < 0x80) {
		bytes[0] = character;
		return 1;
	}
	int length = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
	for (int i = length - 1; i > 0; i--, character >>= 6)
		bytes[i] = 0x80 | (character & 0x3F);
	bytes[0] = (0xF00 >> length) | character;
	return length;
}

/* Control characters are keys, never text. */
static bool is_text(int key)
{
	return key >= 0x20 && key < KEY_CODE_FIRST_NAMED && (key < 0x7F || key >= 0xA0);
}

static void type_character(struct prompt *prompt, int key)
{
	char bytes[4];
	int length = encode_utf8(key, bytes);
	size_t used = strlen(prompt->text);

	if (used + length >= sizeof prompt->text)
		return;
	memcpy(prompt->text + used, bytes, length);
	prompt->text[used + length] = '\0';
}

static void delete_character(struct prompt *prompt)
{
	size_t used = strlen(prompt->text);

	while (used && (prompt->text[used - 1] & 0xC0) == 0x80)
		used--;
	if (used)
		used--;
	prompt->text[used] = '\0';
}

static void edit(struct tui *tui, int key)
{
	struct prompt *prompt = &tui->prompt;

	prompt->failed = false;
	if (key == KEY_CODE_BACKSPACE)
		delete_character(prompt);
	else
		type_character(prompt, key);
	if (prompt->kind->changed)
		prompt->kind->changed(tui, prompt);
}

static void close_prompt(struct tui *tui, void (*action)(struct tui *tui, struct prompt *prompt))
{
	struct prompt *prompt = &tui->prompt;

	prompt->failed = false;
	if (action)
		action(tui, prompt);
	if (!prompt->failed || action == prompt->kind->cancelled)
		prompt->kind = NULL;
}

bool prompt__key(struct tui *tui, int key)
{
	struct prompt *prompt = &tui->prompt;

	if (!prompt->kind)
		return false;
	if (key == KEY_CODE_ENTER)
		close_prompt(tui, prompt->kind->done);
	else if (key == KEY_CODE_ESCAPE)
		close_prompt(tui, prompt->kind->cancelled);
	else if (key == KEY_CODE_BACKSPACE || is_text(key))
		edit(tui, key);
	else if (key == KEY_CODE_F0 + 3 && prompt->kind->again)
		prompt->kind->again(tui, prompt);
	else if (key >= KEY_CODE_F0)
		return prompt->kind = NULL, false;
	else
		return false;
	return true;
}

void prompt__draw(const struct prompt *prompt, struct grid *grid, int y)
{
	enum style style = prompt->failed ? STYLE_WARNING : STYLE_PROMPT;
	int x = 0, help = (int)strlen(prompt->kind->help);

	grid__fill(grid, y, 0, grid->width, STYLE_PROMPT, " ");
	x += grid__put(grid, y, x, grid->width, STYLE_PROMPT, prompt->kind->label);
	x += grid__put(grid, y, x, grid->width - x, style, prompt->text);
	grid__put(grid, y, x, 1, style, "_");
	if (x + 2 + help < grid->width)
		grid__put(grid, y, grid->width - help - 1, help, STYLE_PROMPT, prompt->kind->help);
}
