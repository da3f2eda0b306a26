/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_SYSTEM_MACHINE_H
#define MEMSONDE_SYSTEM_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* MemTotal and MemAvailable of /proc/meminfo. 0 or -errno. */
int machine__read_memory(int64_t *total_bytes, int64_t *available_bytes);

/* Where /proc/PID/exe points: raw bytes, owned by the caller; NULL when it cannot be
 * told (the process is gone, or a kernel thread). */
char *process_exe__read(pid_t pid);

/* The process that a number in /proc belongs to: itself, or that of the thread which has
 * it; 0 if nothing has it. */
pid_t process_of__read(pid_t pid_or_tid);

/* Whether /proc shows the processes of our own pid namespace. */
bool proc_is_ours(void);

/* Nanoseconds of a clock. */
int64_t clock_ns(clockid_t clock);

/* Nanoseconds that a process has computed, as of its last stop or tick; 0 if it is gone. */
int64_t process_cpu_ns(pid_t pid);

#endif
