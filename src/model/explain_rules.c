/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows, their words, and how a row is asked. */
#include "model/explain_rules.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/account.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define MIB	      ((int64_t)1 << 20)

/* Where no collection was seen, garbage may account for this much and for as much again
 * as was there: managed heaps are let grow so far before they are collected. */
#define GARBAGE_MOST_BYTES (64 * MIB)

/* V8 mallocs for the objects that it holds: tables of pages, remembered sets, work lists of
 * the collector. That, and what is freed of it, comes to 2 to 17 % of them; CPython mallocs its
 * large lists and tables. Of Buffers it is up to 8 %: a record each, and what rounding takes. */
#define BOOKKEEPING_PART 5

/* ---- words ---- */

void explain_text__add_bytes(struct output *text, int64_t bytes)
{
	char buffer[16];

	output__add_text(text, text__bytes(buffer, sizeof(buffer), bytes));
}

static void add_duration(struct output *text, int64_t ns)
{
	double seconds = (double)ns / NS_PER_SECOND;

	if (seconds < 120)
		output__printf(text, "%.3g s", seconds);
	else if (seconds < 7200)
		output__printf(text, "%.3g min", seconds / 60);
	else if (seconds < 360000)
		output__printf(text, "%.3g h", seconds / 3600);
	else
		output__printf(text, "%.0f h", seconds / 3600);
}

static void add_from_to(struct output *text, const struct growth *growth)
{
	output__add_text(text, " from ");
	explain_text__add_bytes(text, growth->from);
	output__add_text(text, " to ");
	explain_text__add_bytes(text, growth->to);
}

void explain_text__add_growth(struct output *text, const char *subject, const struct growth *growth)
{
	output__printf(text, "%s grew", subject);
	add_from_to(text, growth);
	output__add_text(text, " in ");
	add_duration(text, growth->length_ns);
	output__add_text(text, " (+");
	explain_text__add_bytes(text, growth->per_minute_bytes);
	output__add_text(text, "/min)");
}

/* ", RSS from A to B", or ", RSS stayed at A" */
static void add_also(struct output *text, const struct explain_case *explained, const char *subject,
		     enum explain_series series)
{
	const struct growth *growth = &explained->growths[series];

	if (!growth->known)
		return;
	output__printf(text, ", %s", subject);
	if (growth->bytes >= MIB || growth->bytes <= -MIB) {
		add_from_to(text, growth);
		return;
	}
	output__add_text(text, " stayed at ");
	explain_text__add_bytes(text, growth->to);
}

static void add_rss_and_heap(struct output *text, const struct explain_case *explained)
{
	add_also(text, explained, "RSS", SERIES_RSS);
	add_also(text, explained, "V8's used heap", SERIES_HEAP_USED);
}

/* Many small heaps are not one that grows. */
static bool isolates_grew(const struct explain_case *explained)
{
	const struct growth *isolates = &explained->growths[SERIES_ISOLATES];

	return isolates->known && isolates->to >= isolates->from + 3 &&
	       isolates->to >= isolates->from * 2;
}

static const char *objects_mean(const struct explain_case *explained, int class)
{
	(void)class;
	if (isolates_grew(explained))
		return "workers are started and do not end, each with a heap of its own: look "
		       "for new Worker() without terminate() or an end, and use a pool";
	return "JavaScript objects are held: look for arrays, maps, caches, closures and event "
	       "listeners that only grow. Two heap snapshots some time apart, compared, show "
	       "which constructor grew and who retains it";
}

static void add_rss_and_external(struct output *text, const struct explain_case *explained)
{
	const struct growth *isolates = &explained->growths[SERIES_ISOLATES];

	if (isolates_grew(explained))
		output__printf(text, ", isolates from %" PRId64 " to %" PRId64, isolates->from,
			       isolates->to);
	add_also(text, explained, "RSS", SERIES_RSS);
	add_also(text, explained, "array buffers", SERIES_ARRAY_BUFFERS);
}

static void add_slack_beside(struct output *text, const struct explain_case *explained)
{
	add_also(text, explained, "slack", SERIES_SLACK);
	add_also(text, explained, "external memory of V8 other than array buffers",
		 SERIES_EXTERNAL);
}

static void add_malloc_beside(struct output *text, const struct explain_case *explained)
{
	add_slack_beside(text, explained);
	output__add_text(text, "; what the allocator holds could not be told into live and slack");
}

