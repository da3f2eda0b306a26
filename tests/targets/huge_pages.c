/* SPDX-License-Identifier: GPL-2.0-only */
/* 32 MiB of transparent huge pages (if the kernel gives them: "huge_bytes" is what
 * was asked for) and, where some are reserved, 8 MiB of hugetlb pages. `anon` is
 * 32 MiB; hugetlb pages are shown, but are no part of RSS. */
#include "target.h"

#define HUGE_BYTES    (32 * MIB)
#define HUGE_PAGE     (2 * MIB)
#define HUGETLB_BYTES (8 * MIB)

static struct report report;

static int64_t touch_hugetlb(void)
{
	void *memory = mmap(NULL, HUGETLB_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (memory == MAP_FAILED)
		return 0;
	target__touch(memory, HUGETLB_BYTES);
	return HUGETLB_BYTES;
}

int main(void)
{
	char *memory = target__map(HUGE_BYTES + HUGE_PAGE, MAP_PRIVATE | MAP_ANONYMOUS);
	char *aligned = (char *)(((uintptr_t)memory + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));

	madvise(aligned, HUGE_BYTES, MADV_HUGEPAGE);
	target__touch(aligned, HUGE_BYTES);

	report__begin(&report);
	report__number(&report, "anon", HUGE_BYTES);
	report__number(&report, "huge_bytes", HUGE_BYTES);
	report__number(&report, "hugetlb", touch_hugetlb());
	report__region(&report, "anon", memory, HUGE_BYTES + HUGE_PAGE);
	report__send(&report);
	target__idle();
	return 0;
}
