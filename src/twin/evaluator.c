/* SPDX-License-Identifier: GPL-2.0-only */
#include "twin/evaluator.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/memory.h"
#include "system/machine.h"
#include "twin/subject.h"

/* A process that runs on changes while it is asked: its answers may contradict each other,
 * or a lock may be held. So it is asked again, so often in any case and as long as a part of
 * the time that it may take is left, then with pauses: who was interrupted while it held a
 * lock holds it for long. Without a runtime's word it is unknown what belongs to which class:
 * it gets more, and is asked in each look. */
static const struct persistence {
	int attempts, share;
} persistences[] = {
	[SOURCE_ALLOCATOR] = {.attempts = 3, .share = 300},
	[SOURCE_RUNTIME] = {.attempts = 10, .share = 100},
};

#define PAUSE_NS 300000

/* How long a moment is waited for in which the process does not change what is asked for. */
#define SETTLE_NS      INT64_C(2000000)
#define RESTLESS_LOOKS 16

/* What two answers of a process that ran meanwhile may differ by: a walk over lists that
 * changed under it ends anywhere. */
#define AGREED_BYTES 65536
#define AGREED_SHARE 64

/* A source that took longer than this is not asked again before so many times the time that
 * it took has passed, whatever the answer: neither a heap with a million holes nor one that
 * changes all the time may cost more than a fiftieth of a CPU. */
#define DEAR_NS	      INT64_C(5000000)
#define DEAR_INTERVAL 50

/* All sources of a process have so much of what one may take: no process has many that loop. */
#define DEADLINES_OF_ALL 2

/* Twins are what the kernel ends first when memory runs out: not to have it end one after the
 * other, while what takes the memory goes on, none is made for so long. */
#define REST_NS INT64_C(10000000000)

/* What was not in use in so many looks running is asked in every RARE_LOOKS-th. */
#define EAGER_LOOKS 8
#define RARE_LOOKS  16

/* Twins that are kept; with more processes than that each look makes them anew. */
#define KEPT_SUBJECTS 128

struct evaluator {
	struct elf_symbols *symbols;
	size_t first_symbol;   /* of the sources' */
	uint64_t patient_look; /* in which one source was asked with more patience */
	int64_t rest_until_ns; /* no twin is made before */
	struct subject **subjects;
	size_t subject_count, subject_capacity;
};

struct evaluator *evaluator__new(struct elf_symbols *symbols)
{
	struct evaluator *self = xcalloc(1, sizeof(*self));

	self->symbols = symbols;
	self->first_symbol = source_symbols__add(symbols);
	return self;
}

void evaluator__free(struct evaluator *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < self->subject_count; i++)
		subject__free(self->subjects[i]);
	free(self->subjects);
	free(self);
}

/* --- subjects --- */

static bool is_subject_of(const struct subject *subject, const struct process *process)
{
	return subject->key.pid == process->key.pid &&
	       subject->key.start_ns == process->key.start_ns;
}

static struct subject *find_subject(const struct evaluator *self, const struct process *process)
{
	for (size_t i = 0; i < self->subject_count; i++)
		if (is_subject_of(self->subjects[i], process))
			return self->subjects[i];
	return NULL;
}

static void forget_subject(struct evaluator *self, struct subject *subject)
{
	for (size_t i = 0; i < self->subject_count; i++)
		if (self->subjects[i] == subject)
			self->subjects[i] = self->subjects[--self->subject_count];
	subject__free(subject);
}

static struct subject *take_subject(struct evaluator *self, const struct evaluator_request *request)
{
	struct subject *subject = find_subject(self, request->process);

	if (subject && subject->image != request->image) {
		forget_subject(self, subject);
		subject = NULL;
	}
	if (!subject) {
		subject = subject__new(&request->process->key, request->image);
		ARRAY_GROW(self->subjects, self->subject_count, self->subject_capacity);
		self->subjects[self->subject_count++] = subject;
	}
	subject->seen_look = request->look;
	return subject;
}

