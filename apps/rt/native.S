/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * native.S - the gates as an ordinary process can have them
 *
 * For tests of the runtime without a UKL kernel: the same objects that go into
 * vmlinux, linked with this, run in ring 3 on any Linux.
 */
	.text
	.globl	entry_SYSCALL_64
entry_SYSCALL_64:
	syscall
	ret

	.globl	entry_SYSCALL_64_jump
entry_SYSCALL_64_jump:
	push	%rcx
	syscall
	ret

	.section .note.GNU-stack, "", @progbits
