/* SPDX-License-Identifier: GPL-2.0-only */
/* A parent with 64 MiB of anonymous memory and a child ("child" is its pid) that
 * writes to a quarter of it: both have `anon` of 64 MiB; the child made 4096
 * protection faults; 48 MiB are shared, so that the PSS of each is 40 MiB. */
#include "target.h"

#define BYTES (64 * MIB)

static struct report report;

static void run_child(char *memory, int ready, int parent_alive)
{
	char byte = 1;

	target__touch(memory, BYTES / 4);
	if (write(ready, &byte, 1) != 1)
		_exit(1);
	while (read(parent_alive, &byte, 1) > 0)
		;
	_exit(0);
}

int main(void)
{
	char *memory = target__map_small_pages(BYTES);
	int ready[2], alive[2];
	char byte;
	pid_t child;

	target__touch(memory, BYTES);
	if (pipe(ready) != 0 || pipe(alive) != 0)
		target__die("pipe");
	child = fork();
	if (child < 0)
		target__die("fork");
	if (child == 0) {
		close(alive[1]);
		run_child(memory, ready[1], alive[0]);
	}
	if (read(ready[0], &byte, 1) != 1)
		target__die("the child");

	report__begin(&report);
	report__number(&report, "child", child);
	report__number(&report, "anon", BYTES);
	report__number(&report, "pss", 40 * MIB);
	report__region(&report, "anon", memory, BYTES);
	report__send(&report);
	target__idle();
	return 0;
}
