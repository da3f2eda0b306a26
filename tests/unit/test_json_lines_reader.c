/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/account.h"
#include "model/source.h"
#include "recording/json_lines_reader.h"
#include "unit/sample_account.h"
#include "view/json.h"

#define BAD    "\xef\xbf\xbd"
#define SECOND INT64_C(1000000000)
#define NOON   (INT64_C(1769860800) * SECOND) /* date -u -d 2026-01-31T12:00:00Z +%s */

/* An account fed by a recording, and what is said on standard error meanwhile. */
struct replay {
	struct account account;
	struct source *source;
	FILE *said;
	int saved_stderr;
	char message[4096];
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

static void listen_in(struct replay *replay)
{
	fflush(stderr);
	replay->said = tmpfile();
	assert_non_null(replay->said);
	replay->saved_stderr = dup(STDERR_FILENO);
	dup2(fileno(replay->said), STDERR_FILENO);
}

/* Leaves in message what was said since listen_in(). */
static void listen_out(struct replay *replay)
{
	size_t length;

	fflush(stderr);
	dup2(replay->saved_stderr, STDERR_FILENO);
	close(replay->saved_stderr);
	rewind(replay->said);
	length = fread(replay->message, 1, sizeof(replay->message) - 1, replay->said);
	replay->message[length] = '\0';
	fclose(replay->said);
}

static int open_recording(struct replay *replay, const char *path)
{
	int result;

	listen_in(replay);
	result = json_lines_reader__open(&replay->source, path);
	listen_out(replay);
	return result;
}

static int look(struct replay *replay)
{
	int result;

	listen_in(replay);
	result = replay->source->look(replay->source, &replay->account);
	listen_out(replay);
	return result;
}

static void open_bytes(struct replay *replay, const char *bytes, size_t length)
{
	int fd;

	strcpy(replay->path, "/tmp/memsonde-test-XXXXXX");
	fd = mkstemp(replay->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), length);
	close(fd);
	assert_int_equal(open_recording(replay, replay->path), 0);
}

static void open_text(struct replay *replay, const char *text)
{
	open_bytes(replay, text, strlen(text));
}

static struct process *find(const struct replay *replay, uint32_t pid)
{
	struct process *process = account__find_pid(&replay->account, pid);

	assert_non_null(process);
	return process;
}

static const struct process *find_exited(const struct replay *replay, uint32_t pid)
{
	for (size_t i = 0; i < replay->account.exited_count; i++)
		if (replay->account.exited[i]->key.pid == pid)
			return replay->account.exited[i];
	fail();
	return NULL;
}

static bool has_note(const struct process *process, const char *part)
{
	for (size_t i = 0; i < process->note_count; i++)
		if (strstr(process->notes[i], part))
			return true;
	return false;
}

/* The message is one line that begins so. */
static void check_message(const struct replay *replay, const char *start)
{
	size_t length = strlen(replay->message);

	assert_memory_equal(replay->message, start, strlen(start));
	assert_ptr_equal(strchr(replay->message, '\n'), replay->message + length - 1);
}

/* ---- what is in a recording ---- */

static void test_json_lines_reader__first_look(void **state)
{
	struct replay *replay = *state;
	const struct account *account = &replay->account;
	const struct process *node;

	assert_int_equal(open_recording(replay, "tests/recordings/two_looks.jsonl"), 0);
	assert_int_equal(replay->source->fd, -1);
	assert_int_equal(look(replay), 0);
	assert_string_equal(replay->message, "");
	assert_int_equal(account->time_unix_ns, NOON);
	assert_int_equal(account->interval_ns, 0);
	assert_int_equal(account->process_count, 3);
	assert_int_equal(account->exited_count, 0);
	assert_int_equal(account->lost_events, 3);
	assert_int_equal(account->cpu_count, 2);
	assert_int_equal(account->memory_total_bytes, INT64_C(8589934592));
	assert_int_equal(account->memory_available_bytes, INT64_C(4294967296));

	node = find(replay, 4242);
	assert_int_equal(node->start_time_unix_ns, NOON - 113 * SECOND + 123456789);
	assert_string_equal(node->comm, "node");
	assert_string_equal(node->exe, "/usr/bin/node");
	assert_int_equal(node->parent_pid, 1);
	assert_int_equal(node->namespace_pid, 7);
	assert_int_equal(node->uid, 1000);
	assert_int_equal(node->image, 2);
	assert_false(node->exited);
	assert_false(node->has_previous);
	assert_null(find(replay, 100)->exe);
	assert_string_equal(find(replay, 100)->cgroup, "/user.slice");
	assert_null(find(replay, 100)->container);
}