void evaluator__end_look(struct evaluator *self, uint64_t look)
{
	for (size_t i = self->subject_count; i-- > 0;) {
		struct subject *subject = self->subjects[i];

		if (subject->seen_look != look || i >= KEPT_SUBJECTS)
			forget_subject(self, subject);
	}
}

/* --- asking --- */

static void clear_figures(struct source_figures *figures)
{
	*figures = (struct source_figures){
		.live_bytes = FIGURE_UNKNOWN,
		.live_blocks = FIGURE_UNKNOWN,
		.free_bytes = FIGURE_UNKNOWN,
		.mmapped_bytes = FIGURE_UNKNOWN,
		.active_bytes = FIGURE_UNKNOWN,
		.resident_bytes = FIGURE_UNKNOWN,
		.retained_bytes = FIGURE_UNKNOWN,
		.metadata_bytes = FIGURE_UNKNOWN,
		.python_blocks = FIGURE_UNKNOWN,
	};
}

void evaluation__claim(struct evaluation *evaluation, uint64_t start, uint64_t end,
		       enum memory_class class)
{
	struct regions *regions = evaluation->regions;

	ARRAY_GROW(regions->items, regions->count, regions->capacity);
	regions->items[regions->count++] =
		(struct region){.start = start, .end = end, .class = class};
}

/* Whether asking again may help. */
static bool is_passing(int error)
{
	return error == -EAGAIN || error == -EFAULT || error == -EIO;
}

/* No allocator holds more than there is address space, or less than nothing: whoever says so
 * lies, or was caught in the middle of a change. */
static bool are_possible(const struct source_figures *figures, const struct twin_target *target)
{
	const figure_value values[] = {
		figures->live_bytes,	 figures->live_blocks,	  figures->free_bytes,
		figures->mmapped_bytes,	 figures->active_bytes,	  figures->resident_bytes,
		figures->retained_bytes, figures->metadata_bytes,
	};
	uint64_t mapped_bytes = 0;

	for (size_t i = 0; i < target->mapping_count; i++)
		mapped_bytes += target->mappings[i].end - target->mappings[i].start;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (figure_known(values[i]) &&
		    (values[i] < 0 || (uint64_t)values[i] > mapped_bytes))
			return false;
	return true;
}

static void ask(struct evaluation *evaluation, struct candidate *candidate, struct answer *answer)
{
	const char *reason;

	clear_figures(&answer->figures);
	evaluation->reason[0] = '\0';
	evaluation->symbols = candidate->addresses;
	evaluation->state = &candidate->history.state;
	answer->error = candidate->source->evaluate(evaluation, &answer->figures);
	if (!answer->error && !are_possible(&answer->figures, evaluation->target)) {
		clear_figures(&answer->figures);
		answer->error = -EAGAIN;
	}
	if (!answer->error)
		return;
	reason = twin__reason(evaluation->twin);
	if (answer->error == -ENOENT)
		reason = "it is not in use";
	else if (evaluation->reason[0])
		reason = evaluation->reason;
	else if (!reason[0])
		reason = "its answers contradict each other, as it changes meanwhile";
	snprintf(answer->reason, sizeof(answer->reason), "%s", reason);
}

/* Memory mostly stays whose it was. */
static void claim_again(struct evaluation *evaluation, const struct candidate_history *history)
{
	for (size_t i = 0; i < history->claims.count; i++)
		evaluation__claim(evaluation, history->claims.items[i].start,
				  history->claims.items[i].end, history->claims.items[i].class);
}

static void remember_claims(struct candidate_history *history, const struct regions *regions,
			    size_t first)
{
	history->claims.count = 0;
	for (size_t i = first; i < regions->count; i++) {
		ARRAY_GROW(history->claims.items, history->claims.count, history->claims.capacity);
		history->claims.items[history->claims.count++] = regions->items[i];
	}
}

