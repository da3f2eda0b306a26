/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_TWIN_PROCESS_H
#define MEMSONDE_TWIN_TWIN_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "twin/home.h"

/*
 * The process of a twin: made, sandboxed and ended here. It has no rights, no descriptors,
 * no memory but its home, and cannot call the kernel.
 */
struct twin_process {
	pid_t pid;
	int pid_fd;
	int userfault_fd;
	uint64_t home;
	struct twin_control *control; /* shared with it: hostile once functions ran */
};

/* Makes one whose home lies where the target has nothing. 0 or -errno. The process then
 * sets itself up, and rings its first doorbell when it is ready. */
int twin_process__start(struct twin_process *process, const struct twin_target *target);

/* Kills and reaps it, if it lives. Returns its wait status, -1 if there is none. */
int twin_process__end(struct twin_process *process);

/* Whether the home still lies where the target has nothing. */
bool twin_process__fits(const struct twin_process *process, const struct twin_target *target);

#endif
