/* SPDX-License-Identifier: GPL-2.0-only */
/* Isolates, stacks, sections and explanations: written as JSON, and read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/source.h"
#include "recording/json_lines_reader.h"
#include "unit/sample_account.h"
#include "view/json.h"
#include "view/json_groups.h"

#define BAD  "\xef\xbf\xbd"
#define HEAD "{\"time\": \"2026-01-31T12:00:00.000Z\", \"pid\": 5, "

struct replay {
	struct account account;
	struct source *source;
	char path[32]; /* of a temporary file, or empty */
};

static int start(void **state)
{
	struct replay *replay = xcalloc(1, sizeof(*replay));

	account__init(&replay->account);
	*state = replay;
	return 0;
}

static int finish(void **state)
{
	struct replay *replay = *state;

	if (replay->source)
		replay->source->close(replay->source);
	if (*replay->path)
		unlink(replay->path);
	account__release(&replay->account);
	free(replay);
	return 0;
}

static void open_bytes(struct replay *replay, const char *bytes, size_t length)
{
	int fd;

	strcpy(replay->path, "/tmp/memsonde-test-XXXXXX");
	fd = mkstemp(replay->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), length);
	close(fd);
	assert_int_equal(json_lines_reader__open(&replay->source, replay->path), 0);
}

static void look(struct replay *replay)
{
	assert_int_equal(replay->source->look(replay->source, &replay->account), 0);
}

static struct process *find(const struct replay *replay, uint32_t pid)
{
	struct process *process = account__find_pid(&replay->account, pid);

	assert_non_null(process);
	return process;
}

/* ---- what a recording made by hand says ---- */

static void check_isolates(const struct process *node)
{
	const struct isolate *worker = &node->isolates[1];

	assert_int_equal(node->isolate_count, 3);
	assert_int_equal(worker->id, 2);
	assert_int_equal(worker->tid, 4250);
	assert_string_equal(worker->thread, "WorkerThread");
	assert_true(worker->has_previous);
	assert_int_equal(worker->figures[IFIG_HEAP_LIMIT], 192 * MIB);
	assert_int_equal(worker->figures[IFIG_DETACHED_CONTEXTS], 2);
	assert_int_equal(worker->figures[IFIG_GC_PAUSE], 90000000);
	assert_int_equal(worker->space_count, 5);
	assert_string_equal(worker->spaces[4].name, "large_object");
	assert_int_equal(worker->spaces[4].committed_bytes, 6 * MIB);
	assert_int_equal(worker->spaces[4].used_bytes, 3 * MIB);
	assert_false(figure_known(node->isolates[2].figures[IFIG_GC_USED_AFTER]));
	assert_int_equal(node->figures[FIG_V8_HEAP_USED], 125 * MIB);
	assert_int_equal(node->figures[FIG_LIMIT_HEAP], 192 * MIB);
}

static void test_json_heaps__are_read(void **state)
{
	struct replay *replay = *state;
	const struct process *node;

	assert_int_equal(json_lines_reader__open(&replay->source, "tests/recordings/node.jsonl"),
			 0);
	look(replay);
	assert_false(find(replay, 4242)->explained);
	look(replay);
	node = find(replay, 4242);
	check_isolates(node);
	assert_string_equal(node->allocator, "glibc");
	assert_string_equal(node->heap_source, "twin");
	assert_int_equal(node->figures[FIG_HEAP_SLACK], 20 * MIB);
	assert_int_equal(node->figures[FIG_SECTION_NATIVE], 184 * MIB);
	assert_int_equal(process__native_limit(node), NATIVE_LIMIT_AVAILABLE);
	assert_int_equal(node->figures[FIG_FDS_OPEN], 42);

	assert_int_equal(node->stack_count, 2);
	assert_int_equal(node->stacks_left_out, 12);
	assert_int_equal(node->stacks[0].tid, 4250);
	assert_int_equal(node->stacks[0].limit_bytes, 4 * MIB);
	/* of all stacks, not of those that the recording names */
	assert_int_equal(node->figures[FIG_STACKS_MAPPED], 110 * MIB);

	assert_true(node->explained);
	assert_int_equal(node->explanation_count, 1);
	assert_int_equal(node->explanations[0].cause, CAUSE_BUFFERS_HELD);
	assert_int_equal(node->explanations[0].class, FIG_CLASS_ARRAY_BUFFERS);
	assert_int_equal(node->explanations[0].grew_bytes, 8 * MIB);
	assert_non_null(strstr(node->explanations[0].evidence, "heapUsed stayed"));
	assert_false(find(replay, 700)->explained);
	assert_int_equal(find(replay, 700)->isolate_count, 0);
}

/* ---- there and back ---- */

static void write_look(struct output *output, const struct account *account)
{
	struct look written;

	output__init(output, -1);
	look__init(&written, account, NULL, NULL);
	json__look(output, &written);
	look__release(&written);
}

