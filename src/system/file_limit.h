/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_SYSTEM_FILE_LIMIT_H
#define MEMSONDE_SYSTEM_FILE_LIMIT_H

/*
 * How many files we may have open. A process whose heaps are watched takes up to 16 (a twin's
 * memory, probes): some dozens of them are more than most shells allow at first.
 */

/* Up to what may be had without asking anybody. 0, or -EMFILE after a line was logged: that is
 * not enough to begin with. */
int file_limit__raise(void);

/* As it was, in a child of ours that is to execute a program: some of them try every number.
 * Safe between fork and exec. */
void file_limit__restore(void);

#endif
