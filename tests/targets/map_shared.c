/* SPDX-License-Identifier: GPL-2.0-only */
/* 32 MiB of shared anonymous memory, 24 MiB of it touched: `shmem` and rss_shmem are
 * 24 MiB. */
#include "target.h"

static struct report report;

int main(void)
{
	void *memory = target__map(32 * MIB, MAP_SHARED | MAP_ANONYMOUS);

	target__touch(memory, 24 * MIB);
	report__begin(&report);
	report__number(&report, "shmem", 24 * MIB);
	report__region(&report, "shmem", memory, 32 * MIB);
	report__send(&report);
	target__idle();
	return 0;
}
