/* SPDX-License-Identifier: GPL-2.0-only */
#include "collect/ended.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash_table.h"
#include "base/memory.h"
#include "system/machine.h"

/* Unmapping hundreds of GiB takes seconds, in which the census still sees them. */
#define REMEMBERED_NS  INT64_C(30000000000)
#define OOM_KILLS_KEPT 64

struct remembered {
	struct process_key key;
	int64_t since_ns; /* CLOCK_MONOTONIC */
};

struct waiting {
	struct exit_record record;
	bool oom_killed;
};

struct ended {
	struct waiting *records; /* for a look */
	size_t record_count, record_capacity, handed_on;
	struct remembered **remembered; /* oldest first */
	size_t remembered_count, remembered_capacity;
	struct hash_table by_key;
	/* Pids that have not ended yet, the newest at (count - 1) % KEPT; 0: it ended. */
	uint32_t oom_killed[OOM_KILLS_KEPT];
	uint64_t oom_kill_count;
};

static uint64_t hash_key(struct process_key key)
{
	return hash_number(key.start_ns ^ hash_number(key.pid));
}

static bool has_key(const void *item, const void *wanted)
{
	const struct remembered *remembered = item;
	const struct process_key *key = wanted;

	return remembered->key.pid == key->pid && remembered->key.start_ns == key->start_ns;
}

struct ended *ended__new(void)
{
	return xcalloc(1, sizeof(struct ended));
}

void ended__free(struct ended *ended)
{
	if (!ended)
		return;
	for (size_t i = 0; i < ended->remembered_count; i++)
		free(ended->remembered[i]);
	free(ended->remembered);
	free(ended->records);
	hash_table__release(&ended->by_key);
	free(ended);
}

bool ended__has(const struct ended *ended, struct process_key key)
{
	return hash_table__find(&ended->by_key, hash_key(key), has_key, &key) != NULL;
}

static void forget_old(struct ended *ended, int64_t now_ns)
{
	size_t old = 0;

	while (old < ended->remembered_count &&
	       now_ns - ended->remembered[old]->since_ns > REMEMBERED_NS) {
		struct remembered *item = ended->remembered[old++];

		hash_table__remove(&ended->by_key, hash_key(item->key), item);
		free(item);
	}
	if (old == 0)
		return;
	ended->remembered_count -= old;
	memmove(ended->remembered, ended->remembered + old,
		ended->remembered_count * sizeof(*ended->remembered));
}

static void remember(struct ended *ended, struct process_key key)
{
	struct remembered *item = xcalloc(1, sizeof(*item));

	item->key = key;
	item->since_ns = clock_ns(CLOCK_MONOTONIC);
	ARRAY_GROW(ended->remembered, ended->remembered_count, ended->remembered_capacity);
	ended->remembered[ended->remembered_count++] = item;
	hash_table__add(&ended->by_key, hash_key(key), item);
}

/* Once: a later process of the same pid is another. */
static bool take_oom_kill(struct ended *ended, uint32_t pid)
{
	bool found = false;

	for (size_t i = 0; i < OOM_KILLS_KEPT; i++) {
		if (ended->oom_killed[i] != pid)
			continue;
		ended->oom_killed[i] = 0;
		found = true;
	}
	return found;
}

static void add_exit(struct ended *ended, const struct exit_record *record)
{
	struct process_key key = {.pid = record->pid, .start_ns = record->start_ns};

	if (record->pid == 0 || ended__has(ended, key))
		return;
	remember(ended, key);
	ARRAY_GROW(ended->records, ended->record_count, ended->record_capacity);
	ended->records[ended->record_count++] = (struct waiting){
		.record = *record, .oom_killed = take_oom_kill(ended, record->pid)};
}

void ended__add(struct ended *ended, const void *record, enum record_type type)
{
	if (type == RECORD_OOM_KILL) {
		const struct oom_kill_record *kill = record;

		ended->oom_killed[ended->oom_kill_count++ % OOM_KILLS_KEPT] = kill->pid;
	} else if (type == RECORD_EXIT) {
		add_exit(ended, record);
	}
}

const struct exit_record *ended__next(struct ended *ended)
{
	if (ended->handed_on < ended->record_count)
		return &ended->records[ended->handed_on++].record;
	ended->handed_on = 0;
	ended->record_count = 0;
	forget_old(ended, clock_ns(CLOCK_MONOTONIC));
	return NULL;
}

bool ended__was_oom_killed(const struct ended *ended, uint32_t pid)
{
	const struct waiting *last =
		ended->handed_on ? &ended->records[ended->handed_on - 1] : NULL;

	return last && last->record.pid == pid && last->oom_killed;
}
