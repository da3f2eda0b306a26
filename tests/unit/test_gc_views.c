/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/memory.h"
#include "model/gc_summary.h"
#include "view/json_gc.h"
#include "view/text_gc.h"

#define MS  INT64_C(1000000)
#define MIB INT64_C(1048576)
#define T0  (INT64_C(1767225600) * 1000000000) /* 2026-01-01T00:00:00Z */

static const struct process_key key = {.pid = 4242, .start_ns = 7};

struct fixture {
	struct account account;
	struct gc_summary summary;
	struct output output;
};

static const struct collection scavenge = {
	.pid = 4242,
	.start_ns = 7,
	.tid = 4242,
	.kind = COLLECTION_SCAVENGE,
	.reason = "allocation failure",
	.begin_unix_ns = T0 + 1234 * MS,
	.pause_ns = 1500000,
	.used_before_bytes = 10 * MIB,
	.used_after_bytes = 4 * MIB,
	.total_before_bytes = 12 * MIB,
	.total_after_bytes = 13 * MIB,
};

/* Of a look's difference; its isolate is a worker's. */
static const struct collection fall = {
	.pid = 4242,
	.start_ns = 7,
	.tid = 4250,
	.kind = COLLECTION_UNKNOWN,
	.begin_unix_ns = T0 + 2000 * MS,
	.pause_ns = FIGURE_UNKNOWN,
	.used_before_bytes = 8 * MIB,
	.used_after_bytes = 6 * MIB,
	.total_before_bytes = FIGURE_UNKNOWN,
	.total_after_bytes = FIGURE_UNKNOWN,
};

static void add_look(struct fixture *fixture)
{
	struct account *account = &fixture->account;
	struct isolate *isolate;
	struct process *process;

	account__begin_look(account, T0 + 1000 * MS);
	process = account__process(account, key);
	strcpy(process->comm, "node");
	process__add_note(process, "v8 gc: a note");
	isolate = process__isolate(process, account->look, 4242);
	strcpy(isolate->thread, "main");
	isolate->figures[IFIG_HEAP_TOTAL] = 12 * MIB;
	isolate->figures[IFIG_HEAP_USED] = 9 * MIB;
	isolate__add_space(isolate, "old_space", 6 * MIB, 5 * MIB);
	isolate = process__isolate(process, account->look, 4250);
	strcpy(isolate->thread, "wor\"ker");
	account__end_look(account);
	gc_summary__look(&fixture->summary, account);
}

static int set_up(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));

	setenv("TZ", "UTC", 1);
	tzset();
	account__init(&fixture->account);
	gc_summary__init(&fixture->summary);
	output__init(&fixture->output, -1);
	add_look(fixture);
	gc_summary__add(&fixture->summary, &fixture->account, &scavenge);
	gc_summary__add(&fixture->summary, &fixture->account, &fall);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	output__release(&fixture->output);
	gc_summary__release(&fixture->summary);
	account__release(&fixture->account);
	free(fixture);
	return 0;
}

static const char *text_of(struct fixture *fixture)
{
	output__add_char(&fixture->output, '\0');
	return fixture->output.data;
}

static void test_text_gc__collections(void **state)
{
	struct fixture *fixture = *state;
	struct text_style style = {.ascii = true};

	text_gc__header(&fixture->output, &style);
	text_gc__collection(&fixture->output, &style, &fixture->summary, &scavenge);
	text_gc__collection(&fixture->output, &style, &fixture->summary, &fall);
	assert_string_equal(
		text_of(fixture),
		"TIME              PID  THREAD           KIND             PAUSE      USED"
		"  -> AFTER        TOTAL  -> AFTER     REASON\n"
		"00:00:01.234     4242  main             scavenge       1.50 ms  10.0 MiB"
		"  -> 4.0 MiB   12.0 MiB  -> 13.0 MiB  allocation failure\n"
		"00:00:02.000     4242  wor\"ker          unknown              -   8.0 MiB"
		"  -> 6.0 MiB          -  -> -         -\n");
}

static void test_text_gc__is_cut(void **state)
{
	struct fixture *fixture = *state;
	struct text_style style = {.ascii = true, .width = 80};
	const char *line;

	text_gc__header(&fixture->output, &style);
	text_gc__collection(&fixture->output, &style, &fixture->summary, &scavenge);
	text_gc__summary(&fixture->output, &style, &fixture->summary, 3);
	line = text_of(fixture);
	while (*line) {
		size_t length = strcspn(line, "\n");

		assert_true(length <= 80);
		line += length + 1;
	}
}

static void test_text_gc__summary(void **state)
{
	struct fixture *fixture = *state;
	struct text_style style = {.ascii = true};

	text_gc__summary(&fixture->output, &style, &fixture->summary, 3);
	assert_string_equal(
		text_of(fixture),
		"\n"
		"4242 node, main: 1 collection in 0.2 s\n"
		"  KIND               COUNT     TOTAL       P50       P90       P99       MAX\n"
		"  scavenge               1   1.50 ms   1.50 ms   1.50 ms   1.50 ms   1.50 ms\n"
		"  all                    1   1.50 ms   1.50 ms   1.50 ms   1.50 ms   1.50 ms\n"
		"  paused 0.63 % of the time; allocated -; survived scavenges -; freed 6.0 MiB\n"
		"  SPACE                      COMMITTED        USED\n"
		"  old                          6.0 MiB     5.0 MiB\n"
		"  heap                        12.0 MiB     9.0 MiB\n"
		"\n"
		"4242 node, wor\"ker: 1 collection in 1.0 s\n"
		"  KIND               COUNT     TOTAL       P50       P90       P99       MAX\n"
		"  unknown                1         -         -         -         -         -\n"
		"  all                    1         -         -         -         -         -\n"
		"  paused - of the time; allocated -; survived scavenges -; freed 2.0 MiB\n"
		"\n"
		"3 collections were lost\n");
}

