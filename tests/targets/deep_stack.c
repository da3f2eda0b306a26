/* SPDX-License-Identifier: GPL-2.0-only */
/* A recursion that touches 4 MiB of the main stack and returns: the pages stay, so
 * `stack` is 4 MiB. */
#include "target.h"

#define FRAME_BYTES (16 * KIB)

static struct report report;

/* The frame above is an argument so that no compiler makes a loop of it. */
static __attribute__((noinline)) int recurse(size_t bytes, char *above)
{
	char frame[FRAME_BYTES];
	int depth = 1;

	target__touch(frame, sizeof(frame));
	if (bytes > FRAME_BYTES)
		depth += recurse(bytes - FRAME_BYTES, frame);
	target__keep(frame);
	target__keep(above);
	return depth;
}

int main(void)
{
	int depth = recurse(4 * MIB, NULL);

	report__begin(&report);
	report__number(&report, "stack", 4 * MIB);
	report__number(&report, "depth", depth);
	report__send(&report);
	target__idle();
	return 0;
}
