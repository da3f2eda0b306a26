/* SPDX-License-Identifier: GPL-2.0-only */
#include "twin/twin.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "system/machine.h"
#include "twin/known_pages.h"
#include "twin/page_delivery.h"
#include "twin/patience.h"
#include "twin/refresh.h"
#include "twin/same_cpu.h"
#include "twin/target_pages.h"
#include "twin/twin_process.h"

/* Pages moved at a time. Each page for itself at first, as few will do; who touches many,
 * walks: then a whole block is brought. */
#define BLOCK_PAGES	 16
#define FAULTS_OF_A_WALK 256

/* A process is kept for the next round only if it is small. */
#define KEPT_PAGES 8192

struct twin {
	struct twin_process process;
	struct target_pages *pages;
	struct same_cpu cpu;
	struct known_pages known; /* that functions touched */
	struct known_pages ahead; /* that were brought along in this round */
	struct twin_limits limits;
	struct twin_statistics statistics;
	pid_t tid;
	unsigned int asker;
	uint64_t layout; /* of the target, when the process began */
	uint64_t batches;
	struct patience patience;
	bool has_unknown; /* the process has pages that are not known, but ahead */
	bool ready;	  /* the process has set itself up, and may have run the target's code */
	uint64_t page_bytes;
	int64_t start_ns;
	char *buffer; /* TARGET_PAGES_AT_ONCE */
	char reason[160];
};

struct twin *twin__new(void)
{
	struct twin *self = xcalloc(1, sizeof(*self));

	twin_process__init(&self->process);
	self->pages = target_pages__new();
	self->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	self->buffer = xcalloc(TARGET_PAGES_AT_ONCE, self->page_bytes);
	return self;
}

void twin__free(struct twin *self)
{
	if (!self)
		return;
	twin_process__end(&self->process);
	same_cpu__leave(&self->cpu);
	target_pages__free(self->pages);
	known_pages__release(&self->known);
	known_pages__release(&self->ahead);
	free(self->buffer);
	free(self);
}

const char *twin__reason(const struct twin *self)
{
	return self->reason;
}

const char *twin__delivery(const struct twin *self)
{
	return self->process.delivery ? self->process.delivery->name : "nothing";
}

bool twin__has_best_delivery(const struct twin *self)
{
	return self->process.delivery == page_deliveries[0];
}

const struct twin_statistics *twin__statistics(const struct twin *self)
{
	return &self->statistics;
}

/* Ends the process, whose state nobody knows any more, and returns the error. */
static int __attribute__((format(printf, 3, 4)))
fail(struct twin *self, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(self->reason, sizeof(self->reason), format, arguments);
	va_end(arguments);
	twin_process__end(&self->process);
	return error;
}

static int fail_to_read(struct twin *self, int error, uint64_t address)
{
	switch (error) {
	case -EFAULT:
		return fail(self, error, "it touched %#" PRIx64 ", where the target has no memory",
			    address);
	case -ENODATA:
		return fail(self, error,
			    "it needs a page that is swapped out or cannot be read without harm");
	case -ESRCH:
		return fail(self, error, "the target is gone");
	default:
		return fail(self, error, "reading the target's memory failed: %s",
			    strerror(-error));
	}
}

static int tell_setup_error(struct twin *self, int error)
{
	static const char *const stages[] = {
		[STAGE_START] = "it could not be sandboxed",
		[STAGE_UNMAP] = "it could not be emptied",
		[STAGE_MAP] =
			"there is no address space for it (a limit, or vm.overcommit_memory=2)",
		[STAGE_REGISTER] = "userfaultfd refused its memory",
		[STAGE_SECCOMP] = "seccomp refused its filter",
	};
	uint32_t stage = self->process.control->stage;
	int cause = self->process.control->error;

	if (stage >= ARRAY_SIZE(stages))
		stage = STAGE_START;
	return fail(self, error, "%s: %s", stages[stage], strerror(cause ? cause : EPERM));
}

/* It is over with the process. What it says of its stage is worth something only until the
 * target's code has run. */
