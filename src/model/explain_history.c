/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/explain_history.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/account.h"

#define SAMPLES_MAX   128
#define NS_PER_SECOND INT64_C(1000000000)
#define MIB	      ((int64_t)1 << 20)

/* Fewer looks, or a shorter time, are no ground for a verdict. */
#define SAMPLES_LEAST	 3
#define STRETCH_LEAST_NS (2 * NS_PER_SECOND)

/* Longer than anybody watches: a clock was set, or a recording lies. */
#define HISTORY_MOST_NS (10 * 366 * 86400 * NS_PER_SECOND)

/* A growth is told from 1 MiB on, if it also is a MiB a minute or 2 % of what was there. */
#define GROWTH_LEAST_BYTES	MIB
#define GROWTH_LEAST_PER_MINUTE MIB
#define GROWTH_LEAST_PERCENT	2

/* Values that differ by less are the same: what a look itself disturbs. */
#define FALL_LEAST_BYTES (64 * 1024)

struct sample {
	int64_t time_unix_ns;
	figure_value values[SERIES_COUNT];
	uint32_t falls[SERIES_COUNT]; /* so far */
};

struct explain_history {
	uint64_t image;
	struct sample *samples; /* the first of the watch stays the first */
	size_t count, capacity;
	figure_value last[SERIES_COUNT]; /* that were known */
	uint32_t falls[SERIES_COUNT];
};

/* ---- what a sample holds ---- */

/* A recording can hold any number: with what no process has nothing is worked out. */
#define VALUE_MOST ((figure_value)1 << 52)

static figure_value sane(figure_value value)
{
	return value >= -VALUE_MOST && value <= VALUE_MOST ? value : FIGURE_UNKNOWN;
}

static figure_value less(figure_value value, figure_value part)
{
	value = sane(value);
	part = sane(part);
	if (!figure_known(value) || !figure_known(part))
		return value;
	return value > part ? value - part : 0;
}

static figure_value plus(figure_value a, figure_value b)
{
	a = sane(a);
	b = sane(b);
	if (!figure_known(a))
		return b;
	return figure_known(b) ? a + b : a;
}

static figure_value sum_of_isolates(const struct process *process, enum isolate_figure figure)
{
	figure_value sum = FIGURE_UNKNOWN;

	for (size_t i = 0; i < process->isolate_count; i++)
		sum = plus(sum, process->isolates[i].figures[figure]);
	return sum;
}

static void take(figure_value *values, const struct process *process)
{
	static const struct {
		enum explain_series series;
		enum process_figure figure;
	} plain[] = {
		{SERIES_RSS, FIG_RSS},
		{SERIES_LIVE, FIG_HEAP_LIVE},
		{SERIES_SLACK, FIG_HEAP_SLACK},
		{SERIES_ARRAY_BUFFERS, FIG_V8_ARRAY_BUFFERS},
		{SERIES_HEAP_USED, FIG_V8_HEAP_USED},
		{SERIES_THREADS, FIG_THREADS},
	};
	const figure_value *figures = process->figures;
	figure_value buffers = figures[FIG_V8_ARRAY_BUFFERS];

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		values[plain[i].series] = figures[plain[i].figure];
	for (int i = 0; i < CLASS_COUNT; i++)
		values[SERIES_CLASS_FIRST + i] = figures[FIG_CLASS_FIRST + i];
	values[SERIES_NATIVE_LIVE] = less(figures[FIG_HEAP_LIVE], buffers);
	values[SERIES_NATIVE_MALLOC] =
		less(figures[FIG_CLASS_MALLOC], less(buffers, figures[FIG_CLASS_ARRAY_BUFFERS]));
	values[SERIES_EXTERNAL] = less(figures[FIG_V8_EXTERNAL], buffers);
	values[SERIES_HEAP_USED_AFTER] = sum_of_isolates(process, IFIG_GC_USED_AFTER);
	values[SERIES_MARK_COMPACTS] = sum_of_isolates(process, IFIG_GC_MARK_COMPACTS);
	values[SERIES_FILES] = plus(figures[FIG_CLASS_CODE], figures[FIG_CLASS_FILE]);
	for (int s = 0; s < SERIES_COUNT; s++)
		values[s] = sane(values[s]);
}

