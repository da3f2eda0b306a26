/* SPDX-License-Identifier: GPL-2.0-only */
#include "twin/twin_process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "twin/page_delivery.h"
#include "twin/stub_code.h"

#define NOBODY		    65534
#define MAX_CPU_SECONDS	    60
#define OWN_FD		    0
#define HWCAP2_BIT_FSGSBASE 2 /* as in the kernel's asm/hwcap2.h */

/* Where homes are looked for: far from where programs, libraries, stacks, V8's cages and
 * sanitizers' shadows are put. */
#define HOME_LOWEST  0x200000000000ULL
#define HOME_HIGHEST 0x7d0000000000ULL
#define HOME_STEP    0x010000000000ULL
#define HOME_FIRST   0x4f0000000000ULL

/* --- in the child, before the target's code --- */

static void say_failed(struct twin_control *control)
{
	control->error = errno;
	_exit(1);
}

/* Its memory can be had back at any time: when memory runs out it goes first. */
static void offer_to_oom_killer(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	/* a system that does not let it is no reason to do without the twin */
	(void)!write(fd, "1000", 4);
	close(fd);
}

/* A limit that somebody set for us is not meant for what is never touched. */
static void lift_limits(void)
{
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};

	/* where that is not allowed, the hole may still fit */
	(void)setrlimit(RLIMIT_AS, &none);
	(void)setrlimit(RLIMIT_DATA, &none);
}

/* Without that right nothing could end a twin that is another user's. */
static bool may_end_others(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct own[2] = {0};

	return !syscall(SYS_capget, &header, own) && (own[0].effective & 1U << CAP_KILL);
}

/* Who may not change its user has no more rights than that user; and must be able to reach
 * the twin, which then is not hidden from others of that user, either. */
static int become_nobody(void)
{
	if (!may_end_others()) {
		errno = EPERM;
		return geteuid() ? 0 : -1;
	}
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return geteuid() && errno == EPERM ? 0 : -1;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static int bound_cpu(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CPU, &limit))
		return -1;
	/* to raise it takes a right that is gone */
	if (limit.rlim_max > MAX_CPU_SECONDS)
		limit.rlim_max = MAX_CPU_SECONDS;
	/* the last second is for the signal that tells of it */
	limit.rlim_cur = limit.rlim_max > 1 ? limit.rlim_max - 1 : limit.rlim_max;
	return setrlimit(RLIMIT_CPU, &limit);
}

