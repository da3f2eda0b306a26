/* SPDX-License-Identifier: GPL-2.0-only */
#include "system/machine.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

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

bool proc_is_ours(void)
{
	char self[32];
	ssize_t length = readlink("/proc/self", self, sizeof(self) - 1);

	if (length <= 0)
		return false;
	self[length] = '\0';
	return strtol(self, NULL, 10) == getpid();
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
