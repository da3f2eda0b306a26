/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules that no growth of one series decides: shares, counts, limits, what is left over. */
#include <inttypes.h>

#include "model/account.h"
#include "model/explain_rules.h"

#define MIB	      ((int64_t)1 << 20)
#define NS_PER_SECOND INT64_C(1000000000)

/* Slack that does not grow is told, too, from here on: at rest it is the answer to "why
 * is it so large". */
#define SLACK_LEAST_BYTES   (64 * MIB)
#define SLACK_LEAST_PERCENT 40

/* What comes and goes from here on is more than noise; of the growth of what is held at
 * least the third must have no use at low points. */
#define PEAK_LEAST_BYTES MIB
#define PEAK_LEAST_PART	 3

/* Of what fits no rule a class is named that grew by all of it but so large a part: what it
 * is told to have grown by must be its own. */
#define NAMED_REST_PART 4

#define NEAR_PERCENT 85
/* V8 lets a heap grow at most by half of what is left to its limit before it collects all
 * of it. So garbage brings only such a heap near the limit of which this much is held. */
#define HELD_NEAR_PERCENT (2 * NEAR_PERCENT - 100)
/* From 80 % of the old generation's limit on V8 ends a process whose collections take most
 * of the time and free little; this is some looks before. */
#define HELD_ALONE_NEAR_PERCENT 75
/* The container's limit, where V8 would grow beyond it. */
#define NEAR_BEFORE_HEAP_PERCENT 70
/* A process of which less of the limit is does not bring the container near it. */
#define SHARE_LEAST_PERCENT 10

/* Fewer blocks more than before are no sign that it is they that grow. */
#define PYTHON_BLOCKS_LEAST 5000
#define PYTHON_BLOCKS_PART  20

#define MINUTES_TOLD_MOST (24 * 60)

static double percent(figure_value part, figure_value whole)
{
	return 100 * (double)part / (double)whole;
}

static void add_of(struct output *text, figure_value part, figure_value whole)
{
	explain_text__add_bytes(text, part);
	output__add_text(text, " of ");
	explain_text__add_bytes(text, whole);
	output__printf(text, " (%.0f %%)", percent(part, whole));
}

static void take_growth(struct explanation *found, const struct growth *growth)
{
	if (!growth->grew)
		return;
	found->grew_bytes = growth->bytes;
	found->per_minute_bytes = growth->per_minute_bytes;
}

/* ", which it reaches in 12 min if it goes on so" */
static void add_time_left(struct output *text, const struct explanation *found, figure_value left)
{
	double minutes = (double)left / (double)found->per_minute_bytes;

	if (found->per_minute_bytes <= 0 || left <= 0 || minutes > MINUTES_TOLD_MOST)
		return;
	if (minutes < 10)
		output__printf(text, ", which is reached in %.2g min if it goes on so", minutes);
	else if (minutes < 120)
		output__printf(text, ", which is reached in %.0f min if it goes on so", minutes);
	else
		output__printf(text, ", which is reached in %.0f h if it goes on so", minutes / 60);
}

bool explain_find__slack_share(const struct explain_case *explained, struct explanation *found,
			       struct output *text)
{
	const figure_value *figures = explained->process->figures;
	figure_value slack = figure_sane(figures[FIG_HEAP_SLACK]);
	figure_value held = figure_sane(figures[FIG_HEAP_HELD]);

	if (!figure_known(slack) || !figure_known(held) || slack < SLACK_LEAST_BYTES ||
	    held < slack || percent(slack, held) < SLACK_LEAST_PERCENT)
		return false;
	found->class = FIG_CLASS_MALLOC;
	output__printf(text, "of what the allocator holds nobody uses ");
	add_of(text, slack, held);
	if (figure_known(figures[FIG_HEAP_LIVE])) {
		output__add_text(text, ", live are ");
		explain_text__add_bytes(text, figures[FIG_HEAP_LIVE]);
	}
	return true;
}

/* The interpreter maps what its blocks lie in by itself. */
bool explain_find__python_objects(const struct explain_case *explained, struct explanation *found,
				  struct output *text)
{
	const struct growth *blocks = &explained->growths[SERIES_PYTHON_BLOCKS];
	const struct growth *anon = explain_case__class(explained, FIG_CLASS_ANON);

