/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/output.h"
#include "command/commands.h"
#include "command/live_source.h"
#include "command/options.h"
#include "command/stop_signals.h"
#include "command/text_style.h"
#include "model/account.h"
#include "model/gc_summary.h"
#include "model/source.h"
#include "view/json_gc.h"
#include "view/text_gc.h"

#define NS_PER_SECOND ((int64_t)1000000000)

/* Until a V8 is found, looks come quickly, so that little of its beginning is missed. */
#define SEARCH_INTERVAL_NS (NS_PER_SECOND / 20)
#define SEARCH_LOOKS	   200
/* Collections are fetched so often: whoever woke us for each would do so within the pause
 * that it tells of, and make it longer. */
#define FETCH_INTERVAL_NS (NS_PER_SECOND / 25)
/* A process that was just started may not have executed its program yet. */
#define LOOKS_WITHOUT_V8 6

/* One run of the command. */
struct gc_run {
	const struct options *options;
	struct source *source;
	struct account account;
	struct gc_summary summary;
	struct output output;
	struct text_style style;
	struct stop_signals signals;
	int64_t interval_ns;
	int64_t start_ns; /* monotonic, of the first look */
	int64_t looks, collections, lost;
	bool found; /* a V8 whose collections become known */
	bool told_why_not;
};

/* --- output --- */

/* 0; -EPIPE, of which nobody is told, when the reader went away; another -errno after a
 * line was logged. */
static int flush(struct gc_run *run)
{
	int error = output__flush(&run->output);

	if (error && error != -EPIPE)
		log_error("standard output: %s", strerror(-error));
	return error;
}

static bool is_enough(const struct gc_run *run)
{
	return run->options->look_count && run->collections >= run->options->look_count;
}

/* Prints what is new in the account. */
static int print_collections(struct gc_run *run)
{
	struct account *account = &run->account;
	bool json = run->options->output == OUTPUT_JSON;

	for (size_t i = 0; i < account->collection_count && !is_enough(run); i++) {
		const struct collection *collection = &account->collections[i];

		gc_summary__add(&run->summary, account, collection);
		if (!json && !run->collections)
			text_gc__header(&run->output, &run->style);
		if (json)
			json_gc__collection(&run->output, &run->summary, collection);
		else
			text_gc__collection(&run->output, &run->style, &run->summary, collection);
		run->collections++;
	}
	run->lost += account->collections_lost;
	account__clear_collections(account);
	return flush(run);
}

static int print_summary(struct gc_run *run)
{
	if (run->options->output == OUTPUT_JSON)
		json_gc__summary(&run->output, &run->summary, &run->account, run->lost);
	else
		text_gc__summary(&run->output, &run->style, &run->summary, run->lost);
	return flush(run);
}

/* --- what is watched --- */

/* The note on why its collections cannot be seen one by one. */
static const char *note_of(const struct process *process)
{
	for (size_t i = 0; i < process->note_count; i++)
		if (!strncmp(process->notes[i], "v8 gc:", strlen("v8 gc:")))
			return process->notes[i];
	return NULL;
}

static void tell_why_not(struct gc_run *run, const struct process *process)
{
	const char *note = note_of(process);

	if (run->told_why_not || !note)
		return;
	log_error("process %u: %s; a fall of its heap from look to look is told instead",
		  process->key.pid, note);
	run->told_why_not = true;
}

/* Whether there is anything to wait for: processes that were named and have no V8 will
 * never have one, unless they execute another program. */
static bool look_for_v8(struct gc_run *run)
{
	const struct account *account = &run->account;

	for (size_t i = 0; i < account->process_count; i++) {
		const struct process *process = account->processes[i];

		if (process->collection_watch == COLLECTIONS_BY_LOOKS)
			tell_why_not(run, process);
		if (process->collection_watch == COLLECTIONS_BY_LOOKS ||
		    process->collection_watch == COLLECTIONS_BY_PROBES)
			run->found = true;
	}
	if (run->found || run->options->target_kind != TARGET_PIDS || run->looks < LOOKS_WITHOUT_V8)
		return true;
	log_error("there is no V8 in %s: no Node.js, or nothing that could be recognised",
		  run->options->pid_count == 1 ? "this process" : "these processes");
	return false;
}

/* --- time --- */

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static int64_t next_look_ns(const struct gc_run *run)
{
	bool searching = !run->found && run->looks < SEARCH_LOOKS;
	int64_t interval_ns = searching && SEARCH_INTERVAL_NS < run->interval_ns
				      ? SEARCH_INTERVAL_NS
				      : run->interval_ns;
	int64_t now = now_ns();

	return now + interval_ns - (now - run->start_ns) % interval_ns;
}

