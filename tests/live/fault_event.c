/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counting of faults by the event of perf, which kernels without the tracepoint
 * page_fault_user have (arm64), tried on this one: the event must count as many faults of
 * a process as the tracepoint does, and getrusage() at least as many. Prints one JSON
 * object: pages written to, and what each way counted.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect/programs.h"

#define PAGES 5000

struct sum {
	uint32_t pid;
	uint64_t by_cause, unknown;
};

static void add(void *context, const void *record, enum record_type type)
{
	const struct process_record *process = record;
	struct sum *sum = context;

	if (type != RECORD_PROCESS || process->pid != sum->pid || !process->counted)
		return;
	for (int cause = 0; cause < FAULT_UNKNOWN; cause++)
		sum->by_cause += process->counters.faults[cause];
	sum->unknown += process->counters.faults[FAULT_UNKNOWN];
}

/* In the child: touches the pages when told to, and tells. */
static void touch_pages(int go, int done)
{
	char *memory = mmap(NULL, PAGES * 4096UL, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char byte;

	if (memory == MAP_FAILED || madvise(memory, PAGES * 4096UL, MADV_NOHUGEPAGE) ||
	    read(go, &byte, 1) != 1)
		_exit(1);
	for (size_t i = 0; i < PAGES; i++)
		memory[i * 4096] = 1;
	if (write(done, "d", 1) != 1)
		_exit(1);
	pause();
}

static int count(bool by_event, struct sum *sum)
{
	struct programs_settings settings = {.count_everything = true, .faults_by_event = by_event};
	struct programs *programs;
	int go[2], done[2];
	char byte;

	if (pipe(go) || pipe(done))
		return 1;
	sum->pid = (uint32_t)fork();
	if (sum->pid == 0)
		touch_pages(go[0], done[1]);
	if (programs__open(&programs, &settings))
		return 1;
	if (write(go[1], "g", 1) != 1 || read(done[0], &byte, 1) != 1 ||
	    programs__read_census(programs, 0, add, sum))
		return 1;
	programs__close(programs);
	kill((pid_t)sum->pid, SIGKILL);
	waitpid((pid_t)sum->pid, NULL, 0);
	return 0;
}

int main(void)
{
	struct sum tracepoint = {0}, event = {0};

	if (count(false, &tracepoint) || count(true, &event))
		return 1;
	printf("{\"pages\":%d,\"tracepoint\":%llu,\"tracepoint_unknown\":%llu,"
	       "\"event\":%llu,\"event_by_cause\":%llu}\n",
	       PAGES, (unsigned long long)tracepoint.by_cause,
	       (unsigned long long)tracepoint.unknown, (unsigned long long)event.unknown,
	       (unsigned long long)event.by_cause);
	return 0;
}
