/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_SYSTEM_MACHINE_H
#define MEMSONDE_SYSTEM_MACHINE_H

#include <stdint.h>
#include <sys/types.h>

/* MemTotal and MemAvailable of /proc/meminfo. 0 or -errno. */
int machine__read_memory(int64_t *total_bytes, int64_t *available_bytes);

/* Where /proc/PID/exe points: raw bytes, owned by the caller; NULL when it cannot be
 * told (the process is gone, or a kernel thread). */
char *process_exe__read(pid_t pid);

/* Nanoseconds of a clock. */
int64_t clock_ns(clockid_t clock);

#endif
