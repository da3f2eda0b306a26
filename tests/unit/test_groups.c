/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "collect/groups.h"

/* A small machine: pids 101 and 102 are in the container "web", the latter in a group of
 * its own below; 103 in one without a name; 104 in a service, 105 in neither. */
#define ROOT "tests/data/groups"
#define A16  "aaaaaaaaaaaaaaaa"
#define WEB  A16 A16 A16 A16

struct fixture {
	struct groups *groups;
	struct account account;
};

static int make_fixture(void **state)
{
	struct fixture *self = xcalloc(1, sizeof(*self));

	self->groups = groups__new_at(ROOT);
	account__init(&self->account);
	account__begin_look(&self->account, 1);
	*state = self;
	return 0;
}

static int free_fixture(void **state)
{
	struct fixture *self = *state;

	groups__free(self->groups);
	account__release(&self->account);
	free(self);
	return 0;
}

/* Groups have the numbers of the pids here. */
static struct group *find(struct fixture *self, pid_t pid, uint64_t look)
{
	return groups__find(self->groups, (uint64_t)pid, (uint64_t)pid, pid, look);
}

static void test_groups__container_of_a_process(void **state)
{
	struct fixture *self = *state;
	struct group *group = find(self, 101, 1);

	assert_non_null(group);
	assert_string_equal(group->path, "/docker/" WEB);
	assert_string_equal(group->memory_path, "/docker/" WEB);
	assert_string_equal(group->label.id, WEB);
	assert_string_equal(group->label.name, "web");
	assert_int_equal(group->limit_bytes, 4000000);
	assert_ptr_equal(groups__known(self->groups, 101, 101), group);
	assert_null(groups__known(self->groups, 101, 102));
}

/* Memory is accounted to the container as a whole. */
static void test_groups__group_inside_a_container(void **state)
{
	struct fixture *self = *state;
	struct group *group = find(self, 102, 1);

	assert_string_equal(group->path, "/docker/" WEB "/nested");
	assert_string_equal(group->memory_path, "/docker/" WEB);
	assert_string_equal(group->label.id, WEB);
	groups__fill_container(self->groups, find(self, 101, 1), &self->account);
	groups__fill_container(self->groups, group, &self->account);
	assert_int_equal(self->account.container_count, 1);
	assert_ptr_equal(group->container, self->account.containers[0]);
	assert_string_equal(group->container->name, "web");
	assert_string_equal(group->container->image, "nginx:1.27");
	assert_int_equal(group->container->figures[CFIG_MEMORY_CURRENT], 1000000);
	assert_int_equal(group->container->figures[CFIG_MEMORY_LIMIT], 4000000);
}

static void test_groups__no_container(void **state)
{
	struct fixture *self = *state;
	struct group *group = find(self, 105, 1);

	assert_string_equal(group->path, "/user.slice");
	assert_null(group->label.id);
	assert_int_equal(group->limit_bytes, 9000);
	groups__fill_container(self->groups, group, &self->account);
	assert_null(group->container);
	assert_int_equal(self->account.container_count, 0);
}

static void test_groups__no_limit_is_unknown(void **state)
{
	assert_int_equal(find(*state, 103, 1)->limit_bytes, FIGURE_UNKNOWN);
}

static void test_groups__process_that_is_gone(void **state)
{
	struct fixture *self = *state;

	assert_null(find(self, 999, 1));
	assert_null(groups__known(self->groups, 999, 999));
	/* Its group is known by others that were in it. */
	assert_non_null(find(self, 101, 1));
	assert_non_null(groups__find(self->groups, 101, 101, 999, 1));
}

static void test_groups__container_of_each_look_anew(void **state)
{
	struct fixture *self = *state;
	struct group *group = find(self, 101, 1);

	groups__fill_container(self->groups, group, &self->account);
	assert_non_null(group->container);
	assert_ptr_equal(find(self, 101, 1)->container, group->container);
	assert_ptr_equal(find(self, 101, 2), group);
	assert_null(group->container);
}

static void test_groups__names_of_containers(void **state)
{
	struct fixture *self = *state;
	char *names = groups__container_names(self->groups);

	assert_null(names);
	find(self, 104, 1);
	find(self, 105, 1);
	assert_null(groups__container_names(self->groups));
	find(self, 101, 1);
	find(self, 102, 1);
	find(self, 103, 1);
	names = groups__container_names(self->groups);
	assert_string_equal(names, "web, bbbbbbbbbbbb");
	free(names);
}

static void test_groups__unseen_ones_are_forgotten(void **state)
{
	struct fixture *self = *state;

	find(self, 101, 1);
	find(self, 105, 1);
	for (uint64_t look = 2; look <= 40; look++) {
		find(self, 105, look);
		groups__forget_unseen(self->groups, look);
	}
	assert_null(groups__known(self->groups, 101, 101));
	assert_non_null(groups__known(self->groups, 105, 105));
	assert_non_null(find(self, 101, 41));
}

#define GROUPS(test) cmocka_unit_test_setup_teardown(test, make_fixture, free_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GROUPS(test_groups__container_of_a_process),
		GROUPS(test_groups__group_inside_a_container),
		GROUPS(test_groups__no_container),
		GROUPS(test_groups__no_limit_is_unknown),
		GROUPS(test_groups__process_that_is_gone),
		GROUPS(test_groups__container_of_each_look_anew),
		GROUPS(test_groups__names_of_containers),
		GROUPS(test_groups__unseen_ones_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
