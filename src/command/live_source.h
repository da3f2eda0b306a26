/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COMMAND_LIVE_SOURCE_H
#define MEMSONDE_COMMAND_LIVE_SOURCE_H

struct options;
struct source;

/*
 * Opens what the options name: the live system for their target (starting the
 * command of "-- CMD" stopped before its exec, so that nothing of it is missed), or
 * the recording of --replay. On failure one line was logged and the return value is
 * the exit status to end with; 0 when *source is set.
 */
int open_source(const struct options *options, struct source **source);

#endif
