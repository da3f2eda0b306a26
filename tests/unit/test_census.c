/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "collect/census.h"

#define SECOND	  INT64_C(1000000000)
#define START	  (1769860800 * SECOND)
#define BOOT	  (START - 1000 * SECOND)
#define MONOTONIC (START - 900 * SECOND)
#define LOOK	  7

static const struct programs_missing nothing_missing;

static const struct process_key key = {.pid = 42, .start_ns = 5000};

struct fixture {
	struct account account;
	struct census_clock clock;
	struct process_record record;
	struct exit_record end;
	int64_t page;
};

static int make_fixture(void **state)
{
	struct fixture *self = xcalloc(1, sizeof(*self));

	account__init(&self->account);
	self->page = sysconf(_SC_PAGESIZE);
	self->clock = (struct census_clock){
		.boot_to_unix_ns = BOOT,
		.monotonic_to_unix_ns = MONOTONIC,
		.now_unix_ns = START,
		.previous_unix_ns = START - SECOND,
		.ended_look = LOOK,
	};
	self->record = (struct process_record){
		.pid = key.pid,
		.start_ns = key.start_ns,
		.stack_limit_bytes = UINT64_MAX,
		.address_space_limit_bytes = UINT64_MAX,
		.counted = 1,
	};
	self->end = (struct exit_record){.pid = key.pid, .start_ns = key.start_ns, .counted = 1};
	*state = self;
	return 0;
}

static int free_fixture(void **state)
{
	struct fixture *self = *state;

	account__release(&self->account);
	free(self);
	return 0;
}

/* One look that sees the process as the record says. */
static struct process *look(struct fixture *self, const struct programs_missing *missing)
{
	struct process *process;

	account__begin_look(&self->account, self->clock.now_unix_ns);
	process = account__process(&self->account, key);
	census__fill(process, &self->record, missing, &self->clock);
	return process;
}

static void end_look(struct fixture *self)
{
	account__end_look(&self->account);
	self->clock.previous_unix_ns = self->clock.now_unix_ns;
	self->clock.now_unix_ns += SECOND;
	self->clock.ended_look++;
}

static struct process *take_exit(struct fixture *self)
{
	struct process *process;

	account__begin_look(&self->account, self->clock.now_unix_ns);
	process = account__exited(&self->account, key);
	assert_non_null(process);
	census__fill_exit(process, &self->end, &nothing_missing, &self->clock);
	return process;
}

static void set_rss(struct fixture *self, int64_t file, int64_t anon, int64_t shmem)
{
	self->record.rss_pages[RSS_FILE] = file;
	self->record.rss_pages[RSS_ANON] = anon;
	self->record.rss_pages[RSS_SHMEM] = shmem;
}

static void see_peak(struct process_counters *counters, uint64_t look, int64_t pages,
		     uint64_t time_ns)
{
	counters->peaks[look & 1] =
		(struct rss_peak){.look = look, .pages = pages, .time_ns = time_ns};
}

static void expect_peak(const struct fixture *self, const struct process *process, int64_t pages,
			int64_t time)
{
	assert_int_equal(process->figures[FIG_RSS_PEAK], pages * self->page);
	assert_int_equal(process->figures[FIG_RSS_PEAK_TIME], time);
}

static bool has_note(const struct process *process, const char *begin)
{
	for (size_t i = 0; i < process->note_count; i++)
		if (strncmp(process->notes[i], begin, strlen(begin)) == 0)
			return true;
	return false;
}

/* ---- sums, units ---- */

static void test_census__rss_is_the_sum_of_its_kinds(void **state)
{
	struct fixture *self = *state;
	struct process *process;

	set_rss(self, 3, 20, 100);
	self->record.rss_pages[RSS_SWAP] = 5000;
	process = look(self, &nothing_missing);
	assert_int_equal(process->figures[FIG_RSS_FILE], 3 * self->page);
	assert_int_equal(process->figures[FIG_RSS_ANON], 20 * self->page);
	assert_int_equal(process->figures[FIG_RSS_SHMEM], 100 * self->page);
	assert_int_equal(process->figures[FIG_SWAP], 5000 * self->page);
	assert_int_equal(process->figures[FIG_RSS], 123 * self->page);
}

