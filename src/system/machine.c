/* SPDX-License-Identifier: GPL-2.0-only */
#include "system/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

#define NS_PER_SECOND UINT64_C(1000000000)

int machine__read_memory(int64_t *total_bytes, int64_t *available_bytes)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[256];
	int found = 0;
	long long kib;

	if (!file)
		return -errno;
	while (found < 2 && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemTotal: %lld", &kib) == 1) {
			*total_bytes = kib * 1024;
			found++;
		} else if (sscanf(line, "MemAvailable: %lld", &kib) == 1) {
			*available_bytes = kib * 1024;
			found++;
		}
	}
	fclose(file);
	return found == 2 ? 0 : -ENODATA;
}

char *process_exe__read(pid_t pid)
{
	char path[64], exe[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	length = readlink(path, exe, sizeof(exe) - 1);
	if (length <= 0)
		return NULL;
	exe[length] = '\0';
	return xstrdup(exe);
}

pid_t process_of__read(pid_t pid_or_tid)
{
	char path[64], line[256];
	pid_t process = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid_or_tid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (!process && fgets(line, sizeof(line), file))
		sscanf(line, "Tgid: %d", &process);
	fclose(file);
	return process;
}

int process_stat__parse(struct process_stat *stat, const char *text)
{
	/* The name before it may hold anything, parentheses, too. */
	const char *rest = strrchr(text, ')');

	memset(stat, 0, sizeof(*stat));
	if (!rest ||
	    sscanf(rest,
		   ") %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d %*d "
		   "%" SCNu64 " %" SCNu64,
		   &stat->state, &stat->parent, &stat->threads, &stat->start_ticks,
		   &stat->address_bytes) != 5)
		return -EINVAL;
	return 0;
}

int process_stat__read(struct process_stat *stat, pid_t pid)
{
	char path[64], text[1024];
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return -ESRCH;
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	return length ? process_stat__parse(stat, text) : -ESRCH;
}

/* More generations than anybody has; parents can change while they are asked for. */
#define GENERATIONS_MAX 1024

bool process_descends_from(pid_t pid, pid_t ancestor)
{
	struct process_stat stat;

	for (int i = 0; pid > 0 && pid != ancestor && i < GENERATIONS_MAX; i++)
		pid = process_stat__read(&stat, pid) ? 0 : stat.parent;
	return pid == ancestor;
}

bool process_stat__is_ending(const struct process_stat *stat)
{
	bool leader_has_ended = strchr("ZXx", stat->state) != NULL;

	return stat->address_bytes == 0 && (!leader_has_ended || stat->threads > 1);
}

bool process_is_ending(pid_t pid, uint64_t start_ns)
{
	uint64_t tick_ns = NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK);
	struct process_stat stat;

	return !process_stat__read(&stat, pid) && process_stat__is_ending(&stat) &&
	       stat.start_ticks == start_ns / tick_ns;
}

bool proc_is_ours(void)
{
	char self[32];
	ssize_t length = readlink("/proc/self", self, sizeof(self) - 1);

	if (length <= 0)
		return false;
	self[length] = '\0';
	return strtol(self, NULL, 10) == getpid();
}

bool stop_is_pending(void)
{
	sigset_t pending;

	return !sigpending(&pending) &&
	       (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
		sigismember(&pending, SIGHUP) == 1);
}

int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t process_cpu_ns(pid_t pid)
{
	clockid_t clock;

	return clock_getcpuclockid(pid, &clock) ? 0 : clock_ns(clock);
}