static void test_json_lines_reader__figures(void **state)
{
	struct replay *replay = *state;
	const struct process *node;

	open_recording(replay, "tests/recordings/two_looks.jsonl");
	assert_int_equal(look(replay), 0);
	node = find(replay, 4242);
	assert_int_equal(node->figures[FIG_RSS], 50000000);
	assert_int_equal(node->figures[FIG_RSS_SHMEM], 0);
	assert_int_equal(node->figures[FIG_FAULTS_MINOR], 1000);
	assert_int_equal(node->figures[FIG_MMAP_BYTES], 123456);
	assert_int_equal(node->figures[FIG_CLASS_MALLOC], 49995000);
	assert_int_equal(node->figures[FIG_CLASS_UNACCOUNTED], -40);
	assert_false(figure_known(node->figures[FIG_SWAP]));
	assert_false(figure_known(node->figures[FIG_MUNMAP_BYTES]));
	assert_false(figure_known(node->figures[FIG_PSS])); /* not in the object at all */
	assert_int_equal(node->note_count, 1);
	assert_string_equal(node->notes[0], "swap: not counted");
	assert_int_equal(node->anon_name_count, 2);
	assert_string_equal(node->anon_names[0].name, "stack");
	assert_int_equal(node->anon_names[0].bytes, 90000);
}

static void test_json_lines_reader__container(void **state)
{
	struct replay *replay = *state;
	const struct container *web;

	open_recording(replay, "tests/recordings/two_looks.jsonl");
	assert_int_equal(look(replay), 0);
	assert_int_equal(replay->account.container_count, 1);
	web = replay->account.containers[0];
	assert_ptr_equal(find(replay, 4242)->container, web);
	assert_string_equal(web->name, "web");
	assert_string_equal(web->runtime, "docker");
	assert_string_equal(web->image, "node:20");
	assert_null(web->pod);
	assert_memory_equal(web->cgroup, "/docker/3f4e", 12);
	assert_int_equal(web->figures[CFIG_MEMORY_CURRENT], 50001000);
	assert_int_equal(web->figures[CFIG_MEMORY_LIMIT_USED], 1863);
	assert_int_equal(web->figures[CFIG_PRESSURE_SOME], 125);
	assert_int_equal(web->figures[CFIG_PRESSURE_FULL], 0);
	assert_int_equal(web->figures[CFIG_CLASS_MALLOC], 1000);
	assert_int_equal(web->figures[CFIG_RSS_SUM], 50000000); /* worked out */
	assert_false(figure_known(web->figures[CFIG_WORKING_SET]));
}

static void test_json_lines_reader__second_look(void **state)
{
	struct replay *replay = *state;
	const struct account *account = &replay->account;
	const struct process *node, *killed, *unseen;

	open_recording(replay, "tests/recordings/two_looks.jsonl");
	assert_int_equal(look(replay), 0);
	assert_int_equal(look(replay), 0);
	assert_int_equal(account->time_unix_ns, NOON + 2 * SECOND);
	assert_int_equal(account->interval_ns, 2000400000); /* as measured, not as rounded */
	assert_int_equal(account->process_count, 2);
	node = find(replay, 4242);
	assert_int_equal(node->figures[FIG_RSS_PEAK_TIME], NOON + SECOND + SECOND / 2 + 1);
	assert_int_equal(process__rate(account, node, FIG_RSS), 4095); /* 8192 in 2.0004 s */
	assert_int_equal(process__rate(account, node, FIG_FAULTS_MINOR), 250);

	assert_int_equal(account->exited_count, 2);
	killed = find_exited(replay, 102);
	assert_int_equal(killed->exit_time_unix_ns, NOON + SECOND * 7 / 4);
	assert_true(WIFSIGNALED(killed->exit_status));
	assert_int_equal(WTERMSIG(killed->exit_status), 9);
	assert_true(killed->oom_killed);
	assert_int_equal(killed->figures[FIG_RSS_PEAK], 7777777);
	assert_false(figure_known(killed->figures[FIG_RSS]));
	unseen = find_exited(replay, 101);
	assert_true(WIFEXITED(unseen->exit_status));
	assert_int_equal(WEXITSTATUS(unseen->exit_status), 3);
	assert_int_equal(unseen->figures[FIG_RSS], 1000101);

	assert_int_equal(look(replay), -ENODATA);
	assert_int_equal(look(replay), -ENODATA);
	assert_string_equal(replay->message, "");
}

