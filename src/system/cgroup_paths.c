/* SPDX-License-Identifier: GPL-2.0-only */
#include "system/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "system/open_beneath.h"

/* A path has at most 4095 bytes, and there are about a dozen hierarchies. */
#define CGROUP_FILE_LIMIT_BYTES (256u << 10)

/* One line of /proc/PID/cgroup, "4:memory:/docker/x" or "0::/docker/x"; the parts
 * point into the text. */
struct cgroup_line {
	const char *controllers;
	size_t controllers_length;
	const char *path;
	size_t path_length;
};

/* Takes the next line that is well-formed; false at the end. */
static bool next_line(const char **text, const char *end, struct cgroup_line *line)
{
	while (*text < end) {
		const char *start = *text;
		const char *stop = memchr(start, '\n', (size_t)(end - start));
		const char *first, *second;

		stop = stop ? stop : end;
		*text = stop < end ? stop + 1 : end;
		first = memchr(start, ':', (size_t)(stop - start));
		second = first ? memchr(first + 1, ':', (size_t)(stop - first - 1)) : NULL;
		if (!second || second + 1 == stop || second[1] != '/')
			continue;
		line->controllers = first + 1;
		line->controllers_length = (size_t)(second - line->controllers);
		line->path = second + 1;
		line->path_length = (size_t)(stop - line->path);
		return true;
	}
	return false;
}

static bool has_memory(const struct cgroup_line *line)
{
	const char *item = line->controllers;
	const char *end = item + line->controllers_length;

	while (item < end) {
		const char *comma = memchr(item, ',', (size_t)(end - item));
		size_t length = (size_t)((comma ? comma : end) - item);

		if (length == 6 && memcmp(item, "memory", 6) == 0)
			return true;
		item += length + 1;
	}
	return false;
}

/* The kernel says " (deleted)" behind the path of a v2 group that is gone while a
 * process of it remains. */
static char *copy_path(const char *path, size_t length)
{
	static const char deleted[] = " (deleted)";
	size_t suffix = sizeof(deleted) - 1;
	char *copy;

	if (length > suffix + 1 && memcmp(path + length - suffix, deleted, suffix) == 0)
		length -= suffix;
	copy = xcalloc(length + 1, 1);
	memcpy(copy, path, length);
	return copy;
}

static bool has_memory_line(const char *text, size_t length)
{
	const char *end = text + length;
	struct cgroup_line line;

	while (next_line(&text, end, &line))
		if (has_memory(&line))
			return true;
	return false;
}

int cgroup_paths__parse(struct cgroup_paths *paths, const char *text, size_t length,
			bool memory_is_v1)
{
	const char *end = text + length;
	struct cgroup_line line;

	memset(paths, 0, sizeof(*paths));
	while (next_line(&text, end, &line)) {
		if (line.controllers_length == 0 && !paths->unified)
			paths->unified = copy_path(line.path, line.path_length);
		else if (memory_is_v1 && !paths->memory && has_memory(&line))
			paths->memory = copy_path(line.path, line.path_length);
	}
	if (!memory_is_v1 && paths->unified)
		paths->memory = xstrdup(paths->unified);
	return paths->unified || paths->memory ? 0 : -EINVAL;
}

int cgroup_paths__read(struct cgroup_paths *paths, const char *root, pid_t pid)
{
	char file[64];
	char *text;
	size_t length;
	int error;

	memset(paths, 0, sizeof(*paths));
	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	error = read_in_root(root, file, CGROUP_FILE_LIMIT_BYTES, &text, &length);
	if (error < 0)
		return error == -ENOENT ? -ESRCH : error;
	/* A controller has a line of its own exactly while it is bound to v1. */
	error = cgroup_paths__parse(paths, text, length, has_memory_line(text, length));
	free(text);
	return error;
}

void cgroup_paths__release(struct cgroup_paths *paths)
{
	free(paths->unified);
	free(paths->memory);
	memset(paths, 0, sizeof(*paths));
}

static size_t depth(const char *path)
{
	size_t count = 0;

	for (; *path; path++)
		count += path[0] == '/' && path[1] != '/' && path[1] != '\0';
	return count;
}

const char *cgroup_paths__best(const struct cgroup_paths *paths)
{
	if (!paths->memory || !paths->unified)
		return paths->memory ? paths->memory : paths->unified;
	return depth(paths->unified) > depth(paths->memory) ? paths->unified : paths->memory;
}
