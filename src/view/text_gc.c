/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/text_gc.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS     INT64_C(1000000)
#define CELL_SIZE     64

/* --- lines of cells --- */

struct cell_shape {
	const char *title;
	size_t width;
	bool left;
	bool spare; /* left out where the terminal is narrow */
};

#define NARROW 120

static void add_cell(struct output *line, const struct text_style *style,
		     const struct cell_shape *shape, const char *text)
{
	size_t columns = text__columns(text);
	size_t pad = columns < shape->width ? shape->width - columns : 0;

	if (line->length)
		output__add_text(line, "  ");
	if (!shape->left)
		output__add_repeated(line, ' ', pad);
	/* a number is never cut */
	if (shape->left && shape->width && columns > shape->width)
		text_table__add_cut(line, style, text, shape->width);
	else
		output__add_text(line, text);
	if (shape->left)
		output__add_repeated(line, ' ', pad);
}

static void print_cells(struct output *output, const struct text_style *style, enum text_tone tone,
			const struct cell_shape *shapes, const char *const *texts, size_t count)
{
	struct output line;

	output__init(&line, -1);
	for (size_t i = 0; i < count; i++)
		if (!shapes[i].spare || !style->width || style->width >= NARROW)
			add_cell(&line, style, &shapes[i], texts ? texts[i] : shapes[i].title);
	while (line.length && line.data[line.length - 1] == ' ')
		line.length--;
	output__add_char(&line, '\0');
	text_table__add_line(output, style, tone, line.data);
	output__release(&line);
}

static const char *format_bytes(char buffer[CELL_SIZE], figure_value bytes)
{
	if (!figure_known(bytes))
		return "-";
	return text__bytes(buffer, CELL_SIZE, bytes);
}

static const char *format_pause(char buffer[CELL_SIZE], figure_value ns)
{
	if (!figure_known(ns))
		return "-";
	if (ns < 100 * NS_PER_MS)
		snprintf(buffer, CELL_SIZE, "%.2f ms", (double)ns / (double)NS_PER_MS);
	else if (ns < NS_PER_SECOND)
		snprintf(buffer, CELL_SIZE, "%.1f ms", (double)ns / (double)NS_PER_MS);
	else
		snprintf(buffer, CELL_SIZE, "%.2f s", (double)ns / (double)NS_PER_SECOND);
	return buffer;
}

/* The moment by the local clock, with milliseconds. */
static const char *format_moment(char buffer[CELL_SIZE], int64_t unix_ns)
{
	time_t seconds = (time_t)(unix_ns / NS_PER_SECOND);
	struct tm tm;
	size_t length;

	if (!localtime_r(&seconds, &tm))
		return "-";
	length = strftime(buffer, CELL_SIZE, "%H:%M:%S", &tm);
	snprintf(buffer + length, CELL_SIZE - length, ".%03d",
		 (int)(unix_ns % NS_PER_SECOND / NS_PER_MS));
	return buffer;
}

/* --- collections --- */

static const struct cell_shape collection_cells[] = {
	{.title = "TIME", .width = 12, .left = true},
	{.title = "PID", .width = 7, .spare = true},
	{.title = "THREAD", .width = 15, .left = true},
	{.title = "KIND", .width = 12, .left = true},
	{.title = "PAUSE", .width = 8},
	{.title = "USED", .width = 8},
	{.title = "-> AFTER", .width = 11, .left = true},
	{.title = "TOTAL", .width = 8, .spare = true},
	{.title = "-> AFTER", .width = 11, .left = true, .spare = true},
	{.title = "REASON", .left = true},
};

void text_gc__header(struct output *output, const struct text_style *style)
{
	print_cells(output, style, TONE_TITLE, collection_cells, NULL,
		    ARRAY_SIZE(collection_cells));
}

static const char *thread_of(const struct gc_summary *summary, const struct collection *collection)
{
	struct process_key key = {.pid = collection->pid, .start_ns = collection->start_ns};
	const struct gc_isolate *isolate = gc_summary__find(summary, key, collection->tid);

	return isolate ? isolate->thread : "-";
}

static const char *format_after(char buffer[CELL_SIZE], figure_value bytes)
{
	char text[CELL_SIZE];

	snprintf(buffer, CELL_SIZE, "-> %.32s", format_bytes(text, bytes));
	return buffer;
}

