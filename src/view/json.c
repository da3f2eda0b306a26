/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/json.h"

#include <string.h>

#include "base/memory.h"
#include "view/machine_values.h"

/* Written by hand, not by a library: thousands of objects a second must cost next to
 * nothing, and the order of the names is part of what people see. */

/* --- strings, numbers, names --- */

static const char *escape_of(unsigned char c, char buffer[8])
{
	static const char hex[] = "0123456789abcdef";
	static const char *const short_forms[128] = {
		['"'] = "\\\"", ['\\'] = "\\\\", ['\b'] = "\\b", ['\f'] = "\\f",
		['\n'] = "\\n", ['\r'] = "\\r",	 ['\t'] = "\\t",
	};

	if (short_forms[c])
		return short_forms[c];
	memcpy(buffer, "\\u00", 4);
	buffer[4] = hex[c >> 4];
	buffer[5] = hex[c & 15];
	buffer[6] = '\0';
	return buffer;
}

void json__add_string(struct output *output, const char *text)
{
	const char *start = text;
	char buffer[8];

	if (!text) {
		output__add_text(output, "null");
		return;
	}
	output__add_char(output, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		output__add(output, start, (size_t)(text - start));
		output__add_text(output, escape_of(c, buffer));
		start = text + 1;
	}
	output__add(output, start, (size_t)(text - start));
	output__add_char(output, '"');
}

/* Separates from what stands before in the same object, and writes the name. Names are
 * ours: they need no escaping. */
static void add_name(struct output *output, const char *name, size_t length)
{
	if (output->last != '{')
		output__add_char(output, ',');
	output__add_char(output, '"');
	output__add(output, name, length);
	output__add(output, "\":", 2);
}

static void add_string(struct output *output, const char *name, const char *value)
{
	add_name(output, name, strlen(name));
	json__add_string(output, value);
}

static void add_value(struct output *output, enum figure_unit unit, figure_value value)
{
	bool quoted = unit == UNIT_UNIX_NS;

	if (!figure_known(value)) {
		output__add(output, "null", 4);
		return;
	}
	if (quoted)
		output__add_char(output, '"');
	machine__add_figure(output, unit, value);
	if (quoted)
		output__add_char(output, '"');
}

static void add_number(struct output *output, const char *name, figure_value value)
{
	add_name(output, name, strlen(name));
	add_value(output, UNIT_COUNT, value);
}

static void add_time(struct output *output, const char *name, int64_t unix_ns, int digits)
{
	add_name(output, name, strlen(name));
	if (!unix_ns) {
		output__add(output, "null", 4);
		return;
	}
	output__add_char(output, '"');
	machine__add_time(output, unix_ns, digits);
	output__add_char(output, '"');
}

static void open_object(struct output *output, const char *name, size_t length)
{
	add_name(output, name, length);
	output__add_char(output, '{');
}

/* --- figures --- */

/* Names of the contract whose layer is not measured, by the figure that they stand
 * beside. */
static const struct unmeasured {
	enum process_figure figure;
	const char *before; /* in the process' object, before the figure's own object */
	const char *after;  /* in the figure's own object, right after it */
} unmeasured[] = {
	{FIG_LIMIT_STACK, "\"sections\":null", "\"heap\":null"},
	{FIG_LOST_EVENTS, "\"heap\":null,\"v8\":null", "\"stacks\":null,\"live_blocks\":null"},
};

static const struct unmeasured *find_unmeasured(const struct figure *figure)
{
	for (size_t i = 0; i < ARRAY_SIZE(unmeasured); i++) {
		if (figure == &process_figures[unmeasured[i].figure])
			return &unmeasured[i];
	}
	return NULL;
}

static void add_more(struct output *output, const char *names)
{
	output__add_char(output, ',');
	output__add_text(output, names);
}

/* Every figure at its path; those whose path begins alike share an object. */
static void add_figures(struct output *output, const struct figure *table,
			const figure_value *values, int count)
{
	const char *group = NULL; /* path of a figure in the object that is open */
	size_t group_length = 0;

	for (int i = 0; i < count; i++) {
		const char *path = table[i].path;
		const char *dot = strchr(path, '.');
		const char *leaf = dot ? dot + 1 : path;
		size_t length = dot ? (size_t)(dot - path) : 0;
		const struct unmeasured *beside = find_unmeasured(&table[i]);

		if (group_length && (length != group_length || memcmp(path, group, length) != 0)) {
			output__add_char(output, '}');
			group_length = 0;
		}
		if (beside)
			add_more(output, beside->before);
		if (length && !group_length)
			open_object(output, path, length);
		group = path;
		group_length = length;
		add_name(output, leaf, strlen(leaf));
		add_value(output, table[i].unit, values[i]);
		if (beside)
			add_more(output, beside->after);
	}
	if (group_length)
		output__add_char(output, '}');
}

