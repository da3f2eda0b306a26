/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/account.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/account_private.h"

void account__init(struct account *account)
{
	*account = (struct account){
		.exited_limit = EXITED_LIMIT_DEFAULT,
		.cpu_count = FIGURE_UNKNOWN,
		.memory_total_bytes = FIGURE_UNKNOWN,
		.memory_available_bytes = FIGURE_UNKNOWN,
		.private = xcalloc(1, sizeof(*account->private)),
	};
}

void account__release(struct account *account)
{
	struct account_private *private = account->private;

	if (!private)
		return;
	exited_list__release(account);
	for (size_t i = 0; i < account->process_count; i++)
		process__free(account->processes[i]);
	for (size_t i = 0; i < account->ending_count; i++)
		process__free(account->ending[i]);
	for (size_t i = 0; i < account->container_count; i++)
		container__free(account->containers[i]);
	free(account->processes);
	free(account->ending);
	free(account->containers);
	free(account->collections);
	graveyard__release(&private->left_now);
	graveyard__release(&private->left_before);
	hash_table__release(&private->by_key);
	hash_table__release(&private->by_pid);
	hash_table__release(&private->containers);
	free(private);
	*account = (struct account){0};
}

/* ---- processes ---- */

static bool has_pid(const void *process, const void *pid)
{
	return ((const struct process *)process)->key.pid == *(const uint32_t *)pid;
}

struct process *account__find(const struct account *account, struct process_key key)
{
	return hash_table__find(&account->private->by_key, process_key__hash(&key),
				process__has_key, &key);
}

struct process *account__find_pid(const struct account *account, uint32_t pid)
{
	return hash_table__find(&account->private->by_pid, hash_number(pid), has_pid, &pid);
}

static struct process *new_process(struct process_key key)
{
	struct process *process = xcalloc(1, sizeof(*process));

	process->key = key;
	process->exit_status = -1;
	figures__clear(process->figures, PROCESS_FIGURE_COUNT);
	figures__clear(process->previous, PROCESS_FIGURE_COUNT);
	return process;
}

static void add_living(struct account *account, struct process *process)
{
	struct account_private *private = account->private;
	struct process *older = account__find_pid(account, process->key.pid);
	uint64_t pid_hash = hash_number(process->key.pid);

	if (older)
		hash_table__remove(&private->by_pid, pid_hash, older);
	hash_table__add(&private->by_pid, pid_hash, process);
	hash_table__add(&private->by_key, process_key__hash(&process->key), process);

	ARRAY_GROW(account->processes, account->process_count, account->process_capacity);
	process->position = account->process_count;
	account->processes[account->process_count++] = process;
}

static void remove_living(struct account *account, struct process *process)
{
	struct account_private *private = account->private;
	struct process *last = account->processes[--account->process_count];

	account->processes[process->position] = last;
	last->position = process->position;
	hash_table__remove(&private->by_key, process_key__hash(&process->key), process);
	/* not there where a newer process has the pid */
	hash_table__remove(&private->by_pid, hash_number(process->key.pid), process);
}

/* Until the next look, in which it may be seen to have ended. What it points to may go
 * away before. */
static void put_aside(struct account *account, struct process *process)
{
	remove_living(account, process);
	process->container = NULL;
	ARRAY_GROW(account->ending, account->ending_count, account->ending_capacity);
	account->ending[account->ending_count++] = process;
}

static void take_back_ending(struct account *account)
{
	for (size_t i = 0; i < account->ending_count; i++) {
		account->ending[i]->is_ending = false;
		add_living(account, account->ending[i]);
	}
	account->ending_count = 0;
}

struct process *account__process(struct account *account, struct process_key key)
{
	struct process *process = account__find(account, key);

	if (!process) {
		process = new_process(key);
		add_living(account, process);
	} else if (process->seen_look != account->look) {
		memcpy(process->previous, process->figures, sizeof(process->previous));
		process->has_previous = true;
		figures__clear(process->figures, PROCESS_FIGURE_COUNT);
		process__clear_look(process);
	}
	process->seen_look = account->look;
	return process;
}

struct process *account__exited(struct account *account, struct process_key key)
{
	struct process *process = account__find(account, key);
	bool listed = exited_list__has(account, key);

	if (process)
		remove_living(account, process);
	if (listed || !account->exited_limit) {
		if (process)
			graveyard__bury_process(&account->private->left_now, process);
		account->exited_left_out += !listed;
		return NULL;
	}
	if (!process)
		process = new_process(key);
	process->exited = true;
	process->exit_time_unix_ns = account->time_unix_ns;
	exited_list__add(account, process);
	return process;
}

/* ---- the begin of a look ---- */

void account__begin_look(struct account *account, int64_t time_unix_ns)
{
	struct account_private *private = account->private;
	struct graveyard emptied;

	account->interval_ns = 0;
	/* a clock that was set back gives no interval, and so no rates */
	if (account->look && time_unix_ns > account->time_unix_ns &&
	    __builtin_sub_overflow(time_unix_ns, account->time_unix_ns, &account->interval_ns))
		account->interval_ns = 0; /* more than any clock shows: a recording lies */
	account->time_unix_ns = time_unix_ns;
	account->look++;

	graveyard__empty(&private->left_before);
	emptied = private->left_before;
	private->left_before = private->left_now;
	private->left_now = emptied;
	exited_list__bury(account);
	take_back_ending(account);
}

/* ---- containers ---- */

struct container_name {
	const char *runtime, *id;
};

