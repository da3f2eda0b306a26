/* SPDX-License-Identifier: GPL-2.0-only */
#include "command/option_values.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/similar.h"
#include "command/options.h"
#include "model/alert_condition.h"
#include "model/figures.h"

#define NS_PER_S	INT64_C(1000000000)
#define MAX_SUGGESTIONS 8

/* Prints "memsonde: COMMAND: OPTION: ..." and returns -EINVAL. */
static int __attribute__((format(printf, 2, 3)))
refuse(const struct option_use *use, const char *format, ...)
{
	char message[640];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	log_error("%s: %s: %s", use->command, use->spelled, message);
	return -EINVAL;
}

static void *field(const struct option_use *use)
{
	return (char *)use->options + use->row->offset;
}

int option_parse_flag(struct option_use *use, const char *argument)
{
	(void)argument;
	*(bool *)field(use) = true;
	return 0;
}

int option_parse_text(struct option_use *use, const char *argument)
{
	if (!*argument)
		return refuse(use, "the name is empty");
	*(const char **)field(use) = argument;
	return 0;
}

/* Reads decimal digits up to *end. 0, -EINVAL without any, -ERANGE. */
static int read_digits(const char *text, const char **end, int64_t *value)
{
	*value = 0;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, *text - '0', value))
			return -ERANGE;
	*end = text;
	return 0;
}

static bool in_range(const struct option_row *row, int64_t value)
{
	return value >= row->minimum && value <= row->maximum;
}

int option_parse_integer(struct option_use *use, const char *argument)
{
	const struct option_row *row = use->row;
	const char *end;
	int64_t value;
	int error = read_digits(argument, &end, &value);

	if (error == -EINVAL || (!error && *end))
		return refuse(use, "'%s' is not a whole number", argument);
	if (error || !in_range(row, value))
		return refuse(use, "'%s' is not between %" PRId64 " and %" PRId64, argument,
			      row->minimum, row->maximum);
	*(int64_t *)field(use) = value;
	return 0;
}

/* Reads "N", "N.DDD" or ".DDD" with at most 9 decimals. 0, -EINVAL or -ERANGE. */
static int read_seconds(const char *text, int64_t *ns)
{
	int64_t seconds = 0, unit = NS_PER_S / 10;
	const char *end = text;
	int error = *text == '.' ? 0 : read_digits(text, &end, &seconds);

	if (error)
		return error;
	*ns = 0;
	if (*end == '.') {
		const char *first = ++end;

		for (; *end >= '0' && *end <= '9' && unit; end++, unit /= 10)
			*ns += (*end - '0') * unit;
		if (end == first)
			return -EINVAL;
	}
	if (*end)
		return -EINVAL;
	if (__builtin_mul_overflow(seconds, NS_PER_S, &seconds) ||
	    __builtin_add_overflow(*ns, seconds, ns))
		return -ERANGE;
	return 0;
}

int option_parse_seconds(struct option_use *use, const char *argument)
{
	const struct option_row *row = use->row;
	int64_t ns;
	int error = read_seconds(argument, &ns);

	if (error == -EINVAL)
		return refuse(use, "'%s' is not a number of seconds", argument);
	if (error || !in_range(row, ns))
		return refuse(use, "'%s' is not between %g and %g seconds", argument,
			      (double)row->minimum / NS_PER_S, (double)row->maximum / NS_PER_S);
	*(int64_t *)field(use) = ns;
	return 0;
}

/* "table, json or csv" */
static void list_choices(const char *const *choices, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (int i = 0; choices[i] && length < size; i++)
		length += snprintf(text + length, size - length, "%s%s",
				   !i		    ? ""
				   : choices[i + 1] ? ", "
						    : " or ",
				   choices[i]);
}

static int find_choice(const char *const *choices, const char *argument)
{
	for (int i = 0; choices[i]; i++)
		if (!strcmp(choices[i], argument))
			return i;
	return -1;
}

int option_parse_choice(struct option_use *use, const char *argument)
{
	int choice = find_choice(use->row->choices, argument);
	char choices[128];

	if (choice < 0) {
		list_choices(use->row->choices, choices, sizeof(choices));
		return refuse(use, "'%s' is not %s", argument, choices);
	}
	*(int *)field(use) = choice;
	return 0;
}
_Static_assert(sizeof(enum output_format) == sizeof(int), "choices are stored as int");

