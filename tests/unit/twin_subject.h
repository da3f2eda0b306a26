/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_TWIN_SUBJECT_H
#define TESTS_TWIN_SUBJECT_H

#include <stddef.h>
#include <sys/types.h>

#include "twin/twin.h"

/*
 * A process to be looked into: a child of the test, with the same code and data at the same
 * addresses, which sleeps but for what it is told to do.
 */
struct twin_subject {
	pid_t pid;
	int orders, answers; /* pipes */
	struct mapping *mappings;
	size_t mapping_count;
	struct twin_target target;
};

/* Starts it; prepare() (or NULL) runs in it first, act() at each order. */
void twin_subject__start(struct twin_subject *subject, void (*prepare)(void), void (*act)(void));

/* Has it act once, and waits until that is done. */
void twin_subject__order(struct twin_subject *subject);

/* Kills it; the rest stays. */
void twin_subject__kill(struct twin_subject *subject);

/* Kills and releases it. */
void twin_subject__end(struct twin_subject *subject);

/* Reads its mappings anew. */
void twin_subject__read_mappings(struct twin_subject *subject);

/* What the kernel says of a page; see its documentation of pagemap. */
uint64_t twin_subject__pagemap_entry(const struct twin_subject *subject, const void *address);

/* Whether a page is in its memory. */
int twin_subject__has_page(const struct twin_subject *subject, const void *address);

/* Whether we may open the files that a process has mapped. */
int twin_subject__files_can_be_opened(void);

#endif
