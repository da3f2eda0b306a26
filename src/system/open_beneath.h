/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_SYSTEM_OPEN_BENEATH_H
#define MEMSONDE_SYSTEM_OPEN_BENEATH_H

#include <stddef.h>

/*
 * Files that someone else may have made to attack a reader that is root: no path
 * leads out of its root, nothing but a regular file is ever opened (not even for a
 * moment: opening a device can act on it, opening a FIFO can wait for ever), and
 * nothing is read without a bound.
 *
 * The _in_root functions follow symbolic links, but inside the root: an
 * administrator may have moved /var/lib/docker. The _beneath functions follow none.
 * A root of "" is "/". Descriptors are close-on-exec; negative values are -errno:
 * -EINVAL for what is not a regular file, -ELOOP for a link, -EXDEV for a way out.
 */

/* A directory, open for reading its entries and for the _beneath functions. */
int open_directory_in_root(const char *root, const char *path);
int open_directory_beneath(int directory_fd, const char *path);

/* A regular file, open for reading. */
int open_in_root(const char *root, const char *path);
int open_beneath(int directory_fd, const char *path);

/*
 * Reads the whole of a file into new memory, with a NUL behind it; the caller frees
 * *bytes. length may be NULL. 0, -EFBIG when there is more than limit, or another
 * -errno; then *bytes is NULL.
 */
int read_bounded(int fd, size_t limit, char **bytes, size_t *length);
int read_in_root(const char *root, const char *path, size_t limit, char **bytes, size_t *length);
int read_beneath(int directory_fd, const char *path, size_t limit, char **bytes, size_t *length);

#endif
