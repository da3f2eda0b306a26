/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads that are started and never end: one each 50 ms, up to 1000, of which each writes to
 * 128 KiB of its stack and sleeps. The cause is `stacks`, the class `stack`. */
#include "target.h"

#include <pthread.h>

#define THREADS	    1000
#define TOUCH_BYTES (128 * KIB)

static void *sleep_forever(void *nothing)
{
	volatile char deep[TOUCH_BYTES];

	for (size_t at = 0; at < sizeof(deep); at += PAGE)
		deep[at] = 1;
	for (;;)
		pause();
	return nothing;
}

int main(void)
{
	struct report report;
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, MIB);
	report__begin(&report);
	report__number(&report, "bytes_per_second", 20 * TOUCH_BYTES);
	report__send(&report);
	for (int i = 0; i < THREADS; i++) {
		if (pthread_create(&thread, &attributes, sleep_forever, NULL) != 0)
			target__die("pthread_create");
		if (target__wait_ms(50))
			return 0;
	}
	target__idle();
	return 0;
}
