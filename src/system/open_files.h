/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_SYSTEM_OPEN_FILES_H
#define MEMSONDE_SYSTEM_OPEN_FILES_H

#include <stdint.h>
#include <sys/types.h>

/* How many descriptors a process has open, or -errno. */
int64_t open_files__count(pid_t tid);

#endif
