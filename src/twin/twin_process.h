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
struct page_delivery;

struct twin_process {
	pid_t pid; /* below 0: there is none */
	int pid_fd;
	uint64_t home;
	uint64_t page_bytes;
	struct twin_control *control; /* shared with it: hostile once functions ran */
	const struct page_delivery *delivery;
	int userfault_fd;     /* of the delivery by userfaultfd */
	void *delivery_state; /* of others */
	int end_signal;	      /* why it cannot go on, as far as the delivery knows */
};

/* No process. */
void twin_process__init(struct twin_process *process);

/* Makes one whose home lies where the target has nothing. 0 or -errno. The process then
 * sets itself up, and rings its first doorbell when it is ready. */
int twin_process__start(struct twin_process *process, const struct twin_target *target,
			const struct page_delivery *delivery);

/* Kills and reaps it, if it lives. Returns its wait status, -1 if there is none. */
int twin_process__end(struct twin_process *process);

/* Whether the home still lies where the target has nothing. */
bool twin_process__fits(const struct twin_process *process, const struct twin_target *target);

#endif
