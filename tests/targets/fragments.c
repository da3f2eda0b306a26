/* SPDX-License-Identifier: GPL-2.0-only */
/* Fragmentation of a glibc heap: every 250 ms 50 blocks of some 2 KiB are written to and then
 * cut to 16 bytes. What was cut off lies between blocks that stay, so that nothing can be
 * given back, and each step's blocks are a little larger than those before, so that they do
 * not fit in there. What is live grows by some KiB a step, what is held by 100 KiB and more: the
 * cause is `slack`, the class `malloc`. */
#include "target.h"

#include <malloc.h>

#define BLOCKS	    50
#define BLOCK_LEAST 2048
#define BLOCK_MORE  16 /* larger each step */
#define KEPT	    16
#define STEPS	    2000

static void step(size_t bytes)
{
	void *blocks[BLOCKS];

	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(bytes);
		if (!blocks[i])
			target__die("malloc");
		memset(blocks[i], 0x5a, bytes);
	}
	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = realloc(blocks[i], KEPT);
		if (!blocks[i])
			target__die("realloc");
		target__keep(blocks[i]);
	}
}

int main(void)
{
	struct report report;

	/* else large blocks would be mapped for themselves and given back */
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	report__begin(&report);
	report__number(&report, "slack_per_second", 4 * BLOCKS * BLOCK_LEAST);
	report__send(&report);
	for (int i = 0; i < STEPS; i++) {
		step(BLOCK_LEAST + (size_t)i * BLOCK_MORE);
		if (target__wait_ms(250))
			return 0;
	}
	target__idle();
	return 0;
}