/* ---- adding ---- */

/* Makes one of samples i and i + 1. */
static void merge(struct explain_history *history, size_t i)
{
	struct sample *kept = &history->samples[i], *gone = kept + 1;

	for (int s = 0; s < SERIES_COUNT; s++)
		if (figure_known(gone->values[s]) &&
		    (!figure_known(kept->values[s]) || gone->values[s] < kept->values[s]))
			kept->values[s] = gone->values[s];
	memmove(gone, gone + 1, (history->count - i - 2) * sizeof(*gone));
	history->count--;
}

/* Merges the two that lie nearest to each other, measured by how long ago they were. */
static void make_room(struct explain_history *history)
{
	const struct sample *samples = history->samples;
	int64_t now = samples[history->count - 1].time_unix_ns;
	size_t nearest = 1;
	double nearest_share = 0;

	for (size_t i = 1; i + 2 < history->count; i++) {
		double span = (double)(samples[i + 2].time_unix_ns - samples[i].time_unix_ns);
		double share = span / (double)(now - samples[i].time_unix_ns + 1);

		if (i > 1 && share >= nearest_share)
			continue;
		nearest = i;
		nearest_share = share;
	}
	merge(history, nearest);
}

static void count_falls(struct explain_history *history, const figure_value *values)
{
	for (int s = 0; s < SERIES_COUNT; s++) {
		if (!figure_known(values[s]))
			continue;
		if (figure_known(history->last[s]) &&
		    values[s] < history->last[s] - FALL_LEAST_BYTES)
			history->falls[s]++;
		history->last[s] = values[s];
	}
}

static void start_anew(struct explain_history *history, uint64_t image)
{
	history->image = image;
	history->count = 0;
	memset(history->falls, 0, sizeof(history->falls));
	figures__clear(history->last, SERIES_COUNT);
}

/* The look was noted already. */
static bool is_noted(const struct explain_history *history, const struct process *process,
		     int64_t time_unix_ns)
{
	return history->count && history->image == process->image &&
	       history->samples[history->count - 1].time_unix_ns == time_unix_ns;
}

static bool follows(const struct explain_history *history, int64_t time_unix_ns)
{
	int64_t length;

	if (!history->count)
		return true;
	if (__builtin_sub_overflow(time_unix_ns, history->samples[0].time_unix_ns, &length))
		return false;
	return length <= HISTORY_MOST_NS &&
	       history->samples[history->count - 1].time_unix_ns < time_unix_ns;
}

void explain_history__add(struct explain_history **kept, const struct process *process,
			  int64_t time_unix_ns)
{
	struct explain_history *history = *kept;
	struct sample *sample;

	if (!history) {
		*kept = history = xcalloc(1, sizeof(*history));
		start_anew(history, process->image);
	}
	if (is_noted(history, process, time_unix_ns))
		return;
	if (history->image != process->image || !follows(history, time_unix_ns))
		start_anew(history, process->image);
	if (history->count == SAMPLES_MAX)
		make_room(history);
	ARRAY_GROW(history->samples, history->count, history->capacity);
	sample = &history->samples[history->count++];
	sample->time_unix_ns = time_unix_ns;
	take(sample->values, process);
	count_falls(history, sample->values);
	memcpy(sample->falls, history->falls, sizeof(sample->falls));
}

void explain_history__free(struct explain_history *history)
{
	if (!history)
		return;
	free(history->samples);
	free(history);
}

int64_t explain_history__length_ns(const struct explain_history *history)
{
	if (!history || !history->count)
		return 0;
	return history->samples[history->count - 1].time_unix_ns - history->samples[0].time_unix_ns;
}

/* ---- growth ---- */

#define PARTS 3

struct stretch {
	int64_t begin_ns, end_ns;
	const struct sample *samples; /* those that lie in it */
	size_t count;
};

struct point {
	figure_value value; /* FIGURE_UNKNOWN: there is none */
	int64_t time_ns;
};

