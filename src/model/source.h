/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_MODEL_SOURCE_H
#define MEMSONDE_MODEL_SOURCE_H

#include <stdint.h>

struct account;

/*
 * Where looks come from: the live system (collect/) or recorded output
 * (recording/). Commands and screens know only this.
 */
struct source {
	/* Takes one look into the account. 0; -ENODATA when there is no further look
	 * (a recording ended, or every target is gone); after a line was logged -ENOLINK
	 * when there is none as a recording is cut off in its last line, or another
	 * -errno. */
	int (*look)(struct source *source, struct account *account);
	/* Handles what arrived on fd; called when it is readable. Collections go into the
	 * account at once. */
	void (*drain)(struct source *source, struct account *account);
	void (*close)(struct source *source);
	int fd; /* to poll between looks, -1 if there is nothing to poll */
};

#endif
