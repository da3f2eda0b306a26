/* SPDX-License-Identifier: GPL-2.0-only */
#include "collect/selection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "system/machine.h"

/* One pid, container or cgroup that the user named. */
struct wanted {
	const char *name; /* as given; NULL for a pid */
	struct cgroup_choice cgroup;
	pid_t pid;
	uint64_t start_ns; /* of the process that the pid meant at first; 0: not seen */
	bool seen;	   /* in this look */
};

struct selection {
	const struct collector_settings *settings;
	const struct cgroup_mounts *mounts;
	struct wanted *wanted;
	size_t wanted_count;
	pid_t *uncounted;
	size_t uncounted_count, uncounted_capacity;
};

struct selection *selection__new(const struct collector_settings *settings,
				 const struct cgroup_mounts *mounts)
{
	struct selection *self = xcalloc(1, sizeof(*self));
	bool pids = settings->what == COLLECT_PIDS || settings->what == COLLECT_DESCENDANTS;

	self->settings = settings;
	self->mounts = mounts;
	self->wanted_count = pids ? settings->pid_count : settings->name_count;
	self->wanted = xcalloc(self->wanted_count + 1, sizeof(*self->wanted));
	for (size_t i = 0; i < self->wanted_count; i++) {
		if (pids)
			self->wanted[i].pid = settings->pids[i];
		else
			self->wanted[i].name = settings->names[i];
		if (settings->what == COLLECT_CGROUPS)
			cgroup_choice__find(&self->wanted[i].cgroup, mounts, settings->names[i]);
	}
	return self;
}

void selection__free(struct selection *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < self->wanted_count; i++)
		cgroup_choice__release(&self->wanted[i].cgroup);
	free(self->wanted);
	free(self->uncounted);
	free(self);
}

void selection__begin_look(struct selection *self)
{
	self->uncounted_count = 0;
	for (size_t i = 0; i < self->wanted_count; i++)
		self->wanted[i].seen = false;
}

/* A pid means the process that had it first: a later one with the same pid is another. */
static bool is_pid(struct wanted *wanted, uint32_t pid, uint64_t start_ns)
{
	if ((uint32_t)wanted->pid != pid)
		return false;
	if (!wanted->start_ns)
		wanted->start_ns = start_ns;
	return wanted->start_ns == start_ns;
}

static bool is_container(const struct wanted *wanted, const struct group *group)
{
	const struct container_label *label = &group->label;

	if (!label->id)
		return false;
	if (label->name && strcmp(label->name, wanted->name) == 0)
		return true;
	return strncmp(label->id, wanted->name, strlen(wanted->name)) == 0;
}

static bool matches(const struct selection *self, struct wanted *wanted,
		    const struct process_record *record, const struct group *group)
{
	switch (self->settings->what) {
	case COLLECT_PIDS:
	case COLLECT_DESCENDANTS:
		return is_pid(wanted, record->pid, record->start_ns);
	case COLLECT_CONTAINERS:
		return group && is_container(wanted, group);
	case COLLECT_CGROUPS:
		return group && cgroup_choice__has(&wanted->cgroup, &group->paths);
	default:
		return true;
	}
}

bool selection__has(struct selection *self, const struct process_record *record,
		    const struct group *group)
{
	bool has = self->settings->what == COLLECT_DESCENDANTS && record->counted;

	if (self->settings->what == COLLECT_EVERYTHING)
		return true;
	for (size_t i = 0; i < self->wanted_count; i++) {
		if (!matches(self, &self->wanted[i], record, group))
			continue;
		self->wanted[i].seen = true;
		has = true;
	}
	if (has && !record->counted) {
		ARRAY_GROW(self->uncounted, self->uncounted_count, self->uncounted_capacity);
		self->uncounted[self->uncounted_count++] = (pid_t)record->pid;
	}
	return has;
}

/* Where not everything is counted, only what belongs to the target reports its end. */
bool selection__has_ended(struct selection *self, const struct exit_record *record)
{
	if (self->settings->what != COLLECT_PIDS)
		return true;
	for (size_t i = 0; i < self->wanted_count; i++)
		if (is_pid(&self->wanted[i], record->pid, record->start_ns))
			return true;
	return false;
}

pid_t selection__next_uncounted(struct selection *self)
{
	return self->uncounted_count ? self->uncounted[--self->uncounted_count] : 0;
}

static void log_missing_pid(pid_t pid)
{
	pid_t process = process_of__read(pid);
	struct process_stat stat;

	if (process == 0)
		log_error("no process %d", pid);
	else if (process != pid)
		log_error("no process %d: it is a thread of process %d", pid, process);
	else if (!process_stat__read(&stat, pid) && stat.address_bytes)
		log_error("process %d: this kernel does not show it to BPF", pid);
	else
		log_error("process %d has no memory of its own: a kernel thread, or one that has "
			  "ended and waits for its parent",
			  pid);
}

static void log_missing(const struct selection *self, const struct wanted *wanted,
			const struct groups *groups)
{
	char *names;

	switch (self->settings->what) {
	case COLLECT_PIDS:
	case COLLECT_DESCENDANTS:
		log_missing_pid(wanted->pid);
		break;
	case COLLECT_CGROUPS:
		log_error("no cgroup '%s'", wanted->name);
		break;
	case COLLECT_CONTAINERS:
		names = groups__container_names(groups);
		if (names)
			log_error("no container '%s'; there are: %s", wanted->name, names);
		else
			log_error("no container '%s': no container runs here", wanted->name);
		free(names);
		break;
	default:
		break;
	}
}

int selection__check(const struct selection *self, const struct groups *groups)
{
	int error = 0;

	for (size_t i = 0; i < self->wanted_count; i++) {
		const struct wanted *wanted = &self->wanted[i];

		if (wanted->seen ||
		    (self->settings->what == COLLECT_CGROUPS && wanted->cgroup.path))
			continue;
		log_missing(self, wanted, groups);
		error = -ENOENT;
	}
	return error;
}

/* A container or a cgroup may come back under its name; a process does not. */
bool selection__is_over(const struct selection *self)
{
	if (self->settings->what != COLLECT_PIDS && self->settings->what != COLLECT_DESCENDANTS)
		return false;
	for (size_t i = 0; i < self->wanted_count; i++)
		if (self->wanted[i].seen)
			return false;
	return true;
}
