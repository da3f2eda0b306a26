/* SPDX-License-Identifier: GPL-2.0-only */
#include "parse/parser_sandbox.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"

#define NOBODY 65534

#ifdef __x86_64__
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
/* The low half of an argument, which holds all flags; both machines are little-endian. */
#define LOAD_ARGUMENT(n)                                                                           \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (n))
#define EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define HAS(bits, yes, no)    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bits), (yes), (no))
#define ALLOW		      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL		      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define ALLOW_CALL(number)    EQUAL((number), 0, 1), ALLOW

/* Memory may be had, but none that can be executed. Calls of the machine's other
 * interfaces (32 bits, x32) have other numbers or another architecture. */
static const struct sock_filter filter[] = {
	LOAD(arch),
	EQUAL(OWN_ARCHITECTURE, 1, 0),
	KILL,
	LOAD(nr),
	ALLOW_CALL(SYS_munmap),
	ALLOW_CALL(SYS_mremap),
	ALLOW_CALL(SYS_brk),
	ALLOW_CALL(SYS_madvise),
	ALLOW_CALL(SYS_exit_group),
	EQUAL(SYS_mmap, 1, 0),
	EQUAL(SYS_mprotect, 0, 3),
	LOAD_ARGUMENT(2),
	HAS(PROT_EXEC, 1, 0),
	ALLOW,
	KILL,
};

static bool filter_calls(void)
{
	struct sock_fprog program = {
		.len = ARRAY_SIZE(filter),
		.filter = (struct sock_filter *)filter,
	};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* What the process has of address space: its fork began with the parent's. */
static uint64_t own_bytes(void)
{
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	char text[128] = "";
	ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	return length > 0 ? strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

/* At `value` it is told, where there is a signal for that; behind `last` it is over. */
static void lower_limit(int resource, uint64_t value, uint64_t last)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) == 0 && limit.rlim_max < last)
		last = limit.rlim_max;
	limit.rlim_max = last;
	limit.rlim_cur = value < last ? value : last;
	setrlimit(resource, &limit);
}

static bool set_limits(uint64_t memory_bytes, uint64_t cpu_s)
{
	uint64_t own = own_bytes();

	if (!own)
		return false;
	lower_limit(RLIMIT_AS, own + memory_bytes, own + memory_bytes);
	lower_limit(RLIMIT_CPU, cpu_s, cpu_s + 1);
	lower_limit(RLIMIT_CORE, 0, 0);
	lower_limit(RLIMIT_FSIZE, 0, 0);
	lower_limit(RLIMIT_NOFILE, 0, 0);
	return true;
}

/* Each as far as it can be done: what matters holds without them, too. Capabilities mostly
 * end with the user id; who keeps that loses them by the last call. */
static void drop_rights(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
	int failed = 0;

	memset(none, 0, sizeof(none));
	failed |= setgroups(0, NULL);
	failed |= setresgid(NOBODY, NOBODY, NOBODY);
	failed |= setresuid(NOBODY, NOBODY, NOBODY);
	failed |= (int)syscall(SYS_capset, &header, none);
	(void)failed;
}

/* The handlers of the program we were forked from are not for us. */
static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

bool parser_sandbox__enter(pid_t parent, uint64_t memory_bytes, uint64_t cpu_s)
{
	reset_signals();
	setsid();
	if (syscall(SYS_close_range, 0, ~0U, 0) || !set_limits(memory_bytes, cpu_s))
		return false;
	drop_rights();
	/* A change of the user id would undo these. Who cannot be dumped cannot be read or
	 * traced by other processes of that user, either. */
	prctl(PR_SET_NAME, "memsonde-parser");
	if (prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		return false;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && filter_calls();
}
