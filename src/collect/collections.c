/* SPDX-License-Identifier: GPL-2.0-only */
#include "collect/collections.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "collect/v8_places.h"

/* Looks at which a program without V8 is looked through again. */
#define ATTEMPTS_MAX 20
/* How many looks a failure lasts. */
#define FAILURE_LOOKS 16

/* As V8 numbers its collectors. */
static const enum collection_kind kinds[] = {
	COLLECTION_SCAVENGE,
	COLLECTION_MARK_COMPACT,
	COLLECTION_MINOR_MARK_SWEEP,
};

/* As V8 numbers and calls its reasons. They are the values of a histogram that is kept
 * over versions (seen: 10.2 to 14.6): new ones come at the end, none changes. */
static const char *const reasons[] = {
	"unknown",
	"allocation failure",
	"allocation limit",
	"context disposal",
	"counters extension",
	"debugger",
	"deserialize",
	"external memory pressure",
	"finalize incremental marking via stack guard",
	"finalize incremental marking via task",
	"full hash-table",
	"heap profiler",
	"task",
	"last resort",
	"low memory notification",
	"make heap iterable",
	"memory pressure",
	"memory reducer",
	"runtime",
	"sampling profiler",
	"snapshot creator",
	"testing",
	"external finalize",
	"global allocation limit",
	"measure memory",
	"background allocation failure",
	"finalize concurrent MinorMS",
	"CppHeap allocation failure",
	"frozen",
	"idle context disposal",
	"finalize MinorMS for major GC",
};

/* What the collections of one thread came to. */
struct thread_totals {
	uint32_t tid;
	int64_t counts[COLLECTION_KIND_COUNT];
	int64_t pause_ns, longest_pause_ns;
	figure_value used_after_full_bytes;
};

/* One process that has V8. */
struct watched {
	struct process_key key;
	uint64_t image; /* probes are of this program */
	uint64_t seen_look;
	unsigned int attempts; /* to find V8 in this program */
	uint64_t attempt_look; /* the look of the last */
	enum v8_presence presence;
	int error; /* why there are no probes, where there are symbols */
	struct collection_probes *probes;
	struct thread_totals *threads;
	size_t thread_count, thread_capacity;
};

struct collections {
	struct programs *programs;
	struct v8_places *places;
	bool each;
	int64_t monotonic_to_unix_ns;
	uint64_t lost; /* that the account was told of */
	struct watched **watched;
	size_t count, capacity;
};

struct collections *collections__new(struct programs *programs, struct elf_symbols *symbols,
				     bool each)
{
	struct collections *self = xcalloc(1, sizeof(*self));

	self->programs = programs;
	self->places = v8_places__new(programs, symbols);
	self->each = each;
	return self;
}

static void free_watched(struct watched *watched)
{
	collection_probes__free(watched->probes);
	free(watched->threads);
	free(watched);
}

void collections__free(struct collections *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < self->count; i++)
		free_watched(self->watched[i]);
	free(self->watched);
	v8_places__free(self->places);
	free(self);
}

static struct watched *find_watched(const struct collections *self, struct process_key key)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->watched[i]->key.pid == key.pid &&
		    self->watched[i]->key.start_ns == key.start_ns)
			return self->watched[i];
	return NULL;
}

/* --- one collection --- */

void collection__find_totals(const __u64 *words, size_t count, uint64_t before, uint64_t after,
			     figure_value *total_before, figure_value *total_after)
{
	size_t found = 0, place = 0;

	*total_before = *total_after = FIGURE_UNKNOWN;
	for (size_t i = 0; i + 3 < count; i++) {
		if (words[i] != before || words[i + 1] != after)
			continue;
		place = i;
		found++;
	}
	if (found != 1 || words[place + 2] < before || words[place + 3] < after ||
	    words[place + 2] > INT64_MAX || words[place + 3] > INT64_MAX)
		return;
	*total_before = (figure_value)words[place + 2];
	*total_after = (figure_value)words[place + 3];
}

