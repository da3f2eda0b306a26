/* SPDX-License-Identifier: GPL-2.0-only */
#include "system/file_limit.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "base/error.h"

static struct rlimit before;
static bool raised;

/* For BPF programs, maps and hooks, and what one look opens. */
#define FILES_LEAST 64

int file_limit__raise(void)
{
	struct rlimit limit;

	if (raised || getrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	before = limit;
	limit.rlim_cur = limit.rlim_max;
	raised = !setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max >= FILES_LEAST)
		return 0;
	log_error("no more than %llu files may be open: set 'ulimit -n' to %d or more",
		  (unsigned long long)limit.rlim_max, FILES_LEAST);
	return -EMFILE;
}

void file_limit__restore(void)
{
	if (raised)
		setrlimit(RLIMIT_NOFILE, &before);
}
