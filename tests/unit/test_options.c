/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "command/commands.h"
#include "command/option_table.h"
#include "command/options.h"
#include "model/figures.h"

#define MAX_WORDS 64
#define NS_PER_MS INT64_C(1000000)

/* A command line as one would type it: words parted by single spaces, no quotes. */
struct words {
	char text[1024];
	char *argv[MAX_WORDS];
	int argc;
};

static void split(struct words *words, const char *line)
{
	char *word = words->text;

	snprintf(words->text, sizeof(words->text), "memsonde%s%s", *line ? " " : "", line);
	words->argc = 0;
	while (word) {
		char *space = strchr(word, ' ');

		assert_in_range(words->argc, 0, MAX_WORDS - 2);
		words->argv[words->argc++] = word;
		if (space)
			*space++ = '\0';
		word = space;
	}
	words->argv[words->argc] = NULL;
}

/* Parses with standard error caught in message. */
static int parse(struct options *options, int argc, char **argv, char *message, size_t size)
{
	FILE *caught = tmpfile();
	int saved = dup(STDERR_FILENO), result;
	size_t length;

	assert_non_null(caught);
	fflush(stderr);
	dup2(fileno(caught), STDERR_FILENO);
	result = options__parse(options, argc, argv);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(caught);
	length = fread(message, 1, size - 1, caught);
	message[length] = '\0';
	fclose(caught);
	return result;
}

static int parse_line(struct words *words, struct options *options, const char *line, char *message,
		      size_t size)
{
	split(words, line);
	return parse(options, words->argc, words->argv, message, size);
}

static void accept(struct words *words, struct options *options, const char *line)
{
	char message[2048];

	if (parse_line(words, options, line, message, sizeof(message)))
		fail_msg("'%s' was refused: %s", line, message);
	if (*message)
		fail_msg("'%s' printed: %s", line, message);
}

/* Refused, with exactly this line and where to read more. */
static void refuse(const char *line, const char *complaint, const char *help_of)
{
	char message[2048], expected[2048];
	struct options options;
	struct words words;

	if (!parse_line(&words, &options, line, message, sizeof(message)))
		fail_msg("'%s' was accepted", line);
	snprintf(expected, sizeof(expected), "memsonde: %s\nTry 'memsonde %s%s--help'.\n",
		 complaint, help_of, *help_of ? " " : "");
	if (strcmp(message, expected))
		fail_msg("'%s' said:\n%sand not:\n%s", line, message, expected);
	options__release(&options);
}

static void test_options__defaults(void **state)
{
	static const char *const lines[] = {"", "top", "stat", "check"};
	struct options options;
	struct words words;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		accept(&words, &options, lines[i]);
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
	struct words words;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		accept(&words, &options, cases[i].line);
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
	struct words words;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		accept(&words, &options, lines[i]);
		assert_int_equal(options.target_kind, TARGET_PIDS);
		assert_int_equal(options.pid_count, 1);
		assert_int_equal(options.pids[0], 42);
		options__release(&options);
	}
}

static void test_options__pids(void **state)
{
	struct options options;
	struct words words;

	(void)state;
	accept(&words, &options, "stat -p 3,1 --pid 2,1,4194303");
	assert_int_equal(options.pid_count, 4);
	assert_int_equal(options.pids[0], 3);
	assert_int_equal(options.pids[1], 1);
	assert_int_equal(options.pids[2], 2);
	assert_int_equal(options.pids[3], 4194303);
	options__release(&options);
}

static void test_options__pids_refused(void **state)
{
	static const struct {
		const char *argument;
		const char *named;
	} cases[] = {
		{"abc", "abc"},
		{"0", "0"},
		{"-1", "-1"},
		{"+1", "+1"},
		{"1.5", "1.5"},
		{"0x10", "0x10"},
		{"1e3", "1e3"},
		{"4194304", "4194304"},
		{"4294967297", "4294967297"},
		{"99999999999999999999999", "99999999999999999999999"},
		{"1,", ""},
		{",1", ""},
		{"1,,2", ""},
		{",", ""},
		{"1,x,2", "x"},
		{"1;2", "1;2"},
		{"1,2a", "2a"},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[128], complaint[256];

		snprintf(line, sizeof(line), "stat -p %s", cases[i].argument);
		snprintf(complaint, sizeof(complaint), "stat: -p: '%s' is not a process id",
			 cases[i].named);
		refuse(line, complaint, "stat");
	}
	refuse("--pid=x", "top: --pid: 'x' is not a process id", "top");
	refuse("stat --pid=", "stat: --pid: '' is not a process id", "stat");
}

