/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What it takes to know the memory of every process: a census alone (the BPF iterator
 * and the decoding of its records), a whole look into the account (with control groups,
 * containers, names; no breakdown), and what others do: /proc/PID/status and
 * /proc/PID/smaps_rollup of each process, opened, read and searched for the RSS.
 *
 * The four take turns, each three times untimed to have the caches to itself and once timed;
 * the medians are printed as one JSON object. Argument: rounds.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "collect/collector.h"
#include "collect/programs.h"
#include "model/account.h"
#include "model/source.h"

#define MOST_ROUNDS 1000
#define MOST_PIDS   100000

struct bench {
	struct programs *programs;
	struct source *source;
	struct account account;
	int proc;
	int *pids;
	size_t pid_count;
	uint64_t processes, kib; /* what the way that ran last has found */
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void add_record(void *context, const void *record, enum record_type type)
{
	struct bench *bench = context;
	const struct process_record *process = record;

	if (type != RECORD_PROCESS)
		return;
	bench->processes++;
	for (int kind = 0; kind < RSS_KIND_COUNT; kind++)
		if (kind != RSS_SWAP)
			bench->kib += (uint64_t)process->rss_pages[kind] * 4;
}

static bool take_census(struct bench *bench)
{
	return programs__read_census(bench->programs, 0, add_record, bench) == 0;
}

static bool take_look(struct bench *bench)
{
	if (bench->source->look(bench->source, &bench->account) != 0)
		return false;
	bench->processes = bench->account.process_count;
	return true;
}

static void read_file(struct bench *bench, int pid, const char *name, const char *field)
{
	char path[64], text[8192];
	const char *found;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	fd = openat(bench->proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length <= 0)
		return;
	text[length] = '\0';
	found = strstr(text, field);
	if (!found)
		return;
	bench->processes++;
	bench->kib += strtoull(found + strlen(field), NULL, 10);
}

static bool read_status(struct bench *bench)
{
	for (size_t i = 0; i < bench->pid_count; i++)
		read_file(bench, bench->pids[i], "status", "VmRSS:");
	return true;
}

static bool read_smaps_rollup(struct bench *bench)
{
	for (size_t i = 0; i < bench->pid_count; i++)
		read_file(bench, bench->pids[i], "smaps_rollup", "Rss:");
	return true;
}

static const struct way {
	const char *name;
	bool (*run)(struct bench *bench);
} ways[] = {
	{"census", take_census},
	{"look", take_look},
	{"status", read_status},
	{"smaps_rollup", read_smaps_rollup},
};

static void list_pids(struct bench *bench)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;

	bench->pids = xcalloc(MOST_PIDS, sizeof(*bench->pids));
	while (directory && (entry = readdir(directory)) && bench->pid_count < MOST_PIDS) {
		int pid = atoi(entry->d_name);

		if (pid > 0)
			bench->pids[bench->pid_count++] = pid;
	}
	if (directory)
		closedir(directory);
}

static int compare(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

static bool warm_up(struct bench *bench, const struct way *way)
{
	return way->run(bench) && way->run(bench) && way->run(bench);
}

static bool time_way(struct bench *bench, const struct way *way, int64_t *took_ns)
{
	int64_t from = now_ns();

	bench->processes = bench->kib = 0;
	if (!way->run(bench))
		return false;
	*took_ns = now_ns() - from;
	return true;
}

static bool measure(struct bench *bench, long rounds)
{
	static int64_t took[ARRAY_SIZE(ways)][MOST_ROUNDS];
	uint64_t processes[ARRAY_SIZE(ways)];

	for (long round = 0; round < rounds; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
			if (!warm_up(bench, &ways[i]) ||
			    !time_way(bench, &ways[i], &took[i][round]))
				return false;
			processes[i] = bench->processes;
		}
	}
	printf("{");
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		qsort(took[i], (size_t)rounds, sizeof(took[i][0]), compare);
		printf("%s\"%s_ns\":%lld,\"%s_processes\":%llu", i ? "," : "", ways[i].name,
		       (long long)took[i][rounds / 2], ways[i].name,
		       (unsigned long long)processes[i]);
	}
	printf("}\n");
	return true;
}

int main(int argc, char **argv)
{
	struct collector_settings everything = {.what = COLLECT_EVERYTHING};
	struct programs_settings settings = {.iterators_only = true};
	struct bench bench = {.proc = open("/proc", O_PATH | O_DIRECTORY)};
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 21;
	bool done;

	if (rounds < 1 || rounds > MOST_ROUNDS || programs__open(&bench.programs, &settings) ||
	    collector__open(&bench.source, &everything))
		return 1;
	account__init(&bench.account);
	list_pids(&bench);
	done = measure(&bench, rounds);
	account__release(&bench.account);
	bench.source->close(bench.source);
	programs__close(bench.programs);
	free(bench.pids);
	return done ? 0 : 1;
}
