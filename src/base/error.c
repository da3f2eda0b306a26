/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

/* Longer messages are cut: one line is for reading, and hostile arguments must not
 * fill a terminal. */
#define MESSAGE_MAX 2048

/* The only state of this module: set once, from the command line. */
static bool verbose_is_on;

/* The format is ours but the arguments may come from a target, so the message is
 * made harmless as a whole, after it was rendered. errno is kept: %m works, and a
 * caller may go on to return it. */
static void log_line(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static void log_line(const char *format, va_list arguments)
{
	char raw[MESSAGE_MAX];
	char clean[3 * MESSAGE_MAX]; /* U+FFFD takes three bytes */
	int saved_errno = errno;
	int length = vsnprintf(raw, sizeof(raw), format, arguments);
	bool cut = length >= (int)sizeof(raw);

	if (length < 0)
		length = 0;
	text__sanitise(clean, sizeof(clean), raw, cut ? sizeof(raw) - 1 : (size_t)length);
	fprintf(stderr, "memsonde: %s%s\n", clean, cut ? "..." : "");
	errno = saved_errno;
}

void log_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line(format, arguments);
	va_end(arguments);
}

void log_verbose(const char *format, ...)
{
	va_list arguments;

	if (!verbose_is_on)
		return;
	va_start(arguments, format);
	log_line(format, arguments);
	va_end(arguments);
}

void log_set_verbose(bool verbose)
{
	verbose_is_on = verbose;
}

bool log_is_verbose(void)
{
	return verbose_is_on;
}