/* Words that a shell's quotes can make. */
static void test_options__odd_words(void **state)
{
	static const char *const odd[] = {"",	  " ",	     "12 ",  " 12",
					  "1\n2", "\x1b[2J", "\xff", "1,\t2"};
	char message[2048];
	struct options options;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(odd); i++) {
		char *argv[] = {"memsonde", "stat", "-p", (char *)odd[i], NULL};

		assert_int_not_equal(parse(&options, 4, argv, message, sizeof(message)), 0);
		assert_non_null(strstr(message, "is not a process id"));
		assert_null(strchr(message, '\x1b'));
		assert_null(strchr(message, '\xff'));
		/* Two lines and no more, whatever was typed. */
		assert_ptr_equal(strchr(strchr(message, '\n') + 1, '\n'),
				 message + strlen(message) - 1);
		options__release(&options);
	}
}

static void test_options__names(void **state)
{
	struct options options;
	struct words words;

	(void)state;
	accept(&words, &options, "stat -c web --container=db -c 3f2a");
	assert_int_equal(options.target_kind, TARGET_CONTAINERS);
	assert_int_equal(options.name_count, 3);
	assert_string_equal(options.names[0], "web");
	assert_string_equal(options.names[1], "db");
	assert_string_equal(options.names[2], "3f2a");
	options__release(&options);

	accept(&words, &options, "top -g /system.slice -g -- --cgroup=a=b");
	assert_int_equal(options.target_kind, TARGET_CGROUPS);
	assert_int_equal(options.name_count, 3);
	assert_string_equal(options.names[0], "/system.slice");
	assert_string_equal(options.names[1], "--");
	assert_string_equal(options.names[2], "a=b");
	options__release(&options);

	refuse("stat --container=", "stat: --container: the name is empty", "stat");
	refuse("stat --cgroup=", "stat: --cgroup: the name is empty", "stat");
	refuse("stat --replay=", "stat: --replay: the name is empty", "stat");
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
	struct words words;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++) {
		accept(&words, &options, lines[i]);
		assert_int_equal(options.target_kind, TARGET_COMMAND);
		assert_non_null(options.command_argv);
		assert_string_equal(options.command_argv[0], "ls");
		assert_string_equal(options.command_argv[1], "-l");
		assert_string_equal(options.command_argv[2], "--all");
		assert_null(options.command_argv[3]);
		options__release(&options);
	}
	accept(&words, &options, "stat -- -- x");
	assert_string_equal(options.command_argv[0], "--");
	options__release(&options);

	refuse("stat --", "stat: --: the command is missing", "stat");
	refuse("--", "top: --: the command is missing", "top");
	refuse("check -- ls", "check: it starts no command", "check");
	refuse("stat ls", "stat: 'ls' is one word too many; a command to start stands behind --",
	       "stat");
	refuse("stat -p 1 2", "stat: '2' is one word too many; a command to start stands behind --",
	       "stat");
	refuse("check ls", "check: 'ls' is one word too many", "check");
	refuse("stat -", "stat: '-' is one word too many; a command to start stands behind --",
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
			struct words words;

			snprintf(line, sizeof(line), "stat %s %s", kinds[i].with_argument,
				 kinds[j].with_argument);
			if (i / 2 == j / 2) {
				accept(&words, &options, line);
				options__release(&options);
				continue;
			}
			snprintf(complaint, sizeof(complaint),
				 "stat: %s and %s do not go together: one kind of target at a time",
				 kinds[i].option, kinds[j].option);
			refuse(line, complaint, "stat");
		}
	}
}

