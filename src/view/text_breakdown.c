/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/text_breakdown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define LABEL_WIDTH   22
#define VALUE_WIDTH   11
#define SHARE_WIDTH   8
#define LEAST_BAR     20
#define MOST_BAR      60
#define LINE_SIZE     1024
#define BARS_OF_WIDTH (2 + LABEL_WIDTH + VALUE_WIDTH + SHARE_WIDTH + 2)

/* --- lines --- */

static void print_section(struct output *output, const struct text_style *style, const char *name)
{
	output__add_char(output, '\n');
	text_table__add_line(output, style, TONE_TITLE, name);
}

static void add_padded(struct output *output, const char *text, size_t width, bool left)
{
	size_t columns = text__columns(text);
	size_t pad = columns < width ? width - columns : 0;

	if (!left)
		output__add_repeated(output, ' ', pad);
	output__add_text(output, text);
	if (left)
		output__add_repeated(output, ' ', pad);
}

/* Prints "  label  value  remark", cut to the width. */
static void print_row(struct output *output, const struct text_style *style, const char *label,
		      const char *value, const char *remark)
{
	struct output line;

	output__init(&line, -1);
	output__add_text(&line, "  ");
	add_padded(&line, label, LABEL_WIDTH, true);
	add_padded(&line, value, VALUE_WIDTH, false);
	if (*remark) {
		output__add_text(&line, "  ");
		output__add_text(&line, remark);
	}
	output__add_char(&line, '\0');
	text_table__add_line(output, style, TONE_PLAIN, line.data);
	output__release(&line);
}

/* "classes.array_buffers" is "classes array buffers" for people, and "array buffers" in
 * the section of classes. */
static const char *label_of(const char *path, const char *section_prefix, char buffer[32])
{
	static const char *const plain_prefixes[] = {"mapped.", "lifecycle."};
	size_t skip = strlen(section_prefix);

	if (strncmp(path, section_prefix, skip) != 0)
		skip = 0;
	for (size_t i = 0; i < ARRAY_SIZE(plain_prefixes); i++) {
		if (strncmp(path, plain_prefixes[i], strlen(plain_prefixes[i])) == 0)
			skip = strlen(plain_prefixes[i]);
	}
	snprintf(buffer, 32, "%s", path + skip);
	for (char *c = buffer; *c; c++) {
		if (*c == '_' || *c == '.')
			*c = ' ';
	}
	return buffer;
}

/* --- bars --- */

static size_t bar_width(const struct text_style *style)
{
	size_t room;

	if (!style->width)
		return 40;
	room = style->width > BARS_OF_WIDTH ? style->width - BARS_OF_WIDTH : LEAST_BAR;
	return room < MOST_BAR ? room : MOST_BAR;
}

/* Two blanks and a bar. Eighths of a character where the terminal has them, so that small parts are
 * seen. */
static void add_bar(struct output *output, const struct text_style *style, double share)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	double length = share * (double)bar_width(style);
	size_t parts = (size_t)(length * 8 + 0.5);

	if (style->ascii)
		parts = (size_t)(length + 0.5) * 8;
	else if (!parts && share > 0)
		parts = 1;
	if (!parts)
		return;
	output__add_text(output, "  ");
	for (size_t i = 0; i < parts / 8; i++)
		output__add_text(output, style->ascii ? "#" : "█");
	output__add_text(output, eighths[parts % 8]);
}

static void print_part(struct output *output, const struct text_style *style, const char *path,
		       figure_value value, figure_value whole)
{
	char label[32], amount[32], share[16] = "-";
	double part = 0;

	if (figure_known(value) && figure_known(whole) && whole > 0) {
		part = (double)value / (double)whole;
		snprintf(share, sizeof(share), "%.1f%%", part * 100);
	}
	/* unaccounted may be below 0: no bar shows that */
	part = part < 0 ? 0 : part > 1 ? 1 : part;
	output__add_text(output, "  ");
	add_padded(output, label_of(path, "classes.", label), LABEL_WIDTH, true);
	add_padded(output, column__format(amount, sizeof(amount), UNIT_BYTES, value), VALUE_WIDTH,
		   false);
	add_padded(output, share, SHARE_WIDTH, false);
	add_bar(output, style, part);
	output__add_char(output, '\n');
}

/* --- sections --- */

static bool any_known(const struct process *process, int first, int last)
{
	for (int i = first; i <= last; i++) {
		if (figure_known(process->figures[i]))
			return true;
	}
	return false;
}

static void print_parts(struct output *output, const struct text_style *style,
			const struct process *process, const char *name, int first, int last)
{
	if (!any_known(process, first, last))
		return;
	print_section(output, style, name);
	for (int i = first; i <= last; i++)
		print_part(output, style, process_figures[i].path, process->figures[i],
			   process->figures[FIG_RSS]);
}

static bool path_begins(int figure, const char *prefix)
{
	return strncmp(process_figures[figure].path, prefix, strlen(prefix)) == 0;
}

static bool is_limit(int figure)
{
	return path_begins(figure, "limits.");
}

static bool is_counter(int figure)
{
	return process_figures[figure].kind == FIGURE_COUNTER && figure != FIG_LOST_EVENTS;
}

/* The kernel counts these from the start of the process, whoever watches. */
static bool is_counted_from_start(int figure)
{
	return figure == FIG_FAULTS_MINOR || figure == FIG_FAULTS_MAJOR;
}

