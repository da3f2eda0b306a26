/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the cgroup hierarchies are mounted, and how the path of a group becomes a
 * directory. A mount shows a part of its hierarchy: everything below its "root"
 * (field 4 of mountinfo), which is not "/" for bind mounts and in containers. That
 * root and the paths in /proc/PID/cgroup are both told from our own cgroup
 * namespace, so the one is cut off the other; "/.." at the front of either stands for
 * groups above ours, whose names nobody tells.
 */
#include "system/cgroup_mounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "system/open_beneath.h"

#define MOUNTINFO_LIMIT_BYTES (16u << 20)

struct cgroup_mount {
	char *root; /* the group that stands at the mount point */
	char *point;
	bool is_v2;
	bool has_memory; /* v1: this hierarchy accounts memory */
};

struct cgroup_mounts {
	char *root;		     /* the directory that stands for "/" */
	struct cgroup_mount *mounts; /* as mounted: later ones may hide earlier ones */
	size_t count, capacity;
};

/* Replaces \040 and its like, as mountinfo writes them, in place. */
static void unescape_octal(char *text)
{
	const char *from = text;
	char *to = text;

	while (*from) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

static bool has_list_item(const char *list, const char *item)
{
	size_t length = strlen(item);

	for (;;) {
		size_t item_length = strcspn(list, ",");

		if (item_length == length && memcmp(list, item, length) == 0)
			return true;
		if (list[item_length] == '\0')
			return false;
		list += item_length + 1;
	}
}

/* One line: "ID PARENT MAJ:MIN ROOT POINT OPTIONS [TAG...] - TYPE SOURCE SUPER". */
static void add_mount(struct cgroup_mounts *mounts, char *line)
{
	char *fields[6], *type, *source, *super, *rest = line;
	struct cgroup_mount *mount;
	char *tail = strstr(line, " - ");

	if (!tail)
		return;
	*tail = '\0';
	tail += 3;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		fields[i] = strsep(&rest, " ");
	type = strsep(&tail, " ");
	source = strsep(&tail, " ");
	super = strsep(&tail, " ");
	if (!fields[5] || !source || (strcmp(type, "cgroup") != 0 && strcmp(type, "cgroup2") != 0))
		return;

	ARRAY_GROW(mounts->mounts, mounts->count, mounts->capacity);
	mount = &mounts->mounts[mounts->count++];
	unescape_octal(fields[3]);
	unescape_octal(fields[4]);
	mount->root = xstrdup(fields[3]);
	mount->point = xstrdup(fields[4]);
	mount->is_v2 = strcmp(type, "cgroup2") == 0;
	mount->has_memory = !mount->is_v2 && super && has_list_item(super, "memory");
}

struct cgroup_mounts *cgroup_mounts__open(const char *root)
{
	struct cgroup_mounts *mounts = xcalloc(1, sizeof(*mounts));
	char *text, *rest, *line;

	mounts->root = xstrdup(root);
	if (read_in_root(root, "/proc/self/mountinfo", MOUNTINFO_LIMIT_BYTES, &text, NULL) < 0)
		return mounts;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		add_mount(mounts, line);
	free(text);
	return mounts;
}

void cgroup_mounts__free(struct cgroup_mounts *mounts)
{
	if (!mounts)
		return;
	for (size_t i = 0; i < mounts->count; i++) {
		free(mounts->mounts[i].root);
		free(mounts->mounts[i].point);
	}
	free(mounts->mounts);
	free(mounts->root);
	free(mounts);
}

enum cgroup_layout cgroup_mounts__layout(const struct cgroup_mounts *mounts)
{
	bool has_v1 = false, has_v2 = false;

	for (size_t i = 0; i < mounts->count; i++) {
		has_v1 |= !mounts->mounts[i].is_v2;
		has_v2 |= mounts->mounts[i].is_v2;
	}
	if (has_v1)
		return has_v2 ? CGROUP_HYBRID : CGROUP_V1;
	return has_v2 ? CGROUP_V2 : CGROUP_NONE;
}

bool cgroup_mounts__memory_is_v1(const struct cgroup_mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (mounts->mounts[i].has_memory)
			return true;
	return false;
}

static bool has_parent_element(const char *path)
{
	while (*path) {
		size_t length;

		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length == 2 && memcmp(path, "..", 2) == 0)
			return true;
		path += length;
	}
	return false;
}

/* The part of path below group, without a slash at its front; NULL if path is not
 * below it, or if nobody knows the names between the two. */
static const char *path_below(const char *path, const char *group)
{
	if (!cgroup__is_within(path, group))
		return NULL;
	if (strcmp(group, "/") != 0)
		path += strlen(group);
	path += strspn(path, "/");
	return has_parent_element(path) ? NULL : path;
}

static int open_in_mount(const struct cgroup_mounts *mounts, const struct cgroup_mount *mount,
			 const char *path)
{
	const char *below = path_below(path, mount->root);
	int point_fd, fd;

	if (!below)
		return -ENOENT;
	point_fd = open_directory_in_root(mounts->root, mount->point);
	if (point_fd < 0)
		return point_fd;
	fd = open_directory_beneath(point_fd, below);
	close(point_fd);
	return fd;
}

