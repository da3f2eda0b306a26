/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "unit/classify_case.h"

#define MIB (UINT64_C(1) << 20)

static void check_text(const char *text)
{
	struct test_case *test = read_case(fmemopen((void *)(uintptr_t)text, strlen(text), "r"));

	assert_true(test->expected_count > 0);
	check_case(test);
	free_case(test);
}

/* ---- programs that were recorded ---- */

static void check_file(const char *name)
{
	char path[128];
	struct test_case *test;

	snprintf(path, sizeof(path), "tests/data/classify/%s.txt", name);
	test = read_case(fopen(path, "re"));
	assert_true(test->expected_count > 0);
	check_case(test);
	free_case(test);
}

#define RECORDED(name)                                                                             \
	static void test_classify__recorded_##name(void **state)                                   \
	{                                                                                          \
		(void)state;                                                                       \
		check_file(#name);                                                                 \
	}

RECORDED(arenas)
RECORDED(brk_heap)
RECORDED(brk_heap_no_pie)
RECORDED(brk_heap_static)
RECORDED(file_mapping)
RECORDED(huge_pages)
RECORDED(map_shared)
RECORDED(memfd)
RECORDED(mmap_chunks)
RECORDED(mmap_chunks_guarded)
RECORDED(threads100)

/* ---- heap ---- */

static void test_classify__heap_merged_with_bss(void **state)
{
	(void)state;
	check_text("space 540000 561800 7ffc1000 0\n"
		   "map 4a6000-4a9000 rw-p rd,wr /target/program\n"
		   "map 4a9000-562000 rw-p rd,wr\n"
		   "expect 4a6000 4a9000 file\n"
		   "expect 4a9000 540000 anon\n"
		   "expect 540000 562000 malloc\n");
}

static void test_classify__no_heap_claims_nothing(void **state)
{
	(void)state;
	check_text("space 540800 540800 0 0\n"
		   "map 4a9000-541000 rw-p rd,wr\n"
		   "expect 4a9000 541000 anon\n");
}

/* ---- arenas ---- */

#define ARENA_1 "words 7f0000000000 1 7f0000000030 0\n"

static void test_classify__full_arena_between_two(void **state)
{
	(void)state;
	check_text("map 7f0000000000-7f0008200000 rw-p rd,wr\n"
		   "map 7f0008200000-7f000c000000 ---p mr\n" ARENA_1
		   "words 7f0004000000 1 7f0000000030 7f0000000000\n"
		   "words 7f0008000000 1 7f0008000030 0\n"
		   "expect 7f0000000000 7f0008200000 malloc\n"
		   "expect 7f0008200000 7f000c000000 anon\n");
}

static void test_classify__full_arena_alone(void **state)
{
	(void)state;
	check_text("map 7f0000000000-7f0004000000 rw-p rd,wr\n" ARENA_1
		   "expect 7f0000000000 7f0004000000 malloc\n");
}

static void test_classify__arena_merged_with_what_lies_around(void **state)
{
	(void)state;
	check_text("map 7effffff0000-7f0000021000 rw-p rd,wr\n"
		   "map 7f0000021000-7f0004001000 ---p mr\n" ARENA_1
		   "words 7effffff0000 16 5a5a 5a5a\n"
		   "expect 7effffff0000 7f0000000000 anon\n"
		   "expect 7f0000000000 7f0000021000 malloc\n"
		   "expect 7f0000021000 7f0004001000 anon\n");
}

static void test_classify__arena_whose_pages_are_not_resident(void **state)
{
	(void)state;
	check_text("map 7f0000000000-7f0004021000 rw-p rd,wr\n"
		   "map 7f0004021000-7f0008000000 ---p mr\n"
		   "words 7f0000000000 1 7f0000000030 0\n"
		   "expect 7f0000000000 7f0004021000 malloc\n");
	/* Nothing tells a full block from any other memory. */
	check_text("map 7f0000000000-7f0004000000 rw-p rd,wr\n"
		   "expect 7f0000000000 7f0004000000 anon\n");
}

/* Go reserves blocks of 64 MiB, aligned to their size, and makes 4 MiB at a time
 * writable. */
static void test_classify__heap_of_go_is_no_arena(void **state)
{
	(void)state;
	check_text("map c000000000-c000400000 rw-p rd,wr\n"
		   "map c000400000-c004000000 ---p mr\n"
		   "words c000000000 1 c000012000 c000014000\n"
		   "words c000001000 15 0 0\n"
		   "expect c000000000 c004000000 anon\n");
	check_text("map c000000000-c000400000 rw-p rd,wr\n"
		   "map c000400000-c004000000 ---p mr\n"
		   "words c000000000 1024 0 0\n"
		   "expect c000000000 c004000000 anon\n");
}

/* A cage: terabytes reserved, of which single pages of V8 are writable. */
static void test_classify__cage_is_no_arena(void **state)
{
	(void)state;
	check_text("map 350000000000-350000040000 rw-p rd,wr\n"
		   "map 350000040000-350100000000 ---p mr\n"
		   "map 350100000000-350100080000 rw-p rd,wr\n"
		   "map 350100080000-350200000000 ---p mr\n"
		   "words 350000000000 1 40000 2a\n"
		   "words 350100000000 1 40000 3a\n"
		   "expect 350000000000 350200000000 anon\n");
}

static void test_classify__block_that_is_not_aligned_is_no_arena(void **state)
{
	(void)state;
	check_text("map 7f0000010000-7f0000020000 rw-p rd,wr\n"
		   "map 7f0000020000-7f0003ff0000 ---p mr\n"
		   "expect 7f0000010000 7f0003ff0000 anon\n");
}

/* ---- chunks ---- */

static void test_classify__chunks_merged_in_both_orders(void **state)
{
	(void)state;
	check_text("map 7f1000000000-7f1000061000 rw-p rd,wr\n"
		   "words 7f1000000000 1 0 21002\n"
		   "words 7f1000001000 32 5a5a 5a5a\n"
		   "words 7f1000021000 32 77 77\n"
		   "words 7f1000041000 1 0 20002\n"
		   "expect 7f1000000000 7f1000021000 malloc\n"
		   "expect 7f1000021000 7f1000041000 anon\n"
		   "expect 7f1000041000 7f1000061000 malloc\n");
}

static void test_classify__what_only_resembles_a_chunk(void **state)
{
	(void)state;
	check_text("map 7f1000000000-7f1000006000 rw-p rd,wr\n"
		   "map 7f1000010000-7f1000014000 rw-s rd,wr,sh /dev/zero (deleted)\n"
		   "map 7f1000020000-7f1000024000 rw-p rd,wr [anon:other]\n"
		   "map 7f1000030000-7f1000034000 rwxp rd,wr,ex\n"
		   "map 7f1000040000-7f1000044000 r--p rd\n"
		   "words 7f1000000000 1 0 7002\n"  /* beyond the mapping */
		   "words 7f1000001000 1 10 2002\n" /* has a previous size */
		   "words 7f1000002000 1 0 2003\n"  /* previous in use */
		   "words 7f1000003000 1 0 2006\n"  /* not of the main arena */
		   "words 7f1000004000 1 0 1802\n"  /* no pages */
		   "words 7f1000005000 1 0 2\n"	    /* nothing */
		   "words 7f1000010000 1 0 4002\nwords 7f1000020000 1 0 4002\n"
		   "words 7f1000030000 1 0 4002\nwords 7f1000040000 1 0 4002\n"
		   "expect 7f1000000000 7f1000006000 anon\n"
		   "expect 7f1000010000 7f1000014000 shmem\n"
		   "expect 7f1000020000 7f1000024000 anon\n"
		   "expect 7f1000030000 7f1000034000 anon\n"
		   "expect 7f1000040000 7f1000044000 anon\n");
}

static void test_classify__without_a_reader_no_chunks(void **state)
{
	struct test_case *test = new_case();

	(void)state;
	test->space.read_pages = NULL;
	add_line(test, "map 7f1000000000-7f1000004000 rw-p rd,wr");
	add_line(test, "map 7f2000000000-7f2000021000 rw-p rd,wr");
	add_line(test, "map 7f2000021000-7f2004000000 ---p mr");
	add_line(test, "words 7f1000000000 1 0 4002");
	add_line(test, "expect 7f1000000000 7f1000004000 anon");
	add_line(test, "expect 7f2000000000 7f2000021000 malloc");
	check_case(test);
	free_case(test);
}

/* 400 chunks of 1 MiB in one mapping: what lies in chunks costs no budget. */
static void test_classify__many_chunks_in_one_mapping(void **state)
{
	struct test_case *test = new_case();
	char line[128];

	(void)state;
	add_line(test, "map 7f1000000000-7f1019000000 rw-p rd,wr");
	add_line(test, "expect 7f1000000000 7f1019000000 malloc");
	for (uint64_t i = 0; i < 400; i++) {
		snprintf(line, sizeof(line), "words %" PRIx64 " 1 0 100002",
			 0x7f1000000000 + i * MIB);
		add_line(test, line);
	}
	check_case(test);
	assert_true(test->pages_read < 2000);
	free_case(test);
}

/* Nor does the heap: a chunk above one of 1 GiB is found. */
static void test_classify__large_heap_leaves_the_budget(void **state)
{
	(void)state;
	check_text("space 10000000 50000000 0 0\n"
		   "map 10000000-50000000 rw-p rd,wr [heap]\n"
		   "map 7f1000000000-7f1000800000 rw-p rd,wr\n"
		   "words 7f1000000000 1 0 800002\n"
		   "expect 10000000 50000000 malloc\n"
		   "expect 7f1000000000 7f1000800000 malloc\n");
}

static void test_classify__budget_of_pages_is_kept(void **state)
{
	struct test_case *test = new_case();

	(void)state;
	add_line(test, "map 7f1000000000-7f1100000000 rw-p rd,wr");
	add_line(test, "map 7f2000000000-7f2000004000 rw-p rd,wr");
	add_line(test, "words 7f10ffffc000 1 0 4002");
	add_line(test, "words 7f2000000000 1 0 4002");
	add_line(test, "expect 7f1000000000 7f1100000000 anon");
	add_line(test, "expect 7f2000000000 7f2000004000 malloc"); /* small ones come first */
	check_case(test);
	assert_in_range(test->pages_read, 16384, 16384 + 64);
	free_case(test);
}

/* ---- stacks ---- */

static void test_classify__stack_with_guard(void **state)
{
	(void)state;
	check_text("map 7f3000000000-7f3000001000 ---p mr\n"
		   "map 7f3000001000-7f3010001000 rw-p rd,wr\n"
		   "thread 7f3010000100 7f3010000640\n"
		   "expect 7f3000000000 7f3000001000 anon\n"
		   "expect 7f3000001000 7f3010001000 stack\n");
}

static void test_classify__stack_with_neighbours_merged_above(void **state)
{
	(void)state;
	check_text("map 7f3000000000-7f3000001000 ---p mr\n"
		   "map 7f3000001000-7f3000901000 rw-p rd,wr\n"
		   "thread 7f3000800100 7f3000800640\n"
		   "words 7f3000801000 1 0 100002\n"
		   "expect 7f3000001000 7f3000801000 stack\n"
		   "expect 7f3000801000 7f3000901000 malloc\n");
}

/* Guards without a mapping of their own, since glibc 2.42: stacks touch each other. */
static void test_classify__stacks_in_one_mapping(void **state)
{
	(void)state;
	check_text("map 7f3000000000-7f3001800000 rw-p rd,wr\n"
		   "thread 7f3000ffff00 7f3000fff640\n" /* on its last page, no control block */
		   "thread 7f30007ff000 7f30007ff640\n"
		   "thread 7f30017ff000 7f30017ff640\n"
		   "expect 7f3000000000 7f3000800000 stack\n"
		   "expect 7f3001000000 7f3001800000 stack\n");
	check_text("map 7f3000000000-7f3001800000 rw-p rd,wr\n"
		   "thread 7f30007ff000 7f30007ff640\n"
		   "thread 7f3000fff000 7f3000fff640\n"
		   "thread 7f30017ff000 7f30017ff640\n"
		   "expect 7f3000000000 7f3001800000 stack\n");
}

static void test_classify__stack_far_above_another_in_a_large_mapping(void **state)
{
	(void)state;
	check_text("map 7f3000000000-7f3040000000 rw-p rd,wr\n"
		   "thread 7f3000001000 0\n"
		   "thread 7f303fff0800 7f303ffff640\n"
		   "expect 7f3000000000 7f3000001000 anon\n"
		   "expect 7f3000001000 7f3000002000 stack\n"
		   "expect 7f3000002000 7f303fff0000 anon\n"
		   "expect 7f303fff0000 7f3040000000 stack\n");
}

/* Go: stack and thread pointer both lie in its heap; the latter points to no control
 * block. */
static void test_classify__stack_pointer_in_the_heap_of_go(void **state)
{
	(void)state;
	check_text("map c000000000-c000400000 rw-p rd,wr\n"
		   "map c000400000-c004000000 ---p mr\n"
		   "thread c000012d00 c000100000\n"
		   "words c000000000 256 1 0\n"
		   "words c000100000 1 0 0\n"
		   "expect c000000000 c000012000 anon\n"
		   "expect c000012000 c000013000 stack\n"
		   "expect c000013000 c004000000 anon\n");
}

static void test_classify__thread_on_an_alternate_stack(void **state)
{
	(void)state;
	check_text("map 7f3000000000-7f3000001000 ---p mr\n"
		   "map 7f3000001000-7f3000801000 rw-p rd,wr\n"
		   "map 7f4000000000-7f4000010000 rw-p rd,wr\n"
		   "thread 7f4000008100 7f3000800640\n"
		   "words 7f3000800000 1 0 0\n"
		   "expect 7f3000001000 7f3000801000 stack\n"
		   "expect 7f4000000000 7f4000008000 anon\n"
		   "expect 7f4000008000 7f4000009000 stack\n"
		   "expect 7f4000009000 7f4000010000 anon\n");
}

/* Claims that overlap: a coroutine's stack in a chunk, in an arena, in the heap. */
static void test_classify__stack_in_memory_from_malloc(void **state)
{
	(void)state;
	check_text("space 10000000 10040000 0 0\n"
		   "map 10000000-10040000 rw-p rd,wr [heap]\n"
		   "map 7f0000000000-7f0000100000 rw-p rd,wr\n"
		   "map 7f0000100000-7f0004000000 ---p mr\n"
		   "map 7f1000000000-7f1000082000 rw-p rd,wr\n"
		   "thread 10020000 0\nthread 7f0000080000 0\nthread 7f1000020800 0\n"
		   "words 7f0000000000 1 7f0000000030 0\n"
		   "words 7f1000000000 1 0 41002\n"
		   "words 7f1000041000 1 0 41002\n"
		   "expect 10000000 10040000 malloc\n"
		   "expect 7f0000000000 7f0000080000 malloc\n"
		   "expect 7f0000080000 7f0000081000 stack\n"
		   "expect 7f0000081000 7f0000100000 malloc\n"
		   "expect 7f1000000000 7f1000020000 malloc\n"
		   "expect 7f1000020000 7f1000021000 stack\n"
		   "expect 7f1000021000 7f1000082000 malloc\n");
}

/* ---- what the kernel tells ---- */

static void test_classify__mappings_of_one_class(void **state)
{
	(void)state;
	check_text("space 0 0 7ffc00001000 7ffc10004000\n"
		   "map 10000-11000 r-xp rd,ex /usr/bin/program\n"
		   "map 11000-12000 rw-p rd,wr /usr/bin/program\n"
		   "map 20000-21000 r-xs rd,ex,sh /memfd:jit (deleted)\n"
		   "map 21000-22000 rw-p rd,wr /memfd:data (deleted)\n"
		   "map 30000-31000 rw-s rd,wr,sh /SYSV00000000 (deleted)\n"
		   "map 40000-41000 r-xp rd,ex /dev/shm/program\n"
		   "map 41000-42000 r--p rd /dev/shm/program\n"
		   "map 50000-51000 rw-s rd,wr,sh\n"
		   "map 200000-400000 rw-p rd,wr,ht /anon_hugepage (deleted)\n"
		   "map 400000-401000 rw-s rd,wr,io,pf /dev/device\n"
		   "map 500000-501000 --xp ex\n"
		   "map 7ffc00000000-7ffc00002000 rw-p rd,wr\n"
		   "map 7ffc10000000-7ffc10004000 r--p rd,pf,io [vvar]\n"
		   "map 7ffc10004000-7ffc10006000 r-xp rd,ex [vdso]\n"
		   "map 7ffc20000000-7ffc20002000 rw-p rd,wr,gd [stack]\n"
		   "expect 10000 11000 code\nexpect 11000 12000 file\n"
		   "expect 20000 22000 shmem\nexpect 30000 31000 shmem\n"
		   "expect 40000 41000 code\nexpect 41000 42000 shmem\n"
		   "expect 50000 51000 shmem\nexpect 200000 400000 none\n"
		   "expect 400000 401000 none\nexpect 500000 501000 anon\n"
		   "expect 7ffc00000000 7ffc00002000 stack\n"
		   "expect 7ffc10000000 7ffc10004000 none\n"
		   "expect 7ffc10004000 7ffc10006000 code\n"
		   "expect 7ffc20000000 7ffc20002000 stack\n");
}

/* The names are those of glibc's manual (glibc.mem.decorate_maps) and Android's. */
static void test_classify__names_of_mappings(void **state)
{
	const struct {
		const char *name;
		enum memory_class expected;
	} names[] = {
		{" glibc: malloc arena", CLASS_MALLOC},
		{" glibc: malloc", CLASS_MALLOC},
		{" glibc: pthread stack: 1234", CLASS_STACK},
		{"scudo:primary", CLASS_MALLOC},
		{"stack_and_tls:77", CLASS_STACK},
		{"a name of its own", CLASS_ANON},
		{"", CLASS_ANON},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct mapping mapping = {
			.start = PAGE, .end = 3 * PAGE, .readable = true, .writable = true};
		struct address_space space = {
			.mappings = &mapping, .mapping_count = 1, .page_bytes = PAGE};
		struct regions regions = {0};

		snprintf(mapping.name, sizeof(mapping.name), "%s", names[i].name);
		classify(&space, &regions);
		assert_int_equal(regions.count, 1);
		assert_int_equal(regions.items[0].class, names[i].expected);
		regions__release(&regions);
	}
}

static void test_classify__nothing_mapped(void **state)
{
	struct test_case *test = new_case();

	(void)state;
	check_case(test);
	assert_int_equal(test->regions.count, 0);
	add_line(test, "thread 7f1000000000 7f1000001000"); /* one that is about to end */
	add_line(test, "space 1000 3000 0 0");
	check_case(test);
	assert_int_equal(test->regions.count, 0);
	free_case(test);
}

/* ---- any mappings at all ---- */

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static bool one_in(uint64_t *seed, uint64_t count)
{
	return next_random(seed) % count == 0;
}

static uint64_t add_random_mapping(struct test_case *test, uint64_t *seed, uint64_t at)
{
	uint64_t unit = one_in(seed, 3) ? 64 * MIB : PAGE;
	struct mapping mapping = {
		.start = one_in(seed, 3) ? at : (at / unit + 1 + next_random(seed) % 4) * unit,
		.readable = !one_in(seed, 4),
		.shared = one_in(seed, 9),
		.grows_down = one_in(seed, 30),
		.hugetlb = one_in(seed, 30),
		.has_file = one_in(seed, 4),
	};

	mapping.writable = mapping.readable && !one_in(seed, 4);
	mapping.end = mapping.start + (1 + next_random(seed) % 40) * unit;
	add_mapping(test, &mapping);
	return mapping.end;
}

static uint64_t random_address(const struct test_case *test, uint64_t *seed)
{
	const struct mapping *mapping =
		&test->mappings[next_random(seed) % test->space.mapping_count];

	return mapping->start + next_random(seed) % (mapping->end - mapping->start + 2 * PAGE);
}

/* Any page may be a chunk, an arena or nothing. */
static void read_random_words(void *context, const uint64_t *addresses, size_t count,
			      struct page_words *words)
{
	uint64_t *seed = context;

	for (size_t i = 0; i < count; i++) {
		words[i] = (struct page_words){.known = !one_in(seed, 4)};
		if (words[i].known && one_in(seed, 8))
			words[i].second = (next_random(seed) % 64) * PAGE + 2;
		else if (words[i].known && one_in(seed, 2))
			words[i].first = addresses[i] + 48 * (next_random(seed) & 1);
	}
}

static void test_classify__any_mappings_are_covered(void **state)
{
	uint64_t seed = 20260131;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct test_case *test = new_case();
		uint64_t at = 16 * PAGE, count = 1 + next_random(&seed) % 40;

		for (uint64_t i = 0; i < count; i++)
			at = add_random_mapping(test, &seed, at);
		for (uint64_t i = next_random(&seed) % 20; i > 0; i--)
			add_thread(test, random_address(test, &seed), random_address(test, &seed));
		test->space.start_brk = random_address(test, &seed);
		test->space.brk = random_address(test, &seed);
		test->space.start_stack = random_address(test, &seed);
		test->space.read_pages = read_random_words;
		test->space.read_context = &seed;
		check_case(test);
		free_case(test);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classify__recorded_arenas),
		cmocka_unit_test(test_classify__recorded_brk_heap),
		cmocka_unit_test(test_classify__recorded_brk_heap_no_pie),
		cmocka_unit_test(test_classify__recorded_brk_heap_static),
		cmocka_unit_test(test_classify__recorded_file_mapping),
		cmocka_unit_test(test_classify__recorded_huge_pages),
		cmocka_unit_test(test_classify__recorded_map_shared),
		cmocka_unit_test(test_classify__recorded_memfd),
		cmocka_unit_test(test_classify__recorded_mmap_chunks),
		cmocka_unit_test(test_classify__recorded_mmap_chunks_guarded),
		cmocka_unit_test(test_classify__recorded_threads100),
		cmocka_unit_test(test_classify__heap_merged_with_bss),
		cmocka_unit_test(test_classify__no_heap_claims_nothing),
		cmocka_unit_test(test_classify__full_arena_between_two),
		cmocka_unit_test(test_classify__full_arena_alone),
		cmocka_unit_test(test_classify__arena_merged_with_what_lies_around),
		cmocka_unit_test(test_classify__arena_whose_pages_are_not_resident),
		cmocka_unit_test(test_classify__heap_of_go_is_no_arena),
		cmocka_unit_test(test_classify__cage_is_no_arena),
		cmocka_unit_test(test_classify__block_that_is_not_aligned_is_no_arena),
		cmocka_unit_test(test_classify__chunks_merged_in_both_orders),
		cmocka_unit_test(test_classify__what_only_resembles_a_chunk),
		cmocka_unit_test(test_classify__without_a_reader_no_chunks),
		cmocka_unit_test(test_classify__many_chunks_in_one_mapping),
		cmocka_unit_test(test_classify__large_heap_leaves_the_budget),
		cmocka_unit_test(test_classify__budget_of_pages_is_kept),
		cmocka_unit_test(test_classify__stack_with_guard),
		cmocka_unit_test(test_classify__stack_with_neighbours_merged_above),
		cmocka_unit_test(test_classify__stacks_in_one_mapping),
		cmocka_unit_test(test_classify__stack_far_above_another_in_a_large_mapping),
		cmocka_unit_test(test_classify__stack_pointer_in_the_heap_of_go),
		cmocka_unit_test(test_classify__thread_on_an_alternate_stack),
		cmocka_unit_test(test_classify__stack_in_memory_from_malloc),
		cmocka_unit_test(test_classify__mappings_of_one_class),
		cmocka_unit_test(test_classify__names_of_mappings),
		cmocka_unit_test(test_classify__nothing_mapped),
		cmocka_unit_test(test_classify__any_mappings_are_covered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
