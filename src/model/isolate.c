/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/isolate.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/account.h"

/* Of those that a look did not see any more. */
struct isolates_gone {
	figure_value collections, gc_pause_ns; /* sums */
	size_t count, next;		       /* next: the one to give way */
	struct {
		uint32_t tid, id;
	} ids[ISOLATES_MAX];
};

struct isolate *process__find_isolate(const struct process *process, uint32_t tid)
{
	for (size_t i = 0; i < process->isolate_count; i++)
		if (process->isolates[i].tid == tid)
			return &process->isolates[i];
	return NULL;
}

static struct isolate *new_isolate(struct process *process, uint32_t id, uint32_t tid)
{
	struct isolate *isolate;

	if (process->isolate_count == ISOLATES_MAX)
		return NULL;
	process->isolates = xreallocarray(process->isolates, process->isolate_count + 1,
					  sizeof(*process->isolates));
	isolate = &process->isolates[process->isolate_count++];
	*isolate = (struct isolate){.id = id, .tid = tid};
	if (id > process->last_isolate_id)
		process->last_isolate_id = id;
	figures__clear(isolate->figures, ISOLATE_FIGURE_COUNT);
	figures__clear(isolate->previous, ISOLATE_FIGURE_COUNT);
	return isolate;
}

static uint32_t id_of(const struct process *process, uint32_t tid)
{
	const struct isolates_gone *gone = process->isolates_gone;

	for (size_t i = 0; gone && i < gone->count; i++)
		if (gone->ids[i].tid == tid)
			return gone->ids[i].id;
	return process->last_isolate_id + 1;
}

/* In this look for the first time. */
static struct isolate *see(struct isolate *isolate, uint64_t look)
{
	if (!isolate || isolate->seen_look == look)
		return isolate;
	if (isolate->seen_look) {
		memcpy(isolate->previous, isolate->figures, sizeof(isolate->previous));
		isolate->has_previous = true;
		figures__clear(isolate->figures, ISOLATE_FIGURE_COUNT);
	}
	isolate->space_count = 0;
	isolate->seen_look = look;
	return isolate;
}

struct isolate *process__isolate(struct process *process, uint64_t look, uint32_t tid)
{
	struct isolate *isolate = process__find_isolate(process, tid);

	if (!isolate)
		isolate = new_isolate(process, id_of(process, tid), tid);
	return see(isolate, look);
}

static struct isolate *find_id(const struct process *process, uint32_t id)
{
	for (size_t i = 0; i < process->isolate_count; i++)
		if (process->isolates[i].id == id)
			return &process->isolates[i];
	return NULL;
}

struct isolate *process__recorded_isolate(struct process *process, uint64_t look, uint32_t id,
					  uint32_t tid)
{
	struct isolate *isolate = NULL;

	if (id)
		isolate = find_id(process, id);
	else if (tid)
		isolate = process__find_isolate(process, tid);
	if (!isolate)
		isolate = new_isolate(process, id ? id : process->last_isolate_id + 1, tid);
	if (isolate)
		isolate->tid = tid;
	return see(isolate, look);
}

static void remember_id(struct isolates_gone *gone, const struct isolate *isolate)
{
	size_t place = 0;

	while (place < gone->count && gone->ids[place].tid != isolate->tid)
		place++;
	if (place == ISOLATES_MAX) {
		place = gone->next;
		gone->next = (gone->next + 1) % ISOLATES_MAX;
	} else if (place == gone->count) {
		gone->count++;
	}
	gone->ids[place].tid = isolate->tid;
	gone->ids[place].id = isolate->id;
}

/* What its collector did stays done. */
static void remember(struct process *process, const struct isolate *isolate)
{
	struct isolates_gone *gone = process->isolates_gone;

	if (!gone) {
		gone = process->isolates_gone = xcalloc(1, sizeof(*gone));
		gone->collections = gone->gc_pause_ns = FIGURE_UNKNOWN;
	}
	figures__add(&gone->collections, isolate->figures[IFIG_GC_SCAVENGES]);
	figures__add(&gone->collections, isolate->figures[IFIG_GC_MARK_COMPACTS]);
	figures__add(&gone->collections, isolate->figures[IFIG_GC_OTHERS]);
	figures__add(&gone->gc_pause_ns, isolate->figures[IFIG_GC_PAUSE]);
	remember_id(gone, isolate);
}

void process__drop_unseen_isolates(struct process *process, uint64_t look)
{
	size_t kept = 0;

	for (size_t i = 0; i < process->isolate_count; i++) {
		if (process->isolates[i].seen_look != look) {
			remember(process, &process->isolates[i]);
			continue;
		}
		if (kept != i)
			process->isolates[kept] = process->isolates[i];
		kept++;
	}
	process->isolate_count = kept;
}

