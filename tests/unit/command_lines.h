/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TESTS_UNIT_COMMAND_LINES_H
#define MEMSONDE_TESTS_UNIT_COMMAND_LINES_H

#include <stddef.h>

struct options;

#define MAX_WORDS 64

/* A command line as one would type it behind "memsonde": words parted by single spaces. */
struct command_line {
	char text[1024];
	char *argv[MAX_WORDS];
	int argc;
};

/* Parses with standard error caught in message; what options__parse() returned. */
int command_line__parse_words(struct options *options, int argc, char **argv, char *message,
			      size_t size);
int command_line__parse(struct command_line *words, struct options *options, const char *line,
			char *message, size_t size);

/* Fails the test unless the line is taken without a word. */
void command_line__accept(struct command_line *words, struct options *options, const char *line);

/* Fails the test unless it is refused with exactly this complaint and "Try 'memsonde
 * HELP_OF --help'." */
void command_line__refuse(const char *line, const char *complaint, const char *help_of);

#endif
