/* SPDX-License-Identifier: GPL-2.0-only */
/* 100 threads, of which number I touches (I mod 8 + 1) * 32 KiB of its stack:
 * `stack` is the sum (14 MiB) and a few pages for each thread. */
#include "target.h"

#include <alloca.h>
#include <pthread.h>

#define THREADS 100

static struct report report;
static pthread_barrier_t settled;

static size_t touched_bytes(size_t thread)
{
	return (thread % 8 + 1) * 32 * KIB;
}

static void *work(void *argument)
{
	size_t self = (size_t)argument;
	size_t bytes = touched_bytes(self);

	target__touch(alloca(bytes), bytes);
	pthread_barrier_wait(&settled);
	pause();
	return NULL;
}

/* By the main thread: the call allocates, and would make an arena for each of the
 * others. */
static void report_stack(pthread_t thread)
{
	pthread_attr_t attributes;
	void *start;
	size_t bytes;

	if (pthread_getattr_np(thread, &attributes) != 0)
		target__die("pthread_getattr_np");
	pthread_attr_getstack(&attributes, &start, &bytes);
	pthread_attr_destroy(&attributes);
	report__region(&report, "stack", start, bytes);
}

int main(void)
{
	pthread_t threads[THREADS];
	size_t sum = 0;

	pthread_barrier_init(&settled, NULL, THREADS + 1);
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)i) != 0)
			target__die("pthread_create");
	pthread_barrier_wait(&settled);
	usleep(50000); /* until all threads are in pause() */

	report__begin(&report);
	for (size_t i = 0; i < THREADS; i++) {
		sum += touched_bytes(i);
		report_stack(threads[i]);
	}
	report__number(&report, "stack", (int64_t)sum);
	report__number(&report, "threads", THREADS + 1);
	report__send(&report);
	target__idle();
	return 0;
}