static void test_json_lines_reader__unknown_names_are_passed_over(void **state)
{
	struct replay *replay = *state;

	open_recording(replay, "tests/recordings/unknown_names.jsonl");
	assert_int_equal(look(replay), 0);
	assert_string_equal(replay->message, "");
	assert_int_equal(find(replay, 100)->figures[FIG_CLASS_MALLOC], 77);
	assert_int_equal(find(replay, 100)->note_count, 0);
	assert_int_equal(look(replay), -ENODATA);
}

/* ---- what stat writes ---- */

static char *as_json(const struct account *account)
{
	struct output output;
	char *text;

	output__init(&output, -1);
	for (size_t i = 0; i < account->process_count; i++)
		json__process(&output, account, account->processes[i]);
	for (size_t i = 0; i < account->exited_count; i++)
		json__process(&output, account, account->exited[i]);
	text = xcalloc(output.length + 1, 1);
	memcpy(text, output.data, output.length);
	output__release(&output);
	return text;
}

static void check_same_text(const char *a, const char *b)
{
	assert_true(!a == !b);
	if (a)
		assert_string_equal(a, b);
}

static void check_same_process(const struct process *read, const struct process *written)
{
	assert_int_equal(read->start_time_unix_ns, written->start_time_unix_ns);
	assert_int_equal(read->image, written->image);
	assert_int_equal(read->parent_pid, written->parent_pid);
	assert_int_equal(read->uid, written->uid);
	assert_int_equal(read->exited, written->exited);
	assert_int_equal(read->oom_killed, written->oom_killed);
	assert_int_equal(read->exit_status, written->exit_status);
	assert_int_equal(read->exit_time_unix_ns, written->exit_time_unix_ns);
	check_same_text(read->comm, written->comm);
	check_same_text(read->exe, written->exe);
	check_same_text(read->cgroup, written->cgroup);
	assert_memory_equal(read->figures, written->figures, sizeof(read->figures));
	assert_true(!read->container == !written->container);
	if (read->container)
		assert_memory_equal(read->container->figures, written->container->figures,
				    sizeof(read->container->figures));
	for (size_t i = 0; i < written->note_count; i++)
		assert_true(has_note(read, written->notes[i]));
	assert_int_equal(read->anon_name_count, written->anon_name_count);
}

static void test_json_lines_reader__reads_what_stat_writes(void **state)
{
	struct replay *replay = *state;
	struct account account;
	char *text[2], *both;

	account__init(&account);
	sample_account__first_look(&account);
	text[0] = as_json(&account);
	sample_account__second_look(&account);
	text[1] = as_json(&account);
	both = xasprintf("%s%s", text[0], text[1]);
	open_text(replay, both);
	assert_int_equal(look(replay), 0);
	assert_int_equal(look(replay), 0);
	assert_string_equal(replay->message, "");

	assert_int_equal(replay->account.process_count, account.process_count);
	assert_int_equal(replay->account.exited_count, account.exited_count);
	assert_int_equal(replay->account.interval_ns, account.interval_ns);
	for (size_t i = 0; i < account.process_count; i++)
		check_same_process(find(replay, account.processes[i]->key.pid),
				   account.processes[i]);
	for (size_t i = 0; i < account.exited_count; i++)
		check_same_process(find_exited(replay, account.exited[i]->key.pid),
				   account.exited[i]);
	assert_int_equal(look(replay), -ENODATA);
	account__release(&account);
	free(text[0]);
	free(text[1]);
	free(both);
}

/* ---- what is wrong with one ---- */