void text_gc__collection(struct output *output, const struct text_style *style,
			 const struct gc_summary *summary, const struct collection *collection)
{
	char cells[8][CELL_SIZE];
	const char *texts[] = {
		format_moment(cells[0], collection->begin_unix_ns),
		cells[1],
		thread_of(summary, collection),
		collection_kind_names[collection->kind],
		format_pause(cells[2], collection->pause_ns),
		format_bytes(cells[3], collection->used_before_bytes),
		format_after(cells[4], collection->used_after_bytes),
		format_bytes(cells[5], collection->total_before_bytes),
		format_after(cells[6], collection->total_after_bytes),
		collection->reason[0] ? collection->reason : "-",
	};

	snprintf(cells[1], CELL_SIZE, "%u", collection->pid);
	print_cells(output, style, TONE_PLAIN, collection_cells, texts,
		    ARRAY_SIZE(collection_cells));
}

/* --- summary --- */

static const struct cell_shape pause_cells[] = {
	{.title = "  KIND", .width = 18, .left = true},
	{.title = "COUNT", .width = 6},
	{.title = "TOTAL", .width = 8},
	{.title = "P50", .width = 8},
	{.title = "P90", .width = 8},
	{.title = "P99", .width = 8},
	{.title = "MAX", .width = 8},
};

static void print_pauses(struct output *output, const struct text_style *style, const char *name,
			 const struct pause_statistics *statistics)
{
	bool known = statistics->kept_count > 0;
	char cells[7][CELL_SIZE];
	const char *texts[] = {
		cells[0],
		cells[1],
		format_pause(cells[2], known ? statistics->total_ns : FIGURE_UNKNOWN),
		format_pause(cells[3], pause_statistics__percentile(statistics, 50)),
		format_pause(cells[4], pause_statistics__percentile(statistics, 90)),
		format_pause(cells[5], pause_statistics__percentile(statistics, 99)),
		format_pause(cells[6], known ? statistics->longest_ns : FIGURE_UNKNOWN),
	};

	snprintf(cells[0], CELL_SIZE, "  %s", name);
	snprintf(cells[1], CELL_SIZE, "%lld", (long long)statistics->count);
	print_cells(output, style, TONE_PLAIN, pause_cells, texts, ARRAY_SIZE(pause_cells));
}

static void print_title(struct output *output, const struct text_style *style,
			const struct gc_isolate *isolate)
{
	int64_t span_ns = isolate->end_unix_ns - isolate->begin_unix_ns;
	char line[256];

	char who[128] = "";

	if (isolate->key.pid)
		snprintf(who, sizeof(who), "%u %s, ", isolate->key.pid, isolate->comm);
	snprintf(line, sizeof(line), "%s%s: %lld collection%s in %.1f s", who, isolate->thread,
		 (long long)isolate->all.count, isolate->all.count == 1 ? "" : "s",
		 (double)span_ns / (double)NS_PER_SECOND);
	output__add_char(output, '\n');
	text_table__add_line(output, style, TONE_TITLE, line);
}

static const char *format_rate(char buffer[CELL_SIZE], figure_value bytes)
{
	char text[CELL_SIZE];

	if (!figure_known(bytes))
		return "-";
	snprintf(buffer, CELL_SIZE, "%.32s/s", text__bytes(text, sizeof(text), bytes));
	return buffer;
}

static void print_rates(struct output *output, const struct text_style *style,
			const struct gc_isolate *isolate)
{
	figure_value share = gc_isolate__pause_share(isolate);
	char allocated[CELL_SIZE], promoted[CELL_SIZE], freed[CELL_SIZE], line[512];
	char paused[CELL_SIZE] = "-";

	if (!isolate->all.count)
		return;
	if (figure_known(share))
		snprintf(paused, sizeof(paused), "%.2f %%", (double)share / 100);
	snprintf(line, sizeof(line),
		 "  paused %s of the time; allocated %s; survived scavenges %s; freed %s", paused,
		 format_rate(allocated, gc_isolate__allocation_rate(isolate)),
		 format_rate(promoted, gc_isolate__promotion_rate(isolate)),
		 format_bytes(freed, isolate->freed_bytes));
	text_table__add_line(output, style, TONE_PLAIN, line);
}

