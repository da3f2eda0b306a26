/* SPDX-License-Identifier: GPL-2.0-only */
/* 32 MiB of small blocks in the brk heap, every third freed again: `malloc` is the
 * heap's resident pages, about 32 MiB; nothing else is large. */
#include "target.h"

#include <malloc.h>

#define BLOCK_BYTES 512
#define BLOCK_COUNT (32 * MIB / BLOCK_BYTES)

static struct report report;

int main(void)
{
	static void *blocks[BLOCK_COUNT];

	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	for (size_t i = 0; i < BLOCK_COUNT; i++) {
		blocks[i] = malloc(BLOCK_BYTES);
		if (!blocks[i])
			target__die("malloc");
		memset(blocks[i], 0x5a, BLOCK_BYTES);
		target__keep(blocks[i]);
	}
	for (size_t i = 0; i < BLOCK_COUNT; i += 3)
		free(blocks[i]);

	report__begin(&report);
	report__number(&report, "malloc", 32 * MIB);
	report__send(&report);
	target__idle();
	return 0;
}
