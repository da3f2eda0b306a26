/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A heap of glibc in several states: holes COUNT BYTES [THREADS]. Each thread, in an arena
 * of its own, makes COUNT blocks of BYTES and gives every second one back. Then, a phase
 * each: a block of 32 MiB that is touched and one of 64 MiB that is not; all blocks but one
 * in 100 given back; malloc_trim(). Each time it prints what mallinfo2() says; reporting
 * allocates nothing.
 */
#include "target.h"

#include <malloc.h>
#include <pthread.h>

#define THREADS_MAX 64

static struct report report;
static pthread_barrier_t settled, next;
static char **blocks[THREADS_MAX];
static size_t count, bytes;

static void tell(void)
{
	struct mallinfo2 info = mallinfo2();

	report__begin(&report);
	report__number(&report, "arena", (int64_t)info.arena);
	report__number(&report, "live", (int64_t)(info.uordblks + info.hblkhd));
	report__number(&report, "free", (int64_t)info.fordblks);
	report__number(&report, "mmapped", (int64_t)info.hblkhd);
	report__send(&report);
}

static void make_holes(size_t thread)
{
	blocks[thread] = malloc(count * sizeof(char *));
	for (size_t i = 0; i < count; i++) {
		blocks[thread][i] = malloc(bytes);
		if (!blocks[thread][i])
			target__die("malloc");
		memset(blocks[thread][i], 0x5a, bytes);
	}
	for (size_t i = 0; i < count; i += 2)
		free(blocks[thread][i]);
}

static void empty(size_t thread)
{
	for (size_t i = 1; i < count; i += 2)
		if (i % 100 != 1)
			free(blocks[thread][i]);
}

static void *work(void *argument)
{
	make_holes((size_t)argument);
	pthread_barrier_wait(&settled);
	pthread_barrier_wait(&next);
	empty((size_t)argument);
	pthread_barrier_wait(&settled);
	pause();
	return NULL;
}

/* Until each thread sleeps, that is, changes nothing any more. */
static void settle(size_t threads)
{
	if (threads > 1)
		pthread_barrier_wait(&settled);
	usleep(100000);
	tell();
}

int main(int argc, char **argv)
{
	size_t threads = (size_t)target__argument(argc, argv, 3, 1);
	pthread_t thread;
	char *touched;

	count = (size_t)target__argument(argc, argv, 1, 10000);
	bytes = (size_t)target__argument(argc, argv, 2, 500);
	if (threads < 1 || threads > THREADS_MAX)
		return 2;
	pthread_barrier_init(&settled, NULL, (unsigned int)threads);
	pthread_barrier_init(&next, NULL, (unsigned int)threads);
	for (size_t i = 1; i < threads; i++)
		if (pthread_create(&thread, NULL, work, (void *)i) != 0)
			target__die("pthread_create");
	make_holes(0);
	settle(threads);

	if (!target__next_phase())
		return 0;
	touched = malloc(32 * MIB);
	memset(touched, 0x5a, 32 * MIB);
	target__keep(malloc(64 * MIB));
	tell();

	if (!target__next_phase())
		return 0;
	if (threads > 1)
		pthread_barrier_wait(&next);
	empty(0);
	settle(threads);

	if (!target__next_phase())
		return 0;
	malloc_trim(0);
	tell();
	target__idle();
	return 0;
}
