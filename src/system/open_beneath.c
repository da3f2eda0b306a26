/* SPDX-License-Identifier: GPL-2.0-only */
#include "system/open_beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"

#define FIRST_READ_BYTES 4096

static const uint64_t inside_root = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
static const uint64_t without_links = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;

static int open_resolved(int directory_fd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = resolve,
	};
	/* "" and "/" stand for the directory itself. */
	const char *relative = path;
	int fd;

	if (resolve == without_links)
		while (*relative == '/')
			relative++;
	if (*relative == '\0')
		relative = ".";
	/* -EAGAIN: something was renamed meanwhile, and the kernel cannot tell whether
	 * the way stayed inside. */
	for (int attempt = 0; attempt < 8; attempt++) {
		fd = (int)syscall(SYS_openat2, directory_fd, relative, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	return fd < 0 ? -errno : fd;
}

static int open_root(const char *root)
{
	int fd = open(*root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Opens what an O_PATH descriptor stands for, once that is known to be harmless:
 * the name may mean something else by now, the descriptor cannot. */
static int reopen_regular(int path_fd)
{
	char link[64];
	struct stat status;
	int fd;

	if (fstat(path_fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", path_fd);
	fd = open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_regular(int directory_fd, const char *path, uint64_t resolve)
{
	int path_fd = open_resolved(directory_fd, path, O_PATH, resolve);
	int fd;

	if (path_fd < 0)
		return path_fd;
	fd = reopen_regular(path_fd);
	close(path_fd);
	return fd;
}

int open_directory_in_root(const char *root, const char *path)
{
	int root_fd = open_root(root);
	int fd;

	if (root_fd < 0)
		return root_fd;
	fd = open_resolved(root_fd, path, O_RDONLY | O_DIRECTORY, inside_root);
	close(root_fd);
	return fd;
}

int open_directory_beneath(int directory_fd, const char *path)
{
	return open_resolved(directory_fd, path, O_RDONLY | O_DIRECTORY, without_links);
}

int open_in_root(const char *root, const char *path)
{
	int root_fd = open_root(root);
	int fd;

	if (root_fd < 0)
		return root_fd;
	fd = open_regular(root_fd, path, inside_root);
	close(root_fd);
	return fd;
}

int open_beneath(int directory_fd, const char *path)
{
	return open_regular(directory_fd, path, without_links);
}

/* Reads until the end or until the buffer is full; the size that stat tells is no
 * help, it is 0 for the kernel's own files. */
static ssize_t read_until_full(int fd, char *bytes, size_t length, size_t capacity)
{
	while (length < capacity) {
		ssize_t count = read(fd, bytes + length, capacity - length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0)
			break;
		length += (size_t)count;
	}
	return (ssize_t)length;
}

int read_bounded(int fd, size_t limit, char **bytes, size_t *length)
{
	size_t capacity = 0, filled = 0;
	char *buffer = NULL;

	*bytes = NULL;
	/* One byte more than the limit tells whether there is more. */
	while (filled == capacity && filled <= limit) {
		ssize_t result;

		capacity = capacity ? capacity * 2 : FIRST_READ_BYTES;
		if (capacity > limit + 1)
			capacity = limit + 1;
		buffer = xreallocarray(buffer, capacity + 1, 1);
		result = read_until_full(fd, buffer, filled, capacity);
		if (result < 0) {
			free(buffer);
			return (int)result;
		}
		filled = (size_t)result;
	}
	if (filled > limit) {
		free(buffer);
		return -EFBIG;
	}
	buffer[filled] = '\0';
	*bytes = buffer;
	if (length)
		*length = filled;
	return 0;
}

static int read_and_close(int fd, size_t limit, char **bytes, size_t *length)
{
	int error;

	*bytes = NULL;
	if (fd < 0)
		return fd;
	error = read_bounded(fd, limit, bytes, length);
	close(fd);
	return error;
}

int read_in_root(const char *root, const char *path, size_t limit, char **bytes, size_t *length)
{
	return read_and_close(open_in_root(root, path), limit, bytes, length);
}

int read_beneath(int directory_fd, const char *path, size_t limit, char **bytes, size_t *length)
{
	return read_and_close(open_beneath(directory_fd, path), limit, bytes, length);
}
