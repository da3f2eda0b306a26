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

/* What is left after each collection differs by itself. */
#define STEP_LEAST_BYTES   (4 * MIB)
#define STEP_LEAST_PERCENT 10

/* Values that differ by less are the same: what a look itself disturbs. */
#define FALL_LEAST_BYTES (64 * 1024)

struct sample {
	int64_t time_unix_ns;
	figure_value values[SERIES_COUNT];
	int64_t falls[SERIES_COUNT]; /* the largest of those since the sample before; 0: none */
};

/* Of the allocator: when all are as they were, it was not asked, or nothing happened. */
static const enum process_figure answer_figures[] = {
	FIG_HEAP_LIVE, FIG_HEAP_FREE, FIG_HEAP_ACTIVE, FIG_HEAP_RETAINED, FIG_HEAP_LIVE_BLOCKS,
};

static const enum explain_series answer_series[] = {SERIES_LIVE, SERIES_SLACK, SERIES_NATIVE_LIVE};

struct explain_history {
	uint64_t image;
	uint64_t known;		 /* series that tell RSS apart, in any look */
	unsigned int less_known; /* looks in a row that were left out */
	struct sample *samples;	 /* the first of the watch stays the first */
	size_t count, capacity;
	figure_value last[SERIES_COUNT]; /* that were known */
	figure_value answer[ARRAY_SIZE(answer_figures)];
};

/* ---- what a sample holds ---- */

static figure_value less(figure_value value, figure_value part)
{
	value = figure_sane(value);
	part = figure_sane(part);
	if (!figure_known(value) || !figure_known(part))
		return value;
	return value > part ? value - part : 0;
}

static figure_value plus(figure_value a, figure_value b)
{
	a = figure_sane(a);
	b = figure_sane(b);
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

/* Of all of them or of none: one whose heap was collected for the first time would seem to grow
 * by all that it holds. */
static figure_value used_after_collections(const struct process *process)
{
	for (size_t i = 0; i < process->isolate_count; i++) {
		const figure_value *figures = process->isolates[i].figures;

		if (figure_known(figures[IFIG_HEAP_USED]) &&
		    !figure_known(figures[IFIG_GC_USED_AFTER]))
			return FIGURE_UNKNOWN;
	}
	return sum_of_isolates(process, IFIG_GC_USED_AFTER);
}

static void take(const struct explain_history *history, figure_value *values,
		 const struct process *process)
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
		{SERIES_PYTHON_BLOCKS, FIG_PYTHON_BLOCKS},
	};
	const figure_value *figures = process->figures;
	figure_value buffers = figures[FIG_V8_ARRAY_BUFFERS];
	/* an isolate had no answer this time: what is none of its buffers is not known, either */
	bool is_blind = !figure_known(buffers) && figure_known(history->last[SERIES_ARRAY_BUFFERS]);

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		values[plain[i].series] = figures[plain[i].figure];
	for (int i = 0; i < CLASS_COUNT; i++)
		values[SERIES_CLASS_FIRST + i] = figures[FIG_CLASS_FIRST + i];
	values[SERIES_NATIVE_LIVE] = less(figures[FIG_HEAP_LIVE], buffers);
	values[SERIES_NATIVE_MALLOC] =
		less(figures[FIG_CLASS_MALLOC], less(buffers, figures[FIG_CLASS_ARRAY_BUFFERS]));
	values[SERIES_EXTERNAL] = less(figures[FIG_V8_EXTERNAL], buffers);
	values[SERIES_HEAP_USED_AFTER] = used_after_collections(process);
	values[SERIES_MARK_COMPACTS] = sum_of_isolates(process, IFIG_GC_MARK_COMPACTS);
	values[SERIES_FILES] = plus(figures[FIG_CLASS_CODE], figures[FIG_CLASS_FILE]);
	values[SERIES_ISOLATES] =
		process->isolate_count ? (figure_value)process->isolate_count : FIGURE_UNKNOWN;
	if (is_blind)
		values[SERIES_NATIVE_LIVE] = values[SERIES_NATIVE_MALLOC] =
			values[SERIES_EXTERNAL] = FIGURE_UNKNOWN;
	for (int s = 0; s < SERIES_COUNT; s++)
		values[s] = figure_sane(values[s]);
}

