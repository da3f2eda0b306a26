/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What it takes to open a file of /proc and read it to its end: the median of many times,
 * in nanoseconds. Arguments: path, times, milliseconds between them (0: none), as what lies
 * in caches after a rest is another matter.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MOST_TIMES 10000

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

static int64_t read_once(const char *path)
{
	static char buffer[65536];
	int64_t start = now_ns();
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 1;

	if (fd < 0)
		return -1;
	while (got > 0)
		got = read(fd, buffer, sizeof(buffer));
	close(fd);
	return got < 0 ? -1 : now_ns() - start;
}

int main(int argc, char **argv)
{
	static int64_t times[MOST_TIMES];
	int count = argc > 2 ? atoi(argv[2]) : 0;
	int pause_ms = argc > 3 ? atoi(argv[3]) : 0;

	if (count < 1 || count > MOST_TIMES || pause_ms < 0) {
		fprintf(stderr, "read_file: PATH TIMES [MILLISECONDS]\n");
		return 2;
	}
	for (int i = 0; i < count; i++) {
		usleep((useconds_t)pause_ms * 1000);
		times[i] = read_once(argv[1]);
		if (times[i] < 0) {
			perror(argv[1]);
			return 1;
		}
	}
	qsort(times, (size_t)count, sizeof(times[0]), compare);
	printf("%lld\n", (long long)times[count / 2]);
	return 0;
}
