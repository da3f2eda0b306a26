/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A group's path is read from its end: the innermost container that holds the process
 * is the one whose limit ends it first and that a person would restart. (With a
 * container in a container, the outer one is still seen in the cgroup path.) What
 * looks like a container wins over systemd services wherever these stand: a service
 * inside a container belongs to it, and a container below a service is no service.
 */
#include "system/container.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "system/container_names.h"
#include "system/container_shapes.h"
#include "system/open_beneath.h"

#define PASSWD_LIMIT_BYTES (4u << 20)

static const char *const runtimes[] = {
	"docker", "containerd",	    "cri-o",   "podman",  "kubernetes",
	"lxc",	  "systemd-nspawn", "libvirt", "systemd", "container", /* one of an unknown kind */
	NULL,
};

/* A path cut into its elements. */
struct elements {
	const char *path;
	char *text; /* the path with NULs for its slashes */
	char **names;
	size_t count, capacity;
};

static void elements__init(struct elements *elements, const char *path)
{
	char *rest, *name;

	memset(elements, 0, sizeof(*elements));
	elements->path = path;
	elements->text = rest = xstrdup(path);
	while ((name = strsep(&rest, "/"))) {
		if (*name == '\0')
			continue;
		ARRAY_GROW(elements->names, elements->count, elements->capacity);
		elements->names[elements->count++] = name;
	}
}

static void elements__release(struct elements *elements)
{
	free(elements->names);
	free(elements->text);
}

static const char *element_above(const struct elements *elements, size_t index)
{
	return index ? elements->names[index - 1] : "";
}

/* A part of the path that ends with an element, and starts with another or at the
 * beginning (first: SIZE_MAX). */
static char *path_part(const struct elements *elements, size_t first, size_t last)
{
	const char *name = elements->names[last];
	size_t start = first == SIZE_MAX ? 0 : (size_t)(elements->names[first] - elements->text);
	size_t end = (size_t)(name - elements->text) + strlen(name);

	return xasprintf("%.*s", (int)(end - start), elements->path + start);
}

/* True for PREFIX...SUFFIX with something between. */
static bool has_ends(const char *name, const char *prefix, const char *suffix)
{
	size_t length = strlen(name), prefix_length = strlen(prefix);
	size_t suffix_length = strlen(suffix);

	return length > prefix_length + suffix_length &&
	       strncmp(name, prefix, prefix_length) == 0 &&
	       strcmp(name + length - suffix_length, suffix) == 0;
}

/* The id of the user in whose slice the path is, as new memory; NULL if there is none. */
static char *find_user(const struct elements *elements)
{
	for (size_t i = 0; i < elements->count; i++) {
		const char *name = elements->names[i];
		size_t digits;

		if (!has_ends(name, "user-", ".slice"))
			continue;
		digits = strspn(name + 5, "0123456789");
		if (digits && digits < 11 && strcmp(name + 5 + digits, ".slice") == 0)
			return xasprintf("%.*s", (int)digits, name + 5);
	}
	return NULL;
}

/* The home of a user as /etc/passwd has it, as new memory. */
static char *find_home(const char *root, const char *user)
{
	char *text, *rest, *line, *home = NULL;

	if (read_in_root(root, "/etc/passwd", PASSWD_LIMIT_BYTES, &text, NULL) < 0)
		return NULL;
	rest = text;
	while (!home && (line = strsep(&rest, "\n"))) {
		char *fields[6] = {NULL};

		for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
			fields[i] = strsep(&line, ":");
		if (fields[5] && fields[5][0] == '/' && strcmp(fields[2], user) == 0)
			home = xstrdup(fields[5]);
	}
	free(text);
	return home;
}

/* The uid in "kubepods-burstable-podUID.slice" or "podUID", UID having 36 characters
 * (32 for a pod that kubelet read from a file); with the systemd driver each "-" of it
 * is "_". New memory; NULL if the element is no pod's. */
static char *take_pod_uid(const char *element)
{
	const char *mark = element;
	char *uid = NULL;
	size_t length;

	if (strstr(element, "kubepods"))
		mark = strstr(element, "-pod");
	mark = mark && *mark == '-' ? mark + 1 : mark;
	if (!mark || strncmp(mark, "pod", 3) != 0)
		return NULL;
	length = strspn(mark + 3, "0123456789abcdef-_");
	if ((length != 36 && length != 32) || (mark[3 + length] && mark[3 + length] != '.'))
		return NULL;
	uid = xasprintf("%.*s", (int)length, mark + 3);
	for (char *c = uid; *c; c++)
		if (*c == '_')
			*c = '-';
	return uid;
}

