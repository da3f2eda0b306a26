/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/account.h"

#define SECOND INT64_C(1000000000)
#define START  (1769860800 * SECOND)

static int make_account(void **state)
{
	struct account *account = xcalloc(1, sizeof(*account));

	account__init(account);
	*state = account;
	return 0;
}

static int free_account(void **state)
{
	account__release(*state);
	free(*state);
	return 0;
}

static struct process_key key(uint32_t pid)
{
	return (struct process_key){.start_ns = 1000 + pid, .pid = pid};
}

/* The looks are one second apart. */
static void begin(struct account *account)
{
	account__begin_look(account, START + (int64_t)account->look * SECOND);
}

static struct process *see(struct account *account, uint32_t pid, figure_value rss)
{
	struct process *process = account__process(account, key(pid));

	process->figures[FIG_RSS] = rss;
	return process;
}

/* ---- looks ---- */

static void test_account__first_look_has_no_rates(void **state)
{
	struct account *account = *state;
	struct process *process;

	assert_int_equal(account->exited_limit, 1000);
	assert_false(figure_known(account->memory_total_bytes));
	begin(account);
	process = see(account, 1, 4096);
	account__end_look(account);
	assert_int_equal(account->look, 1);
	assert_int_equal(account->interval_ns, 0);
	assert_int_equal(account->process_count, 1);
	assert_false(process->has_previous);
	assert_false(figure_known(process->figures[FIG_SWAP]));
	assert_false(figure_known(process__rate(account, process, FIG_RSS)));
	assert_int_equal(process->exit_status, -1);
}

static void test_account__figures_become_previous(void **state)
{
	struct account *account = *state;
	struct process *process;

	begin(account);
	process = see(account, 1, 4096);
	process->figures[FIG_SWAP] = 7;
	process__add_note(process, "of look %d", 1);
	process__add_anon_name(process, "heap", 10);
	account__end_look(account);

	begin(account);
	assert_int_equal(account->interval_ns, SECOND);
	assert_ptr_equal(account__process(account, key(1)), process);
	assert_true(process->has_previous);
	assert_int_equal(process->previous[FIG_RSS], 4096);
	assert_false(figure_known(process->figures[FIG_RSS]));
	assert_int_equal(process->note_count, 0);
	assert_int_equal(process->anon_name_count, 0);
	process->figures[FIG_RSS] = 8192;
	/* to be seen twice in a look is to be seen once */
	assert_ptr_equal(account__process(account, key(1)), process);
	assert_int_equal(process->figures[FIG_RSS], 8192);
	assert_int_equal(process->previous[FIG_RSS], 4096);
	account__end_look(account);
	assert_int_equal(account->process_count, 1);
	assert_int_equal(process__rate(account, process, FIG_RSS), 4096);
	assert_false(figure_known(process__rate(account, process, FIG_SWAP)));
}

static void test_account__clock_set_back_gives_no_rates(void **state)
{
	struct account *account = *state;
	struct process *process;

	account__begin_look(account, START);
	see(account, 1, 1);
	account__end_look(account);
	account__begin_look(account, START - SECOND);
	process = see(account, 1, 2);
	account__end_look(account);
	assert_int_equal(account->interval_ns, 0);
	assert_false(figure_known(process__rate(account, process, FIG_RSS)));
}

static void test_account__history_is_a_ring(void **state)
{
	struct account *account = *state;
	struct process *process = NULL;

	for (int look = 0; look < HISTORY_LENGTH + 5; look++) {
		begin(account);
		process = see(account, 1, look == 3 ? FIGURE_UNKNOWN : look);
		account__end_look(account);
	}
	assert_int_equal(process->history.count, HISTORY_LENGTH + 5);
	assert_int_equal(process->history.values[(process->history.count - 1) % HISTORY_LENGTH],
			 HISTORY_LENGTH + 4);
	assert_int_equal(process->history.values[5], 5);
	assert_int_equal(process->history.values[0], HISTORY_LENGTH);
}

/* ---- identity ---- */