static void add_live_beside(struct output *text, const struct explain_case *explained)
{
	add_also(text, explained, "live blocks", SERIES_LIVE);
	add_also(text, explained, "array buffers", SERIES_ARRAY_BUFFERS);
}

static void add_threads(struct output *text, const struct explain_case *explained)
{
	const struct growth *threads = &explained->growths[SERIES_THREADS];

	if (!threads->known)
		return;
	if (threads->to == threads->from)
		output__printf(text, ", with %" PRId64 " threads all the time", threads->to);
	else
		output__printf(text, ", threads from %" PRId64 " to %" PRId64, threads->from,
			       threads->to);
}

/* What helps against slack, by the allocator's name. */
static const char *slack_means(const struct explain_case *explained, int class)
{
	static const struct {
		const char *allocator, *means;
	} advice[] = {
		{"glibc",
		 "the allocator keeps freed memory because blocks still in use lie between what "
		 "was freed, or in too many arenas. malloc_trim(3) gives whole free pages back "
		 "now; MALLOC_ARENA_MAX=2 helps where many threads allocate; if it comes again, "
		 "another allocator (jemalloc, mimalloc by LD_PRELOAD) fragments less"},
		{"jemalloc",
		 "jemalloc keeps freed pages for later and partly used ones. A shorter "
		 "dirty_decay_ms and background_thread:true in MALLOC_CONF give them back sooner; "
		 "narenas:N bounds the arenas. Another allocator helps little"},
		{"tcmalloc",
		 "tcmalloc keeps freed pages for later. MallocExtension's ReleaseFreeMemory() "
		 "gives them back, TCMALLOC_RELEASE_RATE=10 does so sooner, "
		 "TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES bounds the caches of threads"},
		{"mimalloc",
		 "mimalloc keeps freed pages for later. mi_collect(true) gives them back, "
		 "MIMALLOC_PURGE_DELAY=0 does so at once"},
		{"", "the allocator keeps what was freed: fragmentation or caches. See whether it "
		     "has a call that gives free memory back (malloc_trim(3) of glibc), or try "
		     "another allocator"},
	};
	const char *name = explained->process->allocator ? explained->process->allocator : "";
	size_t i = 0;

	(void)class;
	while (strncmp(name, advice[i].allocator, strlen(advice[i].allocator)) != 0)
		i++;
	return advice[i].means;
}

static const char *unexplained_means(const struct explain_case *explained, int class)
{
	(void)explained;
	switch (class) {
	case FIG_CLASS_ANON:
		return "memory that the program or its runtime maps by itself (Go, Java, a pool, "
		       "a JIT), not through malloc: see what the runtime says of its own heap";
	case FIG_CLASS_SHMEM:
		return "shared memory: memfd, SysV segments or files on a tmpfs that were mapped "
		       "and written to";
	case FIG_CLASS_MALLOC:
		return "the allocator's regions grew by more than its own figures account for; "
		       "look again for longer";
	case FIG_CLASS_V8_HEAP:
	case FIG_CLASS_V8_CODE:
		return "V8's own pages: garbage that waits for a collection, fragmented pages, or "
		       "compiled code; look again after collections";
	default:
		return "no rule knows this growth; the classes of the breakdown over a longer "
		       "time, and page faults by cause, tell more";
	}
}

/* ---- rows ---- */

#define NO_SERIES                                                                                  \
	.deciding = SERIES_NONE, .knows_better = SERIES_NONE, .with = SERIES_NONE,                 \
	.against = SERIES_NONE
#define DECIDES(series)                                                                            \
	.deciding = series, .knows_better = SERIES_NONE, .with = SERIES_NONE, .against = SERIES_NONE

