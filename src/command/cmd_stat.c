/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/output.h"
#include "command/alert_watch.h"
#include "command/commands.h"
#include "command/live_source.h"
#include "command/options.h"
#include "command/stop_signals.h"
#include "command/text_style.h"
#include "model/account.h"
#include "model/source.h"
#include "view/csv.h"
#include "view/json.h"
#include "view/look.h"
#include "view/text_breakdown.h"
#include "view/text_explain.h"
#include "view/text_look.h"
#include "view/user_names.h"

#define NS_PER_SECOND ((int64_t)1000000000)

/* One run of the command. */
struct stat_run {
	const struct options *options;
	struct source *source;
	struct account account;
	struct output output;
	struct user_names *users; /* NULL for a recording: its users are not this machine's */
	const struct column *sort;
	struct stop_signals signals;
	struct alert_watch *alerts; /* NULL: none were asked for */
	int64_t interval_ns;	    /* 0: a single look */
	int64_t start_ns;	    /* monotonic, of the first look */
	int64_t looks;		    /* that were printed */
};

/* --- table --- */

static const struct process *find_pid(struct process *const *processes, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++) {
		if (processes[i]->key.pid == (uint32_t)pid)
			return processes[i];
	}
	return NULL;
}

/* The process, where the user asked for exactly one. */
static const struct process *only_target(const struct options *options, const struct look *look)
{
	const struct process *process;

	if (options->target_kind != TARGET_PIDS || options->pid_count != 1)
		return NULL;
	process = find_pid(look->processes, look->process_count, options->pids[0]);
	if (process)
		return process;
	return find_pid(look->exited, look->exited_count, options->pids[0]);
}

static void print_table(struct stat_run *run, const struct look *look)
{
	const struct process *only = only_target(run->options, look);
	struct text_style style;

	text_style__read(&style, run->options);
	if (run->looks)
		output__add_char(&run->output, '\n');
	if (!only) {
		text_look__print(&run->output, &style, look);
		if (run->options->explain)
			text_explain__print_all(&run->output, &style, look);
		return;
	}
	text_look__print_headline(&run->output, &style, look);
	text_breakdown__print(&run->output, &style, &look->context, only);
	if (run->options->explain)
		text_explain__print(&run->output, &style, only);
	text_look__print_containers(&run->output, &style, look);
	text_look__print_losses(&run->output, &style, look);
}

/* --- formats --- */

static void print_json(struct stat_run *run, const struct look *look)
{
	json__look(&run->output, look);
}

static void print_csv(struct stat_run *run, const struct look *look)
{
	if (!run->looks)
		csv__header(&run->output);
	csv__look(&run->output, look);
}

static void (*const printers[])(struct stat_run *run, const struct look *look) = {
	[OUTPUT_TABLE] = print_table,
	[OUTPUT_JSON] = print_json,
	[OUTPUT_CSV] = print_csv,
};

/* 0; -EPIPE, of which nobody is told, when the reader went away; another -errno after a
 * line was logged. */
static int print_look(struct stat_run *run)
{
	struct look look;
	int error;

	look__init(&look, &run->account, run->sort, run->users);
	printers[run->options->output](run, &look);
	look__release(&look);
	error = output__flush(&run->output);
	if (error && error != -EPIPE)
		log_error("standard output: %s", strerror(-error));
	return error;
}

/* --- time --- */

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* The next multiple of the interval since the first look: late looks shift no later
 * ones, and those that would be late already are left out. */
static int64_t next_look_ns(const struct stat_run *run)
{
	int64_t passed = now_ns() - run->start_ns;

	return run->start_ns + (passed / run->interval_ns + 1) * run->interval_ns;
}

enum wait_end {
	WAIT_OVER,
	WAIT_STOPPED,
	WAIT_READER_GONE,
};

