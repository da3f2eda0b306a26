/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COMMAND_OPTION_TABLE_H
#define MEMSONDE_COMMAND_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options;
struct option_row;

/* One option on its way from the command line into struct options. */
struct option_use {
	struct options *options;
	const struct option_row *row;
	const char *command;	 /* for messages */
	char spelled[32];	 /* "-p" or "--pid", as it was typed */
	char target_spelled[32]; /* the option that chose the kind of target; empty: none yet */
};

/* Stores the argument (NULL for an option without one) as the row says. 0, or -EINVAL
 * after one line was logged. */
typedef int option_parse(struct option_use *use, const char *argument);

enum option_completion {
	COMPLETE_NOTHING,
	COMPLETE_PID,
	COMPLETE_FILE,
	COMPLETE_DIRECTORY,
	COMPLETE_CHOICES,
	COMPLETE_FIGURE,
};

/* One option: the command line, --help, the man page and the completions are all made
 * from these rows. */
struct option_row {
	const char *commands; /* those that have it: words, or "*" for all */
	const char *group;    /* heading it stands under */
	char short_name;      /* 0: none */
	const char *long_name;
	const char *argument; /* its name in texts; NULL: it takes none */
	option_parse *parse;
	size_t offset;		    /* in struct options of what parse sets */
	int64_t minimum, maximum;   /* of the number stored; both 0: any */
	const char *const *choices; /* words that are taken, NULL-terminated */
	enum option_completion completion;
	const char *default_text; /* NULL: none worth saying */
	const char *help;	  /* no full stop */
};

extern const struct option_row option_rows[];
extern const unsigned int option_row_count;

bool option_row__is_for(const struct option_row *row, const char *command);

#endif
