/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/json_gc.h"

#include <stdbool.h>

#include "view/json_write.h"
#include "view/machine_values.h"

static void add_percent(struct output *output, const char *name, figure_value hundredths)
{
	json__add_name(output, name);
	if (figure_known(hundredths))
		machine__add_figure(output, UNIT_PERCENT_100, hundredths);
	else
		output__add_text(output, "null");
}

static void add_isolate(struct output *output, uint32_t pid, uint32_t tid,
			const struct gc_isolate *isolate)
{
	json__add_number(output, "pid", pid ? pid : FIGURE_UNKNOWN);
	json__add_text(output, "comm", isolate && isolate->comm[0] ? isolate->comm : NULL);
	json__add_number(output, "tid", tid ? tid : FIGURE_UNKNOWN);
	json__add_text(output, "thread", isolate ? isolate->thread : NULL);
	json__add_number(output, "isolate", isolate && isolate->id ? isolate->id : FIGURE_UNKNOWN);
}

/* --- collection --- */

void json_gc__collection(struct output *output, const struct gc_summary *summary,
			 const struct collection *collection)
{
	struct process_key key = {.pid = collection->pid, .start_ns = collection->start_ns};

	output__add_char(output, '{');
	json__add_text(output, "type", "collection");
	json__add_time(output, "time", collection->begin_unix_ns, 3);
	add_isolate(output, collection->pid, collection->tid,
		    gc_summary__find(summary, key, collection->tid));
	json__add_text(output, "kind", collection_kind_names[collection->kind]);
	json__add_text(output, "reason", collection->reason[0] ? collection->reason : NULL);
	json__add_number(output, "pause_ns", collection->pause_ns);
	json__add_number(output, "heap_used_before", collection->used_before_bytes);
	json__add_number(output, "heap_used_after", collection->used_after_bytes);
	json__add_number(output, "heap_total_before", collection->total_before_bytes);
	json__add_number(output, "heap_total_after", collection->total_after_bytes);
	output__add_text(output, "}\n");
}

/* --- summary --- */

static void add_pauses(struct output *output, const struct gc_isolate *isolate,
		       const struct pause_statistics *statistics)
{
	json__add_number(output, "count", statistics->count);
	json__add_number(output, "pause_ns_total", gc_isolate__pauses_ns(isolate, statistics));
	json__add_number(output, "pause_ns_p50", pause_statistics__percentile(statistics, 50));
	json__add_number(output, "pause_ns_p90", pause_statistics__percentile(statistics, 90));
	json__add_number(output, "pause_ns_p99", pause_statistics__percentile(statistics, 99));
	json__add_number(output, "pause_ns_max",
			 statistics->kept_count ? statistics->longest_ns : FIGURE_UNKNOWN);
}

static void add_kinds(struct output *output, const struct gc_isolate *isolate)
{
	json__open(output, "kinds");
	for (int kind = 0; kind < COLLECTION_KIND_COUNT; kind++) {
		if (!isolate->kinds[kind].count)
			continue;
		json__open(output, collection_kind_names[kind]);
		add_pauses(output, isolate, &isolate->kinds[kind]);
		output__add_char(output, '}');
	}
	output__add_char(output, '}');
}

static void add_spaces(struct output *output, const struct gc_isolate *isolate)
{
	if (!isolate->space_count) {
		json__add_null(output, "spaces");
		return;
	}
	json__open(output, "spaces");
	for (size_t i = 0; i < isolate->space_count; i++) {
		const struct isolate_space *space = &isolate->spaces[i];

		if (output->last != '{')
			output__add_char(output, ',');
		json__add_string(output, space->name);
		output__add_text(output, ":{");
		json__add_number(output, "committed", space->committed_bytes);
		json__add_number(output, "used", space->used_bytes);
		output__add_char(output, '}');
	}
	output__add_char(output, '}');
}

static void add_notes(struct output *output, const struct process *process)
{
	json__add_name(output, "notes");
	output__add_char(output, '[');
	for (size_t i = 0; process && i < process->note_count; i++) {
		if (i)
			output__add_char(output, ',');
		json__add_string(output, process->notes[i]);
	}
	output__add_char(output, ']');
}

static void add_summary(struct output *output, const struct gc_isolate *isolate,
			const struct account *account, int64_t lost)
{
	output__add_char(output, '{');
	json__add_text(output, "type", "summary");
	json__add_time(output, "time",
		       isolate->key.pid ? isolate->end_unix_ns : account->time_unix_ns, 3);
	add_isolate(output, isolate->key.pid, isolate->tid, isolate);
	json__add_number(output, "watched_ns", isolate->end_unix_ns - isolate->begin_unix_ns);
	add_pauses(output, isolate, &isolate->all);
	add_kinds(output, isolate);
	add_percent(output, "pause_percent", gc_isolate__pause_share(isolate));
	json__add_number(output, "allocated_bytes", isolate->allocated_bytes);
	json__add_number(output, "allocated_per_second", gc_isolate__allocation_rate(isolate));
	json__add_number(output, "survived_per_second", gc_isolate__promotion_rate(isolate));
	json__add_number(output, "freed_bytes", isolate->freed_bytes);
	json__add_number(output, "heap_total", isolate->heap_total_bytes);
	json__add_number(output, "heap_used", isolate->heap_used_bytes);
	json__add_number(output, "heap_limit", isolate->heap_limit_bytes);
	add_spaces(output, isolate);
	json__add_number(output, "lost", lost);
	add_notes(output, account__find(account, isolate->key));
	output__add_text(output, "}\n");
}

void json_gc__summary(struct output *output, const struct gc_summary *summary,
		      const struct account *account, int64_t lost)
{
	for (size_t i = 0; i < summary->count; i++)
		add_summary(output, summary->isolates[i], account, lost);
	if (summary->ended)
		add_summary(output, summary->ended, account, lost);
}
