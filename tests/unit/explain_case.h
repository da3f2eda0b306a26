/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TESTS_UNIT_EXPLAIN_CASE_H
#define MEMSONDE_TESTS_UNIT_EXPLAIN_CASE_H

#include "model/account.h"
#include "model/explain.h"

/* Looks at a process of which a test says what it has at each moment. */

#define MIB    ((int64_t)1 << 20)
#define SECOND INT64_C(1000000000)

/* What a process has at a moment, in MiB; UNKNOWN is unknown. */
#define UNKNOWN -1

struct moment {
	double rss, v8_heap, array_buffers_class, malloc, stack, file, anon;
	double held, live, slack;
	double heap_used, used_after, external, array_buffers, heap_limit, old_limit, old_used;
	/* Of further isolates, workers', each; 0: there is none. */
	double worker_heap_used, worker_used_after;
	double more_workers;  /* a count, beside the first */
	double python_blocks; /* a count; 0: it is no Python */
	double mark_compacts; /* a count */
	double threads;	      /* a count */
};

/* A process of a hundred MiB in which nothing happens; the same of Node.js. */
extern const struct moment at_rest;
struct moment node_at_rest(void);

/* Buffers that are dropped, and freed each 10 s. */
struct moment buffer_garbage(int second);

struct process *look_at(struct account *account, int second, const struct moment *moment);

/* Looks each second of `seconds`, the moment as the function says. */
typedef struct moment moment_of(int second);
struct process *watch(struct account *account, int seconds, moment_of *moment_of);

/* Exactly these causes, in this order; "" is none. */
void expect(const struct process *process, const char *causes);
void expect_watch(int seconds, moment_of *moment_of, const char *causes);

/* Of the first explanation: its class, and words of its evidence. */
void expect_class(const struct process *process, int class);
void expect_words(const struct process *process, const char *words);

#endif
