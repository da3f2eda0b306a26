/* SPDX-License-Identifier: GPL-2.0-only */
/* Argument: the number of threads (1). Between two newlines each thread makes known
 * numbers of mmap, munmap, mremap, brk and madvise calls, some of which fail, and of
 * page faults of each kind; the line after it names them all. The counters of the
 * looks before and after must differ by exactly these.
 *
 * Raw system calls, so that libc adds none; one round before the first line faults in
 * all code, data and stacks that the round that counts will use. */
#include "target.h"

#include <pthread.h>
#include <sys/syscall.h>

#define CALLS	     100 /* of each kind, per thread */
#define FAILED_CALLS 7
#define WRITE_FAULTS 300
#define ZERO_PAGES   200 /* read first, then written: a read and a protection fault each */
#define SHARED_READS 50	 /* of the page cache, one in each window of fault-around */
#define WINDOW	     (64 * KIB)
#define BRK_BYTES    (5 * PAGE)
#define MOST_THREADS 64

static struct report report;
static pthread_barrier_t round_begins, round_ends;
static pthread_mutex_t brk_lock = PTHREAD_MUTEX_INITIALIZER;
static int memfd;

static void expect(bool held, const char *what)
{
	if (!held)
		target__die(what);
}

static char *raw_mmap(size_t bytes)
{
	return (char *)syscall(SYS_mmap, NULL, bytes, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
}

/* CALLS mmaps and munmaps of 3 pages. */
static void map_and_unmap(void)
{
	for (int i = 0; i < CALLS; i++) {
		char *memory = raw_mmap(3 * PAGE);

		expect(memory != MAP_FAILED, "mmap");
		expect(syscall(SYS_munmap, memory, 3 * PAGE) == 0, "munmap");
	}
}

/* 1 mmap, CALLS mremaps from 1 page to 4 and as many back, 1 munmap. */
static void remap(void)
{
	char *memory = raw_mmap(PAGE);

	expect(memory != MAP_FAILED, "mmap");
	for (int i = 0; i < CALLS; i++) {
		memory = (char *)syscall(SYS_mremap, memory, PAGE, 4 * PAGE, MREMAP_MAYMOVE, 0L);
		expect(memory != MAP_FAILED, "mremap");
		expect(syscall(SYS_mremap, memory, 4 * PAGE, PAGE, 0L, 0L) == (long)memory,
		       "mremap");
	}
	expect(syscall(SYS_munmap, memory, PAGE) == 0, "munmap");
}

/* 1 brk that asks where the break is, CALLS up and CALLS down, FAILED_CALLS too far up. */
static void move_break(void)
{
	long now;

	pthread_mutex_lock(&brk_lock);
	now = syscall(SYS_brk, 0L);
	for (int i = 0; i < CALLS; i++) {
		expect(syscall(SYS_brk, now + (long)BRK_BYTES) == now + (long)BRK_BYTES, "brk up");
		expect(syscall(SYS_brk, now) == now, "brk down");
	}
	for (int i = 0; i < FAILED_CALLS; i++)
		expect(syscall(SYS_brk, 1L << 46) == now, "brk too far");
	pthread_mutex_unlock(&brk_lock);
}

/* FAILED_CALLS of each of mmap, munmap, mremap and madvise. */
static void fail(void)
{
	char *memory = raw_mmap(0);

	expect(memory == MAP_FAILED && errno == EINVAL, "mmap of nothing");
	for (int i = 1; i < FAILED_CALLS; i++)
		expect(raw_mmap(0) == MAP_FAILED, "mmap of nothing");
	for (int i = 0; i < FAILED_CALLS; i++) {
		expect(syscall(SYS_munmap, 1L, PAGE) == -1 && errno == EINVAL, "munmap at 1");
		expect(syscall(SYS_mremap, PAGE, PAGE, 2 * PAGE, 0L, 0L) == -1 && errno == EFAULT,
		       "mremap of nothing");
		expect(syscall(SYS_madvise, PAGE, PAGE, 12345L) == -1 && errno == EINVAL,
		       "madvise 12345");
	}
}

/* 1 mmap, 1 madvise against huge pages, WRITE_FAULTS of them, CALLS madvises that give
 * back 2 pages, as many write faults again, 1 munmap. */
static void fault_by_writing(void)
{
	size_t bytes = WRITE_FAULTS * PAGE;
	char *memory = raw_mmap(bytes);

	expect(memory != MAP_FAILED, "mmap");
	syscall(SYS_madvise, memory, bytes, MADV_NOHUGEPAGE);
	target__touch(memory, bytes);
	for (int i = 0; i < CALLS; i++) {
		expect(syscall(SYS_madvise, memory, 2 * PAGE, MADV_DONTNEED) == 0, "madvise");
		target__touch(memory, 2 * PAGE);
	}
	expect(syscall(SYS_munmap, memory, bytes) == 0, "munmap");
}

/* 1 mmap, 1 madvise, ZERO_PAGES read faults, as many protection faults, 1 munmap. */
static void fault_by_reading(void)
{
	size_t bytes = ZERO_PAGES * PAGE;
	char *memory = raw_mmap(bytes);

	expect(memory != MAP_FAILED, "mmap");
	syscall(SYS_madvise, memory, bytes, MADV_NOHUGEPAGE);
	target__read(memory, bytes);
	target__touch(memory, bytes);
	expect(syscall(SYS_munmap, memory, bytes) == 0, "munmap");
}

/* 1 mmap, SHARED_READS read faults, 1 munmap. */
static void fault_on_page_cache(void)
{
	size_t bytes = SHARED_READS * WINDOW;
	char *memory =
		(char *)syscall(SYS_mmap, NULL, bytes + WINDOW, PROT_READ, MAP_SHARED, memfd, 0L);
	char *aligned = (char *)(((uintptr_t)memory + WINDOW - 1) & ~(WINDOW - 1));

	expect(memory != MAP_FAILED, "mmap");
	for (size_t at = 0; at < bytes; at += WINDOW)
		target__read(aligned + at, PAGE);
	expect(syscall(SYS_munmap, memory, bytes + WINDOW) == 0, "munmap");
}

static void run_round(void)
{
	map_and_unmap();
	remap();
	move_break();
	fail();
	fault_by_writing();
	fault_by_reading();
	fault_on_page_cache();
}

static void *work(void *unused)
{
	(void)unused;
	for (;;) {
		pthread_barrier_wait(&round_begins);
		run_round();
		pthread_barrier_wait(&round_ends);
	}
	return NULL;
}

static void report_round(long threads)
{
	const struct {
		const char *name;
		size_t value;
	} truth[] = {
		{"mmap_calls", CALLS + 4 + FAILED_CALLS},
		{"mmap_failures", FAILED_CALLS},
		{"mmap_bytes",
		 (CALLS * 3 + 1 + WRITE_FAULTS + ZERO_PAGES) * PAGE + (SHARED_READS + 1) * WINDOW},
		{"munmap_calls", CALLS + 4 + FAILED_CALLS},
		{"munmap_failures", FAILED_CALLS},
		{"munmap_bytes",
		 (CALLS * 3 + 1 + WRITE_FAULTS + ZERO_PAGES) * PAGE + (SHARED_READS + 1) * WINDOW},
		{"mremap_calls", 2 * CALLS + FAILED_CALLS},
		{"mremap_failures", FAILED_CALLS},
		{"mremap_grown_bytes", CALLS * 3 * PAGE},
		{"mremap_shrunk_bytes", CALLS * 3 * PAGE},
		{"brk_calls", 1 + 2 * CALLS + FAILED_CALLS},
		{"brk_failures", FAILED_CALLS},
		{"brk_bytes", CALLS * BRK_BYTES},
		{"brk_shrunk_bytes", CALLS * BRK_BYTES},
		{"madvise_calls", CALLS + 2 + FAILED_CALLS},
		{"madvise_failures", FAILED_CALLS},
		{"madvise_bytes", (CALLS * 2 + WRITE_FAULTS + ZERO_PAGES) * PAGE},
		{"madvise_freed_bytes", CALLS * 2 * PAGE},
		{"faults_write", WRITE_FAULTS + 2 * CALLS},
		{"faults_read", ZERO_PAGES + SHARED_READS},
		{"faults_protection", ZERO_PAGES},
		{"faults_instruction", 0},
	};

	report__begin(&report);
	for (size_t i = 0; i < sizeof(truth) / sizeof(truth[0]); i++)
		report__number(&report, truth[i].name, (int64_t)truth[i].value * threads);
	report__send(&report);
}

static void start_threads(long threads)
{
	pthread_t thread;

	pthread_barrier_init(&round_begins, NULL, (unsigned int)threads + 1);
	pthread_barrier_init(&round_ends, NULL, (unsigned int)threads + 1);
	for (long i = 0; i < threads; i++)
		expect(pthread_create(&thread, NULL, work, NULL) == 0, "pthread_create");
}

static void make_page_cache(void)
{
	static char window[WINDOW];

	memfd = memfd_create("counters", 0);
	expect(memfd >= 0, "memfd_create");
	for (int i = 0; i < SHARED_READS + 1; i++)
		expect(write(memfd, window, sizeof(window)) == sizeof(window), "write");
}

int main(int argc, char **argv)
{
	long threads = target__argument(argc, argv, 1, 1);

	expect(threads >= 1 && threads <= MOST_THREADS, "number of threads");
	make_page_cache();
	start_threads(threads);
	pthread_barrier_wait(&round_begins);
	pthread_barrier_wait(&round_ends);
	report_round(threads);
	while (target__next_phase()) {
		pthread_barrier_wait(&round_begins);
		pthread_barrier_wait(&round_ends);
		report_round(threads);
	}
	return 0;
}
