/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs a command on a machine that has no userfaultfd, as far as it can tell, as in a
 * container with the usual seccomp profile: the call fails, and so does what
 * /dev/userfaultfd offers in its place.
 *
 *	without_userfaultfd COMMAND [ARG...]
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* USERFAULTFD_IOC_NEW */
#define MAKE_ONE 0xaa00

#define LOAD(field)		    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(value, skipped) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skipped))
#define ANSWER(action)		    BPF_STMT(BPF_RET | BPF_K, (action))

int main(int argc, char **argv)
{
	struct sock_filter filter[] = {
		LOAD(nr),
		SKIP_UNLESS(SYS_userfaultfd, 1),
		ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
		SKIP_UNLESS(SYS_ioctl, 3),
		LOAD(args[1]),
		SKIP_UNLESS(MAKE_ONE, 1),
		ANSWER(SECCOMP_RET_ERRNO | ENOTTY),
		ANSWER(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};

	if (argc < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		fprintf(stderr, "without_userfaultfd: %s\n", strerror(errno));
		return 1;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
