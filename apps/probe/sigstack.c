// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sigstack.c - where handlers run, what they may destroy, and the ways out of them
 */
#include <cpuid.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"
#include "sigs.h"

#define DEPTH	30
#define JUMPS	3000
#define CLOBBER 100

static char alternate[64 * 1024] __attribute__((aligned(16)));

static bool on_alternate(unsigned long sp)
{
	return sp - (unsigned long)alternate < sizeof(alternate);
}

static void use_alternate(bool on)
{
	stack_t ss = { .ss_sp = alternate, .ss_size = sizeof(alternate),
		       .ss_flags = on ? 0 : SS_DISABLE };

	sigaltstack(&ss, NULL);
}

static void which_stack(void)
{
	catch_signal(SIGUSR1, SA_ONSTACK, NULL);
	raise(SIGUSR1);
	check("SA_ONSTACK without such a stack: on the thread's", !on_alternate(caught.stack));
	use_alternate(true);
	raise(SIGUSR1);
	check("SA_ONSTACK: on the alternate stack, the context's is the thread's",
	      on_alternate(caught.stack) && !on_alternate(caught.sp));
	catch_signal(SIGUSR1, 0, NULL);
	raise(SIGUSR1);
	check("without it: on the thread's", !on_alternate(caught.stack));
}

/* --- nesting ------------------------------------------------------------------------ */

static unsigned int depth, unwound;
static unsigned long last_stack;
static bool descending;

static void nest(ucontext_t *uc)
{
	unsigned int mine = ++depth;

	descending &= (unsigned long)uc < last_stack;
	last_stack = (unsigned long)uc;
	if (mine < DEPTH)
		raise(SIGUSR1);
	unwound += depth-- == mine;
}

static void nesting(void)
{
	depth = unwound = 0;
	last_stack = ~0ul;
	descending = true;
	catch_signal(SIGUSR1, SA_NODEFER, nest);
	raise(SIGUSR1);
	check("SA_NODEFER: thirty handlers, one in another, all return",
	      unwound == DEPTH && n_caught == DEPTH && descending);
}

static bool wants_alternate;

static void nest_for_ever(ucontext_t *uc)
{
	if (on_alternate((unsigned long)uc) != wants_alternate)
		_exit(1);
	raise(SIGUSR1);
}

/* A child whose handlers use up the stack they run on. */
static bool overflow_kills(int flags)
{
	pid_t pid = fork();

	if (!pid) {
		wants_alternate = flags & SA_ONSTACK;
		catch_signal(SIGUSR1, SA_NODEFER | flags, nest_for_ever);
		catch_signal(SIGSEGV, flags, NULL);
		raise(SIGUSR1);
		_exit(0);
	}
	return killed(pid, SIGSEGV);
}

static void overflow(void)
{
	check("no room for a frame on the alternate stack: SIGSEGV, killed",
	      overflow_kills(SA_ONSTACK));
	check("nor on the thread's: SIGSEGV, killed", overflow_kills(0));
}

/* --- leaving by siglongjmp() ---------------------------------------------------------- */

static sigjmp_buf back;

static void jump_back(ucontext_t *uc)
{
	(void)uc;
	siglongjmp(back, 1);
}

/* volatile: they live across siglongjmp() */
static bool leaves_faults(int flags)
{
	volatile unsigned long sum = 0;
	volatile unsigned int i, there = 0;

	catch_signal(SIGSEGV, flags, jump_back);
	for (i = 0; i < JUMPS; i++) {
		if (!sigsetjmp(back, 1))
			*(volatile char *)(unsigned long)i = 1;
		sum += caught.addr;
		there += on_alternate(caught.stack) == !!(flags & SA_ONSTACK);
	}
	return sum == JUMPS * (JUMPS - 1ul) / 2 && there == JUMPS;
}

/* Once: a second signal could jump back after the last round. */
static void in_us(int us)
{
	struct itimerval it = { .it_value = { 0, us } };

	setitimer(ITIMER_REAL, &it, NULL);
}

static void count_jumps(ucontext_t *uc)
{
	(void)uc;
	siglongjmp(back, 1);
}

/* Out of a loop that never ends, wherever the timer met it. */
static bool leaves_a_loop(int times)
{
	volatile int left = 0;

	catch_signal(SIGALRM, 0, count_jumps);
	if (sigsetjmp(back, 1))
		left++;
	if (left < times) {
		in_us(500);
		for (;;)
			syscall(SYS_getppid);
	}
	return left == times;
}

static void jumping(void)
{
	check("siglongjmp() out of 3000 faults", leaves_faults(0));
	check("from the alternate stack", leaves_faults(SA_ONSTACK));
	check("out of 200 timer signals in a loop of calls", leaves_a_loop(200));
}

/* --- the floating-point state ---------------------------------------------------------- */

#define YMM(i)	    "	vmovdqu 32*" #i "(%rdi), %ymm" #i "\n"
#define YMM_ST(i)   "	vmovdqu %ymm" #i ", 32*" #i "(%rsi)\n"
#define ALL(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) \
	X(13) X(14) X(15)

struct fx {
	unsigned char bytes[512];
} __attribute__((aligned(64)));

static struct vectors {
	unsigned char ymm[16][32];
	struct fx fx;
} before, after, junk;

