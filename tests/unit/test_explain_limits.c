/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules on how near a limit is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "unit/explain_case.h"

static struct moment near_heap_limit(int second)
{
	struct moment now = node_at_rest();

	(void)second;
	now.heap_limit = 100;
	now.heap_used = 90;
	return now;
}

static struct moment garbage_near_heap_limit(int second)
{
	struct moment now = near_heap_limit(second);

	now.used_after = 30;
	return now;
}

/* 4 MiB a second, with 80 left. */
static struct moment growing_near_heap_limit(int second)
{
	struct moment now = node_at_rest();
	double used = 800 + (double)second * 4;

	now.heap_limit = 1000;
	now.mark_compacts = second;
	now.heap_used = now.used_after = now.v8_heap = used;
	now.rss += used;
	return now;
}

static struct moment growing_beside_near_heap_limit(int second)
{
	struct moment now = growing_near_heap_limit(30);

	now.mark_compacts = second;
	now.worker_heap_used = now.worker_used_after = 100 + (double)second * 10;
	now.v8_heap += now.worker_heap_used;
	now.rss += now.worker_heap_used;
	return now;
}

static void test_explain_limits__near_heap_limit(void **state)
{
	struct account account;
	struct process *process;

	(void)state;
	process = watch(&account, 0, near_heap_limit);
	expect(process, "near_heap_limit");
	expect_class(process, FIG_CLASS_V8_HEAP);
	expect_words(process, "isolate 1 (main) uses 90.0 MiB of 100 MiB (90 %)");
	account__release(&account);
	expect_watch(0, garbage_near_heap_limit, "");
	process = watch(&account, 30, growing_near_heap_limit);
	expect(process, "objects_held near_heap_limit");
	assert_non_null(strstr(process->explanations[1].evidence,
			       ", which is reached in 0.33 min if it goes on so"));
	account__release(&account);
	/* what the others grow by does not bring this one nearer */
	process = watch(&account, 30, growing_beside_near_heap_limit);
	expect(process, "objects_held near_heap_limit");
	assert_null(strstr(process->explanations[1].evidence, "which is reached"));
	assert_int_equal(process->explanations[1].grew_bytes, 0);
	account__release(&account);
}

/* As they were recorded of Node.js with --max-old-space-size, some seconds before V8 ended
 * it, in MiB: heap_limit is far away. */
static const struct {
	double old_limit, heap_limit, heap_used, old_used, used_after;
	bool is_near;
} small_heaps[] = {
	/* 18, of 60: 3.5 s before; and 12 s */
	{60, 108, 51.8, 49.1, 49.1, true},
	{60, 108, 30.3, 27.1, 27.1, false},
	/* 22, of 60: 3 s before */
	{60, 108, 52.5, 50.3, 50.3, true},
	/* 24, of 60: 2 s before, by ineffective mark-compacts; of 128: 4 s */
	{60, 252, 46.1, 46.0, 45.9, true},
	{128, 320, 100.4, 100.4, 100.3, true},
	/* none of a whole heap was seen: what is new may be garbage */
	{60, 108, 54, 40, UNKNOWN, false},
	{60, 108, 54, 52, UNKNOWN, true},
	/* garbage that waits for a collection */
	{60, 252, 52, 48, 20, false},
};

static size_t small_heap;

static struct moment in_small_heap(int second)
{
	struct moment now = node_at_rest();

	(void)second;
	now.old_limit = small_heaps[small_heap].old_limit;
	now.heap_limit = small_heaps[small_heap].heap_limit;
	now.heap_used = small_heaps[small_heap].heap_used;
	now.old_used = small_heaps[small_heap].old_used;
	now.used_after = small_heaps[small_heap].used_after;
	return now;
}

static void test_explain_limits__near_limit_of_old_generation(void **state)
{
	struct account account;
	struct process *process;

	(void)state;
	for (small_heap = 0; small_heap < ARRAY_SIZE(small_heaps); small_heap++)
		expect_watch(0, in_small_heap,
			     small_heaps[small_heap].is_near ? "near_heap_limit" : "");
	small_heap = 0;
	process = watch(&account, 0, in_small_heap);
	expect_words(process, "uses 51.8 MiB of 60.0 MiB (86 %), the limit of its old generation; "
			      "after the last full collection it used 49.1 MiB");
	account__release(&account);
}

/* A container of 256 MiB. */
static struct process *in_container(struct account *account, int64_t used_mib,
				    const struct moment *moment)
{
	struct process *process;
	struct container *container;

	account__init(account);
	process = look_at(account, 0, moment);
	container = account__container(account, "docker", "web");
	container->figures[CFIG_MEMORY_LIMIT] = 256 * MIB;
	container->figures[CFIG_MEMORY_CURRENT] = 250 * MIB;
	container->figures[CFIG_WORKING_SET] = used_mib * MIB;
	process->container = container;
	explain__look(account);
	return process;
}

static void test_explain_limits__near_container_limit(void **state)
{
	struct account account;
	struct moment native = at_rest, node = node_at_rest();
	struct process *process;

	(void)state;
	process = in_container(&account, 225, &native);
	expect(process, "near_container_limit");
	expect_words(process, "the container uses 225 MiB of 256 MiB (88 %), its limit: ");
	account__release(&account);
	expect(in_container(&account, 200, &native), "");
	account__release(&account);

	process = in_container(&account, 200, &node);
	expect(process, "near_container_limit");
	expect_words(process, "the OOM killer will come before V8 does");
	account__release(&account);
	expect(in_container(&account, 150, &node), "");
	account__release(&account);

	/* the limit is of a group above it, where others are, too */
	process = in_container(&account, 250, &native);
	process->container->figures[CFIG_MEMORY_CURRENT] = 120 * MIB;
	process->container->figures[CFIG_WORKING_SET] = 100 * MIB;
	explain__look(&account);
	expect(process, "");
	process->container->figures[CFIG_MEMORY_LIMIT_CURRENT] = 250 * MIB;
	explain__look(&account);
	expect(process, "near_container_limit");
	expect_words(process, "the container and others under one limit use 230 MiB of 256 MiB");
	account__release(&account);

	/* V8 would stop first */
	node.heap_limit = 40;
	expect(in_container(&account, 200, &node), "");
	account__release(&account);
	/* a small one is not to blame */
	native.rss = 10;
	native.malloc = 2;
	expect(in_container(&account, 250, &native), "");
	account__release(&account);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_explain_limits__near_heap_limit),
		cmocka_unit_test(test_explain_limits__near_limit_of_old_generation),
		cmocka_unit_test(test_explain_limits__near_container_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
