/* SPDX-License-Identifier: GPL-2.0-only */
#include "system/container_shapes.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "system/container_names.h"

static char *take_hex_id(const char *text, size_t length)
{
	if (length != 64)
		return NULL;
	for (size_t i = 0; i < length; i++)
		if (!isdigit((unsigned char)text[i]) && (text[i] < 'a' || text[i] > 'f'))
			return NULL;
	return xasprintf("%.64s", text);
}

static char *take_name(const char *text, size_t length)
{
	if (length == 0 || text[0] == '.')
		return NULL;
	return xasprintf("%.*s", (int)length, text);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* A name as systemd writes it into that of a unit: "\x2d" is "-". */
static char *take_unit_name(const char *text, size_t length)
{
	char *name = take_name(text, length);
	const char *from = name;
	char *to = name;

	while (from && *from) {
		if (from[0] == '\\' && from[1] == 'x' && hex_digit(from[2]) >= 0 &&
		    hex_digit(from[3]) >= 0 && hex_digit(from[2]) + hex_digit(from[3]) > 0) {
			*to++ = (char)(hex_digit(from[2]) * 16 + hex_digit(from[3]));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	if (to)
		*to = '\0';
	return name;
}

static bool read_id_as_name(struct container_lookup *lookup)
{
	state__take(&lookup->label->name, lookup->label->id);
	return true;
}

/* The prefix of the row that stands for virtual machines is part of their ids. */
static char *take_qemu_id(const char *text, size_t length)
{
	char *name = take_unit_name(text, length);
	char *id = name ? xasprintf("qemu-%s", name) : NULL;

	free(name);
	return id;
}

/* "qemu-3-NAME", 3 counting the starts. */
static bool read_machine_name(struct container_lookup *lookup)
{
	const char *dash = strchr(lookup->label->id, '-');

	if (dash && strspn(dash + 1, "0123456789") == 0)
		dash = NULL;
	dash = dash ? strchr(dash + 1, '-') : NULL;
	state__take(&lookup->label->name, dash ? dash + 1 : NULL);
	return true;
}

/* The first row that fits wins, so what is told by its shape alone stands above what
 * needs proof, and what proves nothing at the end. */
const struct container_shape container_shapes[] = {
	/* the systemd driver, and what it becomes where the daemon uses the other one */
	{"docker", NULL, "docker-", ".scope", take_hex_id, docker__read_names, false},
	{"docker", NULL, ":docker:", "", take_hex_id, docker__read_names, false},
	{"containerd", NULL, "cri-containerd-", ".scope", take_hex_id, containerd__read_names,
	 false},
	{"containerd", NULL, ":cri-containerd:", "", take_hex_id, containerd__read_names, false},
	{"containerd", NULL, "nerdctl-", ".scope", take_hex_id, containerd__read_names, false},
	{"cri-o", NULL, "crio-", ".scope", take_hex_id, crio__read_names, false},
	{"cri-o", NULL, ":crio:", "", take_hex_id, crio__read_names, false},
	{"podman", NULL, "libpod-", ".scope", take_hex_id, podman__read_names, false},
	/* the cgroupfs driver; libpod-payload- with --cgroups=split */
	{"docker", "docker", "", "", take_hex_id, docker__read_names, false},
	{"cri-o", NULL, "crio-", "", take_hex_id, crio__read_names, false},
	{"podman", NULL, "libpod-", "", take_hex_id, podman__read_names, false},
	{"podman", NULL, "libpod-payload-", "", take_hex_id, podman__read_names, false},
	/* machines and system containers, named by people */
	{"lxc", NULL, "lxc.payload.", "", take_name, read_id_as_name, false},
	{"lxc", "lxc.payload", "", "", take_name, read_id_as_name, false},
	{"lxc", "lxc", "", "", take_name, read_id_as_name, false},
	{"libvirt", "machine.slice", "machine-qemu\\x2d", ".scope", take_qemu_id, read_machine_name,
	 false},
	{"systemd-nspawn", "machine.slice", "machine-", ".scope", take_unit_name, read_id_as_name,
	 false},
	{"systemd-nspawn", NULL, "systemd-nspawn@", ".service", take_unit_name, read_id_as_name,
	 false},
	/* the cgroupfs driver below a parent of the user's or in a pod */
	{"docker", NULL, "", "", take_hex_id, docker__read_names, true},
	{"containerd", NULL, "", "", take_hex_id, containerd__read_names, true},
	{"containerd", NULL, "", "", take_name, ctr__read_names, true},
	{"container", NULL, "", "", take_hex_id, NULL, false},
};

const size_t container_shape_count = ARRAY_SIZE(container_shapes);

/* Where the id starts, if the element begins as the row says. */
static const char *skip_prefix(const char *prefix, const char *element)
{
	size_t length = strlen(prefix);

	if (*prefix == ':')
		element = strstr(element, prefix);
	return element && strncmp(element, prefix, length) == 0 ? element + length : NULL;
}

char *container_shape__take_id(const struct container_shape *shape, const char *above,
			       const char *element)
{
	const char *start = skip_prefix(shape->prefix, element);
	size_t suffix_length = strlen(shape->suffix);
	size_t length = start ? strlen(start) : 0;

	if (!start || length < suffix_length ||
	    (shape->parent && strcmp(above, shape->parent) != 0))
		return NULL;
	length -= suffix_length;
	if (strcmp(start + length, shape->suffix) != 0)
		return NULL;
	return shape->take_id(start, length);
}
