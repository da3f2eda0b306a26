/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/json.h"

#include "view/json_groups.h"
#include "view/machine_values.h"

/* --- rates --- */

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
		json__add_null(output, "rates");
		return;
	}
	json__open(output, "rates");
	for (int i = 0; i < PROCESS_FIGURE_COUNT; i++) {
		if (has_rate(i))
			json__add_number(output, process_figures[i].path,
					 process__rate(account, process, (enum process_figure)i));
	}
	json__close(output);
}

/* --- parts of a process --- */

static void add_container(struct output *output, const struct container *container)
{
	static const struct json_figures figures = {
		.figures = container_figures,
		.count = CONTAINER_FIGURE_COUNT,
	};

	if (!container) {
		json__add_null(output, "container");
		return;
	}
	json__open(output, "container");
	json__add_text(output, "id", container->id);
	json__add_text(output, "name", container->name);
	json__add_text(output, "runtime", container->runtime);
	json__add_text(output, "image", container->image);
	json__add_text(output, "pod", container->pod);
	json__add_text(output, "cgroup", container->cgroup);
	json__add_figures(output, &figures, container->figures, NULL);
	json__close(output);
}

/* What belongs to the look as a whole is said in every line, so that a line read alone
 * tells whether it is complete. */
static void add_look(struct output *output, const struct account *account)
{
	json__add_name(output, "interval_s");
	if (account->interval_ns)
		machine__add_seconds(output, account->interval_ns);
	else
		output__add(output, "null", 4);
	json__open(output, "look");
	json__add_number(output, "number", (figure_value)account->look);
	json__add_number(output, "lost_events", account->lost_events);
	json__add_number(output, "exited_left_out", account->exited_left_out);
	json__close(output);
	json__open(output, "machine");
	json__add_number(output, "cpus",
			 account->cpu_count > 0 ? account->cpu_count : FIGURE_UNKNOWN);
	json__add_number(output, "memory_total",
			 account->memory_total_bytes > 0 ? account->memory_total_bytes
							 : FIGURE_UNKNOWN);
	json__close(output);
}

static void add_identity(struct output *output, const struct process *process)
{
	json__add_number(output, "pid", process->key.pid);
	json__add_time(output, "start_time", process->start_time_unix_ns, 9);
	json__add_text(output, "comm", process->comm);
	json__add_text(output, "exe", process->exe);
	add_container(output, process->container);
	json__add_text(output, "cgroup", process->cgroup);
	json__add_number(output, "ppid", process->parent_pid);
	json__add_number(output, "ns_pid", process->namespace_pid);
	json__add_number(output, "uid", process->uid);
	json__add_number(output, "image", (figure_value)process->image);
}

static void add_exit(struct output *output, const struct process *process)
{
	if (!process->exited)
		return;
	json__add_time(output, "exited", process->exit_time_unix_ns, 9);
	json__add_number(output, "exit_status", process__exit_code(process));
	json__add_number(output, "exit_signal", process__exit_signal(process));
	json__add_bool(output, "oom_killed", process->oom_killed);
}

static void add_anon_names(struct output *output, const struct process *process)
{
	json__add_name(output, "anon_names");
	output__add_char(output, '[');
	for (size_t i = 0; i < process->anon_name_count; i++) {
		output__add_text(output, i ? ",{" : "{");
		json__add_text(output, "name", process->anon_names[i].name);
		json__add_number(output, "bytes", process->anon_names[i].bytes);
		json__close(output);
	}
	output__add_char(output, ']');
}

static void add_notes(struct output *output, const struct process *process)
{
	json__add_name(output, "notes");
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
	json__add_time(output, "time", account->time_unix_ns, 3);
	add_identity(output, process);
	add_exit(output, process);
	add_look(output, account);
	json__add_figures(output, &json_process_figures, process->figures, process);
	add_rates(output, account, process);
	add_anon_names(output, process);
	json__add_explanations(output, process);
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
