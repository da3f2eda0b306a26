/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "command/commands.h"
#include "command/option_table.h"
#include "command/options.h"
#include "model/alert_condition.h"
#include "model/figures.h"
#include "unit/command_lines.h"

static void test_options__defaults(void **state)
{
	static const char *const lines[] = {"", "top", "stat", "gc", "check"};
	struct options options;
	struct command_line words;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		command_line__accept(&words, &options, lines[i]);
		assert_string_equal(options.command->name, *lines[i] ? lines[i] : "top");
		assert_int_equal(options.action, ACTION_RUN);
		assert_int_equal(options.target_kind, TARGET_EVERYTHING);
		assert_int_equal(options.interval_ns, 0);
		assert_int_equal(options.look_count, 0);
		assert_int_equal(options.output, OUTPUT_TABLE);
		assert_int_equal(options.breakdown, -1);
		assert_int_equal(options.max_rows, 0);
		assert_int_equal(options.max_exits, 1000);
		assert_null(options.sort);
		assert_null(options.replay);
		assert_null(options.command_argv);
		assert_false(options.pss || options.ascii || options.verbose);
		options__release(&options);
	}
}

static void test_options__actions(void **state)
{
	static const struct {
		const char *line;
		enum options_action action;
		const char *command; /* NULL: none */
	} cases[] = {
		{"--help", ACTION_HELP, NULL},
		{"-h", ACTION_HELP, NULL},
		{"help", ACTION_HELP, NULL},
		{"help --help", ACTION_HELP, NULL},
		{"help -h", ACTION_HELP, NULL},
		{"help top", ACTION_HELP, "top"},
		{"help stat", ACTION_HELP, "stat"},
		{"help check", ACTION_HELP, "check"},
		{"top --help", ACTION_HELP, "top"},
		{"stat -h", ACTION_HELP, "stat"},
		{"stat -vh", ACTION_HELP, "stat"},
		{"check --help", ACTION_HELP, "check"},
		{"stat -p 1 --help", ACTION_HELP, "stat"},
		/* What follows does not matter any more. */
		{"stat --help -p abc --nonsense", ACTION_HELP, "stat"},
		{"--version", ACTION_VERSION, "top"},
		{"stat --version", ACTION_VERSION, "stat"},
		{"check --version", ACTION_VERSION, "check"},
		/* It belongs to the command that is started. */
		{"stat -- ls --help", ACTION_RUN, "stat"},
		{"-- ls --version", ACTION_RUN, "top"},
	};
	struct options options;
	struct command_line words;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		command_line__accept(&words, &options, cases[i].line);
		if (options.action != cases[i].action)
			fail_msg("'%s': action %d", cases[i].line, options.action);
		if (cases[i].command)
			assert_string_equal(options.command->name, cases[i].command);
		else
			assert_null(options.command);
		options__release(&options);
	}
}

/* Every way to write an option and its argument. */
static void test_options__spellings(void **state)
{
	static const char *const lines[] = {
		"stat -p 42",
		"stat -p42",
		"stat --pid 42",
		"stat --pid=42",
		"top -p 42",
		"-p 42",
		"-p42",
		"--pid=42",
		"--pid 42",
		"-vp 42",
		"-vp42",
		"stat -p 0042",
		"stat -p 42,42,42",
		"stat -p42 -p42",
		"stat -v -p 42 -v",
	};
	struct options options;
	struct command_line words;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		command_line__accept(&words, &options, lines[i]);
		assert_int_equal(options.target_kind, TARGET_PIDS);
		assert_int_equal(options.pid_count, 1);
		assert_int_equal(options.pids[0], 42);
		options__release(&options);
	}
}

static void test_options__command(void **state)
{
	static const char *const lines[] = {
		"stat -- ls -l --all",
		"-- ls -l --all",
		"top -v -- ls -l --all",
		"stat -i 1 -- ls -l --all",
	};
	struct options options;
	struct command_line words;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		command_line__accept(&words, &options, lines[i]);
		assert_int_equal(options.target_kind, TARGET_COMMAND);
		assert_non_null(options.command_argv);
		assert_string_equal(options.command_argv[0], "ls");
		assert_string_equal(options.command_argv[1], "-l");
		assert_string_equal(options.command_argv[2], "--all");
		assert_null(options.command_argv[3]);
		options__release(&options);
	}
	command_line__accept(&words, &options, "stat -- -- x");
	assert_string_equal(options.command_argv[0], "--");
	options__release(&options);

	command_line__refuse("stat --", "stat: --: the command is missing", "stat");
	command_line__refuse("--", "top: --: the command is missing", "top");
	command_line__refuse("check -- ls", "check: it starts no command", "check");
	command_line__refuse("stat ls",
			     "stat: 'ls' is one word too many; a command to start stands behind --",
			     "stat");
	command_line__refuse("stat -p 1 2",
			     "stat: '2' is one word too many; a command to start stands behind --",
			     "stat");
	command_line__refuse("check ls", "check: 'ls' is one word too many", "check");
	command_line__refuse("stat -",
			     "stat: '-' is one word too many; a command to start stands behind --",
			     "stat");
}

