/* SPDX-License-Identifier: GPL-2.0-only */
/* Large malloc chunks (6 of 5 MiB, each an mmap of its own) and plain anonymous
 * mmaps (3 of 3 MiB, the last touched to a half). `malloc` is 30 MiB, `anon` 7.5 MiB.
 * The kernel joins neighbours into one mapping; with the argument "guarded" pages
 * without access keep the chunks apart from the plain ones. */
#include "target.h"

#include <malloc.h>

#define CHUNKS	    6
#define CHUNK_BYTES (5 * MIB)
#define PLAIN	    3
#define PLAIN_BYTES (3 * MIB)

static struct report report;

int main(int argc, char **argv)
{
	bool guarded = argc > 1 && strcmp(argv[1], "guarded") == 0;

	report__begin(&report);
	report__number(&report, "malloc", CHUNKS * CHUNK_BYTES);
	report__number(&report, "anon", PLAIN * PLAIN_BYTES - PLAIN_BYTES / 2);
	mallopt(M_MMAP_THRESHOLD, 128 * KIB);
	for (int i = 0; i < CHUNKS; i++) {
		char *chunk = malloc(CHUNK_BYTES);

		if (!chunk)
			target__die("malloc");
		memset(chunk, 0x5a, CHUNK_BYTES);
		target__keep(chunk);
		report__region(&report, "malloc", chunk - 16, malloc_usable_size(chunk) + 16);
	}
	if (guarded)
		mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < PLAIN; i++) {
		void *plain = target__map(PLAIN_BYTES, MAP_PRIVATE | MAP_ANONYMOUS);

		memset(plain, 0x5a, i == PLAIN - 1 ? PLAIN_BYTES / 2 : PLAIN_BYTES);
		target__keep(plain);
		report__region(&report, "anon", plain, PLAIN_BYTES);
	}
	report__send(&report);
	target__idle();
	return 0;
}
