/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_BASE_MEMORY_H
#define MEMSONDE_BASE_MEMORY_H

#include <stddef.h>

/*
 * Allocation that does not fail: when memory runs out there is nothing left
 * that a monitor could do well, so it prints one line and exits with status 1.
 * What they return is freed with free().
 */
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xreallocarray(void *old, size_t count, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((malloc, nonnull, returns_nonnull));
char *xasprintf(const char *format, ...)
	__attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

/* Makes room for one more element in an array that grows by doubling. */
#define ARRAY_GROW(array, count, capacity)                                                         \
	do {                                                                                       \
		if ((count) == (capacity)) {                                                       \
			(capacity) = (capacity) ? (capacity)*2 : 16;                               \
			(array) = xreallocarray((array), (capacity), sizeof *(array));             \
		}                                                                                  \
	} while (0)

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