static figure_value known_bytes(uint64_t bytes)
{
	return bytes > INT64_MAX ? FIGURE_UNKNOWN : (figure_value)bytes;
}

static void set_reason(struct collection *collection, int32_t number)
{
	if (number < 0)
		return;
	if ((size_t)number < ARRAY_SIZE(reasons))
		snprintf(collection->reason, sizeof(collection->reason), "%s", reasons[number]);
	else
		snprintf(collection->reason, sizeof(collection->reason), "reason %d", number);
}

static void read_record(const struct collections *self, const struct collection_record *record,
			struct collection *collection)
{
	bool known_kind = record->collector >= 0 && (size_t)record->collector < ARRAY_SIZE(kinds);

	*collection = (struct collection){
		.pid = record->pid,
		.start_ns = record->start_ns,
		.tid = record->tid,
		.kind = known_kind ? kinds[record->collector] : COLLECTION_UNKNOWN,
		.begin_unix_ns = (int64_t)record->begin_ns + self->monotonic_to_unix_ns,
		.pause_ns = (figure_value)(record->end_ns - record->begin_ns),
		.used_before_bytes = known_bytes(record->used_before_bytes),
		.used_after_bytes = known_bytes(record->used_after_bytes),
		.total_before_bytes = FIGURE_UNKNOWN,
		.total_after_bytes = FIGURE_UNKNOWN,
	};
	set_reason(collection, record->reason);
	if (figure_known(collection->used_before_bytes) &&
	    figure_known(collection->used_after_bytes))
		collection__find_totals(record->tracer, COLLECTION_TRACER_WORDS,
					record->used_before_bytes, record->used_after_bytes,
					&collection->total_before_bytes,
					&collection->total_after_bytes);
}

static struct thread_totals *totals_of(struct watched *watched, uint32_t tid)
{
	struct thread_totals *totals;

	for (size_t i = 0; i < watched->thread_count; i++)
		if (watched->threads[i].tid == tid)
			return &watched->threads[i];
	if (watched->thread_count == ISOLATES_MAX)
		return NULL;
	ARRAY_GROW(watched->threads, watched->thread_count, watched->thread_capacity);
	totals = &watched->threads[watched->thread_count++];
	*totals = (struct thread_totals){.tid = tid, .used_after_full_bytes = FIGURE_UNKNOWN};
	return totals;
}

static void add_to_totals(struct watched *watched, const struct collection *collection)
{
	struct thread_totals *totals = totals_of(watched, collection->tid);

	if (!totals)
		return;
	totals->counts[collection->kind]++;
	totals->pause_ns += collection->pause_ns;
	if (collection->pause_ns > totals->longest_pause_ns)
		totals->longest_pause_ns = collection->pause_ns;
	if (collection->kind == COLLECTION_MARK_COMPACT)
		totals->used_after_full_bytes = collection->used_after_bytes;
}

void collections__take(struct collections *self, struct account *account,
		       const struct collection_record *record)
{
	struct process_key key = {.pid = record->pid, .start_ns = record->start_ns};
	struct watched *watched = find_watched(self, key);
	struct collection collection;

	if (!watched)
		return;
	read_record(self, record, &collection);
	add_to_totals(watched, &collection);
	if (self->each)
		account__add_collection(account, &collection);
}

/* --- processes --- */

/* Any thread that lives: the kernel knows the memory by it. */
static void take_thread(void *context, const void *data, enum record_type type)
{
	const struct process_record *record = data;
	pid_t *tid = context;

	if (type == RECORD_PROCESS)
		*tid = (pid_t)record->tid;
}

