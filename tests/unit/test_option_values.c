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
#include "model/figures.h"
#include "unit/command_lines.h"

#define NS_PER_MS INT64_C(1000000)

static void test_option_values__pids(void **state)
{
	struct options options;
	struct command_line words;

	(void)state;
	command_line__accept(&words, &options, "stat -p 3,1 --pid 2,1,4194303");
	assert_int_equal(options.pid_count, 4);
	assert_int_equal(options.pids[0], 3);
	assert_int_equal(options.pids[1], 1);
	assert_int_equal(options.pids[2], 2);
	assert_int_equal(options.pids[3], 4194303);
	options__release(&options);
}

static void test_option_values__pids_refused(void **state)
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
		command_line__refuse(line, complaint, "stat");
	}
	command_line__refuse("--pid=x", "top: --pid: 'x' is not a process id", "top");
	command_line__refuse("stat --pid=", "stat: --pid: '' is not a process id", "stat");
}

/* Words that a shell's quotes can make. */
static void test_option_values__odd_words(void **state)
{
	static const char *const odd[] = {"",	  " ",	     "12 ",  " 12",
					  "1\n2", "\x1b[2J", "\xff", "1,\t2"};
	char message[2048];
	struct options options;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(odd); i++) {
		char *argv[] = {"memsonde", "stat", "-p", (char *)odd[i], NULL};

		assert_int_not_equal(
			command_line__parse_words(&options, 4, argv, message, sizeof(message)), 0);
		assert_non_null(strstr(message, "is not a process id"));
		assert_null(strchr(message, '\x1b'));
		assert_null(strchr(message, '\xff'));
		/* Two lines and no more, whatever was typed. */
		assert_ptr_equal(strchr(strchr(message, '\n') + 1, '\n'),
				 message + strlen(message) - 1);
		options__release(&options);
	}
}

static void test_option_values__names(void **state)
{
	struct options options;
	struct command_line words;

	(void)state;
	command_line__accept(&words, &options, "stat -c web --container=db -c 3f2a");
	assert_int_equal(options.target_kind, TARGET_CONTAINERS);
	assert_int_equal(options.name_count, 3);
	assert_string_equal(options.names[0], "web");
	assert_string_equal(options.names[1], "db");
	assert_string_equal(options.names[2], "3f2a");
	options__release(&options);

	command_line__accept(&words, &options, "top -g /system.slice -g -- --cgroup=a=b");
	assert_int_equal(options.target_kind, TARGET_CGROUPS);
	assert_int_equal(options.name_count, 3);
	assert_string_equal(options.names[0], "/system.slice");
	assert_string_equal(options.names[1], "--");
	assert_string_equal(options.names[2], "a=b");
	options__release(&options);

	command_line__refuse("stat --container=", "stat: --container: the name is empty", "stat");
	command_line__refuse("stat --cgroup=", "stat: --cgroup: the name is empty", "stat");
	command_line__refuse("stat --replay=", "stat: --replay: the name is empty", "stat");
}

static void test_option_values__interval(void **state)
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
		struct command_line words;

		snprintf(line, sizeof(line), "stat -i %s", cases[i].argument);
		command_line__accept(&words, &options, line);
		assert_int_equal(options.interval_ns, cases[i].ns);
		options__release(&options);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(nonsense); i++) {
		char line[64], complaint[128];

		snprintf(line, sizeof(line), "stat -i %s", nonsense[i]);
		snprintf(complaint, sizeof(complaint), "stat: -i: '%s' is not a number of seconds",
			 nonsense[i]);
		command_line__refuse(line, complaint, "stat");
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(outside); i++) {
		char line[64], complaint[128];

		snprintf(line, sizeof(line), "top --interval=%s", outside[i]);
		snprintf(complaint, sizeof(complaint),
			 "top: --interval: '%s' is not between 0.01 and 86400 seconds", outside[i]);
		command_line__refuse(line, complaint, "top");
	}
}

