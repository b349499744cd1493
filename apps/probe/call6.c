// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * call6.c - one system call at a known place
 */
#include "probe.h"

__asm__(".text\n"
	".globl call6, call6_return\n"
	".type call6, @function\n"
	"call6:\n"
	"	mov %rdi, %rax\n	mov %rsi, %rdi\n	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n	mov %r8, %r10\n	mov %r9, %r8\n"
	"	mov 8(%rsp), %r9\n"
	"	" SYSTEM_CALL "\n"
	"call6_return:\n"
	"	ret\n"
	".size call6, . - call6\n");
