/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COMMAND_LAUNCH_H
#define MEMSONDE_COMMAND_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The command of "-- CMD ARG...", held back before its exec until everything is
 * attached, so that nothing of it is missed. It keeps our terminal, output (but for
 * off_screen), group and signals, and goes on when memsonde ends.
 */
struct launch {
	pid_t pid;
	int go_fd;    /* writing to it, or closing it, decides */
	int error_fd; /* tells why exec failed */
};

/* With off_screen the command gets /dev/null in place of the terminal, on which we are
 * about to draw; what is redirected stays so. 0 or -errno after a line was logged. */
int launch__prepare(struct launch *launch, char *const argv[], bool off_screen);

/* Lets it run. 0, or -errno after a line was logged: it could not be executed. */
int launch__go(struct launch *launch, const char *name);

/* Ends it without a run. */
void launch__cancel(struct launch *launch);

#endif
