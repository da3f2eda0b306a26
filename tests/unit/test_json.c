/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "unit/sample_account.h"
#include "view/json.h"
#include "view/json_write.h"

/* What a library of others makes of a line of ours. The caller owns it. */
static json_t *parse(const char *data, size_t length)
{
	json_error_t error;
	json_t *object = json_loadb(data, length, JSON_REJECT_DUPLICATES, &error);

	if (!object)
		fail_msg("%s at %d: %.*s", error.text, error.position, (int)length, data);
	return object;
}

static json_t *object_of(const struct account *account, const struct process *process)
{
	struct output output;
	json_t *object;

	output__init(&output, -1);
	json__process(&output, account, process);
	assert_int_equal(output.error, 0);
	assert_int_equal(output.data[output.length - 1], '\n');
	assert_null(memchr(output.data, '\n', output.length - 1));
	object = parse(output.data, output.length);
	output__release(&output);
	return object;
}

/* What is below null is null. */
static const json_t *at(const json_t *object, const char *path)
{
	char copy[128], *rest = copy, *name;

	snprintf(copy, sizeof(copy), "%s", path);
	while (!json_is_null(object) && (name = strsep(&rest, "."))) {
		object = json_object_get(object, name);
		if (!object)
			fail_msg("no %s", path);
	}
	return object;
}

static void test_json__has_the_names_of_the_contract(void **state)
{
	/* N: number or null, S: string or null, O: object or null, A: array */
	static const struct {
		const char *path;
		char type;
	} names[] = {
		{"time", 'S'},
		{"pid", 'N'},
		{"start_time", 'S'},
		{"comm", 'S'},
		{"exe", 'S'},
		{"container", 'O'},
		{"cgroup", 'S'},
		{"rss", 'N'},
		{"rss_anon", 'N'},
		{"rss_file", 'N'},
		{"rss_shmem", 'N'},
		{"swap", 'N'},
		{"rss_peak", 'N'},
		{"vsize", 'N'},
		{"page_tables", 'N'},
		{"faults.minor", 'N'},
		{"faults.major", 'N'},
		{"mapped.mmap_bytes", 'N'},
		{"mapped.munmap_bytes", 'N'},
		{"mapped.brk_bytes", 'N'},
		{"classes.v8_heap", 'N'},
		{"classes.v8_code", 'N'},
		{"classes.array_buffers", 'N'},
		{"classes.malloc", 'N'},
		{"classes.stack", 'N'},
		{"classes.code", 'N'},
		{"classes.file", 'N'},
		{"classes.shmem", 'N'},
		{"classes.anon", 'N'},
		{"classes.unaccounted", 'N'},
		{"sections.stack", 'N'},
		{"sections.heap", 'N'},
		{"sections.native", 'N'},
		{"sections.code_and_files", 'N'},
		{"limits.stack", 'N'},
		{"limits.heap", 'N'},
		{"limits.container", 'N'},
		{"limits.address_space", 'N'},
		{"limits.available", 'N'},
		{"limits.native_left", 'N'},
		{"limits.native_limited_by", 'S'},
		{"fds.open", 'N'},
		{"fds.limit", 'N'},
		{"stacks", 'O'},
		{"stacks.threads", 'A'},
		{"heap", 'O'},
		{"heap.allocator", 'S'},
		{"heap.source", 'S'},
		{"heap.held_bytes", 'N'},
		{"heap.slack_bytes", 'N'},
		{"heap.live_bytes", 'N'},
		{"heap.live_blocks", 'N'},
		{"heap.allocated_bytes", 'N'},
		{"heap.allocated_blocks", 'N'},
		{"heap.freed_bytes", 'N'},
		{"heap.freed_blocks", 'N'},
		{"heap.untracked_frees", 'N'},
		{"heap.sampled_every", 'N'},
		{"python", 'O'},
		{"v8", 'O'},
		{"v8.isolates", 'A'},
		{"lost.events", 'N'},
		{"lost.stacks", 'N'},
		{"lost.live_blocks", 'N'},
		{"notes", 'A'},
		{"image", 'N'},
		{"ppid", 'N'},
		{"ns_pid", 'N'},
		{"uid", 'N'},
		{"interval_s", 'N'},
		{"rates", 'O'},
	};
	struct account account;

	(void)state;
	sample_account__init(&account);
	for (size_t p = 0; p < account.process_count; p++) {
		json_t *object = object_of(&account, account.processes[p]);

		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			const json_t *value = at(object, names[i].path);

			if (!json_is_null(value))
				assert_true(names[i].type == 'N'   ? json_is_number(value)
					    : names[i].type == 'A' ? json_is_array(value)
					    : names[i].type == 'S' ? json_is_string(value)
								   : json_is_object(value));
		}
		json_decref(object);
	}
	account__release(&account);
}