static void attach(struct collections *self, struct watched *watched)
{
	struct collection_places found;
	pid_t pid = (pid_t)watched->key.pid, tid = pid;
	int fd;

	watched->error = 0;
	programs__read_census(self->programs, pid, take_thread, &tid);
	watched->presence = v8_places__find(self->places, pid, tid, &found, &fd);
	if (watched->presence != V8_HAS_SYMBOLS)
		return;
	watched->error =
		programs__attach_collections(self->programs, tid, &found, &watched->probes);
	close(fd);
	if (watched->error)
		log_verbose("process %d: V8's collector cannot be probed: %s", pid,
			    strerror(-watched->error));
	else
		log_verbose("process %d: V8's collector is probed", pid);
}

static void detach(struct watched *watched)
{
	collection_probes__free(watched->probes);
	watched->probes = NULL;
	watched->thread_count = 0;
}

static bool is_wanted(const struct collections *self, const struct account *account,
		      const struct process *process)
{
	return process->seen_look == account->look && (self->each || process->isolate_count > 0);
}

/* A program that has just begun has not mapped its libraries; and what the kernel had no room
 * for it may have later. */
static bool is_due(const struct watched *watched, uint64_t look)
{
	if (watched->attempts == 0)
		return true;
	if (watched->error)
		return look - watched->attempt_look >= FAILURE_LOOKS;
	return watched->presence == V8_NONE && watched->attempts < ATTEMPTS_MAX;
}

/* Of a process that executed another program the old probes are good for nothing. */
static struct watched *watch(struct collections *self, const struct account *account,
			     const struct process *process)
{
	struct watched *watched = find_watched(self, process->key);

	if (!watched && !is_wanted(self, account, process))
		return NULL;
	if (!watched) {
		watched = xcalloc(1, sizeof(*watched));
		watched->key = process->key;
		ARRAY_GROW(self->watched, self->count, self->capacity);
		self->watched[self->count++] = watched;
	}
	watched->seen_look = account->look;
	if (watched->image != process->image) {
		watched->image = process->image;
		watched->attempts = 0;
		detach(watched);
	}
	if (is_due(watched, account->look)) {
		watched->attempts++;
		watched->attempt_look = account->look;
		attach(self, watched);
	}
	return watched;
}

static void forget_ended(struct collections *self, uint64_t look)
{
	size_t kept = 0;

	for (size_t i = 0; i < self->count; i++) {
		if (self->watched[i]->seen_look == look)
			self->watched[kept++] = self->watched[i];
		else
			free_watched(self->watched[i]);
	}
	self->count = kept;
}

/* --- figures --- */

static void name_isolate(struct isolate *isolate, const struct process *process)
{
	char path[64], name[64] = "";
	FILE *file;

	if (isolate->tid == process->key.pid) {
		snprintf(isolate->thread, sizeof(isolate->thread), "main");
		return;
	}
	snprintf(path, sizeof(path), "/proc/%u/task/%u/comm", process->key.pid, isolate->tid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(name, sizeof(name), file))
		name[strcspn(name, "\n")] = '\0';
	fclose(file);
	text__sanitise(isolate->thread, sizeof(isolate->thread), name, strlen(name));
}

static bool thread_lives(const struct process *process, uint32_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/task/%u", process->key.pid, tid);
	return access(path, F_OK) == 0;
}

static void set_figures(figure_value *figures, const struct thread_totals *totals)
{
	static const struct thread_totals none = {.used_after_full_bytes = FIGURE_UNKNOWN};

	if (!totals)
		totals = &none;
	figures[IFIG_GC_SCAVENGES] = totals->counts[COLLECTION_SCAVENGE];
	figures[IFIG_GC_MARK_COMPACTS] = totals->counts[COLLECTION_MARK_COMPACT];
	figures[IFIG_GC_OTHERS] =
		totals->counts[COLLECTION_MINOR_MARK_SWEEP] + totals->counts[COLLECTION_UNKNOWN];
	figures[IFIG_GC_PAUSE] = totals->pause_ns;
	figures[IFIG_GC_PAUSE_MAX] = totals->longest_pause_ns;
	figures[IFIG_GC_USED_AFTER] = totals->used_after_full_bytes;
}

