/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/gc_summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define NS_PER_SECOND 1e9

/* Rates over less than this say nothing. */
#define LEAST_SPAN_NS 1000000

/* --- pauses --- */

static void keep_pause(struct pause_statistics *statistics, int64_t pause_ns)
{
	if (statistics->kept_count < PAUSES_KEPT) {
		ARRAY_GROW(statistics->kept, statistics->kept_count, statistics->kept_capacity);
		statistics->kept[statistics->kept_count++] = pause_ns;
		return;
	}
	statistics->kept[statistics->next] = pause_ns;
	statistics->next = (statistics->next + 1) % PAUSES_KEPT;
}

static void add_pause(struct pause_statistics *statistics, figure_value pause_ns)
{
	statistics->count++;
	if (!figure_known(pause_ns))
		return;
	statistics->total_ns += pause_ns;
	if (pause_ns > statistics->longest_ns)
		statistics->longest_ns = pause_ns;
	keep_pause(statistics, pause_ns);
}

static void add_pauses(struct pause_statistics *to, const struct pause_statistics *from)
{
	to->count += from->count;
	to->total_ns += from->total_ns;
	if (from->longest_ns > to->longest_ns)
		to->longest_ns = from->longest_ns;
	for (size_t i = 0; i < from->kept_count; i++)
		keep_pause(to, from->kept[i]);
}

