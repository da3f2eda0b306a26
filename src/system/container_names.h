/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_SYSTEM_CONTAINER_NAMES_H
#define MEMSONDE_SYSTEM_CONTAINER_NAMES_H

#include <jansson.h>
#include <stdbool.h>

#include "system/container.h"

/* What container.c and the readers of the runtimes' state share; nobody else includes
 * it. */

struct container_lookup {
	const char *root;  /* stands for "/" */
	const char *above; /* the path element above the container's, "" if there is none */
	const char *home;  /* of the user that runs it without privileges, or NULL */
	const char *user;  /* that user's id in digits, or NULL */
	pid_t pid;	   /* a process of the container, or 0 */
	struct container_label *label; /* its id is set */
};

/*
 * One reader a runtime: fills what is not yet known of the label from the state that
 * the runtime keeps on disk. True if it keeps any for this container.
 */
bool docker__read_names(struct container_lookup *lookup);
bool containerd__read_names(struct container_lookup *lookup);
bool crio__read_names(struct container_lookup *lookup);
bool podman__read_names(struct container_lookup *lookup);
/* ctr's groups are /NAMESPACE/ID, which only the state tells from any other group. */
bool ctr__read_names(struct container_lookup *lookup);

/* Fills pod, and the container's name if there is an id, from the names that kubelet
 * gives to log files; they do not depend on the runtime. */
void kubernetes__read_pod(struct container_lookup *lookup, const char *pod_uid);

/* The bundle's config.json of a task of containerd, in one namespace or (NULL) in any;
 * NULL if there is none. */
json_t *containerd__bundle(const struct container_lookup *lookup, const char *namespace);

/* Parses a file below directory (itself below the root) whose path is
 * printf-formatted; NULL unless it is a regular file without links on the way, of at
 * most limit bytes, with valid JSON. */
json_t *state__read_json(const struct container_lookup *lookup, const char *directory, size_t limit,
			 const char *format, ...) __attribute__((format(printf, 4, 5)));
#define STATE_LIMIT_BYTES (1u << 20)

/* Sets a text that is not known yet; NULL and "" are not known either. */
void state__take(char **field, const char *text);

/* Takes what Kubernetes and nerdctl write into labels or annotations. */
void state__take_annotations(struct container_label *label, const json_t *annotations);

/* A member that is a text, or NULL. */
const char *state__text(const json_t *object, const char *key);

#endif
