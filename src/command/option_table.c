/* SPDX-License-Identifier: GPL-2.0-only */
#include "command/option_table.h"

#include <string.h>

#include "base/memory.h"
#include "command/option_values.h"
#include "command/options.h"

#define NS_PER_S  INT64_C(1000000000)
#define AT(field) .offset = offsetof(struct options, field)

/* In the order of enum output_format. */
static const char *const output_formats[] = {"table", "json", "csv", NULL};
static const char *const breakdown_words[] = {"all", "none", NULL};

const struct option_row option_rows[] = {
	{
		.commands = "top stat gc",
		.group = "Target",
		.short_name = 'p',
		.long_name = "pid",
		.argument = "PID[,PID...]",
		.parse = option_parse_pids,
		.minimum = 1,
		.maximum = 4194303, /* PID_MAX_LIMIT - 1 of 64-bit kernels */
		.completion = COMPLETE_PID,
		.help = "these processes; may be given several times",
	},
	{
		.commands = "top stat gc",
		.group = "Target",
		.short_name = 'c',
		.long_name = "container",
		.argument = "NAME",
		.parse = option_parse_container,
		.help = "the container of that name or whose id begins so, followed when it "
			"restarts; may be "
			"given several times",
	},
	{
		.commands = "top stat gc",
		.group = "Target",
		.short_name = 'g',
		.long_name = "cgroup",
		.argument = "CGROUP",
		.parse = option_parse_cgroup,
		.completion = COMPLETE_DIRECTORY,
		.help = "the processes of the control group and of those below it: a path as in "
			"/proc/PID/cgroup, of version 2 or of version 1's memory hierarchy, or a "
			"directory below the mount of one of them; may be given several times",
	},
	{
		.commands = "top stat",
		.group = "Target",
		.short_name = 'a',
		.long_name = "all",
		.parse = option_parse_everything,
		.default_text = "where no target is named",
		.help = "every process",
	},
	{
		.commands = "top stat gc",
		.group = "Looks",
		.short_name = 'i',
		.long_name = "interval",
		.argument = "SEC",
		.parse = option_parse_seconds,
		AT(interval_ns),
		.minimum = NS_PER_S / 100,
		.maximum = 86400 * NS_PER_S,
		.default_text = "top, gc: 1; stat: 1 with -n or -- CMD, else a single look",
		.help = "look every SEC seconds, from 0.01 to 86400",
	},
	{
		.commands = "top stat gc",
		.group = "Looks",
		.short_name = 'n',
		.long_name = "count",
		.argument = "N",
		.parse = option_parse_integer,
		AT(look_count),
		.minimum = 1,
		.maximum = 1000000000,
		.default_text = "no end",
		.help = "end after N looks; without -i they are a second apart. gc: after N "
			"collections",
	},
	{
		.commands = "top stat",
		.group = "Looks",
		.long_name = "breakdown",
		.argument = "N|all|none",
		.parse = option_parse_breakdown,
		AT(breakdown),
		.maximum = 1000000000,
		.choices = breakdown_words,
		.completion = COMPLETE_CHOICES,
		.default_text = "all of -p, -c, -g; 20 of -a",
		.help = "for how many processes, largest RSS first, the classes are worked out; it "
			"takes a "
			"walk of their page tables, the others' classes are unknown",
	},
	{
		.commands = "top stat",
		.group = "Looks",
		.long_name = "no-twin",
		.parse = option_parse_flag,
		AT(no_twin),
		.help = "do not ask the processes' own functions (mallinfo2, mallctl, V8's "
			"statistics), which a sandboxed twin process evaluates over their memory: "
			"live and slack, and all of V8, are unknown then",
	},
	{
		.commands = "stat",
		.group = "Looks",
		.long_name = "pss",
		.parse = option_parse_flag,
		AT(pss),
		.help = "the proportional set size, too: RSS with each page divided by the number "
			"of "
			"processes that map it; the kernel reads every page table for it",
	},
	{
		.commands = "stat",
		.group = "Looks",
		.long_name = "explain",
		.parse = option_parse_flag,
		AT(explain),
		.help = "say in words why each process with a breakdown grew while it was watched, "
			"and what usually helps; it takes some looks, so without -i they are a "
			"second apart, and the longer the watch the surer the answer",
	},
	{
		.commands = "top stat",
		.group = "Looks",
		.long_name = "max-exits",
		.argument = "N",
		.parse = option_parse_integer,
		AT(max_exits),
		.maximum = 1000000,
		.default_text = "1000",
		.help = "keep at most N processes that ended since the look before; how many more "
			"there "
			"were is said",
	},
	{
		.commands = "top stat",
		.group = "Looks",
		.long_name = "replay",
		.argument = "FILE",
		.parse = option_parse_text,
		AT(replay),
		.completion = COMPLETE_FILE,
		.help = "show the recorded output of stat -o json in place of this system, without "
			"privileges",
	},
	{
		.commands = "stat gc",
		.group = "Output",
		.short_name = 'o',
		.long_name = "output",
		.argument = "FORMAT",
		.parse = option_parse_choice,
		AT(output),
		.choices = output_formats,
		.completion = COMPLETE_CHOICES,
		.default_text = "table",
		.help = "table; json: one object a line and process, gc: and collection; csv: not "
			"of gc",
	},
	{
		.commands = "top stat",
		.group = "Output",
		.long_name = "sort",
		.argument = "FIGURE",
		.parse = option_parse_figure,
		AT(sort),
		.completion = COMPLETE_FIGURE,
		.default_text = "rss",
		.help = "largest first by this figure, as JSON names it: rss, swap, "
			"classes.malloc, "
			"faults.user",
	},
	{
		.commands = "stat",
		.group = "Output",
		.long_name = "max-rows",
		.argument = "N",
		.parse = option_parse_integer,
		AT(max_rows),
		.minimum = 1,
		.maximum = 1000000000,
		.default_text = "all",
		.help = "show only the first N processes of each look in the table",
	},
	{
		.commands = "top",
		.group = "Output",
		.long_name = "ascii",
		.parse = option_parse_flag,
		AT(ascii),
		.default_text = "as the locale says",
		.help = "draw with ASCII characters only",
	},
	{
		.commands = "top stat",
		.group = "Alerts",
		.long_name = "alert",
		.argument = "CONDITION",
		.parse = option_parse_alert,
		.maximum = 64,
		.help = "say on standard error when a condition over figures, as JSON names them, "
			"is crossed: rss>1.5GiB, rss>80%limits.container, "
			"v8.old_used>85%v8.old_limit (of each isolate), "
			"container.memory_current>2GiB; growth over about a minute: rss+>50MiB/min "
			"(/s, /min, /h). Once for each crossing: again only after the figure came "
			"back by 5 % of the bound; may be given several times",
	},
	{
		.commands = "top stat",
		.group = "Alerts",
		.long_name = "exec",
		.argument = "CMD",
		.parse = option_parse_text,
		AT(exec),
		.help = "run 'sh -c CMD' for each --alert that is crossed, at most 8 at a time; "
			"what it prints, up to 64 KiB, goes to standard error (of top: nowhere); "
			"its environment has MEMSONDE_PID, _COMM, _ISOLATE, _CONDITION, _VALUE, "
			"_BOUND, _TIME and every known figure as MEMSONDE_FIGURE_HEAP_SLACK_BYTES",
	},
	{
		.commands = "top stat",
		.group = "Alerts",
		.long_name = "exec-timeout",
		.argument = "SEC",
		.parse = option_parse_seconds,
		AT(exec_timeout_ns),
		.minimum = NS_PER_S / 10,
		.maximum = 86400 * NS_PER_S,
		.default_text = "30",
		.help = "how long a command of --exec may take before its process group is ended: "
			"SIGTERM, 2 s later SIGKILL; what it leaves in the background counts, "
			"unless it leaves the group (setsid)",
	},
	{
		.commands = "*",
		.group = "Other",
		.short_name = 'v',
		.long_name = "verbose",
		.parse = option_parse_flag,
		AT(verbose),
		.help = "say more on standard error: the verifier's log, what was tried, what each "
			"evaluation in a twin cost",
	},
	{
		.commands = "*",
		.group = "Other",
		.short_name = 'h',
		.long_name = "help",
		.parse = option_parse_help,
		.help = "print a help text and end",
	},
	{
		.commands = "*",
		.group = "Other",
		.long_name = "version",
		.parse = option_parse_version,
		.help = "print the version and end",
	},
};

const unsigned int option_row_count = ARRAY_SIZE(option_rows);

bool option_row__is_for(const struct option_row *row, const char *command)
{
	size_t length = strlen(command);
	const char *word = row->commands;

	if (!strcmp(word, "*"))
		return true;
	while (*word) {
		size_t word_length = strcspn(word, " ");

		if (word_length == length && !strncmp(word, command, length))
			return true;
		word += word_length + (word[word_length] == ' ');
	}
	return false;
}
