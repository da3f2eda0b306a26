/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments: PAIRS ROUNDS (50000 8). A loop of mmap and munmap of one page that is
 * never touched; prints the nanoseconds a pair of its best round and ends. */
#include "target.h"

static struct report report;

int main(int argc, char **argv)
{
	long pairs = target__argument(argc, argv, 1, 50000);
	long rounds = target__argument(argc, argv, 2, 8);
	int64_t sum = 0, best = INT64_MAX;

	for (long round = 0; round < rounds; round++) {
		int64_t from = target__clock_ns(CLOCK_MONOTONIC), took;

		for (long i = 0; i < pairs; i++)
			munmap(target__map(PAGE, MAP_PRIVATE | MAP_ANONYMOUS), PAGE);
		took = target__clock_ns(CLOCK_MONOTONIC) - from;
		sum += took;
		if (took < best)
			best = took;
	}
	report__begin(&report);
	report__number(&report, "picoseconds_best", best * 1000 / pairs);
	report__number(&report, "picoseconds_mean", sum * 1000 / pairs / rounds);
	report__send(&report);
	return 0;
}
