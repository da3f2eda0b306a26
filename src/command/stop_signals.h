/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COMMAND_STOP_SIGNALS_H
#define MEMSONDE_COMMAND_STOP_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/*
 * SIGINT, SIGTERM and SIGHUP as something to poll: the first one asks for an orderly
 * end, the next one kills as if nobody had cared. Signals that were ignored when the
 * program started (nohup) stay ignored.
 */
struct stop_signals {
	int fd; /* readable when one arrived */
	sigset_t old_mask;
	bool arrived;
};

/* From here on the signals wait in fd. Processes started later inherit the mask: open
 * this after them. 0 or -errno. */
int stop_signals__open(struct stop_signals *signals);

/* True once a signal has come. From the first time on, the next one kills. */
bool stop_signals__arrived(struct stop_signals *signals);

/* The signals work as before. */
void stop_signals__close(struct stop_signals *signals);

#endif
