/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_STUB_MACHINE_H
#define MEMSONDE_TWIN_STUB_MACHINE_H

#include <stddef.h>
#include <sys/syscall.h>

#include "twin/home.h"

/* What the stub needs of each architecture: an entry that calls twin_main() with what the
 * first argument register held, system calls, the thread pointer, and a call of a
 * function with the arguments of a struct twin_call, whose result it returns. */

uint64_t call_function(const struct twin_call *call);

_Static_assert(offsetof(struct twin_call, function) == 0 &&
		       offsetof(struct twin_call, arguments) == 16,
	       "as call_function() reads it");

#if defined(__x86_64__)

#include <asm/prctl.h>

#define TEXT_OF(macro) TEXT(macro)
#define TEXT(text)     #text

#define MACHINE_AUDIT_ARCH	       AUDIT_ARCH_X86_64
#define MACHINE_SYS_SET_THREAD_POINTER SYS_arch_prctl
#define MACHINE_SET_THREAD_POINTER     ARCH_SET_FS

__asm__(".section .text.entry,\"ax\"\n"
	".globl twin_entry\n"
	"twin_entry:\n"
	"	xor %ebp, %ebp\n"
	"	and $-16, %rsp\n"
	"	call twin_main\n"
	"	ud2\n"
	"	.org " TEXT_OF(
		HOME_INJECTION_OFFSET) ", 0xcc\n"
				       "	syscall\n"
				       "	int3\n"
				       ".text\n"
				       "call_function:\n"
				       "	push %rbx\n"
				       "	push %rbp\n"
				       "	push %r12\n"
				       "	push %r13\n"
				       "	push %r14\n"
				       "	push %r15\n"
				       "	sub $8, %rsp\n"
				       "	mov %rdi, %r10\n"
				       "	mov 16(%r10), %rdi\n"
				       "	mov 24(%r10), %rsi\n"
				       "	mov 32(%r10), %rdx\n"
				       "	mov 40(%r10), %rcx\n"
				       "	mov 48(%r10), %r8\n"
				       "	mov 56(%r10), %r9\n"
				       "	cld\n"
				       "	xor %eax, %eax\n" /* no vector registers, for
								     variadic functions */
				       "	call *(%r10)\n"
				       "	add $8, %rsp\n"
				       "	pop %r15\n"
				       "	pop %r14\n"
				       "	pop %r13\n"
				       "	pop %r12\n"
				       "	pop %rbp\n"
				       "	pop %rbx\n"
				       "	ret\n");

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static inline void set_thread_pointer(const struct twin_control *control, uint64_t pointer)
{
	if (control->can_set_thread_pointer)
		__asm__ volatile("wrfsbase %0" ::"r"(pointer) : "memory");
	else
		system_call(SYS_arch_prctl, ARCH_SET_FS, (long)pointer, 0, 0, 0, 0);
}

#elif defined(__aarch64__)

#define MACHINE_AUDIT_ARCH AUDIT_ARCH_AARCH64

__asm__(".section .text.entry,\"ax\"\n"
	".globl twin_entry\n"
	"twin_entry:\n"
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	bl twin_main\n"
	"	brk #0\n"
	".text\n"
	"call_function:\n"
	"	stp x29, x30, [sp, #-16]!\n"
	"	mov x29, sp\n"
	"	mov x9, x0\n"
	"	ldp x0, x1, [x9, #16]\n"
	"	ldp x2, x3, [x9, #32]\n"
	"	ldp x4, x5, [x9, #48]\n"
	"	ldr x9, [x9]\n"
	"	blr x9\n"
	"	ldp x29, x30, [sp], #16\n"
	"	ret\n");

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

static inline void set_thread_pointer(const struct twin_control *control, uint64_t pointer)
{
	(void)control;
	__asm__ volatile("msr tpidr_el0, %0" ::"r"(pointer) : "memory");
}

#else
/* cppcheck-suppress preprocessorErrorDirective */
#error "the twin is not written for this architecture"
#endif

#endif
