/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static void *or_exit(void *memory)
{
	if (memory)
		return memory;
	log_error("out of memory");
	exit(EXIT_STATUS_FAILED);
}

/* True where count elements of size bytes can be asked for at all. */
static bool is_possible(size_t count, size_t size)
{
	size_t bytes;

	return !__builtin_mul_overflow(count, size, &bytes);
}

void *xcalloc(size_t count, size_t size)
{
	/* nothing is a valid amount, and must not look like a failure */
	if (!count || !size)
		count = size = 1;
	return or_exit(is_possible(count, size) ? calloc(count, size) : NULL);
}

void *xreallocarray(void *old, size_t count, size_t size)
{
	if (!count || !size)
		count = size = 1;
	return or_exit(is_possible(count, size) ? realloc(old, count * size) : NULL);
}

char *xstrdup(const char *text)
{
	return or_exit(strdup(text));
}

char *xasprintf(const char *format, ...)
{
	char *text;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	return or_exit(text);
}
