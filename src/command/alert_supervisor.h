/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COMMAND_ALERT_SUPERVISOR_H
#define MEMSONDE_COMMAND_ALERT_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

/* What a supervisor is to do: all of it was made before the fork, as between fork and
 * exec nothing can be allocated. */
struct supervised {
	const char *command;
	char *const *environment;
	int64_t timeout_ns;
	bool discard; /* what it prints */
	int report_fd;
	uint32_t number; /* for the report */
};

/* What it writes to report_fd, in one piece. */
struct supervisor_report {
	uint32_t number;
	int32_t error;	   /* errno where it could not be started, else 0 */
	int32_t status;	   /* as of wait(2) */
	uint8_t timed_out; /* it was sent SIGTERM */
	uint8_t killed;	   /* and SIGKILL */
	uint8_t padding[2];
};

/* In a child of ours: runs the command, passes on up to 64 KiB of what it prints to standard
 * error, waits for it and all of its process group, ends them in time, reports, never returns. */
void alert_supervisor__run(const struct supervised *supervised) __attribute__((noreturn));

#endif