static void test_account__reused_pid_is_another_process(void **state)
{
	struct account *account = *state;
	struct process_key first = {.start_ns = 1, .pid = 42};
	struct process_key second = {.start_ns = 2, .pid = 42};
	struct process *old, *new;

	begin(account);
	old = account__process(account, first);
	old->figures[FIG_RSS] = 100;
	assert_ptr_equal(account__find_pid(account, 42), old);
	account__end_look(account);

	begin(account);
	new = account__process(account, second);
	assert_ptr_not_equal(new, old);
	assert_false(new->has_previous);
	assert_ptr_equal(account__find_pid(account, 42), new);
	assert_ptr_equal(account__find(account, first), old);
	account__end_look(account);

	assert_null(account__find(account, first));
	assert_ptr_equal(account__find_pid(account, 42), new);
	assert_int_equal(account->process_count, 1);
	assert_int_equal(account->exited_count, 1);
	assert_ptr_equal(account->exited[0], old);
	assert_null(account__find_pid(account, 43));
}

/* ---- exits ---- */

static void test_account__exited_keeps_its_last_figures(void **state)
{
	struct account *account = *state;
	struct process *process, *exited;

	begin(account);
	see(account, 1, 100);
	account__end_look(account);
	begin(account);
	process = see(account, 1, 300);
	process__add_note(process, "kept");
	account__end_look(account);

	begin(account);
	exited = account__exited(account, key(1));
	assert_ptr_equal(exited, process);
	assert_null(account__find(account, key(1)));
	assert_null(account__find_pid(account, 1));
	assert_null(account__exited(account, key(1)));
	account__end_look(account);
	assert_true(process->exited);
	assert_int_equal(process->exit_time_unix_ns, START + 2 * SECOND);
	assert_int_equal(process->figures[FIG_RSS], 300);
	assert_int_equal(process->previous[FIG_RSS], 100);
	assert_int_equal(process->note_count, 1);
	assert_int_equal(account->exited_count, 1);
	assert_int_equal(account->process_count, 0);
	/* these two are not of this interval */
	assert_false(figure_known(process__rate(account, process, FIG_RSS)));

	/* its pointer holds for one look more */
	begin(account);
	account__end_look(account);
	assert_int_equal(account->exited_count, 0);
	assert_int_equal(process->figures[FIG_RSS], 300);
}

static void test_account__exit_of_a_process_seen_in_this_look(void **state)
{
	struct account *account = *state;
	struct process *process;

	begin(account);
	see(account, 1, 100);
	account__end_look(account);
	begin(account);
	see(account, 1, 300);
	process = account__exited(account, key(1));
	account__end_look(account);
	assert_int_equal(process->figures[FIG_RSS], 300);
	assert_int_equal(process__rate(account, process, FIG_RSS), 200);
}

static void test_account__unseen_has_exited(void **state)
{
	struct account *account = *state;
	struct process *process;

	begin(account);
	process = see(account, 1, 100);
	see(account, 2, 100);
	see(account, 3, 100);
	account__end_look(account);
	begin(account);
	see(account, 2, 100);
	account__end_look(account);
	assert_int_equal(account->process_count, 1);
	assert_int_equal(account->processes[0]->key.pid, 2);
	assert_int_equal(account->exited_count, 2);
	assert_true(process->exited);
	assert_int_equal(process->exit_status, -1);
	assert_int_equal(process->exit_time_unix_ns, account->time_unix_ns);
	assert_int_equal(process->figures[FIG_RSS], 100);
}