static void test_census__identity_and_address_space(void **state)
{
	struct fixture *self = *state;
	struct process_record *record = &self->record;
	struct process *process;

	record->image = 3;
	record->parent_pid = 1;
	record->namespace_pid = 2;
	record->uid = 1000;
	record->threads = 4;
	record->total_vm_pages = 1000;
	record->data_vm_pages = 200;
	record->stack_vm_pages = 30;
	record->exec_vm_pages = 4;
	record->page_table_bytes = 12345;
	record->hugetlb_pages = 512;
	record->minor_faults = 77;
	record->major_faults = 5;
	memcpy(record->comm, "sixteen bytes \x1b[", sizeof(record->comm)); /* no NUL */
	process = look(self, &nothing_missing);
	assert_int_equal(process->image, 3);
	assert_int_equal(process->parent_pid, 1);
	assert_int_equal(process->namespace_pid, 2);
	assert_int_equal(process->uid, 1000);
	assert_int_equal(process->start_time_unix_ns, BOOT + 5000);
	assert_string_equal(process->comm, "sixteen bytes \xef\xbf\xbd[");
	assert_int_equal(process->figures[FIG_THREADS], 4);
	assert_int_equal(process->figures[FIG_VSIZE], 1000 * self->page);
	assert_int_equal(process->figures[FIG_VSIZE_DATA], 200 * self->page);
	assert_int_equal(process->figures[FIG_VSIZE_STACK], 30 * self->page);
	assert_int_equal(process->figures[FIG_VSIZE_EXEC], 4 * self->page);
	assert_int_equal(process->figures[FIG_PAGE_TABLES], 12345);
	assert_int_equal(process->figures[FIG_HUGETLB], 512 * self->page);
	assert_int_equal(process->figures[FIG_FAULTS_MINOR], 77);
	assert_int_equal(process->figures[FIG_FAULTS_MAJOR], 5);
	assert_int_equal(process->figures[FIG_PSS], FIGURE_UNKNOWN);
	assert_int_equal(process->figures[FIG_CLASS_MALLOC], FIGURE_UNKNOWN);
}

static void test_census__limits(void **state)
{
	struct fixture *self = *state;
	struct process *process = look(self, &nothing_missing);

	assert_int_equal(process->figures[FIG_LIMIT_STACK], FIGURE_UNKNOWN);
	assert_int_equal(process->figures[FIG_LIMIT_ADDRESS_SPACE], FIGURE_UNKNOWN);
	end_look(self);
	self->record.stack_limit_bytes = 8 << 20;
	self->record.address_space_limit_bytes = 0;
	process = look(self, &nothing_missing);
	assert_int_equal(process->figures[FIG_LIMIT_STACK], 8 << 20);
	assert_int_equal(process->figures[FIG_LIMIT_ADDRESS_SPACE], 0);
	end_look(self);
	self->record.stack_limit_bytes = UINT64_MAX - 1; /* no number of bytes there can be */
	process = look(self, &nothing_missing);
	assert_int_equal(process->figures[FIG_LIMIT_STACK], FIGURE_UNKNOWN);
}

static void test_census__threads_add_what_they_hold(void **state)
{
	struct fixture *self = *state;
	const struct thread_record thread = {
		.minor_faults = 10,
		.major_faults = 1,
		.held_rss_pages =
			{[RSS_FILE] = 1, [RSS_ANON] = 20, [RSS_SWAP] = 3, [RSS_SHMEM] = -2},
	};
	struct process *process;

	set_rss(self, 10, 100, 10);
	self->record.minor_faults = 5;
	process = look(self, &nothing_missing);
	census__add_thread(process, &thread);
	assert_int_equal(process->figures[FIG_RSS_FILE], 11 * self->page);
	assert_int_equal(process->figures[FIG_RSS_ANON], 120 * self->page);
	assert_int_equal(process->figures[FIG_RSS_SHMEM], 8 * self->page);
	assert_int_equal(process->figures[FIG_SWAP], 3 * self->page);
	assert_int_equal(process->figures[FIG_RSS], 139 * self->page);
	assert_int_equal(process->figures[FIG_FAULTS_MINOR], 15);
	assert_int_equal(process->figures[FIG_FAULTS_MAJOR], 1);
	/* Neither peak can be below what there is; when it was that high before the first
	 * look is not known. */
	expect_peak(self, process, 139, FIGURE_UNKNOWN);
	assert_int_equal(process->figures[FIG_RSS_HIGH_WATER], 139 * self->page);
}

