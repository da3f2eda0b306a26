/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/gc_summary.h"

#define MS  INT64_C(1000000)
#define MIB INT64_C(1048576)
#define T0  (INT64_C(1700000000) * 1000000000)

static const struct process_key key = {.pid = 42, .start_ns = 7};

struct fixture {
	struct account account;
	struct gc_summary summary;
};

static int set_up(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));

	account__init(&fixture->account);
	gc_summary__init(&fixture->summary);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	gc_summary__release(&fixture->summary);
	account__release(&fixture->account);
	free(fixture);
	return 0;
}

static struct collection collection_of(enum collection_kind kind, int64_t begin_ms,
				       int64_t pause_ms, int64_t before_mib, int64_t after_mib)
{
	return (struct collection){
		.pid = key.pid,
		.start_ns = key.start_ns,
		.tid = 42,
		.kind = kind,
		.begin_unix_ns = T0 + begin_ms * MS,
		.pause_ns = pause_ms * MS,
		.used_before_bytes = before_mib * MIB,
		.used_after_bytes = after_mib * MIB,
		.total_before_bytes = FIGURE_UNKNOWN,
		.total_after_bytes = FIGURE_UNKNOWN,
	};
}

static void add(struct fixture *fixture, struct collection collection)
{
	gc_summary__add(&fixture->summary, &fixture->account, &collection);
}

static void test_gc_summary__counts_by_kind(void **state)
{
	struct fixture *fixture = *state;
	const struct gc_isolate *isolate;

	add(fixture, collection_of(COLLECTION_SCAVENGE, 0, 2, 10, 5));
	add(fixture, collection_of(COLLECTION_SCAVENGE, 100, 4, 12, 6));
	add(fixture, collection_of(COLLECTION_MARK_COMPACT, 200, 30, 20, 4));
	isolate = gc_summary__find(&fixture->summary, key, 42);
	assert_non_null(isolate);
	assert_int_equal(isolate->kinds[COLLECTION_SCAVENGE].count, 2);
	assert_int_equal(isolate->kinds[COLLECTION_SCAVENGE].total_ns, 6 * MS);
	assert_int_equal(isolate->kinds[COLLECTION_MARK_COMPACT].count, 1);
	assert_int_equal(isolate->all.count, 3);
	assert_int_equal(isolate->all.total_ns, 36 * MS);
	assert_int_equal(isolate->all.longest_ns, 30 * MS);
	assert_int_equal(isolate->freed_bytes, (5 + 6 + 16) * MIB);
	assert_string_equal(isolate->thread, "main");
}

/* Watched from 0 to 230 ms, paused for 36 of them. */
static void test_gc_summary__rates(void **state)
{
	struct fixture *fixture = *state;
	const struct gc_isolate *isolate;

	add(fixture, collection_of(COLLECTION_SCAVENGE, 0, 2, 10, 5));
	add(fixture, collection_of(COLLECTION_SCAVENGE, 102, 4, 15, 6));
	add(fixture, collection_of(COLLECTION_MARK_COMPACT, 206, 30, 26, 4));
	isolate = gc_summary__find(&fixture->summary, key, 42);
	/* 10 MiB in 100 ms and 20 MiB in 100 ms */
	assert_int_equal(isolate->allocated_bytes, 30 * MIB);
	assert_int_equal(isolate->allocated_ns, 200 * MS);
	assert_int_equal(gc_isolate__allocation_rate(isolate), 150 * MIB);
	/* of the second scavenge 1 MiB more was left than of the first */
	assert_int_equal(gc_isolate__promotion_rate(isolate), 5 * MIB);
	/* 36 of 236 ms */
	assert_int_equal(gc_isolate__pause_share(isolate), 1525);
}

static void test_gc_summary__one_collection_has_no_rates(void **state)
{
	struct fixture *fixture = *state;
	const struct gc_isolate *isolate;

	add(fixture, collection_of(COLLECTION_SCAVENGE, 0, 2, 10, 5));
	isolate = gc_summary__find(&fixture->summary, key, 42);
	assert_int_equal(gc_isolate__allocation_rate(isolate), FIGURE_UNKNOWN);
	assert_int_equal(gc_isolate__promotion_rate(isolate), FIGURE_UNKNOWN);
}