static void test_options__one_kind_of_target(void **state)
{
	static const struct {
		const char *option, *with_argument;
	} kinds[] = {
		{"-p", "-p 1"},	  {"--pid", "--pid=1"},
		{"-c", "-c web"}, {"--container", "--container web"},
		{"-g", "-g /x"},  {"--cgroup", "--cgroup=/x"},
		{"-a", "-a"},	  {"--all", "--all"},
		{"--", "-- ls"},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds) - 1; i++) {
		for (unsigned int j = 0; j < ARRAY_SIZE(kinds); j++) {
			char line[128], complaint[128];
			struct options options;
			struct command_line words;

			snprintf(line, sizeof(line), "stat %s %s", kinds[i].with_argument,
				 kinds[j].with_argument);
			if (i / 2 == j / 2) {
				command_line__accept(&words, &options, line);
				options__release(&options);
				continue;
			}
			snprintf(complaint, sizeof(complaint),
				 "stat: %s and %s do not go together: one kind of target at a time",
				 kinds[i].option, kinds[j].option);
			command_line__refuse(line, complaint, "stat");
		}
	}
}

static void test_options__flags_and_replay(void **state)
{
	struct options options;
	struct command_line words;

	(void)state;
	command_line__accept(&words, &options, "stat --pss -v --replay looks.json -a");
	assert_true(options.pss && options.verbose);
	assert_false(options.ascii);
	assert_string_equal(options.replay, "looks.json");
	options__release(&options);
	command_line__accept(&words, &options, "--ascii --verbose");
	assert_true(options.ascii && options.verbose);
	options__release(&options);

	command_line__refuse("stat --pss=1", "stat: --pss takes no argument", "stat");
	command_line__refuse("top --ascii=yes", "top: --ascii takes no argument", "top");
	command_line__refuse("top --help=yes", "top: --help takes no argument", "top");
	command_line__refuse(
		"stat --replay x -p 1",
		"stat: --replay and -p do not go together: all that was recorded is shown", "stat");
	command_line__refuse(
		"stat -c web --replay=x",
		"stat: --replay and -c do not go together: all that was recorded is shown", "stat");
	command_line__refuse(
		"--replay x -- ls",
		"top: --replay and -- do not go together: all that was recorded is shown", "top");
}

/* Every option that takes an argument, without it; in both spellings. */
static void test_options__missing_argument(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		char line[64], complaint[128];

		if (!row->argument || !option_row__is_for(row, "stat"))
			continue;
		snprintf(line, sizeof(line), "stat --%s", row->long_name);
		snprintf(complaint, sizeof(complaint), "stat: --%s: %s is missing", row->long_name,
			 row->argument);
		command_line__refuse(line, complaint, "stat");
		if (!row->short_name)
			continue;
		snprintf(line, sizeof(line), "stat -v%c", row->short_name);
		snprintf(complaint, sizeof(complaint), "stat: -%c: %s is missing", row->short_name,
			 row->argument);
		command_line__refuse(line, complaint, "stat");
	}
}

/* Each beginning of each long name, which getopt_long() alone would take. */
static bool is_option(const char *name, unsigned int length)
{
	for (unsigned int i = 0; i < option_row_count; i++)
		if (strlen(option_rows[i].long_name) == length &&
		    !strncmp(option_rows[i].long_name, name, length))
			return true;
	return false;
}

static void test_options__no_abbreviations(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < option_row_count; i++) {
		const char *name = option_rows[i].long_name;

		for (unsigned int length = 1; length < strlen(name); length++) {
			char line[64], start[64], message[1024];
			struct options options;
			struct command_line words;

			if (is_option(name, length))
				continue;
			snprintf(start, sizeof(start), "stat: there is no option --%.*s",
				 (int)length, name);
			snprintf(line, sizeof(line), "stat --%.*s=1", (int)length, name);
			assert_int_not_equal(command_line__parse(&words, &options, line, message,
								 sizeof(message)),
					     0);
			if (option_row__is_for(&option_rows[i], "stat"))
				assert_non_null(strstr(message, start));
			options__release(&options);
		}
	}
}