/* What has a rate: all that only rises, and the levels whose growth people look for. */
static bool has_rate(int figure)
{
	return process_figures[figure].kind == FIGURE_COUNTER || figure == FIG_RSS ||
	       figure == FIG_SWAP || (figure >= FIG_CLASS_FIRST && figure <= FIG_CLASS_LAST);
}

static void add_rates(struct output *output, const struct account *account,
		      const struct process *process)
{
	if (!process->has_previous || !account->interval_ns) {
		add_string(output, "rates", NULL);
		return;
	}
	open_object(output, "rates", strlen("rates"));
	for (int i = 0; i < PROCESS_FIGURE_COUNT; i++) {
		if (has_rate(i))
			add_number(output, process_figures[i].path,
				   process__rate(account, process, (enum process_figure)i));
	}
	output__add_char(output, '}');
}

/* --- parts of a process --- */

static void add_container(struct output *output, const struct container *container)
{
	if (!container) {
		add_string(output, "container", NULL);
		return;
	}
	open_object(output, "container", strlen("container"));
	add_string(output, "id", container->id);
	add_string(output, "name", container->name);
	add_string(output, "runtime", container->runtime);
	add_string(output, "image", container->image);
	add_string(output, "pod", container->pod);
	add_string(output, "cgroup", container->cgroup);
	add_figures(output, container_figures, container->figures, CONTAINER_FIGURE_COUNT);
	output__add_char(output, '}');
}

/* What belongs to the look as a whole is said in every line, so that a line read alone
 * tells whether it is complete. */
static void add_look(struct output *output, const struct account *account)
{
	add_name(output, "interval_s", strlen("interval_s"));
	if (account->interval_ns)
		machine__add_seconds(output, account->interval_ns);
	else
		output__add(output, "null", 4);
	open_object(output, "look", strlen("look"));
	add_number(output, "number", (figure_value)account->look);
	add_number(output, "lost_events", account->lost_events);
	add_number(output, "exited_left_out", account->exited_left_out);
	output__add_char(output, '}');
	open_object(output, "machine", strlen("machine"));
	add_number(output, "cpus", account->cpu_count > 0 ? account->cpu_count : FIGURE_UNKNOWN);
	add_number(output, "memory_total",
		   account->memory_total_bytes > 0 ? account->memory_total_bytes : FIGURE_UNKNOWN);
	output__add_char(output, '}');
}

static void add_identity(struct output *output, const struct process *process)
{
	add_number(output, "pid", process->key.pid);
	add_time(output, "start_time", process->start_time_unix_ns, 9);
	add_string(output, "comm", process->comm);
	add_string(output, "exe", process->exe);
	add_container(output, process->container);
	add_string(output, "cgroup", process->cgroup);
	add_number(output, "ppid", process->parent_pid);
	add_number(output, "ns_pid", process->namespace_pid);
	add_number(output, "uid", process->uid);
	add_number(output, "image", (figure_value)process->image);
}

static void add_exit(struct output *output, const struct process *process)
{
	if (!process->exited)
		return;
	add_time(output, "exited", process->exit_time_unix_ns, 9);
	add_number(output, "exit_status", process__exit_code(process));
	add_number(output, "exit_signal", process__exit_signal(process));
	add_name(output, "oom_killed", strlen("oom_killed"));
	output__add_text(output, process->oom_killed ? "true" : "false");
}

static void add_anon_names(struct output *output, const struct process *process)
{
	add_name(output, "anon_names", strlen("anon_names"));
	output__add_char(output, '[');
	for (size_t i = 0; i < process->anon_name_count; i++) {
		output__add_text(output, i ? ",{" : "{");
		add_string(output, "name", process->anon_names[i].name);
		add_number(output, "bytes", process->anon_names[i].bytes);
		output__add_char(output, '}');
	}
	output__add_char(output, ']');
}

static void add_notes(struct output *output, const struct process *process)
{
	add_name(output, "notes", strlen("notes"));
	output__add_char(output, '[');
	json__add_string(output, look_unmeasured_note);
	for (size_t i = 0; i < process->note_count; i++) {
		if (!process__note_is_own(process->notes[i]))
			continue;
		output__add_char(output, ',');
		json__add_string(output, process->notes[i]);
	}
	output__add_char(output, ']');
}

/* --- lines --- */

void json__process(struct output *output, const struct account *account,
		   const struct process *process)
{
	output__add_char(output, '{');
	add_time(output, "time", account->time_unix_ns, 3);
	add_identity(output, process);
	add_exit(output, process);
	add_look(output, account);
	add_figures(output, process_figures, process->figures, PROCESS_FIGURE_COUNT);
	add_rates(output, account, process);
	add_anon_names(output, process);
	add_notes(output, process);
	output__add(output, "}\n", 2);
}

void json__look(struct output *output, const struct look *look)
{
	const struct account *account = look->context.account;

	for (size_t i = 0; i < look->process_count; i++)
		json__process(output, account, look->processes[i]);
	for (size_t i = 0; i < look->exited_count; i++)
		json__process(output, account, look->exited[i]);
}