static int tell_end(struct twin *self)
{
	int end_signal = self->process.end_signal, status;

	if (!self->ready)
		return tell_setup_error(self, -EPERM);
	status = twin_process__end(&self->process);
	if (!end_signal && status != -1 && WIFSIGNALED(status))
		end_signal = WTERMSIG(status);
	switch (end_signal) {
	case 0:
		return fail(self, -EIO, "the twin ended");
	case SIGSYS:
		return fail(self, -EAGAIN,
			    "it called the kernel, which a twin may not: mostly, a thread of the "
			    "target held a lock");
	case SIGSEGV:
	case SIGBUS:
		return fail(self, -EFAULT, "it touched memory that it may not");
	case SIGXCPU:
		/* of all rounds that it served: the next one gets a fresh one */
		return fail(self, -EAGAIN, "the twin used up its time");
	case SIGKILL:
		return fail(self, -ENOMEM, "the twin was killed, mostly for want of memory");
	default:
		return fail(self, -EFAULT, "it crashed (signal %d, %s)", end_signal,
			    strsignal(end_signal));
	}
}

/* --- pages into the twin --- */

/* Those that are there already stay. */
static int fill(struct twin *self, uint64_t address, size_t pages, const char *data)
{
	return self->process.delivery->fill(&self->process, address, pages, data);
}

static void know(struct twin *self, uint64_t address, size_t pages)
{
	known_pages__add(&self->known, address, pages, self->buffer, self->page_bytes, self->asker);
}

/* How many pages were brought, or -errno as target_pages__read(); *twin_failed: the twin could
 * not take them, which says nothing of the target. */
static ssize_t bring(struct twin *self, uint64_t address, size_t max_pages, bool *twin_failed)
{
	ssize_t pages = target_pages__read(self->pages, address, max_pages, self->buffer);
	int error;

	*twin_failed = false;
	if (pages < 0)
		return pages;
	error = fill(self, address, (size_t)pages, self->buffer);
	if (error) {
		*twin_failed = true;
		return error;
	}
	self->statistics.pages_fetched += (uint64_t)pages;
	return pages;
}

/*
 * What can be had of the rest of the block, behind the page and before it. Most of it is
 * never touched: later rounds do without it, and so without this process, which would go on
 * with what lies there.
 */
static void read_ahead(struct twin *self, uint64_t address)
{
	uint64_t block_bytes = BLOCK_PAGES * self->page_bytes;
	uint64_t start = address & ~(block_bytes - 1), at = start;

	while (at < start + block_bytes) {
		size_t left = (size_t)((start + block_bytes - at) / self->page_bytes);
		bool twin_failed;
		ssize_t pages = at == address ? 0 : bring(self, at, left, &twin_failed);

		if (pages <= 0) {
			at += self->page_bytes;
			continue;
		}
		known_pages__add(&self->ahead, at, (size_t)pages, self->buffer, self->page_bytes,
				 self->asker);
		self->has_unknown = true;
		at += (size_t)pages * self->page_bytes;
	}
}

static int serve_fault(struct twin *self, uint64_t address)
{
	bool twin_failed;
	ssize_t pages;

	address &= ~(self->page_bytes - 1);
	if (self->statistics.pages_fetched >= self->limits.pages)
		return fail(self, -E2BIG, "it needs more than %" PRIu64 " pages of the target",
			    self->limits.pages);
	self->statistics.faults++;
	pages = bring(self, address, 1, &twin_failed);
	if (twin_failed)
		return tell_end(self);
	if (pages < 0)
		return fail_to_read(self, (int)pages, address);
	know(self, address, 1);
	if (self->statistics.faults > FAULTS_OF_A_WALK)
		read_ahead(self, address);
	return 0;
}

/* --- the process --- */

static uint64_t doorbell(const struct twin *self, uint64_t batch)
{
	return self->process.home + HOME_DOORBELL_OFFSET + batch * self->page_bytes;
}

