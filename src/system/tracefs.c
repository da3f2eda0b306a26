/* SPDX-License-Identifier: GPL-2.0-only */
#include "system/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <linux/magic.h>
#include <unistd.h>

#include "base/memory.h"

static const char *const mount_points[] = {
	"/sys/kernel/tracing",
	"/sys/kernel/debug/tracing",
};

static bool is_tracefs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == TRACEFS_MAGIC;
}

/* A mount in no directory: it lives as long as the descriptor. */
static int mount_detached(void)
{
	int context = fsopen("tracefs", FSOPEN_CLOEXEC);
	int fd = -1;

	if (context >= 0 && fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (fd < 0)
		fd = -errno;
	if (context >= 0)
		close(context);
	return fd;
}

static int open_tracefs(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(mount_points); i++) {
		int fd = open(mount_points[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			continue;
		if (is_tracefs(fd))
			return fd;
		close(fd);
	}
	return mount_detached();
}

int tracepoint_id(const char *category, const char *name)
{
	char path[256], digits[16] = "";
	int tracefs = open_tracefs();
	int fd, result;

	if (tracefs < 0)
		return tracefs;
	snprintf(path, sizeof(path), "events/%s/%s/id", category, name);
	fd = openat(tracefs, path, O_RDONLY | O_CLOEXEC);
	result = fd < 0 ? -errno : 0;
	if (fd >= 0) {
		if (read(fd, digits, sizeof(digits) - 1) < 0)
			result = -errno;
		else
			result = (int)strtol(digits, NULL, 10);
		close(fd);
	}
	close(tracefs);
	return result > 0 || result < 0 ? result : -EIO;
}
