/* SPDX-License-Identifier: GPL-2.0-only */
#include "system/container_names.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "system/open_beneath.h"

#define ENTRY_LIMIT 65536

/* The three parts of "A_B_C": Kubernetes' names have no "_" in them. */
struct parts {
	char *first, *second, *third;
};

static bool split(char *name, struct parts *parts)
{
	parts->first = name;
	parts->second = strchr(name, '_');
	parts->third = parts->second ? strchr(parts->second + 1, '_') : NULL;
	if (!parts->third)
		return false;
	*parts->second++ = '\0';
	*parts->third++ = '\0';
	return *parts->first && *parts->second && *parts->third;
}

/* The first entry whose name ends so, without that end; NULL if there is none. */
static char *find_entry(const struct container_lookup *lookup, const char *path, const char *end)
{
	int fd = open_directory_in_root(lookup->root, path);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	size_t end_length = strlen(end);
	const struct dirent *entry;
	char *found = NULL;

	if (!directory) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	for (int i = 0; i < ENTRY_LIMIT && !found && (entry = readdir(directory)); i++) {
		size_t length = strlen(entry->d_name);

		if (length > end_length && strcmp(entry->d_name + length - end_length, end) == 0)
			found = xasprintf("%.*s", (int)(length - end_length), entry->d_name);
	}
	closedir(directory);
	return found;
}

static void take_pod(struct container_label *label, const char *namespace, const char *pod)
{
	char *both = xasprintf("%s/%s", namespace, pod);

	state__take(&label->pod, both);
	free(both);
}

/* /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log */
static void read_container_log(struct container_lookup *lookup)
{
	char *end = xasprintf("-%s.log", lookup->label->id);
	char *name = find_entry(lookup, "/var/log/containers", end);
	struct parts parts;

	if (name && split(name, &parts)) {
		take_pod(lookup->label, parts.second, parts.first);
		state__take(&lookup->label->name, parts.third);
	}
	free(name);
	free(end);
}

/* /var/log/pods/NAMESPACE_POD_UID */
static void read_pod_log(struct container_lookup *lookup, const char *pod_uid)
{
	/* Cut off with its "_" put back: three parts again. */
	char *end = xasprintf("_%s", pod_uid);
	char *name = find_entry(lookup, "/var/log/pods", end);
	char *whole = name ? xasprintf("%s%s", name, end) : NULL;
	struct parts parts;

	if (whole && split(whole, &parts))
		take_pod(lookup->label, parts.first, parts.second);
	free(whole);
	free(name);
	free(end);
}

void kubernetes__read_pod(struct container_lookup *lookup, const char *pod_uid)
{
	if (!lookup->label->pod || !lookup->label->name)
		read_container_log(lookup);
	if (!lookup->label->pod)
		read_pod_log(lookup, pod_uid);
}
