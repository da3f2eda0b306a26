/* SPDX-License-Identifier: GPL-2.0-only */
#include "command/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/similar.h"
#include "command/commands.h"
#include "command/option_table.h"
#include "command/option_values.h"
#include "model/alert.h"

#define NS_PER_SECOND INT64_C(1000000000)

/* getopt_long() returns FIRST_ROW + the row's number for every option. */
#define FIRST_ROW 256

struct getopt_tables {
	char shorts[2 * 64 + 3];
	struct option longs[64];
};

static void fill_getopt_tables(struct getopt_tables *tables, const char *command)
{
	size_t length = 0, count = 0;

	memset(tables, 0, sizeof(*tables));
	/* Stop at the first word that is no option; tell a missing argument apart. */
	tables->shorts[length++] = '+';
	tables->shorts[length++] = ':';
	for (unsigned int i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (!option_row__is_for(row, command))
			continue;
		if (row->short_name)
			tables->shorts[length++] = row->short_name;
		if (row->short_name && row->argument)
			tables->shorts[length++] = ':';
		tables->longs[count].name = row->long_name;
		tables->longs[count].has_arg = row->argument ? required_argument : no_argument;
		tables->longs[count++].val = FIRST_ROW + i;
	}
}

static const struct option_row *row_of(int got)
{
	if (got >= FIRST_ROW)
		return &option_rows[got - FIRST_ROW];
	for (unsigned int i = 0; i < option_row_count; i++)
		if (option_rows[i].short_name && option_rows[i].short_name == got)
			return &option_rows[i];
	return NULL;
}

/* "--pid=3" is spelled "--pid"; a short one "-p", wherever it stands in "-vp". */
static void set_spelled(struct option_use *use, const char *word, int short_name)
{
	if (short_name)
		snprintf(use->spelled, sizeof(use->spelled), "-%c", short_name);
	else
		snprintf(use->spelled, sizeof(use->spelled), "%.*s", (int)strcspn(word, "="), word);
}

/* An option that this command does not have: another has it, or it is like one. */
static int refuse_unknown(const struct option_use *use)
{
	const char *name = use->spelled + 2;
	const struct option_row *near = NULL;

	for (unsigned int i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		bool is_here = option_row__is_for(row, use->command);
		bool is_same = use->spelled[1] == '-' ? !strcmp(row->long_name, name)
						      : use->spelled[1] == row->short_name;

		if (is_same && !is_here) {
			log_error("%s: %s is an option of other commands: %s", use->command,
				  use->spelled, row->commands);
			return -EINVAL;
		}
		if (!near && is_here && use->spelled[1] == '-' &&
		    similar__may_mean(name, row->long_name))
			near = row;
	}
	if (near)
		log_error("%s: there is no option %s; did you mean --%s?", use->command,
			  use->spelled, near->long_name);
	else
		log_error("%s: there is no option %s", use->command, use->spelled);
	return -EINVAL;
}

/* getopt_long() found a fault. word is the word of the command line it was reading. */
static int refuse_fault(struct option_use *use, int got, const char *word)
{
	const struct option_row *row = row_of(optopt);

	set_spelled(use, word, optopt < FIRST_ROW ? optopt : 0);
	if (got == ':') {
		log_error("%s: %s: %s is missing", use->command, use->spelled,
			  row ? row->argument : "its argument");
		return -EINVAL;
	}
	if (optopt >= FIRST_ROW && row && !strcmp(use->spelled + 2, row->long_name)) {
		log_error("%s: %s takes no argument", use->command, use->spelled);
		return -EINVAL;
	}
	return refuse_unknown(use);
}

static int take_option(struct option_use *use, int got, const char *word)
{
	const struct option_row *row = row_of(got);

	if (got == '?' || got == ':')
		return refuse_fault(use, got, word);
	set_spelled(use, word, got < FIRST_ROW ? got : 0);
	/* getopt_long() takes any unambiguous beginning; then a new option would break
	 * scripts that used one. */
	if (got >= FIRST_ROW && strcmp(use->spelled + 2, row->long_name))
		return refuse_unknown(use);
	use->row = row;
	return row->parse(use, row->argument ? optarg : NULL);
}

/* What stands behind "--": a command to start and watch. */
static int take_command(struct option_use *use, char **words)
{
	snprintf(use->spelled, sizeof(use->spelled), "--");
	if (!strstr(use->options->command->synopsis, "-- CMD")) {
		log_error("%s: it starts no command", use->command);
		return -EINVAL;
	}
	if (!words[0]) {
		log_error("%s: --: the command is missing", use->command);
		return -EINVAL;
	}
	if (option_use__choose_target(use, TARGET_COMMAND))
		return -EINVAL;
	use->options->command_argv = words;
	return 0;
}

bool options__takes_one_look(const struct options *options)
{
	if (options->command->run != command_stat || options->replay ||
	    options->target_kind == TARGET_COMMAND)
		return false;
	return options->look_count == 1 ||
	       (!options->interval_ns && !options->look_count && !options->explain);
}

int64_t options__interval_ns(const struct options *options)
{
	if (options__takes_one_look(options))
		return 0;
	return options->interval_ns ? options->interval_ns : NS_PER_SECOND;
}