static void test_json__contract_names_stand_in_order(void **state)
{
	static const char *const order[] = {
		"time",	    "pid",    "start_time",  "comm",	 "exe",	      "container",
		"cgroup",   "rss",    "rss_anon",    "rss_file", "rss_shmem", "swap",
		"rss_peak", "vsize",  "page_tables", "faults",	 "mapped",    "classes",
		"sections", "limits", "heap",	     "v8",	 "lost",      "notes",
	};
	struct account account;
	json_t *object, *value;
	const char *name;
	size_t next = 0;

	(void)state;
	sample_account__init(&account);
	object = object_of(&account, account__find_pid(&account, 4242));
	/* jansson keeps the order of the text */
	json_object_foreach(object, name, value)
	{
		if (next < sizeof(order) / sizeof(order[0]) && strcmp(name, order[next]) == 0)
			next++;
	}
	assert_int_equal(next, sizeof(order) / sizeof(order[0]));
	json_decref(object);
	account__release(&account);
}

static void test_json__every_figure_is_at_its_path(void **state)
{
	struct account account;
	struct process *process;
	json_t *object;

	(void)state;
	sample_account__init(&account);
	process = account__find_pid(&account, 700);
	for (int i = 0; i < PROCESS_FIGURE_COUNT; i++)
		process->figures[i] = INT64_MAX - i;
	object = object_of(&account, process);
	for (int i = 0; i < PROCESS_FIGURE_COUNT; i++) {
		const json_t *value = at(object, process_figures[i].path);

		if (process_figures[i].unit == UNIT_UNIX_NS)
			assert_true(json_is_string(value));
		else
			assert_true(json_integer_value(value) == INT64_MAX - i);
	}
	json_decref(object);
	account__release(&account);
}

static void test_json__unknown_is_null_never_0(void **state)
{
	struct account account;
	struct process *process;
	json_t *object;

	(void)state;
	sample_account__init(&account);
	process = account__find_pid(&account, 900);
	figures__clear(process->figures, PROCESS_FIGURE_COUNT);
	process->start_time_unix_ns = 0;
	object = object_of(&account, process);
	for (int i = 0; i < PROCESS_FIGURE_COUNT; i++)
		assert_true(json_is_null(at(object, process_figures[i].path)));
	assert_true(json_is_null(at(object, "start_time")));
	assert_true(json_is_null(at(object, "exe")));
	assert_true(json_is_null(at(object, "container")));
	assert_true(json_is_null(at(object, "heap")));
	json_decref(object);
	account__release(&account);
}

