/* SPDX-License-Identifier: GPL-2.0-only */
/* After a newline it touches memory until the OOM killer ends it, in a cgroup with a
 * limit (never without: it stops by itself at the MiB of its argument, 256): it must
 * be in the exited list as killed by the OOM killer. */
#include "target.h"

static struct report report;

int main(int argc, char **argv)
{
	size_t most = (size_t)target__argument(argc, argv, 1, 256) * MIB;

	report__begin(&report);
	report__send(&report);
	if (!target__next_phase())
		return 0;
	for (size_t bytes = 0; bytes < most; bytes += MIB)
		target__touch(target__map_small_pages(MIB), MIB);
	fputs("target: nobody ended it\n", stderr);
	return 3;
}