static void test_options__alerts(void **state)
{
	struct options options;
	struct command_line words;

	(void)state;
	command_line__accept(&words, &options,
			     "stat --alert rss>1G --alert swap>10%rss --exec true -i 1");
	assert_int_equal(options.alert_count, 2);
	assert_string_equal(options.alerts[1].text, "swap>10%rss");
	assert_string_equal(options.exec, "true");
	assert_true(options.exec_timeout_ns == INT64_C(30000000000));
	options__release(&options);
	command_line__accept(&words, &options, "top --alert rss+>1G/h --exec x --exec-timeout 0.5");
	assert_true(options.alerts[0].is_growth);
	assert_true(options.exec_timeout_ns == INT64_C(500000000));
	options__release(&options);
	command_line__accept(&words, &options, "stat --alert rss+>1G/h --replay f");
	options__release(&options);
	command_line__accept(&words, &options, "stat --alert rss+>1G/h --explain");
	assert_true(options.explain);
	options__release(&options);

	command_line__refuse("stat --exec true",
			     "stat: --exec needs an --alert: it runs when one is crossed", "stat");
	command_line__refuse("stat --alert rss+>1G/h",
			     "stat: --alert rss+>1G/h: a single look shows no growth: -i is "
			     "missing",
			     "stat");
	command_line__refuse("stat --alert rss+>1G/h -n 1 -i 5",
			     "stat: --alert rss+>1G/h: a single look shows no growth: -i is "
			     "missing",
			     "stat");
	command_line__refuse("stat --alert rss+>1G/h -n 2 -i 60",
			     "stat: --alert rss+>1G/h: growth shows from 3 looks and 10 s on: -n "
			     "ends before",
			     "stat");
	command_line__refuse("top --alert rss+>1G/h -n 10",
			     "top: --alert rss+>1G/h: growth shows from 3 looks and 10 s on: -n "
			     "ends before",
			     "top");
	command_line__accept(&words, &options, "stat --alert rss+>1G/h -n 11");
	options__release(&options);
	command_line__refuse("stat --alert rss>1 --exec-timeout 3",
			     "stat: --exec-timeout needs an --exec", "stat");
	command_line__refuse("top --alert rsss>1",
			     "top: --alert: 'rsss' is not a figure; did you mean rss?", "top");
	command_line__refuse("stat --alert rss>1 --exec-timeout 0",
			     "stat: --exec-timeout: '0' is not between 0.1 and 86400 seconds",
			     "stat");
	command_line__refuse("stat --explain -o csv",
			     "stat: --explain and -o csv do not go together: csv has figures only",
			     "stat");
}

static void test_options__unknown(void **state)
{
	(void)state;
	command_line__refuse("stat --pidd 1",
			     "stat: there is no option --pidd; did you mean --pid?", "stat");
	command_line__refuse("stat --intervall=1",
			     "stat: there is no option --intervall; did you mean --interval?",
			     "stat");
	command_line__refuse("stat --breakdwon all",
			     "stat: there is no option --breakdwon; did you mean --breakdown?",
			     "stat");
	command_line__refuse("stat --xyzzyxyzzy", "stat: there is no option --xyzzyxyzzy", "stat");
	command_line__refuse("stat -z", "stat: there is no option -z", "stat");
	command_line__refuse("stat -vz", "stat: there is no option -z", "stat");
	command_line__refuse("stat -?", "stat: there is no option -?", "stat");
	command_line__refuse("-:", "top: there is no option -:", "top");
	command_line__refuse("stat --=", "stat: there is no option --", "stat");
	command_line__refuse("check -p 1", "check: -p is an option of other commands: top stat gc",
			     "check");
	command_line__refuse("check --replay=x",
			     "check: --replay is an option of other commands: top stat", "check");
	command_line__refuse("stat --ascii", "stat: --ascii is an option of other commands: top",
			     "stat");
	command_line__refuse("top -o json", "top: -o is an option of other commands: stat gc",
			     "top");
	command_line__refuse("--pss", "top: --pss is an option of other commands: stat", "top");
}