/* Too few looks, or too near to each other, show no growth. */
static bool shows_no_growth(const struct options *options)
{
	int64_t looks = options->look_count;

	if (options->replay || !looks)
		return options__takes_one_look(options);
	return looks < ALERT_GROWTH_LOOKS ||
	       looks - 1 < ALERT_GROWTH_LEAST_NS / options__interval_ns(options);
}

static int check_alerts(const struct options *options, const char *command)
{
	if (options->exec && !options->alert_count) {
		log_error("%s: --exec needs an --alert: it runs when one is crossed", command);
		return -EINVAL;
	}
	if (options->exec_timeout_ns && !options->exec) {
		log_error("%s: --exec-timeout needs an --exec", command);
		return -EINVAL;
	}
	for (size_t i = 0; i < options->alert_count; i++) {
		const struct alert_condition *condition = &options->alerts[i];

		if (!condition->is_growth || !shows_no_growth(options))
			continue;
		if (options__takes_one_look(options))
			log_error("%s: --alert %s: a single look shows no growth: -i is missing",
				  command, condition->text);
		else
			log_error("%s: --alert %s: growth shows from %d looks and %d s on: -n "
				  "ends before",
				  command, condition->text, ALERT_GROWTH_LOOKS,
				  (int)(ALERT_GROWTH_LEAST_NS / NS_PER_SECOND));
		return -EINVAL;
	}
	return 0;
}

static int check_together(const struct option_use *use)
{
	const struct options *options = use->options;

	if (options->replay && options->target_kind != TARGET_EVERYTHING) {
		log_error("%s: --replay and %s do not go together: all that was recorded is shown",
			  use->command, use->target_spelled);
		return -EINVAL;
	}
	if (options->explain && options->output == OUTPUT_CSV) {
		log_error("%s: --explain and -o csv do not go together: csv has figures only",
			  use->command);
		return -EINVAL;
	}
	return check_alerts(options, use->command);
}

/* argv[0] is the word before the first option. */
static int parse_words(struct options *options, int argc, char **argv)
{
	struct option_use use = {.options = options, .command = options->command->name};
	struct getopt_tables tables;

	fill_getopt_tables(&tables, options->command->name);
	opterr = 0;
	optind = 0; /* glibc: begin afresh */
	for (;;) {
		int at = optind ? optind : 1;
		int got = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);

		if (got == -1 && optind > at)
			return take_command(&use, argv + optind) ? -EINVAL : check_together(&use);
		if (got == -1)
			break;
		if (take_option(&use, got, argv[at]))
			return -EINVAL;
		if (options->action != ACTION_RUN)
			return 0;
	}
	if (optind < argc) {
		log_error("%s: '%s' is one word too many%s", options->command->name, argv[optind],
			  strstr(options->command->synopsis, "-- CMD")
				  ? "; a command to start stands behind --"
				  : "");
		return -EINVAL;
	}
	return check_together(&use);
}

static int refuse_command(const char *name)
{
	for (unsigned int i = 0; i < command_count; i++) {
		if (similar__may_mean(name, commands[i].name)) {
			log_error("there is no command '%s'; did you mean '%s'?", name,
				  commands[i].name);
			return -EINVAL;
		}
	}
	log_error("there is no command '%s'", name);
	return -EINVAL;
}

/* "memsonde help [COMMAND]" */
static int parse_help(struct options *options, int argc, char **argv)
{
	options->action = ACTION_HELP;
	options->command = NULL;
	if (argc < 3 || !strcmp(argv[2], "--help") || !strcmp(argv[2], "-h"))
		return 0;
	options->command = command__find(argv[2]);
	if (!options->command)
		return refuse_command(argv[2]);
	if (argc > 3) {
		log_error("help: '%s' is one word too many", argv[3]);
		return -EINVAL;
	}
	return 0;
}

static int parse_command_line(struct options *options, int argc, char **argv)
{
	bool is_named = argc > 1 && argv[1][0] != '-';
	int error;

	if (is_named && !strcmp(argv[1], "help"))
		return parse_help(options, argc, argv);
	options->command = is_named ? command__find(argv[1]) : &commands[0];
	if (!options->command)
		return refuse_command(argv[1]);
	error = parse_words(options, argc - is_named, argv + is_named);
	if (!error && options->action == ACTION_HELP && !is_named)
		options->command = NULL;
	return error;
}

int options__parse(struct options *options, int argc, char **argv)
{
	int error;

	memset(options, 0, sizeof(*options));
	options->breakdown = -1;
	options->max_exits = DEFAULT_MAX_EXITS;
	error = parse_command_line(options, argc, argv);
	if (!options->exec_timeout_ns)
		options->exec_timeout_ns = DEFAULT_EXEC_TIMEOUT_NS;
	if (error)
		fprintf(stderr, "Try 'memsonde %s%s--help'.\n",
			options->command ? options->command->name : "",
			options->command ? " " : "");
	return error;
}

void options__release(struct options *options)
{
	for (size_t i = 0; i < options->name_count; i++)
		free(options->names[i]);
	for (size_t i = 0; i < options->alert_count; i++)
		alert_condition__release(&options->alerts[i]);
	free(options->alerts);
	free(options->names);
	free(options->pids);
	memset(options, 0, sizeof(*options));
}
