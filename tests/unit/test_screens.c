/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Screens as text: an account made by formulas, keys in, a grid out, compared with
 * tests/screens/NAME.txt. GENERATE=1 rewrites those files: read what it wrote.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "model/account.h"
#include "unit/sample_account.h"
#include "view/columns.h"
#include "view/tui/grid.h"
#include "view/tui/keys.h"
#include "view/tui/tui.h"

#define NS_PER_SECOND	INT64_C(1000000000)
#define FIRST_LOOK_NS	(INT64_C(1769860800) * NS_PER_SECOND) /* 2026-01-31T12:00:00Z */
#define PROCESSES	40
#define CONTAINERS	4
#define PAGE(bytes)	((bytes) / 4096 * 4096)
#define GROWING_PROCESS 2

/* --- the account --- */

struct fixture {
	struct account account;
	struct tui *tui;
	struct grid grid;
	int looks;
	bool without_first; /* the first process has exited */
	bool without_containers;
	bool knows_all_classes;
};

static const char *const names[] = {"postgres", "node",	       "java",	 "nginx",
				    "redis",	"Web Content", "数据库", "kthread\u00e9"};

static const struct {
	const char *id, *name, *runtime;
	int64_t current, limit;
} containers[CONTAINERS] = {
	{"0123456789abcdef0123456789abcdef", "web", "docker", 480 * MIB, 512 * MIB},
	{"fedcba9876543210fedcba9876543210", "db", "docker", 900 * MIB, 4096 * MIB},
	{"00aa00bb00cc00dd00ee00ff00aa00bb", NULL, "containerd", 70 * MIB, FIGURE_UNKNOWN},
	{"ssh.service", "ssh.service", "systemd", 6 * MIB, FIGURE_UNKNOWN},
};

static struct process_key key_of(int i)
{
	return (struct process_key){.start_ns = (i + 1) * NS_PER_SECOND, .pid = 100 + 31 * i};
}

static void set_classes(struct process *process, int64_t anon, int64_t file, int64_t shmem)
{
	figure_value *figures = process->figures;

	for (int i = FIG_CLASS_FIRST; i <= FIG_CLASS_LAST; i++)
		figures[i] = 0;
	figures[FIG_CLASS_V8_HEAP] = FIGURE_UNKNOWN;
	figures[FIG_CLASS_MALLOC] = PAGE(anon * 3 / 4);
	figures[FIG_CLASS_STACK] = 132 * 1024;
	figures[FIG_CLASS_ANON] = anon - figures[FIG_CLASS_MALLOC] - 132 * 1024;
	figures[FIG_CLASS_CODE] = PAGE(file / 3);
	figures[FIG_CLASS_FILE] = file - figures[FIG_CLASS_CODE] - 8192;
	figures[FIG_CLASS_SHMEM] = shmem;
	figures[FIG_CLASS_UNACCOUNTED] = 8192;
}

static void set_counters(struct process *process, int i, int look)
{
	figure_value *figures = process->figures;

	figures[FIG_FAULTS_MINOR] = 1000 * i + 25 * i * look;
	figures[FIG_FAULTS_MAJOR] = look * (i % 3);
	figures[FIG_FAULTS_READ] = 5 * i * look;
	figures[FIG_FAULTS_WRITE] = 15 * i * look;
	figures[FIG_FAULTS_PROTECTION] = 5 * i * look;
	figures[FIG_FAULTS_INSTRUCTION] = 0;
	figures[FIG_MMAP_BYTES] = (int64_t)i * look * 65536;
	figures[FIG_MUNMAP_BYTES] = (int64_t)i * look * 32768;
	figures[FIG_MMAP_CALLS] = i * look;
	figures[FIG_MUNMAP_CALLS] = i * look / 2;
	figures[FIG_MMAP_FAILURES] = i == 3;
	figures[FIG_BRK_BYTES] = look * 135168;
	figures[FIG_BRK_CALLS] = look;
	figures[FIG_LOST_EVENTS] = 0;
}

