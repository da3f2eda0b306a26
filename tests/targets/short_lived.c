/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments: MIB MILLISECONDS STATUS (32 20 7). Touches MIB, lives that long, exits
 * with that status: it must be in the exited list with an rss_peak of at least MIB
 * and its status. Waits for nothing. */
#include "target.h"

static struct report report;

int main(int argc, char **argv)
{
	size_t bytes = (size_t)target__argument(argc, argv, 1, 32) * MIB;
	long milliseconds = target__argument(argc, argv, 2, 20);

	report__begin(&report);
	report__number(&report, "touched", (int64_t)bytes);
	report__send(&report);
	target__touch(target__map_small_pages(bytes), bytes);
	usleep((useconds_t)milliseconds * 1000);
	return (int)target__argument(argc, argv, 3, 7);
}