static void test_options__interval(void **state)
{
	static const struct {
		const char *argument;
		int64_t ns;
	} cases[] = {
		{"0.01", 10 * NS_PER_MS},	   {"0.010000000", 10 * NS_PER_MS},
		{".5", 500 * NS_PER_MS},	   {"0.5", 500 * NS_PER_MS},
		{"1", 1000 * NS_PER_MS},	   {"01", 1000 * NS_PER_MS},
		{"1.0", 1000 * NS_PER_MS},	   {"1.000000001", 1000 * NS_PER_MS + 1},
		{"2.25", 2250 * NS_PER_MS},	   {"86400", 86400000 * NS_PER_MS},
		{"86400.0", 86400000 * NS_PER_MS},
	};
	static const char *const nonsense[] = {
		"x",   "1s",  "1,5", "1.",    ".",   "-1",  "+1",  "1e3",
		"0x1", "inf", "nan", "1.2.3", "..5", "1.x", "1..", "1.0000000001",
	};
	static const char *const outside[] = {
		"0",
		"0.0",
		"0.009999999",
		"0.001",
		".0",
		"86400.000000001",
		"86401",
		"1000000",
		"9223372036854775807",
		"9223372036",
		"9999999999999999999999",
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[64];
		struct options options;
		struct words words;

		snprintf(line, sizeof(line), "stat -i %s", cases[i].argument);
		accept(&words, &options, line);
		assert_int_equal(options.interval_ns, cases[i].ns);
		options__release(&options);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(nonsense); i++) {
		char line[64], complaint[128];

		snprintf(line, sizeof(line), "stat -i %s", nonsense[i]);
		snprintf(complaint, sizeof(complaint), "stat: -i: '%s' is not a number of seconds",
			 nonsense[i]);
		refuse(line, complaint, "stat");
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(outside); i++) {
		char line[64], complaint[128];

		snprintf(line, sizeof(line), "top --interval=%s", outside[i]);
		snprintf(complaint, sizeof(complaint),
			 "top: --interval: '%s' is not between 0.01 and 86400 seconds", outside[i]);
		refuse(line, complaint, "top");
	}
}

static void test_options__integers(void **state)
{
	static const struct {
		const char *option;
		size_t offset;
		int64_t minimum, maximum;
	} cases[] = {
		{"-n", offsetof(struct options, look_count), 1, 1000000000},
		{"--count", offsetof(struct options, look_count), 1, 1000000000},
		{"--max-rows", offsetof(struct options, max_rows), 1, 1000000000},
		{"--max-exits", offsetof(struct options, max_exits), 0, 1000000},
	};
	static const char *const nonsense[] = {"x", "1.5", "-1", "+1", "1k", "0x10", "1e3", "1,2"};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		const int64_t good[] = {cases[i].minimum, cases[i].maximum, 7};
		char line[128], complaint[256];
		struct options options;
		struct words words;

		for (unsigned int j = 0; j < ARRAY_SIZE(good); j++) {
			snprintf(line, sizeof(line), "stat %s %lld", cases[i].option,
				 (long long)good[j]);
			accept(&words, &options, line);
			assert_int_equal(*(int64_t *)((char *)&options + cases[i].offset), good[j]);
			options__release(&options);
		}
		for (unsigned int j = 0; j < ARRAY_SIZE(nonsense); j++) {
			snprintf(line, sizeof(line), "stat %s %s", cases[i].option, nonsense[j]);
			snprintf(complaint, sizeof(complaint),
				 "stat: %s: '%s' is not a whole number", cases[i].option,
				 nonsense[j]);
			refuse(line, complaint, "stat");
		}
		snprintf(line, sizeof(line), "stat %s %lld", cases[i].option,
			 (long long)cases[i].maximum + 1);
		snprintf(complaint, sizeof(complaint),
			 "stat: %s: '%lld' is not between %lld and %lld", cases[i].option,
			 (long long)cases[i].maximum + 1, (long long)cases[i].minimum,
			 (long long)cases[i].maximum);
		refuse(line, complaint, "stat");
	}
	refuse("stat -n 0", "stat: -n: '0' is not between 1 and 1000000000", "stat");
	refuse("stat -n 99999999999999999999",
	       "stat: -n: '99999999999999999999' is not between 1 and 1000000000", "stat");
}

static void test_options__breakdown(void **state)
{
	static const struct {
		const char *argument;
		int64_t value;
	} cases[] = {{"0", 0}, {"none", 0}, {"1", 1}, {"20", 20}, {"all", BREAKDOWN_ALL}};
	struct options options;
	struct words words;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[64];

		snprintf(line, sizeof(line), "stat --breakdown %s", cases[i].argument);
		accept(&words, &options, line);
		assert_true(options.breakdown == cases[i].value);
		options__release(&options);
	}
	refuse("stat --breakdown al", "stat: --breakdown: 'al' is not a number, all or none",
	       "stat");
	refuse("stat --breakdown ALL", "stat: --breakdown: 'ALL' is not a number, all or none",
	       "stat");
	refuse("stat --breakdown=-1", "stat: --breakdown: '-1' is not a number, all or none",
	       "stat");
	refuse("top --breakdown 3x", "top: --breakdown: '3x' is not a whole number", "top");
	refuse("top --breakdown 1000000001",
	       "top: --breakdown: '1000000001' is not between 0 and 1000000000", "top");
}

