/* SPDX-License-Identifier: GPL-2.0-only */
/* The main thread ends, another one lives on and holds 8 MiB that it wrote to. */
#include "target.h"

#include <pthread.h>

static struct report report;

static bool main_thread_ended(void)
{
	char path[64], text[512] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)getpid());
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file))
		target__die(path);
	fclose(file);
	return strstr(text, ") Z ") != NULL;
}

static void *hold(void *unused)
{
	char *memory = target__map_small_pages(8 * MIB);

	memset(memory, 0x5a, 8 * MIB);
	while (!main_thread_ended())
		usleep(1000);
	report__begin(&report);
	report__number(&report, "anon", 8 * MIB);
	report__region(&report, "anon", memory, 8 * MIB);
	report__send(&report);
	target__idle();
	exit(0);
	return unused;
}

int main(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, hold, NULL);
	pthread_exit(NULL);
}