static void test_json_lines_reader__wrong_types_are_unknown(void **state)
{
	struct replay *replay = *state;
	const struct process *process;

	open_recording(replay, "tests/recordings/wrong_types.jsonl");
	assert_int_equal(look(replay), 0);
	assert_string_equal(replay->message, "");
	assert_int_equal(replay->account.process_count, 3);
	process = find(replay, 100);
	assert_false(figure_known(process->figures[FIG_RSS]));
	assert_false(figure_known(process->figures[FIG_SWAP]));
	assert_false(figure_known(process->figures[FIG_VSIZE]));
	assert_false(figure_known(process->figures[FIG_FAULTS_MINOR]));
	assert_false(figure_known(process->figures[FIG_MMAP_BYTES]));
	assert_false(figure_known(process->figures[FIG_RSS_FILE]));
	assert_false(figure_known(process->figures[FIG_RSS_PEAK_TIME]));
	assert_int_equal(process->figures[FIG_RSS_PEAK], 1235);
	assert_true(has_note(process, "rss: not readable"));
	assert_true(has_note(process, "mapped.mmap_bytes: not readable"));
	assert_true(has_note(process, "real"));
	assert_string_equal(process->comm, "");
	assert_null(process->exe);
	assert_null(process->cgroup);
	assert_null(process->container);
	assert_int_equal(process->anon_name_count, 0);

	process = find(replay, 101);
	assert_null(process->container);
	assert_int_equal(process->anon_name_count, 1);
	assert_string_equal(process->anon_names[0].name, "z");
	process = find(replay, 102);
	assert_string_equal(process->container->id, "aa");
	assert_false(figure_known(process->container->figures[CFIG_MEMORY_CURRENT]));
	assert_int_equal(process->container->figures[CFIG_PRESSURE_FULL], 1200);
	assert_true(has_note(process, "memory_current"));
}

static void test_json_lines_reader__negative_levels_are_unknown(void **state)
{
	struct replay *replay = *state;
	const struct process *process;

	open_text(replay, "{\"time\":\"2026-01-31T12:00:00.000Z\",\"pid\":5,\"rss\":-1,"
			  "\"classes\":{\"malloc\":-4096,\"unaccounted\":-4096},"
			  "\"faults\":{\"minor\":-0.6}}\n");
	assert_int_equal(look(replay), 0);
	process = find(replay, 5);
	assert_false(figure_known(process->figures[FIG_RSS]));
	assert_false(figure_known(process->figures[FIG_CLASS_MALLOC]));
	assert_false(figure_known(process->figures[FIG_FAULTS_MINOR]));
	assert_int_equal(process->figures[FIG_CLASS_UNACCOUNTED], -4096);
	assert_true(has_note(process, "rss: not readable"));
}

static void test_json_lines_reader__hostile_text_is_sanitised(void **state)
{
	struct replay *replay = *state;
	const struct process *process;

	open_recording(replay, "tests/recordings/hostile.jsonl");
	assert_int_equal(look(replay), 0);
	process = find(replay, 100);
	assert_string_equal(process->comm, BAD "[2J" BAD "]0;owned" BAD BAD);
	assert_string_equal(process->exe, "/tmp/" BAD "gpj.exe" BAD "31m");
	assert_string_equal(process->cgroup, "/a" BAD "/b");
	assert_string_equal(process->container->id, BAD "c");
	assert_string_equal(process->container->name, "w" BAD "eb");
	assert_string_equal(process->container->runtime, "doc" BAD "ker");
	assert_string_equal(process->container->image, BAD);
	assert_string_equal(process->container->pod, "a" BAD "b");
	assert_string_equal(process->anon_names[0].name, BAD "[31m");
	assert_string_equal(process->notes[0], BAD "[41mnote" BAD);
	assert_int_equal(strlen(find(replay, 101)->comm), 63); /* 21 whole characters */
}

/* What broke off is said; what was read stands, and nobody has exited for it. */
static void test_json_lines_reader__truncated_last_line(void **state)
{
	struct replay *replay = *state;

	open_recording(replay, "tests/recordings/truncated.jsonl");
	assert_int_equal(look(replay), 0);
	check_message(replay, "memsonde: tests/recordings/truncated.jsonl:3: cut off: ");
	assert_int_equal(replay->account.process_count, 2);
	assert_int_equal(find(replay, 100)->figures[FIG_RSS], 1000100);
	assert_int_equal(look(replay), -ENOLINK);
	assert_string_equal(replay->message, "");
}

static const char alive_at[] = "{\"time\":\"2026-01-31T12:00:0%d.000Z\",\"pid\":%d,\"rss\":%d}\n";