/* What was worked out from an old answer and new figures of others would be wrong. */
static void keep_answer(struct explain_history *history, figure_value *values,
			const struct process *process)
{
	bool is_new = false;

	for (size_t i = 0; i < ARRAY_SIZE(answer_figures); i++) {
		figure_value value = process->figures[answer_figures[i]];

		is_new |= value != history->answer[i];
		history->answer[i] = value;
	}
	if (is_new || !figure_known(process->figures[FIG_HEAP_LIVE]))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(answer_series); i++)
		values[answer_series[i]] = history->last[answer_series[i]];
}

/* ---- what can be compared ---- */

/* What is known of these says how finely RSS was told apart. What a class that is not known
 * yet holds lies in others until then: from such a look to a finer one they seem to fall and
 * the new one to come from nowhere. */
#define BIT(series) (UINT64_C(1) << (series))
_Static_assert(SERIES_COUNT <= 64, "a bit for each series");

/* A runtime does not answer in each look; after so many it will not. */
#define LESS_KNOWN_LOOKS_MOST 5

static uint64_t known_classes(const figure_value *values)
{
	uint64_t known = 0;

	for (int s = SERIES_CLASS_FIRST; s <= SERIES_CLASS_LAST; s++)
		if (figure_known(values[s]))
			known |= BIT(s);
	return known;
}

/* V8's pages are found by what its isolates say. */
static uint64_t known_split(const figure_value *values)
{
	uint64_t heap = figure_known(values[SERIES_HEAP_USED]) ? BIT(SERIES_HEAP_USED) : 0;

	return known_classes(values) | heap;
}

/* ---- adding ---- */