static void test_census__rss_read_anew_raises_peaks(void **state)
{
	struct fixture *self = *state;
	const int64_t held[RSS_KIND_COUNT] = {[RSS_FILE] = -20, [RSS_ANON] = 2};
	struct process *process;

	set_rss(self, 10, 100, 0);
	process = look(self, &nothing_missing);
	set_rss(self, 10, 140, 0);
	census__set_rss(process, &self->record, held);
	assert_int_equal(process->figures[FIG_RSS_FILE], 0); /* never below */
	assert_int_equal(process->figures[FIG_RSS], 142 * self->page);
	census__raise_peak(process, START + 5);
	expect_peak(self, process, 142, START + 5);
	assert_int_equal(process->figures[FIG_RSS_HIGH_WATER], 142 * self->page);
	census__set_rss(process, &self->record, (int64_t[RSS_KIND_COUNT]){0, -50, 0, 0});
	census__raise_peak(process, START + 6);
	expect_peak(self, process, 142, START + 5);
	assert_int_equal(process->figures[FIG_RSS_HIGH_WATER], 142 * self->page);
}

/* ---- counters ---- */

static void fill_counters(struct process_counters *counters)
{
	for (uint64_t i = 0; i < FAULT_CAUSE_COUNT; i++)
		counters->faults[i] = 1 + i;
	for (uint64_t i = 0; i < MAP_CALL_COUNT; i++)
		counters->map_calls[i] =
			(struct map_call_counters){10 * i, 10 * i + 1, 10 * i + 2, 10 * i + 3};
	counters->forks = 100;
	counters->threads_started = 101;
	counters->execs = 102;
}

static void test_census__counters(void **state)
{
	static const struct {
		int figure;
		figure_value value;
	} expected[] = {
		{FIG_FAULTS_READ, 1},	       {FIG_FAULTS_WRITE, 2},
		{FIG_FAULTS_PROTECTION, 3},    {FIG_FAULTS_INSTRUCTION, 4},
		{FIG_FAULTS_USER, 15},	       {FIG_MMAP_CALLS, 0},
		{FIG_MMAP_FAILURES, 1},	       {FIG_MMAP_BYTES, 2},
		{FIG_MUNMAP_CALLS, 10},	       {FIG_MUNMAP_FAILURES, 11},
		{FIG_MUNMAP_BYTES, 13},	       {FIG_MREMAP_CALLS, 20},
		{FIG_MREMAP_FAILURES, 21},     {FIG_MREMAP_GROWN_BYTES, 22},
		{FIG_MREMAP_SHRUNK_BYTES, 23}, {FIG_BRK_CALLS, 30},
		{FIG_BRK_FAILURES, 31},	       {FIG_BRK_BYTES, 32},
		{FIG_BRK_SHRUNK_BYTES, 33},    {FIG_MADVISE_CALLS, 40},
		{FIG_MADVISE_FAILURES, 41},    {FIG_MADVISE_BYTES, 42},
		{FIG_MADVISE_FREED_BYTES, 43}, {FIG_FORKS, 100},
		{FIG_THREADS_STARTED, 101},    {FIG_EXECS, 102},
	};
	struct fixture *self = *state;
	struct process *process;

	fill_counters(&self->record.counters);
	process = look(self, &nothing_missing);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_int_equal(process->figures[expected[i].figure], expected[i].value);
	assert_int_equal(process->note_count, 0);
}

static void test_census__what_nothing_counted_is_zero(void **state)
{
	struct fixture *self = *state;
	struct process *process;

	fill_counters(&self->record.counters); /* what is not there */
	self->record.counted = 0;
	process = look(self, &nothing_missing);
	assert_int_equal(process->figures[FIG_FAULTS_USER], 0);
	assert_int_equal(process->figures[FIG_FAULTS_READ], 0);
	assert_int_equal(process->figures[FIG_MMAP_BYTES], 0);
	assert_int_equal(process->figures[FIG_EXECS], 0);
}

static void test_census__what_cannot_be_counted_is_unknown(void **state)
{
	struct fixture *self = *state;
	const struct programs_missing missing = {.faults = true, .map_calls = true};
	const struct programs_missing causes = {.fault_causes = true};
	const struct programs_missing parts = {.cpu_parts = true};
	struct process *process;

	fill_counters(&self->record.counters);
	process = look(self, &missing);
	assert_int_equal(process->figures[FIG_FAULTS_USER], FIGURE_UNKNOWN);
	assert_int_equal(process->figures[FIG_FAULTS_READ], FIGURE_UNKNOWN);
	assert_int_equal(process->figures[FIG_MMAP_CALLS], FIGURE_UNKNOWN);
	assert_int_equal(process->figures[FIG_FORKS], 100);
	assert_true(has_note(process, "mapped:"));
	end_look(self);
	process = look(self, &causes);
	assert_int_equal(process->figures[FIG_FAULTS_USER], 15);
	assert_int_equal(process->figures[FIG_FAULTS_READ], FIGURE_UNKNOWN);
	assert_int_equal(process->figures[FIG_MMAP_CALLS], 0);
	assert_true(has_note(process, "faults:"));
	end_look(self);
	process = look(self, &parts);
	assert_true(has_note(process, "rss:"));
}