	if (!anon->grew || !blocks->known || blocks->floor_bytes < PYTHON_BLOCKS_LEAST ||
	    blocks->floor_bytes < blocks->from / PYTHON_BLOCKS_PART)
		return false;
	found->class = FIG_CLASS_ANON;
	found->grew_bytes = anon->bytes;
	found->per_minute_bytes = anon->per_minute_bytes;
	explain_text__add_growth(text, "memory that Python maps for its objects", anon);
	output__printf(text, ", blocks of its allocator from %" PRId64 " to %" PRId64, blocks->from,
		       blocks->to);
	return true;
}

static int64_t floor_growth(const struct growth *growth)
{
	return growth->known && growth->floor_bytes > 0 ? growth->floor_bytes : 0;
}

/* What comes and goes leaves its highest point behind: the allocator's regions grew, what
 * is held in them did not as much. */
bool explain_find__slack_of_peaks(const struct explain_case *explained, struct explanation *found,
				  struct output *text)
{
	const struct growth *held = explain_case__class(explained, FIG_CLASS_MALLOC);
	const struct growth *native = &explained->growths[SERIES_NATIVE_LIVE];
	const struct growth *buffers = &explained->growths[SERIES_ARRAY_BUFFERS];
	int64_t swing = native->fall_bytes + buffers->fall_bytes;
	int64_t used = 0;

	if (growth__is_held(explained, SERIES_ARRAY_BUFFERS))
		used += floor_growth(buffers);
	/* less may be the time between the allocator's answer and V8's */
	if (floor_growth(native) >= buffers->fall_bytes)
		used += floor_growth(native);
	if (!held->grew || !native->known || swing < PEAK_LEAST_BYTES ||
	    held->floor_bytes - used < held->floor_bytes / PEAK_LEAST_PART)
		return false;
	found->class = FIG_CLASS_MALLOC;
	found->grew_bytes = (int64_t)((double)held->bytes * ((double)(held->floor_bytes - used) /
							     (double)held->floor_bytes));
	found->per_minute_bytes =
		(int64_t)((double)found->grew_bytes / (double)held->length_ns * 60 * NS_PER_SECOND);
	explain_text__add_growth(text, "the allocator's regions", held);
	output__add_text(text, ", what is held in them by ");
	explain_text__add_bytes(text, used);
	output__add_text(text, ", while up to ");
	explain_text__add_bytes(text, swing);
	output__add_text(text, " at a time came and went");
	return true;
}

/* ---- V8's limit ---- */

/* What counts in a limit that V8 ends the process at. */
struct heap_use {
	figure_value used; /* what is to fit, garbage included */
	figure_value held; /* of it, as far as it is known, no garbage */
	figure_value limit;
	bool is_old,
		is_collected; /* the limit is the old generation's; held is after a collection */
};

/* What is new must fit the old generation, too: it goes there if it lives. */
static struct heap_use use_of_heap(const struct isolate *isolate)
{
	const figure_value *figures = isolate->figures;
	figure_value after = figure_sane(figures[IFIG_GC_USED_AFTER]);
	figure_value old_limit = figure_sane(figures[IFIG_OLD_LIMIT]);
	figure_value old_used = figure_sane(figures[IFIG_OLD_USED]);
	struct heap_use use = {
		.used = figure_sane(figures[IFIG_HEAP_USED]),
		.limit = old_limit,
		.is_old = figure_known(old_limit),
		.is_collected = figure_known(after),
	};

	if (!use.is_old)
		use.limit = figure_sane(figures[IFIG_HEAP_LIMIT]);
	if (use.is_collected) {
		use.held = after;
		if (!figure_known(use.used))
			use.used = after;
		return use;
	}
	/* what is new may be garbage, all of it */
	if (use.is_old && figure_known(old_used))
		use.used = old_used;
	use.held = use.used;
	return use;
}

static bool is_near(const struct heap_use *use)
{
	if (!figure_known(use->used) || use->limit <= 0)
		return false;
	if (use->is_old && use->is_collected &&
	    percent(use->held, use->limit) >= HELD_ALONE_NEAR_PERCENT)
		return true;
	return percent(use->held, use->limit) >= NEAR_PERCENT ||
	       (percent(use->used, use->limit) >= NEAR_PERCENT &&
		percent(use->held, use->limit) >= HELD_NEAR_PERCENT);
}