static void remember(struct candidate *candidate, const struct answer *answer, int64_t began_ns,
		     const struct regions *regions, size_t first_claim)
{
	struct candidate_history *history = &candidate->history;

	history->absences = answer->error == -ENOENT ? history->absences + 1 : 0;
	/* without it nothing can be told of any class: it is asked in each look, as long as there
	 * is hope */
	if (candidate->source->tells_classes && (!answer->error || is_passing(answer->error))) {
		history->cost_ns = 0;
		return;
	}
	history->last = *answer;
	history->last_ns = clock_ns(CLOCK_MONOTONIC);
	history->cost_ns = history->last_ns - began_ns;
	remember_claims(history, regions, first_claim);
}

/* The process while it is asked. */
struct asking {
	struct evaluator *evaluator;
	struct evaluator_request *request;
	struct subject *subject;
	const struct twin_limits *limits; /* of the round, and of the source */
	int64_t last_ns;		  /* then no further source is asked */
	struct twin_target target;
	struct evaluation evaluation;
	bool in_round;
	uint64_t rounds;
};

static void take_request(struct asking *asking)
{
	const struct evaluator_request *request = asking->request;

	asking->target.tid = request->tid;
	asking->target.mappings = request->mappings;
	asking->target.mapping_count = request->mapping_count;
	asking->target.vdso = request->vdso;
	asking->evaluation.threads = request->threads;
	asking->evaluation.thread_count = request->thread_count;
	asking->evaluation.start_brk = request->start_brk;
	asking->evaluation.brk = request->brk;
}

/* Who needs more than all have waits for its turn: a look has one. */
static bool has_to_wait(const struct asking *asking, const struct candidate_history *history)
{
	return history->needs_patience && asking->evaluator->patient_look == asking->request->look;
}

/* The last answer stands in for one that would cost too much now, or be the same. */
static bool is_spared(struct asking *asking, const struct candidate *candidate,
		      struct answer *answer)
{
	const struct candidate_history *history = &candidate->history;
	struct evaluation *evaluation = &asking->evaluation;
	int64_t age_ns = clock_ns(CLOCK_MONOTONIC) - history->last_ns;

	if (history->absences >= EAGER_LOOKS &&
	    (evaluation->look + evaluation->process->key.pid) % RARE_LOOKS) {
		*answer = history->last;
		return true;
	}
	if (history->cost_ns < DEAR_NS ||
	    (age_ns >= history->cost_ns * DEAR_INTERVAL && !has_to_wait(asking, history)))
		return false;
	*answer = history->last;
	claim_again(evaluation, history);
	if (!answer->error)
		process__add_note(evaluation->process,
				  "%s: as of %.1f s before, as asking it takes %" PRId64 " ms",
				  candidate->source->name, (double)age_ns / 1e9,
				  history->cost_ns / 1000000);
	return true;
}

/* Begins a round on the process as it is by then. */
static int begin_round(struct asking *asking, struct answer *answer)
{
	struct evaluator_request *request = asking->request;
	int error;

	if (asking->rounds++ && request->read_anew &&
	    !request->read_anew(request, request->context)) {
		snprintf(answer->reason, sizeof(answer->reason), "the process ended");
		return -ESRCH;
	}
	take_request(asking);
	error = twin__begin_round(asking->subject->twin, &asking->target, asking->limits);
	snprintf(answer->reason, sizeof(answer->reason), "%s", twin__reason(asking->subject->twin));
	return error;
}

static bool agree(figure_value value, figure_value before)
{
	figure_value difference = value - before;

	if (!figure_known(value) || !figure_known(before))
		return value == before;
	return llabs(difference) <= AGREED_BYTES + before / AGREED_SHARE;
}

/* Whether the answer can be believed: nothing that it is made from has changed meanwhile, or
 * two answers in a row say the same. */
