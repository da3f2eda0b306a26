/* SPDX-License-Identifier: GPL-2.0-only */
/* A recursion that touches 4 MiB of the main stack and returns: the pages stay, so
 * `stack` is 4 MiB. */
#include "target.h"

#define FRAME_BYTES (16 * KIB)

static struct report report;

static __attribute__((noinline)) int recurse(size_t bytes)
{
	volatile char frame[FRAME_BYTES];

	for (size_t at = 0; at < FRAME_BYTES; at += PAGE)
		frame[at] = 1;
	if (bytes <= FRAME_BYTES)
		return frame[0];
	return recurse(bytes - FRAME_BYTES) + frame[PAGE];
}

int main(void)
{
	int depth = recurse(4 * MIB);

	report__begin(&report);
	report__number(&report, "stack", 4 * MIB);
	report__number(&report, "depth", depth);
	report__send(&report);
	target__idle();
	return 0;
}
