/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/tui/held_output.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define HELD_BYTES 65536

void held_output__begin(struct held_output *held)
{
	int memory_fd = memfd_create("memsonde-stderr", MFD_CLOEXEC);

	fflush(stderr);
	held->kept_fd = memory_fd < 0 ? -1 : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (held->kept_fd >= 0)
		dup2(memory_fd, STDERR_FILENO);
	if (memory_fd >= 0)
		close(memory_fd);
}

void held_output__trim(struct held_output *held)
{
	if (held->kept_fd < 0 || lseek(STDERR_FILENO, 0, SEEK_CUR) < HELD_BYTES)
		return;
	if (ftruncate(STDERR_FILENO, 0) == 0)
		lseek(STDERR_FILENO, 0, SEEK_SET);
}

void held_output__end(struct held_output *held)
{
	char buffer[4096];
	ssize_t length;

	if (held->kept_fd < 0)
		return;
	fflush(stderr);
	lseek(STDERR_FILENO, 0, SEEK_SET);
	while ((length = read(STDERR_FILENO, buffer, sizeof buffer)) > 0) {
		if (write(held->kept_fd, buffer, length) < 0)
			break;
	}
	dup2(held->kept_fd, STDERR_FILENO);
	close(held->kept_fd);
	held->kept_fd = -1;
}
