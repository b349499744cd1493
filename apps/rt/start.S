/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * start.S - entry of a UKL application, and the calls that C cannot write
 *
 * The kernel enters _start with the x86-64 ABI's process stack (argc, argv,
 * NULL, envp, NULL, auxv), all general registers 0 and FS base 0.  After the
 * symbol prefix this is ukl__start, and entry_SYSCALL_64 is the kernel's gate
 * ukl_entry_SYSCALL_64, which takes exactly what SYSCALL takes: number in RAX,
 * arguments in RDI RSI RDX R10 R8 R9, result in RAX, RCX and R11 destroyed.
 */
	.text

	.globl	_start
	.type	_start, @function
_start:
	xor	%ebp, %ebp		/* the outermost frame ends back traces */
	mov	%rsp, %rdi		/* where argc is */
	and	$-16, %rsp
	call	__rt_start		/* does not return */
	ud2
	.size	_start, . - _start

/* long __rt_syscall(long nr, long a, b, c, d, e, f): any system call, -errno kept */
	.globl	__rt_syscall
	.type	__rt_syscall, @function
__rt_syscall:
	incq	__rt_calls(%rip)
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	mov	8(%rsp), %r9		/* the seventh C argument is on the stack */
	call	entry_SYSCALL_64	/* five bytes, direct: see mkukl.sh */
	ret
	.size	__rt_syscall, . - __rt_syscall

/*
 * long __rt_syscall_jump(long nr): a system call through the second gate,
 * which is reached by JMP and touches no stack: the caller supplies what
 * SYSCALL would have saved, the return address in RCX and the flags in R11.
 */
	.globl	__rt_syscall_jump
	.type	__rt_syscall_jump, @function
__rt_syscall_jump:
	incq	__rt_calls(%rip)
	mov	%rdi, %rax
	pushfq
	pop	%r11
	lea	1f(%rip), %rcx
	jmp	entry_SYSCALL_64_jump
1:	ret
	.size	__rt_syscall_jump, . - __rt_syscall_jump

	.section .note.GNU-stack, "", @progbits