/* As page_delivery.wait(), but -ETIME and -ELOOP (it walks in circles) are final. */
static int wait_in_time(struct twin *self, uint64_t *address)
{
	int64_t patience_ns = self->ready ? patience__ns(&self->patience, self->known.count)
					  : self->limits.deadline_ns;
	int64_t began_ns = clock_ns(CLOCK_MONOTONIC);

	for (;;) {
		int64_t spent_ns = clock_ns(CLOCK_MONOTONIC) - self->start_ns;
		int64_t left_ns = self->limits.deadline_ns - spent_ns;
		int error;

		if (left_ns <= 0)
			return -ETIME;
		/* by halves, as only behind the first one what it has computed is looked at */
		error = self->process.delivery->wait(
			&self->process, left_ns < patience_ns / 2 ? left_ns : patience_ns / 2,
			address);
		if (!error)
			patience__waited(&self->patience, clock_ns(CLOCK_MONOTONIC) - began_ns);
		if (error != -ETIME)
			return error;
		if (left_ns > patience_ns &&
		    patience__is_over(&self->patience, self->process.pid, self->statistics.faults,
				      patience_ns))
			return -ELOOP;
	}
}

/* Waits for the next page that it touches. The round has failed unless it is 0 or -EINTR. */
static int wait_for_page(struct twin *self, uint64_t *address)
{
	int error = wait_in_time(self, address);

	switch (error) {
	case 0:
	case -EINTR:
		return error;
	case -ELOOP:
		return fail(self, -EAGAIN,
			    "it went round in circles: what it reads changed meanwhile");
	case -ETIME:
		return fail(self, -ETIME, "it took longer than %" PRId64 " ms",
			    self->limits.deadline_ns / 1000000);
	case -ECHILD:
		return tell_end(self);
	default:
		return fail(self, error, "%s: %s", self->process.delivery->name, strerror(-error));
	}
}

/* Serves page faults until the process rings for that batch. */
static int serve(struct twin *self, uint64_t batch)
{
	for (;;) {
		uint64_t address = 0;
		int error = wait_for_page(self, &address);

		if (error == -EINTR)
			continue;
		if (!error && (address & ~(self->page_bytes - 1)) == doorbell(self, batch))
			return 0;
		if (!error)
			error = serve_fault(self, address);
		if (error)
			return error;
	}
}

static size_t run_of_known(const struct twin *self, size_t index, size_t max_pages)
{
	return known_pages__run(&self->known, index, max_pages, self->page_bytes);
}

static struct refresh refresh_of(const struct twin *self)
{
	return (struct refresh){.pages = self->pages,
				.pid = self->process.pid,
				.page_bytes = self->page_bytes,
				.buffer = self->buffer};
}

/* Fetches all known pages into a fresh process, and forgets those that the target does not
 * have any more. */
static int fill_known(struct twin *self)
{
	size_t kept = 0;

	known_pages__sort(&self->known);
	for (size_t i = 0, run; i < self->known.count; i += run) {
		uint64_t address = self->known.items[i].address;
		bool twin_failed;
		ssize_t pages;

		run = run_of_known(self, i, TARGET_PAGES_AT_ONCE);
		pages = bring(self, address, run, &twin_failed);
		if (twin_failed)
			return tell_end(self);
		if (pages == -ESRCH)
			return fail_to_read(self, -ESRCH, address);
		run = pages < 0 ? 1 : (size_t)pages;
		if (pages < 0)
			continue;
		known_pages__set(&self->known, i, run, self->buffer, self->page_bytes);
		memmove(&self->known.items[kept], &self->known.items[i],
			run * sizeof(*self->known.items));
		kept += run;
	}
	self->known.count = kept;
	return 0;
}

static int start_with(struct twin *self, const struct twin_target *target,
		      const struct page_delivery *delivery)
{
	int error = twin_process__start(&self->process, target, delivery);

	self->ready = false;
	self->batches = 0;
	if (error == -EADDRINUSE)
		return fail(self, error, "the target leaves no room for it");
	if (error)
		return fail(self, error, "it could not be started by %s: %s", delivery->name,
			    strerror(-error));
	self->statistics.starts++;
	self->has_unknown = false;
	self->ahead.count = 0;
	self->layout = target_pages__layout(self->pages);
	error = serve(self, 0);
	self->ready = !error;
	return error;
}