static void test_options__unknown_command(void **state)
{
	(void)state;
	command_line__refuse("sttat", "there is no command 'sttat'; did you mean 'stat'?", "");
	command_line__refuse("tpo", "there is no command 'tpo'; did you mean 'top'?", "");
	command_line__refuse("chekc", "there is no command 'chekc'; did you mean 'check'?", "");
	command_line__refuse("foo", "there is no command 'foo'", "");
	command_line__refuse("STAT", "there is no command 'STAT'", "");
	command_line__refuse("xyzzyxyzzy", "there is no command 'xyzzyxyzzy'", "");
	command_line__refuse("help xyzzyxyzzy", "there is no command 'xyzzyxyzzy'", "");
	command_line__refuse("help stats", "there is no command 'stats'; did you mean 'stat'?", "");
	command_line__refuse("help stat top", "help: 'top' is one word too many", "stat");
	command_line__refuse("1234", "there is no command '1234'", "");
}

/* The table itself: what the texts and the completions rely on. */
static void test_options__table_is_sound(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		unsigned int users = 0;

		assert_non_null(row->long_name);
		assert_non_null(row->parse);
		assert_non_null(row->group);
		assert_true(strlen(row->help) > 5 && row->help[strlen(row->help) - 1] != '.');
		assert_true(strlen(row->long_name) + 3 <=
			    sizeof(((struct option_use *)0)->spelled));
		assert_true((row->completion == COMPLETE_CHOICES) == (row->choices != NULL));
		assert_true(row->argument || row->completion == COMPLETE_NOTHING);
		assert_true(row->minimum <= row->maximum);
		for (unsigned int c = 0; c < command_count; c++)
			users += option_row__is_for(row, commands[c].name);
		assert_true(users > 0);
		for (unsigned int j = 0; j < i; j++) {
			assert_string_not_equal(row->long_name, option_rows[j].long_name);
			assert_true(!row->short_name ||
				    row->short_name != option_rows[j].short_name);
			/* A group is one heading. */
			if (!strcmp(row->group, option_rows[j].group))
				assert_string_equal(row->group, option_rows[i - 1].group);
		}
	}
}

/* The examples of every command are command lines that are accepted. */
static void test_options__examples_are_accepted(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < command_count; i++) {
		const char *const *example = commands[i].examples;

		for (; *example; example += 2) {
			char line[256];
			struct options options;
			struct command_line words;

			assert_memory_equal(example[0], "memsonde", strlen("memsonde"));
			snprintf(line, sizeof(line), "%s", example[0] + strlen("memsonde"));
			/* What a shell takes away. */
			line[strcspn(line, ">&")] = '\0';
			while (*line && line[strlen(line) - 1] == ' ')
				line[strlen(line) - 1] = '\0';
			command_line__accept(&words, &options, *line ? line + 1 : line);
			assert_ptr_equal(options.command, &commands[i]);
			options__release(&options);
		}
	}
}

/* Command lines made at random: whatever comes, it is taken or refused with a message. */
static void test_options__random_words(void **state)
{
	static const char *const pieces[] = {
		"stat",	 "top", "gc",	"check", "help",   "-p",  "--pid",    "--pid=", "1", "-c",
		"-i",	 "0.5", "--",	"-",	 "--sort", "rss", "-v",	      "-h",	"=", "--=",
		"-vvpn", "-o",	"json", "\xff",	 "",	   "--n", "--replay", "-a",
	};
	unsigned int seed = 12345;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		char message[2048], *argv[8] = {"memsonde"};
		struct options options;
		int argc = 1 + rand_r(&seed) % 6, result;

		for (int i = 1; i < argc; i++)
			argv[i] = (char *)pieces[rand_r(&seed) % ARRAY_SIZE(pieces)];
		result = command_line__parse_words(&options, argc, argv, message, sizeof(message));
		assert_true(!result == !*message);
		if (!result && options.action == ACTION_RUN)
			assert_non_null(options.command);
		options__release(&options);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options__defaults),
		cmocka_unit_test(test_options__actions),
		cmocka_unit_test(test_options__spellings),
		cmocka_unit_test(test_options__command),
		cmocka_unit_test(test_options__one_kind_of_target),
		cmocka_unit_test(test_options__flags_and_replay),
		cmocka_unit_test(test_options__missing_argument),
		cmocka_unit_test(test_options__no_abbreviations),
		cmocka_unit_test(test_options__alerts),
		cmocka_unit_test(test_options__unknown),
		cmocka_unit_test(test_options__unknown_command),
		cmocka_unit_test(test_options__table_is_sound),
		cmocka_unit_test(test_options__examples_are_accepted),
		cmocka_unit_test(test_options__random_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
