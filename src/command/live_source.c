/* SPDX-License-Identifier: GPL-2.0-only */
#include "command/live_source.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "collect/collector.h"
#include "command/commands.h"
#include "command/launch.h"
#include "command/options.h"
#include "model/alert_condition.h"
#include "model/source.h"
#include "recording/json_lines_reader.h"
#include "system/file_limit.h"

/* Classes of all processes of a machine would cost too much at each look. */
#define BREAKDOWN_OF_EVERYTHING 20

static const enum collect_what what_of_kind[] = {
	[TARGET_EVERYTHING] = COLLECT_EVERYTHING, [TARGET_PIDS] = COLLECT_PIDS,
	[TARGET_CONTAINERS] = COLLECT_CONTAINERS, [TARGET_CGROUPS] = COLLECT_CGROUPS,
	[TARGET_COMMAND] = COLLECT_DESCENDANTS,
};

static int64_t breakdown_of(const struct options *options)
{
	if (options->breakdown >= 0)
		return options->breakdown;
	return options->target_kind == TARGET_EVERYTHING ? BREAKDOWN_OF_EVERYTHING : BREAKDOWN_ALL;
}

/* Of everything only what is broken down has isolates, so only that is probed. */
static enum collect_collections collections_of(const struct options *options)
{
	return options->command->run == command_gc ? COLLECTIONS_EACH : COLLECTIONS_TOTALS;
}

/* Of the figures that processes tell themselves, or that follow from them. */
static bool is_told_by_twins(const struct alert_figure *figure)
{
	static const char *const told[] = {"v8.",      "heap.",	    "python.",
					   "classes.", "sections.", "limits.heap"};
	char name[96];

	alert_figure__name(figure, name, sizeof(name));
	for (size_t i = 0; i < ARRAY_SIZE(told); i++)
		if (!strncmp(name, told[i], strlen(told[i])))
			return true;
	return false;
}

static bool alerts_need_twins(const struct options *options)
{
	for (size_t i = 0; i < options->alert_count; i++)
		if (is_told_by_twins(&options->alerts[i].left) ||
		    (options->alerts[i].is_share && is_told_by_twins(&options->alerts[i].of)))
			return true;
	return false;
}

/* A table has no room for what they tell: there only who is looked at closely is asked. */
static enum collect_twins twins_of(const struct options *options)
{
	if (options->no_twin)
		return TWINS_OF_NONE;
	return options->command->run == command_top && !alerts_need_twins(options) ? TWINS_OF_WANTED
										   : TWINS_OF_ALL;
}

static int exit_status_of(int error)
{
	if (!error)
		return 0;
	return error == -ENOENT ? EXIT_STATUS_USAGE : EXIT_STATUS_FAILED;
}

static int open_command(const struct options *options, struct collector_settings settings,
			struct source **source)
{
	struct launch launch;

	bool off_screen = options->command->run == command_top;

	if (launch__prepare(&launch, options->command_argv, off_screen))
		return EXIT_STATUS_FAILED;
	settings.pids = &launch.pid;
	settings.pid_count = 1;
	if (collector__open(source, &settings)) {
		launch__cancel(&launch);
		return EXIT_STATUS_FAILED;
	}
	if (launch__go(&launch, options->command_argv[0])) {
		(*source)->close(*source);
		return EXIT_STATUS_FAILED;
	}
	return 0;
}

int open_source(const struct options *options, struct source **source)
{
	struct collector_settings settings = {
		.what = what_of_kind[options->target_kind],
		.pids = options->pids,
		.pid_count = options->pid_count,
		.names = options->names,
		.name_count = options->name_count,
		.breakdown = breakdown_of(options),
		.twins = twins_of(options),
		.pss = options->pss,
		.collections = collections_of(options),
		.single_look = options__takes_one_look(options),
		.max_exits = options->max_exits,
	};

	if (options->replay)
		return json_lines_reader__open(source, options->replay) ? EXIT_STATUS_FAILED : 0;
	if (file_limit__raise())
		return EXIT_STATUS_FAILED;
	if (options->target_kind == TARGET_COMMAND)
		return open_command(options, settings, source);
	return exit_status_of(collector__open(source, &settings));
}
