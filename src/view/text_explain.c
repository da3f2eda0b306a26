/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/text_explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define INDENT	      4
#define LEAST_WIDTH   40

/* Sooner, "nothing grew" would be no more than a guess. */
#define VERDICT_NS (5 * NS_PER_SECOND)

/* Evidence in lines that fit, cut between words. */
static void print_wrapped(struct output *output, const struct text_style *style, const char *text)
{
	size_t room = style->width > LEAST_WIDTH ? style->width - INDENT : LEAST_WIDTH;
	size_t used = 0;

	while (*text) {
		size_t length = strcspn(text, " ");

		if (!used || (style->width && used + 1 + length > room)) {
			if (used)
				output__add_char(output, '\n');
			output__add_repeated(output, ' ', INDENT);
			used = 0;
		} else {
			output__add_char(output, ' ');
			used++;
		}
		output__add(output, text, length);
		used += length;
		text += length;
		text += strspn(text, " ");
	}
	output__add_char(output, '\n');
}

static void print_one(struct output *output, const struct text_style *style,
		      const struct explanation *explanation)
{
	const char *class = explanation__class_name(explanation);
	char bytes[16], rate[16], line[256];
	size_t length;

	length = (size_t)snprintf(line, sizeof(line), "  %-22s", /* as labels of the breakdown */
				  explain_cause_names[explanation->cause]);
	if (explanation->grew_bytes)
		length += (size_t)snprintf(
			line + length, sizeof(line) - length, "+%s  +%s/min  ",
			text__bytes(bytes, sizeof(bytes), explanation->grew_bytes),
			text__bytes(rate, sizeof(rate), explanation->per_minute_bytes));
	snprintf(line + length, sizeof(line) - length, "%s", class ? class : "");
	text_table__add_line(output, style, TONE_WARNING, line);
	print_wrapped(output, style, explanation->evidence);
}

static void print_causes(struct output *output, const struct text_style *style,
			 const struct process *process)
{
	for (size_t i = 0; i < process->explanation_count; i++)
		print_one(output, style, &process->explanations[i]);
}

static bool has_classes(const struct process *process)
{
	for (int i = FIG_CLASS_FIRST; i <= FIG_CLASS_LAST; i++)
		if (figure_known(process->figures[i]))
			return true;
	return false;
}

/* Why there is nothing to say. */
static void format_nothing(char *line, size_t size, int64_t watched_ns)
{
	double seconds = (double)watched_ns / NS_PER_SECOND;

	if (watched_ns < VERDICT_NS)
		snprintf(line, size, "  watched for %.1f s: too short to tell", seconds);
	else
		snprintf(line, size, "  nothing grew in %.0f s, and no limit is near", seconds);
}

/* The same of one process: what came to rest is no growth, but no secret, either. */
static void format_nothing_of(char *line, size_t size, const struct process *process)
{
	int64_t watched_ns = explain__watched_ns(process);
	figure_value first, last;
	char from[16], to[16];

	if (watched_ns < VERDICT_NS || !explain__rss_changed(process, &first, &last)) {
		format_nothing(line, size, watched_ns);
		return;
	}
	snprintf(line, size,
		 "  nothing grows now, and no limit is near; RSS went from %s to %s in %.0f s",
		 text__bytes(from, sizeof(from), first), text__bytes(to, sizeof(to), last),
		 (double)watched_ns / NS_PER_SECOND);
}

/* Whether it has an allocator that did not tell live from slack. */
static bool is_slack_unknown(const struct process *process)
{
	return process->allocator && has_classes(process) &&
	       !figure_known(process->figures[FIG_HEAP_LIVE]);
}

static void print_heading(struct output *output, const struct text_style *style,
			  const char *heading)
{
	output__add_char(output, '\n');
	text_table__add_line(output, style, TONE_TITLE, heading);
}

void text_explain__print(struct output *output, const struct text_style *style,
			 const struct process *process)
{
	char line[128];

	print_heading(output, style, "EXPLAIN");
	print_causes(output, style, process);
	if (!process->explanation_count) {
		if (has_classes(process))
			format_nothing_of(line, sizeof(line), process);
		else
			snprintf(line, sizeof(line),
				 "  without a breakdown there is nothing to go by");
		text_table__add_line(output, style, TONE_PLAIN, line);
	}
	if (is_slack_unknown(process))
		text_table__add_line(output, style, TONE_PLAIN,
				     "  of its malloc live and slack are unknown: see the notes");
}

static int64_t shortest_watch(const struct look *look)
{
	int64_t shortest = -1;

	for (size_t i = 0; i < look->process_count; i++) {
		int64_t watched = explain__watched_ns(look->processes[i]);

		if (has_classes(look->processes[i]) && (shortest < 0 || watched < shortest))
			shortest = watched;
	}
	return shortest;
}

void text_explain__print_all(struct output *output, const struct text_style *style,
			     const struct look *look)
{
	char line[192];
	size_t told = 0, unknown = 0;
	int64_t watched = shortest_watch(look);

	print_heading(output, style, "EXPLAIN");
	for (size_t i = 0; i < look->process_count; i++) {
		const struct process *process = look->processes[i];

		unknown += is_slack_unknown(process);
		if (!process->explanation_count)
			continue;
		snprintf(line, sizeof(line), "%u %s", process->key.pid, process->comm);
		text_table__add_line(output, style, TONE_TITLE, line);
		print_causes(output, style, process);
		told++;
	}
	if (!told) {
		if (watched < 0)
			snprintf(line, sizeof(line),
				 "  without a breakdown there is nothing to go by");
		else
			format_nothing(line, sizeof(line), watched);
		text_table__add_line(output, style, TONE_PLAIN, line);
	}
	if (!unknown)
		return;
	snprintf(line, sizeof(line),
		 "  of the malloc of %zu of them live and slack are unknown: see their notes",
		 unknown);
	text_table__add_line(output, style, TONE_PLAIN, line);
}
