/* SPDX-License-Identifier: GPL-2.0-only */
/* 100 threads, of which number I touches (I mod 8 + 1) * 32 KiB of its stack:
 * `stack` is the sum (14 MiB) and a few pages for each thread. */
#include "target.h"

#include <alloca.h>
#include <pthread.h>

#define THREADS 100

static struct report report;
static pthread_barrier_t settled;
static void *stack_start[THREADS];
static size_t stack_bytes[THREADS];

static size_t touched_bytes(size_t thread)
{
	return (thread % 8 + 1) * 32 * KIB;
}

static void *work(void *argument)
{
	size_t self = (size_t)argument;
	size_t bytes = touched_bytes(self);
	pthread_attr_t attributes;

	target__touch(alloca(bytes), bytes);
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
	size_t sum = 0;

	pthread_barrier_init(&settled, NULL, THREADS + 1);
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, work, (void *)i) != 0)
			target__die("pthread_create");
	pthread_barrier_wait(&settled);
	usleep(50000); /* until all threads are in pause() */

	report__begin(&report);
	for (size_t i = 0; i < THREADS; i++) {
		sum += touched_bytes(i);
		report__region(&report, "stack", stack_start[i], stack_bytes[i]);
	}
	report__number(&report, "stack", (int64_t)sum);
	report__number(&report, "threads", THREADS + 1);
	report__send(&report);
	target__idle();
	return 0;
}
