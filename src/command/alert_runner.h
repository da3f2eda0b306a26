/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COMMAND_ALERT_RUNNER_H
#define MEMSONDE_COMMAND_ALERT_RUNNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Runs `/bin/sh -c COMMAND` in the background, bounded in number and in time, and tells of
 * those that failed. Each has a supervisor, a small process of ours that ends it in time
 * also when memsonde itself was killed; nothing here ever waits, but for the end.
 *
 * A command gets /dev/null to read, no other file, a process group of its own and signals as
 * a shell would give them. What it prints goes to our standard error (or nowhere), up to
 * 64 KiB; what it leaves in the background belongs to it, unless it leaves the group (setsid).
 */
struct alert_runner;

/* At a time. */
#define ALERT_RUNS_MAX 8

/* NULL after a line was logged. The command must outlive it. */
struct alert_runner *alert_runner__new(const char *command, int64_t timeout_ns, bool discard);

/* Starts one. `what` names it in messages; the environment is NULL-terminated. */
void alert_runner__run(struct alert_runner *runner, const char *what, char *const *environment);

/* Whether a process is one that runs so, or was started by one: what it does is nothing to be
 * told of, or each would be a reason for the next. */
bool alert_runner__has(const struct alert_runner *runner, pid_t pid);

/* Readable when one has ended. */
int alert_runner__fd(const struct alert_runner *runner);

/* Tells of those that have ended, if there is something to tell, and how many were not
 * started since the call before. */
void alert_runner__drain(struct alert_runner *runner);

/* Waits for those that run, within their time, and frees it. NULL is none. */
void alert_runner__close(struct alert_runner *runner);

#endif