/* It is listed once, when its end is known. */
static void test_account__ending_is_put_aside(void **state)
{
	struct account *account = *state;
	struct process *process;

	begin(account);
	process = see(account, 1, 5000);
	process->container = account__container(account, "docker", "c");
	see(account, 2, 6000);
	account__end_look(account);
	for (int look = 0; look < 4; look++) {
		begin(account);
		assert_ptr_equal(account__find(account, key(1)), process);
		assert_false(process->is_ending);
		process->is_ending = true;
		see(account, 2, 6000);
		account__end_look(account);
		assert_int_equal(account->process_count, 1);
		assert_int_equal(account->processes[0]->key.pid, 2);
		assert_int_equal(account->exited_count, 0);
		assert_int_equal(account->ending_count, 1);
		assert_null(account__find(account, key(1)));
		assert_null(process->container); /* which may be gone by now */
	}
	begin(account);
	assert_int_equal(account->ending_count, 0);
	see(account, 2, 6000);
	process->is_ending = true; /* and then its end comes in */
	assert_ptr_equal(account__exited(account, key(1)), process);
	account__end_look(account);
	assert_int_equal(account->exited_count, 1);
	assert_int_equal(account->ending_count, 0);
	assert_int_equal(process->figures[FIG_RSS], 5000);

	/* the second one's never does */
	begin(account);
	account__end_look(account);
	assert_int_equal(account->exited_count, 1);
	assert_int_equal(account->exited[0]->key.pid, 2);
	begin(account);
	see(account, 3, 1)->is_ending = true;
	account__end_look(account);
	assert_int_equal(account->process_count, 1); /* it was seen */
}

static void test_account__released_while_one_is_ending(void **state)
{
	struct account *account = *state;

	begin(account);
	see(account, 1, 5000);
	account__end_look(account);
	begin(account);
	account__find(account, key(1))->is_ending = true;
	account__end_look(account);
	assert_int_equal(account->ending_count, 1);
}

static void test_account__never_seen_alive(void **state)
{
	struct account *account = *state;
	struct process *process;

	begin(account);
	process = account__exited(account, key(9));
	assert_non_null(process);
	process->figures[FIG_RSS_PEAK] = 5;
	assert_false(process->has_previous);
	assert_false(figure_known(process->figures[FIG_RSS]));
	assert_null(account__exited(account, key(9)));
	account__end_look(account);
	assert_int_equal(account->exited_count, 1);
	assert_int_equal(account->process_count, 0);
}

static bool is_listed(const struct account *account, uint32_t pid)
{
	for (size_t i = 0; i < account->exited_count; i++)
		if (account->exited[i]->key.pid == pid)
			return true;
	return false;
}

/* Peaks in an order without a pattern: 7919 is prime to 20000. */
static figure_value peak_of(uint32_t i)
{
	return (figure_value)(i * 7919u % 20000u);
}

static void test_account__exited_list_keeps_the_highest_peaks(void **state)
{
	struct account *account = *state;
	struct process *process;

	account->exited_limit = 100;
	begin(account);
	for (uint32_t i = 0; i < 20000; i++) {
		process = account__exited(account, key(i + 1));
		assert_non_null(process);
		process->figures[FIG_RSS_PEAK] = peak_of(i);
	}
	account__end_look(account);
	assert_int_equal(account->exited_count, 100);
	assert_int_equal(account->exited_left_out, 19900);
	/* the last one is always in it: its peak was not known when it came */
	for (uint32_t i = 0; i < 19999; i++)
		if (peak_of(i) >= 19901)
			assert_true(is_listed(account, i + 1));
	begin(account);
	assert_int_equal(account->exited_left_out, 0);
	account__end_look(account);
}

static void test_account__exited_list_bound_and_living(void **state)
{
	struct account *account = *state;
	struct process *small, *large;

	account->exited_limit = 1;
	begin(account);
	small = see(account, 1, 10);
	large = see(account, 2, 1000);
	large->figures[FIG_RSS_PEAK] = 2000;
	account__end_look(account);
	begin(account);
	assert_ptr_equal(account__exited(account, key(1)), small);
	assert_ptr_equal(account__exited(account, key(2)), large);
	account__end_look(account);
	assert_int_equal(account->process_count, 0);
	assert_int_equal(account->exited_count, 1);
	assert_ptr_equal(account->exited[0], large);
	assert_int_equal(account->exited_left_out, 1);
	/* left out of the list, but a screen may still point to it */
	assert_int_equal(small->figures[FIG_RSS], 10);
	begin(account);
	account__end_look(account);
	assert_int_equal(small->figures[FIG_RSS], 10);
	begin(account);
	account__end_look(account);
}