/* By the first delivery that works. */
static int start(struct twin *self, const struct twin_target *target)
{
	int error = -ENOSYS;

	for (size_t i = 0; i < page_delivery_count; i++) {
		if (!page_deliveries[i]->is_possible())
			continue;
		error = start_with(self, target, page_deliveries[i]);
		if (!error || error == -ESRCH || error == -EADDRINUSE || error == -ETIME)
			break;
	}
	if (error == -ENOSYS)
		return fail(self, error, "this kernel has no userfaultfd, or it is forbidden");
	if (error)
		return error;
	patience__begin(&self->patience, self->process.pid);
	return fill_known(self);
}

static bool can_go_on(const struct twin *self, const struct twin_target *target)
{
	return self->process.pid > 0 && !self->has_unknown &&
	       self->layout == target_pages__layout(self->pages) &&
	       self->batches < home_doorbell_count(self->page_bytes) / 2 &&
	       twin_process__fits(&self->process, target);
}

int twin__begin_round(struct twin *self, const struct twin_target *target,
		      const struct twin_limits *limits)
{
	uint64_t starts = self->statistics.starts;
	int error;

	target_pages__end(self->pages);
	self->reason[0] = '\0';
	self->limits = *limits;
	self->start_ns = clock_ns(CLOCK_MONOTONIC);
	self->statistics = (struct twin_statistics){.starts = starts};
	self->tid = target->tid;
	same_cpu__stay(&self->cpu, self->process.pid);
	error = target_pages__begin(self->pages, target);
	if (error)
		return fail_to_read(self, error, 0);
	if (can_go_on(self, target)) {
		struct refresh refresh = refresh_of(self);

		error = refresh__all(&refresh, &self->known, &self->statistics.pages_fetched);
		if (!error)
			return 0;
		if (error == -ESRCH)
			return fail_to_read(self, error, 0);
	}
	twin_process__end(&self->process);
	return start(self, target);
}

void twin__set_asker(struct twin *self, unsigned int asker)
{
	self->asker = asker;
}

bool twin__settle(struct twin *self, int64_t limit_ns)
{
	struct refresh refresh = refresh_of(self);
	int64_t began_ns = clock_ns(CLOCK_MONOTONIC);
	int error;

	do
		error = refresh__changed(&refresh, &self->known, self->asker);
	while (error == -EAGAIN && clock_ns(CLOCK_MONOTONIC) - began_ns < limit_ns);
	return !error;
}

void twin__end_round(struct twin *self, bool keep)
{
	if (!keep || self->has_unknown || self->known.count > KEPT_PAGES)
		twin_process__end(&self->process);
	if (self->known.count > KEPT_PAGES)
		self->known.count = 0;
	target_pages__end(self->pages);
	same_cpu__leave(&self->cpu);
}

/* --- calls --- */

/* Lets the process leave its doorbell: whatever lies there, it is not looked at. */
static int ring_back(struct twin *self)
{
	return self->process.delivery->fill_bell(&self->process, doorbell(self, self->batches));
}

static int call_batch(struct twin *self, struct twin_call *calls, size_t count)
{
	struct twin_control *control = self->process.control;
	int error;

	if (self->process.pid < 0)
		return -EIO; /* the round has failed already, and said why */
	if (self->batches + 2 >= home_doorbell_count(self->page_bytes))
		return fail(self, -E2BIG, "too many calls in one round");
	memcpy(control->calls, calls, count * sizeof(*calls));
	control->call_count = count;
	patience__call(&self->patience, self->process.pid, self->statistics.faults);
	error = ring_back(self);
	if (error)
		return tell_end(self);
	self->batches++;
	error = serve(self, self->batches);
	if (error)
		return error;
	patience__came_back(&self->patience);
	for (size_t i = 0; i < count; i++)
		calls[i].result = control->calls[i].result;
	self->statistics.calls += count;
	return 0;
}

int twin__call(struct twin *self, struct twin_call *calls, size_t count)
{
	int error = 0;

	for (size_t done = 0; done < count && !error; done += TWIN_BATCH)
		error = call_batch(self, calls + done,
				   count - done < TWIN_BATCH ? count - done : TWIN_BATCH);
	return error;
}

bool twin__is_current(struct twin *self)
{
	struct refresh refresh = refresh_of(self);

	return refresh__is_current(&refresh, &self->known) &&
	       refresh__is_current(&refresh, &self->ahead);
}

