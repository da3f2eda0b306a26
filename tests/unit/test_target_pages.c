/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "twin/target_pages.h"
#include "unit/twin_subject.h"

/* The truth is what the child did to its own memory. */

#define PAGES 4

static size_t page_bytes;
static char *anonymous, *inherited, *forbidden, *read_only_file, *written_file, *code_file;
static char *buffer;
static struct twin_subject subject;
static struct target_pages *pages;

static char *map_file(int protection)
{
	char path[] = "/tmp/target-pages.XXXXXX", *memory;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	for (int i = 0; i < PAGES; i++) {
		memset(buffer, 'a' + i, page_bytes);
		/* the last page of the file is not a whole one */
		assert_true(write(fd, buffer, page_bytes - (i == PAGES - 1) * 100) > 0);
	}
	memory = mmap(NULL, PAGES * page_bytes, protection, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	close(fd);
	return memory;
}

static char *map_anonymous(int protection)
{
	char *memory =
		mmap(NULL, PAGES * page_bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	madvise(memory, PAGES * page_bytes, MADV_NOHUGEPAGE);
	return memory;
}

/* In the child. */
static void prepare(void)
{
	memset(anonymous, 'x', page_bytes);
	written_file[page_bytes] = 'y';
	/* as a debugger does it */
	mprotect(code_file, page_bytes, PROT_READ | PROT_WRITE);
	code_file[10] = (char)0xcc;
	mprotect(code_file, page_bytes, PROT_READ | PROT_EXEC);
}

static void write_next_page(void)
{
	memset(anonymous + page_bytes, 'z', page_bytes);
}

static int set_up(void **state)
{
	(void)state;
	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	buffer = calloc(PAGES, page_bytes);
	anonymous = map_anonymous(PROT_READ | PROT_WRITE);
	inherited = map_anonymous(PROT_READ | PROT_WRITE);
	memset(inherited, 'i', PAGES * page_bytes);
	forbidden = map_anonymous(PROT_NONE);
	read_only_file = map_file(PROT_READ);
	written_file = map_file(PROT_READ | PROT_WRITE);
	code_file = map_file(PROT_READ | PROT_EXEC);
	twin_subject__start(&subject, prepare, write_next_page);
	pages = target_pages__new();
	assert_int_equal(target_pages__begin(pages, &subject.target), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	target_pages__free(pages);
	twin_subject__end(&subject);
	munmap(anonymous, PAGES * page_bytes);
	munmap(inherited, PAGES * page_bytes);
	munmap(forbidden, PAGES * page_bytes);
	munmap(read_only_file, PAGES * page_bytes);
	munmap(written_file, PAGES * page_bytes);
	munmap(code_file, PAGES * page_bytes);
	free(buffer);
	return 0;
}

static ssize_t read_at(const char *address, size_t max_pages)
{
	memset(buffer, 0xee, PAGES * page_bytes);
	return target_pages__read(pages, (uint64_t)(uintptr_t)address, max_pages, buffer);
}

static void assert_all(const char *memory, char expected, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		assert_int_equal(memory[i], expected);
}

static void need_files(void)
{
	if (twin_subject__files_can_be_opened())
		return;
	printf("files of mappings cannot be opened without privileges\n");
	skip();
}

static void test_target_pages__present(void **state)
{
	(void)state;
	assert_int_equal(read_at(anonymous, PAGES), 1); /* the next is of another kind */
	assert_all(buffer, 'x', page_bytes);
	twin_subject__order(&subject);
	assert_int_equal(read_at(anonymous, PAGES), 2);
	assert_all(buffer + page_bytes, 'z', page_bytes);
}

static void test_target_pages__untouched(void **state)
{
	(void)state;
	assert_int_equal(read_at(anonymous + 2 * page_bytes, 2), 1);
	assert_all(buffer, 0, page_bytes);
	assert_false(twin_subject__has_page(&subject, anonymous + 2 * page_bytes));
}

static void test_target_pages__file_never_read(void **state)
{
	(void)state;
	need_files();
	assert_int_equal(read_at(read_only_file, PAGES), PAGES);
	for (int i = 0; i < PAGES - 1; i++)
		assert_all(buffer + (size_t)i * page_bytes, (char)('a' + i), page_bytes);
	assert_all(buffer + (PAGES - 1) * page_bytes, 'a' + PAGES - 1, page_bytes - 100);
	assert_all(buffer + PAGES * page_bytes - 100, 0, 100);
	for (int i = 0; i < PAGES; i++)
		assert_false(
			twin_subject__has_page(&subject, read_only_file + (size_t)i * page_bytes));
}

static void test_target_pages__file_written_to(void **state)
{
	(void)state;
	assert_int_equal(read_at(written_file + page_bytes, 1), 1);
	assert_int_equal(buffer[0], 'y');
	assert_all(buffer + 1, 'b', page_bytes - 1);
}

/* What was written into code is a breakpoint: the twin gets the file's. */
static void test_target_pages__breakpoint(void **state)
{
	(void)state;
	need_files();
	/* the mapping was split and joined again */
	twin_subject__read_mappings(&subject);
	assert_int_equal(read_at(code_file, 1), 1);
	assert_all(buffer, 'a', page_bytes);
}

#define PAGE_IS_EXCLUSIVE (UINT64_C(1) << 56)

static uint64_t address_of(const char *memory)
{
	return (uint64_t)(uintptr_t)memory;
}

static bool is_shared_still(const char *memory)
{
	return !(twin_subject__pagemap_entry(&subject, memory) & PAGE_IS_EXCLUSIVE);
}

/* Pages of all kinds at once, those in memory, shared by a fork, and never touched, which all
 * stay what they are. */
static void test_target_pages__read_all(void **state)
{
	const uint64_t addresses[] = {
		address_of(anonymous),
		address_of(anonymous) + 2 * page_bytes,
		address_of(inherited),
		address_of(inherited) + page_bytes,
		address_of(written_file) + page_bytes,
	};
	char *all = calloc(ARRAY_SIZE(addresses), page_bytes);

	(void)state;
	assert_true(is_shared_still(inherited));
	assert_int_equal(target_pages__read_all(pages, addresses, ARRAY_SIZE(addresses), all), 0);
	assert_all(all, 'x', page_bytes);
	assert_all(all + page_bytes, 0, page_bytes);
	assert_all(all + 2 * page_bytes, 'i', 2 * page_bytes);
	assert_int_equal(all[4 * page_bytes], 'y');
	assert_all(all + 4 * page_bytes + 1, 'b', page_bytes - 1);
	assert_false(twin_subject__has_page(&subject, anonymous + 2 * page_bytes));
	assert_true(is_shared_still(inherited));
	assert_true(is_shared_still(inherited + page_bytes));
	free(all);
}

static void test_target_pages__read_all_or_nothing(void **state)
{
	const uint64_t addresses[] = {address_of(anonymous), address_of(forbidden)};

	(void)state;
	assert_int_equal(target_pages__read_all(pages, addresses, 2, buffer), -EFAULT);
	assert_int_equal(target_pages__read_all(pages, addresses, 0, buffer), 0);
	twin_subject__kill(&subject);
	assert_int_equal(target_pages__read_all(pages, addresses, 1, buffer), -ESRCH);
}

static void test_target_pages__peek_all(void **state)
{
	const uint64_t addresses[] = {
		address_of(anonymous) + 8,
		address_of(anonymous) + page_bytes,
		address_of(inherited) + page_bytes - 8,
		address_of(forbidden),
		/* not in the order of addresses */
		address_of(anonymous) + 16,
		page_bytes,
	};
	const bool expected[] = {true, false, true, false, true, false};
	char data[ARRAY_SIZE(addresses)][8];
	bool got[ARRAY_SIZE(addresses)];

	(void)state;
	memset(anonymous, 'x', 24); /* ours: what is read is the subject's */
	anonymous[8] = 'o';
	target_pages__peek_all(pages, addresses, ARRAY_SIZE(addresses), sizeof(data[0]), data, got);
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		assert_int_equal(got[i], expected[i]);
	assert_memory_equal(data[0], "xxxxxxxx", 8);
	assert_memory_equal(data[2], "iiiiiiii", 8);
	assert_memory_equal(data[4], "xxxxxxxx", 8);
	assert_false(twin_subject__has_page(&subject, anonymous + page_bytes));
	assert_true(is_shared_still(inherited));
	twin_subject__kill(&subject);
	target_pages__peek_all(pages, addresses, 1, sizeof(data[0]), data, got);
	assert_false(got[0]);
}

static void test_target_pages__nothing_there(void **state)
{
	(void)state;
	assert_int_equal(read_at(forbidden, 1), -EFAULT);
	assert_int_equal(read_at((char *)page_bytes, 1), -EFAULT);
	assert_int_equal(read_at((char *)0x7ffffffff000, 1), -EFAULT);
}

static void test_target_pages__constant(void **state)
{
	uint64_t layout = target_pages__layout(pages);

	(void)state;
	assert_true(target_pages__is_constant(pages, (uint64_t)(uintptr_t)read_only_file));
	assert_true(target_pages__is_constant(pages, (uint64_t)(uintptr_t)code_file));
	assert_false(target_pages__is_constant(pages, (uint64_t)(uintptr_t)anonymous));
	assert_false(target_pages__is_constant(pages, page_bytes));
	/* a mapping that cannot be written to has gone */
	target_pages__end(pages);
	for (size_t i = 0; i < subject.mapping_count; i++)
		if (subject.mappings[i].start == (uint64_t)(uintptr_t)code_file)
			memmove(&subject.mappings[i], &subject.mappings[i + 1],
				(--subject.mapping_count - i) * sizeof(subject.mappings[0]));
	subject.target.mapping_count = subject.mapping_count;
	assert_int_equal(target_pages__begin(pages, &subject.target), 0);
	assert_true(target_pages__layout(pages) != layout);
}

static void test_target_pages__gone(void **state)
{
	(void)state;
	twin_subject__kill(&subject);
	assert_int_equal(read_at(anonymous, 1), -ESRCH);
	target_pages__end(pages);
	target_pages__free(pages);
	pages = target_pages__new();
	assert_int_equal(target_pages__begin(pages, &subject.target), -ESRCH);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_target_pages__##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(read_all),
		TEST(read_all_or_nothing),
		TEST(peek_all),
		TEST(present),
		TEST(untouched),
		TEST(file_never_read),
		TEST(file_written_to),
		TEST(breakpoint),
		TEST(nothing_there),
		TEST(constant),
		TEST(gone),
	};

	return cmocka_run_group_tests_name("target_pages", tests, NULL, NULL);
}
