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
