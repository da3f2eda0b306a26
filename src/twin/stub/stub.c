/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The code that lives in a twin: position independent, without a library, copied to the
 * twin's home. It removes everything but the home, makes the hole that the target's pages
 * appear in, gives up all system calls, and then runs functions until it is killed.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "twin/home.h"
#include "twin/stub/machine.h"

static void __attribute__((noreturn))
give_up(struct twin_control *control, enum twin_stage stage, long result)
{
	control->stage = (uint32_t)stage;
	control->error = (int32_t)-result;
	for (;;)
		system_call(SYS_exit_group, 1, 0, 0, 0, 0, 0);
}

static void check(struct twin_control *control, enum twin_stage stage, long result)
{
	if (result < 0 && result > -4096)
		give_up(control, stage, result);
}

/* Nothing that came along from the parent stays, the vdso included. */
static void unmap_all(struct twin_control *control)
{
	uint64_t above = control->home + HOME_BYTES;

	check(control, STAGE_UNMAP, system_call(SYS_munmap, 0, (long)control->home, 0, 0, 0, 0));
	check(control, STAGE_UNMAP,
	      system_call(SYS_munmap, (long)above, (long)(control->user_space_end - above), 0, 0, 0,
			  0));
}

static void serve_range(struct twin_control *control, uint64_t start, uint64_t end)
{
	struct uffdio_register range = {
		.range = {.start = start, .len = end - start},
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (control->delivery != DELIVERY_USERFAULT)
		return;
	check(control, STAGE_REGISTER,
	      system_call(SYS_ioctl, control->userfault_fd, UFFDIO_REGISTER, (long)&range, 0, 0,
			  0));
}

static void map_hole(struct twin_control *control, uint64_t start, uint64_t end)
{
	int protection = control->delivery == DELIVERY_TRACE ? PROT_NONE
							     : PROT_READ | PROT_WRITE | PROT_EXEC;
	long result = system_call(SYS_mmap, (long)start, (long)(end - start), protection,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
				  -1, 0);

	check(control, STAGE_MAP, result);
	serve_range(control, start, end);
}

#define LOAD(field)		    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(value, skipped) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skipped))
#define SKIP_IF(value, skipped)	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (skipped), 0)
#define ANSWER(action)		    BPF_STMT(BPF_RET | BPF_K, (action))

/*
 * No system call at all; where the CPU needs one to set the thread pointer, that one. Those
 * by which a library that sets itself up asks for a seed fail as on a kernel that does not
 * have them, without getting there; all others end the twin: by themselves, or by the hand
 * of who traces it (they fail, should there ever be none).
 */
static void sandbox(struct twin_control *control)
{
	uint32_t otherwise =
		control->delivery == DELIVERY_TRACE ? SECCOMP_RET_TRACE : SECCOMP_RET_TRAP;
#ifdef MACHINE_SYS_SET_THREAD_POINTER
	uint32_t set_thread_pointer =
		control->can_set_thread_pointer ? SECCOMP_RET_TRAP : SECCOMP_RET_ALLOW;
#endif
	struct sock_filter filter[] = {
		LOAD(arch),
		SKIP_IF(MACHINE_AUDIT_ARCH, 1),
		ANSWER(SECCOMP_RET_TRAP),
		LOAD(nr),
		SKIP_UNLESS(SYS_getrandom, 1),
		ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
		SKIP_UNLESS(SYS_clock_gettime, 1),
		ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
#ifdef MACHINE_SYS_SET_THREAD_POINTER
		SKIP_UNLESS(MACHINE_SYS_SET_THREAD_POINTER, 3),
		LOAD(args[0]),
		SKIP_UNLESS(MACHINE_SET_THREAD_POINTER, 1),
		ANSWER(set_thread_pointer),
#endif
		ANSWER(otherwise),
	};
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter,
	};

	control->stage = STAGE_RUNNING;
	check(control, STAGE_SECCOMP,
	      system_call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)&program, 0, 0, 0));
}

void __attribute__((used, noreturn)) twin_main(struct twin_control *control)
{
	uint64_t bells = control->home + HOME_DOORBELL_OFFSET;

	unmap_all(control);
	serve_range(control, bells, control->home + HOME_BYTES);
	map_hole(control, TWIN_LOWEST_ADDRESS, control->home);
	map_hole(control, control->home + HOME_BYTES, control->user_space_end);
	if (control->delivery == DELIVERY_USERFAULT)
		system_call(SYS_close, control->userfault_fd, 0, 0, 0, 0, 0);
	sandbox(control);
	for (uint64_t batch = 0;; batch++) {
		*(volatile char *)(bells + batch * control->page_bytes);
		/* the parent has written meanwhile */
		__asm__ volatile("" ::: "memory");
		for (uint64_t i = 0; i < control->call_count && i < TWIN_BATCH; i++) {
			set_thread_pointer(control, control->calls[i].thread_pointer);
			control->calls[i].result = call_function(&control->calls[i]);
		}
	}
}