static const struct isolate *nearest_isolate(const struct process *process)
{
	const struct isolate *nearest = NULL;
	double nearest_percent = 0;

	for (size_t i = 0; i < process->isolate_count; i++) {
		struct heap_use use = use_of_heap(&process->isolates[i]);

		if (!is_near(&use) || percent(use.held, use.limit) <= nearest_percent)
			continue;
		nearest = &process->isolates[i];
		nearest_percent = percent(use.held, use.limit);
	}
	return nearest;
}

bool explain_find__near_heap_limit(const struct explain_case *explained, struct explanation *found,
				   struct output *text)
{
	const struct isolate *isolate = nearest_isolate(explained->process);
	const struct growth *growths = explained->growths;
	bool is_only = explained->process->isolate_count == 1;
	struct heap_use use;

	if (!isolate)
		return false;
	use = use_of_heap(isolate);
	found->class = FIG_CLASS_V8_HEAP;
	/* of several only their sum is followed */
	if (is_only)
		take_growth(found,
			    &growths[growths[SERIES_HEAP_USED_AFTER].known ? SERIES_HEAP_USED_AFTER
									   : SERIES_HEAP_USED]);
	output__printf(text, "V8's heap of isolate %" PRIu32 " (%s) uses ", isolate->id,
		       isolate->thread);
	add_of(text, use.used, use.limit);
	output__add_text(text, use.is_old ? ", the limit of its old generation" : ", its limit");
	add_time_left(text, found, use.limit - use.used);
	if (use.is_collected) {
		output__add_text(text, "; after the last full collection it used ");
		explain_text__add_bytes(text, use.held);
	}
	return true;
}

/* ---- the container's limit ---- */

struct container_use {
	figure_value used, limit;
	bool is_shared; /* the limit is that of a group with others in it */
};

/* What of the container's memory could be given back at once; 0 where that is unknown. */
static figure_value reclaimable(const struct container *container)
{
	figure_value current = figure_sane(container->figures[CFIG_MEMORY_CURRENT]);
	figure_value working_set = figure_sane(container->figures[CFIG_WORKING_SET]);

	return figure_known(current) && figure_known(working_set) && current > working_set
		       ? current - working_set
		       : 0;
}

/* What counts against the limit, less what of that is known to be reclaimable. */
static struct container_use use_of(const struct process *process)
{
	const struct container *container = process->container;
	struct container_use use = {.used = figure_sane(process->figures[FIG_RSS]),
				    .limit = figure_sane(process->figures[FIG_LIMIT_CONTAINER])};
	figure_value own, current;

	if (!container || !figure_known(container->figures[CFIG_MEMORY_LIMIT]))
		return use;
	use.limit = figure_sane(container->figures[CFIG_MEMORY_LIMIT]);
	own = figure_sane(container->figures[CFIG_MEMORY_CURRENT]);
	current = figure_sane(container->figures[CFIG_MEMORY_LIMIT_CURRENT]);
	use.is_shared = figure_known(current) && figure_known(own) && current > own;
	if (!figure_known(current))
		current = own;
	if (figure_known(current))
		use.used = current - reclaimable(container);
	else if (figure_known(container->figures[CFIG_WORKING_SET]))
		use.used = figure_sane(container->figures[CFIG_WORKING_SET]);
	return use;
}

/* How much V8 may still grow before one of its own limits stops it. */
static figure_value heap_left(const struct process *process)
{
	figure_value most = FIGURE_UNKNOWN;

	for (size_t i = 0; i < process->isolate_count; i++) {
		struct heap_use use = use_of_heap(&process->isolates[i]);

		if (use.limit > 0 && figure_known(use.used) && use.limit - use.used > most)
			most = use.limit - use.used;
	}
	return most;
}

bool explain_find__near_container_limit(const struct explain_case *explained,
					struct explanation *found, struct output *text)
{
	struct container_use use = use_of(explained->process);
	figure_value rss = figure_sane(explained->process->figures[FIG_RSS]);
	figure_value left = heap_left(explained->process);
	bool before_heap;

