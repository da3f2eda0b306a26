/* SPDX-License-Identifier: GPL-2.0-only */
#include "twin/same_cpu.h"

void same_cpu__stay(struct same_cpu *same, pid_t pid)
{
	int cpu = sched_getcpu();
	cpu_set_t here;

	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&here);
	CPU_SET(cpu, &here);
	if (!same->staying)
		same->staying = !sched_getaffinity(0, sizeof(same->before), &same->before) &&
				!sched_setaffinity(0, sizeof(here), &here);
	if (same->staying && pid > 0)
		sched_setaffinity(pid, sizeof(here), &here);
}

void same_cpu__leave(struct same_cpu *same)
{
	if (same->staying)
		sched_setaffinity(0, sizeof(same->before), &same->before);
	same->staying = false;
}
