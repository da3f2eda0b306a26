/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_HOME_H
#define MEMSONDE_TWIN_HOME_H

#include <stdint.h>

#include "twin/twin.h"

/*
 * The only part of a twin's address space that is not the target's: its home, a range that
 * the target does not use. All else is one hole, served page by page. Both the parent and
 * the code that lives there (stub/) know this layout; pages are of the machine's size.
 *
 *	code       the stub
 *	control    shared with the parent: struct twin_control, then the scratch area
 *	stack      for the target's functions, an unmapped guard below it
 *	doorbells  pages that nobody fills but the parent: the twin touches the next one to
 *		   say that it is done, and sleeps in that page fault until there is more to
 *		   do. So it needs no system call and no descriptor once it is sandboxed.
 */
#define HOME_CODE_OFFSET	 0
#define HOME_CODE_BYTES		 (64 << 10)
#define HOME_AREA_VISITOR_OFFSET (HOME_CODE_OFFSET + 256) /* as in stub.ld */
#define HOME_CONTROL_OFFSET	 (128 << 10)
#define HOME_CONTROL_BYTES	 (192 << 10)
#define HOME_STACK_OFFSET	 (512 << 10)
#define HOME_STACK_BYTES	 (1 << 20)
#define HOME_DOORBELL_OFFSET	 (2 << 20)
#define HOME_BYTES		 (32 << 20)

static inline uint64_t home_doorbell_count(uint64_t page_bytes)
{
	return (HOME_BYTES - HOME_DOORBELL_OFFSET) / page_bytes;
}

/* Everything from here up to the end of user space is served, but for the home: the first
 * pages stay unmapped, as for any process. */
#define TWIN_LOWEST_ADDRESS (64 << 10)
#ifdef __x86_64__
#define TWIN_USER_SPACE_END 0x7ffffffff000ULL
#else
#define TWIN_USER_SPACE_END 0x1000000000000ULL
#endif

/* Where the code has a system call followed by a trap, for a parent that traces. */
#define HOME_INJECTION_OFFSET 64

/* How missing pages are noticed. */
enum twin_delivery {
	DELIVERY_USERFAULT,
	DELIVERY_TRACE,
};

enum twin_stage {
	STAGE_START,
	STAGE_UNMAP,
	STAGE_MAP,
	STAGE_REGISTER,
	STAGE_SECCOMP,
	STAGE_RUNNING,
};

struct twin_control {
	uint64_t home;
	uint64_t user_space_end;
	uint64_t page_bytes;
	uint32_t userfault_fd;
	uint32_t can_set_thread_pointer; /* without a system call */
	uint32_t delivery;		 /* enum twin_delivery */
	uint32_t padding;
	/* The rest can be written by the target's code, too. */
	uint32_t stage;
	int32_t error; /* errno of the stage that failed */
	uint64_t call_count;
	struct twin_call calls[TWIN_BATCH];
};

#define HOME_SCRATCH_OFFSET (HOME_CONTROL_OFFSET + HOME_CONTROL_BYTES - TWIN_SCRATCH_BYTES)

_Static_assert(sizeof(struct twin_control) <= HOME_CONTROL_BYTES - TWIN_SCRATCH_BYTES,
	       "the control block and the scratch area fit");
#endif