static void set_process(struct fixture *fixture, struct process *process, int i)
{
	static const char *const exes[] = {"/usr/lib/postgresql/15/bin/postgres", "/usr/bin/node"};
	int look = fixture->looks;
	int64_t growth = i == GROWING_PROCESS ? 3 * MIB : i % 5 == 4 ? -64 * 1024 : 0;
	int64_t anon = PAGE(700 * MIB / (i + 1)) + growth * look, file = PAGE(90 * MIB / (i + 2));
	int64_t shmem = i % 4 ? 0 : PAGE(40 * MIB / (i + 1));
	figure_value *figures = process->figures;

	snprintf(process->comm, sizeof process->comm, "%s", names[i % ARRAY_SIZE(names)]);
	account__set_text(&process->exe, i % 8 < 2 ? exes[i % 8] : NULL);
	account__set_text(&process->cgroup, "/system.slice/example.service");
	process->uid = i % 3 ? 1000 : 0;
	process->parent_pid = i ? 100 : 1;
	process->namespace_pid = i % 2 ? process->key.pid : 7u + i;
	process->start_time_unix_ns = FIRST_LOOK_NS - (i * 1234 + 59) * NS_PER_SECOND;
	figures[FIG_RSS_ANON] = anon;
	figures[FIG_RSS_FILE] = file;
	figures[FIG_RSS_SHMEM] = shmem;
	figures[FIG_RSS] = anon + file + shmem;
	figures[FIG_RSS_PEAK] = figures[FIG_RSS] + (i % 6 ? 0 : 8 * MIB);
	figures[FIG_RSS_PEAK_TIME] = fixture->account.time_unix_ns - NS_PER_SECOND / 2;
	figures[FIG_RSS_HIGH_WATER] = figures[FIG_RSS] + 20 * MIB;
	figures[FIG_SWAP] = i % 7 ? 0 : 12 * MIB;
	figures[FIG_VSIZE] = 4 * figures[FIG_RSS];
	figures[FIG_PAGE_TABLES] = PAGE(figures[FIG_RSS] / 400);
	figures[FIG_THREADS] = 1 + i % 9;
	figures[FIG_LIMIT_STACK] = 8 * MIB;
	figures[FIG_LIMIT_AVAILABLE] = 9000 * MIB;
	if (process->wants_breakdown || fixture->knows_all_classes)
		set_classes(process, anon, file, shmem);
	set_counters(process, i, look);
	if (i == 1) {
		process__add_note(process, "heap: no allocator was recognised");
		process__add_anon_name(process, "v8: sandbox", 128 * MIB);
	}
}

static struct container *set_container(struct fixture *fixture, int i)
{
	struct container *container =
		account__container(&fixture->account, containers[i].runtime, containers[i].id);
	figure_value *figures = container->figures;

	account__set_text(&container->name, containers[i].name);
	account__set_text(&container->image, i < 2 ? "registry.example/app:1.2" : NULL);
	figures[CFIG_MEMORY_CURRENT] = containers[i].current + (i ? 0 : fixture->looks * MIB);
	figures[CFIG_MEMORY_LIMIT] = containers[i].limit;
	if (figure_known(containers[i].limit))
		figures[CFIG_MEMORY_LIMIT_USED] =
			figures[CFIG_MEMORY_CURRENT] * 10000 / containers[i].limit;
	figures[CFIG_WORKING_SET] = PAGE(containers[i].current * 4 / 5);
	figures[CFIG_MEMORY_ANON] = containers[i].current / 2;
	figures[CFIG_MEMORY_FILE] = containers[i].current / 4;
	figures[CFIG_OOM_KILLS] = i ? 0 : 2;
	figures[CFIG_PRESSURE_SOME] = i ? 0 : 1234;
	figures[CFIG_PRESSURE_FULL] = i ? 0 : 56;
	if (container->wants_breakdown) {
		for (int c = CFIG_CLASS_FIRST; c <= CFIG_CLASS_LAST; c++)
			figures[c] = 0;
		figures[CFIG_CLASS_MALLOC] = 200 * MIB;
		figures[CFIG_CLASS_CODE] = 30 * MIB;
		figures[CFIG_CLASS_FILE] = 60 * MIB;
		figures[CFIG_RSS_UNIQUE] = 290 * MIB;
	}
	return container;
}

