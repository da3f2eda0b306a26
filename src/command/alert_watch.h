/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COMMAND_ALERT_WATCH_H
#define MEMSONDE_COMMAND_ALERT_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct account;
struct options;

/*
 * What --alert and --exec ask for, for a command that takes looks. Each condition that is
 * crossed is a line on standard error, and runs the command.
 */
struct alert_watch;

/* Opens it into *watch, NULL without --alert. With off_screen what the commands print is
 * discarded. 0, or -errno after a line was logged. The options must outlive it. */
int alert_watch__open(struct alert_watch **watch, const struct options *options, bool off_screen);

/* After account__end_look(). Returns how many lines were logged, for conditions that were
 * crossed and for figures that nobody has; the last one is copied to text, cut to size; size
 * may be 0. */
size_t alert_watch__look(struct alert_watch *watch, const struct account *account, char *text,
			 size_t size);

/* To poll between looks: -1 if there is nothing. */
int alert_watch__fd(const struct alert_watch *watch);
void alert_watch__drain(struct alert_watch *watch);

/* Says which figures no look knew, and waits for commands that run. */
void alert_watch__close(struct alert_watch *watch, const struct account *account);

#endif