static void test_json__heaps_in_the_words_of_the_contract(void **state)
{
	struct account account;
	json_t *object;
	const json_t *isolate;

	(void)state;
	account__init(&account);
	sample_account__look_at_heaps(&account);
	sample_account__look_at_heaps(&account);
	object = object_of(&account, account__find_pid(&account, 4242));
	assert_string_equal(json_string_value(at(object, "heap.allocator")), "jemalloc");
	assert_string_equal(json_string_value(at(object, "heap.source")), "twin");
	assert_int_equal(json_integer_value(at(object, "heap.slack_bytes")), 20 * MIB);
	assert_true(json_is_null(at(object, "heap.live_blocks")));
	assert_true(json_is_null(at(object, "heap.sampled_every")));
	assert_int_equal(json_integer_value(at(object, "sections.heap")), 160 * MIB);
	assert_int_equal(json_integer_value(at(object, "limits.heap")), 64 * MIB);
	assert_int_equal(json_integer_value(at(object, "limits.native_left")), 324 * MIB);
	assert_string_equal(json_string_value(at(object, "limits.native_limited_by")), "container");
	assert_true(json_is_null(at(object, "python")));
	assert_true(json_is_null(at(object, "stacks")));
	assert_int_equal(json_array_size(at(object, "v8.isolates")), 2);
	isolate = json_array_get(at(object, "v8.isolates"), 1);
	assert_int_equal(json_integer_value(at(isolate, "id")), 2);
	assert_int_equal(json_integer_value(at(isolate, "tid")), 4250);
	assert_string_equal(json_string_value(at(isolate, "thread")), "WorkerThread");
	for (int i = 0; i < ISOLATE_FIGURE_COUNT; i++)
		at(isolate, isolate_figures[i].path);
	assert_int_equal(json_integer_value(at(isolate, "heap_limit")), 64 * MIB);
	assert_int_equal(json_integer_value(at(isolate, "spaces.old.committed")), 39 * MIB);
	assert_int_equal(json_integer_value(at(isolate, "spaces.read_only.used")), 0);
	assert_int_equal(json_integer_value(at(isolate, "gc.pause_ns_max")), 9500000);
	assert_int_equal(json_array_size(at(object, "explain")), 1);
	isolate = json_array_get(at(object, "explain"), 0);
	assert_string_equal(json_string_value(at(isolate, "cause")), "buffers_held");
	assert_string_equal(json_string_value(at(isolate, "class")), "array_buffers");
	assert_int_equal(json_integer_value(at(isolate, "per_minute_bytes")), 240 * MIB);
	json_decref(object);

	object = object_of(&account, account__find_pid(&account, 800));
	assert_true(json_is_null(at(object, "v8")));
	assert_null(json_object_get(object, "explain"));
	assert_int_equal(json_array_size(at(object, "stacks.threads")), 100);
	assert_int_equal(json_integer_value(at(object, "stacks.threads_left_out")),
			 SAMPLE_STACKS - 100);
	assert_int_equal(json_integer_value(at(object, "stacks.deepest")), 6 * MIB);
	isolate = json_array_get(at(object, "stacks.threads"), 0);
	assert_int_equal(json_integer_value(at(isolate, "tid")), 829);
	assert_int_equal(json_integer_value(at(isolate, "limit")), 8 * MIB);
	json_decref(object);
	account__release(&account);
}

static void test_json__classes_sum_to_rss(void **state)
{
	struct account account;
	json_t *object, *value;
	const char *name;
	json_int_t sum = 0;

	(void)state;
	sample_account__init(&account);
	object = object_of(&account, account__find_pid(&account, 4242));
	json_object_foreach((json_t *)at(object, "classes"), name, value) sum +=
		json_integer_value(value);
	assert_true(sum == 512 * MIB);
	assert_true(json_integer_value(at(object, "rss")) == sum);
	json_decref(object);
	account__release(&account);
}

static void test_json__rates_need_two_looks(void **state)
{
	struct account account;
	json_t *object;

	(void)state;
	account__init(&account);
	sample_account__first_look(&account);
	object = object_of(&account, account__find_pid(&account, 4242));
	assert_true(json_is_null(at(object, "rates")));
	assert_true(json_is_null(at(object, "interval_s")));
	json_decref(object);
	sample_account__second_look(&account);
	object = object_of(&account, account__find_pid(&account, 4242));
	/* 20 MiB and 5120 faults in 2 s */
	assert_true(json_real_value(at(object, "interval_s")) == 2.0);
	assert_true(json_integer_value(json_object_get(at(object, "rates"), "rss")) == 10 * MIB);
	assert_true(json_integer_value(json_object_get(at(object, "rates"), "faults.minor")) ==
		    2560);
	json_decref(object);
	account__release(&account);
}

static void test_json__says_how_a_process_ended(void **state)
{
	struct account account;
	struct process *worker;
	json_t *object;

	(void)state;
	sample_account__init(&account);
	assert_int_equal(account.exited_count, 1);
	worker = account.exited[0];
	object = object_of(&account, worker);
	assert_string_equal(json_string_value(at(object, "exited")),
			    "2026-01-31T12:00:01.500000000Z");
	assert_int_equal(json_integer_value(at(object, "exit_status")), 137);
	assert_int_equal(json_integer_value(at(object, "exit_signal")), SIGKILL);
	assert_true(json_is_true(at(object, "oom_killed")));
	assert_true(json_integer_value(at(object, "rss_peak")) == 100 * MIB);
	json_decref(object);
	worker->exit_status = 3 << 8;
	object = object_of(&account, worker);
	assert_int_equal(json_integer_value(at(object, "exit_status")), 3);
	assert_true(json_is_null(at(object, "exit_signal")));
	json_decref(object);
	worker->exit_status = -1;
	object = object_of(&account, worker);
	assert_true(json_is_null(at(object, "exit_status")));
	json_decref(object);
	object = object_of(&account, account__find_pid(&account, 700));
	assert_null(json_object_get(object, "exited"));
	json_decref(object);
	account__release(&account);
}

