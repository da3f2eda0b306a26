/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TUI_COPIES_H
#define MEMSONDE_VIEW_TUI_COPIES_H

#include <stdbool.h>

#include "model/account.h"

/*
 * Copies of the process or container that a screen is about: its last figures stay on
 * the screen when it has ended and the account has let go of it.
 */

struct process_copy {
	struct process process; /* all texts are the copy's; container is NULL */
	char *container_name;	/* NULL: in none */
	char *container_runtime;
	figure_value rates[PROCESS_FIGURE_COUNT]; /* per second */
	int looks;				  /* since the copy was first taken */
	bool is_final;				  /* there is no further look */
	struct history classes[CLASS_COUNT];	  /* since the copy was first taken */
};

/* Starts anew, with no history: the process with that key. */
void process_copy__start(struct process_copy *copy, struct process_key key);

/* Takes the state after a look: from the living process, else from the exited list,
 * else only that it is gone. */
void process_copy__update(struct process_copy *copy, const struct account *account);
void process_copy__release(struct process_copy *copy);

struct container_copy {
	struct container container; /* all texts are the copy's */
	figure_value rates[CONTAINER_FIGURE_COUNT];
	bool gone;
};

void container_copy__start(struct container_copy *copy, const struct container *container);
void container_copy__update(struct container_copy *copy, const struct account *account);
void container_copy__release(struct container_copy *copy);

/* The container of the account that the copy is of, NULL if it is gone. */
struct container *container_copy__original(const struct container_copy *copy,
					   const struct account *account);

#endif