static void test_account__exited_list_of_none(void **state)
{
	struct account *account = *state;

	account->exited_limit = 0;
	begin(account);
	see(account, 1, 10);
	account__end_look(account);
	begin(account);
	assert_null(account__exited(account, key(1)));
	assert_null(account__exited(account, key(2)));
	account__end_look(account);
	assert_int_equal(account->exited_count, 0);
	assert_int_equal(account->exited_left_out, 2);
	assert_int_equal(account->process_count, 0);
}

/* ---- rates ---- */

static figure_value rate_of(struct account *account, enum process_figure figure,
			    figure_value before, figure_value now, int64_t interval_ns)
{
	struct process *process;

	account__begin_look(account, START);
	account__process(account, key(1))->figures[figure] = before;
	account__end_look(account);
	account__begin_look(account, START + interval_ns);
	process = account__process(account, key(1));
	process->figures[figure] = now;
	account__end_look(account);
	return process__rate(account, process, figure);
}

static void test_account__rates(void **state)
{
	struct account *account = *state;

	assert_int_equal(rate_of(account, FIG_RSS, 0, 1000, 2 * SECOND), 500);
	assert_int_equal(rate_of(account, FIG_RSS, 1000, 0, 2 * SECOND), -500);
	/* to the nearest: 1 / 3, 2 / 3, and the halves away from zero */
	assert_int_equal(rate_of(account, FIG_RSS, 0, 1, 3 * SECOND), 0);
	assert_int_equal(rate_of(account, FIG_RSS, 0, 2, 3 * SECOND), 1);
	assert_int_equal(rate_of(account, FIG_RSS, 2, 0, 3 * SECOND), -1);
	assert_int_equal(rate_of(account, FIG_RSS, 0, 1, 2 * SECOND), 1);
	assert_int_equal(rate_of(account, FIG_RSS, 1, 0, 2 * SECOND), -1);
	assert_int_equal(rate_of(account, FIG_FAULTS_MINOR, 10, 20, SECOND / 10), 100);
	assert_int_equal(rate_of(account, FIG_RSS, 0, INT64_MAX, SECOND), INT64_MAX);
	/* unknown: a counter that fell, either end, what no number can hold */
	assert_false(figure_known(rate_of(account, FIG_FAULTS_MINOR, 20, 10, SECOND)));
	assert_false(figure_known(rate_of(account, FIG_RSS, FIGURE_UNKNOWN, 10, SECOND)));
	assert_false(figure_known(rate_of(account, FIG_RSS, 10, FIGURE_UNKNOWN, SECOND)));
	assert_false(figure_known(rate_of(account, FIG_RSS, 0, INT64_MAX, SECOND / 2)));
	assert_false(figure_known(rate_of(account, FIG_RSS, 0, 10, 0)));
}

/* ---- containers ---- */

static void test_account__container_sums(void **state)
{
	struct account *account = *state;
	struct container *web, *db, *idle;

	begin(account);
	web = account__container(account, "docker", "aaaa");
	db = account__container(account, "docker", "bbbb");
	idle = account__container(account, "podman", "aaaa");
	assert_ptr_not_equal(web, idle);
	assert_ptr_equal(account__container(account, "docker", "aaaa"), web);
	see(account, 1, 100)->container = web;
	see(account, 2, 200)->container = web;
	see(account, 3, FIGURE_UNKNOWN)->container = web;
	see(account, 4, FIGURE_UNKNOWN)->container = db;
	see(account, 5, 1000);
	db->figures[CFIG_MEMORY_CURRENT] = 77;
	account__end_look(account);
	assert_int_equal(account->container_count, 3);
	assert_int_equal(web->figures[CFIG_PROCESSES], 3);
	assert_int_equal(web->figures[CFIG_RSS_SUM], 300);
	assert_int_equal(db->figures[CFIG_PROCESSES], 1);
	assert_false(figure_known(db->figures[CFIG_RSS_SUM]));
	assert_int_equal(idle->figures[CFIG_PROCESSES], 0);
	assert_int_equal(idle->figures[CFIG_RSS_SUM], 0);
	assert_int_equal(web->history.values[0], 300);
	assert_int_equal(db->history.values[0], 77);
}

