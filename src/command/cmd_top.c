/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks, keys and signals in; the screen out. */
#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "command/alert_watch.h"
#include "command/commands.h"
#include "command/live_source.h"
#include "command/options.h"
#include "command/stop_signals.h"
#include "model/account.h"
#include "model/source.h"
#include "view/columns.h"
#include "view/tui/grid.h"
#include "view/tui/keys.h"
#include "view/tui/terminal.h"
#include "view/tui/tui.h"
#include "view/user_names.h"

#define NS_PER_SECOND ((int64_t)1000000000)

/* One run of the command. */
struct top_run {
	const struct options *options;
	struct source *source;
	struct account account;
	struct tui *tui;
	struct user_names *users; /* NULL for a recording: its users are not this machine's */
	struct terminal *terminal;
	struct grid grid;
	struct stop_signals signals;
	struct alert_watch *alerts; /* NULL: none were asked for */
	int64_t last_look_ns;	    /* monotonic */
	int64_t looks;
	bool ended; /* there is no further look */
	int error;  /* of a look, -errno; a line was logged */
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static bool no_colour_is_set(void)
{
	const char *value = getenv("NO_COLOR");

	return value && *value;
}

/* --- looks --- */

static void take_look(struct top_run *run)
{
	int error = run->source->look(run->source, &run->account);
	char alert[256];

	run->last_look_ns = now_ns();
	if (error == -ENODATA) {
		run->ended = true;
		tui__ended(run->tui, run->options->replay ? "recording ended" : "target gone");
	} else if (error == -ENOLINK && run->looks) {
		run->ended = true;
		tui__ended(run->tui, "recording cut off in its last line");
	} else if (error) {
		run->error = error;
	} else {
		run->looks++;
		explain__look(&run->account);
		tui__looked(run->tui);
		if (alert_watch__look(run->alerts, &run->account, alert, sizeof(alert)))
			tui__alert(run->tui, alert);
	}
}

static bool looks_are_due(const struct top_run *run)
{
	return !run->ended && !tui__is_paused(run->tui);
}

static int64_t time_left_ns(const struct top_run *run)
{
	int64_t left = run->last_look_ns + tui__interval_ns(run->tui) - now_ns();

	return left > 0 ? left : 0;
}

/* --- the screen --- */

static void show(struct top_run *run)
{
	int width, height;

	terminal__size(run->terminal, &width, &height);
	grid__resize(&run->grid, width, height);
	tui__draw(run->tui, &run->grid);
	terminal__show(run->terminal, &run->grid, tui__take_repaint(run->tui));
}

static void read_keys(struct top_run *run)
{
	int key;

	while ((key = terminal__read_key(run->terminal)) != KEY_CODE_NONE)
		tui__key(run->tui, key);
}

/* Waits until a look is due or something came. False when it is time to end. */
static bool wait_for_something(struct top_run *run)
{
	struct pollfd fds[] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = run->signals.fd, .events = POLLIN},
		{.fd = run->source->fd, .events = POLLIN},
		{.fd = alert_watch__fd(run->alerts), .events = POLLIN},
	};
	int64_t left = time_left_ns(run);
	struct timespec timeout = {.tv_sec = left / NS_PER_SECOND, .tv_nsec = left % NS_PER_SECOND};
	int count =
		ppoll(fds, sizeof fds / sizeof fds[0], looks_are_due(run) ? &timeout : NULL, NULL);

	if (count < 0 && errno != EINTR)
		return false;
	if (count < 0) { /* a changed size comes as a signal, then as a key */
		read_keys(run);
		return true;
	}
	if (stop_signals__arrived(&run->signals))
		return false;
	if (fds[2].revents & POLLIN)
		run->source->drain(run->source, &run->account);
	if (fds[3].revents)
		alert_watch__drain(run->alerts);
	if (fds[0].revents && terminal__is_gone(run->terminal))
		return false;
	if (fds[0].revents)
		read_keys(run);
	return true;
}

static bool is_over(const struct top_run *run)
{
	return run->error || tui__wants_quit(run->tui) ||
	       (run->options->look_count && run->looks >= run->options->look_count);
}

static void run_loop(struct top_run *run)
{
	do {
		if (looks_are_due(run) && time_left_ns(run) == 0)
			take_look(run);
		if (!run->error) /* rows point into a look that was not finished */
			show(run);
	} while (!is_over(run) && wait_for_something(run) && !is_over(run));
}

/* --- the command --- */

static int say_why_not(int error)
{
	const char *name = getenv("TERM");

	if (error == -ENOTTY) {
		log_error("top needs a terminal; use 'memsonde stat'");
		return EXIT_STATUS_USAGE;
	}
	if (error == -EINVAL)
		log_error("top cannot draw on a terminal of type '%s': set TERM to what it is, or "
			  "use 'memsonde stat'",
			  name ? name : "");
	else
		log_error("terminal: %s", strerror(-error));
	return EXIT_STATUS_FAILED;
}

/* The first look is taken before the screen opens: what goes wrong is said plainly. */
static int take_first_look(struct top_run *run)
{
	take_look(run);
	if (run->ended)
		return EXIT_STATUS_TARGET_GONE;
	return run->error ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
}

static int run_in_terminal(struct top_run *run)
{
	int status = take_first_look(run);
	int error;

	if (status)
		return status;
	error = stop_signals__open(&run->signals);
	if (error) {
		log_error("signals: %s", strerror(-error));
		return EXIT_STATUS_FAILED;
	}
	error = terminal__open(&run->terminal, !no_colour_is_set());
	if (!error) {
		tui__set_colours(run->tui, terminal__has_colours(run->terminal));
		run_loop(run);
		terminal__close(run->terminal);
	}
	stop_signals__close(&run->signals);
	if (error)
		return say_why_not(error);
	return run->error ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE;
}

static int run_with_source(struct top_run *run, const struct column *sort)
{
	const struct options *options = run->options;
	struct tui_settings settings = {
		.ascii = options->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
		.interval_ns = options->interval_ns ? options->interval_ns : NS_PER_SECOND,
		.sort = sort,
	};
	int status;

	account__init(&run->account);
	run->users = options->replay ? NULL : user_names__new();
	settings.users = run->users;
	run->tui = tui__new(&settings, &run->account);
	grid__init(&run->grid, 0, 0);
	if (alert_watch__open(&run->alerts, options, true))
		status = EXIT_STATUS_FAILED;
	else
		status = run_in_terminal(run);
	alert_watch__close(run->alerts, &run->account);
	grid__release(&run->grid);
	tui__free(run->tui);
	user_names__free(run->users);
	account__release(&run->account);
	return status;
}

int command_top(const struct options *options)
{
	struct top_run run = {.options = options};
	const struct column *sort = process_column__find(options->sort ? options->sort : "rss");
	int status;

	if (!sort) {
		log_error("--sort: there is no figure '%s'", options->sort);
		return EXIT_STATUS_USAGE;
	}
	/* before anything is loaded or started */
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return say_why_not(-ENOTTY);
	status = open_source(options, &run.source);
	if (status)
		return status;
	status = run_with_source(&run, sort);
	run.source->close(run.source);
	return status;
}
