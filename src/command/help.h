/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COMMAND_HELP_H
#define MEMSONDE_COMMAND_HELP_H

#include <stdio.h>

struct command;

/* Prints what `memsonde COMMAND --help` shows; for all commands where it is NULL. */
void help__print(FILE *out, const struct command *command);

/* Prints the version, alone on the first line, and what it was built with. */
void help__print_version(FILE *out);

/* Meanings of the exit status, for help and man page: number and text in pairs,
 * NULL-terminated. */
extern const char *const exit_status_texts[];

/* Environment variables that are looked at: name and text in pairs, NULL-terminated. */
extern const char *const environment_texts[];

#endif
