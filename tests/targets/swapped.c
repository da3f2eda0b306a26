/* SPDX-License-Identifier: GPL-2.0-only */
/* 32 MiB of anonymous memory and 16 MiB of brk heap, all written to; then the kernel is
 * told to page out 24 MiB of the one and 8 MiB of the other. Without swap they stay. */
#include "target.h"

#include <malloc.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

static struct report report;

static void page_out(char *start, size_t bytes)
{
	start = (char *)(((uintptr_t)start + PAGE - 1) & ~(PAGE - 1));
	if (madvise(start, bytes, MADV_PAGEOUT))
		target__die("MADV_PAGEOUT");
}

int main(void)
{
	char *memory, *heap;

	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	memory = target__map_small_pages(32 * MIB);
	heap = malloc(16 * MIB);
	if (!heap)
		target__die("malloc");
	memset(memory, 0x5a, 32 * MIB);
	memset(heap, 0x5a, 16 * MIB);
	target__keep(heap);
	page_out(memory, 24 * MIB);
	page_out(heap, 8 * MIB);

	report__begin(&report);
	report__number(&report, "anon", 24 * MIB);
	report__number(&report, "malloc", 8 * MIB);
	report__region(&report, "anon", memory, 32 * MIB);
	report__send(&report);
	target__idle();
	return 0;
}
