// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * calls.c - the system call itself: what it keeps, what it gives, what it refuses
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

/* All registers that a system call keeps, then the number and result. */
enum { BX, BP, DI, SI, DX, R8, R9, R10, R12, R13, R14, R15, KEPT, AX = KEPT, REGS };

/* Loads the registers from r, makes the system call, stores them to r. */
void raw_call(unsigned long r[REGS]);

__asm__(".text\n"
	".type raw_call, @function\n"
	"raw_call:\n"
	"	push %rbx\n	push %rbp\n	push %r12\n"
	"	push %r13\n	push %r14\n	push %r15\n"
	"	push %rdi\n"
	"	mov %rdi, %rax\n"
	"	mov 0(%rax), %rbx\n	mov 8(%rax), %rbp\n	mov 16(%rax), %rdi\n"
	"	mov 24(%rax), %rsi\n	mov 32(%rax), %rdx\n	mov 40(%rax), %r8\n"
	"	mov 48(%rax), %r9\n	mov 56(%rax), %r10\n	mov 64(%rax), %r12\n"
	"	mov 72(%rax), %r13\n	mov 80(%rax), %r14\n	mov 88(%rax), %r15\n"
	"	mov 96(%rax), %rax\n"
	"	" SYSTEM_CALL "\n"
	"	pop %rcx\n"
	"	mov %rbx, 0(%rcx)\n	mov %rbp, 8(%rcx)\n	mov %rdi, 16(%rcx)\n"
	"	mov %rsi, 24(%rcx)\n	mov %rdx, 32(%rcx)\n	mov %r8, 40(%rcx)\n"
	"	mov %r9, 48(%rcx)\n	mov %r10, 56(%rcx)\n	mov %r12, 64(%rcx)\n"
	"	mov %r13, 72(%rcx)\n	mov %r14, 80(%rcx)\n	mov %r15, 88(%rcx)\n"
	"	mov %rax, 96(%rcx)\n"
	"	pop %r15\n	pop %r14\n	pop %r13\n"
	"	pop %r12\n	pop %rbp\n	pop %rbx\n"
	"	ret\n"
	".size raw_call, . - raw_call\n");

static bool keeps_registers(unsigned long nr, long *result)
{
	unsigned long before[REGS], after[REGS];

	for (unsigned int i = 0; i < KEPT; i++)
		before[i] = 0x8111222200000000ul + i * 0x01010101ul;
	before[AX] = nr;
	memcpy(after, before, sizeof(after));
	raw_call(after);
	*result = (long)after[AX];
	return !memcmp(before, after, KEPT * sizeof(*before));
}

void probe_calls(void)
{
	long result;
	char byte = 'x';
	int fd;

	check("getpid() keeps all registers but rax, rcx, r11",
	      keeps_registers(SYS_getpid, &result) && result == getpid());
	check("so does a call that fails", keeps_registers(SYS_close, &result) &&
	      result == -EBADF);
	check("a number that is none gives ENOSYS", keeps_registers(100000, &result) &&
	      result == -ENOSYS);
	check("and a negative one", keeps_registers(-1ul, &result) && result == -ENOSYS);
	fd = open("/proc/self/stat", O_RDONLY);
	check("a pointer into the kernel's half gives EFAULT",
	      read(fd, (void *)0xffff888000001000ul, 1) == -1 && errno == EFAULT);
	check("a pointer into the application's text, to be written, too",
	      read(fd, (void *)probe_calls, 1) == -1 && errno == EFAULT);
	check("a non-canonical one, too",
	      read(fd, (void *)0x8000000000000000ul, 1) == -1 && errno == EFAULT);
	check("a pointer to nothing, too", read(fd, NULL, 1) == -1 && errno == EFAULT);
	check("a good one is read into", read(fd, &byte, 1) == 1 && byte != 'x');
	close(fd);
}
