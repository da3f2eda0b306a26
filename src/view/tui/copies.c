/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/tui/copies.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "view/tui/spark.h"

static char *copy_text(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static void free_texts(struct process_copy *copy)
{
	struct process *process = &copy->process;

	for (size_t i = 0; i < process->anon_name_count; i++)
		free(process->anon_names[i].name);
	for (size_t i = 0; i < process->note_count; i++)
		free(process->notes[i]);
	for (size_t i = 0; i < process->explanation_count; i++)
		free(process->explanations[i].evidence);
	free(process->anon_names);
	free(process->notes);
	free(process->explanations);
	free(process->isolates);
	free(process->stacks);
	free(process->allocator);
	free(process->heap_source);
	free(process->exe);
	free(process->cgroup);
	free(copy->container_name);
	free(copy->container_runtime);
	copy->container_name = copy->container_runtime = NULL;
}

static void *copy_array(const void *items, size_t count, size_t size)
{
	void *copy = count ? xcalloc(count, size) : NULL;

	if (count)
		memcpy(copy, items, count * size);
	return copy;
}

static void copy_lists(struct process *to, const struct process *from)
{
	to->anon_names =
		copy_array(from->anon_names, from->anon_name_count, sizeof *from->anon_names);
	to->notes = copy_array(from->notes, from->note_count, sizeof *from->notes);
	to->explanations =
		copy_array(from->explanations, from->explanation_count, sizeof *from->explanations);
	to->isolates = copy_array(from->isolates, from->isolate_count, sizeof *from->isolates);
	to->stacks = copy_array(from->stacks, from->stack_count, sizeof *from->stacks);
	for (size_t i = 0; i < from->anon_name_count; i++)
		to->anon_names[i].name = copy_text(from->anon_names[i].name);
	for (size_t i = 0; i < from->explanation_count; i++)
		to->explanations[i].evidence = copy_text(from->explanations[i].evidence);
	for (size_t i = 0; i < from->note_count; i++)
		to->notes[i] = copy_text(from->notes[i]);
}

static void take_container(struct process_copy *copy, const struct container *container)
{
	char buffer[16];

	if (!container)
		return;
	copy->container_name = xstrdup(container__label(container, buffer));
	copy->container_runtime = copy_text(container->runtime);
}

static void take_living(struct process_copy *copy, const struct account *account,
			const struct process *process)
{
	free_texts(copy);
	copy->process = *process;
	copy->process.exe = copy_text(process->exe);
	copy->process.cgroup = copy_text(process->cgroup);
	copy->process.allocator = copy_text(process->allocator);
	copy->process.heap_source = copy_text(process->heap_source);
	copy->process.container = NULL;
	copy->process.explain_history = NULL;
	copy_lists(&copy->process, process);
	take_container(copy, process->container);
	for (int i = 0; i < PROCESS_FIGURE_COUNT; i++)
		copy->rates[i] = process__rate(account, process, i);
	for (int i = 0; i < CLASS_COUNT; i++)
		history__add(&copy->classes[i], process->figures[FIG_CLASS_FIRST + i]);
}

/* What an exited process still says: how it ended and the figures it ended with. What is
 * unknown by then stays as it was last. */
static void take_exited(struct process_copy *copy, const struct process *process)
{
	copy->process.exited = true;
	copy->process.exit_time_unix_ns = process->exit_time_unix_ns;
	copy->process.exit_status = process->exit_status;
	copy->process.oom_killed = process->oom_killed;
	for (int i = 0; i < PROCESS_FIGURE_COUNT; i++) {
		if (figure_known(process->figures[i]))
			copy->process.figures[i] = process->figures[i];
	}
}

void process_copy__start(struct process_copy *copy, struct process_key key)
{
	process_copy__release(copy);
	copy->process.key = key;
	figures__clear(copy->process.figures, PROCESS_FIGURE_COUNT);
	figures__clear(copy->rates, PROCESS_FIGURE_COUNT);
}

static bool is_ending(const struct account *account, struct process_key key)
{
	for (size_t i = 0; i < account->ending_count; i++)
		if (account->ending[i]->key.pid == key.pid &&
		    account->ending[i]->key.start_ns == key.start_ns)
			return true;
	return false;
}

void process_copy__update(struct process_copy *copy, const struct account *account)
{
	struct process_key key = copy->process.key;
	const struct process *living = account__find(account, key);

	if (copy->process.exited)
		return;
	copy->looks++;
	if (living) {
		take_living(copy, account, living);
		return;
	}
	for (size_t i = 0; i < account->exited_count; i++) {
		const struct process *process = account->exited[i];

		if (process->key.pid == key.pid && process->key.start_ns == key.start_ns) {
			take_exited(copy, process);
			return;
		}
	}
	if (is_ending(account, key))
		return;
	copy->process.exited = true;
	copy->process.exit_status = -1;
	copy->process.exit_time_unix_ns = account->time_unix_ns;
}

void process_copy__release(struct process_copy *copy)
{
	free_texts(copy);
	memset(copy, 0, sizeof *copy);
}

struct container *container_copy__original(const struct container_copy *copy,
					   const struct account *account)
{
	for (size_t i = 0; copy->container.id && i < account->container_count; i++) {
		struct container *container = account->containers[i];

		if (strcmp(container->id, copy->container.id) == 0 &&
		    strcmp(container->runtime, copy->container.runtime) == 0)
			return container;
	}
	return NULL;
}

static void take_container_state(struct container_copy *copy, const struct container *from)
{
	container_copy__release(copy);
	copy->container = *from;
	copy->container.id = copy_text(from->id);
	copy->container.name = copy_text(from->name);
	copy->container.runtime = copy_text(from->runtime);
	copy->container.cgroup = copy_text(from->cgroup);
	copy->container.image = copy_text(from->image);
	copy->container.pod = copy_text(from->pod);
}

void container_copy__start(struct container_copy *copy, const struct container *container)
{
	take_container_state(copy, container);
	figures__clear(copy->rates, CONTAINER_FIGURE_COUNT);
}

void container_copy__update(struct container_copy *copy, const struct account *account)
{
	const struct container *original = container_copy__original(copy, account);

	copy->gone = !original;
	if (!original)
		return;
	take_container_state(copy, original);
	for (int i = 0; i < CONTAINER_FIGURE_COUNT; i++)
		copy->rates[i] = container__rate(account, original, i);
}

void container_copy__release(struct container_copy *copy)
{
	free(copy->container.id);
	free(copy->container.name);
	free(copy->container.runtime);
	free(copy->container.cgroup);
	free(copy->container.image);
	free(copy->container.pod);
	memset(copy, 0, sizeof *copy);
}