static void test_json_lines_reader__broken_off_within_a_look(void **state)
{
	struct replay *replay = *state;
	char text[1024];
	int length = 0;

	length += sprintf(text + length, alive_at, 0, 1, 111);
	length += sprintf(text + length, alive_at, 0, 2, 222);
	length += sprintf(text + length, alive_at, 1, 1, 112);
	sprintf(text + length, "{\"time\":");
	open_text(replay, text);
	assert_int_equal(look(replay), 0);
	assert_string_equal(replay->message, "");
	assert_int_equal(look(replay), 0);
	assert_non_null(strstr(replay->message, ":4: cut off: "));
	assert_int_equal(replay->account.exited_count, 0);
	assert_int_equal(find(replay, 1)->figures[FIG_RSS], 112);
	assert_int_equal(find(replay, 2)->previous[FIG_RSS], 222);
	assert_false(figure_known(find(replay, 2)->figures[FIG_RSS]));
	assert_true(has_note(find(replay, 2), "breaks off"));
	assert_int_equal(look(replay), -ENOLINK);
}

/* Wherever it is cut, the looks before stand; but a line in the middle must be whole. */
static void test_json_lines_reader__cut_anywhere(void **state)
{
	static const char whole[] = "{\"time\":\"2026-01-31T12:00:01.000Z\",\"pid\":5,"
				    "\"classes\":{\"malloc\":12.5},\"oom_killed\":true,"
				    "\"notes\":[\"a\\u00e9\",\"\xc3\xa9\"]}";

	for (size_t length = 1; length < sizeof(whole) - 1; length++) {
		struct replay *replay = *state;
		char text[512];
		int end = sprintf(text, alive_at, 0, 5, 1);

		end += sprintf(text + end, "%.*s", (int)length, whole);
		open_text(replay, text);
		assert_int_equal(look(replay), 0);
		assert_non_null(strstr(replay->message, ":2: cut off: "));
		assert_int_equal(look(replay), -ENOLINK);
		finish(state);
		start(state);

		replay = *state;
		sprintf(text + end, "\n");
		open_text(replay, text);
		assert_int_equal(look(replay), 0);
		assert_non_null(strstr(replay->message, ":2: not JSON: "));
		assert_int_equal(look(replay), -EBADMSG);
		finish(state);
		start(state);
	}
}

static void test_json_lines_reader__invalid_utf8_is_refused(void **state)
{
	struct replay *replay = *state;

	open_recording(replay, "tests/recordings/invalid_utf8.jsonl");
	assert_int_equal(look(replay), 0);
	check_message(replay, "memsonde: tests/recordings/invalid_utf8.jsonl:2: not JSON: ");
	assert_null(strchr(replay->message, '\x1b'));
	assert_int_equal(replay->account.process_count, 1);
	assert_int_equal(look(replay), -EBADMSG);
}

static void test_json_lines_reader__escaped_nul_is_refused(void **state)
{
	struct replay *replay = *state;

	open_recording(replay, "tests/recordings/escaped_nul.jsonl");
	assert_int_equal(look(replay), -EBADMSG);
	check_message(replay, "memsonde: tests/recordings/escaped_nul.jsonl:1: not JSON: ");
	assert_int_equal(replay->account.look, 0);
}

