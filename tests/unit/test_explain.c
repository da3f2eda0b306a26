/* SPDX-License-Identifier: GPL-2.0-only */
/* Every rule on figures made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "unit/explain_case.h"

/* ---- Node.js ---- */

static struct moment leak_buffers(int second)
{
	struct moment now = node_at_rest();
	double kept = (double)second * 10;

	now.array_buffers += kept;
	now.external += kept;
	now.live += kept;
	now.held += kept;
	now.malloc += kept;
	now.rss += kept;
	return now;
}

static struct moment leak_buffers_mapped(int second)
{
	struct moment now = leak_buffers(second);

	now.array_buffers_class = (double)second * 10;
	now.malloc = 30;
	now.live = 25;
	now.held = 30;
	return now;
}

static struct moment leak_buffers_without_allocator(int second)
{
	struct moment now = leak_buffers(second);

	now.live = now.held = now.slack = UNKNOWN;
	return now;
}

static void test_explain__buffers_held(void **state)
{
	struct account account;
	const struct process *process;

	(void)state;
	process = watch(&account, 30, leak_buffers);
	expect(process, "buffers_held");
	expect_class(process, FIG_CLASS_MALLOC);
	expect_words(process, "Buffers and ArrayBuffers grew from 2.0 MiB to 302 MiB in 30 s");
	assert_int_equal(process->explanations[0].grew_bytes, 300 * MIB);
	assert_int_equal(process->explanations[0].per_minute_bytes, 600 * MIB);
	account__release(&account);

	process = watch(&account, 30, leak_buffers_mapped);
	expect(process, "buffers_held");
	expect_class(process, FIG_CLASS_ARRAY_BUFFERS);
	account__release(&account);
	expect_watch(30, leak_buffers_without_allocator, "buffers_held");
	/* a few: garbage could be as much */
	expect_watch(5, leak_buffers, "");
}

/* 10 MiB a second kept, as much garbage again, collected each 4 s. */
static struct moment leak_objects(int second)
{
	struct moment now = node_at_rest();
	double kept = (double)second, garbage = (double)(second % 4) * 5;

	now.heap_used += kept + garbage;
	now.v8_heap += kept + 20;
	now.rss += kept + 20;
	return now;
}

static struct moment leak_objects_with_collections(int second)
{
	struct moment now = leak_objects(second);

	now.mark_compacts = second / 4;
	now.used_after = now.mark_compacts > 0 ? 15 + (double)(second / 4 * 4) : UNKNOWN;
	return now;
}

/* No collection is seen, but no garbage is ever so much. */
static struct moment leak_objects_fast(int second)
{
	struct moment now = node_at_rest();

	now.heap_used += (double)second * 10;
	now.v8_heap += (double)second * 10;
	now.rss += (double)second * 10;
	return now;
}

/* Only the new space is collected: what fell says nothing of the old one. */
static struct moment scavenges_only(int second)
{
	struct moment now = leak_objects(second);

	now.mark_compacts = 0;
	return now;
}

static void test_explain__objects_held(void **state)
{
	struct account account;
	const struct process *process;

	(void)state;
	process = watch(&account, 30, leak_objects);
	expect(process, "objects_held");
	expect_class(process, FIG_CLASS_V8_HEAP);
	expect_words(process, "low point");
	account__release(&account);

	process = watch(&account, 30, leak_objects_with_collections);
	expect(process, "objects_held");
	expect_words(process, "V8's heap used after collections grew from 23.0 MiB");
	account__release(&account);

	expect_watch(30, leak_objects_fast, "objects_held");
	expect_watch(30, scavenges_only, "");
}

/* Nothing was collected in the first third of the watch. */
static struct moment collected_late(int second)
{
	struct moment now = leak_objects(second);

	now.mark_compacts = second < 15 ? 0 : second / 4 - 2;
	now.used_after = second < 15 ? UNKNOWN : 15 + (double)(second / 4 * 4);
	return now;
}

/* A worker's heap, which rests, is collected for the first time near the end. */
static struct moment worker_collected_late(int second)
{
	struct moment now = node_at_rest();

	now.mark_compacts = second;
	now.used_after = now.heap_used;
	now.worker_heap_used = 30;
	now.worker_used_after = second < 25 ? UNKNOWN : 30;
	return now;
}