	if (use.used <= 0 || use.limit <= 0 || !figure_known(rss) ||
	    percent(rss, use.limit) < SHARE_LEAST_PERCENT)
		return false;
	before_heap = figure_known(left) && left > use.limit - use.used;
	if (percent(use.used, use.limit) < (before_heap ? NEAR_BEFORE_HEAP_PERCENT : NEAR_PERCENT))
		return false;
	take_growth(found, &explained->growths[SERIES_RSS]);
	output__add_text(text, use.is_shared ? "the container and others under one limit use "
					     : "the container uses ");
	add_of(text, use.used, use.limit);
	output__add_text(text, use.is_shared ? "" : ", its limit");
	add_time_left(text, found, use.limit - use.used);
	if (before_heap) {
		output__add_text(text, "; V8's heap may still grow by ");
		explain_text__add_bytes(text, left);
		output__add_text(text, ", so the OOM killer will come before V8 does");
	}
	return true;
}

/* ---- what is left ---- */

/* By rates: the growths were not all measured over the same time. */
static int64_t explained_rate(const struct explain_case *explained, int class)
{
	int64_t rate = 0;

	for (size_t i = 0; i < explained->found_count; i++) {
		const struct explanation *found = &explained->found[i];

		if (found->cause != CAUSE_NEAR_HEAP_LIMIT &&
		    found->cause != CAUSE_NEAR_CONTAINER_LIMIT &&
		    (class < 0 || found->class == class))
			rate += found->per_minute_bytes;
	}
	return rate;
}

static int class_left_over(const struct explain_case *explained, int64_t *rate_of_class)
{
	int most = -1;
	int64_t most_rate = 0;

	for (int class = FIG_CLASS_FIRST; class <= FIG_CLASS_LAST; class ++) {
		const struct growth *growth = explain_case__class(explained, class);
		int64_t rate = growth->per_minute_bytes - explained_rate(explained, class);

		if (!growth->known || rate <= most_rate)
			continue;
		most = class;
		most_rate = rate;
	}
	*rate_of_class = most_rate;
	return most;
}

/* Where garbage of a managed heap may lie, beside its own pages. */
static bool is_collected(const struct explain_case *explained, int class)
{
	return explained->growths[SERIES_HEAP_USED].known &&
	       (class == FIG_CLASS_ARRAY_BUFFERS || class == FIG_CLASS_MALLOC);
}

/* What is held in V8's pages other rules tell. The rest of them are new spaces, as large as
 * they may be, and garbage, as much again as what is no garbage. */
static bool may_be_garbage_of_v8(const struct explain_case *explained, int64_t rest)
{
	const struct process *process = explained->process;
	figure_value pages = explain_case__class(explained, FIG_CLASS_V8_HEAP)->to;
	int64_t new_spaces = 0;

	for (size_t i = 0; i < process->isolate_count; i++) {
		const figure_value *figures = process->isolates[i].figures;
		figure_value limit = figure_sane(figures[IFIG_HEAP_LIMIT]);
		figure_value old_limit = figure_sane(figures[IFIG_OLD_LIMIT]);

		if (figure_known(limit) && figure_known(old_limit))
			new_spaces += limit - old_limit;
	}
	return rest <= new_spaces || !growth__exceeds_garbage(rest, pages - rest);
}

bool explain_find__unexplained(const struct explain_case *explained, struct explanation *found,
			       struct output *text)
{
	const struct growth *rss = &explained->growths[SERIES_RSS];
	int64_t rate = rss->per_minute_bytes - explained_rate(explained, -1);
	int64_t rest, rate_of_class;
	int class;

	if (!rss->grew || rate < rss->per_minute_bytes / 4)
		return false;
	rest = (int64_t)((double)rss->bytes * ((double)rate / (double)rss->per_minute_bytes));
	if (rest < MIB)
		return false;
	class = class_left_over(explained, &rate_of_class);
	if (class == FIG_CLASS_V8_HEAP && may_be_garbage_of_v8(explained, rest))
		return false;
	if (is_collected(explained, class) && !growth__is_settled(explained, SERIES_RSS))
		return false;
	if (rate_of_class >= rate - rate / NAMED_REST_PART)
		found->class = class;
	found->grew_bytes = rest;
	found->per_minute_bytes = rate;
	explain_text__add_growth(text, "RSS", rss);
	output__add_text(text, ", of which ");
	explain_text__add_bytes(text, rest);
	output__add_text(text, " fits no rule");
	if (class >= 0) {
		const struct growth *growth = explain_case__class(explained, class);

		output__printf(text, "; of the rest %s grew most, from ",
			       process_figures[class].path);
		explain_text__add_bytes(text, growth->from);
		output__add_text(text, " to ");
		explain_text__add_bytes(text, growth->to);
	}
	return true;
}
