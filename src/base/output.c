/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/output.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define WRITE_SIZE ((size_t)256 << 10)
#define KEEP_LIMIT ((size_t)256 << 20)

void output__init(struct output *output, int fd)
{
	*output = (struct output){.fd = fd, .limit = fd < 0 ? KEEP_LIMIT : WRITE_SIZE};
}

void output__release(struct output *output)
{
	free(output->data);
	output->data = NULL;
	output->length = output->capacity = 0;
}

/* Standard output may be non-blocking, by whoever has the other end. */
static int wait_writable(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

	return poll(&poll_fd, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

static int write_all(int fd, const char *data, size_t length)
{
	int error = 0;

	while (length && !error) {
		ssize_t written = write(fd, data, length);

		if (written >= 0) {
			data += written;
			length -= (size_t)written;
		} else if (errno == EAGAIN) {
			error = wait_writable(fd);
		} else if (errno != EINTR) {
			error = -errno;
		}
	}
	return error;
}

int output__flush(struct output *output)
{
	if (!output->error && output->fd >= 0) {
		output->error = write_all(output->fd, output->data, output->length);
		output->length = 0;
	}
	return output->error;
}

/* Makes room for length more bytes. False if they must be dropped. */
static bool reserve(struct output *output, size_t length)
{
	size_t capacity = output->capacity ? output->capacity : 4096;

	if (output->error)
		return false;
	if (length > output->limit - output->length && output->fd >= 0 && output__flush(output))
		return false;
	if (length > output->limit - output->length) {
		output->error = -ENOBUFS;
		return false;
	}
	while (capacity - output->length < length)
		capacity *= 2;
	if (capacity != output->capacity)
		output->data = xreallocarray(output->data, capacity, 1);
	output->capacity = capacity;
	return true;
}

void output__add_slow(struct output *output, const char *text, size_t length)
{
	if (reserve(output, length))
		output__add(output, text, length);
}

void output__add_repeated(struct output *output, char c, size_t count)
{
	if (!count || !reserve(output, count))
		return;
	memset(output->data + output->length, c, count);
	output->length += count;
	output->last = c;
}

void output__add_number(struct output *output, int64_t value)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + magnitude % 10);
		magnitude /= 10;
	} while (magnitude);
	if (value < 0)
		digits[--at] = '-';
	output__add(output, digits + at, sizeof(digits) - at);
}

void output__printf(struct output *output, const char *format, ...)
{
	char buffer[512];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(buffer, sizeof(buffer), format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	if ((size_t)length >= sizeof(buffer))
		length = sizeof(buffer) - 1;
	output__add(output, buffer, (size_t)length);
}