/* An isolate that a look sees, of a thread that nobody sees again. */
static void look_at_thread(struct fixture *fixture, uint32_t tid, enum collection_watch watch)
{
	struct process *process;

	account__begin_look(&fixture->account, T0 + (int64_t)tid * 1000 * MS);
	process = account__process(&fixture->account, key);
	process->collection_watch = watch;
	process__isolate(process, fixture->account.look, tid);
	account__end_look(&fixture->account);
	gc_summary__look(&fixture->summary, &fixture->account);
}

static void test_gc_summary__what_looks_cannot_tell(void **state)
{
	struct fixture *fixture = *state;
	const struct gc_isolate *isolate;

	look_at_thread(fixture, 42, COLLECTIONS_BY_LOOKS);
	isolate = gc_summary__find(&fixture->summary, key, 42);
	assert_int_equal(gc_isolate__pauses_ns(isolate, &isolate->all), FIGURE_UNKNOWN);
	assert_int_equal(isolate->allocated_bytes, FIGURE_UNKNOWN);
	assert_int_equal(isolate->freed_bytes, FIGURE_UNKNOWN);
	look_at_thread(fixture, 43, COLLECTIONS_BY_PROBES);
	isolate = gc_summary__find(&fixture->summary, key, 43);
	assert_int_equal(gc_isolate__pauses_ns(isolate, &isolate->all), 0);
}

static void test_gc_summary__many_threads_end(void **state)
{
	struct fixture *fixture = *state;
	struct collection collection = collection_of(COLLECTION_SCAVENGE, 0, 2, 10, 5);
	const uint32_t count = GC_ISOLATES_MAX + 500;

	for (uint32_t i = 0; i < count; i++) {
		collection.tid = 100 + i;
		collection.begin_unix_ns = T0 + (int64_t)(100 + i) * 1000 * MS;
		look_at_thread(fixture, 100 + i, COLLECTIONS_BY_PROBES);
		add(fixture, collection);
	}
	/* the last one came after the last look */
	assert_int_equal(fixture->summary.count, GC_ISOLATES_MAX);
	assert_int_equal(fixture->summary.ended_count, 500);
	assert_int_equal(fixture->summary.ended->all.count, 500);
	assert_int_equal(fixture->summary.ended->all.total_ns, 500 * 2 * MS);
	assert_int_equal(fixture->summary.ended->freed_bytes, 500 * 5 * MIB);
	assert_int_equal(pause_statistics__percentile(&fixture->summary.ended->all, 50), 2 * MS);
	assert_string_equal(fixture->summary.ended->thread, "500 ended threads");
	assert_null(gc_summary__find(&fixture->summary, key, 100 + 499));
	assert_non_null(gc_summary__find(&fixture->summary, key, 100 + 500));
}

/* Differences of looks have no pause. */
static void test_gc_summary__unknown_pauses(void **state)
{
	struct fixture *fixture = *state;
	struct collection collection = collection_of(COLLECTION_UNKNOWN, 0, 0, 10, 5);
	const struct gc_isolate *isolate;

	collection.pause_ns = FIGURE_UNKNOWN;
	add(fixture, collection);
	collection.begin_unix_ns += 1000 * MS;
	add(fixture, collection);
	isolate = gc_summary__find(&fixture->summary, key, 42);
	assert_int_equal(isolate->all.count, 2);
	assert_int_equal(isolate->all.kept_count, 0);
	assert_int_equal(pause_statistics__percentile(&isolate->all, 50), FIGURE_UNKNOWN);
	assert_int_equal(gc_isolate__pause_share(isolate), FIGURE_UNKNOWN);
}

static void test_gc_summary__unknown_sizes(void **state)
{
	struct fixture *fixture = *state;
	struct collection collection = collection_of(COLLECTION_SCAVENGE, 0, 1, 10, 5);
	const struct gc_isolate *isolate;

	add(fixture, collection);
	collection.used_before_bytes = collection.used_after_bytes = FIGURE_UNKNOWN;
	collection.begin_unix_ns += 100 * MS;
	add(fixture, collection);
	collection = collection_of(COLLECTION_SCAVENGE, 200, 1, 30, 5);
	add(fixture, collection);
	isolate = gc_summary__find(&fixture->summary, key, 42);
	assert_int_equal(isolate->allocated_bytes, FIGURE_UNKNOWN);
	assert_int_equal(isolate->survived_bytes, 0);
	assert_int_equal(isolate->freed_bytes, 30 * MIB);
}