static void test_explain__worker_collected_late(void **state)
{
	(void)state;
	expect_watch(30, worker_collected_late, "");
}

/* Workers of 4 MiB that do not end; no heap grows. */
static struct moment leak_workers(int second)
{
	struct moment now = node_at_rest();

	now.worker_heap_used = 4;
	now.worker_used_after = UNKNOWN;
	now.more_workers = second;
	now.mark_compacts = second / 4;
	now.v8_heap += 4 * (double)second;
	now.rss += 4 * (double)second;
	return now;
}

static void test_explain__workers_do_not_end(void **state)
{
	struct account account;
	struct process *process;

	(void)state;
	process = watch(&account, 30, leak_workers);
	expect(process, "objects_held");
	expect_words(process, ", isolates from 2 to 32");
	expect_words(process, "workers are started and do not end");
	account__release(&account);
}

static void test_explain__objects_after_first_collection(void **state)
{
	struct account account;
	const struct process *process;

	(void)state;
	process = watch(&account, 30, collected_late);
	expect(process, "objects_held");
	expect_words(process, "low point");
	account__release(&account);
}

/* Few Buffers are kept, each in a page of its own: the allocator cannot give back. */
static struct moment churn(int second)
{
	struct moment now = buffer_garbage(second);

	now.slack += (double)second * 1.5;
	now.held += (double)second * 1.5;
	now.malloc += (double)second * 1.5;
	now.rss += (double)second * 1.5;
	return now;
}

static void test_explain__slack_of_churned_buffers(void **state)
{
	struct account account;
	struct process *process;

	(void)state;
	process = watch(&account, 40, churn);
	expect(process, "slack");
	expect_class(process, FIG_CLASS_MALLOC);
	account__release(&account);
}

/* Nothing is kept. What is dropped before a collection comes grows for a while, and the
 * allocator keeps what that took; it is asked each third look only. */
static struct moment growing_peaks(int second)
{
	struct moment now = node_at_rest();
	double peak = second < 60 ? 10 + (double)second : 70;
	static double live = 25;

	now.array_buffers += peak * (second % 5) / 4;
	if (second % 3 == 0)
		live = 23 + now.array_buffers;
	now.live = live;
	now.malloc = now.held = 30 + peak;
	now.slack = now.held > now.live ? now.held - now.live : 0;
	now.rss += peak;
	return now;
}

static void test_explain__slack_of_peaks(void **state)
{
	struct account account;
	struct process *process;

	(void)state;
	process = watch(&account, 45, growing_peaks);
	expect(process, "slack");
	expect_words(process, "at a time came and went");
	account__release(&account);
}

/* The allocator's answer is some seconds older than V8's. */
static struct moment late_answers(int second)
{
	struct moment now = growing_peaks(second),
		      before = growing_peaks(second > 4 ? second - 4 : 0);

	now.live = 23 + before.array_buffers;
	now.slack = 0;
	return now;
}

static void test_explain__late_answers(void **state)
{
	(void)state;
	expect_watch(45, late_answers, "slack");
}

/* Peaks that grow by 1 MiB a second, and 0.6 MiB a second that stay. */
static struct moment peaks_beside_what_stays(int second)
{
	struct moment now = at_rest;
	double kept = (double)second * 0.6, peak = 10 + (double)second;

	now.live = 60 + kept + peak * (second % 5) / 4;
	now.held = now.malloc = 80 + kept + peak;
	now.slack = now.held - now.live;
	now.rss += kept + peak;
	return now;
}

static void test_explain__what_stays_is_no_slack_of_peaks(void **state)
{
	struct account account;
	struct process *process;

	(void)state;
	process = watch(&account, 45, peaks_beside_what_stays);
	expect_words(process, "what is held in them by 18.0 MiB");
	account__release(&account);
}

/* Malloced by an addon; arrayBuffers and V8's heap as ever. */
static struct moment leak_in_addon(int second)
{
	struct moment now = node_at_rest();

	now.live += (double)second;
	now.held += (double)second;
	now.malloc += (double)second;
	now.rss += (double)second;
	return now;
}

