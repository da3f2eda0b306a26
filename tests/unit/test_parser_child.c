/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "parse/parser_child.h"
#include "unit/small_elf.h"

#define LONG_NS	 INT64_C(20000000000)
#define SHORT_NS INT64_C(200000000)

typedef void parse_function(const void *context, const void *file, size_t bytes, void *result);

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Runs the function over a file of four bytes; its result is one number. */
static int run_for(parse_function *parse, int64_t deadline_ns, uint64_t *result)
{
	struct parser_child *parser = parser_child__new();
	struct parser_job job = {
		.fd = small_elf__file("file", 4),
		.size_bytes = 4,
		.parse = parse,
		.context = "context",
		.result_bytes = sizeof(*result),
		.deadline_ns = deadline_ns,
	};
	int error;

	*result = 42;
	error = parser_child__run(parser, &job, result);
	close(job.fd);
	parser_child__free(parser);
	return error;
}

static void assert_killed(parse_function *parse)
{
	uint64_t result;

	assert_int_equal(run_for(parse, LONG_NS, &result), -EFAULT);
	assert_int_equal(result, 42);
}

static void add_up(const void *context, const void *file, size_t bytes, void *result)
{
	*(uint64_t *)result +=
		strlen(context) * 1000 + bytes * 100 + (memcmp(file, "file", 4) == 0 ? 1 : 0);
}

static void test_parser_child__result(void **state)
{
	uint64_t result;

	(void)state;
	assert_int_equal(run_for(add_up, LONG_NS, &result), 0);
	assert_int_equal(result, 7401);
}

static void ask_for_much(const void *context, const void *file, size_t bytes, void *result)
{
	void *little = malloc(1 << 20), *much = malloc((size_t)1 << 30);

	(void)context, (void)file, (void)bytes;
	*(uint64_t *)result = (little != NULL) + 2 * (much != NULL);
	free(little);
	free(much);
}

static void test_parser_child__memory_is_bounded(void **state)
{
	uint64_t result;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	puts("the sanitizer ends who asks for too much");
	skip();
#endif
	assert_int_equal(run_for(ask_for_much, LONG_NS, &result), 0);
	assert_int_equal(result, 1);
}

/* ---- what is not allowed ------------------------------------------------------- */

#define FORBIDDEN(name, call)                                                                      \
	static void name(const void *context, const void *file, size_t bytes, void *result)        \
	{                                                                                          \
		(void)context, (void)file, (void)bytes;                                            \
		*(uint64_t *)result = (uint64_t)(call);                                            \
	}

