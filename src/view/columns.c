/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/columns.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "view/user_names.h"

#define NS_PER_SECOND ((int64_t)1000000000)

/* The names that every function of a column has for its parameters. */
#define NUMBER_PARAMETERS                                                                          \
	__attribute__((unused)) const struct column *column,                                       \
		__attribute__((unused)) const struct column_context *context, const void *subject
#define TEXT_PARAMETERS NUMBER_PARAMETERS, __attribute__((unused)) char buffer[COLUMN_TEXT_SIZE]

/* --- processes --- */

static figure_value process_figure(NUMBER_PARAMETERS)
{
	const struct process *process = subject;

	return process->figures[column->figure];
}

static figure_value process_rate(NUMBER_PARAMETERS)
{
	return process__rate(context->account, subject, (enum process_figure)column->figure);
}

static figure_value process_pid(NUMBER_PARAMETERS)
{
	return ((const struct process *)subject)->key.pid;
}

static figure_value process_ppid(NUMBER_PARAMETERS)
{
	return ((const struct process *)subject)->parent_pid;
}

static figure_value process_ns_pid(NUMBER_PARAMETERS)
{
	return ((const struct process *)subject)->namespace_pid;
}

static figure_value process_uid(NUMBER_PARAMETERS)
{
	return ((const struct process *)subject)->uid;
}

static figure_value process_age(NUMBER_PARAMETERS)
{
	const struct process *process = subject;
	int64_t end = process->exited ? process->exit_time_unix_ns : context->account->time_unix_ns;

	if (!process->start_time_unix_ns || end < process->start_time_unix_ns)
		return FIGURE_UNKNOWN;
	return end - process->start_time_unix_ns;
}

static figure_value process_started(NUMBER_PARAMETERS)
{
	const struct process *process = subject;

	return process->start_time_unix_ns ? process->start_time_unix_ns : FIGURE_UNKNOWN;
}

static figure_value process_fault_rate(NUMBER_PARAMETERS)
{
	figure_value minor = process__rate(context->account, subject, FIG_FAULTS_MINOR);
	figure_value major = process__rate(context->account, subject, FIG_FAULTS_MAJOR);

	return figure_known(minor) && figure_known(major) ? minor + major : FIGURE_UNKNOWN;
}

static figure_value process_rss_share(NUMBER_PARAMETERS)
{
	figure_value rss = ((const struct process *)subject)->figures[FIG_RSS];
	int64_t total = context->account->memory_total_bytes;

	if (!figure_known(rss) || total <= 0)
		return FIGURE_UNKNOWN;
	return (figure_value)((double)rss * 10000 / (double)total + 0.5);
}

static const char *process_user(TEXT_PARAMETERS)
{
	uint32_t uid = ((const struct process *)subject)->uid;

	if (context->users)
		return user_names__find(context->users, uid);
	snprintf(buffer, COLUMN_TEXT_SIZE, "%" PRIu32, uid);
	return buffer;
}

static const char *process_comm(TEXT_PARAMETERS)
{
	return ((const struct process *)subject)->comm;
}

static const char *process_exe(TEXT_PARAMETERS)
{
	return ((const struct process *)subject)->exe;
}

static const char *process_cgroup(TEXT_PARAMETERS)
{
	return ((const struct process *)subject)->cgroup;
}

static const char *process_allocator(TEXT_PARAMETERS)
{
	return ((const struct process *)subject)->allocator;
}

static const char *process_heap_source(TEXT_PARAMETERS)
{
	return ((const struct process *)subject)->heap_source;
}

static const char *process_native_limited_by(TEXT_PARAMETERS)
{
	return native_limit_names[process__native_limit(subject)];
}

static const char *process_container(TEXT_PARAMETERS)
{
	const struct process *process = subject;

	return process->container ? container__label(process->container, buffer) : NULL;
}

static const char *process_exit(TEXT_PARAMETERS)
{
	const struct process *process = subject;
	const char *signal_name;

	if (!process->exited)
		return NULL;
	if (process->oom_killed)
		return "OOM-killed";
	if (process->exit_status == -1)
		return NULL;
	if (WIFEXITED(process->exit_status)) {
		snprintf(buffer, COLUMN_TEXT_SIZE, "%d", WEXITSTATUS(process->exit_status));
		return buffer;
	}
	signal_name = sigabbrev_np(WTERMSIG(process->exit_status));
	if (signal_name)
		snprintf(buffer, COLUMN_TEXT_SIZE, "SIG%s", signal_name);
	else
		snprintf(buffer, COLUMN_TEXT_SIZE, "signal %d", WTERMSIG(process->exit_status));
	return buffer;
}

