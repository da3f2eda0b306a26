/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_REFRESH_H
#define MEMSONDE_TWIN_REFRESH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "twin/known_pages.h"
#include "twin/target_pages.h"

/* Brings pages of a running twin up to date with its target. */
struct refresh {
	struct target_pages *pages;
	pid_t pid; /* the twin's */
	uint64_t page_bytes;
	char *buffer; /* TARGET_PAGES_AT_ONCE */
};

/*
 * Fetches all known pages anew over what the twin has, and counts them. -ESTALE when it holds
 * a page that the target does not have any more; -ESRCH.
 */
int refresh__all(const struct refresh *refresh, struct known_pages *known, uint64_t *fetched_pages);

/* Fetches those of an asker, and puts into the twin what has changed. 0: nothing has; -EAGAIN:
 * something has. Else as refresh__all(). */
int refresh__changed(const struct refresh *refresh, struct known_pages *known, unsigned int asker);

/* Whether the pages still are in the target as they were when they were fetched. */
bool refresh__is_current(const struct refresh *refresh, const struct known_pages *list);

#endif
