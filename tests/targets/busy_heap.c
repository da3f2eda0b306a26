/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that allocate and free as fast as they can. Each keeps 5,000 blocks for good and
 * replaces 50 others all the time: "live_min" and "live_max" are the bounds of what the
 * allocator can say that it holds for them, whatever the moment.
 *
 *	busy_heap [THREADS [LARGEST [PAUSE]]]
 *
 * 4 threads; blocks of up to 4,000 bytes; a pause of so many microseconds after each 100
 * blocks, as of who does more than allocate: none.
 */
#include "target.h"

#include <pthread.h>

#define KEPT	    5000
#define KEPT_BYTES  1000
#define CHURNED	    50
#define MAX_THREADS 16

/* A thread's cache: 64 sizes of up to 1,032 bytes, 7 blocks each, counts as live. */
#define CACHE_BYTES (64 * 7 * 1040 / 2)
/* Blocks' headers, the library's own blocks, and arenas' own heads, which count as live. */
#define BLOCK_OVERHEAD 16
#define OTHER_BYTES    (256 * KIB)

static struct report report;
static pthread_barrier_t settled;
static size_t largest;
static long pause_us;

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void *allocate(size_t bytes)
{
	char *block = malloc(bytes);

	if (!block)
		target__die("malloc");
	*block = 1;
	target__keep(block);
	return block;
}

static void *run_thread(void *argument)
{
	uint32_t random = (uint32_t)(uintptr_t)argument * 2654435761U + 1;
	void *churned[CHURNED] = {NULL};

	for (int i = 0; i < KEPT; i++)
		allocate(KEPT_BYTES);
	pthread_barrier_wait(&settled);
	for (long i = 0;; i++) {
		void **slot = &churned[next_random(&random) % CHURNED];

		free(*slot);
		*slot = allocate(16 + next_random(&random) % (largest - 16));
		if (pause_us && i % 100 == 0)
			usleep((useconds_t)pause_us);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	long threads = target__argument(argc, argv, 1, 4);
	pthread_t thread;

	largest = (size_t)target__argument(argc, argv, 2, 4000);
	pause_us = target__argument(argc, argv, 3, 0);
	if (threads < 1 || threads > MAX_THREADS || largest < 32)
		return 2;
	pthread_barrier_init(&settled, NULL, (unsigned int)threads + 1);
	for (long i = 0; i < threads; i++)
		if (pthread_create(&thread, NULL, run_thread, (void *)i))
			target__die("pthread_create");
	pthread_barrier_wait(&settled);
	report__begin(&report);
	report__number(&report, "live_min", threads * KEPT * KEPT_BYTES);
	report__number(&report, "live_max",
		       threads * (int64_t)(KEPT * (KEPT_BYTES + BLOCK_OVERHEAD) +
					   CHURNED * (largest + BLOCK_OVERHEAD) + CACHE_BYTES) +
			       (int64_t)OTHER_BYTES);
	report__send(&report);
	target__idle();
	return 0;
}