/* Makes one of samples i and i + 1. */
static void merge(struct explain_history *history, size_t i)
{
	struct sample *kept = &history->samples[i], *gone = kept + 1;

	for (int s = 0; s < SERIES_COUNT; s++) {
		if (figure_known(gone->values[s]) &&
		    (!figure_known(kept->values[s]) || gone->values[s] < kept->values[s]))
			kept->values[s] = gone->values[s];
		if (gone->falls[s] > kept->falls[s])
			kept->falls[s] = gone->falls[s];
	}
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

static void note_falls(struct explain_history *history, struct sample *sample)
{
	for (int s = 0; s < SERIES_COUNT; s++) {
		figure_value value = sample->values[s], last = history->last[s];

		sample->falls[s] = 0;
		if (!figure_known(value))
			continue;
		if (figure_known(last) && last - value >= FALL_LEAST_BYTES)
			sample->falls[s] = last - value;
		history->last[s] = value;
	}
}

static void start_anew(struct explain_history *history, uint64_t image)
{
	history->image = image;
	history->known = 0;
	history->less_known = 0;
	history->count = 0;
	figures__clear(history->last, SERIES_COUNT);
	figures__clear(history->answer, ARRAY_SIZE(answer_figures));
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

/* Whether the look tells RSS apart as those before did; if it does so for the better, or
 * for good, the history starts anew with it. */
static bool fits(struct explain_history *history, const figure_value *values)
{
	uint64_t known = known_split(values), classes = known_classes(values);
	uint64_t lost = history->known & ~BIT(SERIES_HEAP_USED) & ~classes;

	history->less_known = lost ? history->less_known + 1 : 0;
	if (lost && history->less_known < LESS_KNOWN_LOOKS_MOST)
		return false;
	if (history->count && (lost || (known & ~history->known)))
		start_anew(history, history->image);
	history->known |= known;
	return true;
}

void explain_history__add(struct explain_history **kept, const struct process *process,
			  int64_t time_unix_ns)
{
	struct explain_history *history = *kept;
	figure_value values[SERIES_COUNT];
	struct sample *sample;

	if (!history) {
		*kept = history = xcalloc(1, sizeof(*history));
		start_anew(history, process->image);
	}
	if (is_noted(history, process, time_unix_ns))
		return;
	if (history->image != process->image || !follows(history, time_unix_ns))
		start_anew(history, process->image);
	take(history, values, process);
	if (!fits(history, values))
		return;
	if (history->count == SAMPLES_MAX)
		make_room(history);
	ARRAY_GROW(history->samples, history->count, history->capacity);
	sample = &history->samples[history->count++];
	sample->time_unix_ns = time_unix_ns;
	memcpy(sample->values, values, sizeof(values));
	keep_answer(history, sample->values, process);
	note_falls(history, sample);
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

void explain_history__ends(const struct explain_history *history, enum explain_series series,
			   figure_value *first, figure_value *last)
{
	*first = *last = FIGURE_UNKNOWN;
	if (!history || !history->count)
		return;
	*first = history->samples[0].values[series];
	*last = history->samples[history->count - 1].values[series];
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
	bool is_stepped;
	struct point parts[PARTS]; /* what each counts by */
	figure_value highest;	   /* of the last part */
	struct point oldest, newest;
};

static int part_of(const struct stretch *stretch, int64_t time_ns)
{
	int64_t length = stretch->end_ns - stretch->begin_ns;
	int part = (int)((__int128)(time_ns - stretch->begin_ns) * PARTS / length);

	return part < PARTS ? part : PARTS - 1;
}

static void follow(struct course *course, int part, struct point now, struct growth *growth)
{
	struct point *counted = &course->parts[part];

	if (!figure_known(now.value))
		return;
	if (part && figure_known(course->newest.value) && now.value > course->newest.value)
		growth->rose = true;
	if (course->is_stepped || !figure_known(counted->value) || now.value < counted->value)
		*counted = now;
	if (part == PARTS - 1 && now.value > course->highest)
		course->highest = now.value;
	if (!figure_known(course->oldest.value))
		course->oldest = now;
	course->newest = now;
}

/* Whether a growth stands out: above what is always there, not only in the beginning of
 * the stretch, and against the ups and downs. */
static bool stands_out(const struct growth *growth, const struct course *course)
{
	figure_value middle = course->parts[1].value, to = course->parts[PARTS - 1].value;
	int64_t bytes = growth->floor_bytes;

	if (to - middle < bytes / 16)
		return false;
	if (course->is_stepped)
		return bytes >= STEP_LEAST_BYTES && bytes >= growth->swing_bytes &&
		       bytes >= growth->from / 100 * STEP_LEAST_PERCENT;
	if (bytes < GROWTH_LEAST_BYTES || bytes < growth->swing_bytes / 2)
		return false;
	return growth->per_minute_bytes >= GROWTH_LEAST_PER_MINUTE ||
	       growth->bytes >= growth->from / 100 * GROWTH_LEAST_PERCENT;
}

static void settle(struct growth *growth, const struct course *course)
{
	struct point from = course->parts[0];
	struct point to = growth->fell ? course->parts[PARTS - 1] : course->newest;

	for (int part = 0; part < PARTS; part++)
		if (!figure_known(course->parts[part].value))
			return;
	/* one step tells nothing of growth */
	if (course->is_stepped && course->oldest.value == course->newest.value)
		return;
	growth->known = true;
	growth->from = from.value;
	growth->to = to.value;
	growth->bytes = to.value - from.value;
	growth->floor_bytes = course->parts[PARTS - 1].value - from.value;
	growth->swing_bytes = course->highest - course->parts[PARTS - 1].value;
	if (growth->swing_bytes < growth->fall_bytes)
		growth->swing_bytes = growth->fall_bytes;
	growth->length_ns = to.time_ns - from.time_ns;
	growth->per_minute_bytes =
		(int64_t)((double)growth->bytes * 60 * NS_PER_SECOND / (double)growth->length_ns);
	growth->grew = stands_out(growth, course);
}

static void measure(struct growth *growth, const struct stretch *stretch, int series)
{
	const struct sample *samples = stretch->samples;
	struct course course = {
		.is_stepped = series == SERIES_HEAP_USED_AFTER,
		.highest = FIGURE_UNKNOWN,
		.oldest = {FIGURE_UNKNOWN, 0},
		.newest = {FIGURE_UNKNOWN, 0},
	};

	*growth = (struct growth){.from = FIGURE_UNKNOWN, .to = FIGURE_UNKNOWN};
	for (int part = 0; part < PARTS; part++)
		course.parts[part].value = FIGURE_UNKNOWN;
	for (size_t i = 0; i < stretch->count; i++) {
		struct point now = {samples[i].values[series], samples[i].time_unix_ns};
		int part = part_of(stretch, now.time_ns);

		if (i && samples[i].falls[series] > growth->fall_bytes)
			growth->fall_bytes = samples[i].falls[series];
		growth->fell |= i && part == PARTS - 1 && samples[i].falls[series];
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
