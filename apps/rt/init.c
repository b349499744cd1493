/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * init.c - from the process stack to main(): thread-local storage and errno
 *
 * Called once, by _start, on the initial stack, before any thread-local
 * variable exists (so nothing before set_thread_pointer() may touch errno).
 * A failure here cannot be reported through errno or stdio: it exits with 127.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rt.h"

#define ARCH_SET_FS	 0x1002
#define TCB_SIZE	 256u		/* room behind the thread pointer */
#define TP_ALIGN	 64u
#define EXIT_NO_TLS	 127

/*
 * The TLS template.  The kernel's linker script brackets .ukl.tdata/.ukl.tbss
 * with these (as ukl___tls_data_start and so on); no program header is needed.
 */
extern const char __tls_data_start[], __tls_data_end[], __tls_bss_end[];

/* The tables of constructors, from the same place. */
typedef void (*constructor)(int, char **, char **);
extern const constructor __preinit_array_start[], __preinit_array_end[];
extern const constructor __init_array_start[], __init_array_end[];
extern const char __tls_align[];	/* absolute: the value is the address */

unsigned long __rt_calls;
char **environ;

static __thread int rt_errno;

int main(int argc, char **argv, char **envp);
void __rt_start(long *stack) __attribute__((noreturn));

int *__errno_location(void)
{
	return &rt_errno;
}

long __rt_result(long ret)
{
	if ((unsigned long)ret < (unsigned long)-4095L)
		return ret;
	errno = (int)-ret;
	return -1;
}

void _exit(int status)
{
	for (;;)
		RT_CALL1(SYS_exit_group, status);
}

/* No buffers to flush and no handlers to run. */
void exit(int status)
{
	_exit(status);
}

/*
 * x86-64 TLS variant II: the block lies below the thread pointer, the linker
 * counted offsets down from there, and the word at the thread pointer is its
 * own address (that is what "mov %fs:0" reads).  The block's size is rounded
 * up to the template's own alignment, neither more nor less, because the
 * linker's offsets assume just that.
 *
 *        tp - round_up(size)          tp
 *             | .tdata | .tbss | pad | tp | ... TCB_SIZE
 */
static void set_thread_pointer(void)
{
	size_t align = (size_t)(uintptr_t)__tls_align;
	size_t image = (size_t)(__tls_data_end - __tls_data_start);
	size_t size = (size_t)(__tls_bss_end - __tls_data_start);
	size_t block = (size + align - 1) & ~(align - 1);
	size_t map = block + align + TP_ALIGN + TCB_SIZE;
	uintptr_t mem, tp;

	mem = (uintptr_t)RT_CALL6(SYS_mmap, 0, map, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem > (uintptr_t)-4096L)
		_exit(EXIT_NO_TLS);
	align = align < TP_ALIGN ? TP_ALIGN : align;
	tp = (mem + block + align - 1) & ~(uintptr_t)(align - 1);
	memcpy((void *)(tp - block), __tls_data_start, image);
	*(uintptr_t *)tp = tp;
	if (RT_CALL2(SYS_arch_prctl, ARCH_SET_FS, tp))
		_exit(EXIT_NO_TLS);
}

static void construct(const constructor *from, const constructor *to, int argc,
		      char **argv)
{
	for (; from < to; from++)
		(*from)(argc, argv, environ);
}

/* There are no destructors: exit() leaves everything to the kernel. */
void __rt_start(long *stack)
{
	int argc = (int)stack[0];
	char **argv = (char **)(stack + 1);

	environ = argv + argc + 1;
	set_thread_pointer();
	construct(__preinit_array_start, __preinit_array_end, argc, argv);
	construct(__init_array_start, __init_array_end, argc, argv);
	exit(main(argc, argv, environ));
}
