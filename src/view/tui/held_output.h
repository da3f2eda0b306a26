/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TUI_HELD_OUTPUT_H
#define MEMSONDE_VIEW_TUI_HELD_OUTPUT_H

/* Standard error, kept in memory while something else has the screen. */
struct held_output {
	int kept_fd; /* what standard error was; -1: nothing is held */
};

/* Where it cannot be held back, it is left as it was. */
void held_output__begin(struct held_output *held);

/* Forgets what was written so far, once that is much. */
void held_output__trim(struct held_output *held);

/* Gives standard error back and writes to it what was held. */
void held_output__end(struct held_output *held);

#endif