static bool is_confirmed(const struct asking *asking, const struct answer *answer,
			 const struct source_figures *before)
{
	const struct source_figures *figures = &answer->figures;

	if (twin__is_current(asking->subject->twin))
		return true;
	return agree(figures->live_bytes, before->live_bytes) &&
	       agree(figures->free_bytes, before->free_bytes);
}

/* Asks again an allocator whose process ran meanwhile. */
static void confirm(struct asking *asking, const struct candidate *candidate, struct answer *answer,
		    struct source_figures *before)
{
	if (answer->error || candidate->source->kind != SOURCE_ALLOCATOR ||
	    is_confirmed(asking, answer, before))
		return;
	*before = answer->figures;
	clear_figures(&answer->figures);
	answer->error = -EAGAIN;
	snprintf(answer->reason, sizeof(answer->reason),
		 "its answers contradict each other, as it changes meanwhile");
}

/* Whether there is to be another attempt. */
static bool may_retry(const struct asking *asking, const struct candidate *candidate,
		      int64_t began_ns, int attempt)
{
	static const struct timespec pause = {.tv_nsec = PAUSE_NS};
	const struct persistence *persistence = &persistences[candidate->source->kind];
	int64_t limit_ns = asking->limits->deadline_ns;
	int64_t spent_ns = clock_ns(CLOCK_MONOTONIC) - began_ns;

	if (!attempt)
		return true;
	if (spent_ns > limit_ns)
		return false;
	if (attempt < persistence->attempts)
		return true;
	if (spent_ns > limit_ns / persistence->share)
		return false;
	nanosleep(&pause, NULL);
	return true;
}

/* Allocators change lists in a few places at once: of a process that changes while it is
 * asked, as it turned out, they are asked best of one moment. */
static void prepare(const struct asking *asking, struct candidate *candidate, int attempt)
{
	struct twin *twin = asking->subject->twin;
	uint64_t look = asking->request->look;

	twin__set_asker(twin, (unsigned int)(candidate - asking->subject->candidates));
	if (attempt)
		candidate->history.restless_until_look = look + RESTLESS_LOOKS;
	/* where it does not come about, the answer may be right all the same */
	if (candidate->source->kind == SOURCE_ALLOCATOR &&
	    look < candidate->history.restless_until_look)
		twin__settle(twin, SETTLE_NS);
}

static void set_limits(struct asking *asking, const struct twin_limits *limits)
{
	if (asking->limits != limits)
		asking->in_round = false;
	asking->limits = limits;
}

/* Takes the turn of the look for who needs more than the usual limits, if it is free. */
static bool take_turn(struct asking *asking)
{
	const struct evaluator_limits *limits = &asking->request->limits;
	struct evaluator *evaluator = asking->evaluator;

	if (evaluator->patient_look == asking->request->look ||
	    limits->patient.pages <= limits->usual.pages)
		return false;
	evaluator->patient_look = asking->request->look;
	asking->last_ns += limits->patient.deadline_ns;
	set_limits(asking, &limits->patient);
	return true;
}

/* Asks one source within the limits until it has answered, each failure costing a round. False
 * when the target or the twin cannot be had at all. */
static bool ask_until_answered(struct asking *asking, struct candidate *candidate,
			       struct answer *answer, size_t first_claim)
{
	struct evaluation *evaluation = &asking->evaluation;
	int64_t began_ns = clock_ns(CLOCK_MONOTONIC);
	struct source_figures before;

	clear_figures(&answer->figures);
	clear_figures(&before);
	for (int attempt = 0; may_retry(asking, candidate, began_ns, attempt); attempt++) {
		if (!asking->in_round) {
			answer->error = begin_round(asking, answer);
			if (answer->error == -ESRCH || answer->error == -ENOSYS)
				return false;
			if (answer->error)
				continue;
		}
		prepare(asking, candidate, attempt);
		ask(evaluation, candidate, answer);
		confirm(asking, candidate, answer, &before);
		asking->in_round = !answer->error || answer->error == -ENOENT;
		if (answer->error)
			evaluation->regions->count = first_claim;
		if (!is_passing(answer->error))
			break;
	}
	return true;
}

