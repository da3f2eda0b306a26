/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_BASE_ERROR_H
#define MEMSONDE_BASE_ERROR_H

#include <stdbool.h>

/*
 * Errors travel upward as negative errno. The place that knows the context
 * prints one line with log_error(); main() alone turns the result into one of
 * these exit statuses.
 */
enum exit_status {
	EXIT_STATUS_DONE = 0,
	EXIT_STATUS_FAILED = 1,
	EXIT_STATUS_USAGE = 2,
	EXIT_STATUS_TARGET_GONE = 3, /* it went away before anything was measured */
};

/* Prints "memsonde: MESSAGE\n" on standard error. Control characters in the
 * arguments are made harmless. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As log_error(), for what the user may ignore: only with -v. */
void log_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Switches log_verbose() on. */
void log_set_verbose(bool verbose);
bool log_is_verbose(void);

#endif
