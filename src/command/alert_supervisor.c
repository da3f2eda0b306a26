/* SPDX-License-Identifier: GPL-2.0-only */
/* Only calls that are safe after a fork. */
#include "command/alert_supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "system/file_limit.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define GRACE_NS      (2 * NS_PER_SECOND)
#define TICK_NS	      (NS_PER_SECOND / 20)
#define REPORT_FD     3

/* More than a message: one that writes without end fills no log. */
#define OUTPUT_MOST_BYTES (64 << 10)

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

/* The command, or what is left of it. */
struct command {
	pid_t pid; /* and its process group */
	bool ended;
	int status;	   /* as of wait(2), when it has ended */
	int output_fd;	   /* what it prints; -1: nothing comes any more */
	int children_fd;   /* a signalfd of SIGCHLD */
	size_t left_bytes; /* of its output, to be passed on */
	bool is_cut;
};

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
	dup2(null_fd, STDOUT_FILENO);
	if (supervised->discard)
		dup2(null_fd, STDERR_FILENO);
	if (close_range(REPORT_FD + 1, ~0U, 0))
		for (int fd = REPORT_FD + 1; fd < 1024; fd++)
			close(fd);
}

/* In the command's process: never returns. */
static void execute(const struct supervised *supervised, int output_fd)
{
	char *const argv[] = {"sh", "-c", (char *)supervised->command, NULL};
	sigset_t none;

	setpgid(0, 0);
	dup2(output_fd, STDOUT_FILENO);
	dup2(output_fd, STDERR_FILENO);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	file_limit__restore();
	execve("/bin/sh", argv, supervised->environment);
	_exit(127);
}

/* 0 or errno. */
static int start(struct command *command, const struct supervised *supervised)
{
	sigset_t child;
	int output[2], error;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	command->children_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (command->children_fd < 0 || pipe2(output, O_CLOEXEC))
		return errno;
	command->pid = fork();
	if (command->pid == 0)
		execute(supervised, output[1]);
	error = command->pid < 0 ? errno : 0;
	close(output[1]);
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	command->output_fd = output[0];
	command->left_bytes = OUTPUT_MOST_BYTES;
	return error;
}

static void reap(struct command *command)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(command->children_fd, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != command->pid)
			continue;
		command->ended = true;
		command->status = status;
	}
}

/* Whoever reads our standard error may not keep up: then the command waits for it, and we do
 * not. */
static bool can_write(void)
{
	struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&fd, 1, 0) > 0;
}

static void say_left_out(void)
{
	static const char text[] = "memsonde: --exec: what it prints beyond 64 KiB is left out\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		return; /* nobody listens */
}

/* Passes some of the output on; false when there is none now. */
static bool pass_output_on(struct command *command)
{
	char buffer[PIPE_BUF];
	ssize_t got;
	size_t kept;

	if (command->output_fd < 0 || (command->left_bytes && !can_write()))
		return false;
	got = read(command->output_fd, buffer, sizeof(buffer));
	if (got < 0 && errno == EAGAIN)
		return false;
	if (got <= 0) {
		close(command->output_fd);
		command->output_fd = -1;
		return false;
	}
	kept = (size_t)got < command->left_bytes ? (size_t)got : command->left_bytes;
	if (kept && write(STDERR_FILENO, buffer, kept) < 0)
		command->is_cut = true; /* nobody listens */
	command->left_bytes -= kept;
	if (kept < (size_t)got && !command->is_cut)
		say_left_out();
	command->is_cut |= kept < (size_t)got;
	return true;
}

/* Of what it has started only who left its group is let go: what was adopted is reaped. */
static bool is_over(const struct command *command)
{
	return command->ended && kill(-command->pid, 0);
}

/* True if the command and all of its group ended before the deadline. */
static bool wait_until(struct command *command, int64_t deadline_ns)
{
	for (;;) {
		struct pollfd fds[] = {
			{.fd = command->children_fd, .events = POLLIN},
			{.fd = command->output_fd, .events = POLLIN},
		};
		int64_t left = deadline_ns - now_ns();

		reap(command);
		if (is_over(command)) {
			while (pass_output_on(command))
				;
			return true;
		}
		if (left <= 0)
			return false;
		/* a group that is another's child has no signal for us; nor has standard error */
		poll(fds, 2, left < TICK_NS ? (int)(left / 1000000) + 1 : TICK_NS / 1000000);
		if (fds[1].revents && !pass_output_on(command))
			usleep(TICK_NS / 10 / 1000);
	}
}

static void watch(struct command *command, int64_t timeout_ns, struct supervisor_report *report)
{
	int64_t deadline_ns = now_ns() + timeout_ns;

	if (wait_until(command, deadline_ns))
		return;
	report->timed_out = true;
	kill(-command->pid, SIGTERM);
	kill(-command->pid, SIGCONT); /* a stopped one would not hear it */
	deadline_ns += GRACE_NS;
	if (wait_until(command, deadline_ns))
		return;
	report->killed = true;
	kill(-command->pid, SIGKILL);
	wait_until(command, deadline_ns + GRACE_NS / 2);
}

void alert_supervisor__run(const struct supervised *supervised)
{
	struct supervisor_report report = {.number = supervised->number};
	struct command command = {.output_fd = -1};
	sigset_t all;

	setpgid(0, 0); /* Ctrl-C is not for it */
	prctl(PR_SET_NAME, "memsonde-exec");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	default_signals();
	take_files(supervised);
	report.error = start(&command, supervised);
	if (!report.error) {
		setpgid(command.pid, command.pid);
		watch(&command, supervised->timeout_ns, &report);
		report.status = command.status;
	}
	if (write(REPORT_FD, &report, sizeof(report)) != sizeof(report))
		_exit(1);
	_exit(0);
}