static void test_gc_summary__percentiles(void **state)
{
	struct fixture *fixture = *state;
	const struct gc_isolate *isolate;

	/* 1 .. 200 ms, out of order */
	for (int i = 0; i < 200; i++)
		add(fixture, collection_of(COLLECTION_SCAVENGE, i, 1 + i * 77 % 200, 2, 1));
	isolate = gc_summary__find(&fixture->summary, key, 42);
	assert_int_equal(pause_statistics__percentile(&isolate->all, 50), 100 * MS);
	assert_int_equal(pause_statistics__percentile(&isolate->all, 90), 180 * MS);
	assert_int_equal(pause_statistics__percentile(&isolate->all, 99), 198 * MS);
	assert_int_equal(pause_statistics__percentile(&isolate->all, 100), 200 * MS);
	assert_int_equal(pause_statistics__percentile(&isolate->all, 0), 1 * MS);
	assert_int_equal(isolate->all.longest_ns, 200 * MS);
}

/* The oldest go, count and sum stay. */
static void test_gc_summary__bounded(void **state)
{
	struct fixture *fixture = *state;
	const struct gc_isolate *isolate;

	for (int i = 0; i < PAUSES_KEPT; i++)
		add(fixture, collection_of(COLLECTION_SCAVENGE, i, 1000, 2, 1));
	for (int i = 0; i < PAUSES_KEPT; i++)
		add(fixture, collection_of(COLLECTION_SCAVENGE, PAUSES_KEPT + i, 1, 2, 1));
	isolate = gc_summary__find(&fixture->summary, key, 42);
	assert_int_equal(isolate->all.kept_count, PAUSES_KEPT);
	assert_int_equal(isolate->all.count, 2 * PAUSES_KEPT);
	assert_int_equal(pause_statistics__percentile(&isolate->all, 100), 1 * MS);
	assert_int_equal(isolate->all.longest_ns, 1000 * MS);
}

static void test_gc_summary__isolates_in_order(void **state)
{
	struct fixture *fixture = *state;
	struct collection collection = collection_of(COLLECTION_SCAVENGE, 0, 1, 2, 1);
	static const uint32_t places[][2] = {{50, 51}, {42, 44}, {50, 50}, {42, 42}, {42, 43}};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		collection.pid = places[i][0];
		collection.tid = places[i][1];
		add(fixture, collection);
	}
	assert_int_equal(fixture->summary.count, 5);
	assert_int_equal(fixture->summary.isolates[0]->tid, 42);
	assert_int_equal(fixture->summary.isolates[1]->tid, 43);
	assert_int_equal(fixture->summary.isolates[2]->tid, 44);
	assert_int_equal(fixture->summary.isolates[4]->tid, 51);
	assert_string_equal(fixture->summary.isolates[1]->thread, "thread 43");
	assert_null(gc_summary__find(&fixture->summary, key, 45));
}

/* A look brings what only V8 can say; what was there stays when the isolate has gone. */
static void test_gc_summary__look(void **state)
{
	struct fixture *fixture = *state;
	struct account *account = &fixture->account;
	const struct gc_isolate *seen;
	struct process *process;
	struct isolate *isolate;

	account__begin_look(account, T0);
	process = account__process(account, key);
	strcpy(process->comm, "node");
	isolate = process__isolate(process, account->look, 43);
	strcpy(isolate->thread, "worker");
	isolate->figures[IFIG_HEAP_TOTAL] = 8 * MIB;
	isolate__add_space(isolate, "old_space", 6 * MIB, 5 * MIB);
	account__end_look(account);
	gc_summary__look(&fixture->summary, account);
	account__begin_look(account, T0 + 500 * MS);
	account__process(account, key);
	account__end_look(account);
	gc_summary__look(&fixture->summary, account);

	seen = gc_summary__find(&fixture->summary, key, 43);
	assert_non_null(seen);
	assert_string_equal(seen->thread, "worker");
	assert_string_equal(seen->comm, "node");
	assert_int_equal(seen->heap_total_bytes, 8 * MIB);
	assert_int_equal(seen->heap_used_bytes, FIGURE_UNKNOWN);
	assert_int_equal(seen->space_count, 1);
	assert_string_equal(seen->spaces[0].name, "old");
	assert_int_equal(seen->begin_unix_ns, T0);
	assert_int_equal(seen->all.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_gc_summary__##name, set_up, tear_down)
		TEST(counts_by_kind),
		TEST(rates),
		TEST(one_collection_has_no_rates),
		TEST(what_looks_cannot_tell),
		TEST(many_threads_end),
		TEST(unknown_pauses),
		TEST(unknown_sizes),
		TEST(percentiles),
		TEST(bounded),
		TEST(isolates_in_order),
		TEST(look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
