/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_BASE_TEXT_H
#define MEMSONDE_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * What a target calls itself is bytes. It becomes text here, once, where it
 * enters the model: valid UTF-8 without control characters (also not the C1
 * ones, nor bidirectional overrides), each bad byte or character replaced by
 * U+FFFD. Everything behind the model relies on it.
 */

/* Writes at most size - 1 bytes and a NUL; cuts between characters only.
 * Returns the length written. src may hold NUL bytes: reading ends at length. */
size_t text__sanitise(char *dst, size_t size, const char *src, size_t length);

/* The same into new memory; the caller frees it. */
char *text__sanitised(const char *src);

/* How many terminal columns the text takes (wcwidth of each character). */
size_t text__columns(const char *text);

/* How many bytes of the text go into a line of so many terminal columns: whole words, parted
 * by blanks, but at least one (which then does not fit). The blank behind them is not
 * counted. */
size_t text__line_length(const char *text, size_t columns);

/* "1.5 GiB", "37.2 MiB", "640 KiB", "0": at most 8 columns. Negative values keep
 * their sign. Returns buffer. */
char *text__bytes(char *buffer, size_t size, int64_t bytes);

/* Parses "123", "64K", "1.5GiB", "2m" (powers of 1024). 0 or -EINVAL, -ERANGE. */
int text__parse_bytes(const char *text, int64_t *bytes);

/* "2026-01-31T12:00:00.000Z" with 3 or 9 digits of seconds. Needs 31 bytes.
 * Returns buffer. */
char *text__time(char *buffer, size_t size, int64_t unix_ns, int digits);

/* The inverse of text__time(). 0 or -EINVAL. */
int text__parse_time(const char *text, int64_t *unix_ns);

#endif