static enum wait_end wait_until(struct stat_run *run, int64_t deadline_ns)
{
	struct pollfd fds[] = {
		{.fd = run->signals.fd, .events = POLLIN},
		{.fd = STDOUT_FILENO}, /* only for its errors */
		{.fd = run->source->fd, .events = POLLIN},
		{.fd = alert_watch__fd(run->alerts), .events = POLLIN},
	};
	int64_t left;

	while ((left = deadline_ns - now_ns()) > 0) {
		struct timespec timeout = {.tv_sec = left / NS_PER_SECOND,
					   .tv_nsec = left % NS_PER_SECOND};

		if (ppoll(fds, sizeof(fds) / sizeof(fds[0]), &timeout, NULL) <= 0)
			continue;
		if (stop_signals__arrived(&run->signals))
			return WAIT_STOPPED;
		if (fds[1].revents & (POLLERR | POLLHUP))
			return WAIT_READER_GONE;
		if (fds[2].revents & POLLIN)
			run->source->drain(run->source, &run->account);
		else if (fds[2].revents)
			fds[2].fd = -1; /* it is broken: looks go on without it */
		if (fds[3].revents)
			alert_watch__drain(run->alerts);
	}
	return WAIT_OVER;
}

/* --- the command --- */

/* What remains to be done after a look. */
static bool is_last(struct stat_run *run)
{
	const struct options *options = run->options;

	if (stop_signals__arrived(&run->signals))
		return true;
	if (options->look_count)
		return run->looks >= options->look_count;
	return !options->replay && !run->interval_ns;
}

/* Looks until there is a reason to end: returns the exit status. */
static int take_looks(struct stat_run *run)
{
	enum wait_end wait_end = WAIT_OVER;

	run->start_ns = now_ns();
	do {
		int error = run->source->look(run->source, &run->account);

		if (error == -ENODATA)
			return run->looks ? EXIT_STATUS_DONE : EXIT_STATUS_TARGET_GONE;
		if (error)
			return EXIT_STATUS_FAILED;
		if (run->options->explain)
			explain__look(&run->account);
		error = print_look(run);
		alert_watch__look(run->alerts, &run->account, NULL, 0);
		if (error)
			return error == -EPIPE ? EXIT_STATUS_DONE : EXIT_STATUS_FAILED;
		run->looks++;
		if (wait_end == WAIT_STOPPED || is_last(run))
			return EXIT_STATUS_DONE;
		/* a recording has its own times */
		if (!run->options->replay)
			wait_end = wait_until(run, next_look_ns(run));
	} while (wait_end != WAIT_READER_GONE);
	return EXIT_STATUS_DONE;
}

static int run_with_signals(struct stat_run *run)
{
	int error = stop_signals__open(&run->signals);
	int status;

	if (error) {
		log_error("signals: %s", strerror(-error));
		return EXIT_STATUS_FAILED;
	}
	status = take_looks(run);
	stop_signals__close(&run->signals);
	return status;
}

int command_stat(const struct options *options)
{
	struct stat_run run = {.options = options, .interval_ns = options__interval_ns(options)};
	int status;

	run.sort = process_column__find(options->sort ? options->sort : "rss");
	if (!run.sort) {
		log_error("--sort: there is no figure '%s'", options->sort);
		return EXIT_STATUS_USAGE;
	}
	status = open_source(options, &run.source);
	if (status)
		return status;
	/* not before the source: the command that it may start must not inherit this */
	signal(SIGPIPE, SIG_IGN);
	account__init(&run.account);
	output__init(&run.output, STDOUT_FILENO);
	run.users = options->replay ? NULL : user_names__new();
	if (alert_watch__open(&run.alerts, options, false))
		status = EXIT_STATUS_FAILED;
	else
		status = run_with_signals(&run);
	alert_watch__close(run.alerts, &run.account);
	user_names__free(run.users);
	output__release(&run.output);
	account__release(&run.account);
	run.source->close(run.source);
	return status;
}
