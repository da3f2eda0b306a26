/* SPDX-License-Identifier: GPL-2.0-only */
#include "system/file_limit.h"

#include <stdbool.h>
#include <sys/resource.h>

static struct rlimit before;
static bool raised;

void file_limit__raise(void)
{
	struct rlimit limit;

	if (raised || getrlimit(RLIMIT_NOFILE, &limit))
		return;
	before = limit;
	limit.rlim_cur = limit.rlim_max;
	raised = !setrlimit(RLIMIT_NOFILE, &limit);
}

void file_limit__restore(void)
{
	if (raised)
		setrlimit(RLIMIT_NOFILE, &before);
}
