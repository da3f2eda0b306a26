/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments: COUNT AT_ONCE FILE. After a newline it forks COUNT short processes as
 * fast as it can, at most AT_ONCE at a time, and writes for each "PID BORN_NS
 * REAPED_NS STATUS" (CLOCK_REALTIME) to FILE. Each must be in the exited list at most
 * once, none may be shown alive after it was reaped, and those in the list and those
 * counted as left out or lost are all COUNT of them. */
#include "target.h"

#include <sys/wait.h>

struct child {
	pid_t pid;
	int64_t born_ns;
};

static struct report report;
static struct child children[4096];
static size_t child_count;

static void reap(FILE *log)
{
	int status;
	pid_t pid = wait(&status);

	for (size_t i = 0; i < child_count; i++) {
		if (children[i].pid != pid)
			continue;
		fprintf(log, "%d %lld %lld %d\n", (int)pid, (long long)children[i].born_ns,
			(long long)target__clock_ns(CLOCK_REALTIME), status);
		children[i] = children[--child_count];
		return;
	}
}

static void spawn(int number)
{
	struct child *child = &children[child_count++];

	child->born_ns = target__clock_ns(CLOCK_REALTIME);
	child->pid = fork();
	if (child->pid < 0)
		target__die("fork");
	if (child->pid == 0)
		_exit(number % 100);
}

int main(int argc, char **argv)
{
	long count = target__argument(argc, argv, 1, 20000);
	size_t at_once = (size_t)target__argument(argc, argv, 2, 16);
	FILE *log = fopen(argc > 3 ? argv[3] : "/dev/null", "w");

	if (!log || at_once == 0 || at_once > sizeof(children) / sizeof(children[0]))
		target__die("arguments");
	report__begin(&report);
	report__number(&report, "count", count);
	report__send(&report);
	if (!target__next_phase())
		return 0;
	for (long i = 0; i < count; i++) {
		if (child_count == at_once)
			reap(log);
		spawn((int)i);
	}
	while (child_count > 0)
		reap(log);
	fclose(log);

	report__begin(&report);
	report__number(&report, "spawned", count);
	report__send(&report);
	target__idle();
	return 0;
}