int option_parse_breakdown(struct option_use *use, const char *argument)
{
	int choice = find_choice(use->row->choices, argument);

	if (choice < 0 && (*argument < '0' || *argument > '9'))
		return refuse(use, "'%s' is not a number, all or none", argument);
	if (choice < 0)
		return option_parse_integer(use, argument);
	*(int64_t *)field(use) = choice ? 0 : BREAKDOWN_ALL;
	return 0;
}

/* "; did you mean a, b or c?", or nothing if no figure is like what was typed. */
static void suggest_figures(const char *typed, char *text, size_t size)
{
	const char *near[MAX_SUGGESTIONS + 1] = {NULL};
	char list[256];
	int count = 0;

	text[0] = '\0';
	for (int i = 0; i < PROCESS_FIGURE_COUNT && count < MAX_SUGGESTIONS; i++)
		if (similar__may_mean(typed, process_figures[i].path))
			near[count++] = process_figures[i].path;
	if (!count)
		return;
	list_choices(near, list, sizeof(list));
	snprintf(text, size, "; did you mean %s?", list);
}

int option_parse_figure(struct option_use *use, const char *argument)
{
	int found = figures__find(process_figures, PROCESS_FIGURE_COUNT, argument);
	char suggestion[300];

	if (found < 0) {
		suggest_figures(argument, suggestion, sizeof(suggestion));
		return refuse(use, "'%s' is not a figure%s", argument, suggestion);
	}
	*(const char **)field(use) = process_figures[found].path;
	return 0;
}

int option_parse_alert(struct option_use *use, const char *argument)
{
	struct options *options = use->options;
	struct alert_condition condition;
	char message[ALERT_MESSAGE_SIZE];

	if (alert_condition__parse(&condition, argument, message))
		return refuse(use, "%s", message);
	if (options->alert_count == (size_t)use->row->maximum) {
		alert_condition__release(&condition);
		return refuse(use, "there are at most %" PRId64 " of them", use->row->maximum);
	}
	options->alerts =
		xreallocarray(options->alerts, options->alert_count + 1, sizeof(*options->alerts));
	options->alerts[options->alert_count++] = condition;
	return 0;
}

int option_use__choose_target(struct option_use *use, int kind)
{
	struct options *options = use->options;

	if (*use->target_spelled && options->target_kind != (enum target_kind)kind) {
		log_error("%s: %s and %s do not go together: one kind of target at a time",
			  use->command, use->target_spelled, use->spelled);
		return -EINVAL;
	}
	options->target_kind = kind;
	snprintf(use->target_spelled, sizeof(use->target_spelled), "%s", use->spelled);
	return 0;
}

static void add_pid(struct options *options, pid_t pid)
{
	for (size_t i = 0; i < options->pid_count; i++)
		if (options->pids[i] == pid)
			return;
	options->pids = xreallocarray(options->pids, options->pid_count + 1, sizeof(pid_t));
	options->pids[options->pid_count++] = pid;
}

int option_parse_pids(struct option_use *use, const char *argument)
{
	const char *rest = argument;
	int error = option_use__choose_target(use, TARGET_PIDS);

	if (error)
		return error;
	for (;;) {
		int length = strcspn(rest, ",");
		const char *end;
		int64_t pid;

		if (read_digits(rest, &end, &pid) || end != rest + length ||
		    !in_range(use->row, pid))
			return refuse(use, "'%.*s' is not a process id", length, rest);
		add_pid(use->options, pid);
		if (!rest[length])
			return 0;
		rest += length + 1;
	}
}

static int add_name(struct option_use *use, const char *name, enum target_kind kind)
{
	struct options *options = use->options;
	int error = option_use__choose_target(use, kind);

	if (error)
		return error;
	if (!*name)
		return refuse(use, "the name is empty");
	options->names =
		xreallocarray(options->names, options->name_count + 1, sizeof(*options->names));
	options->names[options->name_count++] = xstrdup(name);
	return 0;
}

int option_parse_container(struct option_use *use, const char *argument)
{
	return add_name(use, argument, TARGET_CONTAINERS);
}

int option_parse_cgroup(struct option_use *use, const char *argument)
{
	return add_name(use, argument, TARGET_CGROUPS);
}

int option_parse_everything(struct option_use *use, const char *argument)
{
	(void)argument;
	return option_use__choose_target(use, TARGET_EVERYTHING);
}

int option_parse_help(struct option_use *use, const char *argument)
{
	(void)argument;
	use->options->action = ACTION_HELP;
	return 0;
}

int option_parse_version(struct option_use *use, const char *argument)
{
	(void)argument;
	use->options->action = ACTION_VERSION;
	return 0;
}
