/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * podman and CRI-O keep their containers in the same form of storage: lists of all
 * containers with their names, and for each container a folder with the bundle's
 * config.json in it. CRI-O's names are in the bundle's annotations, podman's in the
 * lists (volatile-containers.json holds those started with --rm).
 */
#include "system/container_names.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* Some hundred bytes a container. */
#define LIST_LIMIT_BYTES (8u << 20)

/* Folders are named after the storage driver. */
static const char *const drivers[] = {"overlay", "vfs", "btrfs", "zfs"};
static const char *const lists[] = {"containers.json", "volatile-containers.json"};

/* A folder that holds DRIVER-containers: what stands before "/" in the first column is
 * reached by links that an administrator may have set, the second column by none. */
struct storage {
	const char *directory;
	const char *below;
};

#define STORAGE_COUNT 4

static size_t storages(const struct container_lookup *lookup, char user_directory[64],
		       struct storage list[STORAGE_COUNT])
{
	size_t count = 0;

	if (lookup->home)
		list[count++] = (struct storage){lookup->home, ".local/share/containers/storage/"};
	if (lookup->user) {
		snprintf(user_directory, 64, "/run/user/%.20s", lookup->user);
		list[count++] = (struct storage){user_directory, "containers/"};
	}
	list[count++] = (struct storage){"/var/lib/containers/storage", ""};
	list[count++] = (struct storage){"/run/containers/storage", ""};
	return count;
}

static bool read_bundle(struct container_lookup *lookup, const struct storage *storage,
			const char *driver)
{
	json_t *bundle = state__read_json(lookup, storage->directory, STATE_LIMIT_BYTES,
					  "%s%s-containers/%s/userdata/config.json", storage->below,
					  driver, lookup->label->id);

	if (!bundle)
		return false;
	state__take_annotations(lookup->label, json_object_get(bundle, "annotations"));
	json_decref(bundle);
	return true;
}

/* Takes the names of an entry of a list; its metadata is JSON once more, in a text. */
static void take_entry(struct container_lookup *lookup, const json_t *entry)
{
	const char *metadata_text = state__text(entry, "metadata");
	json_t *metadata = metadata_text ? json_loads(metadata_text, 0, NULL) : NULL;
	const json_t *names = json_object_get(entry, "names");

	state__take(&lookup->label->name, json_string_value(json_array_get(names, 0)));
	state__take(&lookup->label->name, state__text(metadata, "name"));
	state__take(&lookup->label->image, state__text(metadata, "image-name"));
	json_decref(metadata);
}

static bool read_list(struct container_lookup *lookup, const struct storage *storage,
		      const char *driver)
{
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(lists) && !found; i++) {
		json_t *list =
			state__read_json(lookup, storage->directory, LIST_LIMIT_BYTES,
					 "%s%s-containers/%s", storage->below, driver, lists[i]);

		for (size_t j = 0; j < json_array_size(list) && !found; j++) {
			const json_t *entry = json_array_get(list, j);
			const char *id = state__text(entry, "id");

			found = id && strcmp(id, lookup->label->id) == 0;
			if (found)
				take_entry(lookup, entry);
		}
		json_decref(list);
	}
	return found;
}

typedef bool (*storage_reader)(struct container_lookup *lookup, const struct storage *storage,
			       const char *driver);

static bool read_storages(struct container_lookup *lookup, storage_reader read)
{
	struct storage list[STORAGE_COUNT];
	char user_directory[64];
	size_t count = storages(lookup, user_directory, list);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < ARRAY_SIZE(drivers); j++)
			if (read(lookup, &list[i], drivers[j]))
				return true;
	return false;
}

bool crio__read_names(struct container_lookup *lookup)
{
	return read_storages(lookup, read_bundle);
}

bool podman__read_names(struct container_lookup *lookup)
{
	return read_storages(lookup, read_list);
}