/* Threads that ended take their isolates with them, which tell their last figures so. One
 * that the look has still seen does that in the next. */
static void forget_dead_threads(struct watched *watched, const struct process *process,
				uint64_t look)
{
	size_t kept = 0;

	for (size_t i = 0; i < watched->thread_count; i++) {
		const struct thread_totals *thread = &watched->threads[i];
		struct isolate *isolate = process__find_isolate(process, thread->tid);

		if ((isolate && isolate->seen_look == look) || thread_lives(process, thread->tid))
			watched->threads[kept++] = *thread;
		else if (isolate)
			set_figures(isolate->figures, thread);
	}
	watched->thread_count = kept;
}

static void set_isolates(struct watched *watched, struct process *process, uint64_t look)
{
	forget_dead_threads(watched, process, look);
	for (size_t i = 0; i < watched->thread_count; i++) {
		struct isolate *isolate = process__isolate(process, look, watched->threads[i].tid);

		if (isolate && !isolate->thread[0])
			name_isolate(isolate, process);
	}
	for (size_t i = 0; i < process->isolate_count; i++) {
		struct isolate *isolate = &process->isolates[i];
		const struct thread_totals *totals = NULL;

		for (size_t j = 0; j < watched->thread_count; j++)
			if (watched->threads[j].tid == isolate->tid)
				totals = &watched->threads[j];
		if (isolate->seen_look == look)
			set_figures(isolate->figures, totals);
	}
}

static void tell_how(const struct watched *watched, struct process *process)
{
	process->collection_watch = watched->probes ? COLLECTIONS_BY_PROBES : COLLECTIONS_BY_LOOKS;
	if (watched->presence == V8_NONE)
		process->collection_watch = COLLECTIONS_NO_V8;
	if (watched->presence == V8_NO_SYMBOLS)
		process__add_note(process, "v8 gc: its program has no symbols for V8's collector");
	else if (watched->error)
		process__add_note(process, "v8 gc: V8's collector cannot be probed: %s",
				  strerror(-watched->error));
}

/* What the difference of two looks tells. */
static void compare_looks(struct account *account, const struct process *process)
{
	for (size_t i = 0; i < process->isolate_count; i++) {
		const struct isolate *isolate = &process->isolates[i];
		figure_value before = isolate->previous[IFIG_HEAP_USED];
		figure_value after = isolate->figures[IFIG_HEAP_USED];
		struct collection collection = {
			.pid = process->key.pid,
			.start_ns = process->key.start_ns,
			.tid = isolate->tid,
			.kind = COLLECTION_UNKNOWN,
			.begin_unix_ns = account->time_unix_ns,
			.pause_ns = FIGURE_UNKNOWN,
			.used_before_bytes = before,
			.used_after_bytes = after,
			.total_before_bytes = isolate->previous[IFIG_HEAP_TOTAL],
			.total_after_bytes = isolate->figures[IFIG_HEAP_TOTAL],
		};

		if (isolate->seen_look == account->look && isolate->has_previous &&
		    figure_known(before) && figure_known(after) && after < before)
			account__add_collection(account, &collection);
	}
}

void collections__look(struct collections *self, struct account *account,
		       int64_t monotonic_to_unix_ns)
{
	uint64_t lost = programs__lost_collections(self->programs);

	self->monotonic_to_unix_ns = monotonic_to_unix_ns;
	for (size_t i = 0; i < account->process_count; i++) {
		struct process *process = account->processes[i];
		struct watched *watched;

		if (process->seen_look != account->look)
			continue;
		watched = watch(self, account, process);
		if (!watched)
			continue;
		tell_how(watched, process);
		if (watched->probes)
			set_isolates(watched, process, account->look);
		else if (self->each)
			compare_looks(account, process);
	}
	forget_ended(self, account->look);
	account->collections_lost += (int64_t)(lost - self->lost);
	self->lost = lost;
}
