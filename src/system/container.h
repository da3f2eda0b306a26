/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_SYSTEM_CONTAINER_H
#define MEMSONDE_SYSTEM_CONTAINER_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Which container a cgroup belongs to, and what people call it. No daemon is
 * asked: the cgroup path tells runtime and id, the runtime's state files on disk
 * (and, where those are missing, kubelet's names of log files) tell the name. Where
 * containers are nested it is the innermost; any container goes before a service.
 */

/* All texts are owned, raw bytes as found; NULL where not known. */
struct container_label {
	char *id; /* a service of a user's manager: from "user@UID.service" on */
	char *name;
	char *runtime; /* of container_runtimes() */
	char *image;
	char *pod;    /* "namespace/pod" */
	char *cgroup; /* the container's own group: a prefix of the path asked for */
};

/*
 * Fills label for a cgroup path as in /proc/PID/cgroup ("/docker/<64 hex>",
 * "/kubepods.slice/.../cri-containerd-<64 hex>.scope", "/system.slice/ssh.service",
 * "/lxc.payload.web/...", "/machine.slice/machine-x.scope"). root is "" or, in
 * tests, a directory that stands for "/".
 *
 * pid is a process of that group: its mounts tell where the runtime keeps its state when
 * that is in no usual place; 0 if none is known.
 *
 * Returns 0, or -ENOENT when the path is in no container. label is cleared first.
 */
int container_label__find(struct container_label *label, const char *root, const char *cgroup_path,
			  pid_t pid);

void container_label__release(struct container_label *label);

/* Runtimes known, for help texts and documentation: a NULL-terminated list. */
const char *const *container_runtimes(void);

#endif
