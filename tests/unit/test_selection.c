/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "collect/selection.h"

/* The small machine of test_groups.c. */
#define ROOT "tests/data/groups"
#define A16  "aaaaaaaaaaaaaaaa"
#define WEB  A16 A16 A16 A16

struct fixture {
	struct groups *groups;
	struct collector_settings settings;
	struct selection *selection;
};

static int make_fixture(void **state)
{
	struct fixture *self = xcalloc(1, sizeof(*self));

	self->groups = groups__new_at(ROOT);
	*state = self;
	return 0;
}

static int free_fixture(void **state)
{
	struct fixture *self = *state;

	selection__free(self->selection);
	groups__free(self->groups);
	free(self);
	return 0;
}

static void select_pids(struct fixture *self, enum collect_what what, const pid_t *pids,
			size_t count)
{
	self->settings =
		(struct collector_settings){.what = what, .pids = pids, .pid_count = count};
	self->selection = selection__new(&self->settings, groups__mounts(self->groups));
	selection__begin_look(self->selection);
}

static void select_names(struct fixture *self, enum collect_what what, char *const *names,
			 size_t count)
{
	self->settings =
		(struct collector_settings){.what = what, .names = names, .name_count = count};
	self->selection = selection__new(&self->settings, groups__mounts(self->groups));
	selection__begin_look(self->selection);
}

static bool sees(struct fixture *self, uint32_t pid, uint64_t start_ns, bool counted)
{
	const struct process_record record = {.pid = pid, .start_ns = start_ns, .counted = counted};

	return selection__has(self->selection, &record, NULL);
}

/* Of the machine: groups have the numbers of the pids. */
static bool sees_member(struct fixture *self, uint32_t pid)
{
	const struct process_record record = {.pid = pid, .start_ns = 1};

	return selection__has(self->selection, &record,
			      groups__find(self->groups, pid, pid, (pid_t)pid, 1));
}

static bool saw_end(struct fixture *self, uint32_t pid, uint64_t start_ns)
{
	const struct exit_record record = {.pid = pid, .start_ns = start_ns};

	return selection__has_ended(self->selection, &record);
}

/* What check() says on standard error. */
static int check(struct fixture *self, char *said, size_t size)
{
	FILE *file = tmpfile();
	int old = dup(STDERR_FILENO), error;
	size_t length;

	assert_non_null(file);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	error = selection__check(self->selection, self->groups);
	fflush(stderr);
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(file);
	length = fread(said, 1, size - 1, file);
	said[length] = '\0';
	fclose(file);
	return error;
}

static void assert_check(struct fixture *self, int expected, const char *text)
{
	char said[512];

	assert_int_equal(check(self, said, sizeof(said)), expected);
	assert_string_equal(said, text);
}

/* ---- everything ---- */

static void test_selection__everything(void **state)
{
	struct fixture *self = *state;

	select_pids(self, COLLECT_EVERYTHING, NULL, 0);
	assert_true(sees(self, 1, 1, false));
	assert_true(saw_end(self, 2, 1));
	assert_int_equal(selection__next_uncounted(self->selection), 0);
	assert_false(selection__is_over(self->selection));
	assert_check(self, 0, "");
}

/* ---- pids ---- */

static pthread_t waiting;
static pthread_barrier_t told;
static pid_t waiting_tid;

static void *tell_tid(void *context)
{
	waiting_tid = (pid_t)syscall(SYS_gettid);
	pthread_barrier_wait(&told);
	pthread_barrier_wait(&told);
	return context;
}

static pid_t thread_of_this_process(void)
{
	pthread_barrier_init(&told, NULL, 2);
	assert_int_equal(pthread_create(&waiting, NULL, tell_tid, NULL), 0);
	pthread_barrier_wait(&told);
	return waiting_tid;
}

static void end_thread(void)
{
	pthread_barrier_wait(&told);
	pthread_join(waiting, NULL);
	pthread_barrier_destroy(&told);
}

#define NO_PID 5000020 /* above the kernel's PID_MAX_LIMIT: nothing has it */

static void test_selection__pids(void **state)
{
	static const pid_t pids[] = {10, NO_PID};
	struct fixture *self = *state;

	select_pids(self, COLLECT_PIDS, pids, 2);
	assert_true(sees(self, 10, 100, false));
	assert_false(sees(self, 11, 100, false));
	assert_check(self, -ENOENT, "memsonde: no process 5000020\n");
	assert_true(sees(self, NO_PID, 100, false));
	assert_check(self, 0, "");
}

/* What is there but has no memory, or is no process, is told apart. */
static void test_selection__pid_of_a_thread(void **state)
{
	struct fixture *self = *state;
	char expected[128];
	pid_t thread = thread_of_this_process();

	select_pids(self, COLLECT_PIDS, &thread, 1);
	snprintf(expected, sizeof(expected),
		 "memsonde: no process %d: it is a thread of process %d\n", thread, getpid());
	assert_check(self, -ENOENT, expected);
	end_thread();
}

