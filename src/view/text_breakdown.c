/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/text_breakdown.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "view/text_heap.h"
#include "view/text_rows.h"
#include "view/text_v8.h"

#define LINE_SIZE 1024

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
	char label[LABEL_SIZE];

	if (!any_known(process, first, last))
		return;
	text_rows__print_title(output, style, name);
	for (int i = first; i <= last; i++)
		text_rows__print_part(output, style,
				      text_rows__label(process_figures[i].path, "", label),
				      process->figures[i], process->figures[FIG_RSS]);
}

static bool path_begins(int figure, const char *prefix)
{
	return strncmp(process_figures[figure].path, prefix, strlen(prefix)) == 0;
}

static bool is_limit(int figure)
{
	return path_begins(figure, "limits.") || path_begins(figure, "fds.");
}

/* What stands in tables of its own, with the parts that it is the sum of. */
static bool has_own_table(int figure)
{
	static const char *const prefixes[] = {"classes.", "sections.", "stacks.", "heap.", "v8."};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (path_begins(figure, prefixes[i]))
			return true;
	return false;
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
	return is_counter(figure) && !is_counted_from_start(figure) && !has_own_table(figure);
}

/* Levels that are not shown with bars. */
static bool is_other_level(int figure)
{
	return process_figures[figure].kind == FIGURE_GAUGE && !is_limit(figure) &&
	       figure > FIG_RSS_SHMEM && !has_own_table(figure);
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
	char label[LABEL_SIZE], text[32];
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
			text_rows__print_title(output, style, section->name);
		titled = true;
		format_value(text, sizeof(text), &process_figures[i], value, section->rate);
		text_rows__print(output, style,
				 text_rows__label(process_figures[i].path, "limits.", label), text,
				 process_figures[i].help);
	}
}

static void print_anon_names(struct output *output, const struct text_style *style,
			     const struct process *process)
{
	char bytes[16];

	if (!process->anon_name_count)
		return;
	text_rows__print_title(output, style, "NAMED ANONYMOUS MAPPINGS");
	for (size_t i = 0; i < process->anon_name_count; i++)
		text_rows__print(output, style, "",
				 text__bytes(bytes, sizeof(bytes), process->anon_names[i].bytes),
				 process->anon_names[i].name);
}

static void print_notes(struct output *output, const struct text_style *style,
			const struct process *process)
{
	if (process__own_note_count(process))
		text_rows__print_title(output, style, "NOTES");
	for (size_t i = 0; i < process->note_count; i++) {
		if (process__note_is_own(process->notes[i]))
			text_rows__print_paragraph(output, style, 2, process->notes[i]);
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
	text_rows__print_title(output, style, "RSS");
	text_rows__print_part(output, style, "rss", process->figures[FIG_RSS],
			      process->figures[FIG_RSS]);
	text_heap__print_classes(output, style, context, process);
	text_heap__print_sections(output, style, context, process);
	text_v8__print(output, style, context, process);
	text_heap__print_allocator(output, style, context, process);
	text_heap__print_stacks(output, style, context, process);
	print_parts(output, style, process, "RSS BY KIND OF PAGE", FIG_RSS_ANON, FIG_RSS_SHMEM);
	print_anon_names(output, style, process);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		print_figures(output, style, context->account, process, &sections[i]);
	print_notes(output, style, process);
}