static void test_json__container_has_its_figures(void **state)
{
	struct account account;
	json_t *object;

	(void)state;
	sample_account__init(&account);
	object = object_of(&account, account__find_pid(&account, 4242));
	assert_string_equal(json_string_value(at(object, "container.name")), "web");
	assert_string_equal(json_string_value(at(object, "container.runtime")), "docker");
	assert_true(json_integer_value(at(object, "container.memory_limit")) == 1024 * MIB);
	assert_true(json_real_value(at(object, "container.pressure.some_avg10")) == 1.25);
	assert_true(json_is_null(at(object, "container.pressure.full_avg10")));
	json_decref(object);
	account__release(&account);
}

static void test_json__strings_survive(void **state)
{
	static const char *const texts[] = {
		"",
		"plain",
		"\"",
		"\\",
		"a\"b\\c/d",
		"\b\f\n\r\t",
		"\001\037\177",
		"\033[31m",
		"größe 名前 🦀",
		"\xef\xbf\xbd",
		"</script>",
		"{\"a\":[",
		"%s%n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct output output;
		json_t *value;

		output__init(&output, -1);
		output__add_char(&output, '[');
		json__add_string(&output, texts[i]);
		output__add_char(&output, ']');
		for (size_t c = 0; c < output.length; c++)
			assert_true((unsigned char)output.data[c] >= 0x20);
		value = parse(output.data, output.length);
		assert_string_equal(json_string_value(json_array_get(value, 0)), texts[i]);
		json_decref(value);
		output__release(&output);
	}
}

static void test_json__notes_are_said_once(void **state)
{
	struct account account;
	struct process *process;
	json_t *object;

	(void)state;
	sample_account__init(&account);
	process = account__find_pid(&account, 700);
	/* as a recording brings it along */
	process__add_note(process, "%s", look_unmeasured_note);
	object = object_of(&account, process);
	assert_int_equal(json_array_size(at(object, "notes")), 2);
	assert_string_equal(json_string_value(json_array_get(at(object, "notes"), 1)),
			    "classes: not among the largest");
	json_decref(object);
	account__release(&account);
}

/* An output that writes as it goes must give the same bytes as one that keeps all. */
static void test_json__is_the_same_in_pieces(void **state)
{
	struct account account;
	struct output kept, written;
	struct look look;
	FILE *file = tmpfile();
	char *data;

	(void)state;
	assert_non_null(file);
	sample_account__init(&account);
	look__init(&look, &account, NULL, NULL);
	output__init(&kept, -1);
	json__look(&kept, &look);
	output__init(&written, fileno(file));
	written.limit = 97;
	json__look(&written, &look);
	assert_int_equal(output__flush(&written), 0);
	rewind(file);
	data = test_malloc(kept.length + 1);
	assert_int_equal(fread(data, 1, kept.length + 1, file), kept.length);
	assert_memory_equal(data, kept.data, kept.length);
	test_free(data);
	fclose(file);
	output__release(&kept);
	output__release(&written);
	look__release(&look);
	account__release(&account);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json__has_the_names_of_the_contract),
		cmocka_unit_test(test_json__contract_names_stand_in_order),
		cmocka_unit_test(test_json__every_figure_is_at_its_path),
		cmocka_unit_test(test_json__unknown_is_null_never_0),
		cmocka_unit_test(test_json__heaps_in_the_words_of_the_contract),
		cmocka_unit_test(test_json__classes_sum_to_rss),
		cmocka_unit_test(test_json__rates_need_two_looks),
		cmocka_unit_test(test_json__says_how_a_process_ended),
		cmocka_unit_test(test_json__container_has_its_figures),
		cmocka_unit_test(test_json__strings_survive),
		cmocka_unit_test(test_json__notes_are_said_once),
		cmocka_unit_test(test_json__is_the_same_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