/* One series over one stretch. */
struct course {
	struct point floors[PARTS]; /* the lowest of each part */
	struct point highest;	    /* of the last part */
	struct point newest;
};

static int part_of(const struct stretch *stretch, int64_t time_ns)
{
	int64_t length = stretch->end_ns - stretch->begin_ns;
	int part = (int)((__int128)(time_ns - stretch->begin_ns) * PARTS / length);

	return part < PARTS ? part : PARTS - 1;
}

static void follow(struct course *course, int part, struct point now, struct growth *growth)
{
	bool is_last = part == PARTS - 1;

	if (!figure_known(now.value))
		return;
	if (is_last && figure_known(course->newest.value) && now.value > course->newest.value)
		growth->rose = true;
	if (!figure_known(course->floors[part].value) || now.value < course->floors[part].value)
		course->floors[part] = now;
	if (is_last && now.value > course->highest.value)
		course->highest = now;
	course->newest = now;
}

/* Whether a growth from floor to floor stands out: above what is always there, not only
 * in the beginning of the stretch, and against the ups and downs of the last part. */
static bool stands_out(const struct growth *growth, const struct course *course)
{
	figure_value from = course->floors[0].value, middle = course->floors[1].value;
	figure_value to = course->floors[PARTS - 1].value;
	int64_t swing = growth->fell ? course->highest.value - to : 0;

	if (to - from < GROWTH_LEAST_BYTES || to - from < swing / 2)
		return false;
	if (to - middle < (to - from) / 16)
		return false;
	return growth->per_minute_bytes >= GROWTH_LEAST_PER_MINUTE ||
	       growth->bytes >= from / 100 * GROWTH_LEAST_PERCENT;
}

static void settle(struct growth *growth, const struct course *course)
{
	struct point from = course->floors[0];
	struct point to = growth->fell ? course->floors[PARTS - 1] : course->newest;

	for (int part = 0; part < PARTS; part++)
		if (!figure_known(course->floors[part].value))
			return;
	growth->known = true;
	growth->from = from.value;
	growth->to = to.value;
	growth->bytes = to.value - from.value;
	growth->length_ns = to.time_ns - from.time_ns;
	growth->per_minute_bytes =
		(int64_t)((double)growth->bytes * 60 * NS_PER_SECOND / (double)growth->length_ns);
	growth->grew = stands_out(growth, course);
}

static void measure(struct growth *growth, const struct stretch *stretch, int series)
{
	const struct sample *samples = stretch->samples;
	struct course course = {.highest = {FIGURE_UNKNOWN, 0}, .newest = {FIGURE_UNKNOWN, 0}};

	*growth = (struct growth){.from = FIGURE_UNKNOWN, .to = FIGURE_UNKNOWN};
	for (int part = 0; part < PARTS; part++)
		course.floors[part].value = FIGURE_UNKNOWN;
	for (size_t i = 0; i < stretch->count; i++) {
		struct point now = {samples[i].values[series], samples[i].time_unix_ns};
		int part = part_of(stretch, now.time_ns);

		if (part == PARTS - 1 && i &&
		    samples[i].falls[series] > samples[i - 1].falls[series])
			growth->fell = true;
		follow(&course, part, now, growth);
	}
	settle(growth, &course);
}

bool explain_history__growths(const struct explain_history *history, int64_t stretch_ns,
			      struct growth growths[SERIES_COUNT])
{
	struct stretch stretch;
	size_t first = 0;

	if (!history || stretch_ns < STRETCH_LEAST_NS ||
	    explain_history__length_ns(history) < stretch_ns)
		return false;
	stretch.end_ns = history->samples[history->count - 1].time_unix_ns;
	stretch.begin_ns = stretch.end_ns - stretch_ns;
	while (history->samples[first].time_unix_ns < stretch.begin_ns)
		first++;
	stretch.samples = history->samples + first;
	stretch.count = history->count - first;
	if (stretch.count < SAMPLES_LEAST)
		return false;
	for (int s = 0; s < SERIES_COUNT; s++)
		measure(&growths[s], &stretch, s);
	return true;
}
