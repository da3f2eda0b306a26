/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CLASSIFY_CASE_H
#define CLASSIFY_CASE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "model/classify.h"

/*
 * A case is text: see tests/data/classify/record.py, which writes such files from
 * programs that know what their addresses are. The cases below that no program of ours
 * can show are written by hand in the same form.
 */

#define PAGE UINT64_C(4096)

struct word_run {
	uint64_t start, count;
	struct page_words words;
};

struct expectation {
	uint64_t start, end;
	enum memory_class class;
};

struct test_case {
	struct address_space space;
	struct mapping *mappings;
	size_t mapping_capacity;
	size_t thread_capacity;
	struct word_run *runs;
	size_t run_count, run_capacity;
	struct expectation *expected;
	size_t expected_count, expected_capacity;
	uint64_t pages_read;
	struct regions regions;
};

struct test_case *new_case(void);
void free_case(struct test_case *test);

/* Closes the file. */
struct test_case *read_case(FILE *file);
void add_line(struct test_case *test, const char *line);
void add_mapping(struct test_case *test, const struct mapping *mapping);
void add_thread(struct test_case *test, uint64_t stack_pointer, uint64_t thread_pointer);

/* Classifies; fails when a mapping is not covered once and in order, or a range is of
 * another class than expected. */
void check_case(struct test_case *test);

#endif