static void test_account__container_goes_and_comes(void **state)
{
	struct account *account = *state;
	struct container *first, *second;
	struct process *process;

	begin(account);
	first = account__container(account, "docker", "aaaa");
	account__set_text(&first->name, "web");
	process = see(account, 1, 100);
	process->container = first;
	account__end_look(account);

	/* the container was not named, but its process lives */
	begin(account);
	see(account, 1, 150);
	account__end_look(account);
	assert_int_equal(account->container_count, 1);
	assert_int_equal(first->figures[CFIG_RSS_SUM], 150);
	assert_int_equal(container__rate(account, first, CFIG_RSS_SUM), 50);
	assert_false(figure_known(container__rate(account, first, CFIG_MEMORY_CURRENT)));

	begin(account);
	account__end_look(account);
	assert_int_equal(account->container_count, 0);
	assert_int_equal(account->exited_count, 1);
	assert_string_equal(process->container->name, "web");

	/* restarted under its name: a new one, and the exited process keeps the old */
	begin(account);
	second = account__container(account, "docker", "aaaa");
	assert_ptr_not_equal(first, second);
	assert_false(second->has_previous);
	account__end_look(account);
	assert_string_equal(process->container->name, "web");
	assert_int_equal(account->container_count, 1);
}

static void test_account__container_names_are_sanitised(void **state)
{
	struct account *account = *state;
	struct container *container;

	begin(account);
	container = account__container(account, NULL, "a\x1b[2J");
	assert_string_equal(container->id, "a\xef\xbf\xbd[2J");
	assert_string_equal(container->runtime, "");
	assert_ptr_equal(account__container(account, NULL, "a\x1b[2J"), container);
	assert_ptr_equal(account__container(account, "", container->id), container);
	account__end_look(account);
	assert_int_equal(account->container_count, 1);
}

static void test_container__label(void **state)
{
	struct container container = {.id = "0123456789abcdef0123"};
	char buffer[16];

	(void)state;
	assert_string_equal(container__label(&container, buffer), "0123456789ab");
	container.id = "short";
	assert_string_equal(container__label(&container, buffer), "short");
	container.id = "0123456789a\xe2\x82\xac"; /* no half character */
	assert_string_equal(container__label(&container, buffer), "0123456789a");
	container.name = "web";
	assert_string_equal(container__label(&container, buffer), "web");
}

/* ---- texts of a process ---- */

static void test_account__set_text(void **state)
{
	char *field = NULL, *same;

	(void)state;
	account__set_text(&field, NULL);
	assert_null(field);
	account__set_text(&field, "/usr/bin/a\nb");
	assert_string_equal(field, "/usr/bin/a\xef\xbf\xbd"
				   "b");
	same = field;
	account__set_text(&field, field);
	assert_ptr_equal(field, same);
	account__set_text(&field, field + 5);
	assert_string_equal(field, "bin/a\xef\xbf\xbd"
				   "b");
	account__set_text(&field, NULL);
	assert_null(field);
}

static void test_process__notes(void **state)
{
	struct account *account = *state;
	struct process *process;

	begin(account);
	process = see(account, 1, 1);
	process__add_note(process, "pss: %s\x1b", "not readable");
	process__add_note(process, "pss: %s\x1b", "not readable");
	assert_int_equal(process->note_count, 1);
	assert_string_equal(process->notes[0], "pss: not readable\xef\xbf\xbd");
	for (int i = 0; i < 1000; i++)
		process__add_note(process, "note %d", i);
	assert_true(process->note_count <= 64);
	assert_string_equal(process->notes[process->note_count - 1], "more notes were left out");
	account__end_look(account);
}

