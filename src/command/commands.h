/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COMMAND_COMMANDS_H
#define MEMSONDE_COMMAND_COMMANDS_H

struct options;

/* A command gets checked options and returns an exit status. */
struct command {
	const char *name;
	const char *synopsis;	     /* arguments, for the usage line */
	const char *summary;	     /* one line, no full stop */
	const char *description;     /* paragraphs, for --help and the man page */
	const char *const *examples; /* pairs: command line, what it does; NULL-terminated */
	int (*run)(const struct options *options);
};

extern const struct command commands[];
extern const unsigned int command_count;

/* The command of that name or NULL. The first of the table is the one that runs when
 * none is named. */
const struct command *command__find(const char *name);

int command_top(const struct options *options);
int command_stat(const struct options *options);
int command_gc(const struct options *options);
int command_check(const struct options *options);

#endif
