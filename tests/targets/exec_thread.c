/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments: PROGRAM ARG... At the next phase a thread that is not the main one executes
 * the program: the process keeps its pid and start time. */
#include "target.h"

#include <pthread.h>

static struct report report;
static char **command;

static void *execute(void *unused)
{
	execvp(command[0], command);
	target__die("exec");
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 2)
		return 2;
	command = argv + 1;
	report__begin(&report);
	report__send(&report);
	if (!target__next_phase())
		return 0;
	pthread_create(&thread, NULL, execute, NULL);
	pthread_join(thread, NULL);
	return 1;
}