/* Two looks, the second with an isolate less. */
static void test_json_heaps__round_trip(void **state)
{
	struct replay *replay = *state;
	struct account account;
	struct output first[2], second, both;

	account__init(&account);
	output__init(&both, -1);
	for (int i = 0; i < 2; i++) {
		sample_account__look_at_heaps(&account);
		write_look(&first[i], &account);
		output__add(&both, first[i].data, first[i].length);
	}
	open_bytes(replay, both.data, both.length);
	for (int i = 0; i < 2; i++) {
		look(replay);
		write_look(&second, &replay->account);
		assert_int_equal(second.length, first[i].length);
		assert_memory_equal(second.data, first[i].data, second.length);
		output__release(&second);
		output__release(&first[i]);
	}
	assert_int_equal(find(replay, 4242)->isolate_count, 2);
	assert_int_equal(find(replay, 800)->stack_count, JSON_STACKS_MAX);
	assert_int_equal(find(replay, 800)->stacks_left_out, SAMPLE_STACKS - JSON_STACKS_MAX);
	output__release(&both);
	account__release(&account);
}

/* ---- what lies ---- */

static void add_repeated(struct output *text, const char *item)
{
	for (int i = 0; i < 3000; i++)
		output__add_text(text, item);
}

static void test_json_heaps__hostile(void **state)
{
	struct replay *replay = *state;
	const struct process *process;
	struct output text;

	output__init(&text, -1);
	output__add_text(&text, HEAD "\"heap\": {\"allocator\": \"gl\\nibc\", \"source\": 5, "
				     "\"live_bytes\": \"x\"}, \"v8\": {\"isolates\": [3, null, "
				     "{\"id\": -1, \"tid\": 1e99, \"thread\": \"a\\tb\", "
				     "\"heap_used\": [], \"spaces\": {\"n\\u0001w\": 7, "
				     "\"old\": {\"used\": 1}, \"x\": null}}");
	add_repeated(&text, ", {\"heap_total\": 9223372036854775807, \"heap_limit\": -1}");
	output__add_text(&text, "]}, \"stacks\": {\"threads_left_out\": -4, \"threads\": [[]");
	add_repeated(&text, ", {\"tid\": -1, \"mapped\": 9223372036854775807, \"limit\": 0}");
	output__add_text(&text, "]}, \"limits\": {\"native_limited_by\": \"nobody\"}, "
				"\"classes\": {\"anon\": 9223372036854775807, "
				"\"malloc\": 9223372036854775807}, \"explain\": [5, {}, "
				"{\"cause\": \"magic\"}, {\"cause\": \"slack\", \"class\": 7}");
	add_repeated(&text, ", {\"cause\": \"stacks\", \"class\": \"x\", "
			    "\"evidence\": \"\\u0007\"}");
	output__add_text(&text, "]}\n" HEAD "\"v8\": [], \"stacks\": 3, \"heap\": \"\", "
				"\"explain\": {}}\n");
	open_bytes(replay, text.data, text.length);
	output__release(&text);
	look(replay);
	process = find(replay, 5);
	assert_int_equal(process->isolate_count, ISOLATES_MAX);
	assert_true(process->stack_count <= 1000);
	assert_true(process->explanation_count <= 64);
	for (size_t i = 0; i < process->explanation_count; i++)
		assert_int_equal(process->explanations[i].class, -1);
	assert_string_equal(process->explanations[0].evidence, "");
	assert_string_equal(process->explanations[1].evidence, BAD);
	assert_string_equal(process->isolates[0].thread, "a" BAD "b");
	assert_int_equal(process->isolates[0].space_count, 3);
	assert_string_equal(process->isolates[0].spaces[0].name, "n" BAD "w");
	assert_int_equal(process__native_limit(process), NATIVE_LIMIT_UNKNOWN);
}

/* It has what its own line says, once. */
static void test_json_heaps__of_one_that_exited(void **state)
{
	static const char text[] =
		HEAD "\"v8\": {\"isolates\": [{\"id\": 1, \"tid\": 5}, {\"id\": 2}]}, "
		     "\"stacks\": {\"threads\": [{\"tid\": 5, \"mapped\": 100}]}}\n"
		     "{\"time\": \"2026-01-31T12:00:01.000Z\", \"pid\": 5, "
		     "\"exited\": \"2026-01-31T12:00:00.500Z\", "
		     "\"v8\": {\"isolates\": [{\"id\": 1, \"tid\": 5}]}, "
		     "\"stacks\": {\"threads\": [{\"tid\": 5, \"mapped\": 100}]}}\n";
	struct replay *replay = *state;

	open_bytes(replay, text, strlen(text));
	look(replay);
	assert_int_equal(find(replay, 5)->isolate_count, 2);
	look(replay);
	assert_int_equal(replay->account.exited_count, 1);
	assert_int_equal(replay->account.exited[0]->isolate_count, 1);
	assert_int_equal(replay->account.exited[0]->stack_count, 1);
}

#define HEAPS_TEST(function) cmocka_unit_test_setup_teardown(function, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HEAPS_TEST(test_json_heaps__are_read),
		HEAPS_TEST(test_json_heaps__round_trip),
		HEAPS_TEST(test_json_heaps__hostile),
		HEAPS_TEST(test_json_heaps__of_one_that_exited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
