/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_TWIN_H
#define MEMSONDE_TWIN_TWIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/account.h"
#include "model/classify.h"

/*
 * A twin: an empty process without any rights, in which the memory of a target appears at
 * the target's own addresses as it is touched. Functions of the target run there on its
 * real data while the target runs on; they can neither call the kernel nor write anywhere
 * but into the twin's copy. The target executes nothing and is not changed: only pages
 * that it has in memory are read, what is swapped out makes the call fail.
 *
 * One twin answers many questions. A round begins with twin__begin_round(): the pages that
 * earlier rounds touched are fetched anew, all at once, so that they fit together.
 */
struct twin;

/* The target as of now. Borrowed during the call of a function that takes it. */
struct twin_target {
	struct process_key key;
	pid_t tid;			/* of a thread that lives: by it /proc knows the memory */
	const struct mapping *mappings; /* in the order of addresses */
	size_t mapping_count;
	uint64_t vdso; /* where the kernel's own code lies in it; 0 if it has none */
};

/* Bounds of one round. */
struct twin_limits {
	uint64_t pages;	     /* that may be fetched */
	int64_t deadline_ns; /* of time spent, from the start of the round */
};

/* Arguments and, after the call, the result of one function of the target. */
struct twin_call {
	uint64_t function;	 /* address in the target */
	uint64_t thread_pointer; /* of the thread in whose name it runs */
	uint64_t arguments[6];	 /* numbers, addresses of the target, or of the scratch area */
	uint64_t result;	 /* what the first result register held */
};

/* Calls that go in one batch; more are sent in several. */
#define TWIN_BATCH 64

/* The scratch area: memory of the twin's own for arguments and results. */
#define TWIN_SCRATCH_BYTES 65536

struct twin_statistics {
	uint64_t pages_fetched; /* in this round */
	uint64_t faults;	/* that were served in this round */
	uint64_t calls;		/* in this round */
	uint64_t starts;	/* processes made, in all */
};

/* Makes the object; processes come and go with rounds. Never fails. */
struct twin *twin__new(void);
void twin__free(struct twin *twin);

/*
 * Begins a round: 0, or -errno with twin__reason(). The target is another process than
 * before, or has executed another program: the caller uses another twin.
 */
int twin__begin_round(struct twin *twin, const struct twin_target *target,
		      const struct twin_limits *limits);

/* Who asks from now on: pages that are touched are known to be that one's. Any number. */
void twin__set_asker(struct twin *twin, unsigned int asker);

/*
 * Fetches the asker's pages again and again until they all are as they were the time before:
 * then the twin has them as of one moment of a process that runs on, as far as the call to
 * come needs no others. False when that was not so within the time, or a page went.
 */
bool twin__settle(struct twin *twin, int64_t limit_ns);

/* Ends it: nothing of the target is borrowed any more. With keep the process waits for
 * the next round. */
void twin__end_round(struct twin *twin, bool keep);

/*
 * Runs the functions one after the other. 0; -errno, and the round has failed: begin it
 * anew to try again. What came before in this batch is then lost, too. Results are the
 * word of hostile code: check them.
 *	-EAGAIN     it called the kernel: mostly, it waits for a lock that a thread held;
 *		    or it went round in circles
 *	-EFAULT     it touched memory that the target does not have
 *	-ENODATA    it needs a page that is swapped out or cannot be read harmlessly
 *	-ETIME      the deadline passed
 *	-E2BIG      more pages were needed than allowed
 *	-ESRCH      the target is gone
 *	others      the twin could not be made
 */
int twin__call(struct twin *twin, struct twin_call *calls, size_t count);

/* Whether all pages that were fetched in this round still are in the target as they were:
 * then what functions found in them is true of one moment. */
bool twin__is_current(struct twin *twin);

/* Address in the twin of an offset in the scratch area. */
uint64_t twin__scratch(const struct twin *twin, size_t offset);
/* Writes and reads the scratch area; length and offset must lie in it. A new process has
 * zeros. */
void twin__write_scratch(struct twin *twin, size_t offset, const void *data, size_t length);
void twin__read_scratch(const struct twin *twin, size_t offset, void *data, size_t length);

/* Address in the twin of a function to give to those that want a visitor of areas; see
 * area_sums.h. */
uint64_t twin__area_visitor(const struct twin *twin);

/* Reads memory as the twin sees it: its copy where there is one (functions may have
 * written to it), else the target's. 0, or -errno as above; the round goes on. */
int twin__read(struct twin *twin, uint64_t address, void *data, size_t length);

/* Reads a few bytes as the target has them now, where they are in memory, whatever the
 * twin has: for looking at many places, most of which no function touches. */
int twin__peek(struct twin *twin, uint64_t address, void *data, size_t length);

/* As twin__peek(), for the same number of bytes at many addresses, none across the end of a
 * page; cheapest in ascending order. data: length bytes each; got: whether they were had. */
void twin__peek_all(struct twin *twin, const uint64_t *addresses, size_t count, size_t length,
		    void *data, bool *got);

/* As twin__peek(), for a run of whole pages from a page's start on: how many were read, at
 * most max_pages; 0 where the first is not in memory, and *absent says how many are not. */
ssize_t twin__peek_run(struct twin *twin, uint64_t address, size_t max_pages, void *buffer,
		       size_t *absent);

/* Reads a text of the target, cut to size - 1 characters. */
int twin__read_text(struct twin *twin, uint64_t address, char *buffer, size_t size);

/* By what its pages get there, as long as there is a process, and whether there is nothing
 * better. */
const char *twin__delivery(const struct twin *twin);
bool twin__has_best_delivery(const struct twin *twin);

/* Why the last call failed, in words, without a full stop; "" if it did not. */
const char *twin__reason(const struct twin *twin);

const struct twin_statistics *twin__statistics(const struct twin *twin);

#endif