/* --- the scratch area --- */

uint64_t twin__scratch(const struct twin *self, size_t offset)
{
	return self->process.home + HOME_SCRATCH_OFFSET + offset;
}

static char *scratch(const struct twin *self)
{
	return (char *)self->process.control + (HOME_SCRATCH_OFFSET - HOME_CONTROL_OFFSET);
}

static bool in_scratch(const struct twin *self, size_t offset, size_t length)
{
	return self->process.control && offset <= TWIN_SCRATCH_BYTES &&
	       length <= TWIN_SCRATCH_BYTES - offset;
}

void twin__write_scratch(struct twin *self, size_t offset, const void *data, size_t length)
{
	if (in_scratch(self, offset, length))
		memcpy(scratch(self) + offset, data, length);
}

void twin__read_scratch(const struct twin *self, size_t offset, void *data, size_t length)
{
	if (in_scratch(self, offset, length))
		memcpy(data, scratch(self) + offset, length);
	else
		memset(data, 0, length);
}

uint64_t twin__area_visitor(const struct twin *self)
{
	return self->process.home + HOME_AREA_VISITOR_OFFSET;
}

/* --- reading --- */

static int read_part(struct twin *self, uint64_t address, void *data, size_t length)
{
	struct iovec to = {.iov_base = data, .iov_len = length};
	struct iovec from = {.iov_base = (void *)(uintptr_t)address, .iov_len = length};
	uint64_t page = address & ~(self->page_bytes - 1);
	ssize_t pages;

	/* what the twin does not have fails: a fault from outside is not served */
	if (self->process.pid > 0 &&
	    process_vm_readv(self->process.pid, &to, 1, &from, 1, 0) == (ssize_t)length)
		return 0;
	pages = target_pages__read(self->pages, page, 1, self->buffer);
	if (pages < 0)
		return (int)pages;
	memcpy(data, self->buffer + (address - page), length);
	return 0;
}

int twin__read(struct twin *self, uint64_t address, void *data, size_t length)
{
	for (size_t done = 0; done < length;) {
		uint64_t at = address + done;
		size_t left = (size_t)(self->page_bytes - at % self->page_bytes);
		size_t part = length - done < left ? length - done : left;
		int error = read_part(self, at, (char *)data + done, part);

		if (error)
			return error;
		done += part;
	}
	return 0;
}

int twin__peek(struct twin *self, uint64_t address, void *data, size_t length)
{
	for (size_t done = 0; done < length;) {
		uint64_t at = address + done;
		size_t left = (size_t)(self->page_bytes - at % self->page_bytes);
		size_t part = length - done < left ? length - done : left;
		int error = target_pages__peek(self->pages, at, (char *)data + done, part);

		if (error)
			return error;
		done += part;
	}
	return 0;
}

void twin__peek_all(struct twin *self, const uint64_t *addresses, size_t count, size_t length,
		    void *data, bool *got)
{
	for (size_t done = 0; done < count; done += TARGET_PAGES_AT_ONCE) {
		size_t left = count - done;

		target_pages__peek_all(self->pages, addresses + done,
				       left < TARGET_PAGES_AT_ONCE ? left : TARGET_PAGES_AT_ONCE,
				       length, (char *)data + done * length, got + done);
	}
}

ssize_t twin__peek_run(struct twin *self, uint64_t address, size_t max_pages, void *buffer,
		       size_t *absent)
{
	return target_pages__peek_run(self->pages, address, max_pages, buffer, absent);
}

int twin__read_text(struct twin *self, uint64_t address, char *buffer, size_t size)
{
	size_t length = 0;

	buffer[0] = '\0';
	while (length + 1 < size) {
		uint64_t at = address + length;
		size_t left = (size_t)(self->page_bytes - at % self->page_bytes);
		size_t part = size - 1 - length < left ? size - 1 - length : left;
		int error = twin__read(self, at, buffer + length, part);

		if (error) {
			buffer[0] = '\0';
			return error;
		}
		if (memchr(buffer + length, '\0', part))
			return 0;
		length += part;
		buffer[length] = '\0';
	}
	return 0;
}
