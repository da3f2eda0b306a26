/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages without userfaultfd: the twin's memory may not be accessed at first, and its parent
 * traces it. Each access of a missing page stops it with SIGSEGV; the parent then has it
 * make the page accessible, by a system call put in between, fills the page, and lets it
 * repeat the access. A system call that the parent did not put there is the end.
 */
#ifdef __x86_64__

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/hash_table.h"
#include "base/memory.h"
#include "system/machine.h"
#include "twin/deliveries.h"

/* Most stops come at once: only then is it worth to sleep. */
#define EAGER_TRIES	 300
#define SLEEP_FIRST_NS	 50000
#define SLEEP_LONGEST_NS 1000000

#define PLAIN_FLAGS   0x202 /* of the CPU: no single steps, no alignment checks */
#define CODE_SEGMENT  0x33  /* of 64-bit programs */
#define SYSCALL_BYTES 2
#define TRAP_BYTES    1

struct trace_state {
	bool stopped; /* in a page fault, and these are its registers */
	struct user_regs_struct registers;
	struct hash_table given; /* addresses of pages that it has */
};

static bool is_possible(void)
{
	return true;
}

/* The parent must have seized it before the target's code runs. */
static int prepare(int socket)
{
	char byte;

	return read(socket, &byte, 1) == 1 ? NO_FD : -ESRCH;
}

static int attach(struct twin_process *process, int socket)
{
	long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP;

	if (ptrace(PTRACE_SEIZE, process->pid, NULL, options))
		return -errno;
	process->delivery_state = xcalloc(1, sizeof(struct trace_state));
	return write(socket, "", 1) == 1 ? 0 : -EPIPE;
}

static void detach(struct twin_process *process)
{
	struct trace_state *state = process->delivery_state;

	if (state)
		hash_table__release(&state->given);
	free(state);
	process->delivery_state = NULL;
}

/* --- stops --- */

static int end_by(struct twin_process *process, int signal)
{
	process->end_signal = signal;
	return -ECHILD;
}

