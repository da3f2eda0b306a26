/* SPDX-License-Identifier: GPL-2.0-only */
/* Only calls that are safe after a fork. */
#include "command/alert_supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "system/file_limit.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define GRACE_NS      (2 * NS_PER_SECOND)
#define REPORT_FD     3

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static void default_signals(void)
{
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
}

/* No file of ours stays open but the report and what is written to. */
static void take_files(const struct supervised *supervised)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (supervised->report_fd != REPORT_FD)
		dup2(supervised->report_fd, REPORT_FD);
	fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
	if (null_fd < 0)
		return;
	dup2(null_fd, STDIN_FILENO);
	dup2(supervised->discard ? null_fd : STDERR_FILENO, STDOUT_FILENO);
	if (supervised->discard)
		dup2(null_fd, STDERR_FILENO);
	if (close_range(REPORT_FD + 1, ~0U, 0))
		for (int fd = REPORT_FD + 1; fd < 1024; fd++)
			close(fd);
}

/* In the command's process: never returns. */
static void execute(const struct supervised *supervised)
{
	char *const argv[] = {"sh", "-c", (char *)supervised->command, NULL};
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	file_limit__restore();
	execve("/bin/sh", argv, supervised->environment);
	_exit(127);
}

/* True if the command ended before the deadline. */
static bool wait_until(pid_t pid, int64_t deadline_ns, struct supervisor_report *report)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		int64_t left = deadline_ns - now_ns();
		struct timespec timeout = {.tv_sec = left / NS_PER_SECOND,
					   .tv_nsec = left % NS_PER_SECOND};
		int status;

		if (waitpid(pid, &status, WNOHANG) == pid) {
			report->status = status;
			return true;
		}
		if (left <= 0)
			return false;
		sigtimedwait(&child, NULL, &timeout);
	}
}

/* What the command started has as long as itself to end. */
static void wait_for_group(pid_t group, int64_t deadline_ns)
{
	const struct timespec moment = {.tv_nsec = 20000000};

	while (kill(-group, 0) == 0 && now_ns() < deadline_ns)
		nanosleep(&moment, NULL);
}

static void watch(pid_t pid, int64_t timeout_ns, struct supervisor_report *report)
{
	int64_t deadline_ns = now_ns() + timeout_ns;

	if (wait_until(pid, deadline_ns, report))
		return;
	report->timed_out = true;
	kill(-pid, SIGTERM);
	kill(-pid, SIGCONT); /* a stopped one would not hear it */
	deadline_ns += GRACE_NS;
	if (wait_until(pid, deadline_ns, report)) {
		wait_for_group(pid, deadline_ns);
		kill(-pid, SIGKILL);
		return;
	}
	report->killed = true;
	kill(-pid, SIGKILL);
	waitpid(pid, &report->status, 0);
}

void alert_supervisor__run(const struct supervised *supervised)
{
	struct supervisor_report report = {.number = supervised->number};
	sigset_t all;
	pid_t pid;

	setpgid(0, 0); /* Ctrl-C is not for it */
	prctl(PR_SET_NAME, "memsonde-exec");
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	default_signals();
	take_files(supervised);
	pid = fork();
	if (pid == 0)
		execute(supervised);
	if (pid > 0) {
		setpgid(pid, pid);
		watch(pid, supervised->timeout_ns, &report);
	} else {
		report.error = errno;
	}
	if (write(REPORT_FD, &report, sizeof(report)) != sizeof(report))
		_exit(1);
	_exit(0);
}