static bool needs_more(const struct answer *answer)
{
	return answer->error == -E2BIG || answer->error == -ETIME;
}

/* The same, with as much as it needs if it is its turn; and what follows from the answer. */
static bool ask_one(struct asking *asking, struct candidate *candidate, struct answer *answer)
{
	struct evaluation *evaluation = &asking->evaluation;
	size_t first_claim = evaluation->regions->count;
	int64_t began_ns = clock_ns(CLOCK_MONOTONIC);

	set_limits(asking, &asking->request->limits.usual);
	if (candidate->history.needs_patience)
		take_turn(asking);
	if (!ask_until_answered(asking, candidate, answer, first_claim))
		return false;
	if (needs_more(answer)) {
		candidate->history.needs_patience = true;
		if (take_turn(asking) &&
		    !ask_until_answered(asking, candidate, answer, first_claim))
			return false;
	}
	if (answer->error == -ENOMEM)
		asking->evaluator->rest_until_ns = clock_ns(CLOCK_MONOTONIC) + REST_NS;
	if (answer->error && answer->error != -ENOENT)
		claim_again(evaluation, &candidate->history);
	else if (!answer->error && candidate->source->claim && !asking->request->figures_only)
		answer->unclaimed = !candidate->source->claim(evaluation);
	remember(candidate, answer, began_ns, evaluation->regions, first_claim);
	log_verbose("twin of %u: %s: %.3f ms, %" PRIu64 " pages read, %" PRIu64 " faults, %" PRIu64
		    " rounds%s%s",
		    evaluation->process->key.pid, candidate->source->name,
		    (double)(clock_ns(CLOCK_MONOTONIC) - began_ns) / 1e6,
		    twin__statistics(evaluation->twin)->pages_fetched,
		    twin__statistics(evaluation->twin)->faults, asking->rounds,
		    answer->error ? ": " : "", answer->error ? answer->reason : "");
	return true;
}

static void ask_all(struct asking *asking, struct answer *answers)
{
	struct answer late = {.error = -ETIME, .reason = "the others have taken all the time"};
	struct answer rest = {.error = -ENOMEM,
			      .reason = "memory is short: a twin was ended for it"};
	struct subject *subject = asking->subject;
	const struct answer *impossible = NULL;
	int64_t began_ns = clock_ns(CLOCK_MONOTONIC);

	asking->last_ns = began_ns + asking->request->limits.usual.deadline_ns * DEADLINES_OF_ALL;
	clear_figures(&late.figures);
	clear_figures(&rest.figures);
	if (began_ns < asking->evaluator->rest_until_ns)
		impossible = &rest;
	for (size_t i = 0; i < subject->candidate_count; i++) {
		struct candidate *candidate = &subject->candidates[i];

		if (!impossible && clock_ns(CLOCK_MONOTONIC) > asking->last_ns)
			impossible = &late;
		if (asking->request->figures_only && candidate->source->kind == SOURCE_ALLOCATOR)
			answers[i].error = -ENOENT;
		else if (impossible)
			answers[i] = *impossible;
		else if (!is_spared(asking, candidate, &answers[i]) &&
			 !ask_one(asking, candidate, &answers[i]))
			impossible = &answers[i];
	}
	twin__end_round(subject->twin, true);
	log_verbose("twin of %u: in all %.3f ms", asking->evaluation.process->key.pid,
		    (double)(clock_ns(CLOCK_MONOTONIC) - began_ns) / 1e6);
}

/* --- telling --- */

/* What one of several allocators does not tell is unknown of them together. */
static void add_figure(struct process *process, enum process_figure figure, figure_value value)
{
	figure_value *sum = &process->figures[figure];

	if (!process->allocator)
		*sum = value;
	else if (figure_known(*sum))
		*sum = figure_known(value) ? *sum + value : FIGURE_UNKNOWN;
}

