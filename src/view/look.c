/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/look.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A sorted copy: the account's own arrays stay as they are. */
static void *sorted(void *subjects, size_t count, const struct column *column,
		    const struct column_context *context)
{
	void *copy = xcalloc(count, sizeof(void *));

	if (count)
		memcpy(copy, subjects, count * sizeof(void *));
	column__sort(column, context, column->number != NULL, copy, count);
	return copy;
}

void look__init(struct look *look, const struct account *account, const struct column *sort,
		struct user_names *users)
{
	const struct column *by = sort ? sort : process_column__find("rss");
	/* an exited process has no memory left: what it had at most tells more */
	const struct column *exited_by = sort ? sort : process_column__find("rss_peak");
	const struct column *containers_by = container_column__find("memory_current");
	struct column_context *context = &look->context;

	*context = (struct column_context){.account = account, .users = users};
	look->sort = by;
	look->process_count = account->process_count;
	look->processes = sorted(account->processes, account->process_count, by, context);
	look->exited_count = account->exited_count;
	look->exited = sorted(account->exited, account->exited_count, exited_by, context);
	look->container_count = account->container_count;
	look->containers =
		sorted(account->containers, account->container_count, containers_by, context);
}

void look__release(struct look *look)
{
	free(look->processes);
	free(look->exited);
	free(look->containers);
	*look = (struct look){0};
}

const char look_unmeasured_note[] =
	"heap.allocated_bytes to heap.sampled_every, lost.stacks, lost.live_blocks: "
	"not measured";

bool process__note_is_own(const char *note)
{
	return strcmp(note, look_unmeasured_note) != 0;
}

size_t process__own_note_count(const struct process *process)
{
	size_t count = 0;

	for (size_t i = 0; i < process->note_count; i++)
		count += process__note_is_own(process->notes[i]) &&
			 strcmp(process->notes[i], process_single_look_note) != 0;
	return count;
}
