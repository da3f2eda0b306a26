/* SPDX-License-Identifier: GPL-2.0-only */
#include "command/alert_watch.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/output.h"
#include "base/text.h"
#include "command/alert_runner.h"
#include "command/options.h"
#include "model/account.h"
#include "model/alert.h"
#include "view/columns.h"
#include "view/machine_values.h"

#define PREFIX	     "MEMSONDE_"
#define LINE_SIZE    1024
#define SUBJECT_SIZE 256

struct alert_watch {
	struct alerts *alerts;
	struct alert_runner *runner; /* NULL without --exec */
};

int alert_watch__open(struct alert_watch **watch, const struct options *options, bool off_screen)
{
	struct alert_runner *runner = NULL;

	*watch = NULL;
	if (!options->alert_count)
		return 0;
	if (options->exec) {
		runner = alert_runner__new(options->exec, options->exec_timeout_ns, off_screen);
		if (!runner)
			return -ENFILE;
	}
	*watch = xcalloc(1, sizeof(**watch));
	(*watch)->alerts = alerts__new(options->alerts, options->alert_count);
	(*watch)->runner = runner;
	return 0;
}

/* ---- environment of a command ---- */

/* Texts "NAME=VALUE", a NUL behind each. */
struct environment {
	struct output texts;
	size_t count;
};

static void add_number(struct environment *environment, const char *name, enum figure_unit unit,
		       figure_value value)
{
	output__printf(&environment->texts, PREFIX "%s=", name);
	if (figure_known(value))
		machine__add_figure(&environment->texts, unit, value);
	output__add_char(&environment->texts, '\0');
	environment->count++;
}

static void add_text(struct environment *environment, const char *name, const char *value)
{
	output__printf(&environment->texts, PREFIX "%s=%s", name, value);
	output__add_char(&environment->texts, '\0');
	environment->count++;
}

/* "heap.slack_bytes" as FIGURE_HEAP_SLACK_BYTES; what is unknown is not there. */
static void add_figures(struct environment *environment, const char *prefix,
			const struct figure *table, const figure_value *values, int count)
{
	for (int i = 0; i < count; i++) {
		char name[96];

		if (!figure_known(values[i]))
			continue;
		snprintf(name, sizeof(name), "FIGURE_%s%s", prefix, table[i].path);
		for (char *c = name; *c; c++)
			*c = *c == '.' ? '_' : (char)toupper((unsigned char)*c);
		add_number(environment, name, table[i].unit, values[i]);
	}
}

/* The figures of the isolate take the place of the process's sums of the same names. */
static void add_process_figures(struct environment *environment, const struct alert *alert)
{
	figure_value figures[PROCESS_FIGURE_COUNT];

	memcpy(figures, alert->process->figures, sizeof(figures));
	for (int i = 0; alert->isolate && i < PROCESS_FIGURE_COUNT; i++)
		if (!strncmp(process_figures[i].path, "v8.", 3))
			figures[i] = FIGURE_UNKNOWN;
	add_figures(environment, "", process_figures, figures, PROCESS_FIGURE_COUNT);
	if (alert->isolate)
		add_figures(environment, "v8.", isolate_figures, alert->isolate->figures,
			    ISOLATE_FIGURE_COUNT);
}

static void fill(struct environment *environment, const struct alert *alert,
		 const struct account *account)
{
	enum figure_unit unit = alert->condition->left.figure->unit;
	char isolate[16] = "", time[32], label[16];

	if (alert->isolate)
		snprintf(isolate, sizeof(isolate), "%" PRIu32, alert->isolate->id);
	add_text(environment, "CONDITION", alert->condition->text);
	add_number(environment, "VALUE", unit, alert->value);
	add_number(environment, "BOUND", unit, alert->bound);
	add_text(environment, "ISOLATE", isolate);
	add_text(environment, "TIME", text__time(time, sizeof(time), account->time_unix_ns, 3));
	add_text(environment, "CONTAINER",
		 alert->container ? container__label(alert->container, label) : "");
	if (alert->container)
		add_figures(environment, "container.", container_figures, alert->container->figures,
			    CONTAINER_FIGURE_COUNT);
	if (!alert->process)
		return;
	add_number(environment, "PID", UNIT_COUNT, alert->process->key.pid);
	add_text(environment, "COMM", alert->process->comm);
	add_process_figures(environment, alert);
}

/* Our own environment, but for what one that started us may have set, and the texts. */
static char **make_vector(const struct environment *environment)
{
	size_t inherited = 0, count = 0;
	char *text = environment->texts.data;
	char **vector;

	while (environ && environ[inherited])
		inherited++;
	vector = xcalloc(inherited + environment->count + 1, sizeof(*vector));
	for (size_t i = 0; i < inherited; i++)
		if (strncmp(environ[i], PREFIX, strlen(PREFIX)) != 0)
			vector[count++] = environ[i];
	for (size_t i = 0; i < environment->count; i++, text += strlen(text) + 1)
		vector[count++] = text;
	return vector;
}