/* The column is as wide as the longest name; what does not fit the terminal is cut. */
static void test_text_gc__long_names_of_spaces(void **state)
{
	struct fixture *fixture = *state;
	struct process *process = account__find_pid(&fixture->account, 4242);
	struct text_style wide = {.ascii = true}, narrow = {.ascii = true, .width = 51};

	account__begin_look(&fixture->account, T0 + 2000 * MS);
	account__process(&fixture->account, key);
	isolate__add_space(process__isolate(process, fixture->account.look, 4242),
			   "shared_trusted_large_object", 7 * MIB, 3 * MIB);
	account__end_look(&fixture->account);
	gc_summary__look(&fixture->summary, &fixture->account);
	text_gc__summary(&fixture->output, &wide, &fixture->summary, 0);
	text_gc__summary(&fixture->output, &narrow, &fixture->summary, 0);
	assert_non_null(strstr(text_of(fixture),
			       "  SPACE                         COMMITTED        USED\n"
			       "  shared_trusted_large_object     7.0 MiB     3.0 MiB\n"));
	assert_non_null(strstr(text_of(fixture),
			       "  SPACE                       COMMITTED        USED\n"
			       "  shared_trusted_large_obj~     7.0 MiB     3.0 MiB\n"));
}

static json_t *parse_line(const char *text, size_t number)
{
	json_error_t error;
	json_t *object;

	while (number--)
		text = strchr(text, '\n') + 1;
	object = json_loadb(text, strcspn(text, "\n"), JSON_REJECT_DUPLICATES, &error);
	assert_non_null(object);
	return object;
}

static void check_number(json_t *object, const char *name, int64_t expected)
{
	json_t *value = json_object_get(object, name);

	if (!json_is_integer(value) || json_integer_value(value) != expected)
		fail_msg("%s is not %lld", name, (long long)expected);
}

static void check_text(json_t *object, const char *name, const char *expected)
{
	assert_string_equal(json_string_value(json_object_get(object, name)), expected);
}

static void check_null(json_t *object, const char *name)
{
	if (!json_is_null(json_object_get(object, name)))
		fail_msg("%s is not null", name);
}

static void test_json_gc__collection(void **state)
{
	struct fixture *fixture = *state;
	const char *text;
	json_t *object;

	json_gc__collection(&fixture->output, &fixture->summary, &scavenge);
	json_gc__collection(&fixture->output, &fixture->summary, &fall);
	text = text_of(fixture);
	object = parse_line(text, 0);
	check_text(object, "type", "collection");
	check_text(object, "time", "2026-01-01T00:00:01.234Z");
	check_number(object, "pid", 4242);
	check_text(object, "comm", "node");
	check_number(object, "tid", 4242);
	check_text(object, "thread", "main");
	check_number(object, "isolate", 1);
	check_text(object, "kind", "scavenge");
	check_text(object, "reason", "allocation failure");
	check_number(object, "pause_ns", 1500000);
	check_number(object, "heap_used_before", 10 * MIB);
	check_number(object, "heap_used_after", 4 * MIB);
	check_number(object, "heap_total_before", 12 * MIB);
	check_number(object, "heap_total_after", 13 * MIB);
	json_decref(object);
	object = parse_line(text, 1);
	check_text(object, "thread", "wor\"ker");
	check_text(object, "kind", "unknown");
	check_null(object, "reason");
	check_null(object, "pause_ns");
	check_null(object, "heap_total_after");
	json_decref(object);
}

static void test_json_gc__summary(void **state)
{
	struct fixture *fixture = *state;
	json_t *object, *kinds, *spaces;
	const char *text;

	json_gc__summary(&fixture->output, &fixture->summary, &fixture->account, 3);
	text = text_of(fixture);
	object = parse_line(text, 0);
	check_text(object, "type", "summary");
	check_number(object, "tid", 4242);
	check_number(object, "watched_ns", 235500000);
	check_number(object, "count", 1);
	check_number(object, "pause_ns_total", 1500000);
	check_number(object, "pause_ns_p99", 1500000);
	check_number(object, "freed_bytes", 6 * MIB);
	check_null(object, "allocated_per_second");
	check_number(object, "heap_used", 9 * MIB);
	check_null(object, "heap_limit");
	check_number(object, "lost", 3);
	kinds = json_object_get(object, "kinds");
	assert_int_equal(json_object_size(kinds), 1);
	check_number(json_object_get(kinds, "scavenge"), "count", 1);
	spaces = json_object_get(object, "spaces");
	check_number(json_object_get(spaces, "old"), "committed", 6 * MIB);
	check_number(json_object_get(spaces, "old"), "used", 5 * MIB);
	assert_int_equal(json_array_size(json_object_get(object, "notes")), 1);
	json_decref(object);
	object = parse_line(text, 1);
	check_number(object, "tid", 4250);
	check_null(object, "pause_ns_total");
	check_null(object, "pause_percent");
	check_null(object, "spaces");
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_text_gc__collections), TEST(test_text_gc__is_cut),
		TEST(test_text_gc__summary),	 TEST(test_text_gc__long_names_of_spaces),
		TEST(test_json_gc__collection),	 TEST(test_json_gc__summary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
