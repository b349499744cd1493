/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rt.h - inside the runtime of UKL applications
 *
 * The runtime stands where the C library of an ordinary program stands: the
 * POSIX functions in posix.c, string.c and stdio.c have the prototypes of the
 * system's own headers, so one application source builds both ways.
 *
 * One thread only.  Nothing here allocates after start but the TLS block.
 */
#ifndef UKL_RT_H
#define UKL_RT_H

/* Returns what the kernel returns: -errno on failure.  In start.S. */
long __rt_syscall(long nr, long a, long b, long c, long d, long e, long f);

/* The same for a call without arguments, through the JMP gate. */
long __rt_syscall_jump(long nr);

/* System calls made so far by this process image. */
extern unsigned long __rt_calls;

#define RT_CALL0(nr)		 __rt_syscall(nr, 0, 0, 0, 0, 0, 0)
#define RT_CALL1(nr, a)		 __rt_syscall(nr, (long)(a), 0, 0, 0, 0, 0)
#define RT_CALL2(nr, a, b)	 __rt_syscall(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define RT_CALL3(nr, a, b, c) \
	__rt_syscall(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define RT_CALL4(nr, a, b, c, d) \
	__rt_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define RT_CALL5(nr, a, b, c, d, e) \
	__rt_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define RT_CALL6(nr, a, b, c, d, e, f) \
	__rt_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), \
		     (long)(f))

/* The C convention: -1 and errno for the kernel's -4095 .. -1. */
long __rt_result(long ret);

#endif /* UKL_RT_H */