static struct moment leak_both(int second)
{
	struct moment now = leak_buffers(second);

	now.live += (double)second;
	now.held += (double)second;
	now.malloc += (double)second;
	now.rss += (double)second;
	return now;
}

/* 0.3 MiB for 10 MiB of Buffers: a record for each, and what rounding takes. */
static struct moment leak_buffers_with_records(int second)
{
	struct moment now = leak_buffers(second);

	now.live += (double)second * 0.3;
	now.held += (double)second * 0.3;
	now.malloc += (double)second * 0.3;
	now.rss += (double)second * 0.3;
	return now;
}

static void test_explain__native_held_beside_v8(void **state)
{
	(void)state;
	expect_watch(30, leak_buffers_with_records, "buffers_held");
	expect_watch(30, leak_in_addon, "native_held");
	expect_watch(30, leak_both, "buffers_held native_held");
}

/* The isolate has no answer now and then, and what native code holds seems to be all. */
static struct moment leak_in_addon_with_blind_looks(int second)
{
	struct moment now = leak_in_addon(second);

	now.array_buffers += 150;
	now.external += 150;
	now.live += 150;
	now.held += 150;
	now.malloc += 150;
	now.rss += 150;
	if (second % 10 == 9)
		now.array_buffers = now.external = now.heap_used = UNKNOWN;
	return now;
}

static void test_explain__native_held_through_blind_looks(void **state)
{
	(void)state;
	expect_watch(30, leak_in_addon_with_blind_looks, "native_held");
}

/* As recorded of Node.js 24 that keeps plain objects: V8 mallocs 8 MiB for 55 MiB of them, and
 * its new spaces and their garbage grow beside what is held. */
static struct moment leak_objects_with_bookkeeping(int second)
{
	struct moment now = leak_objects_with_collections(second);

	now.live += (double)second * 0.14;
	now.held += (double)second * 0.14;
	now.malloc += (double)second * 0.14;
	now.v8_heap += (double)second * 0.7;
	now.rss += (double)second * 0.84;
	return now;
}

/* The same with new spaces that grow to 128 MiB beside 34 that are held. */
static struct moment new_spaces_grow(int second)
{
	struct moment now = leak_objects_with_collections(second);

	now.heap_limit = 4288;
	now.old_limit = 4096;
	now.v8_heap += (double)second * 4;
	now.rss += (double)second * 4;
	return now;
}

/* More than a fifth of the objects: an addon holds these. */
static struct moment leak_objects_and_in_addon(int second)
{
	struct moment now = leak_objects_with_collections(second);

	now.live += (double)second * 0.5;
	now.held += (double)second * 0.5;
	now.malloc += (double)second * 0.5;
	now.rss += (double)second * 0.5;
	return now;
}

static void test_explain__bookkeeping_of_objects(void **state)
{
	(void)state;
	expect_watch(30, leak_objects_with_bookkeeping, "objects_held");
	expect_watch(30, new_spaces_grow, "objects_held");
	expect_watch(30, leak_objects_and_in_addon, "objects_held native_held");
}

/* ---- C ---- */

static struct moment leak_native(int second)
{
	struct moment now = at_rest;

	now.live = 60 + (double)second * 0.5;
	now.slack = 20;
	now.held = now.malloc = now.live + now.slack;
	now.rss += (double)second * 0.5;
	return now;
}

static struct moment leak_unknown_allocator(int second)
{
	struct moment now = leak_native(second);

	now.live = now.slack = now.held = UNKNOWN;
	return now;
}

/* Asked each tenth look: between two of them slack would only seem to grow. */
static struct moment leak_asked_rarely(int second)
{
	struct moment now = leak_native(second);

	now.live = 60 + (double)(second / 10 * 10) * 0.5;
	now.slack = now.held - now.live;
	return now;
}

static struct moment fragment(int second)
{
	struct moment now = at_rest;

	now.live = 60 - (double)second * 0.2;
	now.slack = 20 + (double)second;
	now.held = now.malloc = now.live + now.slack;
	now.rss = 20 + now.malloc;
	return now;
}

static struct moment fragmented(int second)
{
	struct moment now = at_rest;

