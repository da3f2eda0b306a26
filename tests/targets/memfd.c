/* SPDX-License-Identifier: GPL-2.0-only */
/* A memfd of 32 MiB, all of it written by write(2), mapped shared, half of it read
 * through the mapping: `shmem` and rss_shmem are 16 MiB, for pages that nobody has
 * mapped are no part of RSS. */
#include "target.h"

static struct report report;

int main(void)
{
	static char page[65536];
	int fd = memfd_create("target", 0);
	char *memory;

	if (fd < 0)
		target__die("memfd_create");
	memset(page, 0x5a, sizeof(page));
	for (size_t at = 0; at < 32 * MIB; at += sizeof(page))
		if (write(fd, page, sizeof(page)) != sizeof(page))
			target__die("write");
	memory = mmap(NULL, 32 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		target__die("mmap");
	target__read(memory, 16 * MIB);

	report__begin(&report);
	report__number(&report, "shmem", 16 * MIB);
	report__region(&report, "shmem", memory, 32 * MIB);
	report__send(&report);
	target__idle();
	return 0;
}