static void test_json_lines_reader__no_such_object(void **state)
{
	static const char *const lines[][2] = {
		{"[1, 2]", "not a JSON object"},
		{"{}", "\"time\""},
		{"{\"time\":1,\"pid\":1}", "\"time\""},
		{"{\"time\":\"noon\",\"pid\":1}", "\"time\""},
		{"{\"time\":null,\"pid\":1}", "\"time\""},
		{"{\"time\":\"2026-01-31T12:00:00.000Z\"}", "\"pid\""},
		{"{\"time\":\"2026-01-31T12:00:00.000Z\",\"pid\":\"1\"}", "\"pid\""},
		{"{\"time\":\"2026-01-31T12:00:00.000Z\",\"pid\":0}", "\"pid\""},
		{"{\"time\":\"2026-01-31T12:00:00.000Z\",\"pid\":-1}", "\"pid\""},
		{"{\"time\":\"2026-01-31T12:00:00.000Z\",\"pid\":4294967297}", "\"pid\""},
		{"{\"time\":\"2026-01-31T12:00:00.000Z\",\"pid\":1,\"start_time\":7}",
		 "\"start_time\""},
		{"{\"time\":\"2026-01-31T12:00:00.000Z\",\"pid\":1,\"exited\":true}", "\"exited\""},
		{"{\"time\":\"2026-01-31T12:00:00.000Z\",\"pid\":99999999999999999999}",
		 "not JSON"},
		{"{} {}", "not JSON"},
		{"plain text", "not JSON"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct replay *replay = *state;

		open_text(replay, lines[i][0]);
		assert_int_equal(look(replay), -EBADMSG);
		assert_non_null(strstr(replay->message, lines[i][1]));
		assert_non_null(strstr(replay->message, ":1: "));
		finish(state);
		start(state);
	}
}

static void test_json_lines_reader__last_line_without_newline(void **state)
{
	struct replay *replay = *state;

	open_recording(replay, "tests/recordings/no_last_newline.jsonl");
	assert_int_equal(look(replay), 0);
	assert_int_equal(find(replay, 100)->figures[FIG_RSS], 1000100);
	assert_int_equal(look(replay), -ENODATA);
	assert_string_equal(replay->message, "");
}

static void test_json_lines_reader__blank_lines(void **state)
{
	struct replay *replay = *state;

	open_text(replay, "\n \t\r\n{\"time\":\"2026-01-31T12:00:00.000Z\",\"pid\":5}\r\n\n");
	assert_int_equal(look(replay), 0);
	assert_int_equal(find(replay, 5)->start_time_unix_ns, 0);
	assert_int_equal(look(replay), -ENODATA);
	finish(state);
	start(state);

	open_text(*state, "");
	assert_int_equal(look(*state), -ENODATA);
}

/* A line of `length` bytes whose object is closed at its end. */
static void check_long_line(void **state, size_t length, int expected)
{
	static const char head[] = "{\"time\":\"2026-01-31T12:00:00.000Z\",\"pid\":5,\"x\":\"";
	struct replay *replay = *state;
	char *line = xcalloc(length + 1, 1);

	memset(line, 'x', length);
	memcpy(line, head, sizeof(head) - 1);
	memcpy(line + length - 2, "\"}", 2);
	line[length] = '\n';
	open_bytes(replay, line, length + 1);
	assert_int_equal(look(replay), expected);
	free(line);
}

static void test_json_lines_reader__huge_line(void **state)
{
	struct replay *replay = *state;

	check_long_line(state, 1 << 20, 0);
	finish(state);
	start(state);
	replay = *state;
	check_long_line(state, (1 << 20) + 1, -EMSGSIZE);
	assert_non_null(strstr(replay->message, ":1: longer than 1 MiB"));
	assert_int_equal(look(replay), -EMSGSIZE);
}

/* Nesting must not take the stack away. */
static void test_json_lines_reader__deep_nesting(void **state)
{
	struct replay *replay = *state;
	size_t length = 1 << 19;
	char *line = xcalloc(length, 1);

	memset(line, '[', length);
	open_bytes(replay, line, length);
	free(line);
	assert_int_equal(look(replay), -EBADMSG);
}

static void test_json_lines_reader__nul_bytes(void **state)
{
	struct replay *replay = *state;

	open_bytes(replay, "\0\0\n", 3);
	assert_int_equal(look(replay), -EBADMSG);
	assert_non_null(strstr(replay->message, ":1: not JSON: "));
}

static void test_json_lines_reader__cannot_open(void **state)
{
	struct replay *replay = *state;

	assert_int_equal(open_recording(replay, "tests/recordings/no such\x1b file"), -ENOENT);
	check_message(replay, "memsonde: cannot open 'tests/recordings/no such" BAD " file': ");
	assert_int_equal(open_recording(replay, "tests/recordings"), -EISDIR);
	check_message(replay, "memsonde: cannot open 'tests/recordings': ");
	assert_null(replay->source);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_json_lines_reader__##name, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_look),
		TEST(figures),
		TEST(container),
		TEST(second_look),
		TEST(unknown_names_are_passed_over),
		TEST(reads_what_stat_writes),
		TEST(wrong_types_are_unknown),
		TEST(negative_levels_are_unknown),
		TEST(hostile_text_is_sanitised),
		TEST(truncated_last_line),
		TEST(cut_anywhere),
		TEST(broken_off_within_a_look),
		TEST(invalid_utf8_is_refused),
		TEST(escaped_nul_is_refused),
		TEST(no_such_object),
		TEST(last_line_without_newline),
		TEST(blank_lines),
		TEST(huge_line),
		TEST(deep_nesting),
		TEST(nul_bytes),
		TEST(cannot_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
