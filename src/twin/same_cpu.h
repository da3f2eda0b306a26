/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_SAME_CPU_H
#define MEMSONDE_TWIN_SAME_CPU_H

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * A twin and its parent on one CPU for the time of a round: only one of the two ever has
 * something to do, and to wake another CPU takes several times longer than to serve a page.
 */
struct same_cpu {
	cpu_set_t before; /* where we were allowed to run */
	bool staying;
};

/* Stays on the CPU that we are on; children that are made meanwhile do, too, and the process
 * of that pid, if it is above 0. Where it is not possible all goes on as before. */
void same_cpu__stay(struct same_cpu *same, pid_t pid);
void same_cpu__leave(struct same_cpu *same);

#endif