FORBIDDEN(open_file, open("/dev/null", O_RDONLY))
FORBIDDEN(write_out, write(STDERR_FILENO, "x", 1))
FORBIDDEN(make_child, fork())
FORBIDDEN(send_signal, kill(getppid(), 0))
FORBIDDEN(make_socket, socket(AF_UNIX, SOCK_STREAM, 0))
FORBIDDEN(execute, execl("/bin/true", "true", NULL))
FORBIDDEN(map_code,
	  mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
FORBIDDEN(crash, (__builtin_trap(), 0))
FORBIDDEN(write_to_file, *(volatile char *)(uintptr_t)file = 1)

static void test_parser_child__no_calls(void **state)
{
	static parse_function *const forbidden[] = {
		open_file, write_out, make_child, send_signal,	 make_socket,
		execute,   map_code,  crash,	  write_to_file,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++)
		assert_killed(forbidden[i]);
}

static void leave_early(const void *context, const void *file, size_t bytes, void *result)
{
	(void)context, (void)file, (void)bytes, (void)result;
	syscall(SYS_exit_group, 0);
}

static void test_parser_child__without_result(void **state)
{
	uint64_t result;

	(void)state;
	assert_int_equal(run_for(leave_early, LONG_NS, &result), -ECHILD);
}

static void never_end(const void *context, const void *file, size_t bytes, void *result)
{
	(void)context, (void)file, (void)bytes;
	for (;;)
		++*(volatile uint64_t *)result;
}

static void test_parser_child__deadline(void **state)
{
	int64_t start = now_ns();
	uint64_t result;

	(void)state;
	assert_int_equal(run_for(never_end, SHORT_NS, &result), -ETIME);
	assert_true(now_ns() - start < 50 * SHORT_NS);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* reaped */
}

/* The file is cut while it is mapped. */
static void test_parser_child__file_shrinks(void **state)
{
	struct parser_child *parser = parser_child__new();
	struct parser_job job = {
		.fd = small_elf__file("file", 4),
		.size_bytes = 4,
		.parse = add_up,
		.context = "",
		.result_bytes = sizeof(uint64_t),
		.deadline_ns = LONG_NS,
	};
	uint64_t result;

	(void)state;
	assert_int_equal(ftruncate(job.fd, 0), 0);
	assert_int_equal(parser_child__run(parser, &job, &result), -EIO);
	close(job.fd);
	assert_int_equal(parser_child__run(parser, &job, &result), -ENODEV);
	parser_child__free(parser);
}

static void test_parser_child__children_reaped_by_the_system(void **state)
{
	uint64_t result;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(run_for(add_up, LONG_NS, &result), 0);
	assert_int_equal(result, 7401);
	assert_int_equal(run_for(crash, LONG_NS, &result), -ECHILD);
	assert_int_equal(run_for(never_end, SHORT_NS, &result), -ETIME);
	signal(SIGCHLD, SIG_DFL);
}

/* ---- what it looks like from outside ------------------------------------------- */

struct seen_child {
	pid_t parent_tid;
	char status[8192];
};

static pid_t find_child(pid_t tid)
{
	char path[64], text[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", tid);
	file = fopen(path, "r");
	if (file && !fgets(text, sizeof(text), file))
		text[0] = '\0';
	if (file)
		fclose(file);
	return (pid_t)strtol(text, NULL, 10);
}

static void read_status(pid_t pid, char *text, size_t size)
{
	char path[64];
	size_t length = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	if (file) {
		length = fread(text, 1, size - 1, file);
		fclose(file);
	}
	text[length] = '\0';
}

/* Until the child is locked up. */
static void *watch_child(void *context)
{
	struct seen_child *seen = context;

	for (int i = 0; i < 2000 && !strstr(seen->status, "Seccomp:\t2"); i++) {
		pid_t child = find_child(seen->parent_tid);

		if (child > 0)
			read_status(child, seen->status, sizeof(seen->status));
		usleep(1000);
	}
	return NULL;
}

/* That it is the file, and not its file system, is told while there is time. */
static void test_parser_child__computes_without_end(void **state)
{
	uint64_t result;

	(void)state;
	assert_int_equal(run_for(never_end, 15 * SHORT_NS, &result), -E2BIG);
}

static void test_parser_child__has_no_rights(void **state)
{
	static struct seen_child seen;
	pthread_t watcher;
	uint64_t result;

	(void)state;
	seen.parent_tid = gettid();
	assert_int_equal(pthread_create(&watcher, NULL, watch_child, &seen), 0);
	assert_int_equal(run_for(never_end, 5 * SHORT_NS, &result), -ETIME);
	pthread_join(watcher, NULL);
	assert_non_null(strstr(seen.status, "Seccomp:\t2"));
	assert_non_null(strstr(seen.status, "NoNewPrivs:\t1"));
	assert_non_null(strstr(seen.status, "CapPrm:\t0000000000000000"));
	assert_non_null(strstr(seen.status, "CapEff:\t0000000000000000"));
	if (geteuid() == 0) {
		assert_non_null(strstr(seen.status, "Uid:\t65534\t65534\t65534\t65534"));
		assert_non_null(strstr(seen.status, "Gid:\t65534\t65534\t65534\t65534"));
		assert_non_null(strstr(seen.status, "Groups:\t \n"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parser_child__result),
		cmocka_unit_test(test_parser_child__memory_is_bounded),
		cmocka_unit_test(test_parser_child__no_calls),
		cmocka_unit_test(test_parser_child__without_result),
		cmocka_unit_test(test_parser_child__deadline),
		cmocka_unit_test(test_parser_child__file_shrinks),
		cmocka_unit_test(test_parser_child__children_reaped_by_the_system),
		cmocka_unit_test(test_parser_child__computes_without_end),
		cmocka_unit_test(test_parser_child__has_no_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
