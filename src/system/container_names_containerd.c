/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * containerd keeps the bundle of each running task: a config.json of the Open
 * Container Initiative's form, whose annotations hold what Kubernetes (by the CRI
 * plugin) and nerdctl call the container.
 */
#include "system/container_names.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "system/open_beneath.h"

#define NAMESPACE_LIMIT 256

/* Each with a folder a namespace in it. */
static const char *const task_roots[] = {
	"/run/containerd/io.containerd.runtime.v2.task",
	"/run/docker/containerd/daemon/io.containerd.runtime.v2.task",
	"/run/k3s/containerd/io.containerd.runtime.v2.task",
	"/run/k0s/containerd/io.containerd.runtime.v2.task",
	"/var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task",
};

static json_t *read_bundle(const struct container_lookup *lookup, const char *task_root,
			   const char *namespace)
{
	return state__read_json(lookup, task_root, STATE_LIMIT_BYTES, "%s/%s/config.json",
				namespace, lookup->label->id);
}

static json_t *read_bundle_of_any(const struct container_lookup *lookup, const char *task_root)
{
	int fd = open_directory_in_root(lookup->root, task_root);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	json_t *bundle = NULL;

	if (!directory) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	for (int i = 0; i < NAMESPACE_LIMIT && !bundle && (entry = readdir(directory)); i++)
		if (entry->d_name[0] != '.')
			bundle = read_bundle(lookup, task_root, entry->d_name);
	closedir(directory);
	return bundle;
}

json_t *containerd__bundle(const struct container_lookup *lookup, const char *namespace)
{
	json_t *bundle = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(task_roots) && !bundle; i++)
		bundle = namespace ? read_bundle(lookup, task_roots[i], namespace)
				   : read_bundle_of_any(lookup, task_roots[i]);
	return bundle;
}

static bool take_bundle(struct container_lookup *lookup, json_t *bundle)
{
	if (!bundle)
		return false;
	state__take_annotations(lookup->label, json_object_get(bundle, "annotations"));
	json_decref(bundle);
	return true;
}

bool containerd__read_names(struct container_lookup *lookup)
{
	return take_bundle(lookup, containerd__bundle(lookup, NULL));
}

bool ctr__read_names(struct container_lookup *lookup)
{
	if (*lookup->above == '\0' || strcmp(lookup->above, "..") == 0 ||
	    !take_bundle(lookup, containerd__bundle(lookup, lookup->above)))
		return false;
	/* People choose the ids themselves. */
	if (strlen(lookup->label->id) < 64)
		state__take(&lookup->label->name, lookup->label->id);
	return true;
}
