// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tracees.c - what the tracees of the ptrace group do
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"
#include "trace.h"

static long data_word;
static const long rodata_word = 0x726f64617461;

/* What is stepped through, an instruction a label; and where inferior calls return. */
void step_block(void);
extern const char step_0[], step_1[], step_2[], step_3[], step_4[], step_5[], step_6[],
	step_7[], step_8[], step_9[], inferior_return[];

__asm__(".text\n"
	".globl step_block, inferior_return\n"
	".type step_block, @function\n"
	"step_block:\n"
	"step_0:	nop\n"
	"step_1:	mov $39, %eax\n"
	"step_2:	" SYSTEM_CALL "\n"
	"step_3:	push %rax\n"
	"step_4:	pop %r12\n"
	"step_5:	mov (%rsi), %rdx\n"
	"step_6:	rep stosb\n"
	"step_7:	pushfq\n"
	"step_8:	popfq\n"
	"step_9:	jmp step_9\n"
	".size step_block, . - step_block\n"
	"inferior_return:\n"
	"	int3\n");

static void landing(long value)
{
	board->landed = value;
}

static void tell_places(void)
{
	const char *const steps[STEPS] = { step_0, step_1, step_2, step_3, step_4,
					   step_5, step_6, step_7, step_8, step_9 };
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(board->steps, steps, sizeof(steps));
	board->page = (unsigned long)page;
	board->data = (unsigned long)&data_word;
	board->rodata = (unsigned long)&rodata_word;
	board->text = (unsigned long)call6;
	board->landing = (unsigned long)landing;
	board->trap = (unsigned long)inferior_return;
	board->after = (unsigned long)call6_return;
	board->counter = (unsigned long)&board->count;
	board->ring0 = in_ring0();
}

/* Asks to be traced and stops, with no other system call up to the next. */
static void traced(void)
{
	pid_t me = getpid();

	tell_places();
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	call6(SYS_kill, me, SIGSTOP, 0, 0, 0, 0);
}

void tracee_spin(void)
{
	volatile long stack_word = 3;
	volatile long *heap = malloc(sizeof(*heap));

	tell_places();
	*(volatile long *)&data_word = 1;
	*heap = 2;
	board->stack = (unsigned long)&stack_word;
	board->heap = (unsigned long)heap;
	board->ready = 1;
	while (!board->stop)
		board->count++;
	board->result[0] = *(volatile long *)&data_word;
	board->result[1] = *heap;
	board->result[2] = stack_word;
	_exit(5);
}

void tracee_reader(void)
{
	int fds[2];
	char c = 0;

	tell_places();
	if (pipe(fds))
		_exit(1);
	board->child = fork();
	if (!board->child) {
		await(&board->stop);
		_exit(write(fds[1], "!", 1) != 1);
	}
	board->ready = 1;
	board->result[0] = read(fds[0], &c, 1);
	board->result[1] = c;
	waitpid(board->child, NULL, 0);
	_exit(5);
}

void tracee_caller(void)
{
	traced();
	for (unsigned int i = 0; i < RESULTS; i++)
		board->result[i] = call6(SYS_getpid, 1, 2, 3, 4, 5, 6);
	_exit(5);
}

void tracee_stepper(void)
{
	traced();
	step_block();
}

static void *thread(void *arg)
{
	return arg;
}

void tracee_parent(void)
{
	char *argv[] = { "busybox", "true", NULL }, *envp[] = { NULL };
	pthread_t t;
	pid_t pid;

	traced();
	pid = fork();
	if (!pid)
		_exit(3);
	waitpid(pid, NULL, 0);
	pid = vfork();
	if (!pid)
		_exit(4);
	waitpid(pid, NULL, 0);
	if (!pthread_create(&t, NULL, thread, NULL))
		pthread_join(t, NULL);
	execve("/bin/busybox", argv, envp);
	_exit(127);
}

static void on_usr(int sig, siginfo_t *info, void *context)
{
	(void)context;
	board->handled[sig == SIGUSR2]++;
	board->landed = info->si_value.sival_int;
}

void tracee_raiser(void)
{
	struct sigaction sa = { .sa_sigaction = on_usr, .sa_flags = SA_SIGINFO };
	pid_t me = getpid();

	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR2, &sa, NULL);
	traced();
	for (unsigned int i = 0; i < 4; i++)
		call6(SYS_kill, me, SIGUSR1, 0, 0, 0, 0);
	_exit(5);
}
