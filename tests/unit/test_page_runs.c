/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "system/page_runs.h"

/* The truth is which pages of its own memory a test touched. */

#define PAGES	     64
#define LAST_ADDRESS 0x7ffffffff000 /* of what can be mapped, with 4 levels of page tables */

static size_t page_bytes;

static char *map(size_t pages, int protection, int flags, int fd)
{
	char *memory = mmap(NULL, pages * page_bytes, protection, flags, fd, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	if (!(flags & MAP_FIXED))
		madvise(memory, pages * page_bytes, MADV_NOHUGEPAGE);
	return memory;
}

static char *map_private(void)
{
	return map(PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void unmap(void *memory)
{
	munmap(memory, PAGES * page_bytes);
}

static void write_page(char *memory, size_t page)
{
	((volatile char *)memory)[page * page_bytes] = 1;
}

static void read_page(const char *memory, size_t page)
{
	(void)((const volatile char *)memory)[page * page_bytes];
}

static uint64_t address(const char *memory, size_t page)
{
	return (uint64_t)(uintptr_t)memory + page * page_bytes;
}

static int read_runs(struct page_runs *runs, enum page_source source, const char *memory,
		     size_t first, size_t end)
{
	return page_runs__read(runs, source, getpid(), address(memory, first),
			       address(memory, end));
}

static void require(enum page_source source)
{
	if (source == PAGES_BY_SCAN && page_source() != PAGES_BY_SCAN) {
		print_message("this kernel has no PAGEMAP_SCAN\n");
		skip();
	}
}

/* The first pages [0, PAGES) of a mapping, a letter each: '.' nothing, 'p' present, 'f' of
 * a file, 'z' zero page, 's' swapped. */
static void expect_pages(enum page_source source, const char *memory, const char *expected)
{
	char found[PAGES + 1];
	struct page_runs runs = {0};

	require(source);
	assert_int_equal(read_runs(&runs, source, memory, 0, strlen(expected)), 0);
	memset(found, 0, sizeof(found));
	for (size_t i = 0; i < strlen(expected); i++) {
		const struct page_run *run = page_runs__find(&runs, address(memory, i));
		uint32_t flags = run ? run->flags & ~(uint32_t)PAGE_RUN_HUGE : 0;

		found[i] = !run				 ? '.'
			   : flags & PAGE_RUN_SWAPPED	 ? 's'
			   : !(flags & PAGE_RUN_PRESENT) ? '?'
			   : flags & PAGE_RUN_ZERO	 ? 'z'
			   : flags & PAGE_RUN_FILE	 ? 'f'
							 : 'p';
	}
	assert_string_equal(found, expected);
	for (size_t i = 1; i < runs.count; i++) {
		assert_true(runs.items[i - 1].end <= runs.items[i].start);
		/* What could be one run is one. */
		assert_true(runs.items[i - 1].end < runs.items[i].start ||
			    runs.items[i - 1].flags != runs.items[i].flags);
	}
	page_runs__release(&runs);
}

/* Frames, and with them the zero page, are hidden from whom is not privileged. */
static bool frames_are_visible(void)
{
	struct frame_set *frames = frame_set__new();
	int fd = pagemap__open(getpid());
	char *memory = map_private();
	int64_t added;

	write_page(memory, 0);
	assert_true(fd >= 0);
	added = frame_set__add(frames, fd, address(memory, 0), address(memory, 1));
	close(fd);
	unmap(memory);
	frame_set__free(frames);
	assert_true(added == 1 || added == -EPERM);
	return added == 1;
}

static void require_frames(void)
{
	if (frames_are_visible())
		return;
	print_message("frame numbers are hidden without CAP_SYS_ADMIN\n");
	skip();
}

/* ---- runs, from both sources ---- */

static void check_touched(enum page_source source)
{
	char *memory = map_private();

	expect_pages(source, memory, "........");
	write_page(memory, 1);
	write_page(memory, 2);
	write_page(memory, 5);
	write_page(memory, 7);
	expect_pages(source, memory, ".pp..p.p");
	madvise(memory + 2 * page_bytes, page_bytes, MADV_DONTNEED);
	expect_pages(source, memory, ".p...p.p");
	unmap(memory);
}

static void test_page_runs__touched_by_scan(void **state)
{
	(void)state;
	check_touched(PAGES_BY_SCAN);
}

static void test_page_runs__touched_by_pagemap(void **state)
{
	(void)state;
	check_touched(PAGES_BY_PAGEMAP);
}

static void check_shared(enum page_source source)
{
	char *memory = map(PAGES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);

	write_page(memory, 0);
	read_page(memory, 2);
	expect_pages(source, memory, "f.f.");
	unmap(memory);
}

static void test_page_runs__shared_by_scan(void **state)
{
	(void)state;
	check_shared(PAGES_BY_SCAN);
}

static void test_page_runs__shared_by_pagemap(void **state)
{
	(void)state;
	check_shared(PAGES_BY_PAGEMAP);
}

/* A page of a private file mapping is the process's own once it was written to. */
static void check_private_file(enum page_source source)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	char *memory;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)(PAGES * page_bytes)), 0);
	memory = map(PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	/* Faults map neighbours, too, if these are in the cache: here they are not. */
	read_page(memory, 0);
	write_page(memory, 2);
	expect_pages(source, memory, "f.p.");
	unmap(memory);
	close(fd);
}