static void look(struct fixture *fixture)
{
	struct account *account = &fixture->account;

	account__begin_look(account, FIRST_LOOK_NS + fixture->looks * NS_PER_SECOND);
	account->interval_ns = fixture->looks ? NS_PER_SECOND : 0;
	account->cpu_count = 8;
	account->memory_total_bytes = 16000 * MIB;
	account->memory_available_bytes = 9000 * MIB;
	if (fixture->without_first) {
		struct process *process = account__exited(account, key_of(0));

		if (process) {
			process->exit_status = 9;
			process->oom_killed = true;
			process->exit_time_unix_ns = account->time_unix_ns;
		}
	}
	for (int i = fixture->without_first; i < PROCESSES; i++) {
		struct process *process = account__process(account, key_of(i));

		set_process(fixture, process, i);
		process->container = i % 5 && !fixture->without_containers
					     ? set_container(fixture, i % 5 - 1)
					     : NULL;
	}
	account__end_look(account);
	fixture->looks++;
	tui__looked(fixture->tui);
}

/* --- scripts: names of keys, and words that begin with @ --- */

static void start(struct fixture *fixture, int width, int height, bool ascii)
{
	struct tui_settings settings = {.ascii = ascii, .interval_ns = NS_PER_SECOND};

	memset(fixture, 0, sizeof *fixture);
	account__init(&fixture->account);
	fixture->tui = tui__new(&settings, &fixture->account);
	tui__set_colours(fixture->tui, !ascii);
	grid__init(&fixture->grid, width, height);
}

static void stop(struct fixture *fixture)
{
	tui__free(fixture->tui);
	account__release(&fixture->account);
	grid__release(&fixture->grid);
}

static void play_word(struct fixture *fixture, const char *word)
{
	if (strcmp(word, "@look") == 0)
		look(fixture);
	else if (strcmp(word, "@heaps") == 0) {
		sample_account__look_at_heaps(&fixture->account);
		tui__looked(fixture->tui);
	} else if (strcmp(word, "@exit") == 0)
		fixture->without_first = true;
	else if (strcmp(word, "@stop") == 0)
		fixture->without_containers = true;
	else if (strcmp(word, "@lose") == 0)
		fixture->account.lost_events += 17;
	else if (strcmp(word, "@end") == 0)
		tui__ended(fixture->tui, "recording ended");
	else
		tui__key(fixture->tui, key__from_name(word));
	/* drawn after each word, as by the real loop: heights of pages come from there */
	tui__draw(fixture->tui, &fixture->grid);
}

static void play(struct fixture *fixture, const char *script)
{
	char *copy = xstrdup(script), *state;

	for (char *word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state))
		play_word(fixture, word);
	free(copy);
}

#define LOOKS "@look @look @look @look @look @look @look @look @look @look "

