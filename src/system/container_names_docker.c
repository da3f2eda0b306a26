/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Docker keeps a file for each container below its data root. Where that is, the
 * daemon's configuration tells; when it was given on the command line instead, the
 * bundle that Docker hands to containerd does, which mounts files of that folder; and
 * where the bundle is in no usual place, these mounts in the container itself.
 */
#include "system/container_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define MAX_MOUNTS	 4096
#define MOUNT_LINE_BYTES 8192

static const char *const usual_data_roots[] = {
	"/var/lib/docker",
	"/var/snap/docker/common/var-lib-docker",
};

static const char *const mounted_files[] = {"hosts", "hostname", "resolv.conf"};

/* Takes the names from an existing container's config.v2.json. */
static bool take_config(struct container_lookup *lookup, json_t *config)
{
	const json_t *inner = json_object_get(config, "Config");
	const char *name = state__text(config, "Name");

	if (!json_is_object(config)) {
		json_decref(config);
		return false;
	}
	state__take_annotations(lookup->label, json_object_get(inner, "Labels"));
	state__take(&lookup->label->name, name && *name == '/' ? name + 1 : name);
	state__take(&lookup->label->image, state__text(inner, "Image"));
	json_decref(config);
	return true;
}

static bool read_data_root(struct container_lookup *lookup, const char *data_root)
{
	return take_config(lookup,
			   state__read_json(lookup, data_root, STATE_LIMIT_BYTES,
					    "containers/%s/config.v2.json", lookup->label->id));
}

static bool read_configured_root(struct container_lookup *lookup)
{
	json_t *daemon = state__read_json(lookup, "/etc/docker", STATE_LIMIT_BYTES, "daemon.json");
	const char *data_root = state__text(daemon, "data-root");
	bool found = data_root && read_data_root(lookup, data_root);

	json_decref(daemon);
	return found;
}

/* "/DATA_ROOT/containers/ID/hosts" to "/DATA_ROOT"; NULL if it is no such path. */
static char *data_root_of(const char *source, const char *id)
{
	for (size_t i = 0; source && i < ARRAY_SIZE(mounted_files); i++) {
		char *end = xasprintf("/containers/%s/%s", id, mounted_files[i]);
		size_t length = strlen(source), end_length = strlen(end);
		bool is_it = *source == '/' && length > end_length &&
			     strcmp(source + length - end_length, end) == 0;

		free(end);
		if (is_it)
			return xasprintf("%.*s", (int)(length - end_length), source);
	}
	return NULL;
}

static bool read_bundle_root(struct container_lookup *lookup)
{
	json_t *bundle = containerd__bundle(lookup, "moby");
	const json_t *mounts = json_object_get(bundle, "mounts");
	char *data_root = NULL;
	bool found;

	for (size_t i = 0; i < json_array_size(mounts) && !data_root; i++)
		data_root = data_root_of(state__text(json_array_get(mounts, i), "source"),
					 lookup->label->id);
	found = data_root && read_data_root(lookup, data_root);
	free(data_root);
	/* Even without names, it is one of Docker's. */
	found |= bundle != NULL;
	json_decref(bundle);
	return found;
}

/* A line of mountinfo names as its fourth field what of the file system is mounted: the
 * path of the file, where the data root lies on the root file system. */
static char *data_root_of_mount(char *line, const char *id)
{
	char *field = NULL, *rest = line;

	for (int i = 0; i < 4 && rest; i++)
		field = strsep(&rest, " ");
	return rest ? data_root_of(field, id) : NULL;
}

/* What a container mounts is its own word: it can name itself as it likes, no more, as
 * only a configuration with its id is read. */
static bool read_mounted_root(struct container_lookup *lookup)
{
	char *path = xasprintf("%s/proc/%d/mountinfo", lookup->root, lookup->pid);
	char line[MOUNT_LINE_BYTES], *data_root = NULL;
	FILE *file = lookup->pid ? fopen(path, "re") : NULL;
	bool found;

	free(path);
	if (!file)
		return false;
	for (int i = 0; i < MAX_MOUNTS && !data_root && fgets(line, sizeof(line), file); i++)
		data_root = data_root_of_mount(line, lookup->label->id);
	fclose(file);
	found = data_root && read_data_root(lookup, data_root);
	free(data_root);
	return found;
}

bool docker__read_names(struct container_lookup *lookup)
{
	if (lookup->home &&
	    take_config(lookup, state__read_json(lookup, lookup->home, STATE_LIMIT_BYTES,
						 ".local/share/docker/containers/%s/config.v2.json",
						 lookup->label->id)))
		return true;
	if (read_configured_root(lookup))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(usual_data_roots); i++)
		if (read_data_root(lookup, usual_data_roots[i]))
			return true;
	return read_mounted_root(lookup) || read_bundle_root(lookup);
}