enum wait_end {
	WAIT_OVER,
	WAIT_STOPPED,
	WAIT_READER_GONE,
	WAIT_ENOUGH,
	WAIT_FAILED,
};

static enum wait_end fetch(struct gc_run *run)
{
	int error;

	run->source->drain(run->source, &run->account);
	error = print_collections(run);
	if (error)
		return error == -EPIPE ? WAIT_READER_GONE : WAIT_FAILED;
	return is_enough(run) ? WAIT_ENOUGH : WAIT_OVER;
}

/* Prints collections as they come. */
static enum wait_end wait_until(struct gc_run *run, int64_t deadline_ns)
{
	struct pollfd fds[] = {
		{.fd = run->signals.fd, .events = POLLIN},
		{.fd = STDOUT_FILENO}, /* only for its errors */
	};
	enum wait_end wait_end = WAIT_OVER;
	int64_t left;

	while (wait_end == WAIT_OVER && (left = deadline_ns - now_ns()) > 0) {
		struct timespec timeout = {
			.tv_nsec = left < FETCH_INTERVAL_NS ? left : FETCH_INTERVAL_NS,
		};

		if (ppoll(fds, ARRAY_SIZE(fds), &timeout, NULL) > 0) {
			if (stop_signals__arrived(&run->signals))
				return WAIT_STOPPED;
			if (fds[1].revents & (POLLERR | POLLHUP))
				return WAIT_READER_GONE;
		}
		wait_end = fetch(run);
	}
	return wait_end;
}

/* --- the command --- */

/* What the last drain and look brought, then the summary. */
static int end(struct gc_run *run)
{
	int error;

	run->source->drain(run->source, &run->account);
	error = print_collections(run);
	if (!error)
		error = print_summary(run);
	return error && error != -EPIPE ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
}

/* 0; -ENODATA when every target is gone; another -errno after a line was logged. */
static int take_look(struct gc_run *run)
{
	int error = run->source->look(run->source, &run->account);

	if (error)
		return error;
	run->looks++;
	gc_summary__look(&run->summary, &run->account);
	error = print_collections(run);
	if (!error && !run->found && !look_for_v8(run))
		error = -ENOEXEC;
	return error;
}

static int run_until_end(struct gc_run *run)
{
	enum wait_end wait_end = WAIT_OVER;

	run->start_ns = now_ns();
	while (wait_end == WAIT_OVER) {
		int error = take_look(run);

		if (error == -ENODATA && !run->looks)
			return EXIT_STATUS_TARGET_GONE;
		if (error == -ENODATA)
			return end(run);
		if (error == -EPIPE)
			return EXIT_STATUS_DONE;
		if (error)
			return EXIT_STATUS_FAILED;
		if (stop_signals__arrived(&run->signals) || is_enough(run))
			return end(run);
		wait_end = wait_until(run, next_look_ns(run));
	}
	if (wait_end == WAIT_READER_GONE)
		return EXIT_STATUS_DONE;
	return wait_end == WAIT_FAILED ? EXIT_STATUS_FAILED : end(run);
}

static int run_with_signals(struct gc_run *run)
{
	int error = stop_signals__open(&run->signals);
	int status;

	if (error) {
		log_error("signals: %s", strerror(-error));
		return EXIT_STATUS_FAILED;
	}
	status = run_until_end(run);
	stop_signals__close(&run->signals);
	return status;
}

int command_gc(const struct options *options)
{
	struct gc_run run = {
		.options = options,
		.interval_ns = options->interval_ns ? options->interval_ns : NS_PER_SECOND,
	};
	int status;

	if (options->target_kind == TARGET_EVERYTHING) {
		log_error("gc: name a target: -p, -c, -g or -- CMD");
		return EXIT_STATUS_USAGE;
	}
	if (options->output == OUTPUT_CSV) {
		log_error("gc: -o: it has table and json");
		return EXIT_STATUS_USAGE;
	}
	status = open_source(options, &run.source);
	if (status)
		return status;
	/* not before the source: the command that it may start must not inherit this */
	signal(SIGPIPE, SIG_IGN);
	account__init(&run.account);
	gc_summary__init(&run.summary);
	output__init(&run.output, STDOUT_FILENO);
	text_style__read(&run.style, options);
	status = run_with_signals(&run);
	output__release(&run.output);
	gc_summary__release(&run.summary);
	account__release(&run.account);
	run.source->close(run.source);
	return status;
}