static bool has_name(const void *item, const void *wanted)
{
	const struct container *container = item;
	const struct container_name *name = wanted;

	return !strcmp(container->id, name->id) && !strcmp(container->runtime, name->runtime);
}

static uint64_t name_hash(const struct container_name *name)
{
	return hash_text(hash_text(0, name->runtime), name->id);
}

static struct container *find_container(const struct account *account,
					const struct container_name *name)
{
	return hash_table__find(&account->private->containers, name_hash(name), has_name, name);
}

/* Takes over the two texts of the name. */
static struct container *new_container(struct account *account, char *runtime, char *id)
{
	struct container *container = xcalloc(1, sizeof(*container));
	struct container_name name = {runtime, id};

	container->runtime = runtime;
	container->id = id;
	container->seen_look = account->look;
	figures__clear(container->figures, CONTAINER_FIGURE_COUNT);
	figures__clear(container->previous, CONTAINER_FIGURE_COUNT);
	hash_table__add(&account->private->containers, name_hash(&name), container);
	ARRAY_GROW(account->containers, account->container_count, account->container_capacity);
	account->containers[account->container_count++] = container;
	return container;
}

/* The container of a name as it came from outside, which is kept sanitised. */
static struct container *find_or_make_container(struct account *account,
						const struct container_name *raw)
{
	struct container *container = find_container(account, raw);
	struct container_name name;
	char *runtime, *id;

	if (container)
		return container;
	runtime = text__sanitised(raw->runtime);
	id = text__sanitised(raw->id);
	name = (struct container_name){runtime, id};
	container = find_container(account, &name);
	if (!container)
		return new_container(account, runtime, id);
	free(runtime);
	free(id);
	return container;
}

static void see_container(const struct account *account, struct container *container)
{
	if (container->seen_look == account->look)
		return;
	memcpy(container->previous, container->figures, sizeof(container->previous));
	container->has_previous = true;
	figures__clear(container->figures, CONTAINER_FIGURE_COUNT);
	container->seen_look = account->look;
}

struct container *account__container(struct account *account, const char *runtime, const char *id)
{
	struct container_name raw = {runtime ? runtime : "", id};
	struct container *container = find_or_make_container(account, &raw);

	see_container(account, container);
	return container;
}

/* ---- collections ---- */

void account__add_collection(struct account *account, const struct collection *collection)
{
	if (account->collection_count == COLLECTIONS_MAX) {
		account->collections_lost++;
		return;
	}
	ARRAY_GROW(account->collections, account->collection_count, account->collection_capacity);
	account->collections[account->collection_count++] = *collection;
}

void account__clear_collections(struct account *account)
{
	account->collection_count = 0;
	account->collections_lost = 0;
}

/* ---- the end of a look ---- */

static void history__push(struct history *history, figure_value value)
{
	history->values[history->count++ % HISTORY_LENGTH] = value;
}

/* exited list, or aside: what the look did not see; histories: what it saw */
static void settle_processes(struct account *account)
{
	/* from the end: taking one out puts the last one in its place */
	for (size_t i = account->process_count; i-- > 0;) {
		struct process *process = account->processes[i];

		if (process->seen_look == account->look)
			history__push(&process->history, process->figures[FIG_RSS]);
		else if (process->is_ending)
			put_aside(account, process);
		else
			account__exited(account, process->key);
	}
}

static void add_to_container(struct container *container, const struct process *process)
{
	container->figures[CFIG_PROCESSES]++;
	figures__add(&container->figures[CFIG_RSS_SUM], process->figures[FIG_RSS]);
}

static void sum_containers(struct account *account)
{
	for (size_t i = 0; i < account->process_count; i++)
		if (account->processes[i]->container)
			/* a container that holds a process exists, named or not */
			see_container(account, account->processes[i]->container);
	for (size_t i = 0; i < account->container_count; i++) {
		account->containers[i]->figures[CFIG_PROCESSES] = 0;
		account->containers[i]->figures[CFIG_RSS_SUM] = FIGURE_UNKNOWN;
	}
	for (size_t i = 0; i < account->process_count; i++)
		if (account->processes[i]->container)
			add_to_container(account->processes[i]->container, account->processes[i]);
}

static void settle_container(struct container *container)
{
	figure_value *figures = container->figures;

	if (!figures[CFIG_PROCESSES])
		figures[CFIG_RSS_SUM] = 0;
	history__push(&container->history, figure_known(figures[CFIG_MEMORY_CURRENT])
						   ? figures[CFIG_MEMORY_CURRENT]
						   : figures[CFIG_RSS_SUM]);
}

static void settle_containers(struct account *account)
{
	size_t kept = 0;

	for (size_t i = 0; i < account->container_count; i++) {
		struct container *container = account->containers[i];
		struct container_name name = {container->runtime, container->id};

		if (container->seen_look == account->look) {
			settle_container(container);
			account->containers[kept++] = container;
			continue;
		}
		hash_table__remove(&account->private->containers, name_hash(&name), container);
		graveyard__bury_container(&account->private->left_now, container);
	}
	account->container_count = kept;
}

/* What follows from the figures of the look, the containers' among them. */
static void work_out(struct account *account)
{
	for (size_t i = 0; i < account->process_count; i++) {
		struct process *process = account->processes[i];

		process__drop_unseen_isolates(process, account->look);
		if (process->isolate_count)
			process__sum_isolates(process);
		process__work_out_stacks(process);
		process__work_out_sections(process);
	}
}

void account__end_look(struct account *account)
{
	settle_processes(account);
	sum_containers(account);
	settle_containers(account);
	work_out(account);
}