static int drop_rights(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {0};
	struct rlimit no_core = {0};

	/* Ctrl-C of the terminal is not meant for it. */
	setsid();
	/* the last takes effect only after all that changes the user or capabilities */
	if (become_nobody() || syscall(SYS_capset, &header, none) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -1;
	prctl(PR_SET_NAME, "memsonde-twin", 0, 0, 0);
	return setrlimit(RLIMIT_CORE, &no_core) || bound_cpu() ? -1 : 0;
}

#define RSEQ_BYTES     32
#define RSEQ_BYTES_MAX 256

/* The kernel writes to the C library's area at every preemption; where that has gone it
 * ends the process. How much of it was registered depends on library and kernel. */
static int leave_rseq(void)
{
	char *area = (char *)__builtin_thread_pointer() + __rseq_offset;

	if (!__rseq_size)
		return 0;
	for (unsigned int bytes = RSEQ_BYTES; bytes <= RSEQ_BYTES_MAX; bytes += 4)
		if (!syscall(SYS_rseq, area, bytes, RSEQ_FLAG_UNREGISTER, RSEQ_SIG))
			return 0;
	return -1;
}

static void *map_at(uint64_t address, size_t bytes, int protection)
{
	return mmap((void *)(uintptr_t)address, bytes, protection,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
}

/* Returns the control block where the home has it. */
static struct twin_control *furnish_home(struct twin_control *control)
{
	uint64_t home = control->home;
	void *code = map_at(home + HOME_CODE_OFFSET, HOME_CODE_BYTES, PROT_READ | PROT_WRITE);
	void *stack = map_at(home + HOME_STACK_OFFSET, HOME_STACK_BYTES, PROT_READ | PROT_WRITE);
	void *bells = map_at(home + HOME_DOORBELL_OFFSET, HOME_BYTES - HOME_DOORBELL_OFFSET,
			     control->delivery == DELIVERY_TRACE ? PROT_NONE : PROT_READ);
	void *moved;

	if (code == MAP_FAILED || stack == MAP_FAILED || bells == MAP_FAILED)
		return NULL;
	memcpy(code, twin_stub_code, (uintptr_t)twin_stub_code_end - (uintptr_t)twin_stub_code);
	if (mprotect(code, HOME_CODE_BYTES, PROT_READ | PROT_EXEC))
		return NULL;
	moved = mremap(control, HOME_CONTROL_BYTES, HOME_CONTROL_BYTES,
		       MREMAP_MAYMOVE | MREMAP_FIXED,
		       (void *)(uintptr_t)(home + HOME_CONTROL_OFFSET));
	return moved == MAP_FAILED ? NULL : moved;
}

/* On the twin's own stack, as all others go away there. */
static void __attribute__((noreturn)) enter_stub(struct twin_control *control)
{
	uint64_t code = control->home + HOME_CODE_OFFSET;
	uint64_t stack = control->home + HOME_STACK_OFFSET + HOME_STACK_BYTES;

#if defined(__x86_64__)
	__asm__ volatile("mov %1, %%rsp\n\tjmp *%0" ::"r"(code), "r"(stack), "D"(control)
			 : "memory");
#elif defined(__aarch64__)
	register uint64_t x0 __asm__("x0") = (uint64_t)control;

	__asm__ volatile("mov sp, %1\n\tbr %0" ::"r"(code), "r"(stack), "r"(x0) : "memory");
#endif
	__builtin_unreachable();
}

/* Keeps one descriptor, or none. */
static int close_others(int fd)
{
	if (fd != NO_FD && dup2(fd, OWN_FD) < 0)
		return -1;
	return (int)syscall(SYS_close_range, fd == NO_FD ? OWN_FD : OWN_FD + 1, ~0U, 0);
}

static void __attribute__((noreturn))
become_twin(const struct twin_process *process, int socket, pid_t parent)
{
	int fd = process->delivery->prepare(socket);
	struct twin_control *at_home;

	if (fd < 0 && fd != NO_FD)
		_exit(1);
	offer_to_oom_killer();
	lift_limits();
	at_home = furnish_home(process->control);
	if (!at_home)
		say_failed(process->control);
	if (drop_rights() || leave_rseq())
		say_failed(at_home);
	/* it may have ended before it could be told of */
	if (getppid() != parent)
		_exit(1);
	if (close_others(fd))
		say_failed(at_home);
	enter_stub(at_home);
}

/* --- in the parent --- */

static bool is_free(uint64_t home, const struct twin_target *target)
{
	for (size_t i = 0; i < target->mapping_count; i++)
		if (target->mappings[i].start < home + HOME_BYTES && target->mappings[i].end > home)
			return false;
	return true;
}

bool twin_process__fits(const struct twin_process *process, const struct twin_target *target)
{
	return is_free(process->home, target);
}

/* Free for us, too: what is ours goes away in the twin, but only after it has moved in. */
static bool is_free_here(uint64_t home)
{
	void *trial =
		mmap((void *)(uintptr_t)home, HOME_BYTES, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (trial == MAP_FAILED)
		return false;
	munmap(trial, HOME_BYTES);
	return trial == (void *)(uintptr_t)home;
}

/* 0 if there is none. */
static uint64_t find_home(const struct twin_target *target)
{
	uint64_t span = HOME_HIGHEST - HOME_LOWEST;

	for (uint64_t i = 0; i < span / HOME_STEP; i++) {
		uint64_t home = HOME_LOWEST + (HOME_FIRST - HOME_LOWEST + i * HOME_STEP) % span;

		if (is_free(home, target) && is_free_here(home))
			return home;
	}
	return 0;
}

static bool can_set_thread_pointer(void)
{
#ifdef __x86_64__
	return getauxval(AT_HWCAP2) & HWCAP2_BIT_FSGSBASE;
#else
	return true;
#endif
}

/* As fork(), but no signal tells its end, and it comes with a descriptor. */
static pid_t fork_quietly(int *pid_fd)
{
	struct clone_args arguments = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
		.pidfd = (uint64_t)(uintptr_t)pid_fd,
	};

	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

static int start_child(struct twin_process *process)
{
	pid_t parent = getpid();
	sigset_t all, before;
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	process->pid = fork_quietly(&process->pid_fd);
	if (process->pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		become_twin(process, sockets[1], parent);
	}
	int error = process->pid < 0 ? -errno : 0;

	sigprocmask(SIG_SETMASK, &before, NULL);
	close(sockets[1]);
	if (!error)
		error = process->delivery->attach(process, sockets[0]);
	close(sockets[0]);
	return error;
}

static const struct twin_process no_process = {.pid = -1, .pid_fd = -1, .userfault_fd = -1};

void twin_process__init(struct twin_process *process)
{
	*process = no_process;
}

int twin_process__start(struct twin_process *process, const struct twin_target *target,
			const struct page_delivery *delivery)
{
	int error;

	*process = no_process;
	process->delivery = delivery;
	process->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	process->home = find_home(target);
	if (!process->home)
		return -EADDRINUSE;
	process->control = mmap(NULL, HOME_CONTROL_BYTES, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (process->control == MAP_FAILED) {
		process->control = NULL;
		return -errno;
	}
	process->control->home = process->home;
	process->control->user_space_end = TWIN_USER_SPACE_END;
	process->control->page_bytes = process->page_bytes;
	process->control->userfault_fd = OWN_FD;
	process->control->delivery = delivery->kind;
	process->control->can_set_thread_pointer = can_set_thread_pointer();
	error = start_child(process);
	if (error)
		twin_process__end(process);
	return error;
}

int twin_process__end(struct twin_process *process)
{
	int status = -1;

	if (process->pid > 0) {
		kill(process->pid, SIGKILL);
		while (waitpid(process->pid, &status, __WALL) < 0 && errno == EINTR)
			;
	}
	if (process->pid_fd >= 0)
		close(process->pid_fd);
	if (process->delivery)
		process->delivery->detach(process);
	if (process->control)
		munmap(process->control, HOME_CONTROL_BYTES);
	*process = no_process;
	return status;
}
