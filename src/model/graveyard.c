/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>

#include "base/memory.h"
#include "model/account_private.h"

void graveyard__bury_process(struct graveyard *graveyard, struct process *process)
{
	ARRAY_GROW(graveyard->processes, graveyard->process_count, graveyard->process_capacity);
	graveyard->processes[graveyard->process_count++] = process;
}

void graveyard__bury_container(struct graveyard *graveyard, struct container *container)
{
	ARRAY_GROW(graveyard->containers, graveyard->container_count,
		   graveyard->container_capacity);
	graveyard->containers[graveyard->container_count++] = container;
}

void graveyard__empty(struct graveyard *graveyard)
{
	for (size_t i = 0; i < graveyard->process_count; i++)
		process__free(graveyard->processes[i]);
	for (size_t i = 0; i < graveyard->container_count; i++)
		container__free(graveyard->containers[i]);
	graveyard->process_count = 0;
	graveyard->container_count = 0;
}

void graveyard__release(struct graveyard *graveyard)
{
	graveyard__empty(graveyard);
	free(graveyard->processes);
	free(graveyard->containers);
	*graveyard = (struct graveyard){0};
}
