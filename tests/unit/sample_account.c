/* SPDX-License-Identifier: GPL-2.0-only */
#include "unit/sample_account.h"

#include <signal.h>
#include <stdio.h>

#define FIRST_LOOK_NS  ((int64_t)1769860800 * 1000000000) /* 2026-01-31 12:00:00 UTC */
#define SECOND_LOOK_NS (FIRST_LOOK_NS + (int64_t)2 * 1000000000)
#define MINUTE_NS      ((int64_t)60 * 1000000000)

static struct process *add(struct account *account, uint32_t pid, const char *comm, int64_t age_ns)
{
	struct process_key key = {.start_ns = 1000 + pid, .pid = pid};
	struct process *process = account__process(account, key);

	snprintf(process->comm, sizeof(process->comm), "%s", comm);
	process->start_time_unix_ns = FIRST_LOOK_NS - age_ns;
	process->parent_pid = 1;
	process->namespace_pid = pid;
	process->uid = 1000;
	return process;
}

static void set_rss(struct process *process, int64_t anon, int64_t file, int64_t shmem)
{
	process->figures[FIG_RSS] = anon + file + shmem;
	process->figures[FIG_RSS_ANON] = anon;
	process->figures[FIG_RSS_FILE] = file;
	process->figures[FIG_RSS_SHMEM] = shmem;
	process->figures[FIG_RSS_PEAK] = anon + file + shmem + 4 * MIB;
	process->figures[FIG_SWAP] = 0;
}

static void set_classes(struct process *process, int64_t anon)
{
	process->figures[FIG_CLASS_MALLOC] = 300 * MIB;
	process->figures[FIG_CLASS_STACK] = 2 * MIB;
	process->figures[FIG_CLASS_CODE] = 40 * MIB;
	process->figures[FIG_CLASS_FILE] = 20 * MIB;
	process->figures[FIG_CLASS_SHMEM] = 0;
	process->figures[FIG_CLASS_ANON] = anon;
	process->figures[FIG_CLASS_UNACCOUNTED] = process->figures[FIG_RSS] - 362 * MIB - anon;
}

