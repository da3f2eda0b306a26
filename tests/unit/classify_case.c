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

static const char *const class_names[MEMORY_CLASS_COUNT] = {
	[CLASS_V8_HEAP] = "v8_heap",
	[CLASS_V8_CODE] = "v8_code",
	[CLASS_ARRAY_BUFFERS] = "array_buffers",
	[CLASS_MALLOC] = "malloc",
	[CLASS_STACK] = "stack",
	[CLASS_CODE] = "code",
	[CLASS_FILE] = "file",
	[CLASS_SHMEM] = "shmem",
	[CLASS_ANON] = "anon",
	[CLASS_NOT_IN_RSS] = "none",
};

static void read_words(void *context, const uint64_t *addresses, size_t count,
		       struct page_words *words)
{
	struct test_case *test = context;

	test->pages_read += count;
	for (size_t i = 0; i < count; i++) {
		words[i] = (struct page_words){0};
		for (size_t j = 0; j < test->run_count; j++) {
			const struct word_run *run = &test->runs[j];

			if (addresses[i] < run->start ||
			    addresses[i] >= run->start + run->count * PAGE)
				continue;
			words[i] = run->words;
			words[i].known = true;
			/* Recorded is how a page begins; what lies inside is a control
			 * block's own address, as the C library has it. */
			if (addresses[i] % PAGE)
				words[i].first = addresses[i];
		}
	}
}

/* ---- reading a case ---- */

static bool has_flag(const char *flags, const char *flag)
{
	const char *found = strstr(flags, flag);

	return found && (found == flags || found[-1] == ',') &&
	       (found[2] == ',' || found[2] == '\0');
}

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

void add_mapping(struct test_case *test, const struct mapping *mapping)
{
	ARRAY_GROW(test->mappings, test->space.mapping_count, test->mapping_capacity);
	test->mappings[test->space.mapping_count++] = *mapping;
}

static void read_mapping(struct test_case *test, const char *line)
{
	struct mapping mapping = {0};
	char permissions[5], flags[128], name[256] = "";
	int fields;

	fields = sscanf(line, "map %" SCNx64 "-%" SCNx64 " %4s %127s %255[^\n]", &mapping.start,
			&mapping.end, permissions, flags, name);
	assert_true(fields >= 4);
	mapping.readable = permissions[0] == 'r';
	mapping.writable = permissions[1] == 'w';
	mapping.executable = permissions[2] == 'x';
	mapping.shared = permissions[3] == 's';
	mapping.grows_down = has_flag(flags, "gd");
	mapping.hugetlb = has_flag(flags, "ht");
	mapping.device = has_flag(flags, "pf") || has_flag(flags, "io");
	mapping.has_file = name[0] == '/';
	mapping.shmem = begins_with(name, "/memfd:") || begins_with(name, "/dev/zero") ||
			begins_with(name, "/SYSV") || begins_with(name, "/dev/shm/");
	mapping.unlinked = strstr(name, " (deleted)") != NULL;
	if (begins_with(name, "[anon:"))
		snprintf(mapping.name, sizeof(mapping.name), "%.*s", (int)strcspn(name + 6, "]"),
			 name + 6);
	add_mapping(test, &mapping);
}

void add_thread(struct test_case *test, uint64_t stack_pointer, uint64_t thread_pointer)
{
	ARRAY_GROW(test->space.threads, test->space.thread_count, test->thread_capacity);
	test->space.threads[test->space.thread_count++] =
		(struct thread_registers){stack_pointer, thread_pointer};
}

static void read_thread(struct test_case *test, const char *line)
{
	uint64_t stack_pointer, thread_pointer;

	assert_int_equal(
		sscanf(line, "thread %" SCNx64 " %" SCNx64, &stack_pointer, &thread_pointer), 2);
	add_thread(test, stack_pointer, thread_pointer);
}

static void add_words(struct test_case *test, const char *line)
{
	struct word_run run = {0};

	assert_int_equal(sscanf(line, "words %" SCNx64 " %" SCNu64 " %" SCNx64 " %" SCNx64,
				&run.start, &run.count, &run.words.first, &run.words.second),
			 4);
	ARRAY_GROW(test->runs, test->run_count, test->run_capacity);
	test->runs[test->run_count++] = run;
}

static void add_expectation(struct test_case *test, const char *line)
{
	struct expectation expected = {0};
	char name[32];

	assert_int_equal(sscanf(line, "expect %" SCNx64 " %" SCNx64 " %31s", &expected.start,
				&expected.end, name),
			 3);
	while (strcmp(class_names[expected.class], name)) {
		expected.class ++;
		assert_true(expected.class < MEMORY_CLASS_COUNT);
	}
	ARRAY_GROW(test->expected, test->expected_count, test->expected_capacity);
	test->expected[test->expected_count++] = expected;
}

void add_line(struct test_case *test, const char *line)
{
	if (begins_with(line, "map "))
		read_mapping(test, line);
	else if (begins_with(line, "thread "))
		read_thread(test, line);
	else if (begins_with(line, "words "))
		add_words(test, line);
	else if (begins_with(line, "expect "))
		add_expectation(test, line);
	else if (begins_with(line, "space "))
		assert_int_equal(sscanf(line, "space %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64,
					&test->space.start_brk, &test->space.brk,
					&test->space.start_stack, &test->space.vdso),
				 4);
	else
		assert_true(line[0] == '#' || line[0] == '\n');
}

struct test_case *new_case(void)
{
	struct test_case *test = xcalloc(1, sizeof(*test));

	test->space.page_bytes = PAGE;
	test->space.control_block_has_address = true;
	test->space.read_pages = read_words;
	test->space.read_context = test;
	return test;
}

void free_case(struct test_case *test)
{
	regions__release(&test->regions);
	free(test->mappings);
	free(test->space.threads);
	free(test->runs);
	free(test->expected);
	free(test);
}

struct test_case *read_case(FILE *file)
{
	struct test_case *test = new_case();
	char line[512];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		add_line(test, line);
	fclose(file);
	return test;
}

/* ---- what must hold ---- */

/* Each mapping is covered once, in order, by regions that name it. */
static void check_cover(const struct test_case *test)
{
	size_t next = 0;

	for (size_t i = 0; i < test->space.mapping_count; i++) {
		uint64_t at = test->mappings[i].start;

		while (at < test->mappings[i].end) {
			const struct region *region;

			assert_true(next < test->regions.count);
			region = &test->regions.items[next++];
			assert_int_equal(region->start, at);
			assert_int_equal(region->mapping, i);
			assert_true(region->end > region->start);
			at = region->end;
		}
		assert_int_equal(at, test->mappings[i].end);
	}
	assert_int_equal(next, test->regions.count);
}

static void check_expectation(const struct test_case *test, const struct expectation *expected)
{
	uint64_t covered = 0;

	for (size_t i = 0; i < test->regions.count; i++) {
		const struct region *region = &test->regions.items[i];
		uint64_t start = region->start > expected->start ? region->start : expected->start;
		uint64_t end = region->end < expected->end ? region->end : expected->end;

		if (start >= end)
			continue;
		if (region->class != expected->class)
			fail_msg("%" PRIx64 "-%" PRIx64 " is %s, expected %s", start, end,
				 class_names[region->class], class_names[expected->class]);
		covered += end - start;
	}
	assert_int_equal(covered, expected->end - expected->start);
}

void check_case(struct test_case *test)
{
	test->space.mappings = test->mappings;
	classify(&test->space, &test->regions);
	check_cover(test);
	for (size_t i = 0; i < test->expected_count; i++)
		check_expectation(test, &test->expected[i]);
}