/* The census, which here is none, gave nothing of a process that lives and has memory. */
static void test_selection__pid_that_the_kernel_hides(void **state)
{
	struct fixture *self = *state;
	pid_t pid = getpid();
	char expected[128];

	select_pids(self, COLLECT_PIDS, &pid, 1);
	snprintf(expected, sizeof(expected),
		 "memsonde: process %d: this kernel does not show it to BPF\n", pid);
	assert_check(self, -ENOENT, expected);
}

static void test_selection__pid_of_a_zombie(void **state)
{
	struct fixture *self = *state;
	siginfo_t info;
	char said[256];
	pid_t child = fork();

	if (!child)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	select_pids(self, COLLECT_PIDS, &child, 1);
	assert_int_equal(check(self, said, sizeof(said)), -ENOENT);
	assert_non_null(strstr(said, "has no memory of its own"));
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_selection__pid_used_again_is_another(void **state)
{
	static const pid_t pids[] = {10};
	struct fixture *self = *state;

	select_pids(self, COLLECT_PIDS, pids, 1);
	assert_true(sees(self, 10, 100, true));
	assert_false(selection__is_over(self->selection));
	selection__begin_look(self->selection);
	assert_false(sees(self, 10, 200, true));
	assert_true(selection__is_over(self->selection));
	assert_true(saw_end(self, 10, 100));
	assert_false(saw_end(self, 10, 200));
	assert_false(saw_end(self, 11, 100));
}

static void test_selection__is_over_with_the_last_pid(void **state)
{
	static const pid_t pids[] = {10, 20};
	struct fixture *self = *state;

	select_pids(self, COLLECT_PIDS, pids, 2);
	sees(self, 10, 100, true);
	sees(self, 20, 100, true);
	selection__begin_look(self->selection);
	sees(self, 20, 100, true);
	assert_false(selection__is_over(self->selection));
	selection__begin_look(self->selection);
	assert_true(selection__is_over(self->selection));
}

static void test_selection__same_pid_twice(void **state)
{
	static const pid_t pids[] = {10, 10};
	struct fixture *self = *state;

	select_pids(self, COLLECT_PIDS, pids, 2);
	assert_true(sees(self, 10, 100, false));
	assert_int_equal(selection__next_uncounted(self->selection), 10);
	assert_int_equal(selection__next_uncounted(self->selection), 0);
	assert_check(self, 0, "");
}

static void test_selection__uncounted_ones_of_each_look(void **state)
{
	static const pid_t pids[] = {10, 20, 30};
	struct fixture *self = *state;

	select_pids(self, COLLECT_PIDS, pids, 3);
	sees(self, 10, 1, false);
	sees(self, 20, 1, true);
	sees(self, 30, 1, false);
	sees(self, 40, 1, false);
	assert_int_equal(selection__next_uncounted(self->selection) +
				 selection__next_uncounted(self->selection),
			 10 + 30);
	assert_int_equal(selection__next_uncounted(self->selection), 0);
	sees(self, 10, 1, false);
	selection__begin_look(self->selection);
	assert_int_equal(selection__next_uncounted(self->selection), 0);
}

static void test_selection__descendants(void **state)
{
	static const pid_t pids[] = {10};
	struct fixture *self = *state;

	select_pids(self, COLLECT_DESCENDANTS, pids, 1);
	assert_true(sees(self, 10, 100, false));
	assert_true(sees(self, 11, 100, true)); /* counted: a child of it */
	assert_false(sees(self, 12, 100, false));
	assert_int_equal(selection__next_uncounted(self->selection), 10);
	assert_true(saw_end(self, 11, 100));
	assert_false(selection__is_over(self->selection));
	selection__begin_look(self->selection);
	assert_true(sees(self, 11, 100, true));
	assert_true(selection__is_over(self->selection)); /* with the first of them */
}

/* ---- containers ---- */

static void test_selection__container_by_name(void **state)
{
	static char *names[] = {"web"};
	struct fixture *self = *state;

	select_names(self, COLLECT_CONTAINERS, names, 1);
	assert_true(sees_member(self, 101));
	assert_true(sees_member(self, 102)); /* in a group below */
	assert_false(sees_member(self, 103));
	assert_false(sees_member(self, 105));
	assert_false(sees_member(self, 999)); /* gone: its group is not known */
	assert_false(sees(self, 101, 1, false));
	assert_check(self, 0, "");
	/* It may come back under its name. */
	selection__begin_look(self->selection);
	assert_false(selection__is_over(self->selection));
}

static void test_selection__container_by_id(void **state)
{
	static char *names[] = {"aaaaaaaaaaaa", WEB, "bbb"};
	struct fixture *self = *state;

	for (int i = 0; i < 3; i++) {
		selection__free(self->selection);
		select_names(self, COLLECT_CONTAINERS, &names[i], 1);
		assert_int_equal(sees_member(self, 101), i != 2);
		assert_int_equal(sees_member(self, 103), i == 2);
	}
}

static void test_selection__container_whose_name_goes_on(void **state)
{
	static char *names[] = {"we", "webserver", "aab", WEB "a"};
	struct fixture *self = *state;

	select_names(self, COLLECT_CONTAINERS, names, 4);
	assert_false(sees_member(self, 101));
	assert_false(sees_member(self, 103));
}

static void test_selection__missing_container_names_those_there_are(void **state)
{
	static char *names[] = {"web", "wbe"};
	struct fixture *self = *state;

	select_names(self, COLLECT_CONTAINERS, names, 2);
	sees_member(self, 101);
	sees_member(self, 103);
	sees_member(self, 104);
	assert_check(self, -ENOENT, "memsonde: no container 'wbe'; there are: web, bbbbbbbbbbbb\n");
}

static void test_selection__no_container_at_all(void **state)
{
	static char *names[] = {"w\x1b[31m"};
	struct fixture *self = *state;
	char said[256];

	select_names(self, COLLECT_CONTAINERS, names, 1);
	sees_member(self, 104);
	assert_int_equal(check(self, said, sizeof(said)), -ENOENT);
	assert_non_null(strstr(said, "no container runs here"));
	assert_null(strchr(said, '\x1b'));
}

/* ---- cgroups ---- */

static void test_selection__cgroups(void **state)
{
	static char *names[] = {"/docker/" WEB, "system.slice"};
	struct fixture *self = *state;

	select_names(self, COLLECT_CGROUPS, names, 2);
	assert_true(sees_member(self, 101));
	assert_true(sees_member(self, 102));
	assert_false(sees_member(self, 103));
	assert_true(sees_member(self, 104));
	assert_false(sees_member(self, 105));
	assert_check(self, 0, "");
	assert_false(selection__is_over(self->selection));
}

/* One without a process in it exists all the same. */
static void test_selection__empty_and_missing_cgroups(void **state)
{
	static char *names[] = {"/user.slice", "/user"};
	struct fixture *self = *state;

	select_names(self, COLLECT_CGROUPS, names, 2);
	assert_check(self, -ENOENT, "memsonde: no cgroup '/user'\n");
	assert_true(sees_member(self, 105));
}

/* Where memory is accounted in one tree and a second one stands beside it. */
static void test_selection__cgroups_of_two_trees(void **state)
{
	static const struct {
		char *name;
		bool has[4]; /* the processes 801 and on */
	} cases[] = {
		{"/aside", {true, false, false, false}},
		{"/sys/fs/cgroup/unified/aside", {true, false, false, false}},
		{"/shop", {true, false, false, false}},
		{"/both", {false, true, true, false}},
		{"/sys/fs/cgroup/memory/both", {false, true, false, false}},
		{"/sys/fs/cgroup/unified/both", {false, false, true, false}},
		{"/sys/fs/cgroup/unified/both/inner", {false, false, true, false}},
		{"/", {true, true, true, true}},
	};
	struct fixture *self = *state;

	groups__free(self->groups);
	self->groups = groups__new_at("tests/data/cgroup/hybrid");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *name = cases[i].name;

		selection__free(self->selection);
		select_names(self, COLLECT_CGROUPS, &name, 1);
		for (uint32_t j = 0; j < ARRAY_SIZE(cases[i].has); j++)
			if (sees_member(self, 801 + j) != cases[i].has[j])
				fail_msg("%s: process %u is in it: %d", name, 801 + j,
					 !cases[i].has[j]);
		assert_check(self, 0, "");
	}
}

#define SELECTION(test) cmocka_unit_test_setup_teardown(test, make_fixture, free_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SELECTION(test_selection__everything),
		SELECTION(test_selection__pids),
		SELECTION(test_selection__pid_of_a_thread),
		SELECTION(test_selection__pid_that_the_kernel_hides),
		SELECTION(test_selection__pid_of_a_zombie),
		SELECTION(test_selection__pid_used_again_is_another),
		SELECTION(test_selection__is_over_with_the_last_pid),
		SELECTION(test_selection__same_pid_twice),
		SELECTION(test_selection__uncounted_ones_of_each_look),
		SELECTION(test_selection__descendants),
		SELECTION(test_selection__container_by_name),
		SELECTION(test_selection__container_by_id),
		SELECTION(test_selection__container_whose_name_goes_on),
		SELECTION(test_selection__missing_container_names_those_there_are),
		SELECTION(test_selection__no_container_at_all),
		SELECTION(test_selection__cgroups),
		SELECTION(test_selection__cgroups_of_two_trees),
		SELECTION(test_selection__empty_and_missing_cgroups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