static struct container *add_container(struct account *account, int64_t current)
{
	struct container *container = account__container(
		account, "docker",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");

	account__set_text(&container->name, "web");
	account__set_text(&container->image, "shop:7");
	account__set_text(&container->cgroup, "/docker/0123456789abcdef");
	container->figures[CFIG_MEMORY_CURRENT] = current;
	container->figures[CFIG_MEMORY_LIMIT] = 1024 * MIB;
	container->figures[CFIG_MEMORY_LIMIT_USED] = current * 10000 / (1024 * MIB);
	container->figures[CFIG_WORKING_SET] = current - 10 * MIB;
	container->figures[CFIG_OOM_KILLS] = 1;
	container->figures[CFIG_PRESSURE_SOME] = 125;
	return container;
}

static void add_living(struct account *account, int64_t grown)
{
	struct container *container = add_container(account, 600 * MIB + grown);
	struct process *node = add(account, 4242, "node", 182 * MINUTE_NS);
	struct process *postgres = add(account, 700, "postgres", 100 * MINUTE_NS);
	struct process *evil = add(account, 900, "evil \"a,b\"\\", 0);

	node->container = container;
	account__set_text(&node->exe, "/usr/bin/node");
	account__set_text(&node->cgroup, "/docker/0123456789abcdef");
	set_rss(node, 432 * MIB + grown, 60 * MIB, 0);
	set_classes(node, 120 * MIB + grown);
	node->figures[FIG_FAULTS_MINOR] = 100000 + grown / 4096;
	node->figures[FIG_FAULTS_MAJOR] = 7;
	node->figures[FIG_MMAP_BYTES] = grown;
	node->figures[FIG_MMAP_CALLS] = grown / MIB;
	process__add_anon_name(node, "v8", 12 * MIB);
	set_rss(postgres, 20 * MIB, 12 * MIB, 32 * MIB);
	postgres->uid = 105;
	process__add_note(postgres, "classes: not among the largest");
	set_rss(evil, 6 * MIB, 2 * MIB, 0);
}

static void begin(struct account *account, int64_t time_ns)
{
	account__begin_look(account, time_ns);
	account->cpu_count = 4;
	account->memory_total_bytes = 8192 * MIB;
	account->memory_available_bytes = 4096 * MIB;
}

void sample_account__first_look(struct account *account)
{
	struct process *worker;

	begin(account, FIRST_LOOK_NS);
	add_living(account, 0);
	worker = add(account, 4300, "worker", 0);
	set_rss(worker, 50 * MIB, 2 * MIB, 0);
	account__end_look(account);
}

void sample_account__second_look(struct account *account)
{
	struct process_key worker_key = {.start_ns = 1000 + 4300, .pid = 4300};
	struct process *worker;

	begin(account, SECOND_LOOK_NS);
	add_living(account, 20 * MIB);
	worker = account__exited(account, worker_key);
	worker->exit_time_unix_ns = FIRST_LOOK_NS + 1500000000;
	worker->exit_status = SIGKILL;
	worker->oom_killed = true;
	worker->figures[FIG_RSS_PEAK] = 100 * MIB;
	account__end_look(account);
}

void sample_account__init(struct account *account)
{
	account__init(account);
	sample_account__first_look(account);
	sample_account__second_look(account);
}

/* --- heaps --- */

static void add_isolate(struct process *process, const struct account *account, uint32_t tid,
			const char *thread, int64_t used, int64_t limit, int64_t buffers)
{
	struct isolate *isolate = process__isolate(process, account->look, tid);
	figure_value *figures = isolate->figures;

	snprintf(isolate->thread, sizeof(isolate->thread), "%s", thread);
	figures[IFIG_HEAP_TOTAL] = used + 20 * MIB;
	figures[IFIG_HEAP_USED] = used;
	figures[IFIG_EXTERNAL] = buffers + 2 * MIB;
	figures[IFIG_ARRAY_BUFFERS] = buffers;
	figures[IFIG_HEAP_LIMIT] = limit;
	figures[IFIG_MALLOCED] = MIB / 2;
	figures[IFIG_NATIVE_CONTEXTS] = 1;
	figures[IFIG_DETACHED_CONTEXTS] = tid == 4250 ? 2 : 0;
	figures[IFIG_GC_SCAVENGES] = 10 + (figure_value)account->look;
	figures[IFIG_GC_MARK_COMPACTS] = 3;
	figures[IFIG_GC_OTHERS] = 0;
	figures[IFIG_GC_PAUSE] = 45000000;
	figures[IFIG_GC_PAUSE_MAX] = 9500000;
	isolate__add_space(isolate, "read_only_space", 0, 0);
	isolate__add_space(isolate, "new_space", 16 * MIB, 2 * MIB);
	isolate__add_space(isolate, "old_space", used + 4 * MIB, used - 2 * MIB);
}

static void set_all_classes(struct process *process, const int64_t mib[CLASS_COUNT - 1])
{
	int64_t sum = 0;

	for (int i = 0; i < CLASS_COUNT - 1; i++) {
		process->figures[FIG_CLASS_FIRST + i] = mib[i] * MIB;
		sum += mib[i] * MIB;
	}
	process->figures[FIG_CLASS_UNACCOUNTED] = process->figures[FIG_RSS] - sum;
}

static void add_node(struct account *account, int64_t grown)
{
	struct process *node = add(account, 4242, "node", 60 * MINUTE_NS);
	const int64_t classes[] = {150, 10, 60 + grown / MIB, 80, 2, 45, 15, 0, 36};
	struct explanation explanation = {
		.cause = CAUSE_BUFFERS_HELD,
		.class = FIG_CLASS_ARRAY_BUFFERS,
		.grew_bytes = grown,
		.per_minute_bytes = 30 * grown,
		.evidence = "arrayBuffers grew with rss while heapUsed stayed: Buffers are held by "
			    "objects that live. Look for queues, caches and responses that nobody "
			    "reads",
	};

	node->container = add_container(account, 700 * MIB);
	set_rss(node, 340 * MIB + grown, 60 * MIB, 0);
	set_all_classes(node, classes);
	node->figures[FIG_LIMIT_CONTAINER] = 1024 * MIB;
	node->figures[FIG_LIMIT_AVAILABLE] = 4096 * MIB;
	node->figures[FIG_FDS_OPEN] = 42;
	node->figures[FIG_FDS_LIMIT] = 1024;
	account__set_text(&node->allocator, "jemalloc");
	account__set_text(&node->heap_source, "twin");
	node->figures[FIG_HEAP_HELD] = 80 * MIB;
	node->figures[FIG_HEAP_LIVE] = 260 * MIB;
	node->figures[FIG_HEAP_SLACK] = 20 * MIB;
	add_isolate(node, account, 4242, "main", 70 * MIB, 2096 * MIB, 48 * MIB + grown);
	add_isolate(node, account, 4250, "WorkerThread", 35 * MIB, 64 * MIB, 8 * MIB);
	if (!grown)
		add_isolate(node, account, 4251, "WorkerThread", 20 * MIB, 2096 * MIB, 4 * MIB);
	else
		process__add_explanation(node, &explanation);
}

static void add_cruncher(struct account *account)
{
	static const int64_t classes[] = {0, 0, 0, 280, 10, 8, 2, 0, 0};
	struct process *cruncher = add(account, 800, "cruncher", 10 * MINUTE_NS);

	set_rss(cruncher, 290 * MIB, 10 * MIB, 0);
	set_all_classes(cruncher, classes);
	cruncher->figures[FIG_VSIZE] = 1536 * MIB;
	cruncher->figures[FIG_LIMIT_ADDRESS_SPACE] = 2048 * MIB;
	cruncher->figures[FIG_LIMIT_AVAILABLE] = 4096 * MIB;
	account__set_text(&cruncher->allocator, "glibc");
	account__set_text(&cruncher->heap_source, "twin");
	cruncher->figures[FIG_HEAP_HELD] = 280 * MIB;
	cruncher->figures[FIG_HEAP_LIVE] = 100 * MIB;
	cruncher->figures[FIG_HEAP_SLACK] = 180 * MIB;
	cruncher->figures[FIG_HEAP_FREE] = 190 * MIB;
	for (uint32_t i = 0; i < SAMPLE_STACKS; i++) {
		struct thread_stack stack = {
			.tid = 800 + i,
			.mapped_bytes = i ? 8 * MIB : MIB / 8,
			.limit_bytes = 8 * MIB,
			.touched_bytes = MIB / 16,
			.deepest_bytes = i == 29 ? 6 * MIB : MIB / 16 + i * 4096,
		};

		snprintf(stack.name, sizeof(stack.name), "%s%u", i ? "crunch-" : "cruncher", i);
		process__add_stack(cruncher, &stack);
	}
}

void sample_account__look_at_heaps(struct account *account)
{
	int64_t grown = account->look ? 8 * MIB : 0;

	begin(account, FIRST_LOOK_NS + (int64_t)account->look * 2 * 1000000000);
	add_node(account, grown);
	add_cruncher(account);
	account__end_look(account);
}