static bool is_counted_here(int figure)
{
	return is_counter(figure) && !is_counted_from_start(figure);
}

/* Levels that are not shown with bars. */
static bool is_other_level(int figure)
{
	return process_figures[figure].kind == FIGURE_GAUGE && !is_limit(figure) &&
	       figure > FIG_RSS_SHMEM && (figure < FIG_CLASS_FIRST || figure > FIG_CLASS_LAST) &&
	       !path_begins(figure, "sections.");
}

static bool is_shown_as_rate(int figure)
{
	return is_counter(figure) || figure == FIG_RSS || figure == FIG_SWAP ||
	       (figure >= FIG_CLASS_FIRST && figure <= FIG_CLASS_LAST);
}

static const struct section {
	const char *name;
	bool (*has)(int figure);
	bool zero; /* also figures that are 0 */
	bool rate;
} sections[] = {
	{"MEMORY", is_other_level, false, false},
	{"LIMITS", is_limit, true, false},
	{"PER SECOND", is_shown_as_rate, false, true},
	{"SO FAR, SINCE THE PROCESS STARTED", is_counted_from_start, false, false},
	{"SO FAR, SINCE MEMSONDE WATCHES IT", is_counted_here, false, false},
};

static void format_value(char *buffer, size_t size, const struct figure *figure, figure_value value,
			 bool rate)
{
	size_t sign = rate && figure->kind == FIGURE_GAUGE && value > 0;

	buffer[0] = '+';
	column__format(buffer + sign, size - sign, figure->unit, value);
}

static void print_figures(struct output *output, const struct text_style *style,
			  const struct account *account, const struct process *process,
			  const struct section *section)
{
	char label[32], text[32];
	bool titled = false;

	for (int i = 0; i < PROCESS_FIGURE_COUNT; i++) {
		figure_value value;

		if (!section->has(i))
			continue;
		value = section->rate ? process__rate(account, process, (enum process_figure)i)
				      : process->figures[i];
		if (section->zero ? false : !figure_known(value) || !value)
			continue;
		if (!titled)
			print_section(output, style, section->name);
		titled = true;
		format_value(text, sizeof(text), &process_figures[i], value, section->rate);
		print_row(output, style, label_of(process_figures[i].path, "limits.", label), text,
			  process_figures[i].help);
	}
}

static void print_anon_names(struct output *output, const struct text_style *style,
			     const struct process *process)
{
	char bytes[16];

	if (!process->anon_name_count)
		return;
	print_section(output, style, "NAMED ANONYMOUS MAPPINGS");
	for (size_t i = 0; i < process->anon_name_count; i++)
		print_row(output, style, "",
			  text__bytes(bytes, sizeof(bytes), process->anon_names[i].bytes),
			  process->anon_names[i].name);
}

static void print_notes(struct output *output, const struct text_style *style,
			const struct process *process)
{
	if (process__own_note_count(process))
		print_section(output, style, "NOTES");
	for (size_t i = 0; i < process->note_count; i++) {
		char *line;

		if (!process__note_is_own(process->notes[i]))
			continue;
		line = xasprintf("  %s", process->notes[i]);
		text_table__add_line(output, style, TONE_PLAIN, line);
		free(line);
	}
}

/* --- head --- */

static const char *cell(const char *key, const struct column_context *context,
			const struct process *process, char buffer[COLUMN_TEXT_SIZE])
{
	column__render(process_column__find(key), context, process, buffer);
	return buffer;
}

static void print_head(struct output *output, const struct text_style *style,
		       const struct column_context *context, const struct process *process)
{
	char user[COLUMN_TEXT_SIZE], age[COLUMN_TEXT_SIZE], exit[COLUMN_TEXT_SIZE], line[LINE_SIZE];

	snprintf(line, sizeof(line), "%s  pid %u, user %s, %s %s%s%s", process->comm,
		 process->key.pid, cell("user", context, process, user),
		 process->exited ? "lived" : "running", cell("age", context, process, age),
		 process->exited ? ", EXITED: " : "",
		 process->exited ? cell("exit", context, process, exit) : "");
	text_table__add_line(output, style, process->exited ? TONE_WARNING : TONE_TITLE, line);
}

/* What a process is and where it runs: texts that may be long, a line each. */
static void print_places(struct output *output, const struct text_style *style,
			 const struct column_context *context, const struct process *process)
{
	static const char *const keys[] = {"exe", "container", "cgroup"};
	char text[COLUMN_TEXT_SIZE], line[LINE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(cell(keys[i], context, process, text), "-") == 0)
			continue;
		snprintf(line, sizeof(line), "  %-*s%s", LABEL_WIDTH, keys[i], text);
		text_table__add_line(output, style, TONE_PLAIN, line);
	}
}

void text_breakdown__print(struct output *output, const struct text_style *style,
			   const struct column_context *context, const struct process *process)
{
	print_head(output, style, context, process);
	print_places(output, style, context, process);
	print_section(output, style, "RSS");
	print_part(output, style, "rss", process->figures[FIG_RSS], process->figures[FIG_RSS]);
	print_parts(output, style, process, "RSS BY CLASS", FIG_CLASS_FIRST, FIG_CLASS_LAST);
	print_parts(output, style, process, "RSS BY KIND OF PAGE", FIG_RSS_ANON, FIG_RSS_SHMEM);
	print_anon_names(output, style, process);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		print_figures(output, style, context->account, process, &sections[i]);
	print_notes(output, style, process);
}
