/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_TARGET_PAGES_H
#define MEMSONDE_TWIN_TARGET_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "twin/twin.h"

/*
 * The pages of a target, read without changing it. What it has in memory is read through
 * /proc/PID/mem; what it never touched is zeros, or the file's; what is swapped out, or
 * lies in a file whose reading may block, is not read at all. Executable pages of files
 * are the file's where the memory holds something else, as that may be breakpoints.
 */
struct target_pages;

struct target_pages *target_pages__new(void);
void target_pages__free(struct target_pages *pages);

/* Begins with a target, which is borrowed until target_pages__end(). 0 or -errno (-ESRCH:
 * it is gone). Descriptors of its memory are kept for as long as the same target comes;
 * one that has executed another program meanwhile is -ESRCH at the first read. */
int target_pages__begin(struct target_pages *pages, const struct twin_target *target);
void target_pages__end(struct target_pages *pages);

/*
 * Reads pages from an address on, at least one and at most max_pages, as many as are of
 * one kind and lie in one mapping. Returns how many; or -errno:
 *	-EFAULT   the target has no memory there, or may not access it itself
 *	-ENODATA  the page is swapped out, of a device, or of a file that cannot be read
 *	-ESRCH    the target is gone
 */
ssize_t target_pages__read(struct target_pages *pages, uint64_t address, size_t max_pages,
			   void *buffer);

/*
 * Reads the pages at some addresses, in ascending order at best and TARGET_PAGES_AT_ONCE at most,
 * in few calls of the kernel. 0, or what target_pages__read() says of the one that cannot be had.
 */
#define TARGET_PAGES_AT_ONCE 64
int target_pages__read_all(struct target_pages *pages, const uint64_t *addresses, size_t count,
			   void *buffer);

/* Reads within one page, if it is in memory: less than a whole page costs. 0 or -errno as
 * above; -ENODATA also where nothing was ever written. */
int target_pages__peek(struct target_pages *pages, uint64_t address, void *data, size_t length);

/* Peeks at the same number of bytes at each of some addresses, in ascending order at best
 * and TARGET_PAGES_AT_ONCE at most, none across the end of a page, in few calls of the kernel.
 * data: length bytes each; got: whether they were had. */
void target_pages__peek_all(struct target_pages *pages, const uint64_t *addresses, size_t count,
			    size_t length, void *data, bool *got);

/* Reads a run of pages that the target has in memory, at most max_pages of one mapping (64
 * at a time); returns how many. 0 where the first is not there: then *absent says how many
 * pages on the next one may be. Else -errno, as target_pages__peek(). */
ssize_t target_pages__peek_run(struct target_pages *pages, uint64_t address, size_t max_pages,
			       void *buffer, size_t *absent);

/* Whether what lies there stays as it is: memory that the target may not write to. */
bool target_pages__is_constant(const struct target_pages *pages, uint64_t address);

/* A number that changes when constant memory may have become something else: mappings
 * that can be read, but not be written to, came, went or moved. */
uint64_t target_pages__layout(const struct target_pages *pages);

/* Opens the file of a mapping, by /proc/PID/map_files; the descriptor, a regular file's,
 * or -errno. */
int target_pages__open_file(pid_t tid, const struct mapping *mapping);

#endif
