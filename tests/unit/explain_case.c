/* SPDX-License-Identifier: GPL-2.0-only */
#include "unit/explain_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/isolate.h"

#define START (INT64_C(1769860800) * SECOND)

/* A process of a hundred MiB in which nothing happens. */
const struct moment at_rest = {
	.rss = 100,
	.v8_heap = UNKNOWN,
	.array_buffers_class = UNKNOWN,
	.malloc = 80,
	.stack = 1,
	.file = 4,
	.anon = 10,
	.held = UNKNOWN,
	.live = UNKNOWN,
	.slack = UNKNOWN,
	.heap_used = UNKNOWN,
	.used_after = UNKNOWN,
	.external = UNKNOWN,
	.array_buffers = UNKNOWN,
	.heap_limit = UNKNOWN,
	.old_limit = UNKNOWN,
	.old_used = UNKNOWN,
	.mark_compacts = UNKNOWN,
	.threads = 4,
};

static figure_value bytes(double mib)
{
	return mib < 0 ? FIGURE_UNKNOWN : (figure_value)(mib * (double)MIB);
}

static figure_value count(double number)
{
	return number < 0 ? FIGURE_UNKNOWN : (figure_value)number;
}

static void set_isolate(struct process *process, uint64_t look, const struct moment *moment)
{
	struct isolate *isolate;

	if (moment->heap_used < 0)
		return;
	isolate = process__isolate(process, look, 4242);
	snprintf(isolate->thread, sizeof(isolate->thread), "main");
	isolate->figures[IFIG_HEAP_USED] = bytes(moment->heap_used);
	isolate->figures[IFIG_GC_USED_AFTER] = bytes(moment->used_after);
	isolate->figures[IFIG_EXTERNAL] = bytes(moment->external);
	isolate->figures[IFIG_ARRAY_BUFFERS] = bytes(moment->array_buffers);
	isolate->figures[IFIG_HEAP_LIMIT] = bytes(moment->heap_limit);
	isolate->figures[IFIG_OLD_LIMIT] = bytes(moment->old_limit);
	isolate->figures[IFIG_OLD_USED] = bytes(moment->old_used);
	isolate->figures[IFIG_GC_MARK_COMPACTS] = count(moment->mark_compacts);
}

static void set_workers(struct process *process, uint64_t look, const struct moment *moment)
{
	for (uint32_t i = 0; moment->worker_heap_used > 0 && i <= moment->more_workers; i++) {
		struct isolate *isolate = process__isolate(process, look, 4243 + i);

		isolate->figures[IFIG_HEAP_USED] = bytes(moment->worker_heap_used);
		isolate->figures[IFIG_GC_USED_AFTER] = bytes(moment->worker_used_after);
		isolate->figures[IFIG_EXTERNAL] = isolate->figures[IFIG_ARRAY_BUFFERS] = 0;
		isolate->figures[IFIG_HEAP_LIMIT] = bytes(moment->heap_limit);
	}
}

static void set(struct process *process, uint64_t look, const struct moment *moment)
{
	figure_value *figures = process->figures;

	figures[FIG_RSS] = bytes(moment->rss);
	figures[FIG_CLASS_V8_HEAP] = bytes(moment->v8_heap);
	figures[FIG_CLASS_ARRAY_BUFFERS] = bytes(moment->array_buffers_class);
	figures[FIG_CLASS_MALLOC] = bytes(moment->malloc);
	figures[FIG_CLASS_STACK] = bytes(moment->stack);
	figures[FIG_CLASS_FILE] = bytes(moment->file);
	figures[FIG_CLASS_ANON] = bytes(moment->anon);
	figures[FIG_CLASS_CODE] = bytes(moment->file < 0 ? UNKNOWN : 5);
	figures[FIG_HEAP_HELD] = bytes(moment->held);
	figures[FIG_HEAP_LIVE] = bytes(moment->live);
	figures[FIG_HEAP_SLACK] = bytes(moment->slack);
	figures[FIG_THREADS] = count(moment->threads);
	figures[FIG_PYTHON_BLOCKS] =
		moment->python_blocks > 0 ? count(moment->python_blocks) : FIGURE_UNKNOWN;
	set_isolate(process, look, moment);
	set_workers(process, look, moment);
}

struct process *look_at(struct account *account, int second, const struct moment *moment)
{
	struct process_key key = {.start_ns = 1, .pid = 4242};
	struct process *process;

	account__begin_look(account, START + second * SECOND);
	process = account__process(account, key);
	set(process, account->look, moment);
	account__end_look(account);
	explain__look(account);
	return process;
}

struct process *watch(struct account *account, int seconds, moment_of *moment_of)
{
	struct process *process = NULL;

	account__init(account);
	for (int second = 0; second <= seconds; second++) {
		struct moment moment = moment_of(second);

		process = look_at(account, second, &moment);
	}
	return process;
}

static void fail_with(const struct process *process, const char *why)
{
	char told[4096] = "";
	size_t length = 0;

	for (size_t i = 0; i < process->explanation_count; i++) {
		const struct explanation *one = &process->explanations[i];

		if (length < sizeof(told))
			length +=
				(size_t)snprintf(told + length, sizeof(told) - length,
						 "\n%s +%lld: %s", explain_cause_names[one->cause],
						 (long long)one->grew_bytes, one->evidence);
	}
	fail_msg("%s; told:%s", why, told);
}

void expect(const struct process *process, const char *causes)
{
	char told[256] = "";
	size_t length = 0;

	for (size_t i = 0; i < process->explanation_count; i++)
		length +=
			(size_t)snprintf(told + length, sizeof(told) - length, "%s%s", i ? " " : "",
					 explain_cause_names[process->explanations[i].cause]);
	if (strcmp(told, causes))
		fail_with(process, causes);
}

void expect_watch(int seconds, moment_of *moment_of, const char *causes)
{
	struct account account;

	expect(watch(&account, seconds, moment_of), causes);
	account__release(&account);
}

void expect_class(const struct process *process, int class)
{
	if (!process->explanation_count || process->explanations[0].class != class)
		fail_with(process, process_figures[class].path);
}

void expect_words(const struct process *process, const char *words)
{
	if (!process->explanation_count || !strstr(process->explanations[0].evidence, words))
		fail_with(process, words);
}

struct moment node_at_rest(void)
{
	struct moment now = at_rest;

	now.v8_heap = 20;
	now.array_buffers_class = 0;
	now.malloc = 30;
	now.held = 30;
	now.live = 25;
	now.slack = 5;
	now.heap_used = 15;
	now.external = 3;
	now.array_buffers = 2;
	now.heap_limit = 2048;
	return now;
}

struct moment buffer_garbage(int second)
{
	struct moment now = node_at_rest();
	double garbage = (double)(second % 10) * 5;

	now.array_buffers += garbage;
	now.external += garbage;
	now.live += garbage;
	now.held += garbage;
	now.malloc += garbage;
	now.rss += garbage;
	return now;
}