const struct explain_rule explain_rules[] = {
	{
		.cause = CAUSE_BUFFERS_HELD,
		.deciding = SERIES_ARRAY_BUFFERS,
		.knows_better = SERIES_NONE,
		.with = SERIES_RSS,
		.against = SERIES_NONE,
		.collected = true,
		.classes = {FIG_CLASS_ARRAY_BUFFERS, FIG_CLASS_MALLOC},
		.subject = "Buffers and ArrayBuffers",
		.add_numbers = add_rss_and_heap,
		.means = "somebody keeps Buffers: look for arrays, maps and queues of them, for "
			 "slices that keep a large Buffer alive, and for streams that are written "
			 "to faster than they drain",
	},
	{
		.cause = CAUSE_OBJECTS_HELD,
		DECIDES(SERIES_HEAP_USED_AFTER),
		.classes = {FIG_CLASS_V8_HEAP, FIG_CLASS_V8_HEAP},
		.subject = "V8's heap used after collections",
		.add_numbers = add_rss_and_external,
		.means_here = objects_mean,
	},
	{
		.cause = CAUSE_OBJECTS_HELD,
		.deciding = SERIES_HEAP_USED,
		.knows_better = SERIES_HEAP_USED_AFTER,
		.with = SERIES_NONE,
		.against = SERIES_NONE,
		.collected = true,
		.classes = {FIG_CLASS_V8_HEAP, FIG_CLASS_V8_HEAP},
		.subject = "V8's used heap, from low point to low point,",
		.add_numbers = add_rss_and_external,
		.means_here = objects_mean,
	},
	{
		.cause = CAUSE_OBJECTS_HELD,
		NO_SERIES,
		.find = explain_find__python_objects,
		.means = "Python objects are held: look for lists, dicts, caches and closures "
			 "that only grow; tracemalloc, two snapshots compared, shows where they "
			 "were made",
	},
	{
		.cause = CAUSE_SLACK,
		DECIDES(SERIES_SLACK),
		.objects_part_least = BOOKKEEPING_PART,
		.classes = {FIG_CLASS_MALLOC, FIG_CLASS_MALLOC},
		.subject = "what the allocator holds and nobody uses",
		.add_numbers = add_live_beside,
		.means_here = slack_means,
	},
	{
		.cause = CAUSE_SLACK,
		NO_SERIES,
		.objects_part_least = BOOKKEEPING_PART,
		.find = explain_find__slack_of_peaks,
		.means_here = slack_means,
	},
	{
		.cause = CAUSE_SLACK,
		NO_SERIES,
		.find = explain_find__slack_share,
		.means_here = slack_means,
	},
	{
		.cause = CAUSE_NATIVE_HELD,
		.objects_part_least = BOOKKEEPING_PART,
		.deciding = SERIES_NATIVE_LIVE,
		.knows_better = SERIES_NONE,
		.with = SERIES_NONE,
		/* of which the allocator's answer is some moments older than V8's */
		.against = SERIES_ARRAY_BUFFERS,
		.classes = {FIG_CLASS_MALLOC, FIG_CLASS_MALLOC},
		.subject = "what native code allocated and did not free",
		.add_numbers = add_slack_beside,
		.means = "native code or an addon holds ever more blocks: a leak, or a cache "
			 "without bound. Record its allocation sites to see who allocates them",
	},
	{
		.cause = CAUSE_NATIVE_HELD,
		.objects_part_least = BOOKKEEPING_PART,
		.deciding = SERIES_NATIVE_MALLOC,
		.knows_better = SERIES_NATIVE_LIVE,
		.with = SERIES_NONE,
		.against = SERIES_NONE,
		.classes = {FIG_CLASS_MALLOC, FIG_CLASS_MALLOC},
		.subject = "the allocator's regions",
		.add_numbers = add_malloc_beside,
		.means = "native code holds ever more blocks, or the allocator fragments; the "
			 "notes say why it could not be asked",
	},
	{
		.cause = CAUSE_STACKS,
		DECIDES(SERIES_CLASS_FIRST + FIG_CLASS_STACK - FIG_CLASS_FIRST),
		.classes = {FIG_CLASS_STACK, FIG_CLASS_STACK},
		.subject = "the threads' stacks",
		.add_numbers = add_threads,
		.means = "threads are started and do not end, or they recurse deeper: bound the "
			 "pool, join or detach what has ended; a smaller stack (ulimit -s, "
			 "pthread_attr_setstacksize(3)) helps only against what is touched",
	},
	{
		.cause = CAUSE_FILE_CACHE,
		DECIDES(SERIES_FILES),
		.classes = {FIG_CLASS_FILE, FIG_CLASS_CODE},
		.subject = "resident pages of mapped files",
		.means = "files are mapped and read: the kernel takes clean pages back when memory "
			 "is short, so this is seldom a leak; madvise(2) with MADV_DONTNEED or "
			 "munmap(2) gives them back",
	},
	{
		.cause = CAUSE_NEAR_HEAP_LIMIT,
		NO_SERIES,
		.find = explain_find__near_heap_limit,
		.means = "V8 collects ever more often as it comes near its limit and ends the "
			 "process (heap out of memory) when it gets there: see what holds the "
			 "objects, or raise --max-old-space-size (of a worker: resourceLimits)",
	},
	{
		.cause = CAUSE_NEAR_CONTAINER_LIMIT,
		NO_SERIES,
		.find = explain_find__near_container_limit,
		.means = "the kernel ends a process of the container when its limit is reached and "
			 "nothing can be reclaimed: raise the limit, or keep V8's "
			 "--max-old-space-size well below it",
	},
	/* the last: it tells what those above leave */
	{
		.cause = CAUSE_UNEXPLAINED,
		NO_SERIES,
		.find = explain_find__unexplained,
		.means_here = unexplained_means,
	},
};

