/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/csv.h"

#include <string.h>

#include "base/memory.h"
#include "view/machine_values.h"

/* Quoted only where it must be; a quote inside is doubled. */
static void add_text(struct output *output, const char *text)
{
	if (!text)
		return;
	if (!strpbrk(text, ",\"\r\n")) {
		output__add_text(output, text);
		return;
	}
	output__add_char(output, '"');
	for (; *text; text++) {
		if (*text == '"')
			output__add_char(output, '"');
		output__add_char(output, *text);
	}
	output__add_char(output, '"');
}

static void add_number(struct output *output, figure_value value)
{
	if (figure_known(value))
		output__add_number(output, value);
}

/* --- what is no figure --- */

#define FIELD_PARAMETERS                                                                           \
	struct output *output, const struct account *account, const struct process *process

static void add_time(FIELD_PARAMETERS)
{
	(void)process;
	machine__add_time(output, account->time_unix_ns, 3);
}

static void add_pid(FIELD_PARAMETERS)
{
	(void)account;
	output__add_number(output, process->key.pid);
}

static void add_start_time(FIELD_PARAMETERS)
{
	(void)account;
	if (process->start_time_unix_ns)
		machine__add_time(output, process->start_time_unix_ns, 9);
}

static void add_comm(FIELD_PARAMETERS)
{
	(void)account;
	add_text(output, process->comm);
}

static void add_exe(FIELD_PARAMETERS)
{
	(void)account;
	add_text(output, process->exe);
}

static void add_container(FIELD_PARAMETERS)
{
	(void)account;
	if (process->container)
		add_text(output, process->container->name);
}

static void add_container_id(FIELD_PARAMETERS)
{
	(void)account;
	if (process->container)
		add_text(output, process->container->id);
}

static void add_container_runtime(FIELD_PARAMETERS)
{
	(void)account;
	if (process->container)
		add_text(output, process->container->runtime);
}

static void add_cgroup(FIELD_PARAMETERS)
{
	(void)account;
	add_text(output, process->cgroup);
}

static void add_ppid(FIELD_PARAMETERS)
{
	(void)account;
	output__add_number(output, process->parent_pid);
}

static void add_ns_pid(FIELD_PARAMETERS)
{
	(void)account;
	output__add_number(output, process->namespace_pid);
}

static void add_uid(FIELD_PARAMETERS)
{
	(void)account;
	output__add_number(output, process->uid);
}

static void add_image(FIELD_PARAMETERS)
{
	(void)account;
	output__add_number(output, (int64_t)process->image);
}

static void add_interval(FIELD_PARAMETERS)
{
	(void)process;
	if (account->interval_ns)
		machine__add_seconds(output, account->interval_ns);
}

static void add_exited(FIELD_PARAMETERS)
{
	(void)account;
	if (process->exited)
		machine__add_time(output, process->exit_time_unix_ns, 9);
}

static void add_exit_status(FIELD_PARAMETERS)
{
	(void)account;
	add_number(output, process__exit_code(process));
}

static void add_exit_signal(FIELD_PARAMETERS)
{
	(void)account;
	add_number(output, process__exit_signal(process));
}

static void add_oom_killed(FIELD_PARAMETERS)
{
	(void)account;
	if (process->exited)
		output__add_text(output, process->oom_killed ? "true" : "false");
}

static void add_allocator(FIELD_PARAMETERS)
{
	(void)account;
	add_text(output, process->allocator);
}

static void add_heap_source(FIELD_PARAMETERS)
{
	(void)account;
	add_text(output, process->heap_source);
}

static void add_native_limited_by(FIELD_PARAMETERS)
{
	(void)account;
	add_text(output, native_limit_names[process__native_limit(process)]);
}

static void add_notes(FIELD_PARAMETERS)
{
	(void)account;
	struct output joined;

	output__init(&joined, -1);
	for (size_t i = 0; i < process->note_count; i++) {
		if (!process__note_is_own(process->notes[i]))
			continue;
		output__add_text(&joined, joined.length ? "; " : "");
		output__add_text(&joined, process->notes[i]);
	}
	output__add_char(&joined, '\0');
	add_text(output, joined.data);
	output__release(&joined);
}

static const struct field {
	const char *name;
	void (*add)(FIELD_PARAMETERS);
} fields[] = {
	{"time", add_time},
	{"pid", add_pid},
	{"start_time", add_start_time},
	{"comm", add_comm},
	{"exe", add_exe},
	{"container", add_container},
	{"container_id", add_container_id},
	{"container_runtime", add_container_runtime},
	{"cgroup", add_cgroup},
	{"ppid", add_ppid},
	{"ns_pid", add_ns_pid},
	{"uid", add_uid},
	{"image", add_image},
	{"interval_s", add_interval},
	{"exited", add_exited},
	{"exit_status", add_exit_status},
	{"exit_signal", add_exit_signal},
	{"oom_killed", add_oom_killed},
	{"notes", add_notes},
};

/* Texts that came later stand behind the figures. */
static const struct field last_fields[] = {
	{"heap.allocator", add_allocator},
	{"heap.source", add_heap_source},
	{"limits.native_limited_by", add_native_limited_by},
};

/* --- lines --- */

void csv__header(struct output *output)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		output__add_text(output, i ? "," : "");
		output__add_text(output, fields[i].name);
	}
	for (int i = 0; i < PROCESS_FIGURE_COUNT; i++) {
		output__add_char(output, ',');
		output__add_text(output, process_figures[i].path);
	}
	for (size_t i = 0; i < ARRAY_SIZE(last_fields); i++) {
		output__add_char(output, ',');
		output__add_text(output, last_fields[i].name);
	}
	output__add_text(output, "\r\n");
}

static void add_line(struct output *output, const struct account *account,
		     const struct process *process)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		output__add_text(output, i ? "," : "");
		fields[i].add(output, account, process);
	}
	for (int i = 0; i < PROCESS_FIGURE_COUNT; i++) {
		output__add_char(output, ',');
		if (figure_known(process->figures[i]))
			machine__add_figure(output, process_figures[i].unit, process->figures[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(last_fields); i++) {
		output__add_char(output, ',');
		last_fields[i].add(output, account, process);
	}
	output__add_text(output, "\r\n");
}

void csv__look(struct output *output, const struct look *look)
{
	for (size_t i = 0; i < look->process_count; i++)
		add_line(output, look->context.account, look->processes[i]);
	for (size_t i = 0; i < look->exited_count; i++)
		add_line(output, look->context.account, look->exited[i]);
}
