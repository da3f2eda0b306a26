/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>

#include <cmocka.h>

#include "twin/page_delivery.h"
#include "twin/twin.h"
#include "unit/twin_subject.h"

/*
 * Functions of this program, run in a twin of a child of it, on the child's data. They call
 * nothing, and sanitizers leave them alone: what those put in would look at memory of the
 * child that is not part of the test.
 */
#define IN_TWIN	    __attribute__((noinline, no_sanitize("address", "undefined")))
#define VALUE_COUNT 3000
#define DEADLINE_NS INT64_C(5000000000)

/* On pages of their own: what else changes in this program is no part of the test. */
struct data {
	uint64_t values[VALUE_COUNT];
	char text[64];
};

static struct data *data;
static char *many_pages;
static size_t page_bytes;
static struct twin_subject subject;
static struct twin *twin;
static const struct twin_limits limits = {.pages = 500, .deadline_ns = DEADLINE_NS};

static void fill(uint64_t factor)
{
	for (uint64_t i = 0; i < VALUE_COUNT; i++)
		data->values[i] = i * factor;
}

/* --- run in the twin --- */

IN_TWIN static uint64_t sum(const struct data *from)
{
	uint64_t result = 0;

	for (int i = 0; i < VALUE_COUNT; i++)
		result += ((const volatile uint64_t *)from->values)[i];
	return result;
}

IN_TWIN static uint64_t change(struct data *in, uint64_t value)
{
	uint64_t before = in->values[7];

	((volatile uint64_t *)in->values)[7] = value;
	return before;
}

IN_TWIN static uint64_t write_to(volatile uint64_t *address, uint64_t a, uint64_t b, uint64_t c,
				 uint64_t d, uint64_t e)
{
	*address = a + 10 * b + 100 * c + 1000 * d + 10000 * e;
	return 1;
}

IN_TWIN static uint64_t thread_pointer(void)
{
#ifdef __x86_64__
	uint64_t pointer;

	__asm__ volatile("mov %%fs:0, %0" : "=r"(pointer)); /* where it points to itself */
	return pointer;
#else
	return (uint64_t)(uintptr_t)__builtin_thread_pointer();
#endif
}

IN_TWIN static uint64_t call_kernel(void)
{
#ifdef __x86_64__
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(SYS_getpid) : "rcx", "r11", "memory");
	return (uint64_t)result;
#else
	register long x8 __asm__("x8") = SYS_getpid;
	register long x0 __asm__("x0");

	__asm__ volatile("svc #0" : "=r"(x0) : "r"(x8) : "memory");
	return (uint64_t)x0;
#endif
}

IN_TWIN static uint64_t loop(void)
{
	volatile uint64_t zero = 0;

	while (!zero)
		;
	return zero;
}

IN_TWIN static uint64_t trap(void)
{
	__builtin_trap();
}

IN_TWIN static uint64_t touch(const volatile char *memory, uint64_t pages, uint64_t bytes)
{
	uint64_t result = 0;

	for (uint64_t i = 0; i < pages; i++)
		result += (unsigned char)memory[i * bytes];
	return result;
}

/* --- the child --- */

/* Its own copies of the pages that the tests need, also where files cannot be opened: code
 * that never ran here is not in its memory. */
static void prepare(void)
{
	for (volatile uint64_t i = 0; i < 2; i++)
		change(data, i);
	fill(1);
	write_to(&data->values[0], 0, 0, 0, 0, 0);
	data->values[0] = sum(data) & 0;
	thread_pointer();
	call_kernel();
	touch(many_pages, 0, 1);
}

static void double_values(void)
{
	fill(2);
}

/* --- the test --- */

