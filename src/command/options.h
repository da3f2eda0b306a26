/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COMMAND_OPTIONS_H
#define MEMSONDE_COMMAND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the command line said, checked: every field is in range, and only options
 * that the command has are set. Owned by main(). */

enum target_kind {
	TARGET_EVERYTHING, /* -a */
	TARGET_PIDS,	   /* -p */
	TARGET_CONTAINERS, /* -c, may be given several times */
	TARGET_CGROUPS,	   /* -g, may be given several times */
	TARGET_COMMAND,	   /* -- CMD ARG... */
};

enum output_format {
	OUTPUT_TABLE,
	OUTPUT_JSON,
	OUTPUT_CSV,
};

/* What is to be done with them. */
enum options_action {
	ACTION_RUN,
	ACTION_HELP, /* for the command, or for all where that is NULL */
	ACTION_VERSION,
};

#define BREAKDOWN_ALL	  INT64_MAX
#define DEFAULT_MAX_EXITS 1000

#define DEFAULT_EXEC_TIMEOUT_NS ((int64_t)30 * 1000000000)

struct alert_condition;

struct options {
	enum options_action action;
	const struct command *command;
	enum target_kind target_kind;
	pid_t *pids;
	size_t pid_count;
	char **names; /* of containers or cgroups */
	size_t name_count;
	char **command_argv; /* NULL-terminated, for TARGET_COMMAND */
	int64_t interval_ns; /* 0: not given (stat: one look; top: 1 s) */
	int64_t look_count;  /* 0: not given */
	enum output_format output;
	int64_t breakdown; /* largest N processes; BREAKDOWN_ALL; 0 none; -1: not given */
	bool no_twin;	   /* the target's own functions are not asked */
	bool pss;
	bool explain; /* say why processes grew */
	struct alert_condition *alerts;
	size_t alert_count;
	const char *exec;	 /* a command to run when a condition is crossed, or NULL */
	int64_t exec_timeout_ns; /* how long it may take */
	bool ascii;		 /* no line drawing, no block characters */
	bool verbose;
	int64_t max_rows;   /* rows of the table, 0: not given */
	const char *sort;   /* a figure's JSON path; NULL: rss */
	const char *replay; /* top, stat: a file of recorded JSON lines in place of the system */
	int64_t max_exits;  /* bound of the exited list per look */
};

/*
 * Reads a command line into options: `memsonde [COMMAND] [OPTION...] [-- CMD ARG...]`.
 * 0, or -EINVAL after one line, and where to read more, went to standard error. In both
 * cases options__release() frees what it holds; argv must outlive it.
 */
int options__parse(struct options *options, int argc, char **argv);
void options__release(struct options *options);

/* Whether nothing happens between looks, as there is one: of a command that is started, or for
 * an explanation, it would be too early for anything, unless -n says so. */
bool options__takes_one_look(const struct options *options);

/* The time from look to look; 0 where there is one look. */
int64_t options__interval_ns(const struct options *options);

#endif