static void test_census__a_single_look_counts_no_events(void **state)
{
	struct fixture *self = *state;
	const struct programs_missing missing = {.events = true};
	struct process *process;

	self->record.minor_faults = 7;
	process = look(self, &missing);
	assert_int_equal(process->figures[FIG_FAULTS_USER], FIGURE_UNKNOWN);
	assert_int_equal(process->figures[FIG_MMAP_CALLS], FIGURE_UNKNOWN);
	assert_int_equal(process->figures[FIG_FORKS], FIGURE_UNKNOWN);
	assert_int_equal(process->figures[FIG_FAULTS_MINOR], 7);
	assert_int_equal(process->note_count, 1);
	assert_true(has_note(process, "faults by cause, mapped, lifecycle:"));
}

/* ---- peaks ---- */

static void test_census__peak_of_the_first_look(void **state)
{
	struct fixture *self = *state;
	struct process *process;

	set_rss(self, 0, 100, 0);
	self->record.high_water_rss_pages = 300;
	process = look(self, &nothing_missing);
	expect_peak(self, process, 300, FIGURE_UNKNOWN);
	assert_int_equal(process->figures[FIG_RSS_HIGH_WATER], 300 * self->page);
}

/* The kernel updates its mark late: it can lie below the RSS of now. */
static void test_census__high_water_is_not_below_rss(void **state)
{
	struct fixture *self = *state;
	struct process *process;

	set_rss(self, 0, 100, 0);
	self->record.high_water_rss_pages = 60;
	process = look(self, &nothing_missing);
	assert_int_equal(process->figures[FIG_RSS_HIGH_WATER], 100 * self->page);
	assert_int_equal(process->figures[FIG_RSS_PEAK], 100 * self->page);
}

static void test_census__peak_between_looks(void **state)
{
	struct fixture *self = *state;
	struct process *process;

	set_rss(self, 0, 100, 0);
	look(self, &nothing_missing);
	end_look(self);
	see_peak(&self->record.counters, self->clock.ended_look, 250, 901 * SECOND);
	see_peak(&self->record.counters, self->clock.ended_look - 1, 900, 900 * SECOND);
	process = look(self, &nothing_missing);
	expect_peak(self, process, 250, MONOTONIC + 901 * SECOND);
	end_look(self);
	/* The place of the peak of two looks ago: it is not of this one. */
	process = look(self, &nothing_missing);
	expect_peak(self, process, 100, self->clock.now_unix_ns);
}

static void test_census__peak_of_a_falling_process_is_where_it_came_from(void **state)
{
	struct fixture *self = *state;
	struct process *process;

	set_rss(self, 0, 100, 0);
	look(self, &nothing_missing);
	end_look(self);
	set_rss(self, 0, 40, 0);
	self->record.high_water_rss_pages = 100;
	see_peak(&self->record.counters, self->clock.ended_look, 70, 901 * SECOND);
	process = look(self, &nothing_missing);
	expect_peak(self, process, 100, self->clock.previous_unix_ns);
	end_look(self);
	process = look(self, &nothing_missing); /* the mark of 100 is old by now */
	expect_peak(self, process, 40, self->clock.now_unix_ns);
}

static void test_census__peak_by_a_high_water_mark_that_rose(void **state)
{
	struct fixture *self = *state;
	struct process *process;

	set_rss(self, 0, 100, 0);
	self->record.high_water_rss_pages = 100;
	look(self, &nothing_missing);
	end_look(self);
	self->record.high_water_rss_pages = 180; /* BPF saw nothing of it */
	process = look(self, &nothing_missing);
	expect_peak(self, process, 180, FIGURE_UNKNOWN);
	end_look(self);
	self->record.high_water_rss_pages = 260; /* and here all but the last batch */
	see_peak(&self->record.counters, self->clock.ended_look, 240, 902 * SECOND);
	process = look(self, &nothing_missing);
	expect_peak(self, process, 260, MONOTONIC + 902 * SECOND);
}

