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

/* Of /proc/PID/stat. */
struct process_stat {
	char state;
	pid_t parent;
	int threads;		/* that were not reaped yet */
	uint64_t start_ticks;	/* since boot */
	uint64_t address_bytes; /* size of its address space; 0 once that was given back */
};

/* 0, or -EINVAL if it is no such text. */
int process_stat__parse(struct process_stat *stat, const char *text);

/* 0, -ESRCH, or -EINVAL. */
int process_stat__read(struct process_stat *stat, pid_t pid);

/* Whether a process is another one, or descends from it, as parents are now. */
bool process_descends_from(pid_t pid, pid_t ancestor);

/* Whether the memory was given back, while the last thread has not come to its end. Of a
 * kernel thread, too. */
bool process_stat__is_ending(const struct process_stat *stat);

/* Whether this process, not a later one of the same pid, is ending. */
bool process_is_ending(pid_t pid, uint64_t start_ns);

/* Whether /proc shows the processes of our own pid namespace. */
bool proc_is_ours(void);

/* Whether SIGINT, SIGTERM or SIGHUP, which are blocked, waits to be taken. */
bool stop_is_pending(void);

/* Nanoseconds of a clock. */
int64_t clock_ns(clockid_t clock);

/* Nanoseconds that a process has computed, as of its last stop or tick; 0 if it is gone. */
int64_t process_cpu_ns(pid_t pid);

#endif
