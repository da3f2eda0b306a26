/* SPDX-License-Identifier: GPL-2.0-only */
/* A file of 32 MiB mapped twice: privately (16 MiB read, 4 MiB of them written) and
 * shared (8 MiB read). `file` is 24 MiB; 4 MiB of them are anonymous pages. The
 * directory of the file is the argument, /var/tmp without it. */
#include "target.h"

static struct report report;

static int make_file(const char *directory)
{
	static char block[65536];
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/memsonde-target-XXXXXX", directory);
	fd = mkstemp(path);
	if (fd < 0)
		target__die(path);
	unlink(path);
	memset(block, 0x5a, sizeof(block));
	for (size_t at = 0; at < 32 * MIB; at += sizeof(block))
		if (write(fd, block, sizeof(block)) != sizeof(block))
			target__die("write");
	return fd;
}

int main(int argc, char **argv)
{
	int fd = make_file(argc > 1 ? argv[1] : "/var/tmp");
	char *private = mmap(NULL, 32 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *shared = mmap(NULL, 32 * MIB, PROT_READ, MAP_SHARED, fd, 0);

	if (private == MAP_FAILED || shared == MAP_FAILED)
		target__die("mmap");
	target__read(private, 16 * MIB);
	target__touch(private, 4 * MIB);
	target__read(shared, 8 * MIB);

	report__begin(&report);
	report__number(&report, "file", 24 * MIB);
	report__region(&report, "file", private, 32 * MIB);
	report__region(&report, "file", shared, 32 * MIB);
	report__send(&report);
	target__idle();
	return 0;
}