static void test_process__anon_names(void **state)
{
	struct account *account = *state;
	struct process *process;
	char name[16];

	begin(account);
	process = see(account, 1, 1);
	process__add_anon_name(process, "small", 10);
	process__add_anon_name(process, "large", 30);
	process__add_anon_name(process, "middle\n", 20);
	assert_int_equal(process->anon_name_count, 3);
	assert_string_equal(process->anon_names[0].name, "large");
	assert_string_equal(process->anon_names[1].name, "middle\xef\xbf\xbd");
	assert_string_equal(process->anon_names[2].name, "small");
	process__add_anon_name(process, "small", 25);
	assert_string_equal(process->anon_names[0].name, "small");
	assert_int_equal(process->anon_names[0].bytes, 35);

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		process__add_anon_name(process, name, 100 + i);
	}
	assert_true(process->anon_name_count <= 64);
	assert_string_equal(process->anon_names[0].name, "n999");
	for (size_t i = 1; i < process->anon_name_count; i++)
		assert_true(process->anon_names[i - 1].bytes >= process->anon_names[i].bytes);
	assert_int_equal(process->note_count, 1); /* says that there were more */
	account__end_look(account);
}

/* ---- many ---- */

/* Against a plain array as the truth: processes come, stay and go without a pattern. */
static void test_account__follows_many(void **state)
{
	enum { PIDS = 500, LOOKS = 60 };
	static uint64_t start_of[PIDS]; /* 0: not there */
	struct account *account = *state;
	uint32_t seed = 12345;

	memset(start_of, 0, sizeof(start_of));
	for (uint64_t look = 1; look <= LOOKS; look++) {
		size_t living = 0, ended = 0;

		begin(account);
		for (uint32_t pid = 0; pid < PIDS; pid++) {
			struct process_key gone = {.start_ns = start_of[pid], .pid = pid};
			uint32_t chance;

			seed = seed * 1664525 + 1013904223;
			chance = seed >> 24;
			if (start_of[pid] && chance < 100) {
				start_of[pid] = 0;
				ended++;
				if (chance < 50)
					assert_non_null(account__exited(account, gone));
			}
			if (!start_of[pid] && chance % 2)
				start_of[pid] = look * 1000 + pid;
			if (!start_of[pid])
				continue;
			living++;
			account__process(account, (struct process_key){.start_ns = start_of[pid],
								       .pid = pid})
				->figures[FIG_RSS] = pid;
		}
		account__end_look(account);
		assert_int_equal(account->process_count, living);
		assert_int_equal(account->exited_count, ended);
		for (uint32_t pid = 0; pid < PIDS; pid++) {
			struct process *process = account__find_pid(account, pid);

			assert_int_equal(process ? process->key.start_ns : 0, start_of[pid]);
			if (process)
				assert_int_equal(process->figures[FIG_RSS], pid);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_account, free_account)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_account__first_look_has_no_rates),
		TEST(test_account__figures_become_previous),
		TEST(test_account__clock_set_back_gives_no_rates),
		TEST(test_account__history_is_a_ring),
		TEST(test_account__reused_pid_is_another_process),
		TEST(test_account__exited_keeps_its_last_figures),
		TEST(test_account__exit_of_a_process_seen_in_this_look),
		TEST(test_account__unseen_has_exited),
		TEST(test_account__ending_is_put_aside),
		TEST(test_account__released_while_one_is_ending),
		TEST(test_account__never_seen_alive),
		TEST(test_account__exited_list_keeps_the_highest_peaks),
		TEST(test_account__exited_list_bound_and_living),
		TEST(test_account__exited_list_of_none),
		TEST(test_account__rates),
		TEST(test_account__container_sums),
		TEST(test_account__container_goes_and_comes),
		TEST(test_account__container_names_are_sanitised),
		TEST(test_container__label),
		TEST(test_account__set_text),
		TEST(test_process__notes),
		TEST(test_process__anon_names),
		TEST(test_account__follows_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