static const struct screen_case {
	const char *name;
	int width, height;
	bool ascii;
	const char *script;
} cases[] = {
	{"processes-80x24", 80, 24, false, LOOKS},
	{"processes-100x30-ascii", 100, 30, true, LOOKS},
	{"processes-300x100", 300, 100, false, LOOKS "@look"},
	{"processes-40x12", 40, 12, false, LOOKS},
	{"processes-before-first-look", 80, 24, false, "Down Up"},
	{"processes-first-look", 80, 24, false, "@look"},
	{"processes-classes-100x30", 100, 30, false, LOOKS "F5 @look"},
	{"processes-classes-300x100-ascii", 300, 100, true, LOOKS "F5 @look"},
	{"processes-by-growth", 80, 24, false, LOOKS "G"},
	{"processes-by-pid-inverted", 80, 24, false, LOOKS "N I"},
	{"processes-tagged", 80, 24, false, LOOKS "Space Down Space PgDn"},
	{"processes-filter-typing", 80, 24, false, LOOKS "/ n o d e"},
	{"processes-filter-kept", 80, 24, false, LOOKS "F4 n o d e Enter Down"},
	{"processes-filter-none", 80, 24, false, LOOKS "F4 x y z Enter"},
	{"processes-search", 80, 24, false, LOOKS "F3 j a v a F3"},
	{"processes-search-fails", 80, 24, false, LOOKS "F3 j a v a x"},
	{"processes-interval", 80, 24, false, LOOKS "d 2 . 5"},
	{"processes-warnings", 80, 24, false, LOOKS "@lose @look p @end"},
	{"processes-sort-menu", 80, 24, false, LOOKS "F6 Down"},
	{"processes-by-other-column", 80, 24, false,
	 LOOKS "> F4 p a g e _ t Enter Home Enter @look"},
	{"containers-80x24", 80, 24, false, LOOKS "Tab"},
	{"containers-80x24-ascii", 80, 24, true, LOOKS "Tab"},
	{"containers-300x100", 300, 100, false, LOOKS "Tab"},
	{"container-80x24", 80, 24, false, LOOKS "Tab Down Enter @look"},
	{"container-100x30-ascii", 100, 30, true, LOOKS "Tab Down Enter @look"},
	{"container-gone", 80, 24, false, LOOKS "Tab Down Enter @look @stop @look"},
	{"container-working", 80, 24, false, LOOKS "Tab Down Enter"},
	{"process-80x24", 80, 24, false, LOOKS "Enter @look @look"},
	{"process-80x24-ascii", 80, 24, true, LOOKS "Enter @look @look"},
	{"process-80x24-scrolled", 80, 24, false, LOOKS "Down Enter @look PgDn PgDn"},
	{"process-100x30", 100, 30, false, LOOKS "Down Enter @look @look"},
	{"process-300x100", 300, 100, false, LOOKS "Down Enter @look @look"},
	{"process-working", 80, 24, false, LOOKS "Enter"},
	{"process-exited", 80, 24, false, LOOKS "Enter @look @exit @look @look @look"},
	{"process-of-container", 80, 24, false, LOOKS "Tab Enter Enter @look"},
	{"heaps-80x24", 80, 24, false, "@heaps @heaps"},
	{"heaps-classes-100x30", 100, 30, false, "@heaps @heaps F5"},
	{"heaps-node-80x24", 80, 24, false, "@heaps Enter @heaps"},
	{"heaps-node-scrolled-80x24-ascii", 80, 24, true, "@heaps Enter @heaps PgDn PgDn"},
	{"heaps-node-200x50", 200, 50, false, "@heaps Enter @heaps"},
	{"heaps-cruncher-100x80", 100, 80, false, "@heaps Down Enter @heaps"},
	{"help-80x24", 80, 24, false, LOOKS "F1"},
	{"help-100x80", 100, 80, false, LOOKS "?"},
	{"tiny-20x5", 20, 5, false, LOOKS "Enter"},
	{"tiny-process-20x6", 20, 6, false, LOOKS "Enter @look"},
};

/* --- comparing --- */

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = xcalloc(1, 1 << 20);

	if (!file) {
		free(text);
		return NULL;
	}
	text[fread(text, 1, (1 << 20) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void compare(const char *name, const char *actual)
{
	char path[128];

	snprintf(path, sizeof path, "tests/screens/%s.txt", name);
	if (getenv("GENERATE")) {
		write_file(path, actual);
		return;
	}
	char *expected = read_file(path);
	if (!expected)
		fail_msg("no file %s: make it with GENERATE=1", path);
	if (strcmp(expected, actual) != 0)
		print_error("%s is now:\n%s", path, actual);
	assert_string_equal(actual, expected);
	free(expected);
}

static void test_screens__as_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture fixture;

		start(&fixture, cases[i].width, cases[i].height, cases[i].ascii);
		play(&fixture, cases[i].script);
		tui__draw(fixture.tui, &fixture.grid);
		char *actual = grid__dump(&fixture.grid);
		compare(cases[i].name, actual);
		if (cases[i].ascii)
			for (const char *c = actual; *c; c++)
				assert_true(*c == '\n' || (*c >= 0x20 && *c < 0x7F));
		free(actual);
		stop(&fixture);
	}
}

/* --- what text does not show --- */

static int count_wanted(const struct fixture *fixture)
{
	int count = 0;

	for (size_t i = 0; i < fixture->account.process_count; i++)
		count += fixture->account.processes[i]->wants_breakdown;
	return count;
}