int cgroup_mounts__open_group(const struct cgroup_mounts *mounts, enum cgroup_tree tree,
			      const char *path)
{
	bool wants_v2 = tree == TREE_UNIFIED || !cgroup_mounts__memory_is_v1(mounts);

	for (size_t i = 0; i < mounts->count; i++) {
		const struct cgroup_mount *mount = &mounts->mounts[i];
		int fd;

		if (wants_v2 ? !mount->is_v2 : !mount->has_memory)
			continue;
		fd = open_in_mount(mounts, mount, path);
		if (fd >= 0)
			return fd;
	}
	return -ENOENT;
}

bool cgroup__is_within(const char *path, const char *group)
{
	size_t length = strlen(group);

	while (length && group[length - 1] == '/')
		length--;
	if (strncmp(path, group, length) != 0 || (path[length] != '\0' && path[length] != '/'))
		return false;
	/* "/.." is above "/", "/../.." above "/..". */
	return strncmp(path + length, "/..", 3) != 0 ||
	       (path[length + 3] != '\0' && path[length + 3] != '/');
}

/* Removes empty elements, "." and ".." from a path; ".." at its front stay, as a
 * cgroup namespace shows them. Always starts with "/". */
static char *normalised(const char *path)
{
	char *result = xcalloc(strlen(path) + 2, 1);
	size_t length = 0, kept = 0; /* kept: how much of it are ".." */

	while (*path) {
		size_t element;

		path += strspn(path, "/");
		element = strcspn(path, "/");
		if (element == 2 && memcmp(path, "..", 2) == 0 && length > kept) {
			while (result[--length] != '/')
				;
		} else if (element && !(element == 1 && *path == '.')) {
			result[length++] = '/';
			memcpy(result + length, path, element);
			length += element;
			if (element == 2 && memcmp(path, "..", 2) == 0)
				kept = length;
		}
		path += element;
	}
	if (length == 0)
		result[length++] = '/';
	result[length] = '\0';
	return result;
}

static bool is_in_tree(const struct cgroup_mounts *mounts, enum cgroup_tree tree, const char *path)
{
	int fd = cgroup_mounts__open_group(mounts, tree, path);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* The mount that a directory lies below; NULL if there is none. The deepest mount point
 * wins: v2's may lie inside a v1 tree's directory. */
static const struct cgroup_mount *mount_of_directory(const struct cgroup_mounts *mounts,
						     const char *directory)
{
	const struct cgroup_mount *best = NULL;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct cgroup_mount *mount = &mounts->mounts[i];

		if (cgroup__is_within(directory, mount->point) &&
		    (!best || strlen(mount->point) >= strlen(best->point)))
			best = mount;
	}
	return best;
}

/* Takes path; true if a tree has it. mount: the one it was named below, or NULL. */
static bool choose(struct cgroup_choice *choice, const struct cgroup_mounts *mounts, char *path,
		   const struct cgroup_mount *mount)
{
	bool is_v2_alone = mount && mount->is_v2;
	bool is_memory_alone = mount && mount->has_memory;
	bool found = false;

	for (int tree = 0; tree < CGROUP_TREE_COUNT; tree++) {
		bool is_meant = tree == TREE_UNIFIED ? !is_memory_alone : !is_v2_alone;

		choice->in_tree[tree] = is_meant && is_in_tree(mounts, tree, path);
		found |= choice->in_tree[tree];
	}
	choice->path = found ? path : NULL;
	if (!found)
		free(path);
	return found;
}

/* directory is absolute and normalised. */
static bool choose_directory(struct cgroup_choice *choice, const struct cgroup_mounts *mounts,
			     const char *directory)
{
	const struct cgroup_mount *mount = mount_of_directory(mounts, directory);
	const char *below = mount ? path_below(directory, mount->point) : NULL;
	char *joined, *group;

	if (!below)
		return false;
	joined = xasprintf("%s/%s", mount->root, below);
	group = normalised(joined);
	free(joined);
	return choose(choice, mounts, group, mount);
}

/* An absolute directory, or one relative to the working directory. */
static bool choose_as_directory(struct cgroup_choice *choice, const struct cgroup_mounts *mounts,
				const char *argument)
{
	char *here = *argument == '/' ? xstrdup("") : getcwd(NULL, 0);
	char *joined, *directory;
	bool found;

	if (!here)
		return false;
	joined = xasprintf("%s/%s", here, argument);
	directory = normalised(joined);
	found = choose_directory(choice, mounts, directory);
	free(directory);
	free(joined);
	free(here);
	return found;
}

int cgroup_choice__find(struct cgroup_choice *choice, const struct cgroup_mounts *mounts,
			const char *argument)
{
	memset(choice, 0, sizeof(*choice));
	if (!*argument)
		return -ENOENT;
	/* In the order of how likely it is meant. */
	if (choose_as_directory(choice, mounts, argument) ||
	    choose(choice, mounts, normalised(argument), NULL))
		return 0;
	return -ENOENT;
}

void cgroup_choice__release(struct cgroup_choice *choice)
{
	free(choice->path);
	memset(choice, 0, sizeof(*choice));
}

bool cgroup_choice__has(const struct cgroup_choice *choice, const struct cgroup_paths *paths)
{
	const char *const of_tree[CGROUP_TREE_COUNT] = {
		[TREE_MEMORY] = paths->memory,
		[TREE_UNIFIED] = paths->unified,
	};

	for (int tree = 0; tree < CGROUP_TREE_COUNT; tree++)
		if (choice->in_tree[tree] && of_tree[tree] &&
		    cgroup__is_within(of_tree[tree], choice->path))
			return true;
	return false;
}
