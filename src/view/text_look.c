/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/text_look.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"

#define NS_PER_SECOND ((int64_t)1000000000)
#define LINE_SIZE     256

/* A terminal shows at least this many processes, however low it is. */
#define LEAST_ROWS 5

static const struct table_column process_list[] = {
	{.key = "pid", .importance = 100},
	{.key = "user", .importance = 45},
	{.key = "container", .importance = 85, .when_known = true},
	{.key = "rss", .importance = 99},
	{.key = "rss+", .importance = 90, .when_known = true},
	{.key = "rss_peak", .importance = 76},
	{.key = "rss_anon", .importance = 74},
	{.key = "rss_file", .importance = 72},
	{.key = "rss_shmem", .importance = 64},
	{.key = "swap", .importance = 70},
	{.key = "pss", .importance = 73, .when_known = true},
	{.key = "faults/s", .importance = 80, .when_known = true},
	{.key = "mapped.mmap_bytes/s", .importance = 50, .when_known = true},
	{.key = "classes.v8_heap", .importance = 66, .when_known = true},
	{.key = "classes.v8_code", .importance = 53, .when_known = true},
	{.key = "classes.array_buffers", .importance = 62, .when_known = true},
	{.key = "classes.malloc", .importance = 68, .when_known = true},
	{.key = "classes.stack", .importance = 60, .when_known = true},
	{.key = "classes.code", .importance = 58, .when_known = true},
	{.key = "classes.file", .importance = 57, .when_known = true},
	{.key = "classes.shmem", .importance = 56, .when_known = true},
	{.key = "classes.anon", .importance = 67, .when_known = true},
	{.key = "classes.unaccounted", .importance = 55, .when_known = true},
	{.key = "heap.slack_bytes", .importance = 65, .when_known = true},
	{.key = "v8.heap_used", .importance = 69, .when_known = true},
	{.key = "huge_pages", .importance = 30, .when_set = true},
	{.key = "comm", .importance = 101},
};

static const struct table_column exited_list[] = {
	{.key = "pid", .importance = 100},
	{.key = "user", .importance = 45},
	{.key = "container", .importance = 85, .when_known = true},
	{.key = "age", .importance = 90},
	{.key = "exit", .importance = 95},
	{.key = "rss_peak", .importance = 92},
	{.key = "rss_high_water", .importance = 70, .when_known = true},
	{.key = "faults.minor", .importance = 40, .when_known = true},
	{.key = "comm", .importance = 101},
};

static const struct table_column container_list[] = {
	{.key = "name", .importance = 101},
	{.key = "runtime", .importance = 60},
	{.key = "processes", .importance = 80},
	{.key = "memory_current", .importance = 100},
	{.key = "memory_current+", .importance = 88, .when_known = true},
	{.key = "memory_limit", .importance = 96},
	{.key = "memory_limit_used", .importance = 95},
	{.key = "working_set", .importance = 84},
	{.key = "swap_current", .importance = 50, .when_set = true},
	{.key = "rss_unique", .importance = 74, .when_known = true},
	{.key = "classes.v8_heap", .importance = 66, .when_known = true},
	{.key = "classes.v8_code", .importance = 40, .when_known = true},
	{.key = "classes.array_buffers", .importance = 58, .when_known = true},
	{.key = "classes.malloc", .importance = 72, .when_known = true},
	{.key = "classes.stack", .importance = 56, .when_known = true},
	{.key = "classes.code", .importance = 54, .when_known = true},
	{.key = "classes.file", .importance = 53, .when_known = true},
	{.key = "classes.shmem", .importance = 52, .when_known = true},
	{.key = "classes.anon", .importance = 70, .when_known = true},
	{.key = "classes.unaccounted", .importance = 51, .when_known = true},
	{.key = "oom_kills", .importance = 92},
	{.key = "pressure.some_avg10", .importance = 78},
	{.key = "pressure.full_avg10", .importance = 48},
};

