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

static void add_pause(struct pause_statistics *statistics, figure_value pause_ns)
{
	statistics->count++;
	if (!figure_known(pause_ns))
		return;
	statistics->total_ns += pause_ns;
	if (pause_ns > statistics->longest_ns)
		statistics->longest_ns = pause_ns;
	if (statistics->kept_count < PAUSES_KEPT) {
		ARRAY_GROW(statistics->kept, statistics->kept_count, statistics->kept_capacity);
		statistics->kept[statistics->kept_count++] = pause_ns;
		return;
	}
	statistics->kept[statistics->next] = pause_ns;
	statistics->next = (statistics->next + 1) % PAUSES_KEPT;
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

void gc_summary__release(struct gc_summary *summary)
{
	for (size_t i = 0; i < summary->count; i++) {
		for (int kind = 0; kind < COLLECTION_KIND_COUNT; kind++)
			free(summary->isolates[i]->kinds[kind].kept);
		free(summary->isolates[i]->all.kept);
		free(summary->isolates[i]);
	}
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
		if (!to->begin_unix_ns)
			to->begin_unix_ns = account->time_unix_ns;
		if (account->time_unix_ns > to->end_unix_ns)
			to->end_unix_ns = account->time_unix_ns;
		take_isolate(to, from);
	}
}

void gc_summary__look(struct gc_summary *summary, const struct account *account)
{
	for (size_t i = 0; i < account->process_count; i++)
		if (account->processes[i]->seen_look == account->look)
			take_process(summary, account, account->processes[i]);
}

/* --- collections --- */

/* What was used before and after, against the collection before it. */
static void add_growth(struct gc_isolate *isolate, const struct collection *collection)
{
	figure_value before = collection->used_before_bytes;
	figure_value after = collection->used_after_bytes;
	figure_value last = isolate->last_used_bytes;

	if (figure_known(last) && figure_known(before) && before >= last) {
		isolate->allocated_bytes += before - last;
		isolate->allocated_ns += collection->begin_unix_ns - isolate->last_end_unix_ns;
	}
	if (figure_known(before) && figure_known(after) && before > after)
		isolate->freed_bytes += before - after;
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

static figure_value per_second(int64_t bytes, int64_t ns)
{
	if (ns < LEAST_SPAN_NS)
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

figure_value gc_isolate__pause_share(const struct gc_isolate *isolate)
{
	int64_t span_ns = isolate->end_unix_ns - isolate->begin_unix_ns;

	if (span_ns < LEAST_SPAN_NS || (isolate->all.count && !isolate->all.kept_count))
		return FIGURE_UNKNOWN;
	return (figure_value)((double)isolate->all.total_ns * 10000 / (double)span_ns);
}
