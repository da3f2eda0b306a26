/* SPDX-License-Identifier: GPL-2.0-only */
#include "recording/json_process.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "recording/json_figures.h"
#include "recording/json_heaps.h"

#define NS_PER_SECOND 1e9

/* "time" has milliseconds: an interval that differs by more is not the one between
 * the two looks that were read. */
#define TIME_ERROR_NS 2000000

/* ---- values ---- */

/* 1 and *unix_ns; 0 for null and for nothing; -1 for what is no time. */
static int get_time(const json_t *object, const char *name, int64_t *unix_ns)
{
	const json_t *value = json_object_get(object, name);

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value) || text__parse_time(json_string_value(value), unix_ns))
		return -1;
	return 1;
}

static void set_text(char **field, const json_t *object, const char *name)
{
	account__set_text(field, json_string_value(json_object_get(object, name)));
}

/* ---- the look ---- */

const char *json_process__read_head(struct json_head *head, const json_t *object)
{
	int64_t pid = json_figures__integer(object, "pid", INT32_MAX);
	int exited;

	*head = (struct json_head){0};
	if (!json_is_object(object))
		return "not a JSON object";
	if (get_time(object, "time", &head->time_unix_ns) <= 0)
		return "\"time\" is missing or is no time";
	if (pid <= 0)
		return "\"pid\" is missing or is no process id";
	if (get_time(object, "start_time", &head->start_time_unix_ns) < 0)
		return "\"start_time\" is no time";
	exited = get_time(object, "exited", &head->exit_time_unix_ns);
	if (exited < 0)
		return "\"exited\" is no time";
	head->exited = exited;
	head->key = (struct process_key){.start_ns = (uint64_t)head->start_time_unix_ns,
					 .pid = (uint32_t)pid};
	return NULL;
}

/* "time" is rounded; where "interval_s" means the same interval it is exact. */
static void refine_interval(struct account *account, const json_t *object)
{
	double interval_ns =
		json_number_value(json_object_get(object, "interval_s")) * NS_PER_SECOND;

	if (account->interval_ns &&
	    fabs(interval_ns - (double)account->interval_ns) < TIME_ERROR_NS)
		account->interval_ns = llround(interval_ns);
}

static void read_if_known(int64_t *field, const json_t *object, const char *path)
{
	figure_value value = json_figures__get(object, path, UNIT_COUNT);

	if (figure_known(value) && value >= 0)
		*field = value;
}

void json_process__begin_look(struct account *account, const struct json_head *head,
			      const json_t *object)
{
	account__begin_look(account, head->time_unix_ns);
	refine_interval(account, object);
	read_if_known(&account->lost_events, object, "look.lost_events");
	read_if_known(&account->exited_left_out, object, "look.exited_left_out");
	read_if_known(&account->cpu_count, object, "machine.cpus");
	read_if_known(&account->memory_total_bytes, object, "machine.memory_total");
	read_if_known(&account->memory_available_bytes, object,
		      process_figures[FIG_LIMIT_AVAILABLE].path);
}

/* ---- the process ---- */

/* The container of the object, which need not be there still for one that exited. */
static struct container *find_container(struct account *account, struct process *process,
					const json_t *object)
{
	const char *id = json_string_value(json_object_get(object, "id"));
	const char *runtime = json_string_value(json_object_get(object, "runtime"));
	const struct container *last = process->container;

	if (!id || !*id)
		return NULL;
	if (process->exited && last && !strcmp(last->id, id) &&
	    !strcmp(last->runtime, runtime ? runtime : ""))
		return NULL;
	return account__container(account, runtime, id);
}

static void read_container(struct account *account, struct process *process, const json_t *object)
{
	struct container *container = find_container(account, process, object);

	if (!process->exited)
		process->container = container;
	if (!container)
		return;
	process->container = container;
	set_text(&container->name, object, "name");
	set_text(&container->cgroup, object, "cgroup");
	set_text(&container->image, object, "image");
	set_text(&container->pod, object, "pod");
	json_figures__read(container->figures, container_figures, CONTAINER_FIGURE_COUNT, object,
			   process);
}

static void read_identity(struct process *process, const struct json_head *head,
			  const json_t *object)
{
	const char *comm = json_string_value(json_object_get(object, "comm"));
	int64_t parent = json_figures__integer(object, "ppid", INT32_MAX);
	int64_t namespace_pid = json_figures__integer(object, "ns_pid", INT32_MAX);
	int64_t uid = json_figures__integer(object, "uid", UINT32_MAX);
	int64_t image = json_figures__integer(object, "image", INT64_MAX);

	if (!comm)
		comm = "";
	text__sanitise(process->comm, sizeof(process->comm), comm, strlen(comm));
	process->start_time_unix_ns = head->start_time_unix_ns;
	process->parent_pid = parent < 0 ? 0 : (uint32_t)parent;
	process->namespace_pid = namespace_pid < 0 ? 0 : (uint32_t)namespace_pid;
	process->uid = uid < 0 ? UINT32_MAX : (uint32_t)uid;
	process__set_image(process, image < 0 ? 0 : (uint64_t)image);
	set_text(&process->exe, object, "exe");
	set_text(&process->cgroup, object, "cgroup");
}

/* The object has the shell's view, 128 and the signal in exit_status. */
static void read_exit(struct process *process, const struct json_head *head, const json_t *object)
{
	int64_t code = json_figures__integer(object, "exit_status", 255);
	int64_t number = json_figures__integer(object, "exit_signal", NSIG - 1);

	process->exit_time_unix_ns = head->exit_time_unix_ns;
	process->oom_killed = json_is_true(json_object_get(object, "oom_killed"));
	process->exit_status = -1;
	if (number > 0)
		process->exit_status = (int)number;
	else if (code >= 0)
		process->exit_status = (int)code << 8;
}

static void read_anon_names(struct process *process, const json_t *list)
{
	size_t i;
	json_t *item;

	json_array_foreach((json_t *)list, i, item)
	{
		const char *name = json_string_value(json_object_get(item, "name"));
		int64_t bytes = json_figures__integer(item, "bytes", INT64_MAX);

		if (name && bytes >= 0)
			process__add_anon_name(process, name, bytes);
	}
}

static void read_notes(struct process *process, const json_t *list)
{
	size_t i;
	json_t *item;

	json_array_foreach((json_t *)list, i, item) if (json_is_string(item))
		process__add_note(process, "%s", json_string_value(item));
}

void json_process__apply(struct account *account, const struct json_head *head,
			 const json_t *object)
{
	struct process *process = head->exited ? account__exited(account, head->key)
					       : account__process(account, head->key);

	if (!process)
		return;
	if (head->exited) {
		process__clear_look(process); /* it had what it had in its last look */
		read_exit(process, head, object);
	}
	read_identity(process, head, object);
	read_notes(process, json_object_get(object, "notes"));
	read_anon_names(process, json_object_get(object, "anon_names"));
	json_figures__read(process->figures, process_figures, PROCESS_FIGURE_COUNT, object,
			   process);
	json_heaps__read(account, process, object);
	read_container(account, process, json_object_get(object, "container"));
}
