/* SPDX-License-Identifier: GPL-2.0-only */
/* A leak: 200 blocks of 1000 bytes each 50 ms are written to and never freed. Nothing else grows:
 * the cause is `native_held`, the class `malloc`. */
#include "target.h"

#define BLOCK_BYTES 1000
#define BLOCKS	    200 /* a step */

int main(void)
{
	struct report report;

	report__begin(&report);
	report__number(&report, "bytes_per_second", 20 * BLOCKS * BLOCK_BYTES);
	report__send(&report);
	for (;;) {
		for (int i = 0; i < BLOCKS; i++) {
			void *block = malloc(BLOCK_BYTES);

			if (!block)
				target__die("malloc");
			memset(block, 0x5a, BLOCK_BYTES);
			target__keep(block);
		}
		if (target__wait_ms(50))
			return 0;
	}
}