static uint64_t address_of(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

static void *map(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	return memory;
}

#define MANY_BYTES (1000 * page_bytes)

static int set_up(void **state)
{
	(void)state;
	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	data = map(sizeof(*data));
	many_pages = map(MANY_BYTES);
	memset(data->text, 'a', sizeof(data->text) - 1);
	twin_subject__start(&subject, prepare, double_values);
	twin = twin__new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	twin__free(twin);
	twin_subject__end(&subject);
	munmap(data, sizeof(*data));
	munmap(many_pages, MANY_BYTES);
	return 0;
}

static void begin(void)
{
	int error = twin__begin_round(twin, &subject.target, &limits);

	if (error)
		print_message("%s\n", twin__reason(twin));
	assert_int_equal(error, 0);
}

static int call(const void *function, uint64_t first, uint64_t second, uint64_t *result)
{
	struct twin_call call = {
		.function = address_of(function),
		.thread_pointer = address_of(__builtin_thread_pointer()),
		.arguments = {first, second, page_bytes},
	};
	int error = twin__call(twin, &call, 1);

	*result = call.result;
	return error;
}

static uint64_t result_of(const void *function, uint64_t first, uint64_t second)
{
	uint64_t result;
	int error = call(function, first, second, &result);

	if (error)
		print_message("%s\n", twin__reason(twin));
	assert_int_equal(error, 0);
	return result;
}

static uint64_t sum_of_values(uint64_t factor)
{
	return factor * VALUE_COUNT * (VALUE_COUNT - 1) / 2;
}

static void test_twin__answers_from_the_child(void **state)
{
	(void)state;
	fill(77); /* our own copy */
	begin();
	assert_int_equal(result_of(sum, address_of(data), 0), sum_of_values(1));
	assert_int_equal(twin__statistics(twin)->calls, 1);
	assert_true(twin__statistics(twin)->pages_fetched >= sizeof(data->values) / page_bytes);
}

static void test_twin__rounds(void **state)
{
	(void)state;
	begin();
	assert_int_equal(result_of(sum, address_of(data), 0), sum_of_values(1));
	assert_true(twin__is_current(twin));
	twin_subject__order(&subject);
	assert_false(twin__is_current(twin));
	/* the round goes on with what it has */
	assert_int_equal(result_of(sum, address_of(data), 0), sum_of_values(1));
	twin__end_round(twin, true);
	begin();
	assert_int_equal(result_of(sum, address_of(data), 0), sum_of_values(2));
	assert_int_equal(twin__statistics(twin)->faults, 0);
	assert_int_equal(twin__statistics(twin)->starts, 1);
	twin__end_round(twin, false);
	begin();
	assert_int_equal(result_of(sum, address_of(data), 0), sum_of_values(2));
	assert_int_equal(twin__statistics(twin)->starts, 2);
}

/* What one asker touched is brought up to date without a new round, what others did is not. */
static void test_twin__settles(void **state)
{
	(void)state;
	begin();
	assert_true(twin__settle(twin, DEADLINE_NS)); /* nothing to do */
	twin__set_asker(twin, 1);
	assert_int_equal(result_of(sum, address_of(data), 0), sum_of_values(1));
	twin_subject__order(&subject);
	twin__set_asker(twin, 2);
	assert_true(twin__settle(twin, DEADLINE_NS));
	assert_int_equal(result_of(sum, address_of(data), 0), sum_of_values(1));
	twin__set_asker(twin, 1);
	/* one look finds changes, and only the next one that there are no more */
	assert_false(twin__settle(twin, 0));
	assert_true(twin__settle(twin, 0));
	assert_int_equal(result_of(sum, address_of(data), 0), sum_of_values(2));
	assert_true(twin__is_current(twin));
	assert_int_equal(twin__statistics(twin)->starts, 1);
	twin_subject__kill(&subject);
	assert_false(twin__settle(twin, DEADLINE_NS));
}

/* Where we may run is as before a round, however it ended. */
static void test_twin__leaves_our_cpus(void **state)
{
	cpu_set_t before, after;
	uint64_t result;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	begin();
	result_of(sum, address_of(data), 0);
	twin__end_round(twin, true);
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
	begin();
	assert_int_not_equal(call(call_kernel, 0, 0, &result), 0);
	twin__end_round(twin, true);
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
}

static void test_twin__writes_stay_in_the_twin(void **state)
{
	uint64_t value = 0;

	(void)state;
	begin();
	assert_int_equal(result_of(change, address_of(data), 12345), 7);
	assert_int_equal(result_of(change, address_of(data), 1), 12345);
	assert_int_equal(twin__read(twin, address_of(&data->values[7]), &value, sizeof(value)), 0);
	assert_int_equal(value, 1);
	twin__end_round(twin, true);
	begin();
	assert_int_equal(result_of(change, address_of(data), 0), 7);
}

static void test_twin__arguments_and_scratch(void **state)
{
	struct twin_call call = {.function = address_of(write_to), .arguments = {0, 1, 2, 3, 4, 5}};
	uint64_t value = 99;

	(void)state;
	begin();
	call.arguments[0] = twin__scratch(twin, 800);
	twin__write_scratch(twin, 800, &value, sizeof(value));
	assert_int_equal(twin__call(twin, &call, 1), 0);
	assert_int_equal(call.result, 1);
	twin__read_scratch(twin, 800, &value, sizeof(value));
	assert_int_equal(value, 54321);
}

static void test_twin__thread_pointer(void **state)
{
	(void)state;
	begin();
	assert_int_equal(result_of(thread_pointer, 0, 0), address_of(__builtin_thread_pointer()));
}

static void test_twin__many_calls(void **state)
{
	struct twin_call calls[3 * TWIN_BATCH];

	(void)state;
	begin();
	for (uint64_t i = 0; i < 3 * TWIN_BATCH; i++)
		calls[i] = (struct twin_call){.function = address_of(change),
					      .arguments = {address_of(data), i}};
	assert_int_equal(twin__call(twin, calls, 3 * TWIN_BATCH), 0);
	assert_int_equal(calls[0].result, 7);
	for (uint64_t i = 1; i < 3 * TWIN_BATCH; i++)
		assert_int_equal(calls[i].result, i - 1);
}

static void test_twin__reads(void **state)
{
	char text[16];
	uint64_t values[2];

	(void)state;
	begin();
	assert_int_equal(twin__read_text(twin, address_of(data->text), text, sizeof(text)), 0);
	assert_string_equal(text, "aaaaaaaaaaaaaaa");
	assert_int_equal(twin__read(twin, address_of(&data->values[511]), values, sizeof(values)),
			 0);
	assert_int_equal(values[1], 512);
	assert_int_equal(twin__read(twin, page_bytes, values, sizeof(values)), -EFAULT);
	assert_int_equal(result_of(sum, address_of(data), 0), sum_of_values(1));
}

/* --- failures --- */

static void fails(const void *function, uint64_t first, uint64_t second, int error,
		  const char *reason)
{
	uint64_t result;

	begin();
	assert_int_equal(call(function, first, second, &result), error);
	if (!strstr(twin__reason(twin), reason))
		fail_msg("'%s' has no '%s'", twin__reason(twin), reason);
	/* the round is over; another one is not harmed */
	assert_int_equal(call(function, first, second, &result), -EIO);
	begin();
	assert_int_equal(result_of(sum, address_of(data), 0), sum_of_values(1));
}

static void test_twin__kernel(void **state)
{
	(void)state;
	fails(call_kernel, 0, 0, -EAGAIN, "called the kernel");
}

static void test_twin__crashes(void **state)
{
	(void)state;
	fails(touch, 0x5000, 1, -EFAULT, "may not");
	fails(touch, UINT64_C(0x4e0000000000), 1, -EFAULT, "0x4e0000000000, where the target");
	fails(trap, 0, 0, -EFAULT, "crashed");
	fails((const void *)UINT64_C(0x4e0000000000), 0, 0, -EFAULT, "where the target");
}

static void test_twin__loops(void **state)
{
	const struct twin_limits short_limits = {.pages = 500, .deadline_ns = 1000000};
	uint64_t result;

	(void)state;
	fails(loop, 0, 0, -EAGAIN, "in circles");
	begin();
	twin__end_round(twin, true);
	assert_int_equal(twin__begin_round(twin, &subject.target, &short_limits), 0);
	assert_int_equal(call(loop, 0, 0, &result), -ETIME);
	assert_string_equal(twin__reason(twin), "it took longer than 1 ms");
}

static void test_twin__page_budget(void **state)
{
	(void)state;
	fails(touch, address_of(many_pages), 1000, -E2BIG, "more than 500 pages");
}

static void test_twin__gone(void **state)
{
	(void)state;
	begin();
	assert_int_equal(result_of(sum, address_of(data), 0), sum_of_values(1));
	twin__end_round(twin, true);
	twin_subject__kill(&subject);
	assert_int_equal(twin__begin_round(twin, &subject.target, &limits), -ESRCH);
	assert_string_equal(twin__reason(twin), "the target is gone");
}

/* --- by each way in which pages get there --- */

#ifdef __x86_64__
/* For good: the last thing that this program does. */
static bool forbid_userfaultfd(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_userfaultfd, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(test_twin__##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_from_the_child),
		TEST(rounds),
		TEST(settles),
		TEST(leaves_our_cpus),
		TEST(writes_stay_in_the_twin),
		TEST(arguments_and_scratch),
		TEST(thread_pointer),
		TEST(many_calls),
		TEST(reads),
		TEST(kernel),
		TEST(crashes),
		TEST(loops),
		TEST(page_budget),
		TEST(gone),
	};
	const struct page_delivery *best = page_delivery__best();
	int failures = 0;

	if (best)
		failures = cmocka_run_group_tests_name("twin by the best", tests, NULL, NULL);
#ifdef __x86_64__
	if (best && !strcmp(best->name, "userfaultfd") && forbid_userfaultfd())
		failures += cmocka_run_group_tests_name("twin by ptrace", tests, NULL, NULL);
#endif
	return failures;
}
