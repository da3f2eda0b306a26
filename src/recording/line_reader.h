/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_RECORDING_LINE_READER_H
#define MEMSONDE_RECORDING_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A file line by line, holding one bounded line at a time. */

#define LINE_BYTES_MAX (1 << 20)

struct line_reader {
	FILE *file;
	char *path;
	uint64_t number; /* of the line read last, from 1 */
	char *line;	 /* not NUL-terminated, and may hold NUL bytes */
	size_t length, capacity;
	bool is_unended; /* the line read last has no newline: the file ends in it */
};

/* 0, or -errno after a line was logged. */
int line_reader__open(struct line_reader *reader, const char *path);

/* Reads the next line without its newline; the last may lack one. 1; 0 at the end of
 * the file; -errno after a line was logged, -EMSGSIZE for a line above the bound. */
int line_reader__next(struct line_reader *reader);

/* Logs what is wrong with the line read last, with file and number. */
void line_reader__complain(const struct line_reader *reader, const char *what);

void line_reader__close(struct line_reader *reader);

#endif