const size_t explain_rule_count = ARRAY_SIZE(explain_rules);

/* ---- asking ---- */

const struct growth *explain_case__class(const struct explain_case *explained, int class)
{
	return &explained->growths[SERIES_CLASS_FIRST + class - FIG_CLASS_FIRST];
}

bool growth__exceeds_garbage(int64_t bytes, figure_value from)
{
	return bytes >= GARBAGE_MOST_BYTES && bytes >= from;
}

/* Whether what grew is held, and not garbage that no collection has come to. */
bool growth__is_settled(const struct explain_case *explained, enum explain_series series)
{
	const struct growth *growth = &explained->growths[series];
	const struct growth *collections = &explained->growths[SERIES_MARK_COMPACTS];

	if (growth__exceeds_garbage(growth->bytes, growth->from))
		return true;
	return collections->known ? collections->rose : growth->fell;
}

bool growth__is_held(const struct explain_case *explained, enum explain_series series)
{
	const struct growth *growth = &explained->growths[series];

	return growth->grew && growth->floor_bytes >= growth->fall_bytes &&
	       growth__is_settled(explained, series);
}

static int class_that_grew_most(const struct explain_case *explained, const int classes[2])
{
	const struct growth *first = explain_case__class(explained, classes[0]);
	const struct growth *second = explain_case__class(explained, classes[1]);

	if (!second->known || (first->known && first->bytes >= second->bytes))
		return classes[0];
	return classes[1];
}

static bool find_growth(const struct explain_rule *rule, const struct explain_case *explained,
			struct explanation *found, struct output *text)
{
	const struct growth *growth = &explained->growths[rule->deciding];
	const struct growth *with =
		rule->with == SERIES_NONE ? NULL : &explained->growths[rule->with];

	if (!growth->grew)
		return false;
	if (rule->knows_better != SERIES_NONE && explained->growths[rule->knows_better].known)
		return false;
	if (with && with->known && with->bytes < growth->bytes / 4)
		return false;
	if (rule->against != SERIES_NONE &&
	    growth->floor_bytes < explained->growths[rule->against].fall_bytes)
		return false;
	if (rule->collected && !growth__is_held(explained, rule->deciding))
		return false;
	found->class = class_that_grew_most(explained, rule->classes);
	found->grew_bytes = growth->bytes;
	found->per_minute_bytes = growth->per_minute_bytes;
	explain_text__add_growth(text, rule->subject, growth);
	if (rule->add_numbers)
		rule->add_numbers(text, explained);
	return true;
}

bool explain_rule__holds(const struct explain_rule *rule, const struct explain_case *explained,
			 struct explanation *found)
{
	struct output text;
	bool holds;

	*found = (struct explanation){.cause = rule->cause, .class = -1};
	output__init(&text, -1);
	holds = rule->find ? rule->find(explained, found, &text)
			   : find_growth(rule, explained, found, &text);
	if (holds) {
		output__printf(&text, ": %s.",
			       rule->means_here ? rule->means_here(explained, found->class)
						: rule->means);
		output__add_char(&text, '\0');
		found->evidence = xstrdup(text.data);
	}
	output__release(&text);
	return holds;
}

bool explain_rule__is_byproduct(const struct explain_rule *rule,
				const struct explain_case *explained,
				const struct explanation *found)
{
	if (!rule->objects_part_least)
		return false;
	for (size_t i = 0; i < explained->found_count; i++) {
		const struct explanation *held = &explained->found[i];
		int part = held->cause == CAUSE_OBJECTS_HELD   ? rule->objects_part_least
			   : held->cause == CAUSE_BUFFERS_HELD ? 2 * rule->objects_part_least
							       : 0;

		if (part && found->per_minute_bytes < held->per_minute_bytes / part)
			return true;
	}
	return false;
}
