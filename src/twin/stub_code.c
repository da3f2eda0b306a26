/* SPDX-License-Identifier: GPL-2.0-only */
#include "twin/stub_code.h"

__asm__(".section .rodata\n"
	".balign 16\n"
	".globl twin_stub_code\n"
	"twin_stub_code:\n"
	".incbin \"build/twin/stub.bin\"\n"
	".globl twin_stub_code_end\n"
	"twin_stub_code_end:\n"
	".byte 0\n"
	".previous\n");