/* ---- processes that ended ---- */

static void test_census__exit_that_was_never_seen_alive(void **state)
{
	struct fixture *self = *state;
	struct process *process;

	self->end.exit_ns = 9000;
	self->end.exit_code = 256;
	self->end.peak_rss_pages = 50;
	self->end.minor_faults = 3;
	self->end.counters.execs = 1;
	memcpy(self->end.comm, "short", 6);
	process = take_exit(self);
	assert_string_equal(process->comm, "short");
	assert_int_equal(process->start_time_unix_ns, BOOT + 5000);
	assert_int_equal(process->exit_time_unix_ns, BOOT + 9000);
	assert_int_equal(process->exit_status, 256);
	assert_int_equal(process->figures[FIG_RSS], FIGURE_UNKNOWN);
	assert_int_equal(process->figures[FIG_FAULTS_MINOR], 3);
	assert_int_equal(process->figures[FIG_EXECS], 1);
	expect_peak(self, process, 50, FIGURE_UNKNOWN);
	assert_int_equal(process->figures[FIG_RSS_HIGH_WATER], 50 * self->page);
}

static void test_census__exit_never_seen_alive_with_a_peak(void **state)
{
	struct fixture *self = *state;

	self->end.peak_rss_pages = 50;
	see_peak(&self->end.counters, LOOK, 48, 901 * SECOND);
	see_peak(&self->end.counters, LOOK + 1, 20, 902 * SECOND); /* after this look began */
	expect_peak(self, take_exit(self), 50, MONOTONIC + 901 * SECOND);
}

static void test_census__exit_keeps_the_last_rss(void **state)
{
	struct fixture *self = *state;
	struct process *process;

	set_rss(self, 0, 100, 0);
	self->record.high_water_rss_pages = 300;
	look(self, &nothing_missing);
	end_look(self);
	self->end.peak_rss_pages = 300; /* from before that look */
	process = take_exit(self);
	assert_int_equal(process->figures[FIG_RSS], 100 * self->page);
	expect_peak(self, process, 100, FIGURE_UNKNOWN);
	assert_int_equal(process->figures[FIG_RSS_HIGH_WATER], 300 * self->page);
}

static void test_census__exit_after_a_peak(void **state)
{
	struct fixture *self = *state;

	set_rss(self, 0, 100, 0);
	look(self, &nothing_missing);
	end_look(self);
	self->end.peak_rss_pages = 260;
	see_peak(&self->end.counters, self->clock.ended_look, 120, 901 * SECOND);
	see_peak(&self->end.counters, self->clock.ended_look + 1, 250, 902 * SECOND);
	expect_peak(self, take_exit(self), 260, MONOTONIC + 902 * SECOND);
}

static void test_census__exit_with_a_peak_of_an_older_look(void **state)
{
	struct fixture *self = *state;

	set_rss(self, 0, 100, 0);
	look(self, &nothing_missing);
	end_look(self);
	self->end.peak_rss_pages = 90;
	see_peak(&self->end.counters, self->clock.ended_look - 1, 400, 890 * SECOND);
	expect_peak(self, take_exit(self), 100, FIGURE_UNKNOWN);
}

#define CENSUS(test) cmocka_unit_test_setup_teardown(test, make_fixture, free_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CENSUS(test_census__rss_is_the_sum_of_its_kinds),
		CENSUS(test_census__identity_and_address_space),
		CENSUS(test_census__limits),
		CENSUS(test_census__threads_add_what_they_hold),
		CENSUS(test_census__rss_read_anew_raises_peaks),
		CENSUS(test_census__counters),
		CENSUS(test_census__what_nothing_counted_is_zero),
		CENSUS(test_census__what_cannot_be_counted_is_unknown),
		CENSUS(test_census__a_single_look_counts_no_events),
		CENSUS(test_census__peak_of_the_first_look),
		CENSUS(test_census__high_water_is_not_below_rss),
		CENSUS(test_census__peak_between_looks),
		CENSUS(test_census__peak_of_a_falling_process_is_where_it_came_from),
		CENSUS(test_census__peak_by_a_high_water_mark_that_rose),
		CENSUS(test_census__exit_that_was_never_seen_alive),
		CENSUS(test_census__exit_never_seen_alive_with_a_peak),
		CENSUS(test_census__exit_keeps_the_last_rss),
		CENSUS(test_census__exit_after_a_peak),
		CENSUS(test_census__exit_with_a_peak_of_an_older_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