/* The innermost pod at an element or above it. */
static char *find_pod(const struct elements *elements, size_t last, size_t *index)
{
	for (size_t i = last + 1; i-- > 0;) {
		char *uid = take_pod_uid(elements->names[i]);

		if (uid) {
			*index = i;
			return uid;
		}
	}
	return NULL;
}

/* Reads the names of the pod that an element is in; false if it is in none. */
static bool read_pod(struct container_lookup *lookup, const struct elements *elements, size_t last)
{
	size_t index;
	char *uid = find_pod(elements, last, &index);
	bool found = uid != NULL;

	if (found)
		kubernetes__read_pod(lookup, uid);
	free(uid);
	return found;
}

static bool try_shape(struct container_lookup *lookup, const struct elements *elements,
		      size_t index, const struct container_shape *shape)
{
	bool has_state, in_pod;

	lookup->above = element_above(elements, index);
	lookup->label->id = container_shape__take_id(shape, lookup->above, elements->names[index]);
	if (!lookup->label->id)
		return false;
	has_state = shape->read_names && shape->read_names(lookup);
	if (shape->needs_state && !has_state) {
		container_label__release(lookup->label);
		return false;
	}
	in_pod = read_pod(lookup, elements, index);
	/* A row without a reader stands for any runtime. */
	lookup->label->runtime =
		xstrdup(in_pod && !shape->read_names ? "kubernetes" : shape->runtime);
	lookup->label->cgroup = path_part(elements, SIZE_MAX, index);
	return true;
}

static bool find_container(struct container_lookup *lookup, const struct elements *elements)
{
	for (size_t i = elements->count; i-- > 0;)
		for (size_t j = 0; j < container_shape_count; j++)
			if (try_shape(lookup, elements, i, &container_shapes[j]))
				return true;
	return false;
}

/* A pod's own group, or a group in it that no runtime is known to make. */
static bool find_bare_pod(struct container_lookup *lookup, const struct elements *elements)
{
	struct container_label *label = lookup->label;
	size_t index = 0;
	char *uid = elements->count ? find_pod(elements, elements->count - 1, &index) : NULL;

	if (!uid)
		return false;
	label->id = uid;
	label->runtime = xstrdup("kubernetes");
	label->cgroup = path_part(elements, SIZE_MAX, index);
	kubernetes__read_pod(lookup, uid);
	state__take(&label->name, label->pod);
	return true;
}

/* Services of users' managers may have the same name for each user: their ids start at
 * the manager, "user@1000.service/app.slice/pulseaudio.service". */
static size_t manager_of(const struct elements *elements, size_t service)
{
	for (size_t i = 0; i < service; i++)
		if (has_ends(elements->names[i], "user@", ".service"))
			return i;
	return service;
}

static bool find_service(struct container_lookup *lookup, const struct elements *elements)
{
	struct container_label *label = lookup->label;

	for (size_t i = elements->count; i-- > 0;) {
		if (!has_ends(elements->names[i], "", ".service"))
			continue;
		label->id = path_part(elements, manager_of(elements, i), i);
		label->name = xstrdup(elements->names[i]);
		label->runtime = xstrdup("systemd");
		label->cgroup = path_part(elements, SIZE_MAX, i);
		return true;
	}
	return false;
}

int container_label__find(struct container_label *label, const char *root, const char *cgroup_path,
			  pid_t pid)
{
	struct container_lookup lookup = {.root = root, .pid = pid, .label = label};
	struct elements elements;
	char *user, *home;
	bool found;

	memset(label, 0, sizeof(*label));
	elements__init(&elements, cgroup_path);
	user = find_user(&elements);
	home = user ? find_home(root, user) : NULL;
	lookup.user = user;
	lookup.home = home;

	found = find_container(&lookup, &elements) || find_bare_pod(&lookup, &elements) ||
		find_service(&lookup, &elements);
	free(home);
	free(user);
	elements__release(&elements);
	return found ? 0 : -ENOENT;
}

void container_label__release(struct container_label *label)
{
	free(label->id);
	free(label->name);
	free(label->runtime);
	free(label->image);
	free(label->pod);
	free(label->cgroup);
	memset(label, 0, sizeof(*label));
}

const char *const *container_runtimes(void)
{
	return runtimes;
}