static void add_name(struct process *process, const char *name, bool heavier)
{
	const char *before = process->allocator;
	char *names;

	names = !before	  ? xstrdup(name)
		: heavier ? xasprintf("%s+%s", name, before)
			  : xasprintf("%s+%s", before, name);
	account__set_text(&process->allocator, names);
	free(names);
}

static void add_allocator(struct process *process, const struct figure_source *source,
			  const struct source_figures *figures)
{
	figure_value *mmapped = &process->figures[FIG_HEAP_MMAPPED];
	bool heavier = figure_known(process->figures[FIG_HEAP_LIVE]) &&
		       figures->live_bytes > process->figures[FIG_HEAP_LIVE];

	add_figure(process, FIG_HEAP_LIVE, figures->live_bytes);
	add_figure(process, FIG_HEAP_LIVE_BLOCKS, figures->live_blocks);
	add_figure(process, FIG_HEAP_FREE, figures->free_bytes);
	add_figure(process, FIG_HEAP_ACTIVE, figures->active_bytes);
	add_figure(process, FIG_HEAP_RESIDENT, figures->resident_bytes);
	add_figure(process, FIG_HEAP_RETAINED, figures->retained_bytes);
	add_figure(process, FIG_HEAP_METADATA, figures->metadata_bytes);
	/* the others keep all their blocks together */
	if (figure_known(figures->mmapped_bytes))
		*mmapped = figures->mmapped_bytes + (figure_known(*mmapped) ? *mmapped : 0);
	add_name(process, source->name, heavier);
}

/* Returns whether all classes are known. */
static bool tell(struct process *process, const struct subject *subject,
		 const struct answer *answers, bool figures_only)
{
	bool classes = !subject->unread[0];

	if (subject->unread[0])
		process__add_note(process, "heap, v8: one of its program files: %s",
				  subject->unread);
	for (size_t i = 0; i < subject->candidate_count; i++) {
		const struct figure_source *source = subject->candidates[i].source;

		if (answers[i].error == -ENOENT)
			continue;
		if (answers[i].error)
			process__add_note(process, "%s: %s", source->name, answers[i].reason);
		if (source->tells_classes && (answers[i].error || answers[i].unclaimed))
			classes = false;
		if (figure_known(answers[i].figures.python_blocks))
			process->figures[FIG_PYTHON_BLOCKS] = answers[i].figures.python_blocks;
		/* of one that is in use but did not answer everything is unknown */
		if (source->kind == SOURCE_ALLOCATOR)
			add_allocator(process, source, &answers[i].figures);
	}
	if (!process->allocator && !figures_only && !subject->unread[0])
		process__add_note(process,
				  "heap: no function is known that tells what its allocator holds");
	else if (figure_known(process->figures[FIG_HEAP_LIVE]))
		account__set_text(&process->heap_source, "twin");
	return classes;
}

static int compare_regions(const void *left, const void *right)
{
	const struct region *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

bool evaluator__process(struct evaluator *self, struct evaluator_request *request,
			struct regions *regions)
{
	struct subject *subject = take_subject(self, request);
	struct asking asking = {
		.evaluator = self,
		.request = request,
		.subject = subject,
		.limits = &request->limits.usual,
		.target.key = request->process->key,
		.evaluation =
			{
				.twin = subject->twin,
				.process = request->process,
				.look = request->look,
				.target = &asking.target,
				.regions = regions,
			},
	};
	struct answer *answers;
	bool classes;

	regions->count = 0;
	subject__find_candidates(subject, self->symbols, self->first_symbol, request->tid,
				 request->mappings, request->mapping_count);
	answers = xcalloc(subject->candidate_count + 1, sizeof(*answers));
	take_request(&asking);
	ask_all(&asking, answers);
	classes = tell(request->process, subject, answers, request->figures_only);
	if (regions->count)
		qsort(regions->items, regions->count, sizeof(*regions->items), compare_regions);
	free(answers);
	return classes;
}