void process__set_image(struct process *process, uint64_t image)
{
	if (process->image != image) {
		process->isolate_count = 0;
		process->last_isolate_id = 0;
		free(process->isolates_gone);
		process->isolates_gone = NULL;
	}
	process->image = image;
}

/* The space of that name, new if it was not there; NULL where there is no room. */
static struct isolate_space *find_space(struct isolate *isolate, const char *name)
{
	struct isolate_space *space;

	for (size_t i = 0; i < isolate->space_count; i++)
		if (!strcmp(isolate->spaces[i].name, name))
			return &isolate->spaces[i];
	if (isolate->space_count == ISOLATE_SPACES_MAX)
		return NULL;
	space = &isolate->spaces[isolate->space_count++];
	memcpy(space->name, name, strlen(name) + 1);
	space->committed_bytes = space->used_bytes = FIGURE_UNKNOWN;
	return space;
}

void isolate__add_space(struct isolate *isolate, const char *name, figure_value committed_bytes,
			figure_value used_bytes)
{
	static const char suffix[] = "_space";
	size_t length = strlen(name), cut = strlen(suffix);
	char clean[sizeof(isolate->spaces[0].name)];
	struct isolate_space *space;

	if (length > cut && !strcmp(name + length - cut, suffix))
		length -= cut;
	text__sanitise(clean, sizeof(clean), name, length);
	space = find_space(isolate, clean);
	if (!space)
		return;
	figures__add(&space->committed_bytes, committed_bytes);
	figures__add(&space->used_bytes, used_bytes);
}

/* The part of its limit that is used; -1 if unknown. */
static double nearness(const struct isolate *isolate)
{
	figure_value used = isolate->figures[IFIG_HEAP_USED];
	figure_value limit = isolate->figures[IFIG_HEAP_LIMIT];

	if (!figure_known(limit) || !figure_known(used) || limit <= 0)
		return -1;
	return (double)used / (double)limit;
}

const struct isolate *process__nearest_isolate(const struct process *process)
{
	const struct isolate *nearest = NULL;
	double most = -1;

	for (size_t i = 0; i < process->isolate_count; i++) {
		double near = nearness(&process->isolates[i]);

		if (near <= most)
			continue;
		most = near;
		nearest = &process->isolates[i];
	}
	return nearest;
}

/* A level is a sum only where every isolate has told its own; what one counts from some
 * moment on adds up in any case. */
static bool all_know(const struct process *process, enum isolate_figure figure)
{
	if (isolate_figures[figure].kind == FIGURE_COUNTER)
		return true;
	for (size_t i = 0; i < process->isolate_count; i++)
		if (!figure_known(process->isolates[i].figures[figure]))
			return false;
	return true;
}

void process__sum_isolates(struct process *process)
{
	static const struct {
		enum process_figure sum;
		enum isolate_figure figure;
	} sums[] = {
		{FIG_V8_HEAP_TOTAL, IFIG_HEAP_TOTAL},
		{FIG_V8_HEAP_USED, IFIG_HEAP_USED},
		{FIG_V8_EXTERNAL, IFIG_EXTERNAL},
		{FIG_V8_ARRAY_BUFFERS, IFIG_ARRAY_BUFFERS},
		{FIG_V8_COLLECTIONS, IFIG_GC_SCAVENGES},
		{FIG_V8_COLLECTIONS, IFIG_GC_MARK_COMPACTS},
		{FIG_V8_COLLECTIONS, IFIG_GC_OTHERS},
		{FIG_V8_GC_PAUSE, IFIG_GC_PAUSE},
	};
	const struct isolate *nearest = process__nearest_isolate(process);

	for (size_t i = 0; i < ARRAY_SIZE(sums); i++)
		process->figures[sums[i].sum] = FIGURE_UNKNOWN;
	process->figures[FIG_LIMIT_HEAP] =
		nearest ? nearest->figures[IFIG_HEAP_LIMIT] : FIGURE_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(sums); i++) {
		if (!all_know(process, sums[i].figure))
			continue;
		for (size_t j = 0; j < process->isolate_count; j++)
			figures__add(&process->figures[sums[i].sum],
				     process->isolates[j].figures[sums[i].figure]);
	}
	if (process->isolates_gone && figure_known(process->figures[FIG_V8_COLLECTIONS]))
		figures__add(&process->figures[FIG_V8_COLLECTIONS],
			     process->isolates_gone->collections);
	if (process->isolates_gone && figure_known(process->figures[FIG_V8_GC_PAUSE]))
		figures__add(&process->figures[FIG_V8_GC_PAUSE],
			     process->isolates_gone->gc_pause_ns);
}