/* --- containers --- */

static figure_value container_figure(NUMBER_PARAMETERS)
{
	const struct container *container = subject;

	return container->figures[column->figure];
}

static figure_value container_rate(NUMBER_PARAMETERS)
{
	return container__rate(context->account, subject, (enum container_figure)column->figure);
}

static const char *container_name(TEXT_PARAMETERS)
{
	return container__label(subject, buffer);
}

static const char *container_runtime(TEXT_PARAMETERS)
{
	return ((const struct container *)subject)->runtime;
}

static const char *container_id(TEXT_PARAMETERS)
{
	return ((const struct container *)subject)->id;
}

static const char *container_image(TEXT_PARAMETERS)
{
	return ((const struct container *)subject)->image;
}

static const char *container_pod(TEXT_PARAMETERS)
{
	return ((const struct container *)subject)->pod;
}

static const char *container_cgroup(TEXT_PARAMETERS)
{
	return ((const struct container *)subject)->cgroup;
}

/* --- tables --- */

#define WIDER(minimum, text) (sizeof(text) - 1 > (minimum) ? sizeof(text) - 1 : (minimum))

#define NUMBER_COLUMN(key_, title_, group_, figure_, unit_, width_, function, help_)               \
	{                                                                                          \
		.key = (key_), .title = (title_), .help = (help_), .width = WIDER(width_, title_), \
		.max_width = WIDER(width_, title_), .group = (group_), .figure = (figure_),        \
		.unit = (unit_), .number = (function),                                             \
	}
#define TEXT_COLUMN(key_, title_, width_, max_width_, function, help_)                             \
	{                                                                                          \
		.key = (key_), .title = (title_), .help = (help_), .width = (width_),              \
		.max_width = (max_width_), .left = true, .group = COLUMN_IDENTITY, .figure = -1,   \
		.text = (function),                                                                \
	}

/* How the key and title of a change per second end, by the figure's kind. */
#define RATE_KEY_FIGURE_GAUGE	  "+"
#define RATE_KEY_FIGURE_COUNTER	  "/s"
#define RATE_TITLE_FIGURE_GAUGE	  "+/s"
#define RATE_TITLE_FIGURE_COUNTER "/s"
#define RATE_HELP_FIGURE_GAUGE	  "growth per second: "
#define RATE_HELP_FIGURE_COUNTER  "per second: "