/* Load x87, SSE and (hold_avx) AVX state from a, hold(), store it to b. */
void hold_fx(const struct vectors *a, struct vectors *b);
void hold_avx(const struct vectors *a, struct vectors *b);
void load_avx(const struct vectors *a);

__asm__(".text\n"
	"hold_avx:\n"
	"	push %rbx\n	push %rsi\n	push %rdi\n"
	"	fxrstor64 512(%rdi)\n"
	ALL(YMM)
	"	call hold\n"
	"	pop %rdi\n	pop %rsi\n	pop %rbx\n"
	ALL(YMM_ST)
	"	fxsave64 512(%rsi)\n"
	"	vzeroupper\n	fninit\n	ldmxcsr usual(%rip)\n"
	"	ret\n"
	"hold_fx:\n"
	"	push %rbx\n	push %rsi\n	push %rdi\n"
	"	fxrstor64 512(%rdi)\n"
	"	call hold\n"
	"	pop %rdi\n	pop %rsi\n	pop %rbx\n"
	"	fxsave64 512(%rsi)\n"
	"	fninit\n	ldmxcsr usual(%rip)\n"
	"	ret\n"
	"load_avx:\n"
	ALL(YMM)
	"	ret\n");

__attribute__((used)) static const unsigned int usual = 0x1f80;

static bool have_avx(void)
{
	unsigned int a, b, c, d, low, high;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX))
		return false;
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & 6) == 6;
}

/* Round up, three values on the x87 stack, odd bytes in the vectors. */
static void fill(struct vectors *v, unsigned char seed)
{
	for (unsigned int i = 0; i < sizeof(v->ymm); i++)
		((unsigned char *)v->ymm)[i] = (unsigned char)(seed + 7 * i);
	__asm__ volatile("fninit; fld1; fldpi; fldl2e; fxsave64 %0; fninit" : "=m"(v->fx));
	v->fx.bytes[1] = 0x0b;				    /* x87: round up */
	memcpy(&v->fx.bytes[24], &(unsigned int){ 0x5f80 }, 4); /* SSE: too */
	for (unsigned int i = 0; i < 16; i++)
		memcpy(&v->fx.bytes[160 + 16 * i], v->ymm[i], 16);
}

static bool handler_clean, context_shows, avx;

/* Where XSAVE keeps the upper halves of YMM, if the frame has them. */
static const unsigned char *upper_halves(const unsigned char *fp)
{
	uint64_t features;

	memcpy(&features, fp + 512, sizeof(features));
	return features & 4 ? fp + 576 : NULL;
}

static void clobber(ucontext_t *uc)
{
	const unsigned char *fp = (const unsigned char *)uc->uc_mcontext.fpregs;
	const unsigned char *upper = avx ? upper_halves(fp) : NULL;
	unsigned short control;
	unsigned int mxcsr;

	__asm__ volatile("fnstcw %0; stmxcsr %1" : "=m"(control), "=m"(mxcsr));
	handler_clean &= control == 0x37f && mxcsr == usual;
	context_shows &= !memcmp(fp, before.fx.bytes, 8) &&
			 !memcmp(fp + 24, before.fx.bytes + 24, 4) &&
			 !memcmp(fp + 160, before.fx.bytes + 160, 256);
	for (unsigned int i = 0; avx && i < 16; i++)
		context_shows &= upper && !memcmp(upper + 16 * i, &before.ymm[i][16], 16);
	if (avx)
		load_avx(&junk);
	__asm__ volatile("fldcw %0; fldz; fldz; ldmxcsr %1; pxor %%xmm7, %%xmm7"
			 : : "m"((unsigned short){ 0x17f }), "m"((unsigned int){ 0x3f80 })
			 : "xmm7");
}

static void *vector_thread(void *unused)
{
	hold_tid = (pid_t)syscall(SYS_gettid);
	(avx ? hold_avx : hold_fx)(&before, &after);
	return unused;
}

static bool vectors_kept(void)
{
	return !memcmp(before.fx.bytes, after.fx.bytes, 8) &&
	       !memcmp(before.fx.bytes + 24, after.fx.bytes + 24, 416 - 24) &&
	       (!avx || !memcmp(before.ymm, after.ymm, sizeof(before.ymm)));
}

static void vectors(void)
{
	pthread_t t;

	avx = have_avx();
	handler_clean = context_shows = true;
	fill(&before, 3);
	fill(&junk, 101);
	hold_prepare(SYS_gettid);
	catch_signal(SIGUSR1, 0, clobber);
	pthread_create(&t, NULL, vector_thread, NULL);
	wait_until(hold_there);
	for (int i = 0; i < CLOBBER; i++)
		hit(hold_tid, SIGUSR1);
	hold_go = 1;
	pthread_join(t, NULL);
	printf("# with%s AVX\n", avx ? "" : "out");
	check("a handler finds the floating-point state of a new program", handler_clean);
	check("and in the context that of the interrupted", context_shows);
	check("x87, MXCSR and vectors survive handlers that clobber them", vectors_kept());
}

void probe_sigstack(void)
{
	which_stack();
	nesting();
	overflow();
	jumping();
	vectors();
	use_alternate(false);
	default_signals();
}
