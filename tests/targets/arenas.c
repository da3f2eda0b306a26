/* SPDX-License-Identifier: GPL-2.0-only */
/* 8 threads, each with 8 MiB of small blocks in an arena of its own (glibc aligns an
 * arena's heap to 64 MiB): `malloc` is 64 MiB and the little that the brk heap
 * holds; the threads' stacks are `stack`. */
#include "target.h"

#include <pthread.h>

#define THREADS	    8
#define BLOCK_BYTES 1000
#define BLOCK_COUNT (8 * MIB / BLOCK_BYTES)
#define HEAP_BYTES  (64 * MIB)

static struct report report;
static pthread_barrier_t settled;
static void *first_block[THREADS];
static void *stack_start[THREADS];
static size_t stack_bytes[THREADS];

static void *work(void *argument)
{
	size_t self = (size_t)argument;
	pthread_attr_t attributes;

	for (size_t i = 0; i < BLOCK_COUNT; i++) {
		void *block = malloc(BLOCK_BYTES);

		if (!block)
			target__die("malloc");
		memset(block, 0x5a, BLOCK_BYTES);
		target__keep(block);
		if (i == 0)
			first_block[self] = block;
	}
	if (pthread_getattr_np(pthread_self(), &attributes) != 0)
		target__die("pthread_getattr_np");
	pthread_attr_getstack(&attributes, &stack_start[self], &stack_bytes[self]);
	pthread_attr_destroy(&attributes);
	pthread_barrier_wait(&settled);
	pause();
	return NULL;
}

int main(void)
{
	pthread_t thread;

	pthread_barrier_init(&settled, NULL, THREADS + 1);
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, work, (void *)i) != 0)
			target__die("pthread_create");
	pthread_barrier_wait(&settled);
	usleep(50000); /* until all threads are in pause() */

	report__begin(&report);
	report__number(&report, "malloc", THREADS * 8 * MIB);
	for (size_t i = 0; i < THREADS; i++) {
		uintptr_t heap = (uintptr_t)first_block[i] & ~(HEAP_BYTES - 1);

		report__region(&report, "malloc", (void *)heap, HEAP_BYTES);
		report__region(&report, "stack", stack_start[i], stack_bytes[i]);
	}
	report__send(&report);
	target__idle();
	return 0;
}
