/* SPDX-License-Identifier: GPL-2.0-only */
/* Between two newlines it touches 512 MiB (or as many as the argument says) and frees
 * them: rss is the same at the looks before and after, rss_peak is 512 MiB higher,
 * and rss_peak_time lies between peak_from_ns and peak_until_ns. */
#include "target.h"

static struct report report;

int main(int argc, char **argv)
{
	size_t bytes = (size_t)target__argument(argc, argv, 1, 512) * MIB;

	report__begin(&report);
	report__number(&report, "spike", (int64_t)bytes);
	report__send(&report);
	while (target__next_phase()) {
		void *memory = target__map_small_pages(bytes);
		int64_t from, until;

		from = target__clock_ns(CLOCK_REALTIME);
		target__touch(memory, bytes);
		until = target__clock_ns(CLOCK_REALTIME);
		munmap(memory, bytes);
		report__begin(&report);
		report__number(&report, "peak_from_ns", from);
		report__number(&report, "peak_until_ns", until);
		report__send(&report);
	}
	return 0;
}