static int compare_ns(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

figure_value pause_statistics__percentile(const struct pause_statistics *statistics, int percent)
{
	size_t count = statistics->kept_count, rank;
	figure_value result;
	int64_t *sorted;

	if (!count)
		return FIGURE_UNKNOWN;
	sorted = xcalloc(count, sizeof(*sorted));
	memcpy(sorted, statistics->kept, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_ns);
	rank = (count * (size_t)percent + 99) / 100;
	result = sorted[rank ? rank - 1 : 0];
	free(sorted);
	return result;
}

/* --- isolates --- */

void gc_summary__init(struct gc_summary *summary)
{
	*summary = (struct gc_summary){0};
}

static void free_isolate(struct gc_isolate *isolate)
{
	if (!isolate)
		return;
	for (int kind = 0; kind < COLLECTION_KIND_COUNT; kind++)
		free(isolate->kinds[kind].kept);
	free(isolate->all.kept);
	free(isolate);
}

void gc_summary__release(struct gc_summary *summary)
{
	for (size_t i = 0; i < summary->count; i++)
		free_isolate(summary->isolates[i]);
	free_isolate(summary->ended);
	free(summary->isolates);
	gc_summary__init(summary);
}

static int compare_place(const struct gc_isolate *isolate, struct process_key key, uint32_t tid)
{
	if (isolate->key.pid != key.pid)
		return isolate->key.pid < key.pid ? -1 : 1;
	if (isolate->key.start_ns != key.start_ns)
		return isolate->key.start_ns < key.start_ns ? -1 : 1;
	return (isolate->tid > tid) - (isolate->tid < tid);
}

/* Where it is, or belongs. */
static size_t find_place(const struct gc_summary *summary, struct process_key key, uint32_t tid)
{
	size_t low = 0, high = summary->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_place(summary->isolates[middle], key, tid) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct gc_isolate *gc_summary__find(const struct gc_summary *summary, struct process_key key,
					  uint32_t tid)
{
	size_t place = find_place(summary, key, tid);

	if (place == summary->count || compare_place(summary->isolates[place], key, tid))
		return NULL;
	return summary->isolates[place];
}

static struct gc_isolate *new_isolate(struct process_key key, uint32_t tid)
{
	struct gc_isolate *isolate = xcalloc(1, sizeof(*isolate));

	isolate->key = key;
	isolate->tid = tid;
	isolate->allocated_bytes = isolate->freed_bytes = FIGURE_UNKNOWN;
	isolate->last_used_bytes = FIGURE_UNKNOWN;
	isolate->heap_total_bytes = FIGURE_UNKNOWN;
	isolate->heap_used_bytes = FIGURE_UNKNOWN;
	isolate->heap_limit_bytes = FIGURE_UNKNOWN;
	if (tid == key.pid)
		snprintf(isolate->thread, sizeof(isolate->thread), "main");
	else
		snprintf(isolate->thread, sizeof(isolate->thread), "thread %u", tid);
	return isolate;
}

static struct gc_isolate *isolate_of(struct gc_summary *summary, struct process_key key,
				     uint32_t tid)
{
	size_t place = find_place(summary, key, tid);

	if (place < summary->count && !compare_place(summary->isolates[place], key, tid))
		return summary->isolates[place];
	ARRAY_GROW(summary->isolates, summary->count, summary->capacity);
	memmove(&summary->isolates[place + 1], &summary->isolates[place],
		(summary->count - place) * sizeof(*summary->isolates));
	summary->count++;
	summary->isolates[place] = new_isolate(key, tid);
	return summary->isolates[place];
}

static void take_isolate(struct gc_isolate *to, const struct isolate *from)
{
	to->id = from->id;
	if (from->thread[0])
		memcpy(to->thread, from->thread, sizeof(to->thread));
	to->heap_total_bytes = from->figures[IFIG_HEAP_TOTAL];
	to->heap_used_bytes = from->figures[IFIG_HEAP_USED];
	to->heap_limit_bytes = from->figures[IFIG_HEAP_LIMIT];
	memcpy(to->spaces, from->spaces, sizeof(to->spaces));
	to->space_count = from->space_count;
}

static void take_process(struct gc_summary *summary, const struct account *account,
			 const struct process *process)
{
	for (size_t i = 0; i < process->isolate_count; i++) {
		const struct isolate *from = &process->isolates[i];
		struct gc_isolate *to;

		if (from->seen_look != account->look)
			continue;
		to = isolate_of(summary, process->key, from->tid);
		memcpy(to->comm, process->comm, sizeof(to->comm));
		to->seen_look = account->look;
		to->by_looks = process->collection_watch == COLLECTIONS_BY_LOOKS;
		if (!to->begin_unix_ns)
			to->begin_unix_ns = account->time_unix_ns;
		if (account->time_unix_ns > to->end_unix_ns)
			to->end_unix_ns = account->time_unix_ns;
		take_isolate(to, from);
	}
}

/* --- those that ended --- */

static void fold(struct gc_summary *summary, const struct gc_isolate *from)
{
	struct gc_isolate *to = summary->ended;

	if (!to)
		to = summary->ended = new_isolate((struct process_key){0}, 0);
	summary->ended_count++;
	for (int kind = 0; kind < COLLECTION_KIND_COUNT; kind++)
		add_pauses(&to->kinds[kind], &from->kinds[kind]);
	add_pauses(&to->all, &from->all);
	to->by_looks |= from->by_looks;
	figures__add(&to->allocated_bytes, from->allocated_bytes);
	figures__add(&to->freed_bytes, from->freed_bytes);
	to->allocated_ns += from->allocated_ns;
	to->survived_bytes += from->survived_bytes;
	/* its time is the sum of theirs */
	to->end_unix_ns += from->end_unix_ns - from->begin_unix_ns;
	snprintf(to->thread, sizeof(to->thread), "%lld ended threads",
		 (long long)summary->ended_count);
}

/* The one that ended longest ago; summary->count if all are there. */
static size_t find_ended(const struct gc_summary *summary, uint64_t look)
{
	size_t found = summary->count;

	for (size_t i = 0; i < summary->count; i++)
		if (summary->isolates[i]->seen_look != look &&
		    (found == summary->count ||
		     summary->isolates[i]->end_unix_ns < summary->isolates[found]->end_unix_ns))
			found = i;
	return found;
}

static void make_room(struct gc_summary *summary, uint64_t look)
{
	while (summary->count > GC_ISOLATES_MAX) {
		size_t place = find_ended(summary, look);

		if (place == summary->count)
			return;
		fold(summary, summary->isolates[place]);
		free_isolate(summary->isolates[place]);
		summary->count--;
		memmove(&summary->isolates[place], &summary->isolates[place + 1],
			(summary->count - place) * sizeof(*summary->isolates));
	}
}

void gc_summary__look(struct gc_summary *summary, const struct account *account)
{
	for (size_t i = 0; i < account->process_count; i++)
		if (account->processes[i]->seen_look == account->look)
			take_process(summary, account, account->processes[i]);
	make_room(summary, account->look);
}

/* --- collections --- */

/* What was used before and after, against the collection before it. */
static void add_growth(struct gc_isolate *isolate, const struct collection *collection)
{
	figure_value before = collection->used_before_bytes;
	figure_value after = collection->used_after_bytes;
	figure_value last = isolate->last_used_bytes;

	if (figure_known(last) && figure_known(before) && before >= last) {
		figures__add(&isolate->allocated_bytes, before - last);
		isolate->allocated_ns += collection->begin_unix_ns - isolate->last_end_unix_ns;
	}
	if (figure_known(before) && figure_known(after))
		figures__add(&isolate->freed_bytes, before > after ? before - after : 0);
	if (figure_known(last) && figure_known(after) && collection->kind != COLLECTION_UNKNOWN &&
	    collection->kind != COLLECTION_MARK_COMPACT)
		isolate->survived_bytes += after - last;
	isolate->last_used_bytes = after;
}

void gc_summary__add(struct gc_summary *summary, const struct account *account,
		     const struct collection *collection)
{
	struct process_key key = {.pid = collection->pid, .start_ns = collection->start_ns};
	struct gc_isolate *isolate = isolate_of(summary, key, collection->tid);
	const struct process *process = account__find(account, key);
	int64_t end_unix_ns = collection->begin_unix_ns;

	if (process)
		memcpy(isolate->comm, process->comm, sizeof(isolate->comm));
	if (figure_known(collection->pause_ns))
		end_unix_ns += collection->pause_ns;
	if (!isolate->begin_unix_ns || collection->begin_unix_ns < isolate->begin_unix_ns)
		isolate->begin_unix_ns = collection->begin_unix_ns;
	if (end_unix_ns > isolate->end_unix_ns)
		isolate->end_unix_ns = end_unix_ns;
	add_pause(&isolate->kinds[collection->kind], collection->pause_ns);
	add_pause(&isolate->all, collection->pause_ns);
	add_growth(isolate, collection);
	isolate->last_end_unix_ns = end_unix_ns;
}

/* --- rates --- */

static figure_value per_second(figure_value bytes, int64_t ns)
{
	if (ns < LEAST_SPAN_NS || !figure_known(bytes))
		return FIGURE_UNKNOWN;
	return (figure_value)((double)bytes * NS_PER_SECOND / (double)ns);
}

figure_value gc_isolate__allocation_rate(const struct gc_isolate *isolate)
{
	return per_second(isolate->allocated_bytes, isolate->allocated_ns);
}

figure_value gc_isolate__promotion_rate(const struct gc_isolate *isolate)
{
	int64_t survived = isolate->survived_bytes > 0 ? isolate->survived_bytes : 0;

	return per_second(survived, isolate->allocated_ns);
}

figure_value gc_isolate__pauses_ns(const struct gc_isolate *isolate,
				   const struct pause_statistics *statistics)
{
	bool none = statistics->count == 0 && !isolate->by_looks;

	return none || statistics->kept_count ? statistics->total_ns : FIGURE_UNKNOWN;
}

figure_value gc_isolate__pause_share(const struct gc_isolate *isolate)
{
	int64_t span_ns = isolate->end_unix_ns - isolate->begin_unix_ns;
	figure_value pauses_ns = gc_isolate__pauses_ns(isolate, &isolate->all);

	if (span_ns < LEAST_SPAN_NS || !figure_known(pauses_ns))
		return FIGURE_UNKNOWN;
	return (figure_value)((double)pauses_ns * 10000 / (double)span_ns);
}
