/* SPDX-License-Identifier: GPL-2.0-only */
#include "system/container_names.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "system/open_beneath.h"

/* No runtime gives longer names; a file may hold any. */
#define TEXT_LIMIT_BYTES 1024

/* Annotations (labels, with Docker) that name things; of two for one field the upper
 * one wins. */
static const struct {
	const char *key;
	size_t field;
} annotation_keys[] = {
	{"io.kubernetes.cri.container-name", offsetof(struct container_label, name)},
	{"io.kubernetes.container.name", offsetof(struct container_label, name)},
	{"nerdctl/name", offsetof(struct container_label, name)},
	{"io.kubernetes.cri.image-name", offsetof(struct container_label, image)},
	{"io.kubernetes.cri-o.ImageName", offsetof(struct container_label, image)},
	{"io.kubernetes.cri-o.Image", offsetof(struct container_label, image)},
};

static const struct {
	const char *namespace, *pod;
} pod_keys[] = {
	{"io.kubernetes.cri.sandbox-namespace", "io.kubernetes.cri.sandbox-name"},
	{"io.kubernetes.pod.namespace", "io.kubernetes.pod.name"},
};

/* What holds a pod together (the pause container) has no name of its own with
 * containerd; Docker and CRI-O call it this. */
static const char sandbox_name[] = "POD";

void state__take(char **field, const char *text)
{
	if (*field || !text || *text == '\0')
		return;
	*field = xcalloc(strnlen(text, TEXT_LIMIT_BYTES) + 1, 1);
	memcpy(*field, text, strnlen(text, TEXT_LIMIT_BYTES));
}

const char *state__text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

void state__take_annotations(struct container_label *label, const json_t *annotations)
{
	const char *type = state__text(annotations, "io.kubernetes.cri.container-type");

	for (size_t i = 0; i < ARRAY_SIZE(annotation_keys); i++) {
		char **field = (char **)((char *)label + annotation_keys[i].field);

		state__take(field, state__text(annotations, annotation_keys[i].key));
	}
	if (type && strcmp(type, "sandbox") == 0)
		state__take(&label->name, sandbox_name);
	for (size_t i = 0; i < ARRAY_SIZE(pod_keys); i++) {
		const char *namespace = state__text(annotations, pod_keys[i].namespace);
		const char *pod = state__text(annotations, pod_keys[i].pod);
		char *both;

		if (!namespace || !pod)
			continue;
		both = xasprintf("%.*s/%.*s", TEXT_LIMIT_BYTES / 2, namespace, TEXT_LIMIT_BYTES / 2,
				 pod);
		state__take(&label->pod, both);
		free(both);
	}
}

json_t *state__read_json(const struct container_lookup *lookup, const char *directory, size_t limit,
			 const char *format, ...)
{
	int directory_fd = open_directory_in_root(lookup->root, directory);
	char path[4096], *text;
	json_t *json = NULL;
	size_t length;
	va_list arguments;
	int written;

	if (directory_fd < 0)
		return NULL;
	va_start(arguments, format);
	written = vsnprintf(path, sizeof(path), format, arguments);
	va_end(arguments);
	if (written > 0 && (size_t)written < sizeof(path) &&
	    read_beneath(directory_fd, path, limit, &text, &length) == 0) {
		json = json_loadb(text, length, 0, NULL);
		free(text);
	}
	close(directory_fd);
	return json;
}
