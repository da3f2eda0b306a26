/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_V8_H
#define MEMSONDE_TWIN_V8_H

#include <errno.h>

#include "twin/figure_source.h"

/*
 * What the parts of V8's figure source share: v8.c asks for the figures, v8_isolates.c
 * knows which threads have an isolate, v8_statistics.c asks one isolate, v8_buffers.c the
 * allocator of its ArrayBuffers, v8_pages.c finds the memory of the heaps,
 * v8_backing.c that of large ArrayBuffers and v8_reservations.c WebAssembly's.
 */

/* The rows of v8_symbols[], in their order. */
enum v8_symbol {
	V8_TRY_GET_CURRENT,
	V8_GET_HEAP_STATISTICS,
	V8_SYMBOLS_REQUIRED,
	V8_NUMBER_OF_HEAP_SPACES = V8_SYMBOLS_REQUIRED,
	V8_GET_HEAP_SPACE_STATISTICS,
	V8_GET_CODE_RANGE,
	V8_GET_ARRAY_BUFFER_ALLOCATOR,
	V8_ADD_NEAR_HEAP_LIMIT_CALLBACK,
	V8_REMOVE_NEAR_HEAP_LIMIT_CALLBACK,
	V8_REGISTER_POINTER,
	V8_GET_STACK_SAMPLE,
	V8_ALLOCATOR_VTABLE,
	V8_DEBUGGING_ALLOCATOR_VTABLE,
	V8_SYMBOL_COUNT,
};

/* The answers of an isolate contradict each other; the round goes on. */
#define V8_CONTRADICTION (-EILSEQ)
/* They are of a moment that the program never sees, as it is collecting garbage, or of two. */
#define V8_UNSETTLED (-EBUSY)

/* One isolate, as it is known from look to look. */
struct v8_isolate {
	uint64_t address;
	uint32_t tid; /* the thread that has it */
	uint64_t thread_pointer;
	char thread[ISOLATE_NAME_LENGTH];
	uint64_t answered_look; /* the look whose figures it has given */
	uint64_t asked_round;
	unsigned int failures; /* in this look */
	bool unsettled;	       /* when it was asked last */
	uint64_t allocator;    /* of its ArrayBuffers; 0 if it is not known */
	uint64_t code_start, code_end;
	/* The part of its limit that is not the old generation's: it never changes. */
	uint64_t young_limit_bytes; /* 0: not known */
	unsigned int young_limit_failures;
	/* As of its last answer: what its heap commits, code excepted. */
	uint64_t committed_bytes;
	/* What its spaces lack to its total, and in how many answers running. */
	int64_t unlisted_bytes;
	unsigned int unlisted_times;
};

/* A thread, and when to ask it again whether it has an isolate. */
struct v8_thread {
	uint32_t tid;
	unsigned int asked;
	uint64_t thread_pointer;
	uint64_t isolate;
	uint64_t next_look;
};

/* Where the allocator of Node.js's ArrayBuffers keeps their total. */
struct v8_buffers {
	uint32_t offset; /* 0: not found yet */
	unsigned int attempts;
};

struct v8_state {
	uint64_t look, round;
	unsigned int failed_rounds; /* in this look */
	struct v8_isolate *isolates;
	size_t isolate_count;
	struct v8_thread *threads; /* in the order of tids */
	size_t thread_count;
	unsigned int space_count;     /* 0: not known */
	unsigned int sample_failures; /* of the function that tells whether it collects */
	struct v8_buffers buffers;
	struct v8_pages *pages;
	struct v8_backing *backing;
};

/* Finds the isolates of all threads. 0 or as twin__call(). */
int v8_isolates__find(struct v8_state *state, struct evaluation *evaluation);

/* Asks an isolate for its figures and puts them into the account; with settle_for_less, with
 * a note, also those for which it else returns V8_UNSETTLED. 0, V8_CONTRADICTION, or as
 * twin__call(). */
int v8_statistics__ask(struct v8_state *state, struct evaluation *evaluation,
		       struct v8_isolate *isolate, bool settle_for_less);

/* The total of the isolate's ArrayBuffers; FIGURE_UNKNOWN with 0 where it cannot be had.
 * 0 or as twin__call(). */
int v8_buffers__total(struct v8_buffers *buffers, struct evaluation *evaluation,
		      const struct v8_isolate *isolate, figure_value *total);

/* Claims the memory of the heaps, as far as it can be told; false if none of it can. It only
 * reads. */
struct v8_pages;
struct v8_pages *v8_pages__new(void);
void v8_pages__free(struct v8_pages *pages);
bool v8_pages__claim(struct v8_pages *pages, struct evaluation *evaluation,
		     const struct v8_isolate *isolates, size_t count);

/* Whether a page of the heap was found at the address. */
bool v8_pages__is_page(const struct v8_pages *pages, uint64_t address);

/* Claims blocks of malloc that are the memory of ArrayBuffers. */
struct v8_backing;
struct v8_backing *v8_backing__new(void);
void v8_backing__free(struct v8_backing *backing);
void v8_backing__claim(struct v8_backing *backing, struct evaluation *evaluation,
		       const struct v8_isolate *isolates, size_t count,
		       const struct v8_pages *pages);

/* Claims memory that V8 reserves for buffers that can grow: WebAssembly's memories. */
void v8_reservations__claim(struct evaluation *evaluation, const struct v8_isolate *isolates,
			    size_t count);

#endif