static void run(struct alert_watch *watch, const struct alert *alert, const struct account *account,
		const char *what)
{
	struct environment environment = {.count = 0};
	char **vector;

	output__init(&environment.texts, -1);
	fill(&environment, alert, account);
	vector = make_vector(&environment);
	alert_runner__run(watch->runner, what, vector);
	free(vector);
	output__release(&environment.texts);
}

/* ---- lines ---- */

/* "pid 4242 (node), isolate 1 (main)", or "container web" */
static void format_subject(char *text, size_t size, const struct alert *alert)
{
	char label[16];
	size_t length = 0;

	if (!alert->process) {
		snprintf(text, size, "container %s", container__label(alert->container, label));
		return;
	}
	length = (size_t)snprintf(text, size, "pid %u (%s)", alert->process->key.pid,
				  alert->process->comm);
	if (alert->isolate && length < size)
		length += (size_t)snprintf(text + length, size - length, ", isolate %u (%s)",
					   alert->isolate->id, alert->isolate->thread);
	if (alert->condition->left.scope == ALERT_OF_CONTAINER && alert->container && length < size)
		snprintf(text + length, size - length, ", container %s",
			 container__label(alert->container, label));
}

static void format_value(char *text, size_t size, const struct alert_condition *condition,
			 figure_value value)
{
	char number[40];

	column__format(number, sizeof(number), condition->left.figure->unit, value);
	snprintf(text, size, "%s%s", number, condition->period);
}

static void handle(struct alert_watch *watch, const struct alert *alert,
		   const struct account *account, char *text, size_t size)
{
	char subject[SUBJECT_SIZE], value[64], bound[64], time[32], line[LINE_SIZE];
	char what[SUBJECT_SIZE];

	format_subject(subject, sizeof(subject), alert);
	format_value(value, sizeof(value), alert->condition, alert->value);
	format_value(bound, sizeof(bound), alert->condition, alert->bound);
	snprintf(line, sizeof(line), "%s: %s: %s, bound %s", subject, alert->condition->text, value,
		 bound);
	log_error("alert: %s %s", text__time(time, sizeof(time), account->time_unix_ns, 3), line);
	snprintf(text, size, "alert: %s", line);
	if (!watch->runner)
		return;
	snprintf(what, sizeof(what), "%.120s, %.120s", subject, alert->condition->text);
	run(watch, alert, account, what);
}

static size_t tell_blanks(struct alert_watch *watch, const struct account *account, bool is_end,
			  char *text, size_t size)
{
	struct alert_blank blank;
	char name[96], line[LINE_SIZE];
	size_t count = 0;

	for (; alerts__next_blank(watch->alerts, account, is_end, &blank); count++) {
		const char *condition = blank.condition->text;

		alert_figure__name(blank.figure, name, sizeof(name));
		if (blank.process)
			snprintf(line, sizeof(line), "--alert %s: pid %u has no %s%s%s", condition,
				 blank.process->key.pid, name, blank.reason ? ": " : "",
				 blank.reason ? blank.reason : "");
		else
			snprintf(line, sizeof(line), "--alert %s: none of %zu processes has %s",
				 condition, blank.process_count, name);
		log_error("%s", line);
		snprintf(text, size, "%s", line);
	}
	return count;
}

/* What --exec runs itself. */
static bool is_own(const struct alert_watch *watch, const struct alert *alert)
{
	return watch->runner && alert->process &&
	       alert->condition->left.scope != ALERT_OF_CONTAINER &&
	       alert_runner__has(watch->runner, (pid_t)alert->process->key.pid);
}

size_t alert_watch__look(struct alert_watch *watch, const struct account *account, char *text,
			 size_t size)
{
	const struct alert *fired;
	size_t fired_count, count = 0;

	if (!watch)
		return 0;
	fired_count = alerts__look(watch->alerts, account, &fired);
	for (size_t i = 0; i < fired_count; i++) {
		if (is_own(watch, &fired[i]))
			continue;
		handle(watch, &fired[i], account, text, size);
		count++;
	}
	count += tell_blanks(watch, account, false, text, size);
	alert_watch__drain(watch);
	return count;
}

int alert_watch__fd(const struct alert_watch *watch)
{
	return watch && watch->runner ? alert_runner__fd(watch->runner) : -1;
}

void alert_watch__drain(struct alert_watch *watch)
{
	if (watch && watch->runner)
		alert_runner__drain(watch->runner);
}

void alert_watch__close(struct alert_watch *watch, const struct account *account)
{
	if (!watch)
		return;
	tell_blanks(watch, account, true, NULL, 0);
	alert_runner__close(watch->runner);
	alerts__free(watch->alerts);
	free(watch);
}
