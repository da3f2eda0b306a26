/* SPDX-License-Identifier: GPL-2.0-only */
#include "parse/parser_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "parse/parser_sandbox.h"

/* Beyond the file itself: copies of its tables that lie badly. */
#define MEMORY_BYTES (256 << 20)

/* How long a killed child may take to end: not for ever, in spite of SIGKILL, when it waits
 * for a file system that hangs. */
#define END_NS 300000000

/* Children that did not end in that time, at most. */
#define STUCK_MAX 4

enum child_status {
	CHILD_DONE,
	CHILD_NOT_MAPPED,
	CHILD_NOT_LOCKED_UP,
};

static const int child_errors[] = {
	[CHILD_DONE] = 0,
	[CHILD_NOT_MAPPED] = -ENODEV,
	[CHILD_NOT_LOCKED_UP] = -EPERM,
};

struct parser_child {
	int stuck[STUCK_MAX]; /* pidfds */
	size_t stuck_count;
};

/* What the child shares with us. */
struct answer {
	uint32_t complete;
	uint32_t unused;
	char result[];
};

struct parser_child *parser_child__new(void)
{
	return xcalloc(1, sizeof(struct parser_child));
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Whether it ended before the time. */
static bool wait_for_end(int pidfd, int64_t until_ns)
{
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
	int64_t left_ns;

	do {
		left_ns = until_ns - now_ns();
		if (poll(&poll_fd, 1, left_ns > 0 ? (int)(left_ns / 1000000) + 1 : 0) > 0)
			return true;
	} while (left_ns > 0);
	return false;
}

/* How it ended, if anybody can tell: not where the system reaps children by itself. */
static int reap(int pidfd, int *status)
{
	siginfo_t info = {.si_pid = 0};

	*status = 0;
	while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG)) {
		if (errno != EINTR)
			return -errno;
	}
	if (!info.si_pid)
		return -EAGAIN;
	*status = info.si_status;
	return info.si_code == CLD_EXITED ? 0 : -EINTR;
}

static void release_ended(struct parser_child *parser)
{
	size_t kept = 0;
	int status;

	for (size_t i = 0; i < parser->stuck_count; i++) {
		if (wait_for_end(parser->stuck[i], 0)) {
			reap(parser->stuck[i], &status);
			close(parser->stuck[i]);
		} else {
			parser->stuck[kept++] = parser->stuck[i];
		}
	}
	parser->stuck_count = kept;
}

void parser_child__free(struct parser_child *parser)
{
	if (!parser)
		return;
	release_ended(parser);
	for (size_t i = 0; i < parser->stuck_count; i++)
		close(parser->stuck[i]);
	free(parser);
}

/* Less than the deadline, where that is so long: who computes is told from who waits for a file
 * system. */
static uint64_t cpu_seconds(const struct parser_job *job)
{
	int64_t seconds = job->deadline_ns / 1000000000;

	return (uint64_t)(seconds > 1 ? seconds - 1 : seconds + 2);
}

/* In the child: never returns. */
static void run_child(const struct parser_job *job, pid_t parent, int go_fd, struct answer *answer)
{
	const void *file;
	char go;

	/* Before that we have no pidfd of it: it must not end. */
	if (read(go_fd, &go, 1) != 1)
		_exit(CHILD_NOT_LOCKED_UP);
	file = mmap(NULL, job->size_bytes, PROT_READ, MAP_PRIVATE, job->fd, 0);
	if (file == MAP_FAILED)
		_exit(CHILD_NOT_MAPPED);
	if (!parser_sandbox__enter(parent, MEMORY_BYTES, cpu_seconds(job)))
		_exit(CHILD_NOT_LOCKED_UP);
	job->parse(job->context, file, job->size_bytes, answer->result);
	__atomic_store_n(&answer->complete, 1, __ATOMIC_RELEASE);
	/* By its number: the sanitizers' _exit() makes other calls, too. */
	syscall(SYS_exit_group, CHILD_DONE);
}

/* The child, waiting for its start; a pidfd or -errno. */
static int start_child(const struct parser_job *job, struct answer *answer)
{
	pid_t parent = getpid(), pid;
	int go[2], pidfd, error;

	if (pipe2(go, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		run_child(job, parent, go[0], answer);
	}
	pidfd = pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
	error = pidfd < 0 ? -errno : 0;
	/* Our copy of the reading end is open: a child that ended is no SIGPIPE. Without a
	 * byte it ends. */
	if (!error && write(go[1], "g", 1) != 1)
		log_verbose("pipe to a parser: %s", strerror(errno));
	close(go[0]);
	close(go[1]);
	if (pid > 0 && error)
		waitpid(pid, NULL, 0);
	return error ? error : pidfd;
}

static int error_of_signal(int number)
{
	if (number == SIGBUS)
		return -EIO;
	if (number == SIGKILL)
		return -ECHILD;
	return number == SIGXCPU ? -E2BIG : -EFAULT;
}

/* Ends the child if it must, and lets go of it. 0 if it ended well. */
static int finish_child(struct parser_child *parser, int pidfd, int64_t deadline_ns)
{
	bool ended = wait_for_end(pidfd, deadline_ns);
	bool late = !ended;
	int status, error;

	if (late) {
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		ended = wait_for_end(pidfd, now_ns() + END_NS);
	}
	if (!ended) {
		parser->stuck[parser->stuck_count++] = pidfd;
		return -ETIME;
	}
	error = reap(pidfd, &status);
	close(pidfd);
	if (late)
		return -ETIME;
	if (error == -EINTR)
		return error_of_signal(status);
	if (error == 0 && status)
		return status < (int)ARRAY_SIZE(child_errors) ? child_errors[status] : -EFAULT;
	return 0;
}

int parser_child__run(struct parser_child *parser, const struct parser_job *job, void *result)
{
	int64_t deadline_ns = now_ns() + job->deadline_ns;
	size_t length = sizeof(struct answer) + job->result_bytes;
	struct answer *answer;
	int pidfd, error;

	release_ended(parser);
	if (parser->stuck_count == STUCK_MAX)
		return -EBUSY;
	answer = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (answer == MAP_FAILED)
		return -errno;
	pidfd = start_child(job, answer);
	error = pidfd < 0 ? pidfd : finish_child(parser, pidfd, deadline_ns);
	if (!error && !__atomic_load_n(&answer->complete, __ATOMIC_ACQUIRE))
		error = -ECHILD;
	if (!error)
		memcpy(result, answer->result, job->result_bytes);
	munmap(answer, length);
	return error;
}