const struct column process_columns[] = {
	NUMBER_COLUMN("pid", "PID", COLUMN_IDENTITY, -1, UNIT_COUNT, 7, process_pid, "process id"),
	NUMBER_COLUMN("ppid", "PPID", COLUMN_IDENTITY, -1, UNIT_COUNT, 7, process_ppid,
		      "process id of the parent"),
	NUMBER_COLUMN("ns_pid", "NSPID", COLUMN_IDENTITY, -1, UNIT_COUNT, 7, process_ns_pid,
		      "process id as the process itself sees it, in its namespace"),
	NUMBER_COLUMN("uid", "UID", COLUMN_IDENTITY, -1, UNIT_COUNT, 6, process_uid,
		      "number of the user"),
	TEXT_COLUMN("user", "USER", 8, 16, process_user, "user, by the names of this machine"),
	TEXT_COLUMN("container", "CONTAINER", 12, 32, process_container, "name of the container"),
	TEXT_COLUMN("comm", "COMMAND", 15, 63, process_comm, "name of the process"),
	TEXT_COLUMN("exe", "EXE", 20, 120, process_exe, "path of the program"),
	TEXT_COLUMN("cgroup", "CGROUP", 20, 120, process_cgroup, "path of the control group"),
	NUMBER_COLUMN("start_time", "STARTED", COLUMN_IDENTITY, -1, UNIT_UNIX_NS, 8,
		      process_started, "when the process started"),
	NUMBER_COLUMN("age", "AGE", COLUMN_IDENTITY, -1, UNIT_NS, 7, process_age,
		      "time since the process started; of an exited one, how long it lived"),
	TEXT_COLUMN("exit", "EXIT", 10, 12, process_exit, "exit status, signal, or OOM-killed"),
	TEXT_COLUMN("heap.allocator", "ALLOCATOR", 9, 16, process_allocator,
		    "allocator that serves malloc"),
	TEXT_COLUMN("heap.source", "SOURCE", 6, 16, process_heap_source,
		    "where the allocator's figures come from"),
	TEXT_COLUMN("limits.native_limited_by", "LIMITEDBY", 9, 13, process_native_limited_by,
		    "which limit native memory runs into first"),
#define FIGURE(id, path, title, unit, kind, help)                                                  \
	NUMBER_COLUMN(path, title, COLUMN_FIGURE, FIG_##id, unit, 8, process_figure, help),
#include "model/process_figures.def"
#undef FIGURE
#define FIGURE(id, path, title, unit, kind, help)                                                  \
	NUMBER_COLUMN(path RATE_KEY_##kind, title RATE_TITLE_##kind, COLUMN_RATE, FIG_##id, unit,  \
		      9, process_rate, RATE_HELP_##kind help),
#include "model/process_figures.def"
#undef FIGURE
	NUMBER_COLUMN("faults/s", "FAULTS/s", COLUMN_DERIVED, -1, UNIT_COUNT, 8, process_fault_rate,
		      "page faults per second, minor and major"),
	NUMBER_COLUMN("rss%", "RSS%", COLUMN_DERIVED, -1, UNIT_PERCENT_100, 6, process_rss_share,
		      "RSS as a share of the machine's memory"),
};

const unsigned int process_column_count = ARRAY_SIZE(process_columns);

const struct column container_columns[] = {
	TEXT_COLUMN("name", "CONTAINER", 16, 40, container_name, "name, or the start of the id"),
	TEXT_COLUMN("runtime", "RUNTIME", 10, 12, container_runtime, "what runs the container"),
	TEXT_COLUMN("id", "ID", 12, 64, container_id, "id that the runtime gave"),
	TEXT_COLUMN("image", "IMAGE", 16, 60, container_image, "image that it was made from"),
	TEXT_COLUMN("pod", "POD", 16, 60, container_pod, "Kubernetes namespace and pod"),
	TEXT_COLUMN("cgroup", "CGROUP", 20, 120, container_cgroup, "path of the control group"),
#define FIGURE(id, path, title, unit, kind, help)                                                  \
	NUMBER_COLUMN(path, title, COLUMN_FIGURE, CFIG_##id, unit, 8, container_figure, help),
#include "model/container_figures.def"
#undef FIGURE
#define FIGURE(id, path, title, unit, kind, help)                                                  \
	NUMBER_COLUMN(path RATE_KEY_##kind, title RATE_TITLE_##kind, COLUMN_RATE, CFIG_##id, unit, \
		      9, container_rate, RATE_HELP_##kind help),
#include "model/container_figures.def"
#undef FIGURE
};

const unsigned int container_column_count = ARRAY_SIZE(container_columns);

static const struct column *find(const struct column *columns, unsigned int count, const char *key)
{
	for (unsigned int i = 0; i < count; i++) {
		if (strcmp(columns[i].key, key) == 0)
			return &columns[i];
	}
	return NULL;
}

const struct column *process_column__find(const char *key)
{
	return find(process_columns, process_column_count, key);
}

const struct column *container_column__find(const char *key)
{
	return find(container_columns, container_column_count, key);
}

/* --- cells --- */

static void format_count(char *buffer, size_t size, int64_t value)
{
	static const char suffixes[] = "MGTPE";
	double scaled = (double)value / 1e6;
	size_t i = 0;

	if (value > -10000000 && value < 100000000) {
		snprintf(buffer, size, "%" PRId64, value);
		return;
	}
	for (; (scaled >= 9999.95 || scaled <= -9999.95) && suffixes[i + 1]; i++)
		scaled /= 1000;
	snprintf(buffer, size, "%.1f%c", scaled, suffixes[i]);
}

/* The two largest units of a duration, at most 7 columns up to 999 days. */
static void format_duration(char *buffer, size_t size, int64_t ns)
{
	int64_t seconds = ns / NS_PER_SECOND;

	if (ns && ns < 1000000)
		snprintf(buffer, size, "%" PRId64 " us", ns / 1000);
	else if (ns < NS_PER_SECOND)
		snprintf(buffer, size, "%" PRId64 " ms", ns / 1000000);
	else if (seconds < 60)
		snprintf(buffer, size, "%" PRId64 ".%" PRId64 " s", seconds,
			 ns % NS_PER_SECOND / 100000000);
	else if (seconds < 3600)
		snprintf(buffer, size, "%" PRId64 "m%02" PRId64 "s", seconds / 60, seconds % 60);
	else if (seconds < 86400)
		snprintf(buffer, size, "%" PRId64 "h%02" PRId64 "m", seconds / 3600,
			 seconds / 60 % 60);
	else
		snprintf(buffer, size, "%" PRId64 "d%02" PRId64 "h", seconds / 86400,
			 seconds / 3600 % 24);
}

static void format_clock(char *buffer, size_t size, int64_t unix_ns)
{
	time_t seconds = (time_t)(unix_ns / NS_PER_SECOND);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || !strftime(buffer, size, "%H:%M:%S", &tm))
		snprintf(buffer, size, "-");
}

static void format_percent(char *buffer, size_t size, int64_t hundredths)
{
	int64_t tenths = (hundredths + (hundredths < 0 ? -5 : 5)) / 10;

	snprintf(buffer, size, "%s%lld.%lld%%", tenths < 0 ? "-" : "", llabs(tenths) / 10,
		 llabs(tenths) % 10);
}

char *column__format(char *buffer, size_t size, enum figure_unit unit, figure_value value)
{
	if (!figure_known(value)) {
		snprintf(buffer, size, "-");
		return buffer;
	}
	switch (unit) {
	case UNIT_BYTES:
		return text__bytes(buffer, size, value);
	case UNIT_COUNT:
		format_count(buffer, size, value);
		break;
	case UNIT_NS:
		format_duration(buffer, size, value);
		break;
	case UNIT_UNIX_NS:
		format_clock(buffer, size, value);
		break;
	case UNIT_PERCENT_100:
		format_percent(buffer, size, value);
		break;
	}
	return buffer;
}

size_t column__render(const struct column *column, const struct column_context *context,
		      const void *subject, char buffer[COLUMN_TEXT_SIZE])
{
	char scratch[COLUMN_TEXT_SIZE];
	const char *text;
	figure_value value;

	if (!column->number) {
		text = column->text(column, context, subject, scratch);
		if (!text || !*text)
			text = "-";
		return text__sanitise(buffer, COLUMN_TEXT_SIZE, text, strlen(text));
	}
	value = column->number(column, context, subject);
	/* Growth has its sign, so that it is not taken for a level. */
	if (column->group == COLUMN_RATE && figure_known(value) && value > 0 &&
	    column->key[strlen(column->key) - 1] == '+') {
		buffer[0] = '+';
		column__format(buffer + 1, COLUMN_TEXT_SIZE - 1, column->unit, value);
	} else {
		column__format(buffer, COLUMN_TEXT_SIZE, column->unit, value);
	}
	return strlen(buffer);
}

static int compare_texts(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

int column__compare(const struct column *column, const struct column_context *context,
		    const void *a, const void *b)
{
	char buffer_a[COLUMN_TEXT_SIZE], buffer_b[COLUMN_TEXT_SIZE];
	figure_value value_a, value_b;

	if (!column->number)
		return compare_texts(column->text(column, context, a, buffer_a),
				     column->text(column, context, b, buffer_b));
	/* FIGURE_UNKNOWN is the least of all values. */
	value_a = column->number(column, context, a);
	value_b = column->number(column, context, b);
	return (value_a > value_b) - (value_a < value_b);
}

/* --- sorting --- */

struct order {
	const struct column *column;
	const struct column *tie_breaker;
	const struct column_context *context;
	bool descending;
};

static int compare_subjects(const void *a, const void *b, void *argument)
{
	const void *subject_a = *(void *const *)a;
	const void *subject_b = *(void *const *)b;
	const struct order *order = argument;
	int result = column__compare(order->column, order->context, subject_a, subject_b);

	if (result)
		return order->descending ? -result : result;
	return column__compare(order->tie_breaker, order->context, subject_a, subject_b);
}

static bool is_of_processes(const struct column *column)
{
	return column >= process_columns && column < process_columns + process_column_count;
}

void column__sort(const struct column *column, const struct column_context *context,
		  bool descending, void *subjects, size_t count)
{
	struct order order = {
		.column = column,
		.tie_breaker = is_of_processes(column) ? process_columns : container_columns,
		.context = context,
		.descending = descending,
	};

	if (count > 1)
		qsort_r(subjects, count, sizeof(void *), compare_subjects, &order);
}