static void test_options__output(void **state)
{
	static const struct {
		const char *line;
		enum output_format output;
	} cases[] = {
		{"stat -o table", OUTPUT_TABLE},   {"stat -o json", OUTPUT_JSON},
		{"stat -ojson", OUTPUT_JSON},	   {"stat --output=csv", OUTPUT_CSV},
		{"stat --output csv", OUTPUT_CSV}, {"stat -o csv -o json", OUTPUT_JSON},
	};
	struct options options;
	struct words words;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		accept(&words, &options, cases[i].line);
		assert_int_equal(options.output, cases[i].output);
		options__release(&options);
	}
	refuse("stat -o xml", "stat: -o: 'xml' is not table, json or csv", "stat");
	refuse("stat -o JSON", "stat: -o: 'JSON' is not table, json or csv", "stat");
	refuse("stat -o js", "stat: -o: 'js' is not table, json or csv", "stat");
	refuse("stat --output=", "stat: --output: '' is not table, json or csv", "stat");
}

static void test_options__sort_takes_every_figure(void **state)
{
	struct options options;
	struct words words;

	(void)state;
	for (int i = 0; i < PROCESS_FIGURE_COUNT; i++) {
		char line[128];

		snprintf(line, sizeof(line), "%s --sort %s", i % 2 ? "top" : "stat",
			 process_figures[i].path);
		accept(&words, &options, line);
		assert_string_equal(options.sort, process_figures[i].path);
		options__release(&options);
	}
	refuse("stat --sort rsss", "stat: --sort: 'rsss' is not a figure; did you mean rss or pss?",
	       "stat");
	refuse("stat --sort RSS", "stat: --sort: 'RSS' is not a figure", "stat");
	refuse("stat --sort unaccounted",
	       "stat: --sort: 'unaccounted' is not a figure; did you mean classes.unaccounted?",
	       "stat");
	refuse("stat --sort xyzzyxyzzy", "stat: --sort: 'xyzzyxyzzy' is not a figure", "stat");
	refuse("top --sort=", "top: --sort: '' is not a figure", "top");
}

static void test_options__flags_and_replay(void **state)
{
	struct options options;
	struct words words;

	(void)state;
	accept(&words, &options, "stat --pss -v --replay looks.json -a");
	assert_true(options.pss && options.verbose);
	assert_false(options.ascii);
	assert_string_equal(options.replay, "looks.json");
	options__release(&options);
	accept(&words, &options, "--ascii --verbose");
	assert_true(options.ascii && options.verbose);
	options__release(&options);

	refuse("stat --pss=1", "stat: --pss takes no argument", "stat");
	refuse("top --ascii=yes", "top: --ascii takes no argument", "top");
	refuse("top --help=yes", "top: --help takes no argument", "top");
	refuse("stat --replay x -p 1",
	       "stat: --replay and -p do not go together: all that was recorded is shown", "stat");
	refuse("stat -c web --replay=x",
	       "stat: --replay and -c do not go together: all that was recorded is shown", "stat");
	refuse("--replay x -- ls",
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
		refuse(line, complaint, "stat");
		if (!row->short_name)
			continue;
		snprintf(line, sizeof(line), "stat -v%c", row->short_name);
		snprintf(complaint, sizeof(complaint), "stat: -%c: %s is missing", row->short_name,
			 row->argument);
		refuse(line, complaint, "stat");
	}
}

/* Each beginning of each long name, which getopt_long() alone would take. */
static void test_options__no_abbreviations(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < option_row_count; i++) {
		const char *name = option_rows[i].long_name;

		for (unsigned int length = 1; length < strlen(name); length++) {
			char line[64], start[64], message[1024];
			struct options options;
			struct words words;

			snprintf(start, sizeof(start), "stat: there is no option --%.*s",
				 (int)length, name);
			snprintf(line, sizeof(line), "stat --%.*s=1", (int)length, name);
			assert_int_not_equal(
				parse_line(&words, &options, line, message, sizeof(message)), 0);
			if (option_row__is_for(&option_rows[i], "stat"))
				assert_non_null(strstr(message, start));
			options__release(&options);
		}
	}
}

