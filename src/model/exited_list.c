/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes that ended since the last look, at most account->exited_limit of them.
 *
 * account->exited is a binary heap, the lowest peak first, but for its last element:
 * that process was just added and its figures are being set, so it takes its place
 * only when the next one comes.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "model/account_private.h"

/* Unknown is the lowest value of all, so it is left out first. */
static figure_value rank(const struct process *process)
{
	figure_value peak = process->figures[FIG_RSS_PEAK];

	return figure_known(peak) ? peak : process->figures[FIG_RSS];
}

static void swap(struct process **heap, size_t a, size_t b)
{
	struct process *process = heap[a];

	heap[a] = heap[b];
	heap[b] = process;
}

static void sift_up(struct process **heap, size_t i)
{
	while (i && rank(heap[i]) < rank(heap[(i - 1) / 2])) {
		swap(heap, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

static void sift_down(struct process **heap, size_t count, size_t i)
{
	for (;;) {
		size_t least = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++)
			if (rank(heap[child]) < rank(heap[least]))
				least = child;
		if (least == i)
			return;
		swap(heap, i, least);
		i = least;
	}
}

static void remove_least(struct account *account)
{
	struct process *least = account->exited[0];

	account->exited[0] = account->exited[--account->exited_count];
	sift_down(account->exited, account->exited_count, 0);
	account->exited_left_out++;
	hash_table__remove(&account->private->exited_by_key, process_key__hash(&least->key), least);
	/* one that an earlier call handed out may be on a screen; the others were made
	 * for this list, and keeping them would undo its bound */
	if (least->seen_look)
		graveyard__bury_process(&account->private->left_now, least);
	else
		process__free(least);
}

bool exited_list__has(const struct account *account, struct process_key key)
{
	return hash_table__find(&account->private->exited_by_key, process_key__hash(&key),
				process__has_key, &key);
}

void exited_list__add(struct account *account, struct process *process)
{
	if (account->exited_count)
		sift_up(account->exited, account->exited_count - 1);
	while (account->exited_count >= account->exited_limit)
		remove_least(account);
	ARRAY_GROW(account->exited, account->exited_count, account->exited_capacity);
	account->exited[account->exited_count++] = process;
	hash_table__add(&account->private->exited_by_key, process_key__hash(&process->key),
			process);
}

void exited_list__bury(struct account *account)
{
	for (size_t i = 0; i < account->exited_count; i++)
		graveyard__bury_process(&account->private->left_before, account->exited[i]);
	account->exited_count = 0;
	account->exited_left_out = 0;
	hash_table__clear(&account->private->exited_by_key);
}

void exited_list__release(struct account *account)
{
	for (size_t i = 0; i < account->exited_count; i++)
		process__free(account->exited[i]);
	free(account->exited);
	hash_table__release(&account->private->exited_by_key);
}