static void test_option_values__integers(void **state)
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
		struct command_line words;

		for (unsigned int j = 0; j < ARRAY_SIZE(good); j++) {
			snprintf(line, sizeof(line), "stat %s %lld", cases[i].option,
				 (long long)good[j]);
			command_line__accept(&words, &options, line);
			assert_int_equal(*(int64_t *)((char *)&options + cases[i].offset), good[j]);
			options__release(&options);
		}
		for (unsigned int j = 0; j < ARRAY_SIZE(nonsense); j++) {
			snprintf(line, sizeof(line), "stat %s %s", cases[i].option, nonsense[j]);
			snprintf(complaint, sizeof(complaint),
				 "stat: %s: '%s' is not a whole number", cases[i].option,
				 nonsense[j]);
			command_line__refuse(line, complaint, "stat");
		}
		snprintf(line, sizeof(line), "stat %s %lld", cases[i].option,
			 (long long)cases[i].maximum + 1);
		snprintf(complaint, sizeof(complaint),
			 "stat: %s: '%lld' is not between %lld and %lld", cases[i].option,
			 (long long)cases[i].maximum + 1, (long long)cases[i].minimum,
			 (long long)cases[i].maximum);
		command_line__refuse(line, complaint, "stat");
	}
	command_line__refuse("stat -n 0", "stat: -n: '0' is not between 1 and 1000000000", "stat");
	command_line__refuse("stat -n 99999999999999999999",
			     "stat: -n: '99999999999999999999' is not between 1 and 1000000000",
			     "stat");
}

static void test_option_values__breakdown(void **state)
{
	static const struct {
		const char *argument;
		int64_t value;
	} cases[] = {{"0", 0}, {"none", 0}, {"1", 1}, {"20", 20}, {"all", BREAKDOWN_ALL}};
	struct options options;
	struct command_line words;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[64];

		snprintf(line, sizeof(line), "stat --breakdown %s", cases[i].argument);
		command_line__accept(&words, &options, line);
		assert_true(options.breakdown == cases[i].value);
		options__release(&options);
	}
	command_line__refuse("stat --breakdown al",
			     "stat: --breakdown: 'al' is not a number, all or none", "stat");
	command_line__refuse("stat --breakdown ALL",
			     "stat: --breakdown: 'ALL' is not a number, all or none", "stat");
	command_line__refuse("stat --breakdown=-1",
			     "stat: --breakdown: '-1' is not a number, all or none", "stat");
	command_line__refuse("top --breakdown 3x", "top: --breakdown: '3x' is not a whole number",
			     "top");
	command_line__refuse("top --breakdown 1000000001",
			     "top: --breakdown: '1000000001' is not between 0 and 1000000000",
			     "top");
}

static void test_option_values__output(void **state)
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
	struct command_line words;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		command_line__accept(&words, &options, cases[i].line);
		assert_int_equal(options.output, cases[i].output);
		options__release(&options);
	}
	command_line__refuse("stat -o xml", "stat: -o: 'xml' is not table, json or csv", "stat");
	command_line__refuse("stat -o JSON", "stat: -o: 'JSON' is not table, json or csv", "stat");
	command_line__refuse("stat -o js", "stat: -o: 'js' is not table, json or csv", "stat");
	command_line__refuse("stat --output=", "stat: --output: '' is not table, json or csv",
			     "stat");
}

static void test_option_values__sort_takes_every_figure(void **state)
{
	struct options options;
	struct command_line words;

	(void)state;
	for (int i = 0; i < PROCESS_FIGURE_COUNT; i++) {
		char line[128];

		snprintf(line, sizeof(line), "%s --sort %s", i % 2 ? "top" : "stat",
			 process_figures[i].path);
		command_line__accept(&words, &options, line);
		assert_string_equal(options.sort, process_figures[i].path);
		options__release(&options);
	}
	command_line__refuse("stat --sort rsss",
			     "stat: --sort: 'rsss' is not a figure; did you mean rss?", "stat");
	command_line__refuse("stat --sort RSS", "stat: --sort: 'RSS' is not a figure", "stat");
	command_line__refuse(
		"stat --sort unaccounted",
		"stat: --sort: 'unaccounted' is not a figure; did you mean classes.unaccounted?",
		"stat");
	command_line__refuse("stat --sort xyzzyxyzzy", "stat: --sort: 'xyzzyxyzzy' is not a figure",
			     "stat");
	command_line__refuse("top --sort=", "top: --sort: '' is not a figure", "top");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_option_values__pids),
		cmocka_unit_test(test_option_values__pids_refused),
		cmocka_unit_test(test_option_values__odd_words),
		cmocka_unit_test(test_option_values__names),
		cmocka_unit_test(test_option_values__interval),
		cmocka_unit_test(test_option_values__integers),
		cmocka_unit_test(test_option_values__breakdown),
		cmocka_unit_test(test_option_values__output),
		cmocka_unit_test(test_option_values__sort_takes_every_figure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