static void test_page_runs__private_file_by_scan(void **state)
{
	(void)state;
	check_private_file(PAGES_BY_SCAN);
}

static void test_page_runs__private_file_by_pagemap(void **state)
{
	(void)state;
	check_private_file(PAGES_BY_PAGEMAP);
}

static void check_zero(enum page_source source)
{
	char *memory = map_private();

	write_page(memory, 0);
	read_page(memory, 1);
	read_page(memory, 3);
	expect_pages(source, memory, "pz.z");
	write_page(memory, 3);
	expect_pages(source, memory, "pz.p");
	unmap(memory);
}

static void test_page_runs__zero_page_by_scan(void **state)
{
	(void)state;
	check_zero(PAGES_BY_SCAN);
}

static void test_page_runs__zero_page_by_pagemap(void **state)
{
	(void)state;
	require_frames();
	check_zero(PAGES_BY_PAGEMAP);
}

/* Where the kernel gives no huge zero page, small ones. */
#define HUGE_BYTES (512 * (size_t)4096)

static void test_page_runs__huge_zero_page(void **state)
{
	char *memory = mmap(NULL, 2 * HUGE_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t start = ((uintptr_t)memory + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES;

	(void)state;
	require(PAGES_BY_SCAN);
	require_frames();
	madvise(memory, 2 * HUGE_BYTES, MADV_HUGEPAGE);
	read_page((char *)start, 0);
	read_page((char *)start, 7);
	for (int source = PAGES_BY_SCAN; source <= PAGES_BY_PAGEMAP; source++) {
		const struct page_run *run;
		struct page_runs runs = {0};

		/* A page of its own beside it, so that the mapping holds anything. */
		write_page((char *)(start == (uintptr_t)memory ? start + HUGE_BYTES
							       : (uintptr_t)memory),
			   0);
		assert_int_equal(read_runs(&runs, (enum page_source)source, (char *)start, 0, 8),
				 0);
		run = page_runs__find(&runs, start + 7 * page_bytes);
		assert_non_null(run);
		assert_true(run->flags & PAGE_RUN_ZERO);
		assert_false(run->flags & PAGE_RUN_FILE);
		page_runs__release(&runs);
	}
	munmap(memory, 2 * HUGE_BYTES);
}

static void test_page_runs__every_second_page(void **state)
{
	const size_t pages = 8192; /* more runs than one call of the kernel returns */
	char *memory = map(pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	struct page_runs scan = {0}, pagemap = {0};

	(void)state;
	for (size_t i = 1; i < pages; i += 2)
		write_page(memory, i);
	assert_int_equal(read_runs(&pagemap, PAGES_BY_PAGEMAP, memory, 0, pages), 0);
	assert_int_equal(pagemap.count, pages / 2);
	for (size_t i = 0; i < pages; i++)
		assert_int_equal(page_runs__find(&pagemap, address(memory, i)) != NULL, i % 2);
	if (page_source() == PAGES_BY_SCAN) {
		assert_int_equal(read_runs(&scan, PAGES_BY_SCAN, memory, 0, pages), 0);
		assert_int_equal(scan.count, pagemap.count);
		for (size_t i = 0; i < scan.count; i++) {
			assert_int_equal(scan.items[i].start, pagemap.items[i].start);
			assert_int_equal(scan.items[i].end, pagemap.items[i].end);
			assert_int_equal(scan.items[i].flags, pagemap.items[i].flags);
		}
	}
	page_runs__release(&scan);
	page_runs__release(&pagemap);
	munmap(memory, pages * page_bytes);
}

/* Both sources over a whole address space that stands still: a stopped child. */
static void test_page_runs__sources_agree_on_a_whole_process(void **state)
{
	struct page_runs scan = {0}, pagemap = {0};
	uint32_t compared = PAGE_RUN_PRESENT | PAGE_RUN_SWAPPED | PAGE_RUN_FILE;
	size_t other = 0;
	pid_t child;
	int status;

	(void)state;
	require(PAGES_BY_SCAN);
#ifdef __SANITIZE_ADDRESS__
	print_message("the sanitizer's shadow of terabytes takes minutes by pagemap\n");
	skip();
#endif
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		raise(SIGSTOP);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(page_runs__read(&scan, PAGES_BY_SCAN, child, 0, LAST_ADDRESS), 0);
	assert_int_equal(page_runs__read(&pagemap, PAGES_BY_PAGEMAP, child, 0, LAST_ADDRESS), 0);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	assert_true(pagemap.count > 10);
	for (size_t i = 0; i < pagemap.count; i++) {
		const struct page_run *run = &pagemap.items[i];

		for (uint64_t at = run->start; at < run->end; at += page_bytes) {
			const struct page_run *same = page_runs__find(&scan, at);

			assert_non_null(same);
			assert_int_equal(same->flags & compared, run->flags & compared);
		}
	}
	/* Mappings without RSS are not looked into: they hold the zero page at most, or
	 * what is no memory (vvar). */
	for (size_t i = 0; i < scan.count; i++)
		other += !page_runs__find(&pagemap, scan.items[i].start) &&
			 !(scan.items[i].flags & (PAGE_RUN_ZERO | PAGE_RUN_FILE));
	assert_int_equal(other, 0);
	page_runs__release(&scan);
	page_runs__release(&pagemap);
}

static void test_page_runs__a_part_of_a_mapping(void **state)
{
	char *memory = map_private();
	struct page_runs runs = {0};

	(void)state;
	for (size_t i = 0; i < 16; i++)
		write_page(memory, i);
	for (int source = PAGES_BY_SCAN; source <= PAGES_BY_PAGEMAP; source++) {
		if (source == PAGES_BY_SCAN && page_source() != PAGES_BY_SCAN)
			continue;
		assert_int_equal(read_runs(&runs, (enum page_source)source, memory, 3, 9), 0);
		assert_int_equal(runs.count, 1);
		assert_int_equal(runs.items[0].start, address(memory, 3));
		assert_int_equal(runs.items[0].end, address(memory, 9));
		assert_null(page_runs__find(&runs, address(memory, 2)));
		assert_non_null(page_runs__find(&runs, address(memory, 8)));
		assert_null(page_runs__find(&runs, address(memory, 9)));
	}
	page_runs__release(&runs);
	unmap(memory);
}

/* The path of a mapped file may be of any length, and its middle may look like the
 * header of a huge mapping, or like its RSS. */
static void test_page_runs__file_names_that_look_like_smaps(void **state)
{
	char path[2048], name[256], command[2100];
	const char *temporary = getenv("TMPDIR");
	size_t length =
		(size_t)snprintf(path, 200, "%s/memsonde-XXXXXX", temporary ? temporary : "/tmp");
	struct page_runs runs = {0};
	char *memory, *root = strdup(mkdtemp(path));
	int fd;

	(void)state;
	for (int i = 0; i < 6; i++) {
		for (size_t at = 0; at < 250; at++)
			name[at] = "0-7fffffffffff "[(at + (size_t)i) % 15];
		name[250] = '\0';
		length += (size_t)snprintf(path + length, sizeof(path) - length, "/%s", name);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	snprintf(path + length, sizeof(path) - length, "/file");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)(PAGES * page_bytes)), 0);
	memory = map(PAGES, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	write_page(memory, 1);
	alarm(20);
	assert_int_equal(read_runs(&runs, PAGES_BY_PAGEMAP, memory, 0, PAGES), 0);
	alarm(0);
	assert_non_null(page_runs__find(&runs, address(memory, 1)));
	page_runs__release(&runs);
	unmap(memory);
	close(fd);
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	assert_int_equal(system(command), 0);
	free(root);
}

static void test_page_runs__no_such_process(void **state)
{
	struct page_runs runs = {0};
	int64_t pss = -1;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (!child)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(page_runs__read(&runs, PAGES_BY_PAGEMAP, child, 0, 1 << 30), -ESRCH);
	assert_int_equal(page_runs__read(&runs, PAGES_BY_SCAN, child, 0, 1 << 30), -ESRCH);
	assert_int_equal(pss__read(child, &pss), -ESRCH);
	assert_int_equal(runs.count, 0);
	page_runs__release(&runs);
}

/* ---- frames ---- */

static int64_t add_pages(struct frame_set *frames, pid_t pid, const char *memory, size_t pages)
{
	int fd = pagemap__open(pid);
	int64_t added;

	assert_true(fd >= 0);
	added = frame_set__add(frames, fd, address(memory, 0), address(memory, pages));
	close(fd);
	return added;
}

static void test_page_runs__pages_mapped_twice_count_once(void **state)
{
	struct frame_set *frames;
	char *first, *second;
	int fd = memfd_create("test", MFD_CLOEXEC);

	(void)state;
	require_frames();
	frames = frame_set__new();
	assert_int_equal(ftruncate(fd, (off_t)(PAGES * page_bytes)), 0);
	first = map(PAGES, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	second = map(PAGES, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	for (size_t i = 0; i < 10; i++)
		write_page(first, i);
	for (size_t i = 5; i < 12; i++)
		write_page(second, i);
	assert_int_equal(add_pages(frames, getpid(), first, PAGES), 10);
	assert_int_equal(add_pages(frames, getpid(), first, PAGES), 0);
	assert_int_equal(add_pages(frames, getpid(), second, PAGES), 2);
	frame_set__clear(frames);
	assert_int_equal(add_pages(frames, getpid(), second, PAGES), 7);
	unmap(first);
	unmap(second);
	close(fd);
	frame_set__free(frames);
}

/* The child writes to 3 of the 8 pages that the fork made common, and says so. */
static void write_after_fork(char *memory, int said)
{
	for (size_t i = 0; i < 3; i++)
		write_page(memory, i);
	if (write(said, "x", 1) == 1)
		pause();
	_exit(0);
}

static void test_page_runs__copied_pages_count_twice(void **state)
{
	struct frame_set *frames;
	char *memory, byte;
	int ends[2];
	pid_t child;

	(void)state;
	require_frames();
	frames = frame_set__new();
	memory = map_private();
	assert_int_equal(pipe(ends), 0);
	for (size_t i = 0; i < 8; i++)
		write_page(memory, i);
	child = fork();
	assert_true(child >= 0);
	if (!child)
		write_after_fork(memory, ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(add_pages(frames, getpid(), memory, PAGES), 8);
	assert_int_equal(add_pages(frames, child, memory, PAGES), 3);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ends[0]);
	close(ends[1]);
	unmap(memory);
	frame_set__free(frames);
}

static void test_page_runs__absent_pages_have_no_frame(void **state)
{
	struct frame_set *frames = frame_set__new();
	char *memory = map_private();

	(void)state;
	assert_int_equal(add_pages(frames, getpid(), memory, PAGES), 0);
	unmap(memory);
	frame_set__clear(frames);
	frame_set__free(frames);
	frame_set__free(NULL);
}

/* ---- PSS ---- */

static void test_page_runs__pss_grows_by_what_is_touched(void **state)
{
	const size_t pages = 2048;
	int64_t before = 0, after = 0;
	char *memory;

	(void)state;
	assert_int_equal(pss__read(getpid(), &before), 0);
	memory = map(pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	for (size_t i = 0; i < pages; i++)
		write_page(memory, i);
	assert_int_equal(pss__read(getpid(), &after), 0);
	assert_in_range(after - before, (int64_t)(pages - 64) * (int64_t)page_bytes,
			(int64_t)(pages + 256) * (int64_t)page_bytes);
	munmap(memory, pages * page_bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page_runs__touched_by_scan),
		cmocka_unit_test(test_page_runs__touched_by_pagemap),
		cmocka_unit_test(test_page_runs__shared_by_scan),
		cmocka_unit_test(test_page_runs__shared_by_pagemap),
		cmocka_unit_test(test_page_runs__private_file_by_scan),
		cmocka_unit_test(test_page_runs__private_file_by_pagemap),
		cmocka_unit_test(test_page_runs__zero_page_by_scan),
		cmocka_unit_test(test_page_runs__zero_page_by_pagemap),
		cmocka_unit_test(test_page_runs__huge_zero_page),
		cmocka_unit_test(test_page_runs__every_second_page),
		cmocka_unit_test(test_page_runs__sources_agree_on_a_whole_process),
		cmocka_unit_test(test_page_runs__a_part_of_a_mapping),
		cmocka_unit_test(test_page_runs__file_names_that_look_like_smaps),
		cmocka_unit_test(test_page_runs__no_such_process),
		cmocka_unit_test(test_page_runs__pages_mapped_twice_count_once),
		cmocka_unit_test(test_page_runs__copied_pages_count_twice),
		cmocka_unit_test(test_page_runs__absent_pages_have_no_frame),
		cmocka_unit_test(test_page_runs__pss_grows_by_what_is_touched),
	};

	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
