/* SPDX-License-Identifier: GPL-2.0-only */
/* Argument: how many idle child processes to keep (300). They end with it. */
#include "target.h"

static struct report report;

int main(int argc, char **argv)
{
	long count = target__argument(argc, argv, 1, 300);
	pid_t parent = getpid();

	for (long i = 0; i < count; i++) {
		pid_t child = fork();

		if (child < 0)
			target__die("fork");
		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != parent)
				_exit(0);
			for (;;)
				pause();
		}
	}
	report__begin(&report);
	report__number(&report, "children", count);
	report__send(&report);
	signal(SIGCHLD, SIG_IGN);
	target__idle();
	return 0;
}
