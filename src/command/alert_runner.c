/* SPDX-License-Identifier: GPL-2.0-only */
#include "command/alert_runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "command/alert_supervisor.h"
#include "system/machine.h"

#define NS_PER_SECOND INT64_C(1000000000)

/* After its time a supervisor needs two seconds to kill; one that says nothing for so
 * long was killed itself. */
#define SILENCE_MOST_NS (5 * NS_PER_SECOND)

struct run {
	bool is_active;
	uint32_t number;
	pid_t supervisor;
	int64_t silent_ns; /* when it is given up, monotonic */
	char what[256];
};

struct alert_runner {
	const char *command;
	int64_t timeout_ns;
	bool discard;
	int read_fd, write_fd; /* of the reports */
	uint32_t last_number;
	struct run runs[ALERT_RUNS_MAX];
	unsigned int dropped; /* since that was told */
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

struct alert_runner *alert_runner__new(const char *command, int64_t timeout_ns, bool discard)
{
	struct alert_runner *runner;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC)) {
		log_error("--exec: pipe: %s", strerror(errno));
		return NULL;
	}
	/* only our end: writers must get all of a report through */
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	runner = xcalloc(1, sizeof(*runner));
	runner->command = command;
	runner->timeout_ns = timeout_ns;
	runner->discard = discard;
	runner->read_fd = fds[0];
	runner->write_fd = fds[1];
	return runner;
}

int alert_runner__fd(const struct alert_runner *runner)
{
	return runner->read_fd;
}

/* ---- starting ---- */

static struct run *free_run(struct alert_runner *runner)
{
	for (size_t i = 0; i < ALERT_RUNS_MAX; i++)
		if (!runner->runs[i].is_active)
			return &runner->runs[i];
	return NULL;
}

void alert_runner__run(struct alert_runner *runner, const char *what, char *const *environment)
{
	struct run *run = free_run(runner);
	struct supervised supervised = {
		.command = runner->command,
		.environment = environment,
		.timeout_ns = runner->timeout_ns,
		.discard = runner->discard,
		.report_fd = runner->write_fd,
		.number = ++runner->last_number,
	};
	pid_t pid;

	if (!run) {
		runner->dropped++;
		return;
	}
	pid = fork();
	if (pid == 0)
		alert_supervisor__run(&supervised);
	if (pid < 0) {
		log_error("--exec: %s: fork: %s", what, strerror(errno));
		return;
	}
	*run = (struct run){
		.is_active = true,
		.number = supervised.number,
		.supervisor = pid,
		.silent_ns = now_ns() + runner->timeout_ns + SILENCE_MOST_NS,
	};
	snprintf(run->what, sizeof(run->what), "%s", what);
}

bool alert_runner__has(const struct alert_runner *runner, pid_t pid)
{
	for (size_t i = 0; i < ALERT_RUNS_MAX; i++)
		if (runner->runs[i].is_active &&
		    process_descends_from(pid, runner->runs[i].supervisor))
			return true;
	return false;
}

/* ---- ends ---- */

static void end_run(struct run *run)
{
	/* where our own children are nobody's to wait for, it is gone already */
	waitpid(run->supervisor, NULL, 0);
	run->is_active = false;
}

static void tell(const struct alert_runner *runner, const struct run *run,
		 const struct supervisor_report *report)
{
	double seconds = (double)runner->timeout_ns / NS_PER_SECOND;

	if (report->error)
		log_error("--exec: %s: fork: %s", run->what, strerror(report->error));
	else if (report->timed_out)
		log_error("--exec: %s: ended after %g s, with %s: it took too long", run->what,
			  seconds, report->killed ? "SIGKILL" : "SIGTERM");
	else if (WIFSIGNALED(report->status))
		log_error("--exec: %s: killed by signal %d (%s)", run->what,
			  WTERMSIG(report->status), strsignal(WTERMSIG(report->status)));
	else if (WEXITSTATUS(report->status))
		log_error("--exec: %s: exit status %d", run->what, WEXITSTATUS(report->status));
	else
		log_verbose("--exec: %s: done", run->what);
}

static void take_report(struct alert_runner *runner, const struct supervisor_report *report)
{
	for (size_t i = 0; i < ALERT_RUNS_MAX; i++) {
		struct run *run = &runner->runs[i];

		if (!run->is_active || run->number != report->number)
			continue;
		tell(runner, run, report);
		end_run(run);
	}
}

/* A supervisor that is gone without a word. */
static void give_up_silent(struct alert_runner *runner)
{
	int64_t now = now_ns();

	for (size_t i = 0; i < ALERT_RUNS_MAX; i++) {
		struct run *run = &runner->runs[i];

		if (!run->is_active || now < run->silent_ns)
			continue;
		log_error("--exec: %s: nothing was heard of its end", run->what);
		kill(run->supervisor, SIGKILL);
		end_run(run);
	}
}

void alert_runner__drain(struct alert_runner *runner)
{
	struct supervisor_report report;

	while (read(runner->read_fd, &report, sizeof(report)) == sizeof(report))
		take_report(runner, &report);
	give_up_silent(runner);
	if (runner->dropped)
		log_error("--exec: %u more were not run: %d ran already", runner->dropped,
			  ALERT_RUNS_MAX);
	runner->dropped = 0;
}

static unsigned int count_active(const struct alert_runner *runner)
{
	unsigned int count = 0;

	for (size_t i = 0; i < ALERT_RUNS_MAX; i++)
		count += runner->runs[i].is_active;
	return count;
}

void alert_runner__close(struct alert_runner *runner)
{
	struct pollfd fd;
	unsigned int active;

	if (!runner)
		return;
	fd = (struct pollfd){.fd = runner->read_fd, .events = POLLIN};
	alert_runner__drain(runner);
	active = count_active(runner);
	if (active && poll(&fd, 1, 200) == 0)
		log_error("--exec: waiting for %u of them, %g s at most", active,
			  (double)runner->timeout_ns / NS_PER_SECOND);
	while (count_active(runner)) {
		poll(&fd, 1, 1000);
		alert_runner__drain(runner);
	}
	close(runner->read_fd);
	close(runner->write_fd);
	free(runner);
}