/* --- the lines around the tables --- */

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void format_moment(char *buffer, size_t size, int64_t unix_ns)
{
	time_t seconds = (time_t)(unix_ns / NS_PER_SECOND);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || !strftime(buffer, size, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(buffer, size, "-");
}

/* Of a figure over processes. */
struct sum {
	figure_value value; /* over those that know it: FIGURE_UNKNOWN if none does */
	size_t unknown_count;
};

static struct sum sum_of(struct process *const *processes, size_t count, enum process_figure figure)
{
	struct sum sum = {.value = count ? FIGURE_UNKNOWN : 0};

	for (size_t i = 0; i < count; i++) {
		figures__add(&sum.value, processes[i]->figures[figure]);
		sum.unknown_count += !figure_known(processes[i]->figures[figure]);
	}
	return sum;
}

/* "1.2 GiB", "1.2 GiB (3 unknown)", "-" */
static const char *format_sum(char *buffer, size_t size, struct sum sum)
{
	char bytes[16];

	if (!figure_known(sum.value))
		return "-";
	text__bytes(bytes, sizeof(bytes), sum.value);
	if (sum.unknown_count)
		snprintf(buffer, size, "%s (%zu unknown)", bytes, sum.unknown_count);
	else
		snprintf(buffer, size, "%s", bytes);
	return buffer;
}

static int64_t lost_of(struct process *const *processes, size_t count)
{
	struct sum sum = sum_of(processes, count, FIG_LOST_EVENTS);

	return figure_known(sum.value) ? sum.value : 0;
}

void text_look__print_headline(struct output *output, const struct text_style *style,
			       const struct look *look)
{
	const struct account *account = look->context.account;
	char moment[32], interval[32] = "", sum[64], available[16], machine[32] = "";
	char line[LINE_SIZE];

	format_moment(moment, sizeof(moment), account->time_unix_ns);
	if (account->interval_ns)
		snprintf(interval, sizeof(interval), " (+%.1f s)",
			 (double)account->interval_ns / NS_PER_SECOND);
	if (account->memory_available_bytes > 0)
		snprintf(
			machine, sizeof(machine), ", available %s",
			text__bytes(available, sizeof(available), account->memory_available_bytes));
	snprintf(
		line, sizeof(line), "%s%s  %zu process%s, RSS %s%s", moment, interval,
		look->process_count, look->process_count == 1 ? "" : "es",
		format_sum(sum, sizeof(sum), sum_of(look->processes, look->process_count, FIG_RSS)),
		machine);
	text_table__add_line(output, style, TONE_PLAIN, line);
}

void text_look__print_losses(struct output *output, const struct text_style *style,
			     const struct look *look)
{
	const struct account *account = look->context.account;
	int64_t lost = account->lost_events + lost_of(look->processes, look->process_count) +
		       lost_of(look->exited, look->exited_count);
	char line[LINE_SIZE];

	if (lost) {
		snprintf(line, sizeof(line),
			 "LOST: %" PRId64 " events: rates and peaks may be too low", lost);
		text_table__add_line(output, style, TONE_WARNING, line);
	}
	if (account->exited_left_out) {
		snprintf(line, sizeof(line),
			 "LEFT OUT: %" PRId64 " more processes exited (see --max-exits)",
			 account->exited_left_out);
		text_table__add_line(output, style, TONE_WARNING, line);
	}
}

static void print_notes_hint(struct output *output, const struct text_style *style,
			     const struct look *look)
{
	size_t count = 0;
	char line[LINE_SIZE];

	for (size_t i = 0; i < look->process_count; i++)
		count += process__own_note_count(look->processes[i]) > 0;
	if (!count)
		return;
	snprintf(line, sizeof(line), "notes on %zu process%s: see them with -p PID or -o json",
		 count, count == 1 ? "" : "es");
	text_table__add_line(output, style, TONE_FAINT, line);
}

static void print_more(struct output *output, const struct text_style *style, const char *what,
		       size_t count, struct sum bytes)
{
	char line[LINE_SIZE], amount[64];

	snprintf(line, sizeof(line), "... %zu more %s, %s", count, what,
		 format_sum(amount, sizeof(amount), bytes));
	text_table__add_line(output, style, TONE_FAINT, line);
}

/* --- tables --- */

/* Sections below the processes get at most a quarter of a terminal each. */
static size_t section_rows(const struct text_style *style, size_t count)
{
	size_t most = style->height ? style->height / 4 : SIZE_MAX;

	if (style->max_rows)
		most = style->max_rows;
	return count < most ? count : most;
}

/* Lines of a section: blank, name, titles, rows, perhaps one about the rest. */
static size_t section_height(const struct text_style *style, size_t count)
{
	size_t rows = section_rows(style, count);

	return count ? 3 + rows + (rows < count) : 0;
}

/* What the screen leaves for processes: a prompt, the headline, the titles and the line
 * about the rest are always there. */
static size_t process_rows(const struct text_style *style, const struct look *look)
{
	size_t taken = 4 + section_height(style, look->exited_count) +
		       section_height(style, look->container_count);

	if (style->max_rows || !style->height)
		return style->max_rows;
	return style->height > taken + LEAST_ROWS ? style->height - taken : LEAST_ROWS;
}

/* The list, with the column that it is sorted by where it is not in it anyway. */
static size_t process_layout(struct table_column columns[ARRAY_SIZE(process_list) + 1],
			     const struct column *sort)
{
	size_t count = ARRAY_SIZE(process_list);

	memcpy(columns, process_list, sizeof(process_list));
	for (size_t i = 0; i < count; i++) {
		if (strcmp(columns[i].key, sort->key) == 0) {
			columns[i].importance = 100;
			return count;
		}
	}
	memmove(&columns[2], &columns[1], (count - 1) * sizeof(columns[0]));
	columns[1] = (struct table_column){.key = sort->key, .importance = 100};
	return count + 1;
}

static void print_processes(struct output *output, const struct text_style *style,
			    const struct look *look)
{
	struct table_column columns[ARRAY_SIZE(process_list) + 1];
	struct table_layout layout = {.columns = columns, .find = process_column__find};
	struct text_style limited = *style;
	size_t shown, rest;

	if (!look->process_count)
		return;
	layout.column_count = process_layout(columns, look->sort);
	limited.max_rows = process_rows(style, look);
	shown = text_table__print(output, &limited, &layout, &look->context, look->processes,
				  look->process_count);
	rest = look->process_count - shown;
	if (rest)
		print_more(output, style, rest == 1 ? "process" : "processes", rest,
			   sum_of(look->processes + shown, rest, FIG_RSS));
}

static void print_exited_title(struct output *output, const struct text_style *style,
			       const struct look *look)
{
	char line[LINE_SIZE];
	size_t oom_killed = 0;

	for (size_t i = 0; i < look->exited_count; i++)
		oom_killed += look->exited[i]->oom_killed;
	output__add_char(output, '\n');
	if (oom_killed)
		snprintf(line, sizeof(line), "EXITED: %zu, OOM-killed: %zu", look->exited_count,
			 oom_killed);
	else
		snprintf(line, sizeof(line), "EXITED: %zu", look->exited_count);
	text_table__add_line(output, style, oom_killed ? TONE_WARNING : TONE_TITLE, line);
}

static void print_exited(struct output *output, const struct text_style *style,
			 const struct look *look)
{
	static const struct table_layout layout = {
		.columns = exited_list,
		.column_count = ARRAY_SIZE(exited_list),
		.find = process_column__find,
	};
	struct text_style limited = *style;
	size_t shown, rest;

	if (!look->exited_count)
		return;
	print_exited_title(output, style, look);
	limited.max_rows = section_rows(style, look->exited_count);
	shown = text_table__print(output, &limited, &layout, &look->context, look->exited,
				  look->exited_count);
	rest = look->exited_count - shown;
	if (rest)
		print_more(output, style, "exited", rest,
			   sum_of(look->exited + shown, rest, FIG_RSS_PEAK));
}

void text_look__print_containers(struct output *output, const struct text_style *style,
				 const struct look *look)
{
	static const struct table_layout layout = {
		.columns = container_list,
		.column_count = ARRAY_SIZE(container_list),
		.find = container_column__find,
	};
	struct text_style limited = *style;
	char line[LINE_SIZE];
	size_t shown;

	if (!look->container_count)
		return;
	output__add_char(output, '\n');
	snprintf(line, sizeof(line), "CONTAINERS: %zu", look->container_count);
	text_table__add_line(output, style, TONE_TITLE, line);
	limited.max_rows = section_rows(style, look->container_count);
	shown = text_table__print(output, &limited, &layout, &look->context, look->containers,
				  look->container_count);
	if (shown < look->container_count) {
		snprintf(line, sizeof(line), "... %zu more container%s",
			 look->container_count - shown, plural(look->container_count - shown));
		text_table__add_line(output, style, TONE_FAINT, line);
	}
}

void text_look__print(struct output *output, const struct text_style *style,
		      const struct look *look)
{
	text_look__print_headline(output, style, look);
	print_processes(output, style, look);
	print_exited(output, style, look);
	text_look__print_containers(output, style, look);
	text_look__print_losses(output, style, look);
	print_notes_hint(output, style, look);
}
