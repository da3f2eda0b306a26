/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_MODEL_EXPLAIN_HISTORY_H
#define MEMSONDE_MODEL_EXPLAIN_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/figures.h"

struct process;

/* A recording can hold any number: with what no process has nothing is worked out, so that
 * sums and differences of some of them never overflow. */
static inline figure_value figure_sane(figure_value value)
{
	const figure_value most = (figure_value)1 << 52;

	return value >= -most && value <= most ? value : FIGURE_UNKNOWN;
}

/*
 * What explanations are worked out from: some figures of one process over the time that
 * it was watched. It is bounded: as it fills, neighbours are merged, those of long ago
 * first, so that what it tells of a moment is as fine as the moment is near. Of merged
 * looks the lowest value is kept, as growth is measured from low point to low point:
 * managed heaps and caches rise and fall all the time, and what they never fall below is
 * what is held.
 */

/* Figures of the process are taken as they are; the others are worked out. */
enum explain_series {
	SERIES_RSS,
	SERIES_CLASS_FIRST,
	SERIES_CLASS_LAST = SERIES_CLASS_FIRST + CLASS_COUNT - 1,
	/* The allocator is not asked at each look: these three are as of the last answer. */
	SERIES_LIVE,		/* heap.live_bytes */
	SERIES_SLACK,		/* heap.slack_bytes */
	SERIES_NATIVE_LIVE,	/* heap.live_bytes less array buffers */
	SERIES_NATIVE_MALLOC,	/* classes.malloc less array buffers that must lie in it */
	SERIES_ARRAY_BUFFERS,	/* of all isolates */
	SERIES_EXTERNAL,	/* the same, less array buffers */
	SERIES_HEAP_USED,	/* of all isolates */
	SERIES_HEAP_USED_AFTER, /* the same, after collections */
	SERIES_MARK_COMPACTS,	/* collections of whole heaps so far */
	SERIES_FILES,		/* classes.code + classes.file */
	SERIES_THREADS,
	SERIES_ISOLATES,      /* how many */
	SERIES_PYTHON_BLOCKS, /* a count, as of the last answer */
	SERIES_COUNT,
};

/* What one series did in a stretch of time, which is cut into three parts of equal length.
 * A part counts by its low point. Of a series that changes in steps (V8's heap after
 * collections), which are low points by themselves, it counts by its newest value.
 *
 * `from` is what the first part counts by; `to` is the low point of the last part if
 * anything fell there, else the newest value. */
struct growth {
	bool known; /* each part has a value */
	bool grew;  /* more than noise, and still in the last part */
	bool fell;  /* in the last part some value was below the one before */
	bool rose;  /* after the first part some value was above the one before */
	figure_value from, to;
	int64_t bytes;	   /* to - from */
	int64_t length_ns; /* between these two */
	int64_t per_minute_bytes;
	int64_t floor_bytes; /* from the first part to the last, by what they count by */
	int64_t fall_bytes;  /* the largest of all falls */
	int64_t swing_bytes; /* the same, or how much higher the last part was than its low
			      * point */
};

struct explain_history;

/* Adds what the process has now. An older image, a clock that was set back, or classes that
 * were not known before start it anew; a look in which a class that was known is missing is
 * left out, unless that goes on. Makes it if *history is NULL. */
void explain_history__add(struct explain_history **history, const struct process *process,
			  int64_t time_unix_ns);
void explain_history__free(struct explain_history *history);

/* From the first look that can be compared to the last; 0 for NULL. */
int64_t explain_history__length_ns(const struct explain_history *history);

/* A series in these two looks; FIGURE_UNKNOWN for NULL. */
void explain_history__ends(const struct explain_history *history, enum explain_series series,
			   figure_value *first, figure_value *last);

/* Works out all SERIES_COUNT series over the last stretch_ns. False if that is longer
 * than the history, or too few looks lie in it to tell anything. */
bool explain_history__growths(const struct explain_history *history, int64_t stretch_ns,
			      struct growth growths[SERIES_COUNT]);

#endif
