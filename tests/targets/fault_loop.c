/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments: MIB ROUNDS (64 8). A loop that does nothing but fault in fresh pages of
 * 4 KiB; prints the nanoseconds a page of its best round and ends. */
#include "target.h"

static struct report report;

int main(int argc, char **argv)
{
	size_t bytes = (size_t)target__argument(argc, argv, 1, 64) * MIB;
	long rounds = target__argument(argc, argv, 2, 8);
	char *memory = target__map_small_pages(bytes);
	int64_t sum = 0, best = INT64_MAX;

	for (long round = 0; round < rounds; round++) {
		int64_t from = target__clock_ns(CLOCK_MONOTONIC), took;

		target__touch(memory, bytes);
		took = target__clock_ns(CLOCK_MONOTONIC) - from;
		madvise(memory, bytes, MADV_DONTNEED);
		sum += took;
		if (took < best)
			best = took;
	}
	report__begin(&report);
	report__number(&report, "picoseconds_best", best * 1000 / (int64_t)(bytes / PAGE));
	report__number(&report, "picoseconds_mean", sum * 1000 / (int64_t)(bytes / PAGE) / rounds);
	report__send(&report);
	return 0;
}
