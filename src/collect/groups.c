/* SPDX-License-Identifier: GPL-2.0-only */
#include "collect/groups.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash_table.h"
#include "base/memory.h"
#include "base/text.h"
#include "system/machine.h"

#define CHECK_AGAIN_NS INT64_C(10000000000)
#define LOOKS_KEPT     16

struct groups {
	char *root;
	struct cgroup_mounts *mounts;
	struct hash_table by_ids;
	struct group **items;
	size_t count, capacity;
};

static uint64_t hash_ids(uint64_t unified_id, uint64_t memory_id)
{
	return hash_number(hash_number(unified_id) + memory_id);
}

static bool has_ids(const void *item, const void *wanted)
{
	const struct group *group = item, *key = wanted;

	return group->unified_id == key->unified_id && group->memory_id == key->memory_id;
}

struct groups *groups__new_at(const char *root)
{
	struct groups *groups = xcalloc(1, sizeof(*groups));

	groups->root = xstrdup(root);
	groups->mounts = cgroup_mounts__open(root);
	return groups;
}

struct groups *groups__new(void)
{
	return groups__new_at("");
}

static void clear_group(struct group *group)
{
	cgroup_paths__release(&group->paths);
	free(group->path);
	free(group->memory_path);
	container_label__release(&group->label);
	memset(&group->label, 0, sizeof(group->label));
	group->path = NULL;
	group->memory_path = NULL;
}

static void free_group(struct group *group)
{
	clear_group(group);
	free(group);
}

void groups__free(struct groups *groups)
{
	if (!groups)
		return;
	for (size_t i = 0; i < groups->count; i++)
		free_group(groups->items[i]);
	free(groups->items);
	free(groups->root);
	hash_table__release(&groups->by_ids);
	cgroup_mounts__free(groups->mounts);
	free(groups);
}

/* The container's own group where memory is accounted in it or below it, so that the
 * figures are of the whole container. */
static char *accounting_path(const struct group *group, const char *memory)
{
	const char *own = group->label.cgroup;

	if (!memory)
		return NULL;
	return xstrdup(own && cgroup__is_within(memory, own) ? own : memory);
}

static void read_limit(const struct groups *groups, struct group *group)
{
	figure_value figures[CONTAINER_FIGURE_COUNT];

	group->limit_bytes = FIGURE_UNKNOWN;
	if (group->memory_path &&
	    cgroup__read_figures(groups->mounts, group->memory_path, figures) == 0)
		group->limit_bytes = figures[CFIG_MEMORY_LIMIT];
}

static bool look_up(const struct groups *groups, struct group *group, pid_t pid)
{
	struct cgroup_paths paths;
	const char *best;

	if (cgroup_paths__read(&paths, groups->root, pid))
		return false;
	clear_group(group);
	group->paths = paths;
	best = cgroup_paths__best(&paths);
	if (best) {
		group->path = text__sanitised(best);
		container_label__find(&group->label, groups->root, best, pid);
	}
	group->memory_path = accounting_path(group, paths.memory);
	read_limit(groups, group);
	group->checked_ns = clock_ns(CLOCK_MONOTONIC);
	return true;
}

struct group *groups__known(struct groups *groups, uint64_t unified_id, uint64_t memory_id)
{
	struct group wanted = {.unified_id = unified_id, .memory_id = memory_id};

	return hash_table__find(&groups->by_ids, hash_ids(unified_id, memory_id), has_ids, &wanted);
}

struct group *groups__find(struct groups *groups, uint64_t unified_id, uint64_t memory_id,
			   pid_t pid, uint64_t look)
{
	struct group *group = groups__known(groups, unified_id, memory_id);

	if (group && group->seen_look == look)
		return group;
	if (group) {
		group->container = NULL;
		if (clock_ns(CLOCK_MONOTONIC) - group->checked_ns > CHECK_AGAIN_NS)
			look_up(groups, group, pid);
		group->seen_look = look;
		return group;
	}
	group = xcalloc(1, sizeof(*group));
	group->unified_id = unified_id;
	group->memory_id = memory_id;
	if (!look_up(groups, group, pid)) {
		free(group);
		return NULL;
	}
	group->seen_look = look;
	ARRAY_GROW(groups->items, groups->count, groups->capacity);
	groups->items[groups->count++] = group;
	hash_table__add(&groups->by_ids, hash_ids(unified_id, memory_id), group);
	return group;
}

static void read_figures(const struct groups *groups, struct group *group,
			 struct container *container)
{
	figure_value figures[CONTAINER_FIGURE_COUNT];

	if (!group->memory_path ||
	    cgroup__read_figures(groups->mounts, group->memory_path, figures))
		return;
	for (int i = 0; i < CONTAINER_FIGURE_COUNT; i++)
		if (figure_known(figures[i]))
			container->figures[i] = figures[i];
	group->limit_bytes = figures[CFIG_MEMORY_LIMIT];
}

void groups__fill_container(struct groups *groups, struct group *group, struct account *account)
{
	const struct container_label *label = &group->label;
	struct container *container;

	if (!label->id || group->container)
		return;
	container = account__container(account, label->runtime, label->id);
	group->container = container;
	account__set_text(&container->name, label->name);
	account__set_text(&container->image, label->image);
	account__set_text(&container->pod, label->pod);
	account__set_text(&container->cgroup, label->cgroup);
	if (!figure_known(container->figures[CFIG_MEMORY_CURRENT]))
		read_figures(groups, group, container);
}

static bool is_listed_before(const struct groups *groups, size_t index)
{
	const struct container_label *label = &groups->items[index]->label;

	for (size_t i = 0; i < index; i++) {
		const struct container_label *other = &groups->items[i]->label;

		if (other->id && strcmp(other->id, label->id) == 0)
			return true;
	}
	return false;
}

char *groups__container_names(const struct groups *groups)
{
	char *names = NULL;

	for (size_t i = 0; i < groups->count; i++) {
		const struct container_label *label = &groups->items[i]->label;
		char *longer;

		if (!label->id || strcmp(label->runtime, "systemd") == 0 ||
		    is_listed_before(groups, i))
			continue;
		longer = label->name ? xasprintf("%s%s%s", names ? names : "", names ? ", " : "",
						 label->name)
				     : xasprintf("%s%s%.12s", names ? names : "", names ? ", " : "",
						 label->id);
		free(names);
		names = longer;
	}
	return names;
}

void groups__forget_unseen(struct groups *groups, uint64_t look)
{
	size_t kept = 0;

	for (size_t i = 0; i < groups->count; i++) {
		struct group *group = groups->items[i];

		if (group->seen_look + LOOKS_KEPT >= look) {
			groups->items[kept++] = group;
			continue;
		}
		hash_table__remove(&groups->by_ids, hash_ids(group->unified_id, group->memory_id),
				   group);
		free_group(group);
	}
	groups->count = kept;
}

const struct cgroup_mounts *groups__mounts(const struct groups *groups)
{
	return groups->mounts;
}