/* It ended and is not there any more. */
static int note_end(struct twin_process *process, int status)
{
	process->pid = -1;
	return end_by(process, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

/* Waits for the next stop: 0 with its status, or -errno as wait_for_fault(). */
static int wait_for_stop(struct twin_process *process, int64_t timeout_ns, int *status)
{
	int64_t end_ns = clock_ns(CLOCK_MONOTONIC) + timeout_ns;
	struct timespec pause = {.tv_nsec = SLEEP_FIRST_NS};

	for (int tries = 0;; tries++) {
		struct pollfd end = {.fd = process->pid_fd, .events = POLLIN};
		pid_t got = waitpid(process->pid, status, __WALL | WNOHANG);

		if (got < 0)
			return -errno;
		if (got > 0)
			return WIFSTOPPED(*status) ? 0 : note_end(process, *status);
		if (clock_ns(CLOCK_MONOTONIC) >= end_ns)
			return -ETIME;
		if (tries < EAGER_TRIES) {
			sched_yield();
			continue;
		}
		if (ppoll(&end, 1, &pause, NULL) < 0)
			return -errno;
		if (pause.tv_nsec < SLEEP_LONGEST_NS)
			pause.tv_nsec += SLEEP_FIRST_NS;
	}
}

static bool is_event(int status, int event)
{
	return status >> 8 == (SIGTRAP | event << 8);
}

/* Home and bounds as we know them, not as they stand in the control block. */
static bool is_served(const struct twin_process *process, uint64_t address)
{
	return address >= TWIN_LOWEST_ADDRESS && address < TWIN_USER_SPACE_END &&
	       (address < process->home || address >= process->home + HOME_DOORBELL_OFFSET);
}

static bool is_same(const void *item, const void *wanted)
{
	return item == wanted;
}

static bool is_given(const struct trace_state *state, uint64_t page)
{
	return hash_table__find(&state->given, hash_number(page), is_same,
				(const void *)(uintptr_t)page);
}

/* What a stop means: 0 with an address, -EAGAIN if nothing, -ECHILD. */
static int understand(struct twin_process *process, int status, uint64_t *address)
{
	struct trace_state *state = process->delivery_state;
	siginfo_t signal = {0};
	uint64_t page;

	if (is_event(status, PTRACE_EVENT_SECCOMP))
		return end_by(process, SIGSYS);
	if (status >> 16 == PTRACE_EVENT_STOP)
		return -EAGAIN;
	if (WSTOPSIG(status) != SIGSEGV || status >> 16 ||
	    ptrace(PTRACE_GETSIGINFO, process->pid, NULL, &signal) ||
	    ptrace(PTRACE_GETREGS, process->pid, NULL, &state->registers))
		return end_by(process, WSTOPSIG(status));
	page = (uint64_t)(uintptr_t)signal.si_addr & ~(process->page_bytes - 1);
	if ((signal.si_code != SEGV_MAPERR && signal.si_code != SEGV_ACCERR) ||
	    !is_served(process, page) || is_given(state, page))
		return end_by(process, SIGSEGV);
	state->registers.orig_rax = (uint64_t)-1; /* nothing to be restarted */
	state->stopped = true;
	*address = page;
	return 0;
}

static int go_on(struct twin_process *process)
{
	return ptrace(PTRACE_CONT, process->pid, NULL, NULL) ? -errno : 0;
}

static int wait_for_fault(struct twin_process *process, int64_t timeout_ns, uint64_t *address)
{
	struct trace_state *state = process->delivery_state;
	int error = 0, status;

	if (state->stopped)
		error = go_on(process);
	state->stopped = false;
	while (!error) {
		error = wait_for_stop(process, timeout_ns, &status);
		if (!error)
			error = understand(process, status, address);
		if (!error)
			return 0;
		if (error == -EAGAIN)
			error = go_on(process);
	}
	/* it vanished between two calls: killed from outside */
	return error == -ESRCH ? end_by(process, SIGKILL) : error;
}

/* --- system calls put in between --- */

static int run_to_stop(struct twin_process *process, int *status)
{
	int error = go_on(process);

	while (!error && waitpid(process->pid, status, __WALL) < 0)
		error = errno == EINTR ? 0 : -errno;
	if (!error && !WIFSTOPPED(*status))
		error = note_end(process, *status);
	return error;
}

static int check_stop(struct twin_process *process, bool (*expected)(int status))
{
	int status, error = run_to_stop(process, &status);

	if (error)
		return error;
	return expected(status) ? 0 : end_by(process, WSTOPSIG(status));
}

static bool is_at_call(int status)
{
	return is_event(status, PTRACE_EVENT_SECCOMP);
}

static bool is_behind_call(int status)
{
	return status >> 8 == SIGTRAP;
}

static int inject(struct twin_process *process, long number, uint64_t a, uint64_t b, uint64_t c)
{
	struct trace_state *state = process->delivery_state;
	uint64_t site = process->home + HOME_CODE_OFFSET + HOME_INJECTION_OFFSET;
	struct user_regs_struct registers = state->registers;
	int error;

	registers.rip = site;
	registers.cs = CODE_SEGMENT;
	registers.eflags = PLAIN_FLAGS;
	registers.rax = (uint64_t)number;
	registers.rdi = a;
	registers.rsi = b;
	registers.rdx = c;
	if (ptrace(PTRACE_SETREGS, process->pid, NULL, &registers))
		return -errno;
	error = check_stop(process, is_at_call);
	if (!error)
		error = check_stop(process, is_behind_call);
	if (error)
		return error;
	if (ptrace(PTRACE_GETREGS, process->pid, NULL, &registers) ||
	    registers.rip != site + SYSCALL_BYTES + TRAP_BYTES ||
	    ptrace(PTRACE_SETREGS, process->pid, NULL, &state->registers))
		return -EIO;
	return (int)registers.rax;
}

static int protect(struct twin_process *process, uint64_t address, uint64_t bytes, int protection)
{
	return inject(process, SYS_mprotect, address, bytes, (uint64_t)protection);
}

static int fill_missing(struct twin_process *process, uint64_t address, size_t pages,
			const char *data)
{
	struct trace_state *state = process->delivery_state;
	struct iovec from = {.iov_base = (void *)(uintptr_t)data,
			     .iov_len = pages * process->page_bytes};
	struct iovec to = {.iov_base = (void *)(uintptr_t)address, .iov_len = from.iov_len};
	int error = protect(process, address, from.iov_len, PROT_READ | PROT_WRITE | PROT_EXEC);

	if (error)
		return error;
	if (process_vm_writev(process->pid, &from, 1, &to, 1, 0) != (ssize_t)from.iov_len)
		return -EFAULT;
	for (size_t i = 0; i < pages; i++, address += process->page_bytes)
		hash_table__add(&state->given, hash_number(address), (void *)(uintptr_t)address);
	return 0;
}

static int fill(struct twin_process *process, uint64_t address, size_t pages, const char *data)
{
	const struct trace_state *state = process->delivery_state;
	uint64_t page_bytes = process->page_bytes;
	int error = 0;

	for (size_t i = 0, run; i < pages && !error; i += run) {
		run = 1;
		if (is_given(state, address + i * page_bytes))
			continue;
		while (i + run < pages && !is_given(state, address + (i + run) * page_bytes))
			run++;
		error = fill_missing(process, address + i * page_bytes, run, data + i * page_bytes);
	}
	return error;
}

static int fill_bell(struct twin_process *process, uint64_t address)
{
	return protect(process, address, process->page_bytes, PROT_READ);
}

const struct page_delivery trace_delivery = {
	.name = "ptrace",
	.kind = DELIVERY_TRACE,
	.is_possible = is_possible,
	.prepare = prepare,
	.attach = attach,
	.detach = detach,
	.wait = wait_for_fault,
	.fill = fill,
	.fill_bell = fill_bell,
};

#endif