enum { SPACE_NAME, SPACE_COMMITTED, SPACE_USED, SPACE_CELL_COUNT };

static const struct cell_shape space_cells[SPACE_CELL_COUNT] = {
	[SPACE_NAME] = {.title = "  SPACE", .width = 26, .left = true},
	[SPACE_COMMITTED] = {.title = "COMMITTED", .width = 10},
	[SPACE_USED] = {.title = "USED", .width = 10},
};

/* What stands beside the names, with the gaps. */
#define SPACE_NUMBERS_WIDTH 24

/* As wide as the longest name, where the numbers still fit beside it. */
static void shape_spaces(struct cell_shape shapes[SPACE_CELL_COUNT], const struct text_style *style,
			 const struct gc_isolate *isolate)
{
	size_t least = space_cells[SPACE_NAME].width, width = least;

	for (size_t i = 0; i < isolate->space_count; i++) {
		size_t columns = text__columns(isolate->spaces[i].name) + 2;

		width = columns > width ? columns : width;
	}
	if (style->width && width + SPACE_NUMBERS_WIDTH > style->width)
		width = style->width > least + SPACE_NUMBERS_WIDTH
				? style->width - SPACE_NUMBERS_WIDTH
				: least;
	memcpy(shapes, space_cells, sizeof(space_cells));
	shapes[SPACE_NAME].width = width;
}

static void print_space(struct output *output, const struct text_style *style,
			const struct cell_shape shapes[SPACE_CELL_COUNT], const char *name,
			figure_value committed, figure_value used)
{
	char cells[2][CELL_SIZE];
	const char *texts[SPACE_CELL_COUNT] = {
		[SPACE_COMMITTED] = format_bytes(cells[0], committed),
		[SPACE_USED] = format_bytes(cells[1], used),
	};
	struct output label;

	output__init(&label, -1);
	output__add_text(&label, "  ");
	text_table__add_cut(&label, style, name, shapes[SPACE_NAME].width - 2);
	output__add_char(&label, '\0');
	texts[SPACE_NAME] = label.data;
	print_cells(output, style, TONE_PLAIN, shapes, texts, SPACE_CELL_COUNT);
	output__release(&label);
}

static void print_spaces(struct output *output, const struct text_style *style,
			 const struct gc_isolate *isolate)
{
	struct cell_shape shapes[SPACE_CELL_COUNT];

	if (!isolate->space_count && !figure_known(isolate->heap_total_bytes))
		return;
	shape_spaces(shapes, style, isolate);
	print_cells(output, style, TONE_FAINT, shapes, NULL, SPACE_CELL_COUNT);
	for (size_t i = 0; i < isolate->space_count; i++)
		print_space(output, style, shapes, isolate->spaces[i].name,
			    isolate->spaces[i].committed_bytes, isolate->spaces[i].used_bytes);
	print_space(output, style, shapes, "heap", isolate->heap_total_bytes,
		    isolate->heap_used_bytes);
}

static void print_isolate(struct output *output, const struct text_style *style,
			  const struct gc_isolate *isolate)
{
	print_title(output, style, isolate);
	if (isolate->all.count) {
		print_cells(output, style, TONE_FAINT, pause_cells, NULL, ARRAY_SIZE(pause_cells));
		for (int kind = 0; kind < COLLECTION_KIND_COUNT; kind++)
			if (isolate->kinds[kind].count)
				print_pauses(output, style, collection_kind_names[kind],
					     &isolate->kinds[kind]);
		print_pauses(output, style, "all", &isolate->all);
		print_rates(output, style, isolate);
	}
	print_spaces(output, style, isolate);
}

void text_gc__summary(struct output *output, const struct text_style *style,
		      const struct gc_summary *summary, int64_t lost)
{
	char line[128];

	for (size_t i = 0; i < summary->count; i++)
		print_isolate(output, style, summary->isolates[i]);
	if (summary->ended)
		print_isolate(output, style, summary->ended);
	if (!lost)
		return;
	snprintf(line, sizeof(line), "%lld collection%s lost", (long long)lost,
		 lost == 1 ? " was" : "s were");
	output__add_char(output, '\n');
	text_table__add_line(output, style, TONE_WARNING, line);
}