static void test_screens__classes_are_wanted_while_shown(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, 80, 24, false);
	play(&fixture, "@look @look");
	assert_int_equal(count_wanted(&fixture), 0);
	play(&fixture, "Enter");
	assert_int_equal(count_wanted(&fixture), 1);
	assert_true(account__find(&fixture.account, key_of(0))->wants_breakdown);
	play(&fixture, "F1 @look");
	assert_int_equal(count_wanted(&fixture), 1);
	play(&fixture, "Esc Esc");
	assert_int_equal(count_wanted(&fixture), 0);
	/* of a table of classes the rows that are on the screen */
	play(&fixture, "F5 @look");
	assert_int_equal(count_wanted(&fixture), 24 - 3 - 1 - 1);
	/* also while a menu lies on it */
	play(&fixture, "F6 @look");
	assert_int_equal(count_wanted(&fixture), 24 - 3 - 1 - 1);
	play(&fixture, "Esc F1 @look");
	assert_int_equal(count_wanted(&fixture), 24 - 3 - 1 - 1);
	play(&fixture, "Esc");
	play(&fixture, "F5 Tab Enter");
	assert_int_equal(count_wanted(&fixture), 0);
	assert_true(fixture.account.containers[0]->wants_breakdown ||
		    fixture.account.containers[1]->wants_breakdown);
	play(&fixture, "q @look");
	for (size_t i = 0; i < fixture.account.container_count; i++)
		assert_false(fixture.account.containers[i]->wants_breakdown);
	stop(&fixture);
}

static void test_screens__keys_that_leave(void **state)
{
	static const char *const back[] = {"Enter q",	      "Enter Esc", "Enter Left",
					   "Enter Backspace", "F1 q",	   "F6 q"};
	struct fixture fixture;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(back); i++) {
		start(&fixture, 80, 24, false);
		play(&fixture, "@look");
		play(&fixture, back[i]);
		assert_false(tui__wants_quit(fixture.tui));
		play(&fixture, "q");
		assert_true(tui__wants_quit(fixture.tui));
		stop(&fixture);
	}
	start(&fixture, 80, 24, false);
	play(&fixture, "@look Enter F4 F10");
	assert_true(tui__wants_quit(fixture.tui));
	stop(&fixture);
}

static void test_screens__interval(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, 80, 24, false);
	play(&fixture, "@look +");
	assert_int_equal(tui__interval_ns(fixture.tui), 2 * NS_PER_SECOND);
	play(&fixture, "- -");
	assert_int_equal(tui__interval_ns(fixture.tui), NS_PER_SECOND / 2);
	play(&fixture, "d 0 . 2 5 Enter");
	assert_int_equal(tui__interval_ns(fixture.tui), NS_PER_SECOND / 4);
	play(&fixture, "d 0 Enter Esc d x Enter Esc d n a n Enter Esc d 9 9 9 9 9 Enter Esc");
	assert_int_equal(tui__interval_ns(fixture.tui), NS_PER_SECOND / 4);
	assert_false(tui__is_paused(fixture.tui));
	play(&fixture, "p");
	assert_true(tui__is_paused(fixture.tui));
	play(&fixture, "C-l");
	assert_true(tui__take_repaint(fixture.tui));
	assert_false(tui__take_repaint(fixture.tui));
	stop(&fixture);
}

/* Any key at any time, at any size, while processes and containers come and go. */
static void test_screens__any_keys(void **state)
{
	static const int named[] = {KEY_CODE_ENTER,	KEY_CODE_ESCAPE, KEY_CODE_TAB,
				    KEY_CODE_BACKSPACE, 0x4E00,		 0x85};
	struct fixture fixture;
	unsigned int seed = 1;

	(void)state;
	start(&fixture, 80, 24, false);
	for (int i = 0; i < 6000; i++) {
		int kind = rand_r(&seed) % 16, key = ' ' + rand_r(&seed) % 95;

		if (kind < 4)
			key = KEY_CODE_FIRST_NAMED +
			      rand_r(&seed) % (KEY_CODE_F12 - KEY_CODE_FIRST_NAMED + 1);
		else if (kind < 8)
			key = named[rand_r(&seed) % ARRAY_SIZE(named)];
		if (kind == 15) {
			fixture.without_first = rand_r(&seed) % 2;
			fixture.without_containers = rand_r(&seed) % 2;
			look(&fixture);
		} else {
			tui__key(fixture.tui, key);
		}
		if (kind == 14)
			grid__resize(&fixture.grid, rand_r(&seed) % 320, rand_r(&seed) % 60);
		tui__draw(fixture.tui, &fixture.grid);
	}
	stop(&fixture);
}

static int set_up(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	return setlocale(LC_ALL, "C.UTF-8") ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_screens__as_text),
		cmocka_unit_test(test_screens__classes_are_wanted_while_shown),
		cmocka_unit_test(test_screens__keys_that_leave),
		cmocka_unit_test(test_screens__interval),
		cmocka_unit_test(test_screens__any_keys),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