static void test_options__unknown(void **state)
{
	(void)state;
	refuse("stat --pidd 1", "stat: there is no option --pidd; did you mean --pid?", "stat");
	refuse("stat --intervall=1",
	       "stat: there is no option --intervall; did you mean --interval?", "stat");
	refuse("stat --breakdwon all",
	       "stat: there is no option --breakdwon; did you mean --breakdown?", "stat");
	refuse("stat --xyzzyxyzzy", "stat: there is no option --xyzzyxyzzy", "stat");
	refuse("stat -z", "stat: there is no option -z", "stat");
	refuse("stat -vz", "stat: there is no option -z", "stat");
	refuse("stat -?", "stat: there is no option -?", "stat");
	refuse("-:", "top: there is no option -:", "top");
	refuse("stat --=", "stat: there is no option --", "stat");
	refuse("check -p 1", "check: -p is an option of other commands: top stat", "check");
	refuse("check --replay=x", "check: --replay is an option of other commands: top stat",
	       "check");
	refuse("stat --ascii", "stat: --ascii is an option of other commands: top", "stat");
	refuse("top -o json", "top: -o is an option of other commands: stat", "top");
	refuse("--pss", "top: --pss is an option of other commands: stat", "top");
}

static void test_options__unknown_command(void **state)
{
	(void)state;
	refuse("sttat", "there is no command 'sttat'; did you mean 'stat'?", "");
	refuse("tpo", "there is no command 'tpo'; did you mean 'top'?", "");
	refuse("chekc", "there is no command 'chekc'; did you mean 'check'?", "");
	refuse("STAT", "there is no command 'STAT'", "");
	refuse("xyzzyxyzzy", "there is no command 'xyzzyxyzzy'", "");
	refuse("help xyzzyxyzzy", "there is no command 'xyzzyxyzzy'", "");
	refuse("help stats", "there is no command 'stats'; did you mean 'stat'?", "");
	refuse("help stat top", "help: 'top' is one word too many", "stat");
	refuse("1234", "there is no command '1234'", "");
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
			struct words words;

			assert_memory_equal(example[0], "memsonde", strlen("memsonde"));
			snprintf(line, sizeof(line), "%s", example[0] + strlen("memsonde"));
			/* What a shell takes away. */
			line[strcspn(line, ">&")] = '\0';
			while (*line && line[strlen(line) - 1] == ' ')
				line[strlen(line) - 1] = '\0';
			accept(&words, &options, *line ? line + 1 : line);
			assert_ptr_equal(options.command, &commands[i]);
			options__release(&options);
		}
	}
}

/* Command lines made at random: whatever comes, it is taken or refused with a message. */
static void test_options__random_words(void **state)
{
	static const char *const pieces[] = {
		"stat", "top",	 "check", "help", "-p",	    "--pid", "--pid=", "1",	   "-c",
		"-i",	"0.5",	 "--",	  "-",	  "--sort", "rss",   "-v",     "-h",	   "=",
		"--=",	"-vvpn", "-o",	  "json", "\xff",   "",	     "--n",    "--replay", "-a",
	};
	unsigned int seed = 12345;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		char message[2048], *argv[8] = {"memsonde"};
		struct options options;
		int argc = 1 + rand_r(&seed) % 6, result;

		for (int i = 1; i < argc; i++)
			argv[i] = (char *)pieces[rand_r(&seed) % ARRAY_SIZE(pieces)];
		result = parse(&options, argc, argv, message, sizeof(message));
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
		cmocka_unit_test(test_options__pids),
		cmocka_unit_test(test_options__pids_refused),
		cmocka_unit_test(test_options__odd_words),
		cmocka_unit_test(test_options__names),
		cmocka_unit_test(test_options__command),
		cmocka_unit_test(test_options__one_kind_of_target),
		cmocka_unit_test(test_options__interval),
		cmocka_unit_test(test_options__integers),
		cmocka_unit_test(test_options__breakdown),
		cmocka_unit_test(test_options__output),
		cmocka_unit_test(test_options__sort_takes_every_figure),
		cmocka_unit_test(test_options__flags_and_replay),
		cmocka_unit_test(test_options__missing_argument),
		cmocka_unit_test(test_options__no_abbreviations),
		cmocka_unit_test(test_options__unknown),
		cmocka_unit_test(test_options__unknown_command),
		cmocka_unit_test(test_options__table_is_sound),
		cmocka_unit_test(test_options__examples_are_accepted),
		cmocka_unit_test(test_options__random_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
