/* SPDX-License-Identifier: GPL-2.0-only */
#include "unit/twin_subject.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/memory.h"

static void __attribute__((noreturn)) run(int orders, int answers, void (*act)(void))
{
	char byte;

	while (write(answers, "", 1) == 1 && read(orders, &byte, 1) == 1)
		act();
	_exit(0);
}

void twin_subject__start(struct twin_subject *self, void (*prepare)(void), void (*act)(void))
{
	int orders[2], answers[2];
	char byte;

	memset(self, 0, sizeof(*self));
	assert_int_equal(pipe(orders) | pipe(answers), 0);
	self->pid = fork();
	assert_true(self->pid >= 0);
	if (!self->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (prepare)
			prepare();
		run(orders[0], answers[1], act);
	}
	close(orders[0]);
	close(answers[1]);
	self->orders = orders[1];
	self->answers = answers[0];
	assert_int_equal(read(self->answers, &byte, 1), 1);
	twin_subject__read_mappings(self);
}

void twin_subject__order(struct twin_subject *self)
{
	char byte;

	assert_int_equal(write(self->orders, "", 1), 1);
	assert_int_equal(read(self->answers, &byte, 1), 1);
}

void twin_subject__kill(struct twin_subject *self)
{
	kill(self->pid, SIGKILL);
	waitpid(self->pid, NULL, 0);
	self->pid = 0;
}

void twin_subject__end(struct twin_subject *self)
{
	if (self->pid)
		twin_subject__kill(self);
	close(self->orders);
	close(self->answers);
	free(self->mappings);
}

static void add_mapping(struct twin_subject *self, const char *line)
{
	struct mapping mapping = {.start = 0};
	char modes[5];
	uint64_t inode;
	int name;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %" SCNu64 " %n",
		   &mapping.start, &mapping.end, modes, &mapping.file_offset, &inode, &name) != 5)
		return;
	mapping.readable = modes[0] == 'r';
	mapping.writable = modes[1] == 'w';
	mapping.executable = modes[2] == 'x';
	mapping.shared = modes[3] == 's';
	mapping.has_file = inode != 0;
	mapping.device = !strncmp(line + name, "[vvar", 5);
	if (!strncmp(line + name, "[vsyscall", 9))
		return;
	self->mappings =
		xreallocarray(self->mappings, self->mapping_count + 1, sizeof(*self->mappings));
	self->mappings[self->mapping_count++] = mapping;
}

void twin_subject__read_mappings(struct twin_subject *self)
{
	char path[64], line[8192];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", self->pid);
	maps = fopen(path, "re");
	assert_non_null(maps);
	self->mapping_count = 0;
	while (fgets(line, sizeof(line), maps))
		add_mapping(self, line);
	fclose(maps);
	self->target = (struct twin_target){
		.key = {.pid = (uint32_t)self->pid, .start_ns = 1},
		.tid = self->pid,
		.mappings = self->mappings,
		.mapping_count = self->mapping_count,
	};
}

uint64_t twin_subject__pagemap_entry(const struct twin_subject *self, const void *address)
{
	uint64_t entry = 0;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", self->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(
		pread(fd, &entry, sizeof(entry),
		      (off_t)((uintptr_t)address / (size_t)sysconf(_SC_PAGESIZE) * sizeof(entry))),
		sizeof(entry));
	close(fd);
	return entry;
}

int twin_subject__has_page(const struct twin_subject *self, const void *address)
{
	return (int)(twin_subject__pagemap_entry(self, address) >> 63);
}

int twin_subject__files_can_be_opened(void)
{
	struct twin_subject self = {.pid = getpid()};
	int possible = 0;

	twin_subject__read_mappings(&self);
	for (size_t i = 0; i < self.mapping_count && !possible; i++) {
		const struct mapping *mapping = &self.mappings[i];
		char path[96];
		int fd;

		if (!mapping->has_file)
			continue;
		snprintf(path, sizeof(path), "/proc/self/map_files/%" PRIx64 "-%" PRIx64,
			 mapping->start, mapping->end);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		possible = fd >= 0;
		if (fd >= 0)
			close(fd);
	}
	free(self.mappings);
	return possible;
}