	(void)second;
	now.live = 90;
	now.slack = 110;
	now.held = now.malloc = 200;
	now.rss = 220;
	return now;
}

static void test_explain__native(void **state)
{
	struct account account;
	struct process *process;

	(void)state;
	process = watch(&account, 30, leak_native);
	expect(process, "native_held");
	expect_class(process, FIG_CLASS_MALLOC);
	account__release(&account);
	expect_watch(39, leak_asked_rarely, "native_held");
	process = watch(&account, 30, leak_unknown_allocator);
	expect(process, "native_held");
	expect_words(process, "could not be told into live and slack");
	account__release(&account);
}

static void test_explain__slack(void **state)
{
	struct account account;
	struct process *process;

	(void)state;
	process = watch(&account, 30, fragment);
	expect(process, "slack");
	account__set_text(&process->allocator, "glibc");
	explain__look(&account);
	expect_words(process, "malloc_trim(3)");
	account__release(&account);

	/* it need not grow to be told, and one look is enough */
	process = watch(&account, 0, fragmented);
	expect(process, "slack");
	expect_words(process, "110 MiB of 200 MiB (55 %)");
	assert_int_equal(process->explanations[0].grew_bytes, 0);
	account__release(&account);
}

static struct moment threads(int second)
{
	struct moment now = at_rest;

	now.threads += second;
	now.stack += second * 0.25;
	now.rss += second * 0.25;
	return now;
}

static struct moment file_cache(int second)
{
	struct moment now = at_rest;

	now.file += second * 8;
	now.rss += second * 8;
	return now;
}

static struct moment other(int second)
{
	struct moment now = at_rest;

	now.anon += second * 2;
	now.rss += second * 2;
	return now;
}

/* Lists and tables come from malloc, all else from what the interpreter maps. */
static struct moment leak_python(int second)
{
	struct moment now = at_rest;

	now.python_blocks = 100000 + second * 20000;
	now.anon += second * 2;
	now.live = 60 + second * 0.1;
	now.slack = 20;
	now.held = now.malloc = now.live + now.slack;
	now.rss += second * 2.1;
	return now;
}

static struct moment maps_in_python(int second)
{
	struct moment now = other(second);

	now.python_blocks = 100000;
	return now;
}

static void test_explain__python(void **state)
{
	struct account account;
	struct process *process;

	(void)state;
	process = watch(&account, 30, leak_python);
	expect(process, "objects_held");
	expect_class(process, FIG_CLASS_ANON);
	expect_words(process, "blocks of its allocator from 100000 to 700000");
	expect_words(process, "tracemalloc");
	account__release(&account);
	expect_watch(30, maps_in_python, "unexplained");
}

static void test_explain__other_classes(void **state)
{
	struct account account;
	struct process *process;

	(void)state;
	process = watch(&account, 30, threads);
	expect(process, "stacks");
	expect_class(process, FIG_CLASS_STACK);
	expect_words(process, "threads from 4 to 34");
	account__release(&account);
	process = watch(&account, 30, file_cache);
	expect(process, "file_cache");
	expect_class(process, FIG_CLASS_FILE);
	account__release(&account);
	process = watch(&account, 30, other);
	expect(process, "unexplained");
	expect_class(process, FIG_CLASS_ANON);
	account__release(&account);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_explain__buffers_held),
		cmocka_unit_test(test_explain__objects_held),
		cmocka_unit_test(test_explain__objects_after_first_collection),
		cmocka_unit_test(test_explain__worker_collected_late),
		cmocka_unit_test(test_explain__workers_do_not_end),
		cmocka_unit_test(test_explain__slack_of_churned_buffers),
		cmocka_unit_test(test_explain__slack_of_peaks),
		cmocka_unit_test(test_explain__late_answers),
		cmocka_unit_test(test_explain__what_stays_is_no_slack_of_peaks),
		cmocka_unit_test(test_explain__native_held_beside_v8),
		cmocka_unit_test(test_explain__native_held_through_blind_looks),
		cmocka_unit_test(test_explain__bookkeeping_of_objects),
		cmocka_unit_test(test_explain__native),
		cmocka_unit_test(test_explain__slack),
		cmocka_unit_test(test_explain__other_classes),
		cmocka_unit_test(test_explain__python),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
