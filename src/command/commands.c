/* SPDX-License-Identifier: GPL-2.0-only */
#include "command/commands.h"

#include <string.h>

#include "base/memory.h"

static const char *const top_examples[] = {
	"memsonde",
	"every process and container of this machine",
	"memsonde -p 4242",
	"one process: its breakdown, faults and growth",
	"memsonde top -c web --sort classes.malloc",
	"the processes of the container 'web', the largest malloc first",
	"memsonde top -- ./server --port 8080",
	"start a command and watch it and its children",
	"memsonde top --replay looks.json",
	"what was recorded by 'stat -o json', look by look",
	NULL,
};

static const char *const stat_examples[] = {
	"memsonde stat",
	"the breakdown of this machine's processes, once",
	"memsonde stat -p 4242,4243 -i 1",
	"two processes, every second, until Ctrl-C",
	"memsonde stat -a -i 0.5 -n 20 -o json >looks.json",
	"20 looks for a script or for --replay",
	"memsonde stat -c web --pss",
	"one container, with its share of shared pages",
	"memsonde stat -g /system.slice/ssh.service -o csv",
	"one control group, for a spreadsheet",
	"memsonde stat -i 1 -- make -j4",
	"a command and all it starts, until it ends",
	NULL,
};

static const char *const gc_examples[] = {
	"memsonde gc -p 4242",
	"each collection of a Node.js process as it happens; the summary at Ctrl-C",
	"memsonde gc -p 4242 -n 100 -o json",
	"100 collections for a script, then the summary",
	"memsonde gc -c api",
	"every V8 of the container 'api'",
	"memsonde gc -- node server.js",
	"start a program and watch its collections until it ends",
	NULL,
};

static const char *const check_examples[] = {
	"memsonde check",
	"what this machine allows",
	"memsonde check >/dev/null && memsonde stat",
	"look only where looking can work",
	NULL,
};

const struct command commands[] = {
	{
		.name = "top",
		.synopsis = "[OPTION...] [-- CMD ARG...]",
		.summary = "live table of processes and containers; drill down into one",
		.description = "Shows processes and containers with their memory, sorted by "
			       "resident size, and "
			       "refreshes it. Enter on a row shows that process or container: its "
			       "breakdown by "
			       "class, which sums to its RSS, and the history of it. The keys are "
			       "on the screen's "
			       "last line, and F1 or ? explains them.\n\n"
			       "With -- CMD it starts that command; what the command writes to "
			       "the terminal is "
			       "discarded, as the screen is there, and its input from it is "
			       "empty.\n\n"
			       "This is the command when none is named: 'memsonde -p 12' is "
			       "'memsonde top -p 12'.",
		.examples = top_examples,
		.run = command_top,
	},
	{
		.name = "stat",
		.synopsis = "[OPTION...] [-- CMD ARG...]",
		.summary = "the breakdown, once or every SEC seconds, for people or scripts",
		.description = "Prints where the memory of the target goes: for each process its "
			       "RSS by kind, its "
			       "breakdown by class, faults, address space obtained and given back, "
			       "and the processes "
			       "that ended since the look before. With -i, what changes is shown "
			       "as a rate, too.\n\n"
			       "Sizes are bytes in json and csv, and KiB, MiB, GiB (powers of "
			       "1024) in the table. "
			       "What could not be had is null in json, empty in csv and - in the "
			       "table, never 0. "
			       "Ctrl-C ends the looks.",
		.examples = stat_examples,
		.run = command_stat,
	},
	{
		.name = "gc",
		.synopsis = "[OPTION...] [-- CMD ARG...]",
		.summary = "V8: each collection as it happens, and what they come to",
		.description =
			"Prints a line for each garbage collection of the target's V8 isolates, "
			"the "
			"main thread's and each worker's: its kind and reason in V8's words, the "
			"pause, and the used and committed bytes of the heap before and after. At "
			"Ctrl-C, at the end of the target or after N collections a summary for "
			"each "
			"isolate follows: pauses by kind with their percentiles, their share of "
			"the "
			"time, how fast the program allocates and how much of it survives "
			"scavenges, "
			"and the spaces of the heap.\n\n"
			"V8's own bookkeeper of collections is probed; that needs the symbols of "
			"the "
			"program, which the builds of nodejs.org have. Where they were stripped, a "
			"fall of the heap from look to look is told as a collection of unknown "
			"kind. "
			"A target must be named.",
		.examples = gc_examples,
		.run = command_gc,
	},
	{
		.name = "check",
		.synopsis = "[OPTION...]",
		.summary = "what this kernel and machine allow, what is missing, what to do",
		.description = "Tries each feature of the kernel that memsonde uses and prints a "
			       "line for it: ok, "
			       "degraded with what is lost, or missing with what to do about it. "
			       "The exit status is "
			       "0 only if 'memsonde stat' can work.",
		.examples = check_examples,
		.run = command_check,
	},
};

const unsigned int command_count = ARRAY_SIZE(commands);

const struct command *command__find(const char *name)
{
	for (unsigned int i = 0; i < command_count; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}
